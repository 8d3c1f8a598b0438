
/* The file of a provider's last good keys: what is written can be read. */


#include "apigw_test.h"

#include "apigw_jwks_state.h"


#define NOW  1800000000

#define READ(jwks, fetched, t, text, issuer, err)                             \
    apigw_jwks_state_read(jwks, fetched, &(t)->arena, text, issuer, NOW, err)


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


TEST(what_is_written_is_read)
{
    int64_t        fetched;
    apigw_str_t    file, jwks;
    apigw_error_t  err;

    EXPECT(apigw_jwks_state_write(&file, &t->arena, text("https://a \"\\\n"),
                                  NOW - 60, text("{\"keys\":[1, 2]}"))
           == APIGW_OK);
    EXPECT(READ(&jwks, &fetched, t, file, text("https://a \"\\\n"), &err)
           == APIGW_OK);
    EXPECT(fetched == NOW - 60);
    EXPECT(apigw_str_eq(jwks, text("{\"keys\":[1, 2]}")));
}


TEST(keys_are_never_younger_than_now)
{
    int64_t        fetched;
    apigw_str_t    file, jwks;
    apigw_error_t  err;

    EXPECT(apigw_jwks_state_write(&file, &t->arena, text("a"), NOW + 1,
                                  text("{}")) == APIGW_OK);
    EXPECT(READ(&jwks, &fetched, t, file, text("a"), &err) == APIGW_OK);
    EXPECT(fetched == NOW);
}


TEST(an_issuer_that_is_not_utf8_has_no_file)
{
    apigw_str_t  file;

    EXPECT(apigw_jwks_state_write(&file, &t->arena, text("a\xff"), NOW,
                                  text("{}")) == APIGW_EINPUT);
}


TEST(files_that_are_refused)
{
    size_t                    i;
    int64_t                   fetched;
    apigw_str_t               jwks;
    apigw_error_t             err;
    static const char *const  bad[][2] = {
        { "", "is not strict JSON with an object at its root" },
        { "{\"issuer\":\"a\",\"fetched\":1,\"jwks\":{}",
          "is not strict JSON with an object at its root" },
        { "{\"issuer\":\"b\",\"fetched\":1,\"jwks\":{}}",
          "is of another issuer" },
        { "{\"fetched\":1,\"jwks\":{}}", "is of another issuer" },
        { "{\"issuer\":\"a\",\"jwks\":{}}", "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":0,\"jwks\":{}}",
          "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":-1,\"jwks\":{}}",
          "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":1e3,\"jwks\":{}}",
          "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":\"1\",\"jwks\":{}}",
          "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":99999999999999999999,\"jwks\":{}}",
          "has no valid \"fetched\"" },
        { "{\"issuer\":\"a\",\"fetched\":1}", "has no \"jwks\" object" },
        { "{\"issuer\":\"a\",\"fetched\":1,\"jwks\":[]}",
          "has no \"jwks\" object" }
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.word = "";
        EXPECT(READ(&jwks, &fetched, t, text(bad[i][0]), text("a"), &err)
               == APIGW_EINPUT);
        EXPECT(strcmp(err.word, bad[i][1]) == 0);
    }
}


TEST_MAIN(CASE(what_is_written_is_read),
          CASE(keys_are_never_younger_than_now),
          CASE(an_issuer_that_is_not_utf8_has_no_file),
          CASE(files_that_are_refused))
