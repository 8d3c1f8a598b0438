
/*
 * The reader takes RFC 8259 and nothing else, says the same however the windows
 * are cut, and its answers do not depend on who asks: token by token or span.
 */


#include "apigw_test.h"
#include "apigw_json_agree.h"


typedef struct {
    const char            *text;
    size_t                 len;      /* 0: as strlen() says */
    apigw_rc_t             rc;
    const char            *word;
    size_t                 offset;
} apigw_json_case_t;


#define OK(text)             { text, 0, APIGW_OK, NULL, 0 }
#define BAD(text, at)        { text, 0, APIGW_EINPUT, "json_invalid", at }
#define BYTES(text, at)                                                       \
    { text, sizeof(text) - 1, APIGW_EINPUT, "json_invalid", at }


static const apigw_json_case_t  apigw_json_accepted[] = {
    OK("0"), OK("-0"), OK("1"), OK("-1"), OK("10"), OK("1234567890"),
    OK("0.0"), OK("-0.0"), OK("0.10"), OK("1.10"), OK("1e5"), OK("1E5"),
    OK("1e+5"), OK("1e-5"), OK("0e0"), OK("0E+00"), OK("1.5e007"),
    OK("1E400"), OK("-1e-400"), OK("9007199254740993"),
    OK("9223372036854775808"), OK("-9223372036854775809"),
    OK("18446744073709551615"), OK("123456789012345678901234567890"),
    OK("true"), OK("false"), OK("null"), OK(" true "), OK("\t\r\n null\n"),
    OK("\"\""), OK("\"a\""), OK("\" \""), OK("\"\x7f\""), OK("\"/\""),
    OK("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), OK("\"\\u0000\""),
    OK("\"\\u0041\\uABCD\\uabcd\\uFFFF\""), OK("\"\\ud834\\udd1e\""),
    OK("\"\\uDBFF\\uDFFF\""), OK("\"\\ud800\""), OK("\"\\udc00\""),
    OK("\"\\udc00\\ud800\""), OK("\"\\ud800\\ud800\""), OK("\"\\ud800x\""),
    OK("\"\\ud800\\n\""), OK("\"\\\\u0000\""), OK("\"\\\\\""),
    OK("\"\xc2\x80\""), OK("\"\xdf\xbf\""), OK("\"\xe0\xa0\x80\""),
    OK("\"\xed\x9f\xbf\""), OK("\"\xee\x80\x80\""), OK("\"\xef\xbf\xbf\""),
    OK("\"\xf0\x90\x80\x80\""), OK("\"\xf4\x8f\xbf\xbf\""),
    OK("\"\xe2\x82\xac uro and \xf0\x9f\x98\x80 and a long tail of ASCII\""),
    OK("[]"), OK("{}"), OK(" [ ] "), OK(" { } "), OK("[[]]"), OK("[{}]"),
    OK("[1]"), OK("[1,2]"), OK("[ 1 , 2 ]"), OK("[\"\"]"), OK("[null,1,\"\"]"),
    OK("[true,false,null]"), OK("[-0]"), OK("[[[[[[]]]]]]"), OK("[[],[],{}]"),
    OK("{\"\":0}"), OK("{\"a\":1}"), OK("{\"a\":{\"a\":{}}}"),
    OK("{ \"a\" : 1 , \"b\" : [ ] }"), OK("{\"a\":1,\"a\":2}"),
    OK("{\"a\":[],\"b\":{},\"c\":\"\",\"d\":1,\"e\":true}"),
    OK("{\"\\u0061\":1}"), OK("{\"\\ud800\":1}"), OK("{\"\xc3\xa9\":1}"),
    OK("\xef\xbb\xbf{}"), OK("\xef\xbb\xbf 1"), OK("[1\t,\r\n2]"),
    OK("[                                   1                            ]"),
    OK("{\n                \"a\"\n:\n1\n                \n}"),
    OK("\"a string that is a good deal longer than sixteen bytes\"")
};


