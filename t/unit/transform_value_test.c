
/* Typed values: text that does not fit its type is refused, never mended. */


#include "apigw_test.h"
#include "apigw_transform_value.h"


static const uint64_t  seed[2] = { 3, 4 };


/* NULL as `out`: refused, at `offset`. */

static bool
encodes(apigw_test_t *t, apigw_value_type_e type, const char *text, size_t len,
    const char *out, size_t offset)
{
    apigw_rc_t     rc;
    apigw_str_t    s, json;
    apigw_error_t  error;

    s.data = (const uint8_t *) text;
    s.len = len;

    rc = apigw_transform_value_encode(type, s, 8, seed, &t->arena, &json,
                                      &error);
    if (rc == APIGW_OK && out != NULL && apigw_str_is(json, out)) {
        return true;
    }

    if (rc == APIGW_EINPUT && out == NULL && error.offset == offset) {
        return strcmp(error.word, "value_invalid") == 0;
    }

    if (t->fail_at == 0) {
        printf("# %s: %d\n", text, rc);
    }

    return false;
}


#define GIVES(type, text, out)                                                \
    EXPECT(encodes(t, APIGW_VALUE_ ## type, text, sizeof(text) - 1, out, 0))

#define REFUSES(type, text, offset)                                           \
    EXPECT(encodes(t, APIGW_VALUE_ ## type, text, sizeof(text) - 1, NULL,     \
                   offset))


TEST(types_have_names)
{
    apigw_value_type_e  type;

    EXPECT(apigw_transform_value_type((apigw_str_t) apigw_str("json"), &type)
           == APIGW_OK && type == APIGW_VALUE_JSON);
    EXPECT(apigw_transform_value_type((apigw_str_t) apigw_str("null"), &type)
           == APIGW_OK && type == APIGW_VALUE_NULL);
    EXPECT(apigw_transform_value_type((apigw_str_t) apigw_str("JSON"), &type)
           == APIGW_EINPUT);
    EXPECT(apigw_transform_value_type((apigw_str_t) apigw_str(""), &type)
           == APIGW_EINPUT);
}


TEST(strings_are_escaped_and_cannot_break_out)
{
    GIVES(STRING, "", "\"\"");
    GIVES(STRING, "a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    GIVES(STRING, "\",\"admin\":true,\"x\":\"",
          "\"\\\",\\\"admin\\\":true,\\\"x\\\":\\\"\"");
    GIVES(STRING, "\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\"");
    GIVES(STRING, "a\0b", "\"a\\u0000b\"");
    REFUSES(STRING, "a\xff", 1);
    REFUSES(STRING, "\xed\xa0\x80", 0);
    REFUSES(STRING, "ab\xc0\xaf", 2);
}


TEST(numbers_are_written_as_given)
{
    GIVES(NUMBER, "0", "0");
    GIVES(NUMBER, "-0", "-0");
    GIVES(NUMBER, "1.10", "1.10");
    GIVES(NUMBER, "1E400", "1E400");
    GIVES(NUMBER, "123456789012345678901234567890",
          "123456789012345678901234567890");
    REFUSES(NUMBER, "", 0);
    REFUSES(NUMBER, " 1", 0);
    REFUSES(NUMBER, "1 ", 1);
    REFUSES(NUMBER, "1\n", 1);
    REFUSES(NUMBER, "+1", 0);
    REFUSES(NUMBER, "01", 1);
    REFUSES(NUMBER, "1.", 1);
    REFUSES(NUMBER, ".5", 0);
    REFUSES(NUMBER, "0x1", 1);
    REFUSES(NUMBER, "1,2", 1);
    REFUSES(NUMBER, "1 2", 2);
    REFUSES(NUMBER, "NaN", 0);
    REFUSES(NUMBER, "-", 0);
    REFUSES(NUMBER, "1\0001", 1);
}


TEST(booleans_and_null_are_words)
{
    GIVES(BOOLEAN, "true", "true");
    GIVES(BOOLEAN, "false", "false");
    REFUSES(BOOLEAN, "", 0);
    REFUSES(BOOLEAN, "1", 0);
    REFUSES(BOOLEAN, "TRUE", 0);
    REFUSES(BOOLEAN, "true ", 0);
    GIVES(NULL, "", "null");
    GIVES(NULL, "null", "null");
    REFUSES(NULL, "0", 0);
}


TEST(json_is_one_strict_document)
{
    GIVES(JSON, " {\"a\": [1, 2]}\n", "{\"a\": [1, 2]}");
    GIVES(JSON, "\"\\u0000\"", "\"\\u0000\"");
    GIVES(JSON, "7", "7");
    REFUSES(JSON, "", 0);
    REFUSES(JSON, "{\"a\":1", 6);
    REFUSES(JSON, "1,\"x\":2", 1);
    REFUSES(JSON, "{\"a\":1,\"\\u0061\":2}", 7);
    REFUSES(JSON, "\"\\ud800\"", 7);
    GIVES(JSON, "[[[[[[[[]]]]]]]]", "[[[[[[[[]]]]]]]]");
    REFUSES(JSON, "[[[[[[[[[]]]]]]]]]", 8);
}


TEST(values_are_made_when_asked_for)
{
    apigw_str_t                json;
    apigw_error_t              error;
    apigw_str_t                cache[4] = { { NULL, 0 } };
    apigw_str_t                texts[4] = {
        { NULL, 0 }, apigw_str("x"), apigw_str("x"), apigw_str("x")
    };
    apigw_transform_value_t    specs[4] = {
        { .type = APIGW_VALUE_STRING },
        { .type = APIGW_VALUE_NUMBER, .skip = true },
        { .type = APIGW_VALUE_NUMBER },
        { .type = APIGW_VALUE_NUMBER, .constant = true,
          .json = apigw_str("1") }
    };
    apigw_transform_values_t   values = {
        specs, texts, 4, cache, &t->arena, 64, { 1, 2 }
    };

    EXPECT(apigw_transform_values_get(&values, 0, &json, &error) == APIGW_OK);
    EXPECT(apigw_str_is(json, "\"\""));
    EXPECT(apigw_transform_values_get(&values, 0, &json, &error) == APIGW_OK);
    EXPECT(apigw_str_is(json, "\"\""));
    EXPECT(apigw_transform_values_get(&values, 1, &json, &error)
           == APIGW_EUNSUPPORTED);
    EXPECT(apigw_transform_values_get(&values, 2, &json, &error)
           == APIGW_EINPUT);
    EXPECT(apigw_transform_values_get(&values, 3, &json, &error) == APIGW_OK);
    EXPECT(apigw_str_is(json, "1"));
}


TEST_MAIN(CASE(types_have_names),
          CASE(strings_are_escaped_and_cannot_break_out),
          CASE(numbers_are_written_as_given),
          CASE(booleans_and_null_are_words),
          CASE(json_is_one_strict_document),
          CASE(values_are_made_when_asked_for))
