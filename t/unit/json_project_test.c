
/* Streaming operations: what each leaves of a document, to the byte. */


#include "transform_run.h"


#define GIVES(ops, doc, out)  EXPECT(run_gives(t, ops, NULL, doc, out))


TEST(keep_leaves_only_what_is_named_inside_its_containers)
{
    GIVES("keep /id /total", "{\"a\":1,\"id\":2,\"total\":{\"x\":[1, 2]},\"z\":"
          "[]}", "{\"id\":2,\"total\":{\"x\":[1, 2]}}");
    GIVES("keep /a/b", "{\"a\":{\"b\":1,\"c\":2},\"b\":3}",
          "{\"a\":{\"b\":1}}");
    GIVES("keep /a", "{}", "{}");
    GIVES("keep ''", " { } ", "{ }");
    GIVES("keep '' /a", "[1,2]", "[1,2]");
}


TEST(keep_closes_up_indexes_and_keeps_containers_on_the_way)
{
    GIVES("keep /items/*/sku",
          "{\"items\":[{\"sku\":1,\"x\":2},3,[],{},null,{\"y\":[]}]}",
          "{\"items\":[{\"sku\":1},[],{},{}]}");
    GIVES("keep /items/*/sku", "{\"items\":7}", "{}");
    GIVES("keep /1 /3", "[0,10,20,30,40]", "[10,30]");
    GIVES("keep /1", "{\"0\":0,\"1\":1,\"01\":2}", "{\"1\":1}");
    GIVES("keep /01 /-", "[0,1,2]", "[]");
    GIVES("keep /*/*", "[[1],2,{\"a\":3}]", "[[1],{\"a\":3}]");
    GIVES("keep /a/0/b", "{\"a\":[{\"b\":1},{\"b\":2}]}",
          "{\"a\":[{\"b\":1}]}");
}


TEST(keep_on_a_scalar_document_gives_null)
{
    GIVES("keep /a", "7", "null");
    GIVES("keep /a", " \"text\" ", "null");
    GIVES("keep ''", " 7 ", "7");
    GIVES("keep /a; group g", "true", "{\"g\":null}");
    GIVES("group g; keep /g/a", "true", "{}");
    GIVES("group g; keep /g/a", "{\"a\":1,\"b\":2}", "{\"g\":{\"a\":1}}");
    GIVES("group g; group h; keep /h/g/a", "true", "{\"h\":{}}");
}


TEST(drop_takes_out_what_is_named)
{
    GIVES("drop /a /b/c", "{\"a\":1,\"b\":{\"c\":2,\"d\":3},\"e\":4}",
          "{\"b\":{\"d\":3},\"e\":4}");
    GIVES("remove /0 /2", "[0,1,2,3]", "[1,3]");
    GIVES("drop /0; drop /0", "[0,1,2,3]", "[2,3]");
    GIVES("drop /a/*", "{\"a\":[1,2],\"b\":[3]}", "{\"a\":[],\"b\":[3]}");
    GIVES("drop /*/a", "[{\"a\":1,\"b\":2},{\"a\":3},4]",
          "[{\"b\":2},{},4]");
    GIVES("drop ''", "[1]", "null");
    GIVES("drop /a", "7", "7");
    GIVES("drop /~2", "{\"*\":1,\"b\":2}", "{\"b\":2}");
    GIVES("drop /a~1b /m~0n /", "{\"a/b\":1,\"m~n\":2,\"\":3,\"c\":4}",
          "{\"c\":4}");
}


TEST(target_makes_the_value_the_document)
{
    GIVES("target /data", "{\"x\":1,\"data\":{\"a\": [1]},\"y\":2}",
          "{\"a\": [1]}");
    GIVES("target /data/1", "{\"data\":[1,\"two\",3]}", "\"two\"");
    GIVES("target ''", " [1] ", "[1]");
    GIVES("target /data", "{\"x\":1}", "null");
    GIVES("target /data missing=null", "[]", "null");
    GIVES("target /data missing=error", "{\"data\":null}", "null");
    GIVES("target /*/a", "[{\"b\":0},{\"a\":1},{\"a\":2}]", "1");
    GIVES("target /data; keep /id", "{\"data\":{\"id\":1,\"x\":2}}",
          "{\"id\":1}");
    GIVES("target /data; keep /id", "{\"data\":5}", "null");
    GIVES("target /a; target /b", "{\"a\":{\"b\":{\"c\":1}}}", "{\"c\":1}");
    GIVES("keep /*/b; target /*", "{\"a\":1,\"c\":{\"b\":2}}", "{\"b\":2}");

    EXPECT(run_fails(t, "target /data missing=error", NULL, "{\"x\":1}",
                     APIGW_EINPUT, "json_shape", 7));
    EXPECT(run_fails(t, "target /a; target /b missing=error", NULL,
                     "{\"a\":{\"c\":1}}", APIGW_EINPUT, "json_shape", 13));
}


