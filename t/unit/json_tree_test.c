
/*
 * Operations change what they name and nothing else: every byte of a value that
 * no pointer goes into comes out as it went in.
 */


#include "apigw_test.h"
#include "apigw_json_apply.h"


typedef struct {
    const char  *body;
    const char  *ops;                /* "OP POINTER VALUE|POINTER; ..." */
    const char  *want;               /* "!word" for a failure */
} tree_case_t;


static const tree_case_t  tree_cases[] = {

    /* untouched: as it came, white space around the document aside */

    { " { \"a\" : 1.10 } \n", "", "{ \"a\" : 1.10 }" },
    { "\xef\xbb\xbf[1 ,2]", "", "[1 ,2]" },
    { "{\"a\": 9007199254740993 , \"b\":[ 1, 2 ], \"c\":\"a\\u0000\\/b\"}",
      "remove /x",
      "{\"a\":9007199254740993,\"b\":[ 1, 2 ],\"c\":\"a\\u0000\\/b\"}" },
    { "{\"a\": {\"x\" : -0, \"y\":1E400},\"b\":{ } , \"c\":[ ]}",
      "set /a/z 1",
      "{\"a\":{\"x\":-0,\"y\":1E400,\"z\":1},\"b\":{ },\"c\":[ ]}" },

    /* set */

    { "{}", "set /a 1", "{\"a\":1}" },
    { "{\"a\":1,\"b\":2}", "set /a {\"x\":[ 1 ]}",
      "{\"a\":{\"x\":[ 1 ]},\"b\":2}" },
    { "{\"a\":1}", "set \"\" [true]", "[true]" },
    { "{}", "set /a/b/c 1; set /a/b/d 2", "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}" },
    { "{\"a\":null}", "set /a/b 1", "{\"a\":{\"b\":1}}" },
    { "null", "set /a 1", "{\"a\":1}" },
    { "{\"a\":false}", "set /a/b 1", "!json_shape" },
    { "{\"a\":\"x\"}", "set /a/b 1", "!json_shape" },
    { "{\"tenant\":\"x\"}", "set /tenant/id 1", "!json_shape" },
    { "5", "set /a 1", "!json_shape" },
    { "[1,2,3]", "set /1 \"x\"", "[1,\"x\",3]" },
    { "[1,2]", "set /2 3", "[1,2,3]" },
    { "[1,2]", "set /3 3", "!json_shape" },
    { "[1,2]", "set /01 3", "!json_shape" },
    { "[1,2]", "set /x 3", "!json_shape" },
    { "[1,2]", "set /- 3; set /- 4", "[1,2,3,4]" },
    { "[]", "set /0/a 1", "[{\"a\":1}]" },
    { "{\"-\":1}", "set /- 2", "{\"-\":2}" },
    { "{}", "set /tags/- 1; set /tags/- 2", "{\"tags\":[1,2]}" },
    { "[]", "set /-/a 1", "!json_shape" },
    { "{\"a~b/c*\":1}", "set /a~0b~1c~2 2", "{\"a~b/c*\":2}" },
    { "{}", "set /a\"\\\n\xc3\xa9 1", "{\"a\\\"\\\\\\n\xc3\xa9\":1}" },
    { "{\"\":{\"\":1}}", "set // 2", "{\"\":{\"\":2}}" },
    { "{\"\\u0061\":1}", "set /a 2", "{\"\\u0061\":2}" },
    { "{\"a\":1}", "set /a   [ 1,  2 ]  ", "{\"a\":[ 1,  2 ]}" },

    /* "*" */

    { "{\"i\":[{\"a\":1},{\"b\":2}]}", "set /i/*/a 0",
      "{\"i\":[{\"a\":0},{\"b\":2,\"a\":0}]}" },
    { "{\"i\":[null,{}]}", "set /i/*/a 0", "{\"i\":[{\"a\":0},{\"a\":0}]}" },
    { "{\"i\":[1]}", "set /i/*/a 0", "!json_shape" },
    { "{\"i\":1}", "set /i/*/a 0", "!json_shape" },
    { "{\"i\":null}", "set /i/*/a 0", "{\"i\":null}" },
    { "{\"x\":1}", "set /i/*/a 0", "{\"x\":1}" },
    { "{\"a\":1,\"b\":[2]}", "set /* 0", "{\"a\":0,\"b\":0}" },
    { "[[1,2],[3]]", "set /*/* 0", "[[0,0],[0]]" },
    { "[[1,2],[3],[]]", "set /*/- 0", "[[1,2,0],[3,0],[0]]" },
    { "{\"*\":1,\"a\":2}", "set /~2 0", "{\"*\":0,\"a\":2}" },
    { "{\"a\":{\"x\":{\"k\":1}},\"b\":{\"x\":{\"k\":2},\"y\":3}}",
      "remove /*/x/k", "{\"a\":{\"x\":{}},\"b\":{\"x\":{},\"y\":3}}" },

    /* add, replace */

    { "{\"a\":null}", "add /a 1", "{\"a\":null}" },
    { "{\"a\":false}", "add /a 1; add /b 2", "{\"a\":false,\"b\":2}" },
    { "{\"a\":null}", "add /a/b 1", "{\"a\":{\"b\":1}}" },
    { "[1]", "add /0 2; add /1 3; add /- 4", "[1,3,4]" },
    { "1", "add \"\" 2", "1" },
    { "{\"a\":1}", "add /a/b 1", "!json_shape" },
    { "[{\"a\":1},{}]", "add /*/a 2", "[{\"a\":1},{\"a\":2}]" },
    { "{\"a\":null}", "replace /a 1; replace /b 2; replace /a/b 3",
      "{\"a\":1}" },
    { "{\"a\":[1,2]}", "replace /a/1 0; replace /a/2 0; replace /a/- 0",
      "{\"a\":[1,0]}" },

    /* append */

    { "{\"a\":[1]}", "append /a 2; append /b 3; append /b 4",
      "{\"a\":[1,2],\"b\":[3,4]}" },
    { "{\"a\":null}", "append /a {\"x\":1}", "{\"a\":[{\"x\":1}]}" },
    { "{\"a\":{}}", "append /a 1", "!json_shape" },
    { "[ ]", "append \"\" 1", "[1]" },
    { "{}", "append /a/b 1", "{\"a\":{\"b\":[1]}}" },
    { "[{\"t\":[1]},{}]", "append /*/t 2", "[{\"t\":[1,2]},{\"t\":[2]}]" },

    /* remove */

    { "{\"a\":1,\"b\":2,\"c\":3}", "remove /b", "{\"a\":1,\"c\":3}" },
    { "{\"a\":1}", "remove /a", "{}" },
    { "[1,2,3]", "remove /0; remove /1", "[2]" },
    { "[1,2,3]", "remove /*", "[]" },
    { "{\"a\":[{\"k\":1,\"x\":2},{\"k\":3}],\"b\":4}", "remove /a/*/k",
      "{\"a\":[{\"x\":2},{}],\"b\":4}" },
    { "{\"a\":1}", "remove \"\"", "null" },
    { "{\"a\":1}", "remove /a/b/c; remove /0; remove /-; remove /b",
      "{\"a\":1}" },
    { "[1]", "remove /1; remove /x; remove /-", "[1]" },
    { "{\"\\u0061\":1,\"b\":2}", "remove /a", "{\"b\":2}" },

    /* move, copy */

    { "{\"a\":1,\"b\":2}", "move /a /c/d", "{\"b\":2,\"c\":{\"d\":1}}" },
    { "{\"a\":1,\"b\":2}", "move /a /b", "{\"b\":1}" },
    { "{\"a\":1,\"b\":2}", "move /a /a", "{\"a\":1,\"b\":2}" },
    { "{\"a\":{ \"x\":1},\"b\":2}", "move /a /a/b",
      "{\"b\":2,\"a\":{\"b\":{ \"x\":1}}}" },
    { "{\"a\":{\"b\":{ \"x\":1},\"c\":2}}", "move /a/b /a",
      "{\"a\":{ \"x\":1}}" },
    { "[ 1 ]", "move \"\" /data/list", "{\"data\":{\"list\":[ 1 ]}}" },
    { "{\"a\":[ 1 ]}", "move /a \"\"", "[ 1 ]" },
    { "{\"a\":1}", "move /x /y/z; copy /x /y/z", "{\"a\":1}" },
    { "{\"a\":1,\"b\":\"s\"}", "move /a /b/c", "!json_shape" },
    { "[{\"a\":1},{\"b\":2},{\"a\":null}]", "move /*/a /*/x/y",
      "[{\"x\":{\"y\":1}},{\"b\":2},{\"x\":{\"y\":null}}]" },
    { "[1,[2]]", "move /* /*/v", "[{\"v\":1},{\"v\":[2]}]" },
    { "[{\"v\":1},{\"v\":[2]}]", "move /*/v /*", "[1,[2]]" },
    { "[1,2,3]", "move /0 /2", "[2,3,1]" },
    { "[1,2,3]", "move /0 /3", "!json_shape" },
    { "[1,2,3]", "move /0 /-", "[2,3,1]" },
    { "{\"a\":[1],\"b\":[2]}", "move /*/0 /b/0", "!json_shape" },
    { "{\"a\":1}", "copy /a /b; set /a 2", "{\"a\":2,\"b\":1}" },
    { "{\"a\":{\"x\": 1 }}", "copy /a /a/b",
      "{\"a\":{\"x\":1,\"b\":{\"x\": 1 }}}" },
    { "{\"a\":{\"x\":1}}", "set /a/y 2; copy /a /b; set /a/y 3; set /b/z 4",
      "{\"a\":{\"x\":1,\"y\":3},\"b\":{\"x\":1,\"y\":2,\"z\":4}}" },
    { "{\"a\":1}", "copy \"\" /a; copy \"\" /a/b",
      "{\"a\":{\"a\":1,\"b\":{\"a\":{\"a\":1}}}}" },
    { "[{\"a\":{\"k\":1}},{}]", "set /0/a/l 2; copy /*/a /*/b",
      "[{\"a\":{\"k\":1,\"l\":2},\"b\":{\"k\":1,\"l\":2}},{}]" },

    /* members of one name: the last is meant, the others go */

    { "{\"a\":1,\"b\":2,\"a\":3}", "set /a 4", "{\"b\":2,\"a\":4}" },
    { "{\"a\":1,\"b\":2,\"\\u0061\":3}", "remove /a", "{\"b\":2}" },
    { "{\"a\":{\"s\":1},\"a\":{}}", "remove /a/s", "{\"a\":{}}" },
    { "{\"a\":{\"s\":1},\"a\":{\"t\":1}}", "set /a/s 2",
      "{\"a\":{\"t\":1,\"s\":2}}" },
    { "{\"a\":1,\"a\":2}", "move /a /b", "{\"b\":2}" },
    { "{\"a\":1,\"a\":2}", "copy /a /b", "{\"a\":2,\"b\":2}" }
};


