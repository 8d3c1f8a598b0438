
/*
 * What options add: refusals, bounds, duplicate names. Each answer is the same
 * however the windows are cut.
 */


#include "apigw_test.h"
#include "apigw_json_agree.h"


TEST(options_refuse_what_they_name)
{
    apigw_json_options_t  o = { 0 };

    o.refuse_lone = true;
    EXPECT(check(t, &o, "\"\\ud834\\udd1e\"", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\"\\ud834\\udd1e\\ud834\\udd1e\"", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\"\\ud800\"", APIGW_EINPUT, "json_invalid", 7));
    EXPECT(check(t, &o, "\"\\ud800x\"", APIGW_EINPUT, "json_invalid", 7));
    EXPECT(check(t, &o, "\"\\ud800\\n\"", APIGW_EINPUT, "json_invalid", 8));
    EXPECT(check(t, &o, "\"\\ud800\\u0041\"", APIGW_EINPUT, "json_invalid",
                 12));
    EXPECT(check(t, &o, "\"\\ud800\\ud800\"", APIGW_EINPUT, "json_invalid",
                 12));
    EXPECT(check(t, &o, "\"\\udc00\"", APIGW_EINPUT, "json_invalid", 6));
    EXPECT(check(t, &o, "{\"\\udc00\":1}", APIGW_EINPUT, "json_invalid", 7));
    EXPECT(check(t, &o, "[\"\\ud800", APIGW_EINPUT, "json_invalid", 8));

    memset(&o, 0, sizeof(o));
    o.refuse_nul = true;
    EXPECT(check(t, &o, "\"\\u0001\"", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\"\\\\u0000\"", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\"a\\u0000\"", APIGW_EINPUT, "json_invalid", 7));
    EXPECT(check(t, &o, "{\"\\u0000\":1}", APIGW_EINPUT, "json_invalid", 7));

    memset(&o, 0, sizeof(o));
    o.refuse_bom = true;
    EXPECT(check(t, &o, "{}", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\xef\xbb\xbf{}", APIGW_EINPUT, "json_invalid", 0));

    memset(&o, 0, sizeof(o));
    o.root_object = true;
    EXPECT(check(t, &o, " {\"a\":[1]} ", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "\xef\xbb\xbf{}", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "[{}]", APIGW_EINPUT, "json_invalid", 0));
    EXPECT(check(t, &o, " \"a\"", APIGW_EINPUT, "json_invalid", 1));
    EXPECT(check(t, &o, "1", APIGW_EINPUT, "json_invalid", 0));
    EXPECT(check(t, &o, "null", APIGW_EINPUT, "json_invalid", 0));

    memset(&o, 0, sizeof(o));
    o.max_members = 2;
    EXPECT(check(t, &o, "{\"a\":1,\"a\":2}", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "[1,2,3,{\"a\":{\"b\":1,\"c\":2},\"d\":4}]", APIGW_OK,
                 NULL, 0));
    EXPECT(check(t, &o, "{\"a\":1,\"b\":2,\"c\":3}", APIGW_ELIMIT,
                 "json_too_large", 13));
    EXPECT(check(t, &o, "[{\"x\":{\"a\":1,\"b\":2,\"c\":3}}]", APIGW_ELIMIT,
                 "json_too_large", 19));
}


TEST(depth_is_bounded_to_the_container)
{
    size_t                i;
    char                  text[2048];
    apigw_str_t           doc;
    apigw_json_options_t  o = { .max_depth = 3 };

    EXPECT(check(t, &o, "[[[1]]]", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "[[[[1]]]]", APIGW_ELIMIT, "json_too_deep", 3));
    EXPECT(check(t, &o, "{\"a\":{\"b\":{\"c\":{}}}}", APIGW_ELIMIT,
                 "json_too_deep", 15));
    EXPECT(check(t, &o, "[[[],[]],[[]]]", APIGW_OK, NULL, 0));

    o.max_depth = 512;
    memset(text, '[', 513);
    doc.data = (uint8_t *) text;
    doc.len = 513;
    EXPECT(agrees(t, &o, doc, APIGW_ELIMIT, "json_too_deep", 512));

    for (i = 0; i < 512; i++) {
        text[i] = '[';
        text[1023 - i] = ']';
    }

    doc.len = 1024;
    EXPECT(agrees(t, &o, doc, APIGW_OK, NULL, 0));

    o.max_depth = 513;
    EXPECT(apigw_json_check(&t->arena, &o, doc, NULL) == APIGW_EUNSUPPORTED);
}


TEST(a_million_brackets_cost_no_more_than_the_limit)
{
    size_t                i;
    uint8_t              *text;
    apigw_rc_t            rc;
    apigw_str_t           doc;
    apigw_error_t         error;
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_REJECT };

    text = malloc(5000000);
    EXPECT(text != NULL);

    for (i = 0; i < 1000000; i++) {
        memcpy(text + i * 5, "{\"a\":", 5);
    }

    doc.data = text;
    doc.len = 5000000;
    rc = apigw_json_check(&t->arena, &o, doc, &error);

    free(text);

    EXPECT(rc == APIGW_ELIMIT);
    EXPECT(strcmp(error.word, "json_too_deep") == 0 && error.offset == 64 * 5);
}


TEST(names_are_bounded_in_source_bytes)
{
    size_t                i, n;
    uint8_t               text[600];
    apigw_str_t           doc;
    apigw_json_options_t  o = { .max_key = 256 };

    for (n = 255; n <= 258; n++) {
        memcpy(text, "{\"", 2);
        memset(text + 2, 'k', n);
        memcpy(text + 2 + n, "\":1}", 4);

        doc.data = text;
        doc.len = n + 6;

        EXPECT(agrees(t, &o, doc, n <= 256 ? APIGW_OK : APIGW_ELIMIT,
                      "json_too_large", 1));
    }

    /* escapes count as written; a quote that is escaped ends nothing */

    for (i = 0; i < 256; i += 2) {
        memcpy(text + 2 + i, "\\\"", 2);
    }

    memcpy(text + 258, "\":1}", 4);
    doc.len = 262;
    EXPECT(agrees(t, &o, doc, APIGW_OK, NULL, 0));

    o.max_key = 255;
    EXPECT(agrees(t, &o, doc, APIGW_ELIMIT, "json_too_large", 1));

    /* a fault before the limit is the one that is told */

    o.max_key = 256;
    memset(text + 2, 'k', 400);
    text[200] = 0x01;
    doc.len = 400;
    EXPECT(agrees(t, &o, doc, APIGW_EINPUT, "json_invalid", 200));
}


TEST(duplicates_are_found_by_what_names_mean)
{
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_REJECT,
                                .seed = { 5, 6 } };

    EXPECT(check(t, &o, "{\"a\":1,\"b\":2}", APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}",
                 APIGW_OK, NULL, 0));
    EXPECT(check(t, &o, "{\"a\":1,\"A\":2,\"\":3,\"\\u0000\":4}", APIGW_OK,
                 NULL, 0));
    EXPECT(check(t, &o, "{\"a\":1,\"a\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 7));
    EXPECT(check(t, &o, "{\"a\":1,\"\\u0061\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 7));
    EXPECT(check(t, &o, "{\"\\/\":1,\"/\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 8));
    EXPECT(check(t, &o, "{\"\xc3\xa9\":1,\"\\u00e9\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 8));
    EXPECT(check(t, &o, "{\"\\ud834\\udd1e\":1,\"\xf0\x9d\x84\x9e\":2}",
                 APIGW_EINPUT, "json_duplicate_key", 18));
    EXPECT(check(t, &o, "{\"\\ud800\":1,\"\\uD800\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 12));
    EXPECT(check(t, &o, "{\"\":1,\"\":2}", APIGW_EINPUT,
                 "json_duplicate_key", 6));
    EXPECT(check(t, &o, "[{\"x\":{\"a\":1,\"b\":[{\"a\":1}],\"a\":1}}]",
                 APIGW_EINPUT, "json_duplicate_key", 27));
    EXPECT(check(t, &o, "{\"a\":{\"b\":1},\"a\":1}", APIGW_EINPUT,
                 "json_duplicate_key", 13));
}


TEST(a_later_duplicate_tells_where_the_earlier_one_is)
{
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_LAST };

    EXPECT(says(t, &o, "{\"a\":1,\"b\":2,\"\\u0061\":3,\"a\":4}", false,
                "{@0 k\"a\"=a@1 n1@5 k\"b\"=b@7 n2@11 "
                "k\"\\u0061\"=a!@1 @13 n3@22 k\"a\"=a!@13 @24 n4@28 }@29 ."));
}


/* {"k0":{},"k1":{},...}, then the name `again` once more */

static uint8_t *
many(size_t n, size_t again, size_t *len)
{
    size_t   i;
    char    *text, *p;

    text = malloc(n * 24 + 64);
    if (text == NULL) {
        return NULL;
    }

    p = text + sprintf(text, "{\"inner\":{\"k0\":0}");

    for (i = 0; i < n; i++) {
        p += sprintf(p, ",\"k%zu\":{\"k%zu\":0}", i, i);
    }

    p += sprintf(p, ",\"k%zu\":0}", again);
    *len = p - text;

    return (uint8_t *) text;
}


TEST(a_duplicate_among_100000_names_is_found)
{
    uint8_t              *text;
    apigw_rc_t            good, bad;
    apigw_str_t           doc;
    apigw_error_t         error;
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_REJECT,
                                .seed = { 7, 8 } };

    text = many(100000, 100000, &doc.len);
    EXPECT(text != NULL);
    doc.data = text;
    good = apigw_json_check(&t->arena, &o, doc, &error);
    free(text);
    EXPECT(good == APIGW_OK);

    text = many(100000, 77, &doc.len);
    EXPECT(text != NULL);
    doc.data = text;
    bad = apigw_json_check(&t->arena, &o, doc, &error);
    free(text);
    EXPECT(bad == APIGW_EINPUT);
    EXPECT(strcmp(error.word, "json_duplicate_key") == 0);
    EXPECT(error.offset == doc.len - strlen("\"k77\":0}"));
}


TEST(memory_is_used_again_by_the_next_object)
{
    size_t                i, k;
    char                 *text, *p;
    apigw_str_t           doc;
    apigw_error_t         error;
    apigw_json_options_t  o = { .duplicates = APIGW_JSON_DUP_REJECT };

    text = apigw_arena_alloc(&t->source, 1000 * 40 * 10);
    EXPECT(text != NULL);

    for (p = text, i = 0; i < 1000; i++) {
        p += sprintf(p, "%c{\"k\":0", i ? ',' : '[');

        for (k = 0; k < 40; k++) {
            p += sprintf(p, ",\"%zu\":1", k);
        }

        p += sprintf(p, "}");
    }

    *p++ = ']';

    doc.data = (const uint8_t *) text;
    doc.len = p - text;

    EXPECT(apigw_json_check(&t->arena, &o, doc, &error) == APIGW_OK);
    EXPECT(t->allocs < 10);
}


TEST_MAIN(CASE(options_refuse_what_they_name),
          CASE(depth_is_bounded_to_the_container),
          CASE(a_million_brackets_cost_no_more_than_the_limit),
          CASE(names_are_bounded_in_source_bytes),
          CASE(duplicates_are_found_by_what_names_mean),
          CASE(a_later_duplicate_tells_where_the_earlier_one_is),
          CASE(a_duplicate_among_100000_names_is_found),
          CASE(memory_is_used_again_by_the_next_object))