TEST(group_wraps_any_document)
{
    GIVES("group order", "{\"a\":1}", "{\"order\":{\"a\":1}}");
    GIVES("group order", "7", "{\"order\":7}");
    GIVES("group 'a\"b'", "[ ]", "{\"a\\\"b\":[ ]}");
    GIVES("group a; group b", "1", "{\"b\":{\"a\":1}}");
    GIVES("target /x; group a", "{}", "{\"a\":null}");
    GIVES("group a; target /a/x", "{\"x\":1}", "1");
    GIVES("group a; drop /a/x", "{\"x\":1,\"y\":2}", "{\"a\":{\"y\":2}}");
    GIVES("group a; drop /a", "{\"x\":1}", "{}");
    GIVES("group a; keep /b", "{\"x\":1}", "{}");
    GIVES("group a; rename /a b", "{\"x\":1}", "{\"b\":{\"x\":1}}");
    GIVES("group a; rename /b a", "{\"x\":1}", "{}");
    GIVES("group a; group b; target /b", "1", "{\"a\":1}");
}


TEST(map_renames_in_every_object_and_owns_the_new_names)
{
    GIVES("map /lines/* /unit_price=/price",
          "{\"lines\":[{\"unit_price\":1.10,\"price\":2},{\"q\":1},3]}",
          "{\"lines\":[{\"price\":1.10},{\"q\":1},3]}");
    GIVES("map '' /a=/b", "{\"b\":1,\"a\":2}", "{\"b\":2}");
    GIVES("map '' /a=/b /b=/a", "{\"b\":1,\"a\":2}", "{\"a\":1,\"b\":2}");
    GIVES("map '' /a=/b /b=/c", "{\"c\":0,\"b\":1,\"a\":2}",
          "{\"c\":1,\"b\":2}");
    GIVES("map '' /0=/1", "[\"x\",\"y\"]", "[\"x\",\"y\"]");
    GIVES("map '' /a=b=/c", "{\"a=b\":1}", "{\"c\":1}");
    GIVES("map '' /a=/a", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}");
}


TEST(rename_changes_one_name)
{
    GIVES("rename /a/b 'c d'", "{\"a\":{\"b\":1,\"c d\":2,\"x\":3}}",
          "{\"a\":{\"c d\":1,\"x\":3}}");
    GIVES("rename /*/b c", "[{\"b\":1},{\"B\":2}]", "[{\"c\":1},{\"B\":2}]");
    GIVES("rename /a b; keep /b", "{\"a\":1,\"b\":2,\"c\":3}", "{\"b\":1}");
    GIVES("rename /a b; rename /b c; drop /x", "{\"a\":1,\"b\":2,\"x\":3}",
          "{\"c\":1}");
    GIVES("rename /a *", "{\"a\":1}", "{\"*\":1}");
    GIVES("keep /b; rename /a b", "{\"a\":1,\"b\":2}", "{}");
}


TEST(replace_wants_a_value_to_be_there)
{
    static const apigw_str_t  values[] = { apigw_str("x\"y") };

    EXPECT(run_gives(t, "replace /a $v", values,
                     "{\"a\":{\"z\":[1]},\"b\":2}",
                     "{\"a\":\"x\\\"y\",\"b\":2}"));
    EXPECT(run_gives(t, "replace /a $v", values, "{\"a\":null}",
                     "{\"a\":\"x\\\"y\"}"));
    EXPECT(run_gives(t, "replace /a $v", values, "{\"b\":2}", "{\"b\":2}"));
    EXPECT(run_gives(t, "replace /*/0 $v", values, "[[1,2],[]]",
                     "[[\"x\\\"y\",2],[]]"));
    EXPECT(run_gives(t, "replace '' $v", values, " [1] ", "\"x\\\"y\""));
    EXPECT(run_gives(t, "keep /*/a; replace /* $v", values, "[1,{}]",
                     "[\"x\\\"y\"]"));
    EXPECT(run_gives(t, "replace /a $v type=number on_invalid=skip; drop /a/b",
                     values, "{\"a\":{\"b\":1,\"c\":2}}",
                     "{\"a\":{\"c\":2}}"));
    EXPECT(run_fails(t, "replace /a $v type=number", values, "{}",
                     APIGW_EINPUT, "value_invalid", 0));
}


