
/*
 * Checked documents are read in place: members, elements, strings and dates
 * mean what RFC 8259 and RFC 7519 say.
 */


#include "apigw_test.h"
#include "apigw_json_value.h"
#include "apigw_json_writer.h"


typedef struct {
    const char  *source;
    apigw_rc_t   rc;
    uint64_t     value;
} date_case_t;


typedef struct {
    const char  *source;
    const char  *text;               /* NULL: refused */
} string_case_t;


static const date_case_t  dates[] = {
    { "0", APIGW_OK, 0 }, { "-0", APIGW_OK, 0 }, { "-0.0e5", APIGW_OK, 0 },
    { "1", APIGW_OK, 1 }, { "1700000000", APIGW_OK, 1700000000 },
    { "2051222400", APIGW_OK, 2051222400 },
    { "9007199254740992", APIGW_OK, 9007199254740992 },
    { "9007199254740993", APIGW_ELIMIT, 0 },
    { "9007199254740992.0", APIGW_OK, 9007199254740992 },
    { "9007199254740991.5", APIGW_OK, 9007199254740992 },
    { "9007199254740992.5", APIGW_ELIMIT, 0 },
    { "18446744073709551616", APIGW_ELIMIT, 0 },
    { "18446744073709551617000000000000000000", APIGW_ELIMIT, 0 },
    { "-1", APIGW_ELIMIT, 0 }, { "-0.001", APIGW_ELIMIT, 0 },
    { "-1e400", APIGW_ELIMIT, 0 }, { "1e400", APIGW_ELIMIT, 0 },
    { "1e99999999999999999999", APIGW_ELIMIT, 0 },
    { "0e99999999999999999999", APIGW_OK, 0 },
    { "1e-99999999999999999999", APIGW_OK, 1 },
    { "1.5", APIGW_OK, 2 }, { "1.0", APIGW_OK, 1 }, { "0.0001", APIGW_OK, 1 },
    { "1.7e9", APIGW_OK, 1700000000 }, { "17E+8", APIGW_OK, 1700000000 },
    { "1700000000.000e0", APIGW_OK, 1700000000 },
    { "17000000005e-1", APIGW_OK, 1700000001 },
    { "17000000000e-1", APIGW_OK, 1700000000 },
    { "0.000000017e17", APIGW_OK, 1700000000 },
    { "00", APIGW_EINPUT, 0 }, { "+1", APIGW_EINPUT, 0 },
    { "1.", APIGW_EINPUT, 0 }, { "", APIGW_EINPUT, 0 },
    { "-", APIGW_EINPUT, 0 }, { "1 ", APIGW_EINPUT, 0 },
    { "\"1\"", APIGW_EINPUT, 0 }, { "1e", APIGW_EINPUT, 0 },
    { "0x10", APIGW_EINPUT, 0 }, { "null", APIGW_EINPUT, 0 }
};


static const string_case_t  strings[] = {
    { "\"\"", "" }, { "\"abc\"", "abc" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"\\u0041\\u00e9\\u20ac\\ud834\\udd1e\"",
      "A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e" },
    { "\"x\\ud834\\uDD1Ey\"", "x\xf0\x9d\x84\x9ey" },
    { "\"\xe2\x82\xac\\n\xe2\x82\xac\"", "\xe2\x82\xac\n\xe2\x82\xac" },
    { "\"\\uffff\\u07ff\\u0800\\u007f\\u0080\"",
      "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80\x7f\xc2\x80" },
    { "\"\\ud800\"", NULL }, { "\"\\udc00x\"", NULL },
    { "\"\\ud800\\ud800\\udc00\"", NULL }, { "\"\\udc00\\ud800\"", NULL },
    { "abc", NULL }, { "", NULL }, { "\"", NULL }, { "1", NULL }
};


TEST(dates_are_exact_and_rounded_up)
{
    size_t       i;
    uint64_t     value;
    apigw_str_t  source;

    for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        source.data = (const uint8_t *) dates[i].source;
        source.len = strlen(dates[i].source);
        value = 0;

        if (apigw_json_date(source, &value) != dates[i].rc
            || value != dates[i].value)
        {
            printf("# %s: %llu\n", dates[i].source,
                   (unsigned long long) value);
            t->failed = true;
        }
    }
}


