
/* Origins: which texts are one, and which two are the same. */


#include "apigw_test.h"

#include "apigw_origin.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


static bool
good(const char *s)
{
    apigw_origin_t  origin;

    return apigw_origin_parse(&origin, text(s)) == APIGW_OK;
}


/* Whether Origin `s` is that of a request with the Host field `host`. */

static bool
own(const char *s, bool secure, const char *host)
{
    apigw_origin_t  a, b;

    return apigw_origin_parse(&a, text(s)) == APIGW_OK
           && apigw_origin_own(&b, secure, text(host)) == APIGW_OK
           && apigw_origin_eq(&a, &b);
}


TEST(an_origin_is_scheme_host_and_port)
{
    EXPECT(good("https://a.example"));
    EXPECT(good("http://a.example:8080"));
    EXPECT(good("HTTPS://A.Example:65535"));
    EXPECT(good("http://localhost:1"));
    EXPECT(good("https://192.0.2.1"));
    EXPECT(good("https://[2001:db8::1]:8443"));
    EXPECT(good("https://xn--bcher-kva.example"));
    EXPECT(good("https://a_b.example"));
}


TEST(everything_else_is_none)
{
    static const char  *bad[] = {
        "", "null", "https", "https:", "https://", "https:///", "a.example",
        "//a.example", "https://a.example/", "https://a.example/path",
        "https://a.example?x", "https://a.example#x", "https://u@a.example",
        "https://a.example https://b.example", "https://a.example,b.example",
        "https://a.example:", "https://a.example:0", "https://a.example:080",
        "https://a.example:65536", "https://a.example:100000",
        "https://a.example:4294967739", "https://a.example:4x3",
        "https://:443", "https://[", "https://[]", "https://[::1",
        "https://[::1]x", "https://[g::1]", "https://a.example:443:443",
        "ftp://a.example", "file://", "wss://a.example",
        "chrome-extension://abcdef", "https://a.ex\xc3\xa4mple",
        "https://*", "https://*.example", " https://a.example",
        "https://a.example ", "https://a.example\t", "https:/a.example"
    };

    size_t  i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(!good(bad[i]));
    }
}


TEST(a_byte_of_zero_ends_nothing)
{
    apigw_str_t     nul = apigw_str("https://a.example\0.evil");
    apigw_origin_t  origin;

    EXPECT(apigw_origin_parse(&origin, nul) == APIGW_EINPUT);
}


TEST(case_and_default_ports_do_not_matter)
{
    EXPECT(own("https://a.example", true, "a.example"));
    EXPECT(own("HTTPS://A.EXAMPLE", true, "a.eXample"));
    EXPECT(own("https://a.example:443", true, "a.example"));
    EXPECT(own("https://a.example", true, "a.example:443"));
    EXPECT(own("http://a.example", false, "a.example:80"));
    EXPECT(own("http://a.example:8080", false, "a.example:8080"));
    EXPECT(own("https://[2001:DB8::1]", true, "[2001:db8::1]:443"));
}


TEST(scheme_host_and_port_do)
{
    EXPECT(!own("http://a.example", true, "a.example"));
    EXPECT(!own("https://a.example", false, "a.example"));
    EXPECT(!own("http://a.example:443", true, "a.example"));
    EXPECT(!own("https://a.example:80", false, "a.example"));
    EXPECT(!own("https://a.example", true, "a.example:8443"));
    EXPECT(!own("https://b.example", true, "a.example"));
    EXPECT(!own("https://a.example.evil", true, "a.example"));
    EXPECT(!own("https://evila.example", true, "a.example"));
    EXPECT(!own("https://a.example.", true, "a.example"));
    EXPECT(!own("https://a.example", true, ""));
    EXPECT(!own("https://a.example", true, "a.example:"));
}


TEST_MAIN(CASE(an_origin_is_scheme_host_and_port),
          CASE(everything_else_is_none),
          CASE(a_byte_of_zero_ends_nothing),
          CASE(case_and_default_ports_do_not_matter),
          CASE(scheme_host_and_port_do))
