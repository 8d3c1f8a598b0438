
/* A problem document is one line of JSON, whatever the texts hold. */


#include "apigw_test.h"
#include "apigw_json_value.h"
#include "apigw_problem.h"


TEST(members_come_in_their_order)
{
    apigw_str_t      out;
    apigw_problem_t  p = {
        .title = apigw_str("Bad Request"),
        .status = 400,
        .detail = apigw_str("The request body is not valid JSON."),
        .instance = apigw_str("6f1c"),
        .members = apigw_str("\"reason\":\"json_invalid\",\"offset\":1532")
    };

    EXPECT(apigw_problem_write(&t->arena, &p, &out) == APIGW_OK);
    EXPECT(apigw_str_is(out, "{\"type\":\"about:blank\","
                             "\"title\":\"Bad Request\",\"status\":400,"
                             "\"detail\":\"The request body is not valid JSON."
                             "\",\"instance\":\"6f1c\","
                             "\"reason\":\"json_invalid\",\"offset\":1532}"));
}


TEST(what_is_empty_is_left_out)
{
    apigw_str_t      out;
    apigw_problem_t  p = { 0 };

    EXPECT(apigw_problem_write(&t->arena, &p, &out) == APIGW_OK);
    EXPECT(apigw_str_is(out, "{\"type\":\"about:blank\"}"));

    p.type = (apigw_str_t) apigw_str("https://example.org/quota");
    p.members = (apigw_str_t) apigw_str("\"a\":[1]");

    EXPECT(apigw_problem_write(&t->arena, &p, &out) == APIGW_OK);
    EXPECT(apigw_str_is(out, "{\"type\":\"https://example.org/quota\","
                             "\"a\":[1]}"));
}


TEST(texts_cannot_break_out)
{
    size_t                i;
    apigw_str_t           out, text;
    apigw_error_t         error;
    apigw_json_value_t    v;
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_REJECT,
                                .root_object = true };

    static const char  hostile[] = "\",\"status\":200,\"x\":\"\r\n\\\0<\x7f>";

    apigw_problem_t  p = {
        .title = { (const uint8_t *) hostile, sizeof(hostile) - 1 },
        .status = 503,
        .detail = { (const uint8_t *) hostile, sizeof(hostile) - 1 },
        .instance = { (const uint8_t *) hostile, sizeof(hostile) - 1 }
    };

    EXPECT(apigw_problem_write(&t->arena, &p, &out) == APIGW_OK);
    EXPECT(apigw_json_check(&t->arena, &o, out, &error) == APIGW_OK);
    EXPECT(apigw_json_member(out, "status", &v)
           && apigw_str_is(v.text, "503"));
    EXPECT(apigw_json_member(out, "instance", &v));
    EXPECT(apigw_json_string_decode(&t->arena, v.text, &text) == APIGW_OK);
    EXPECT(apigw_str_eq(text, p.instance));

    for (i = 0; i < out.len; i++) {
        EXPECT(out.data[i] >= 0x20 && out.data[i] != 0x7f);
    }

    p.detail = (apigw_str_t) apigw_str("\xff");
    EXPECT(apigw_problem_write(&t->arena, &p, &out) == APIGW_EINPUT);
}


TEST_MAIN(CASE(members_come_in_their_order),
          CASE(what_is_empty_is_left_out),
          CASE(texts_cannot_break_out))