TEST(strings_decode_and_compare_alike)
{
    size_t       i;
    apigw_rc_t   rc;
    apigw_str_t  source, text, more;

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        source.data = (const uint8_t *) strings[i].source;
        source.len = strlen(strings[i].source);

        rc = apigw_json_string_decode(&t->arena, source, &text);

        if (strings[i].text == NULL) {
            EXPECT(rc == APIGW_EINPUT);
            continue;
        }

        EXPECT(rc == APIGW_OK);
        EXPECT(apigw_str_is(text, strings[i].text));
        EXPECT(text.data[text.len] == '\0');
        EXPECT(apigw_json_string_eq(source, text));

        more.data = text.data;
        more.len = text.len + 1;
        EXPECT(!apigw_json_string_eq(source, more));

        if (text.len) {
            more.len = text.len - 1;
            EXPECT(!apigw_json_string_eq(source, more));
        }
    }
}


TEST(a_nul_in_a_string_is_kept_and_counted)
{
    apigw_str_t  source = apigw_str("\"a\\u0000b\""), text;

    EXPECT(apigw_json_string_decode(&t->arena, source, &text) == APIGW_OK);
    EXPECT(text.len == 3 && memcmp(text.data, "a\0b", 4) == 0);
    EXPECT(!apigw_json_string_eq(source, (apigw_str_t) apigw_str("a")));
}


TEST(members_are_found_by_their_decoded_name)
{
    apigw_json_value_t  v;
    apigw_str_t         doc = apigw_str("\xef\xbb\xbf { \"iss\" : \"x\","
                                        "\"\\u0065xp\":17 ,\"EXP\":1,"
                                        "\"aud\":[\"a\" , \"b\"], \"n\":null,"
                                        "\"o\":{\"x\":{\"y\":[0,{\"z\":true}]}"
                                        "},\"twice\":1,\"twice\":false}");
    apigw_str_t         path[5] = { apigw_str("o"), apigw_str("x"),
                                    apigw_str("y"), apigw_str("1"),
                                    apigw_str("z") };

    EXPECT(apigw_json_root(doc).kind == APIGW_JSON_OBJECT);
    EXPECT(apigw_json_root(doc).text.len == doc.len - 4);

    EXPECT(apigw_json_member(doc, "iss", &v) && v.kind == APIGW_JSON_STRING);
    EXPECT(apigw_str_is(v.text, "\"x\"") && apigw_str_is(v.name, "\"iss\""));
    EXPECT(apigw_json_member(doc, "exp", &v) && v.kind == APIGW_JSON_NUMBER);
    EXPECT(apigw_str_is(v.text, "17"));
    EXPECT(apigw_json_member(doc, "aud", &v) && v.kind == APIGW_JSON_ARRAY);
    EXPECT(apigw_str_is(v.text, "[\"a\" , \"b\"]"));
    EXPECT(apigw_json_member(doc, "n", &v) && v.kind == APIGW_JSON_NULL);
    EXPECT(apigw_json_member(doc, "twice", &v) && v.kind == APIGW_JSON_FALSE);
    EXPECT(!apigw_json_member(doc, "x", &v));
    EXPECT(!apigw_json_member(doc, "is", &v));
    EXPECT(!apigw_json_member(doc, "", &v));

    EXPECT(apigw_json_find(doc, path, 5, &v) && v.kind == APIGW_JSON_TRUE);
    EXPECT(apigw_json_find(doc, path, 0, &v) && v.kind == APIGW_JSON_OBJECT);
    path[3] = (apigw_str_t) apigw_str("2");
    EXPECT(!apigw_json_find(doc, path, 5, &v));
    path[3] = (apigw_str_t) apigw_str("01");
    EXPECT(!apigw_json_find(doc, path, 5, &v));
}


