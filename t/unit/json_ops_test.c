
/* Operations on the whole document, and sets that mix both kinds. */


#include "transform_run.h"


static const apigw_str_t  x[] = { apigw_str("x") };
static const apigw_str_t  two[] = { apigw_str("1"), apigw_str("2") };
static const apigw_str_t  number[] = { apigw_str("9007199254740993") };


#define GIVES(ops, values, doc, out)                                          \
    EXPECT(run_gives(t, ops, values, doc, out))

#define SHAPE(ops, values, doc)                                               \
    EXPECT(run_fails(t, ops, values, doc, APIGW_EINPUT, "json_shape", 0))


TEST(set_puts_a_value_whatever_was_there)
{
    GIVES("set /a $v", x, "{\"a\":[1],\"b\":1.10}", "{\"a\":\"x\",\"b\":1.10}");
    GIVES("set /m/t/u $v", x, "{\"m\":null}",
          "{\"m\":{\"t\":{\"u\":\"x\"}}}");
    GIVES("set /l/1 $v", x, "{\"l\":[0]}", "{\"l\":[0,\"x\"]}");
    GIVES("set /l/- $v", x, "{\"l\":[0]}", "{\"l\":[0,\"x\"]}");
    GIVES("set /l/*/q $v type=number", number, "{\"l\":[{},{\"q\":0}]}",
          "{\"l\":[{\"q\":9007199254740993},{\"q\":9007199254740993}]}");
    GIVES("set '' $v", x, "{\"a\":1}", "\"x\"");
    GIVES("set /a/b $v", x, "null", "{\"a\":{\"b\":\"x\"}}");
}


TEST(set_never_leaves_without_its_value)
{
    SHAPE("set /tenant/id $v", x, "{\"tenant\":\"x\"}");
    SHAPE("set /tenant/id $v", x, "{\"tenant\":[1]}");
    SHAPE("set /tenant/2 $v", x, "{\"tenant\":[1]}");
    SHAPE("set /tenant $v", x, "7");
    SHAPE("add /tenant/id $v", x, "{\"tenant\":false}");
    SHAPE("keep /a; move /a /b/c; copy /b/c /b/c/d/e", NULL,
          "{\"a\":true,\"b\":1}");
}


TEST(add_stands_back_for_null_and_false)
{
    GIVES("add /a $v; add /b $v", two, "{\"a\":null}",
          "{\"a\":null,\"b\":\"2\"}");
    GIVES("add /a $v; add /b $v", two, "{\"a\":false,\"b\":0}",
          "{\"a\":false,\"b\":0}");
}


TEST(move_and_copy_carry_bytes)
{
    GIVES("move /customerId /customer/id", NULL,
          "{\"customerId\":1.10,\"z\":\"\\u0041\"}",
          "{\"z\":\"\\u0041\",\"customer\":{\"id\":1.10}}");
    GIVES("copy /a /b/c", NULL, "{\"a\":[ 1,{ } ]}",
          "{\"a\":[ 1,{ } ],\"b\":{\"c\":[ 1,{ } ]}}");
    GIVES("move /l/*/a /l/*/b", NULL, "{\"l\":[{\"a\":1},{\"b\":2},{}]}",
          "{\"l\":[{\"b\":1},{\"b\":2},{}]}");
    GIVES("move /nothing /b", NULL, "{\"a\":1}", "{\"a\":1}");
    GIVES("move /a /a/in", NULL, "{\"a\":1}", "{\"a\":{\"in\":1}}");
    GIVES("move '' /data", NULL, "[1]", "{\"data\":[1]}");
}


TEST(operations_run_in_written_order)
{
    GIVES("keep /a; set /b $v; remove /a; rename /b c; group g", x,
          "{\"a\":1,\"z\":2}", "{\"g\":{\"c\":\"x\"}}");
    GIVES("set /a $v; drop /a; add /a $v", two, "{\"a\":0}", "{\"a\":\"2\"}");
    GIVES("set /l/- $v type=json; target /l; set /- $v; keep /0 /2", two,
          "{\"l\":[0]}", "[0,\"2\"]");
    GIVES("move /a /b; drop /l/0 /l/1; move /b /c", NULL,
          "{\"a\":1,\"l\":[0,1,2]}", "{\"l\":[2],\"c\":1}");
}


