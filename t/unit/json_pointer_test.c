
/* Pointers: RFC 6901, section 5 in full, and the extensions of operations. */


#include "apigw_test.h"
#include "apigw_json_pointer.h"


static apigw_rc_t
parse(apigw_test_t *t, const char *text, bool extended,
    apigw_json_pointer_t *p, apigw_error_t *error)
{
    apigw_str_t  s = { (const uint8_t *) text, strlen(text) };

    return apigw_json_pointer_parse(&t->arena, s, extended, p, error);
}


TEST(the_examples_of_rfc_6901_have_their_names)
{
    size_t                i;
    apigw_error_t         error;
    apigw_json_pointer_t  p;

    static const char  *const  names[][2] = {
        { "/foo", "foo" }, { "/", "" }, { "/a~1b", "a/b" }, { "/c%d", "c%d" },
        { "/e^f", "e^f" }, { "/g|h", "g|h" }, { "/i\\j", "i\\j" },
        { "/k\"l", "k\"l" }, { "/ ", " " }, { "/m~0n", "m~n" },
        { "/~01", "~1" }, { "/\xc3\xa9", "\xc3\xa9" }
    };

    EXPECT(parse(t, "", false, &p, &error) == APIGW_OK && p.n == 0);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EXPECT(parse(t, names[i][0], false, &p, &error) == APIGW_OK);
        EXPECT(p.n == 1 && p.any == 0);
        EXPECT(apigw_str_is(p.segments[0].name, names[i][1]));
        EXPECT(parse(t, names[i][0], true, &p, &error) == APIGW_OK);
        EXPECT(apigw_str_is(p.segments[0].name, names[i][1]));
    }

    EXPECT(parse(t, "/foo/0//x", false, &p, &error) == APIGW_OK && p.n == 4);
    EXPECT(apigw_str_is(p.segments[1].name, "0"));
    EXPECT(p.segments[1].index == 0);
    EXPECT(apigw_str_is(p.segments[2].name, ""));
    EXPECT(p.segments[2].index == APIGW_JSON_NO_INDEX);
}


TEST(an_index_has_no_leading_zero_or_sign)
{
    size_t                i;
    apigw_error_t         error;
    apigw_json_pointer_t  p;

    static const struct {
        const char  *text;
        uint32_t     index;
    } indexes[] = {
        { "/0", 0 }, { "/7", 7 }, { "/10", 10 }, { "/999999999", 999999999 },
        { "/00", APIGW_JSON_NO_INDEX }, { "/01", APIGW_JSON_NO_INDEX },
        { "/+1", APIGW_JSON_NO_INDEX }, { "/-1", APIGW_JSON_NO_INDEX },
        { "/1.0", APIGW_JSON_NO_INDEX }, { "/1e0", APIGW_JSON_NO_INDEX },
        { "/4294967296", APIGW_JSON_NO_INDEX }, { "/ 1", APIGW_JSON_NO_INDEX },
        { "/\xd9\xa1", APIGW_JSON_NO_INDEX }
    };

    for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        EXPECT(parse(t, indexes[i].text, true, &p, &error) == APIGW_OK);
        EXPECT(p.segments[0].index == indexes[i].index);
    }
}


TEST(a_star_and_a_dash_are_special_only_where_they_may_be)
{
    apigw_error_t         error;
    apigw_json_pointer_t  p;

    EXPECT(parse(t, "/*/a*/~2/**/*", true, &p, &error) == APIGW_OK);
    EXPECT(p.n == 5 && p.any == 2);
    EXPECT(p.segments[0].any && !p.segments[1].any && !p.segments[2].any);
    EXPECT(apigw_str_is(p.segments[2].name, "*"));
    EXPECT(!p.segments[3].any && p.segments[4].any);

    EXPECT(parse(t, "/*", false, &p, &error) == APIGW_OK);
    EXPECT(p.any == 0 && apigw_str_is(p.segments[0].name, "*"));

    EXPECT(parse(t, "/-/a/-", true, &p, &error) == APIGW_OK);
    EXPECT(!p.segments[0].append && !p.segments[1].append);
    EXPECT(p.segments[2].append && apigw_str_is(p.segments[2].name, "-"));
}


TEST(faults_are_told_with_their_place)
{
    size_t                i;
    char                  deep[131];
    apigw_error_t         error;
    apigw_json_pointer_t  p;

    static const struct {
        const char  *text;
        bool         extended;
        size_t       offset;
    } faults[] = {
        { "a", true, 0 }, { "a/b", true, 0 }, { "#/a", true, 0 },
        { " /a", true, 0 }, { "/~", true, 1 }, { "/a~", true, 2 },
        { "/a~/b", true, 2 }, { "/~3", true, 1 }, { "/x/~a", true, 3 },
        { "/~2", false, 1 }, { "/a\xff", true, 2 }, { "/\xc3", true, 1 },
        { "/\xed\xa0\x80", false, 1 }
    };

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        EXPECT(parse(t, faults[i].text, faults[i].extended, &p, &error)
               == APIGW_EINPUT);
        EXPECT(strcmp(error.word, "pointer_invalid") == 0);
        EXPECT(error.offset == faults[i].offset);
    }

    for (i = 0; i < 130; i++) {
        deep[i] = i % 2 ? 'x' : '/';
    }

    deep[128] = '\0';
    EXPECT(parse(t, deep, true, &p, &error) == APIGW_OK && p.n == 64);

    deep[128] = '/';
    deep[130] = '\0';
    EXPECT(parse(t, deep, true, &p, &error) == APIGW_ELIMIT);
    EXPECT(strcmp(error.word, "pointer_too_long") == 0 && error.offset == 128);
}


TEST(two_pointers_share_the_part_up_to_the_last_star)
{
    size_t                i, n;
    apigw_error_t         error;
    apigw_json_pointer_t  a, b;

    static const struct {
        const char  *a;
        const char  *b;
        bool         ok;
        size_t       n;
    } pairs[] = {
        { "/a/b", "/c", true, 0 }, { "", "/a", true, 0 },
        { "/a/*/b", "/a/*/c", true, 2 }, { "/*", "/*/v", true, 1 },
        { "/a/*/*/b", "/a/*/*", true, 3 }, { "/a/*/b", "/a/b", false, 0 },
        { "/a", "/*", false, 0 }, { "/a/*", "/b/*", false, 0 },
        { "/a/*/b", "/a/*/*", false, 0 }, { "/a/~2/b", "/a/c", true, 0 },
        { "/a/*/b", "/a/~2/b", false, 0 }
    };

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        EXPECT(parse(t, pairs[i].a, true, &a, &error) == APIGW_OK);
        EXPECT(parse(t, pairs[i].b, true, &b, &error) == APIGW_OK);

        n = 0;
        EXPECT(apigw_json_pointer_prefix(&a, &b, &n) == pairs[i].ok);
        EXPECT(n == pairs[i].n);
    }

    EXPECT(parse(t, "/a/b", true, &a, &error) == APIGW_OK);
    EXPECT(parse(t, "/a/b/c", true, &b, &error) == APIGW_OK);
    EXPECT(apigw_json_pointer_covers(&a, &b));
    EXPECT(apigw_json_pointer_covers(&a, &a));
    EXPECT(!apigw_json_pointer_covers(&b, &a));
}


TEST_MAIN(CASE(the_examples_of_rfc_6901_have_their_names),
          CASE(an_index_has_no_leading_zero_or_sign),
          CASE(a_star_and_a_dash_are_special_only_where_they_may_be),
          CASE(faults_are_told_with_their_place),
          CASE(two_pointers_share_the_part_up_to_the_last_star))
