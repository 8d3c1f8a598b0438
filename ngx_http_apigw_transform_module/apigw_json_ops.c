
#include "apigw_json_ops.h"
#include "apigw_json_dedup.h"
#include "apigw_json_tree.h"
#include "apigw_transform_buffer.h"


/* How many times max_size the result, and what is added, may have. */

#define APIGW_JSON_OPS_GROWTH  4
#define APIGW_JSON_OPS_ADDED   2
#define APIGW_JSON_OPS_SPARE   65536
#define APIGW_JSON_OPS_NODES   1024       /* also for small limits */


struct apigw_json_ops_s {
    apigw_json_ops_params_t    params;
    apigw_arena_t             *arena;
    apigw_transform_buffer_t   buffer;
    apigw_json_tree_t         *tree;
    apigw_json_tree_walk_t     walk;
    apigw_str_t                piece;     /* not yet written */
    bool                       full;      /* the document is there */
    bool                       edited;
};


static apigw_rc_t apigw_json_ops_edit(apigw_json_ops_t *o,
    apigw_error_t *error);
static apigw_rc_t apigw_json_ops_open(apigw_json_ops_t *o, apigw_str_t body,
    apigw_error_t *error);
static apigw_rc_t apigw_json_ops_run(apigw_json_ops_t *o,
    const apigw_transform_op_t *op, apigw_error_t *error);
static size_t apigw_json_ops_limit(const apigw_json_ops_t *o, size_t times);
static apigw_rc_t apigw_json_ops_fail(apigw_error_t *error, apigw_rc_t rc,
    const char *word);


apigw_json_ops_t *
apigw_json_ops_create(apigw_arena_t *arena,
    const apigw_json_ops_params_t *params)
{
    apigw_json_ops_t  *o;

    o = apigw_arena_zalloc(arena, sizeof(apigw_json_ops_t));
    if (o == NULL) {
        return NULL;
    }

    o->arena = arena;
    o->params = *params;

    apigw_transform_buffer_init(&o->buffer, arena, params->expect);

    return o;
}


uint8_t *
apigw_json_ops_room(apigw_json_ops_t *o, size_t *size)
{
    return apigw_transform_buffer_room(&o->buffer, size);
}


void
apigw_json_ops_commit(apigw_json_ops_t *o, size_t n, bool last)
{
    apigw_transform_buffer_commit(&o->buffer, n);
    o->full = last;
}


apigw_rc_t
apigw_json_ops_read(apigw_json_ops_t *o, uint8_t *out, size_t size, size_t *n,
    apigw_error_t *error)
{
    size_t      len;
    apigw_rc_t  rc;

    *n = 0;

    if (!o->full) {
        return APIGW_AGAIN;
    }

    if (!o->edited) {
        rc = apigw_json_ops_edit(o, error);
        if (rc != APIGW_OK) {
            return rc;
        }

        o->edited = true;
    }

    for ( ;; ) {

        if (o->piece.len == 0
            && (o->tree == NULL
                || !apigw_json_tree_piece(&o->walk, &o->piece)))
        {
            return APIGW_OK;
        }

        len = size - *n < o->piece.len ? size - *n : o->piece.len;

        if (len == 0) {
            return APIGW_AGAIN;
        }

        memcpy(out + *n, o->piece.data, len);
        *n += len;
        o->piece.data += len;
        o->piece.len -= len;
    }
}


static apigw_rc_t
apigw_json_ops_edit(apigw_json_ops_t *o, apigw_error_t *error)
{
    size_t       i;
    apigw_rc_t   rc;
    apigw_str_t  body;

    if (apigw_transform_buffer_join(&o->buffer, &body) != APIGW_OK) {
        return apigw_json_ops_fail(error, APIGW_ENOMEM, "internal");
    }

    if (o->params.last) {

        /* the bytes are the buffer's, and so ours to change */

        rc = apigw_json_dedup(o->arena, &o->params.options,
                              (uint8_t *) body.data, &body.len, error);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (o->params.n == 0) {
        o->piece = body;
        return APIGW_OK;
    }

    rc = apigw_json_ops_open(o, body, error);

    for (i = 0; rc == APIGW_OK && i < o->params.n; i++) {
        rc = apigw_json_ops_run(o, &o->params.ops[i], error);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    if (o->params.max_size
        && apigw_json_tree_size(o->tree, APIGW_JSON_NO_NODE)
           > apigw_json_ops_limit(o, APIGW_JSON_OPS_GROWTH))
    {
        return apigw_json_ops_fail(error, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE);
    }

    apigw_json_tree_walk(o->tree, APIGW_JSON_NO_NODE, &o->walk);

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_ops_open(apigw_json_ops_t *o, apigw_str_t body,
    apigw_error_t *error)
{
    apigw_rc_t                 rc;
    apigw_json_tree_options_t  options;

    memset(&options, 0, sizeof(apigw_json_tree_options_t));

    options.seed[0] = o->params.options.seed[0];
    options.seed[1] = o->params.options.seed[1];

    if (o->params.max_size) {
        options.max_nodes = o->params.max_size / 8 + APIGW_JSON_OPS_NODES;
        options.max_added = apigw_json_ops_limit(o, APIGW_JSON_OPS_ADDED);
    }

    rc = apigw_json_tree_open(o->arena, body, &options, &o->tree);

    switch (rc) {

    case APIGW_OK:
        return APIGW_OK;

    case APIGW_ELIMIT:
        return apigw_json_ops_fail(error, rc, APIGW_JSON_TOO_LARGE);

    default:
        return apigw_json_ops_fail(error, rc, "internal");
    }
}


static apigw_rc_t
apigw_json_ops_run(apigw_json_ops_t *o, const apigw_transform_op_t *op,
    apigw_error_t *error)
{
    apigw_rc_t                   rc;
    apigw_str_t                  value;
    const apigw_json_pointer_t  *p;

    p = op->pointers;
    value.len = 0;
    value.data = NULL;

    if (op->valued) {
        rc = apigw_transform_values_get(o->params.values, op->value, &value,
                                        error);
        if (rc == APIGW_EUNSUPPORTED) {
            return APIGW_OK;
        }

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    switch (op->kind) {

    case APIGW_OP_SET:
        rc = apigw_json_tree_set(o->tree, p, value);
        break;

    case APIGW_OP_ADD:
        rc = apigw_json_tree_add(o->tree, p, value);
        break;

    case APIGW_OP_REPLACE:
        rc = apigw_json_tree_replace(o->tree, p, value);
        break;

    case APIGW_OP_DROP:
        rc = apigw_json_tree_remove(o->tree, p);
        break;

    case APIGW_OP_MOVE:
        rc = apigw_json_tree_move(o->tree, &p[0], &p[1]);
        break;

    default: /* APIGW_OP_COPY */
        rc = apigw_json_tree_copy(o->tree, &p[0], &p[1]);
    }

    if (rc != APIGW_OK) {
        *error = *apigw_json_tree_error(o->tree);
    }

    return rc;
}


static size_t
apigw_json_ops_limit(const apigw_json_ops_t *o, size_t times)
{
    size_t  limit;

    if (__builtin_mul_overflow(o->params.max_size, times, &limit)
        || __builtin_add_overflow(limit, APIGW_JSON_OPS_SPARE, &limit))
    {
        return SIZE_MAX;
    }

    return limit;
}


static apigw_rc_t
apigw_json_ops_fail(apigw_error_t *error, apigw_rc_t rc, const char *word)
{
    error->word = word;
    error->offset = 0;

    return rc;
}
