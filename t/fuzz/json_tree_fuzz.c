
/*
 * A document, a line feed, operations: whatever they do, the outcome is a
 * document again, its length is what the tree says, and printing it, opening
 * that and printing again gives the same bytes.
 */


#include "apigw_test.h"
#include "apigw_json_apply.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}


/* A value that operations put must be checked first: all are from here. */

static const char  *const  values[] = {
    "1", "null", "\"x\"", "[ 1, {} ]", "{\"a\": [null], \"b\":1.10}", "{}"
};

static const char  *const  verbs[] = {
    "set", "add", "replace", "append", "remove", "move", "copy"
};


static void
run(apigw_test_t *t, apigw_json_tree_t *tree, const uint8_t *p,
    const uint8_t *end)
{
    int             n;
    char            op[512];
    unsigned        verb;
    const uint8_t  *line, *gap;

    for ( /* void */ ; p < end; p = line + 1) {
        line = memchr(p, '\n', end - p);
        line = line ? line : end;

        if (line - p < 2 || line - p > 400 || memchr(p, '\0', line - p)) {
            continue;
        }

        verb = p[0] % 7;
        gap = memchr(p, ' ', line - p);

        if (verb < 4) {
            n = (gap ? gap : line) - p - 1;
            (void) snprintf(op, sizeof(op), "%s %.*s %s", verbs[verb],
                            n < 0 ? 0 : n, p + 1, values[p[0] / 7 % 6]);

        } else {
            (void) snprintf(op, sizeof(op), "%s %.*s", verbs[verb],
                            (int) (line - p - 1), p + 1);
        }

        if (apply(t, tree, op, strlen(op)) == APIGW_ELIMIT
            || apigw_json_tree_size(tree, APIGW_JSON_NO_NODE) > 100000)
        {
            return;
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_str_t                 body, out, again;
    const uint8_t              *line;
    apigw_test_t                test = { 0 };
    apigw_error_t               error;
    apigw_json_tree_t          *tree;
    apigw_json_options_t        check = { .max_depth = 512 };
    apigw_json_tree_options_t   o = { .max_nodes = 4096,
                                      .max_added = 1000000 };

    line = size ? memchr(data, '\n', size) : NULL;

    if (line == NULL) {
        return 0;
    }

    body.data = data;
    body.len = line - data;

    apigw_heap_arena(&test.heap, &test.arena);

    if (apigw_json_check(&test.arena, &check, body, &error) == APIGW_OK) {

        require(apigw_json_tree_open(&test.arena, body, &o, &tree)
                == APIGW_OK);

        run(&test, tree, line + 1, data + size);

        require(print(&test, tree, &out) == APIGW_OK);
        require(apigw_json_tree_size(tree, APIGW_JSON_NO_NODE) == out.len);

        if (apigw_json_check(&test.arena, &check, out, &error) == APIGW_OK) {
            require(apigw_json_tree_open(&test.arena, out, &o, &tree)
                    == APIGW_OK);
            require(print(&test, tree, &again) == APIGW_OK);
            require(apigw_str_eq(out, again));

        } else {
            require(strcmp(error.word, "json_too_deep") == 0);
        }
    }

    apigw_heap_free(&test.heap);

    return 0;
}
