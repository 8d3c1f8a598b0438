
/* Where metadata is, and what it must say. */


#include "apigw_test.h"

#include "apigw_discovery.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


static const struct {
    const char  *issuer;
    const char  *openid;
    const char  *oauth;
} urls[] = {
    { "https://a.example",
      "https://a.example/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server" },
    { "https://a.example/",
      "https://a.example/.well-known/openid-configuration",
      "https://a.example/.well-known/oauth-authorization-server" },
    { "https://a.example:8443/realms/b",
      "https://a.example:8443/realms/b/.well-known/openid-configuration",
      "https://a.example:8443/.well-known/oauth-authorization-server"
      "/realms/b" },
    { "http://[::1]:9/b/",
      "http://[::1]:9/b/.well-known/openid-configuration",
      "http://[::1]:9/.well-known/oauth-authorization-server/b" }
};


static bool
is_url(apigw_arena_t *arena, const char *issuer, apigw_discovery_e form,
    const char *expected)
{
    apigw_str_t  url = { NULL, 0 };

    return apigw_discovery_url(&url, arena, text(issuer), form) == APIGW_OK
           && apigw_str_eq(url, text(expected));
}


TEST(both_forms_of_the_address)
{
    size_t  i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        EXPECT(is_url(&t->arena, urls[i].issuer, APIGW_DISCOVERY_OPENID,
                      urls[i].openid));
        EXPECT(is_url(&t->arena, urls[i].issuer, APIGW_DISCOVERY_OAUTH,
                      urls[i].oauth));
    }
}


TEST(an_issuer_that_is_no_address)
{
    size_t                    i;
    apigw_str_t               url;
    static const char *const  bad[] = {
        "", "/", "a.example", "ftp://a.example", "https://", "https:///b",
        "https://a.example?b=c", "https://a.example/?b", "https://a.example#b",
        "https://u@a.example", "https://a.example/ b", "urn:example:idp"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_discovery_url(&url, &t->arena, text(bad[i]),
                                   APIGW_DISCOVERY_OPENID) == APIGW_EINPUT);
    }
}


TEST(a_document)
{
    apigw_str_t    uri;
    apigw_error_t  err;

    uri.len = 0;

    EXPECT(apigw_discovery_parse(&uri, &t->arena,
               text("{\"jwks_uri\":\"https:\\/\\/a.example\\/keys\","
                    "\"issuer\":\"https://a.example\",\"x\":[1,{}]}"),
               text("https://a.example"), &err) == APIGW_OK);
    EXPECT(apigw_str_eq(uri, text("https://a.example/keys")));
}


TEST(documents_that_are_refused)
{
    size_t                    i;
    apigw_str_t               uri;
    apigw_error_t             err;
    static const char *const  bad[][2] = {
        { "", "is not strict JSON with an object at its root" },
        { "[]", "is not strict JSON with an object at its root" },
        { "{\"issuer\":\"a\",\"issuer\":\"a\",\"jwks_uri\":\"b\"}",
          "is not strict JSON with an object at its root" },
        { "{\"issuer\":\"a\",\"jwks_uri\":\"b\"} ;",
          "is not strict JSON with an object at its root" },
        { "{\"jwks_uri\":\"b\"}", "names another issuer" },
        { "{\"issuer\":\"a/\",\"jwks_uri\":\"b\"}", "names another issuer" },
        { "{\"issuer\":[\"a\"],\"jwks_uri\":\"b\"}", "names another issuer" },
        { "{\"ISSUER\":\"a\",\"jwks_uri\":\"b\"}", "names another issuer" },
        { "{\"issuer\":\"a\"}", "has no \"jwks_uri\"" },
        { "{\"issuer\":\"a\",\"jwks_uri\":7}", "has no \"jwks_uri\"" }
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.word = "";
        EXPECT(apigw_discovery_parse(&uri, &t->arena, text(bad[i][0]),
                                     text("a"), &err) == APIGW_EINPUT);
        EXPECT(strcmp(err.word, bad[i][1]) == 0);
    }
}


TEST_MAIN(CASE(both_forms_of_the_address),
          CASE(an_issuer_that_is_no_address),
          CASE(a_document),
          CASE(documents_that_are_refused))