TEST(untouched_values_keep_their_bytes)
{
    GIVES("keep /v",
          "{\"v\":[9007199254740993,-9223372036854775808,18446744073709551615,"
          "1.10,1E400,-0,123456789012345678901234567890, \"a\\u0000b\" ,"
          "\"\\/\\u00e9\", { \"b\" : [ ] , \"a\":{} } ],\"w\":1}",
          "{\"v\":[9007199254740993,-9223372036854775808,18446744073709551615,"
          "1.10,1E400,-0,123456789012345678901234567890, \"a\\u0000b\" ,"
          "\"\\/\\u00e9\", { \"b\" : [ ] , \"a\":{} } ]}");
}


TEST(names_are_compared_decoded_and_written_as_they_came)
{
    GIVES("keep /a/b", "{ \"\\u0061\" : { \"\\u0062\" : 1 , \"c\" : 2 } }",
          "{\"\\u0061\":{\"\\u0062\":1}}");
    GIVES("keep /\xc3\xa9", "{\"\\u00E9\":1,\"e\":2}", "{\"\\u00E9\":1}");
}


TEST(a_further_trie_takes_what_cannot_be_folded)
{
    GIVES("keep /items/*/sku; drop /items/0",
          "{\"items\":[1,{\"sku\":\"a\"},2,{\"sku\":\"b\",\"c\":1}]}",
          "{\"items\":[{\"sku\":\"b\"}]}");
    GIVES("drop /0; drop /0; drop /0; drop /0; drop /0; drop /0; drop /0; "
          "drop /0", "[0,1,2,3,4,5,6,7,8,9]", "[8,9]");
}


TEST(bad_documents_fail_where_they_break)
{
    size_t  i;

    static const struct {
        const char  *doc;
        size_t       offset;
    } docs[] = {
        { "", 0 }, { " \t\n ", 4 }, { "{\"a\":1} x", 8 }, { "{\"a\":01}", 6 },
        { "{\"a\":1,}", 7 }, { "{\"b\":[1,2}", 9 }, { "{\"b\":NaN}", 5 },
        { "{\"b\":\"\t\"}", 6 }, { "{\"b\":\"\xc0\xaf\"}", 6 },
        { "{\"b\":\"\\ud800\"}", 12 }, { "{\"b\":+1}", 5 }, { "[1,2]]", 5 }
    };

    for (i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
        EXPECT(run_fails(t, "keep /a", NULL, docs[i].doc, APIGW_EINPUT,
                         "json_invalid", docs[i].offset));
        EXPECT(run_fails(t, "drop /a", NULL, docs[i].doc, APIGW_EINPUT,
                         "json_invalid", docs[i].offset));
    }
}