TEST(operations_give_exactly_what_they_promise)
{
    size_t                      i;
    apigw_rc_t                  rc;
    apigw_str_t                 body, out;
    apigw_json_tree_t          *tree;
    apigw_json_tree_options_t   o = { .seed = { 9, 10 } };

    for (i = 0; i < sizeof(tree_cases) / sizeof(tree_cases[0]); i++) {
        body.data = (const uint8_t *) tree_cases[i].body;
        body.len = strlen(tree_cases[i].body);

        EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);

        rc = apply_all(t, tree, tree_cases[i].ops);

        if (rc != APIGW_OK) {
            if (t->fail_at == 0
                && (tree_cases[i].want[0] != '!'
                    || strcmp(apigw_json_tree_error(tree)->word,
                              tree_cases[i].want + 1)))
            {
                printf("# %s %s: %d %s\n", tree_cases[i].body,
                       tree_cases[i].ops, rc,
                       apigw_json_tree_error(tree)->word);
                t->failed = true;
            }

            EXPECT(rc != APIGW_ENOMEM);
            continue;
        }

        EXPECT(print(t, tree, &out) == APIGW_OK);

        if (!apigw_str_is(out, tree_cases[i].want) && t->fail_at == 0) {
            printf("# %s %s: %.*s\n", tree_cases[i].body, tree_cases[i].ops,
                   (int) out.len, out.data);
        }

        EXPECT(apigw_str_is(out, tree_cases[i].want));
        EXPECT(apigw_json_tree_size(tree, APIGW_JSON_NO_NODE) == out.len);
        EXPECT(apigw_json_check(&t->arena, &(apigw_json_options_t) { 0 }, out,
                                &(apigw_error_t) { 0 }) == APIGW_OK);
    }
}


