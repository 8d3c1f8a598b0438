
/*
 * What is sent to an introspection endpoint, byte for byte, and what its answer
 * is taken for.
 */


#include "apigw_test.h"

#include "apigw_introspection.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


#define TYPE  "Content-Type: application/x-www-form-urlencoded\r\n"


/* RFC 6749, 2.3.1 has this client; its header names the same pair. */

TEST(a_client_is_shown_by_basic)
{
    apigw_introspection_client_t  c;

    EXPECT(apigw_introspection_client(&c, &t->arena, APIGW_INTROSPECTION_BASIC,
                                      text("s6BhdRkqt3"),
                                      text("7Fjfp0ZBr1KtDRbnfVdmIw"))
           == APIGW_OK);
    EXPECT(apigw_str_is(c.headers, TYPE "Authorization: Basic "
                        "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3\r\n"));
    EXPECT(c.form.len == 0);
}


TEST(basic_encodes_before_it_joins)
{
    apigw_introspection_client_t  c;

    /* "a%3Ab:c+%25" */

    EXPECT(apigw_introspection_client(&c, &t->arena, APIGW_INTROSPECTION_BASIC,
                                      text("a:b"), text("c %")) == APIGW_OK);
    EXPECT(apigw_str_is(c.headers,
                        TYPE "Authorization: Basic YSUzQWI6YyslMjU=\r\n"));
}


TEST(a_client_in_the_form)
{
    apigw_str_t                   body;
    apigw_introspection_client_t  c;

    EXPECT(apigw_introspection_client(&c, &t->arena, APIGW_INTROSPECTION_POST,
                                      text("a&b"), text("c=d/\xc3\xbc"))
           == APIGW_OK);
    EXPECT(apigw_str_is(c.headers, TYPE));

    EXPECT(apigw_introspection_body(&body, &t->arena, text("t+/=~"), &c)
           == APIGW_OK);
    EXPECT(apigw_str_is(body, "token=t%2B%2F%3D%7E&token_type_hint=access_token"
                        "&client_id=a%26b&client_secret=c%3Dd%2F%C3%BC"));
}


TEST(a_client_with_a_certificate_tells_its_id_alone)
{
    apigw_str_t                   body;
    apigw_introspection_client_t  c;

    EXPECT(apigw_introspection_client(&c, &t->arena, APIGW_INTROSPECTION_TLS,
                                      text("gw"), text("")) == APIGW_OK);
    EXPECT(apigw_introspection_body(&body, &t->arena, text("x"), &c)
           == APIGW_OK);
    EXPECT(apigw_str_is(body, "token=x&token_type_hint=access_token"
                        "&client_id=gw"));
}


TEST(media_types)
{
    size_t                    i;
    static const char *const  bad[] = {
        "", "application/jso", "application/jsonp", "application/json+x",
        "text/html", "application/jwt", " application/json",
        "application/token-introspection+jwt"
    };

    EXPECT(apigw_introspection_is_json(text("application/json")));
    EXPECT(apigw_introspection_is_json(text("Application/JSON;charset=utf-8")));
    EXPECT(apigw_introspection_is_json(text("application/json ; a=b")));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(!apigw_introspection_is_json(text(bad[i])));
    }
}


/* 1, 0, or -1 for an answer that is refused; -2: no memory */

static int
active(apigw_test_t *t, const char *json)
{
    bool             is;
    apigw_rc_t       rc;
    apigw_error_t    err;
    apigw_claims_t  *claims;

    rc = apigw_introspection_read(&claims, &is, &t->arena, text(json), &err);

    return rc == APIGW_OK ? is : rc == APIGW_ENOMEM ? -2 : -1;
}


TEST(active_is_true_and_nothing_else)
{
    EXPECT(active(t, "{\"active\":true}") == 1);
    EXPECT(active(t, "{\"sub\":\"a\",\"active\" : true}") == 1);
    EXPECT(active(t, "{\"active\":false}") == 0);
    EXPECT(active(t, "{\"active\":\"true\"}") == 0);
    EXPECT(active(t, "{\"active\":1}") == 0);
    EXPECT(active(t, "{\"active\":[true]}") == 0);
    EXPECT(active(t, "{\"active\":null}") == 0);
    EXPECT(active(t, "{\"Active\":true}") == 0);
    EXPECT(active(t, "{}") == 0);
}


TEST(an_answer_is_strict_json)
{
    EXPECT(active(t, "") == -1);
    EXPECT(active(t, "true") == -1);
    EXPECT(active(t, "[{\"active\":true}]") == -1);
    EXPECT(active(t, "{\"active\":true}}") == -1);
    EXPECT(active(t, "{\"active\":false,\"active\":true}") == -1);
    EXPECT(active(t, "{\"active\":true") == -1);
}


TEST_MAIN(
    CASE(a_client_is_shown_by_basic),
    CASE(basic_encodes_before_it_joins),
    CASE(a_client_in_the_form),
    CASE(a_client_with_a_certificate_tells_its_id_alone),
    CASE(media_types),
    CASE(active_is_true_and_nothing_else),
    CASE(an_answer_is_strict_json)
)
