
/* Objects with so many members that they are found by an index. */


#include "apigw_test.h"
#include "apigw_json_apply.h"


/* {"k0":0,"k1":1,...}; every seventh name is written with an escape */

static size_t
many(char *to, size_t n)
{
    char    *p;
    size_t   i;

    p = to;

    for (i = 0; i < n; i++) {
        p += sprintf(p, "%c\"%s%zu\":%zu", i ? ',' : '{',
                     i % 7 ? "k" : "\\u006b", i, i);
    }

    p += sprintf(p, "}");

    return p - to;
}


TEST(large_objects_are_changed_by_name)
{
    char                       *text, op[64];
    bool                        removed;
    size_t                      i, n, left;
    apigw_str_t                 body, out;
    apigw_json_walk_t           walk;
    apigw_json_tree_t          *tree;
    apigw_json_value_t          value;
    apigw_json_tree_options_t   o = { .seed = { 11, 12 } };

    text = (char *) apigw_arena_alloc(&t->arena, 1000 * 24);
    EXPECT(text != NULL);

    for (n = 14; n < 1000; n = n < 20 ? n + 1 : n * 3) {
        body.data = (const uint8_t *) text;
        body.len = many(text, n);

        EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);

        /* every third goes, every fourth changes, as many come */

        for (i = 0; i < n; i++) {
            if (i % 3 == 0) {
                snprintf(op, sizeof(op), "remove /k%zu", i);
                EXPECT(apply_all(t, tree, op) == APIGW_OK);
            }

            if (i % 4 == 0) {
                snprintf(op, sizeof(op), "replace /k%zu %zu", i, i + 1);
                EXPECT(apply_all(t, tree, op) == APIGW_OK);
            }

            snprintf(op, sizeof(op), "add /k%zu %zu", i + n / 2, i);
            EXPECT(apply_all(t, tree, op) == APIGW_OK);
        }

        EXPECT(print(t, tree, &out) == APIGW_OK);

        apigw_json_walk(&walk, out);
        left = 0;

        while (apigw_json_walk_next(&walk, &value)) {
            left++;
        }

        for (i = 0; i < n / 2; i++) {
            snprintf(op, sizeof(op), "k%zu", i);
            removed = i % 3 == 0;
            EXPECT(apigw_json_member(out, op, &value) == !removed);
        }

        for (i = n; i < n + n / 2; i++) {
            snprintf(op, sizeof(op), "k%zu", i);
            EXPECT(apigw_json_member(out, op, &value));
        }

        o.max_nodes = 0;
        EXPECT(apigw_json_check(&t->arena,
                                &(apigw_json_options_t)
                                { .duplicates = APIGW_JSON_DUP_REJECT },
                                out, &(apigw_error_t) { 0 }) == APIGW_OK);
        EXPECT(left > n);
    }
}


TEST(repeated_names_in_a_large_object_go_with_the_last)
{
    size_t                      len;
    char                       *text;
    apigw_str_t                 body, out;
    apigw_json_tree_t          *tree;
    apigw_json_value_t          value;
    apigw_json_tree_options_t   o = { 0 };

    text = (char *) apigw_arena_alloc(&t->arena, 100 * 24);
    EXPECT(text != NULL);

    len = many(text, 40);
    len += sprintf(text + len - 1, ",\"k5\":\"a\",\"k\\u0035\":\"b\"}") - 1;

    body.data = (const uint8_t *) text;
    body.len = len;

    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "set /k5 1; set /k39 2; remove /k7") == APIGW_OK);
    EXPECT(print(t, tree, &out) == APIGW_OK);
    EXPECT(apigw_json_check(&t->arena, &(apigw_json_options_t)
                            { .duplicates = APIGW_JSON_DUP_REJECT }, out,
                            &(apigw_error_t) { 0 }) == APIGW_OK);
    EXPECT(apigw_json_member(out, "k5", &value)
           && apigw_str_is(value.text, "1"));
    EXPECT(apigw_str_is(value.name, "\"k\\u0035\""));

    EXPECT(apigw_json_tree_open(&t->arena, body, &o, &tree) == APIGW_OK);
    EXPECT(apply_all(t, tree, "remove /k5; remove /k5") == APIGW_OK);
    EXPECT(print(t, tree, &out) == APIGW_OK);
    EXPECT(!apigw_json_member(out, "k5", &value));
}


TEST_MAIN(CASE(large_objects_are_changed_by_name),
          CASE(repeated_names_in_a_large_object_go_with_the_last))
