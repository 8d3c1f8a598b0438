
/*
 * The claim "cnf": what must be shown, by each rule and for each form of it.
 */


#include "apigw_test.h"

#include "apigw_base64url.h"
#include "apigw_cnf.h"

#include <openssl/evp.h>


/* RFC 9449, 6.1; RFC 8705, 3.1 and appendix A */

#define JKT    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
#define X5T    "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"

#define X5T_UNTIDY  "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"

#define CERTIFICATE                                                           \
    "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcw"\
    "OVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49"\
    "AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ_Au08_coZwxS7LfA4vOLS9Wu"\
    "neIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E-vwJD_D1AGHGzuri-"\
    "hlV_PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L-SY"

#define ALL    (APIGW_CNF_MTLS | APIGW_CNF_DPOP)


static const apigw_cnf_rules_t  by_itself = { false, false, ALL };
static const apigw_cnf_rules_t  off = { true, false, 0 };
static const apigw_cnf_rules_t  mtls = { false, false, APIGW_CNF_MTLS };
static const apigw_cnf_rules_t  mtls_must = { false, true, APIGW_CNF_MTLS };
static const apigw_cnf_rules_t  dpop_must = { false, true, APIGW_CNF_DPOP };
static const apigw_cnf_rules_t  must = { false, true, ALL };


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


static const char *
read_cnf(apigw_test_t *t, const char *json, const apigw_cnf_rules_t *rules,
    bool dpop)
{
    apigw_rc_t       rc;
    apigw_cnf_t      cnf;
    apigw_error_t    err;
    apigw_claims_t  *claims;

    static const char *const  methods[] = { "none", "mtls", "dpop", "both" };

    rc = apigw_claims_parse(&claims, &t->arena, text(json), &err);

    if (rc == APIGW_OK) {
        rc = apigw_cnf_read(&cnf, claims, rules, dpop, &err);
    }

    if (rc == APIGW_ENOMEM) {
        return "memory";
    }

    return rc == APIGW_OK ? methods[cnf.methods] : err.word;
}


#define IS(word, wanted)  EXPECT(strcmp(word, wanted) == 0)

#define NONE   "{\"sub\":\"a\"}"
#define BYCERT "{\"cnf\":{\"x5t#S256\":\"" X5T "\"}}"
#define BYKEY  "{\"cnf\":{\"jkt\":\"" JKT "\"}}"
#define BOTH   "{\"cnf\":{\"jkt\":\"" JKT "\",\"x5t#S256\":\"" X5T "\"}}"


TEST(each_rule_and_each_binding)
{
    IS(read_cnf(t, NONE, &by_itself, false), "none");
    IS(read_cnf(t, BYCERT, &by_itself, false), "mtls");
    IS(read_cnf(t, BYKEY, &by_itself, true), "dpop");
    IS(read_cnf(t, BOTH, &by_itself, true), "both");

    IS(read_cnf(t, NONE, &off, false), "none");
    IS(read_cnf(t, BYKEY, &off, false), "none");
    IS(read_cnf(t, BYCERT, &off, true), "none");
    IS(read_cnf(t, "{\"cnf\":{\"kid\":\"x\"}}", &off, false), "none");

    IS(read_cnf(t, NONE, &mtls, false), "none");
    IS(read_cnf(t, BYCERT, &mtls, false), "mtls");
    IS(read_cnf(t, BYKEY, &mtls, true), "binding_missing");
    IS(read_cnf(t, BOTH, &mtls, true), "binding_missing");

    IS(read_cnf(t, NONE, &mtls_must, false), "binding_missing");
    IS(read_cnf(t, BYCERT, &mtls_must, false), "mtls");
    IS(read_cnf(t, NONE, &dpop_must, false), "binding_missing");
    IS(read_cnf(t, BYCERT, &dpop_must, false), "binding_missing");
    IS(read_cnf(t, BYKEY, &dpop_must, true), "dpop");
    IS(read_cnf(t, NONE, &must, false), "binding_missing");
    IS(read_cnf(t, BYCERT, &must, false), "mtls");
    IS(read_cnf(t, BYKEY, &must, true), "dpop");
}


TEST(the_scheme_must_be_that_of_the_binding)
{
    IS(read_cnf(t, BYKEY, &by_itself, false), "binding_missing");
    IS(read_cnf(t, BOTH, &by_itself, false), "binding_missing");
    IS(read_cnf(t, BYCERT, &by_itself, true), "binding_missing");
    IS(read_cnf(t, NONE, &by_itself, true), "binding_missing");
}


TEST(an_unknown_method_is_not_passed_over)
{
    IS(read_cnf(t, "{\"cnf\":{}}", &by_itself, false), "binding_missing");
    IS(read_cnf(t, "{\"cnf\":{\"kid\":\"x\"}}", &by_itself, false),
       "binding_missing");
    IS(read_cnf(t, "{\"cnf\":{\"x5t#s256\":\"" X5T "\"}}", &by_itself, false),
       "binding_missing");
    IS(read_cnf(t, "{\"cnf\":{\"jwk\":{},\"x5t#S256\":\"" X5T "\"}}",
                &by_itself, false), "binding_missing");
}


TEST(what_is_no_binding_at_all)
{
    size_t  i;

    static const char *const  bad[] = {
        "{\"cnf\":null}", "{\"cnf\":[]}", "{\"cnf\":\"" X5T "\"}",
        "{\"cnf\":false}",
        "{\"cnf\":{\"x5t#S256\":null}}", "{\"cnf\":{\"x5t#S256\":\"\"}}",
        "{\"cnf\":{\"x5t#S256\":\"" X5T "=\"}}",
        "{\"cnf\":{\"x5t#S256\":[\"" X5T "\"]}}",
        "{\"cnf\":{\"jkt\":\"AAAA\"}}", "{\"cnf\":{\"jkt\":1}}",

        /* RFC 8705, 3.1: its example sets bits behind the last byte */
        "{\"cnf\":{\"x5t#S256\":\"" X5T_UNTIDY "\"}}"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        IS(read_cnf(t, bad[i], &by_itself, false), "claim_invalid");
    }
}


TEST(rfc_8705_a_certificate)
{
    size_t           len;
    uint8_t          digest[APIGW_CNF_DIGEST], der[512];
    apigw_cnf_t      cnf;
    apigw_error_t    err;
    apigw_claims_t  *claims;

    EXPECT(apigw_claims_parse(&claims, &t->arena, text(BYCERT), &err)
           == APIGW_OK);
    EXPECT(apigw_cnf_read(&cnf, claims, &by_itself, false, &err) == APIGW_OK);

    EXPECT(apigw_base64url_decode(text(CERTIFICATE), der, &len) == APIGW_OK);
    EVP_Digest(der, len, digest, NULL, EVP_sha256(), NULL);

    EXPECT(memcmp(cnf.x5t, digest, APIGW_CNF_DIGEST) == 0);
}


TEST_MAIN(
    CASE(each_rule_and_each_binding),
    CASE(the_scheme_must_be_that_of_the_binding),
    CASE(an_unknown_method_is_not_passed_over),
    CASE(what_is_no_binding_at_all),
    CASE(rfc_8705_a_certificate)
)