TEST(nodes_and_added_text_are_bounded)
{
    apigw_str_t                 body = apigw_str("[1,2,3,4,5,6,7,8]");
    apigw_json_tree_t          *tree;
    apigw_json_tree_options_t   o = { .max_nodes = 9 };

    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "set /7 0") == APIGW_OK);
    EXPECT(apply_all(t, tree, "set /- 0") == APIGW_ELIMIT);
    EXPECT(strcmp(apigw_json_tree_error(tree)->word, "json_too_large") == 0);

    o.max_nodes = 8;
    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "set /7 0") == APIGW_ELIMIT);

    o.max_nodes = 0;
    o.max_added = 40;
    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "set /7 0; copy \"\" /0") == APIGW_OK);
    EXPECT(apply_all(t, tree, "copy \"\" /0") == APIGW_ELIMIT);
    EXPECT(strcmp(apigw_json_tree_error(tree)->word, "json_too_large") == 0);
}


TEST(a_star_outside_of_the_common_prefix_is_refused)
{
    apigw_str_t                 body = apigw_str("{\"a\":[1],\"b\":[2]}");
    apigw_json_node_t           node;
    apigw_json_tree_t          *tree;
    apigw_json_pointer_t        any;
    apigw_json_tree_options_t   o = { 0 };

    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "move /a/* /b/*") == APIGW_EUNSUPPORTED);
    EXPECT(apply_all(t, tree, "copy /a/* /b") == APIGW_EUNSUPPORTED);
    EXPECT(apply_all(t, tree, "copy /a /b/*") == APIGW_EUNSUPPORTED);

    EXPECT(apigw_json_pointer_parse(&t->arena, (apigw_str_t) apigw_str("/*"),
                                    true, &any, &(apigw_error_t) { 0 })
           == APIGW_OK);
    EXPECT(apigw_json_tree_find(tree, &any, &node) == APIGW_EUNSUPPORTED);
}