static const apigw_json_case_t  apigw_json_refused[] = {

    /* nothing, or not the whole of it */

    BAD("", 0), BAD(" ", 1), BAD("\n\n", 2), BAD("\xef\xbb\xbf", 3),
    BAD("\xef\xbb", 2), BAD("\xef\xbb\xbe" "1", 2), BAD("\xef\xbb" "1", 2),
    BAD("[", 1), BAD("{", 1), BAD("[1", 2), BAD("[1,", 3), BAD("{\"a\"", 4),
    BAD("{\"a\":", 5), BAD("{\"a\":1", 6), BAD("{\"a\":1,", 7), BAD("\"", 1),
    BAD("\"a", 2), BAD("\"\\", 2), BAD("\"\\u", 3), BAD("\"\\u12", 5),
    BAD("\"\\u1234", 7), BAD("\"\xe2\x82", 3), BAD("t", 1), BAD("tru", 3),
    BAD("fals", 4), BAD("nul", 3), BAD("-", 1), BAD("1.", 2), BAD("1e", 2),
    BAD("1e+", 3), BAD("{\"a", 3), BAD("{\"\\u00", 6), BAD("[[", 2),

    /* something behind it */

    BAD("1 1", 2), BAD("{}{}", 2), BAD("[]]", 2), BAD("{}}", 2),
    BAD("null,", 4), BAD("\"\"\"", 2), BAD("1,", 1), BAD("[] x", 3),
    BAD("{}\xef\xbb\xbf", 2), BYTES("1\0", 1), BYTES("{}\0", 2),
    BAD("\xef\xbb\xbf\xef\xbb\xbf{}", 3), BAD(" \xef\xbb\xbf{}", 1),

    /* numbers */

    BAD("01", 1), BAD("-01", 2), BAD("+1", 0), BAD(".5", 0), BAD("-.5", 1),
    BAD("1.e5", 2), BAD("1.a", 2), BAD("1e1.5", 3), BAD("1ee5", 2),
    BAD("1e+-5", 3), BAD("0x10", 1), BAD("--1", 1), BAD("-a", 1),
    BAD("1_000", 1), BAD("NaN", 0), BAD("Infinity", 0), BAD("-Infinity", 1),
    BAD("[01]", 2), BAD("[1.]", 3), BAD("[-]", 2), BAD("1 000", 2),
    BAD("00", 1), BAD("1f", 1), BAD("\xef\xbc\x91", 1),

    /* words */

    BAD("True", 0), BAD("TRUE", 0), BAD("trUe", 2), BAD("truee", 4),
    BAD("nullx", 4), BAD("nil", 1), BAD("fal se", 3), BAD("undefined", 0),
    BAD("[tru]", 4), BAD("[nul,1]", 4), BAD("a", 0), BAD("truefalse", 4),

    /* strings */

    BAD("'a'", 0), BAD("\"\\a\"", 2), BAD("\"\\x41\"", 2), BAD("\"\\'\"", 2),
    BAD("\"\\U0041\"", 2), BAD("\"\\u\"", 3), BAD("\"\\u12\"", 5),
    BAD("\"\\u123g\"", 6), BAD("\"\\u-123\"", 3), BAD("\"\\0\"", 2),
    BAD("\"\t\"", 1), BAD("\"\n\"", 1), BAD("\"\x1f\"", 1),
    BAD("\"a long run of plain bytes and then\x01\"", 35),
    BYTES("\"\0\"", 1), BYTES("\"a\0b\"", 2), BYTES("\"\\\0\"", 2),
    BAD("\"\\\n\"", 2), BAD("\"\\ud800\\\"", 9), BAD("\"\\\xc3\xa9\"", 2),

    /* UTF-8: lone tails, cut, overlong, surrogates, beyond the end */

    BAD("\"\x80\"", 1), BAD("\"\xbf\"", 1), BAD("\"\xc2\"", 2),
    BAD("\"\xc2" "a\"", 2), BAD("\"\xe2\x82\"", 3), BAD("\"\xe2\x82" "a\"", 3),
    BAD("\"\xf0\x9f\x98\"", 4), BAD("\"\xf0\x9f\x98\xc0\"", 4),
    BAD("\"\xc0\x80\"", 1), BAD("\"\xc1\xbf\"", 1), BAD("\"\xe0\x80\x80\"", 2),
    BAD("\"\xe0\x9f\xbf\"", 2), BAD("\"\xf0\x80\x80\x80\"", 2),
    BAD("\"\xf0\x8f\xbf\xbf\"", 2), BAD("\"\xed\xa0\x80\"", 2),
    BAD("\"\xed\xbf\xbf\"", 2), BAD("\"\xf4\x90\x80\x80\"", 2),
    BAD("\"\xf5\x80\x80\x80\"", 1), BAD("\"\xf8\x88\x80\x80\x80\"", 1),
    BAD("\"\xfe\"", 1), BAD("\"\xff\"", 1), BAD("\"\xc3\xa9\xc3\"", 4),
    BAD("\"plain then \xe9t\xe9\"", 13), BAD("{\"\xff\":1}", 2),
    BAD("{\"\xc3\":1}", 3), BYTES("\xff\xfe[\0]\0", 0), BYTES("\0[\0]", 0),
    BYTES("[\0]\0", 1), BAD("\xc3\xa9", 0), BAD("[\xc2\xa0" "1]", 1),

    /* arrays, objects */

    BAD("[1,]", 3), BAD("[,1]", 1), BAD("[1,,2]", 3), BAD("[1 2]", 3),
    BAD("[1:2]", 2), BAD("[}", 1), BAD("[1}", 2), BAD("]", 0), BAD("[,]", 1),
    BAD("[\"a\" \"b\"]", 5), BAD("[\"a\":1]", 4), BAD("[1]]", 3),
    BAD("{]", 1), BAD("}", 0), BAD("{,}", 1), BAD("{\"a\":1,}", 7),
    BAD("{\"a\"}", 4), BAD("{\"a\",1}", 4), BAD("{\"a\":}", 5),
    BAD("{\"a\":1]", 6), BAD("{\"a\":1 \"b\":2}", 7), BAD("{\"a\"::1}", 5),
    BAD("{1:1}", 1), BAD("{null:1}", 1), BAD("{a:1}", 1), BAD("{'a':1}", 1),
    BAD("{\"a\":1,,\"b\":2}", 7), BAD("{:1}", 1), BAD("{[]:1}", 1),
    BAD("{\"a\" 1}", 5), BAD("{\"a\":1:2}", 6), BAD("{{}}", 1),
    BAD("{\"a\tb\":1}", 3), BAD("{\"a\":1}}", 7),

    /* what others take for white space, comments */

    BAD("\f1", 0), BAD("\v1", 0), BAD("[\f]", 1), BAD("1\f", 1),
    BAD("/* */1", 0), BAD("1//", 1), BAD("[1]#", 3), BAD("[/**/]", 1),
    BAD("\xe2\x80\xa8" "1", 0), BYTES("[1\0]", 2)
};