TEST(only_containers_are_walked)
{
    size_t              i;
    apigw_str_t         doc = apigw_str(" [ 1 , \"]\",[{}], {\"a\":2} ] ");
    apigw_json_walk_t   walk;
    apigw_json_value_t  v;
    static const char  *const  want[] = { "1", "\"]\"", "[{}]", "{\"a\":2}" };
    static const char  *const  none[] = { "", " ", "1", "\"a\"", "{}", "[ ]",
                                          "null", "{ }" };

    apigw_json_walk(&walk, doc);

    for (i = 0; i < 4; i++) {
        EXPECT(apigw_json_walk_next(&walk, &v));
        EXPECT(apigw_str_is(v.text, want[i]) && v.name.len == 0);
    }

    EXPECT(!apigw_json_walk_next(&walk, &v));
    EXPECT(!apigw_json_walk_next(&walk, &v));

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        doc.data = (const uint8_t *) none[i];
        doc.len = strlen(none[i]);

        apigw_json_walk(&walk, doc);

        EXPECT(!apigw_json_walk_next(&walk, &v));
        EXPECT(!apigw_json_member(doc, "a", &v));
    }

    /* an array has no members by name, an object none by index */

    EXPECT(!apigw_json_member((apigw_str_t) apigw_str("[1]"), "0", &v));
    EXPECT(apigw_json_member((apigw_str_t) apigw_str("{\"0\":1}"), "0", &v));
}


/*
 * Values of every shape, with brackets, quotes and backslashes in strings, at
 * every distance from a block's edge.
 */

TEST(long_values_end_where_they_end)
{
    size_t              i, at, len;
    char                text[1400];
    apigw_str_t         doc = { (const uint8_t *) text, 0 };
    apigw_json_walk_t   walk;
    apigw_json_value_t  v;

    static const char  *const  shapes[] = {
        "{}", "[[[[[[]]]]]]", "{\"]}\":[\"[{\",{\"\\\"\":\"\\\\\"}]}",
        "[\"\\\\\\\"]\"]", "[{},{\"a\":[[1],[2],[3]]},[]]",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":[]}}}}}",
        "[\"a string longer than a block of sixty-four bytes, and in it a ]\"]",
        "[\"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"]",
        "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]"
    };

    static const size_t  n = sizeof(shapes) / sizeof(shapes[0]);

    for (at = 0; at < 140; at++) {

        len = sprintf(text, "[%*s\"x\"", (int) at, "");

        for (i = 0; i < 2 * n; i++) {
            len += sprintf(text + len, ",%s", shapes[i % n]);
        }

        len += sprintf(text + len, "]");
        doc.len = len;

        EXPECT(apigw_json_check(&t->arena, &(apigw_json_options_t) { 0 }, doc,
                                &(apigw_error_t) { 0 }) == APIGW_OK);
        EXPECT(apigw_json_root(doc).text.len == len);

        apigw_json_walk(&walk, doc);
        EXPECT(apigw_json_walk_next(&walk, &v));
        EXPECT(apigw_str_is(v.text, "\"x\""));

        for (i = 0; i < 2 * n; i++) {
            EXPECT(apigw_json_walk_next(&walk, &v));
            EXPECT(apigw_str_is(v.text, shapes[i % n]));
        }

        EXPECT(!apigw_json_walk_next(&walk, &v));
    }
}


TEST(utf8_is_valid_up_to_its_first_fault)
{
    size_t    i;
    uint8_t   text[64];

    EXPECT(apigw_utf8_valid(NULL, 0) == 0);

    /* a fault at each place behind text of every kind of width */

    for (i = 0; i < 40; i++) {
        memset(text, 'a', sizeof(text));
        memcpy(text + 40, "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\"\\\x01\x7f",
               13);

        EXPECT(apigw_utf8_valid(text, 53) == 53);
        EXPECT(apigw_utf8_valid(text + i, 53 - i) == 53 - i);

        text[i] = 0x80;
        EXPECT(apigw_utf8_valid(text, 53) == i);
        text[i] = 0xf0;
        EXPECT(apigw_utf8_valid(text, 53) == i);
    }

    EXPECT(apigw_utf8_valid((const uint8_t *) "ab\xc3", 3) == 2);
    EXPECT(apigw_utf8_valid((const uint8_t *) "\xe2\x82", 2) == 0);
    EXPECT(apigw_utf8_valid((const uint8_t *) "\xed\xa0\x80", 3) == 0);
    EXPECT(apigw_utf8_valid((const uint8_t *) "\xc0\x80", 2) == 0);
    EXPECT(apigw_utf8_valid((const uint8_t *) "\xf4\x90\x80\x80", 4) == 0);
}


TEST_MAIN(CASE(dates_are_exact_and_rounded_up),
          CASE(strings_decode_and_compare_alike),
          CASE(a_nul_in_a_string_is_kept_and_counted),
          CASE(members_are_found_by_their_decoded_name),
          CASE(only_containers_are_walked),
          CASE(long_values_end_where_they_end),
          CASE(utf8_is_valid_up_to_its_first_fault))
