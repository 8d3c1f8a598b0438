
/*
 * For tests: a tree's operations as text, "OP POINTER VALUE|POINTER; ...", and
 * its document as one slice.
 */


#ifndef _APIGW_JSON_APPLY_H_INCLUDED_
#define _APIGW_JSON_APPLY_H_INCLUDED_


#include "apigw_test.h"
#include "apigw_json_tree.h"


static inline bool
word(apigw_test_t *t, const char **p, const char *end,
    apigw_json_pointer_t *pointer)
{
    apigw_str_t    text;
    const char    *from;
    apigw_error_t  error;

    while (*p < end && **p == ' ') {
        (*p)++;
    }

    from = *p;

    while (*p < end && **p != ' ') {
        (*p)++;
    }

    text.data = (const uint8_t *) from;
    text.len = *p - from;

    if (text.len == 2 && memcmp(text.data, "\"\"", 2) == 0) {
        text.len = 0;
    }

    return apigw_json_pointer_parse(&t->arena, text, true, pointer, &error)
           == APIGW_OK;
}


static inline apigw_rc_t
apply(apigw_test_t *t, apigw_json_tree_t *tree, const char *op, size_t len)
{
    const char            *p, *end;
    apigw_str_t            value;
    apigw_json_pointer_t   a, b;

    end = op + len;
    p = memchr(op, ' ', len);

    if (p == NULL || !word(t, &p, end, &a)) {
        return APIGW_ENOMEM;
    }

    value.data = (const uint8_t *) p;
    value.len = end - p;

    switch (op[0] == 'r' ? op[2] : op[0] == 'a' ? op[1] : op[0]) {

    case 's':
        return apigw_json_tree_set(tree, &a, value);

    case 'd':
        return apigw_json_tree_add(tree, &a, value);

    case 'p':
        return op[0] == 'r' ? apigw_json_tree_replace(tree, &a, value)
                            : apigw_json_tree_append(tree, &a, value);

    case 'm':
        if (op[0] == 'r') {
            return apigw_json_tree_remove(tree, &a);
        }

        return word(t, &p, end, &b) ? apigw_json_tree_move(tree, &a, &b)
                                    : APIGW_ENOMEM;

    default:
        return word(t, &p, end, &b) ? apigw_json_tree_copy(tree, &a, &b)
                                    : APIGW_ENOMEM;
    }
}


static inline apigw_rc_t
apply_all(apigw_test_t *t, apigw_json_tree_t *tree, const char *ops)
{
    size_t      len;
    apigw_rc_t  rc;

    while (*ops) {
        len = strcspn(ops, ";");

        rc = apply(t, tree, ops, len);
        if (rc != APIGW_OK) {
            return rc;
        }

        ops += len;
        ops += strspn(ops, "; ");
    }

    return APIGW_OK;
}


static inline apigw_rc_t
collect(void *ctx, const uint8_t *data, size_t len)
{
    return apigw_json_write_piece(ctx, (apigw_str_t) { data, len }, false,
                                  false);
}


static inline apigw_rc_t
print(apigw_test_t *t, apigw_json_tree_t *tree, apigw_str_t *out)
{
    apigw_rc_t           rc;
    apigw_json_writer_t  w;

    static const apigw_str_t  none = apigw_str("");

    apigw_json_writer_init(&w, &t->arena);
    apigw_json_write_piece(&w, none, true, false);

    rc = apigw_json_tree_emit(tree, APIGW_JSON_NO_NODE, collect, &w);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_json_write_piece(&w, none, false, true);

    return apigw_json_writer_finish(&w, out);
}


static inline apigw_json_node_t
find(apigw_test_t *t, apigw_json_tree_t *tree, const char *pointer)
{
    apigw_str_t            text;
    apigw_error_t          error;
    apigw_json_node_t      node;
    apigw_json_pointer_t   p;

    text.data = (const uint8_t *) pointer;
    text.len = strlen(pointer);

    if (apigw_json_pointer_parse(&t->arena, text, true, &p, &error) != APIGW_OK
        || apigw_json_tree_find(tree, &p, &node) != APIGW_OK)
    {
        return UINT32_MAX;
    }

    return node;
}


#endif /* _APIGW_JSON_APPLY_H_INCLUDED_ */