static bool
agree(apigw_test_t *t, const apigw_json_case_t *cases, size_t n)
{
    size_t       i, len;
    apigw_str_t  doc;

    for (i = 0; i < n; i++) {
        len = cases[i].len ? cases[i].len : strlen(cases[i].text);

        doc.data = (const uint8_t *) cases[i].text;
        doc.len = len;

        if (!agrees(t, &apigw_json_plain, doc, cases[i].rc, cases[i].word,
                    cases[i].offset))
        {
            return false;
        }
    }

    return true;
}


TEST(every_valid_document_is_read_wherever_it_is_cut)
{
    EXPECT(agree(t, apigw_json_accepted,
                 sizeof(apigw_json_accepted) / sizeof(apigw_json_case_t)));
}


TEST(every_fault_is_found_at_its_byte_wherever_it_is_cut)
{
    EXPECT(agree(t, apigw_json_refused,
                 sizeof(apigw_json_refused) / sizeof(apigw_json_case_t)));
}


TEST(tokens_carry_kind_source_and_offset)
{
    EXPECT(says(t, &apigw_json_plain,
                " {\"a\" : [1, -2.50e3 ,true,\"x\\n\"],\"\\u0062\":null} ",
                false,
                "{@1 k\"a\"=a@2 [@8 n1@9 n-2.50e3@12 ttrue@21 "
                "s\"x\\n\"@26 ]@31 k\"\\u0062\"=b@33 znull@42 }@46 ."));
}


TEST(spans_are_the_values_with_the_white_space_inside)
{
    EXPECT(says(t, &apigw_json_plain,
                "{\"a\": [ 1 , {} ] ,\"b\":7 , \"c\":{\"d\" : 1}}", true,
                "{@0 k\"a\"=a@1 S[ 1 , {} ]@6 k\"b\"=b@18 S7@22 k\"c\"=c@26 "
                "S{\"d\" : 1}@30 }@39 ."));
}


TEST(an_array_s_elements_are_taken_one_span_at_a_time)
{
    int                  n;
    apigw_str_t          doc = apigw_str("[1, [2,3] ,\"x\" , true]");
    apigw_json_token_t   token;
    apigw_json_reader_t  r;
    static const char   *const  want[] = { "1", "[2,3]", "\"x\"", "true" };

    EXPECT(apigw_json_reader_init(&r, &t->arena, &apigw_json_plain)
           == APIGW_OK);

    apigw_json_reader_feed(&r, doc.data, doc.len, true);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_ARRAY && token.depth == 0);

    for (n = 0; n < 4; n++) {
        EXPECT(apigw_json_reader_span(&r, &token) == APIGW_OK);
        EXPECT(token.kind == APIGW_JSON_SPAN);
        EXPECT(token.first && token.last && token.depth == 1);
        EXPECT(apigw_str_is(token.raw, want[n]));
    }

    EXPECT(apigw_json_reader_span(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_ARRAY_END && token.depth == 0);
    EXPECT(apigw_json_reader_span(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_END);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_END);
}