TEST(a_value_is_found_with_its_kind_and_text)
{
    apigw_str_t                 body, text;
    apigw_json_node_t           node;
    apigw_json_tree_t          *tree;
    apigw_json_tree_options_t   o = { 0 };

    static const char  doc[] = "{\"a\":[1, {\"b\" :2}],\"n\":null}";

    body.data = (const uint8_t *) doc;
    body.len = sizeof(doc) - 1;

    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);

    node = find(t, tree, "/a/1");
    EXPECT(node != UINT32_MAX);
    EXPECT(node && apigw_json_tree_kind(tree, node) == APIGW_JSON_OBJECT);
    EXPECT(apigw_json_tree_text(tree, node, &text));
    EXPECT(apigw_str_is(text, "{\"b\" :2}"));
    EXPECT(apigw_json_tree_size(tree, node) == text.len);

    node = find(t, tree, "/a/1/b");
    EXPECT(node != UINT32_MAX);
    EXPECT(node && apigw_json_tree_kind(tree, node) == APIGW_JSON_NUMBER);
    EXPECT(apigw_json_tree_text(tree, node, &text) && apigw_str_is(text, "2"));
    EXPECT(!apigw_json_tree_text(tree, find(t, tree, "/a"), &text));

    EXPECT(find(t, tree, "/x") == APIGW_JSON_NO_NODE);
    EXPECT(find(t, tree, "/a/2") == APIGW_JSON_NO_NODE);
    EXPECT(find(t, tree, "/a/-") == APIGW_JSON_NO_NODE);
    EXPECT(find(t, tree, "/n/x") == APIGW_JSON_NO_NODE);
    EXPECT(apigw_json_tree_kind(tree, APIGW_JSON_NO_NODE)
           == APIGW_JSON_OBJECT);

    /* looking changes no meaning; what was gone into loses its spaces */

    EXPECT(print(t, tree, &text) == APIGW_OK);
    EXPECT(apigw_str_is(text, "{\"a\":[1,{\"b\":2}],\"n\":null}"));
}


TEST_MAIN(CASE(operations_give_exactly_what_they_promise),
          CASE(nodes_and_added_text_are_bounded),
          CASE(a_star_outside_of_the_common_prefix_is_refused),
          CASE(a_value_is_found_with_its_kind_and_text))