TEST(an_invalid_value_refuses_the_message_unless_it_is_skipped)
{
    EXPECT(run_fails(t, "set /a $v type=number", x, "{}", APIGW_EINPUT,
                     "value_invalid", 0));
    EXPECT(run_fails(t, "add /a $v type=number", x, "{\"a\":1}", APIGW_EINPUT,
                     "value_invalid", 0));
    GIVES("set /a $v type=number on_invalid=skip", x, "{\"b\":1}",
          "{\"b\":1}");
}


TEST(a_variable_cannot_break_out_of_its_place)
{
    static const apigw_str_t  hostile[] = {
        apigw_str("\",\"admin\":true,\"\n\0"), apigw_str("1}, {\"admin\":1")
    };

    GIVES("set /a $v", hostile, "{}",
          "{\"a\":\"\\\",\\\"admin\\\":true,\\\"\\n\\u0000\"}");
    EXPECT(run_fails(t, "set /a $v; set /b $v type=json", hostile, "{}",
                     APIGW_EINPUT, "value_invalid", 1));
}


/* At the limit it passes, one byte more does not; the place is told. */

TEST(a_document_above_the_limit_is_refused)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"a\":\"0123456789\"}");
    apigw_transform_params_t  params = run_params();

    params.max_size = doc.len;

    r = run_doc(t, "move /a /b", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "{\"b\":\"0123456789\"}"));

    params.max_size = doc.len - 1;

    r = run_doc(t, "keep /a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK);

    r = run_doc(t, "move /a /b", &params, NULL, doc);
    EXPECT(r.rc == APIGW_ELIMIT && r.error.offset == doc.len - 1);
    EXPECT(strcmp(r.error.word, "json_too_large") == 0);
}


/* Each copy doubles the document: 2^40 bytes are not tried. */

TEST(copies_cannot_multiply_without_bound)
{
    char                      ops[1024];
    int                       i;
    size_t                    len;
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"x\":[1,2,3]}");
    apigw_transform_params_t  params = run_params();

    for (i = 0, len = 0; i < 40; i++) {
        len += sprintf(ops + len, "copy '' /k%d; ", i);
    }

    r = run_doc(t, ops, &params, NULL, doc);

    EXPECT(r.rc == APIGW_ELIMIT);
    EXPECT(strcmp(r.error.word, "json_too_large") == 0);
}


TEST(invalid_bytes_fail_before_the_document_is_whole)
{
    size_t                     n;
    uint8_t                    out[8];
    apigw_error_t              error;
    apigw_transform_run_t     *run;
    apigw_transform_apply_t    apply = { NULL, NULL };
    apigw_transform_params_t   params = run_params();

    apply.set = set_compile(&t->arena, "move /a /b");
    EXPECT(apply.set != NULL);
    EXPECT(apigw_transform_run_create(&t->arena, &apply, 1, &params, &run,
                                      &error) == APIGW_OK);
    EXPECT(apigw_transform_run_whole(run));

    apigw_transform_run_feed(run, (const uint8_t *) "{\"a\":1", 6, false);
    EXPECT(apigw_transform_run_read(run, out, 8, &n, &error) == APIGW_AGAIN);
    EXPECT(n == 0);

    apigw_transform_run_feed(run, (const uint8_t *) "1,}", 3, false);
    EXPECT(apigw_transform_run_read(run, out, 8, &n, &error) == APIGW_EINPUT);
    EXPECT(n == 0 && error.offset == 8);
    EXPECT(apigw_transform_run_read(run, out, 8, &n, &error) == APIGW_EINPUT);
}


TEST(last_works_with_edits)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"t\":{\"i\":1},\"a\":0,"
                                              "\"t\":{\"i\":2,\"\\u0069\":3}}");
    apigw_transform_params_t  params = run_params();

    params.duplicates = APIGW_TRANSFORM_LAST;

    r = run_doc(t, "move /t/i /i", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK);
    EXPECT(apigw_str_is(r.body, "{\"a\":0,\"t\":{},\"i\":3}"));
}


TEST_MAIN(CASE(set_puts_a_value_whatever_was_there),
          CASE(set_never_leaves_without_its_value),
          CASE(add_stands_back_for_null_and_false),
          CASE(move_and_copy_carry_bytes),
          CASE(operations_run_in_written_order),
          CASE(an_invalid_value_refuses_the_message_unless_it_is_skipped),
          CASE(a_variable_cannot_break_out_of_its_place),
          CASE(a_document_above_the_limit_is_refused),
          CASE(copies_cannot_multiply_without_bound),
          CASE(invalid_bytes_fail_before_the_document_is_whole),
          CASE(last_works_with_edits))