TEST(the_rest_of_a_container_is_taken_in_pieces)
{
    apigw_str_t          doc = apigw_str("{\"a\":[1, 2],\"b\":3}");
    apigw_json_token_t   token;
    apigw_json_reader_t  r;

    EXPECT(apigw_json_reader_init(&r, &t->arena, &apigw_json_plain)
           == APIGW_OK);

    apigw_json_reader_feed(&r, doc.data, 9, false);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_ARRAY);

    EXPECT(apigw_json_reader_rest(&r, &token) == APIGW_OK);
    EXPECT(apigw_str_is(token.raw, "1, ") && token.first && !token.last);
    EXPECT(apigw_json_reader_rest(&r, &token) == APIGW_AGAIN);

    apigw_json_reader_feed(&r, doc.data + 9, doc.len - 9, true);

    EXPECT(apigw_json_reader_rest(&r, &token) == APIGW_OK);
    EXPECT(apigw_str_is(token.raw, "2]") && !token.first && token.last);
    EXPECT(token.depth == 1);

    EXPECT(apigw_json_reader_rest(&r, &token) == APIGW_OK);
    EXPECT(apigw_str_is(token.raw, ",\"b\":3}") && token.last);
    EXPECT(apigw_json_reader_rest(&r, &token) == APIGW_OK);
    EXPECT(token.kind == APIGW_JSON_END);
}


TEST(a_byte_is_given_as_soon_as_it_is_read)
{
    apigw_str_t          doc = apigw_str("\"ab\\u00e9\"");
    apigw_json_token_t   token;
    apigw_json_reader_t  r;

    EXPECT(apigw_json_reader_init(&r, &t->arena, &apigw_json_plain)
           == APIGW_OK);

    apigw_json_reader_feed(&r, doc.data, 6, false);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_str_is(token.raw, "\"ab\\u0"));
    EXPECT(token.first && !token.last && token.escaped);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_AGAIN);

    apigw_json_reader_feed(&r, doc.data + 6, 0, false);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_AGAIN);

    apigw_json_reader_feed(&r, doc.data + 6, doc.len - 6, true);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_str_is(token.raw, "0e9\""));
    EXPECT(!token.first && token.last && !token.escaped && token.offset == 6);
}


TEST(a_failure_stays)
{
    apigw_str_t          doc = apigw_str("[1,x]");
    apigw_json_token_t   token;
    apigw_json_reader_t  r;

    EXPECT(apigw_json_reader_init(&r, &t->arena, &apigw_json_plain)
           == APIGW_OK);

    apigw_json_reader_feed(&r, doc.data, doc.len, false);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_OK);
    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_EINPUT);
    EXPECT(apigw_json_reader_span(&r, &token) == APIGW_EINPUT);

    apigw_json_reader_feed(&r, doc.data, doc.len, true);

    EXPECT(apigw_json_reader_next(&r, &token) == APIGW_EINPUT);
    EXPECT(r.error.offset == 3);
}


TEST(plain_runs_end_exactly_at_every_special_byte)
{
    size_t          i, at;
    uint8_t         text[80];
    apigw_str_t     doc = { text, 0 };

    /* every length of run before every kind of special byte */

    for (at = 0; at < 40; at++) {

        for (i = 0; i < 256; i++) {
            memset(text, 'x', sizeof(text));
            text[0] = '"';
            text[1 + at] = i;
            text[1 + at + 1] = '"';
            doc.len = at + 3;

            if (i == '"') {
                EXPECT(apigw_json_check(&t->arena, &apigw_json_plain, doc,
                                        &(apigw_error_t) { 0 })
                       == APIGW_EINPUT);
                continue;
            }

            EXPECT((apigw_json_check(&t->arena, &apigw_json_plain, doc,
                                     &(apigw_error_t) { 0 }) == APIGW_OK)
                   == (i >= 0x20 && i < 0x80 && i != '\\'));
        }
    }
}


TEST_MAIN(CASE(every_valid_document_is_read_wherever_it_is_cut),
          CASE(every_fault_is_found_at_its_byte_wherever_it_is_cut),
          CASE(tokens_carry_kind_source_and_offset),
          CASE(spans_are_the_values_with_the_white_space_inside),
          CASE(an_array_s_elements_are_taken_one_span_at_a_time),
          CASE(the_rest_of_a_container_is_taken_in_pieces),
          CASE(a_byte_is_given_as_soon_as_it_is_read),
          CASE(a_failure_stays),
          CASE(plain_runs_end_exactly_at_every_special_byte))
