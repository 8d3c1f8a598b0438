
/* What a client presented is a credential, malformed, or nothing at all. */


#include "apigw_test.h"

#include "apigw_credential.h"


#define ALL  (APIGW_SCHEME_BEARER | APIGW_SCHEME_DPOP | APIGW_SCHEME_APIKEY)


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* "scheme:text", "malformed scheme" (no token), or "none". */

static const char *
parse(const char *value, unsigned schemes, char *out)
{
    apigw_rc_t           rc;
    const char          *scheme;
    apigw_error_t        err = { "", 0 };
    apigw_credential_t   c;

    rc = apigw_credential_parse(&c, text(value), schemes, &err);

    scheme = c.scheme == APIGW_SCHEME_BEARER ? "bearer"
             : c.scheme == APIGW_SCHEME_DPOP ? "dpop"
             : c.scheme == APIGW_SCHEME_APIKEY ? "apikey" : "none";

    if (rc != APIGW_OK
        || ((c.scheme & (APIGW_SCHEME_BEARER|APIGW_SCHEME_DPOP))
            && !apigw_credential_is_token(c.text)))
    {
        sprintf(out, "malformed %s",
                rc != APIGW_OK && strcmp(err.word, "credential_malformed")
                ? "?" : scheme);

    } else if (c.scheme == APIGW_SCHEME_NONE) {
        strcpy(out, "none");

    } else {
        sprintf(out, "%s:%.*s", scheme, (int) c.text.len, c.text.data);
    }

    return out;
}


#define IS(value, schemes, wanted)                                            \
    EXPECT(strcmp(parse(value, schemes, out), wanted) == 0)


TEST(schemes_ignore_case)
{
    char  out[512];

    IS("Bearer abc", ALL, "bearer:abc");
    IS("bearer abc", ALL, "bearer:abc");
    IS("BEARER abc", ALL, "bearer:abc");
    IS("DPoP abc", ALL, "dpop:abc");
    IS("dpop abc", ALL, "dpop:abc");
    IS("ApiKey abc", ALL, "apikey:abc");
    IS("aPIkEY abc", ALL, "apikey:abc");
}


TEST(any_number_of_spaces_separates_and_no_tab)
{
    char  out[512];

    IS("Bearer  abc", ALL, "bearer:abc");
    IS("Bearer      abc", ALL, "bearer:abc");
    IS("Bearer\tabc", ALL, "malformed bearer");
    IS("Bearer \tabc", ALL, "malformed bearer");
    IS("DPoP\tabc", ALL, "malformed dpop");
}


TEST(a_token_has_the_characters_of_rfc_6750)
{
    char  out[512];

    IS("Bearer aZ09-._~+/", ALL, "bearer:aZ09-._~+/");
    IS("Bearer abc==", ALL, "bearer:abc==");
    IS("Bearer abc=d", ALL, "malformed bearer");
    IS("Bearer =", ALL, "malformed bearer");
    IS("Bearer a b", ALL, "malformed bearer");
    IS("Bearer abc ", ALL, "malformed bearer");
    IS("Bearer a,b", ALL, "malformed bearer");
    IS("Bearer \"abc\"", ALL, "malformed bearer");
    IS("Bearer a\x01", ALL, "malformed bearer");
    IS("Bearer \xc3\xbc", ALL, "malformed bearer");
}


TEST(a_scheme_alone_is_malformed)
{
    char  out[512];

    IS("Bearer", ALL, "malformed bearer");
    IS("Bearer ", ALL, "malformed bearer");
    IS("Bearer    ", ALL, "malformed bearer");
    IS("DPoP", ALL, "malformed dpop");
}


TEST(other_schemes_are_nothing_presented)
{
    char  out[512];

    IS("", ALL, "none");
    IS(" ", ALL, "none");
    IS(" Bearer abc", ALL, "none");
    IS("Basic dTpw", ALL, "none");
    IS("Bearerabc", ALL, "none");
    IS("Bear abc", ALL, "none");
    IS("Bearer:abc", ALL, "none");
    IS("Negotiate abc", ALL, "none");

    /* '\x02' | 0x20 would be '"', '@' | 0x20 is '`': no letters */

    IS("Be\x41rer abc", ALL, "bearer:abc");
    IS("B\x05\x01\x12\x05\x12 abc", ALL, "none");
}


TEST(schemes_that_are_not_wanted_are_nothing_presented)
{
    char  out[512];

    IS("Bearer", APIGW_SCHEME_APIKEY, "none");
    IS("DPoP abc", APIGW_SCHEME_BEARER, "none");
    IS("ApiKey abc", APIGW_SCHEME_BEARER, "none");
    IS("Bearer abc", 0, "none");
}


TEST(an_api_key_is_passed_on_as_it_is)
{
    char  out[512];

    IS("ApiKey", ALL, "apikey:");
    IS("ApiKey a b", ALL, "apikey:a b");
    IS("ApiKey   !\"#", ALL, "apikey:!\"#");
}


TEST(a_bare_token_is_tested_alike)
{
    int      ch;
    bool     good;
    size_t   i;
    uint8_t  bytes[43];

    EXPECT(apigw_credential_is_token(text("abc.def.ghi")));
    EXPECT(apigw_credential_is_token(text("abc=")));
    EXPECT(!apigw_credential_is_token(text("")));
    EXPECT(!apigw_credential_is_token(text("a b")));
    EXPECT(!apigw_credential_is_token(text("a%20b")));
    EXPECT(!apigw_credential_is_token((apigw_str_t) { NULL, 0 }));

    /* each byte at each place of a long one, which is read in eights */

    for (i = 0; i < sizeof(bytes); i++) {
        for (ch = 0; ch < 256; ch++) {
            memset(bytes, 'x', sizeof(bytes));
            bytes[i] = (uint8_t) ch;

            good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                   || (ch >= '0' && ch <= '9')
                   || (ch != 0 && strchr("-._~+/", ch))
                   || (ch == '=' && i == sizeof(bytes) - 1);

            EXPECT(apigw_credential_is_token((apigw_str_t) { bytes,
                                                             sizeof(bytes) })
                   == good);
        }
    }
}


TEST_MAIN(CASE(schemes_ignore_case),
          CASE(any_number_of_spaces_separates_and_no_tab),
          CASE(a_token_has_the_characters_of_rfc_6750),
          CASE(a_scheme_alone_is_malformed),
          CASE(other_schemes_are_nothing_presented),
          CASE(schemes_that_are_not_wanted_are_nothing_presented),
          CASE(an_api_key_is_passed_on_as_it_is),
          CASE(a_bare_token_is_tested_alike))