TEST(depth_is_bounded_where_nothing_is_kept_too)
{
    char          text[140];
    outcome_t     r;
    apigw_str_t   doc = { (uint8_t *) text, 128 };
    apigw_transform_params_t  params = run_params();

    memset(text, '[', 65);
    memset(text + 64, ']', 64);

    r = run_doc(t, "keep /a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "[]"));

    memset(text, '[', 70);

    r = run_doc(t, "keep /a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_ELIMIT);
    EXPECT(strcmp(r.error.word, "json_too_deep") == 0);
    EXPECT(r.error.offset == 64);
}


TEST(the_reader_stops_at_what_it_was_told)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str("{\"x\":{\"a\":1,\"\\u0061\":2},"
                                              "\"b\":\"\\ud800\"}");
    apigw_transform_params_t  params = run_params();

    /* a request: everywhere, and no half of a pair */

    r = run_doc(t, "keep /b", &params, NULL, doc);
    EXPECT(r.rc == APIGW_EINPUT && r.error.offset == 12);
    EXPECT(strcmp(r.error.word, "json_duplicate_key") == 0);

    params.duplicates = APIGW_TRANSFORM_PASS;
    r = run_doc(t, "keep /x", &params, NULL, doc);
    EXPECT(r.rc == APIGW_EINPUT);
    EXPECT(strcmp(r.error.word, "json_invalid") == 0);

    /* a streaming response: only what the set names */

    params.response = true;
    params.duplicates = APIGW_TRANSFORM_REJECT;

    r = run_doc(t, "keep /b", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "{\"b\":\"\\ud800\"}"));

    r = run_doc(t, "drop /x/a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_EINPUT && r.error.offset == 12);
    EXPECT(strcmp(r.error.word, "json_duplicate_key") == 0);

    params.duplicates = APIGW_TRANSFORM_PASS;
    r = run_doc(t, "keep /x/a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK
           && apigw_str_is(r.body, "{\"x\":{\"a\":1,\"\\u0061\":2}}"));

    r = run_doc(t, "target /x/a", &params, NULL, doc);
    EXPECT(r.rc == APIGW_OK && apigw_str_is(r.body, "1"));
}


TEST(last_leaves_the_last_of_a_name)
{
    outcome_t                 r;
    apigw_str_t               doc = apigw_str(
        "{\"a\":{\"x\":1,\"x\":2},\"b\":1, \"a\":3,\"c\":[{\"k\":1,\"\\u006b\""
        ":{\"d\":1,\"d\":2,\"d\": 3},\"l\":0}],\"a\": 4}");
    apigw_transform_params_t  params = run_params();

    params.duplicates = APIGW_TRANSFORM_LAST;

    r = run_doc(t, "drop /zzz", &params, NULL, doc);

    EXPECT(r.rc == APIGW_OK);
    EXPECT(apigw_str_is(r.body, "{\"b\":1,\"c\":[{\"\\u006b\":{\"d\": 3},"
                                "\"l\":0}],\"a\":4}"));
}


/* One byte at a time never needs more than one byte to come out. */

TEST(a_kept_byte_comes_out_as_soon_as_it_is_read)
{
    size_t                     i, n, total;
    uint8_t                    out[64];
    apigw_rc_t                 rc;
    apigw_error_t              error;
    apigw_transform_run_t     *run;
    apigw_transform_apply_t    apply = { NULL, NULL };
    apigw_transform_params_t   params = run_params();

    static const char  doc[] = "{\"a\":\"0123456789\"}";

    apply.set = set_compile(&t->arena, "keep /a");
    EXPECT(apply.set != NULL);
    EXPECT(apigw_transform_run_create(&t->arena, &apply, 1, &params, &run,
                                      &error) == APIGW_OK);
    EXPECT(!apigw_transform_run_whole(run));

    total = 0;

    for (i = 0; i < sizeof(doc) - 1; i++) {
        apigw_transform_run_feed(run, (const uint8_t *) doc + i, 1,
                                 i + 2 == sizeof(doc));
        rc = apigw_transform_run_read(run, out, sizeof(out), &n, &error);
        EXPECT(rc >= 0);
        total += n;

        /* inside the string the output is as long as the input */

        EXPECT(i < 5 || total == i + 1);
    }

    EXPECT(total == sizeof(doc) - 1);
}


TEST_MAIN(CASE(keep_leaves_only_what_is_named_inside_its_containers),
          CASE(keep_closes_up_indexes_and_keeps_containers_on_the_way),
          CASE(keep_on_a_scalar_document_gives_null),
          CASE(drop_takes_out_what_is_named),
          CASE(target_makes_the_value_the_document),
          CASE(group_wraps_any_document),
          CASE(map_renames_in_every_object_and_owns_the_new_names),
          CASE(rename_changes_one_name),
          CASE(replace_wants_a_value_to_be_there),
          CASE(untouched_values_keep_their_bytes),
          CASE(names_are_compared_decoded_and_written_as_they_came),
          CASE(a_further_trie_takes_what_cannot_be_folded),
          CASE(bad_documents_fail_where_they_break),
          CASE(depth_is_bounded_where_nothing_is_kept_too),
          CASE(the_reader_stops_at_what_it_was_told),
          CASE(last_leaves_the_last_of_a_name),
          CASE(a_kept_byte_comes_out_as_soon_as_it_is_read))
