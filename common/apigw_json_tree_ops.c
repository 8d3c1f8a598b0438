
#include "apigw_json_tree_node.h"


static apigw_rc_t apigw_json_tree_put(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t text,
    apigw_json_put_e how);
static apigw_rc_t apigw_json_tree_put_at(apigw_json_tree_t *tree,
    const apigw_json_work_t *work, apigw_json_node_t base);
static apigw_rc_t apigw_json_tree_put_step(apigw_json_tree_t *tree,
    const apigw_json_segment_t *segment, apigw_json_node_t n,
    apigw_json_node_t *child, bool *created);
static apigw_rc_t apigw_json_tree_create(apigw_json_tree_t *tree,
    apigw_json_node_t parent, const apigw_json_segment_t *segment,
    apigw_json_node_t *child);
static apigw_rc_t apigw_json_tree_append_at(apigw_json_tree_t *tree,
    apigw_json_node_t n, const apigw_json_tree_value_t *value);
static apigw_rc_t apigw_json_tree_remove_at(apigw_json_tree_t *tree,
    const apigw_json_work_t *work, apigw_json_node_t base);
static apigw_rc_t apigw_json_tree_transfer(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to,
    bool copy);
static apigw_rc_t apigw_json_tree_transfer_at(apigw_json_tree_t *tree,
    const apigw_json_work_t *work, apigw_json_node_t base);
static void apigw_json_tree_drop(apigw_json_tree_t *tree, apigw_json_node_t n);
static apigw_rc_t apigw_json_tree_duplicate(apigw_json_tree_t *tree,
    apigw_json_node_t n, apigw_json_tree_value_t *value);


apigw_rc_t
apigw_json_tree_set(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value)
{
    return apigw_json_tree_put(tree, pointer, value, APIGW_JSON_PUT_SET);
}


apigw_rc_t
apigw_json_tree_add(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value)
{
    return apigw_json_tree_put(tree, pointer, value, APIGW_JSON_PUT_ADD);
}


apigw_rc_t
apigw_json_tree_replace(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value)
{
    return apigw_json_tree_put(tree, pointer, value, APIGW_JSON_PUT_REPLACE);
}


apigw_rc_t
apigw_json_tree_append(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t value)
{
    return apigw_json_tree_put(tree, pointer, value, APIGW_JSON_PUT_APPEND);
}


static apigw_rc_t
apigw_json_tree_put(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_str_t text, apigw_json_put_e how)
{
    size_t             n;
    apigw_rc_t         rc;
    apigw_json_work_t  work;

    memset(&work, 0, sizeof(apigw_json_work_t));

    rc = apigw_json_tree_text_value(tree, text, &work.value);
    if (rc != APIGW_OK) {
        return rc;
    }

    n = apigw_json_tree_behind_any(pointer);

    work.at = apigw_json_tree_put_at;
    work.strict = how != APIGW_JSON_PUT_REPLACE;
    work.how = how;
    work.segments = apigw_json_tree_tail(pointer, n);
    work.n = pointer->n - n;

    return apigw_json_tree_each(tree, pointer->segments, n, &work);
}


apigw_rc_t
apigw_json_tree_remove(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer)
{
    size_t             n;
    apigw_json_work_t  work;

    memset(&work, 0, sizeof(apigw_json_work_t));

    n = apigw_json_tree_behind_any(pointer);

    work.at = apigw_json_tree_remove_at;
    work.segments = apigw_json_tree_tail(pointer, n);
    work.n = pointer->n - n;

    return apigw_json_tree_each(tree, pointer->segments, n, &work);
}


apigw_rc_t
apigw_json_tree_move(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to)
{
    return apigw_json_tree_transfer(tree, from, to, false);
}


apigw_rc_t
apigw_json_tree_copy(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to)
{
    return apigw_json_tree_transfer(tree, from, to, true);
}


static apigw_rc_t
apigw_json_tree_transfer(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *from, const apigw_json_pointer_t *to, bool copy)
{
    size_t             n;
    apigw_json_work_t  work;

    if (!apigw_json_pointer_prefix(from, to, &n)) {
        return apigw_json_tree_fail(tree, APIGW_EUNSUPPORTED, APIGW_JSON_SHAPE);
    }

    /* onto itself: nothing changes, not even a member's place */

    if (from->n == to->n && apigw_json_pointer_covers(from, to)) {
        return APIGW_OK;
    }

    memset(&work, 0, sizeof(apigw_json_work_t));

    work.at = apigw_json_tree_transfer_at;
    work.segments = apigw_json_tree_tail(to, n);
    work.n = to->n - n;
    work.from = apigw_json_tree_tail(from, n);
    work.n_from = from->n - n;
    work.copy = copy;

    return apigw_json_tree_each(tree, from->segments, n, &work);
}


apigw_rc_t
apigw_json_tree_find(apigw_json_tree_t *tree,
    const apigw_json_pointer_t *pointer, apigw_json_node_t *node)
{
    if (pointer->any) {
        return apigw_json_tree_fail(tree, APIGW_EUNSUPPORTED, APIGW_JSON_SHAPE);
    }

    return apigw_json_tree_follow(tree, tree->root, pointer->segments,
                                  pointer->n, false, node);
}


static apigw_rc_t
apigw_json_tree_put_at(apigw_json_tree_t *tree, const apigw_json_work_t *work,
    apigw_json_node_t base)
{
    bool               created;
    size_t             i;
    apigw_rc_t         rc;
    apigw_json_node_t  child;

    created = false;

    /* a replacement needs its place, with all that leads there */

    if (work->how == APIGW_JSON_PUT_REPLACE) {
        rc = apigw_json_tree_follow(tree, base, work->segments, work->n, true,
                                    &child);
        if (rc != APIGW_OK || child == 0) {
            return rc;
        }
    }

    for (i = 0; i < work->n; i++) {
        rc = apigw_json_tree_put_step(tree, &work->segments[i], base, &child,
                                      &created);
        if (rc != APIGW_OK) {
            return rc;
        }

        base = child;
    }

    if (work->how == APIGW_JSON_PUT_ADD && !created) {
        return APIGW_OK;
    }

    if (work->how == APIGW_JSON_PUT_APPEND) {
        return apigw_json_tree_append_at(tree, base, &work->value);
    }

    apigw_json_tree_hold(tree, base, &work->value);

    return APIGW_OK;
}


/* One segment down for a value to be put there: makes what is not there. */

static apigw_rc_t
apigw_json_tree_put_step(apigw_json_tree_t *tree,
    const apigw_json_segment_t *segment, apigw_json_node_t n,
    apigw_json_node_t *child, bool *created)
{
    apigw_rc_t               rc;
    apigw_json_tree_node_t  *node;

    node = apigw_json_tree_node(tree, n);

    if (node->kind == APIGW_JSON_NULL) {
        apigw_json_tree_make(tree, n, segment->append ? APIGW_JSON_ARRAY
                                                      : APIGW_JSON_OBJECT);
    }

    *created = false;

    rc = apigw_json_tree_step(tree, n, segment, true, true, child);
    if (rc != APIGW_OK || *child) {
        return rc;
    }

    if (node->kind == APIGW_JSON_ARRAY && !segment->append
        && segment->index != node->count)
    {
        return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_SHAPE);
    }

    *created = true;

    return apigw_json_tree_create(tree, n, segment, child);
}


/* A null behind the last member or element. */

static apigw_rc_t
apigw_json_tree_create(apigw_json_tree_t *tree, apigw_json_node_t parent,
    const apigw_json_segment_t *segment, apigw_json_node_t *child)
{
    apigw_rc_t  rc;

    rc = apigw_json_tree_new(tree, child);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (segment
        && apigw_json_tree_node(tree, parent)->kind == APIGW_JSON_OBJECT)
    {
        rc = apigw_json_tree_name_set(tree, *child, segment->name);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return apigw_json_tree_push(tree, parent, *child);
}


static apigw_rc_t
apigw_json_tree_append_at(apigw_json_tree_t *tree, apigw_json_node_t n,
    const apigw_json_tree_value_t *value)
{
    apigw_rc_t               rc;
    apigw_json_node_t        child;
    apigw_json_tree_node_t  *node;

    node = apigw_json_tree_node(tree, n);

    if (node->kind == APIGW_JSON_NULL) {
        apigw_json_tree_make(tree, n, APIGW_JSON_ARRAY);
    }

    if (node->kind != APIGW_JSON_ARRAY) {
        return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_SHAPE);
    }

    rc = apigw_json_tree_expand(tree, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_json_tree_create(tree, n, NULL, &child);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_json_tree_hold(tree, child, value);

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_tree_remove_at(apigw_json_tree_t *tree,
    const apigw_json_work_t *work, apigw_json_node_t base)
{
    apigw_rc_t         rc;
    apigw_json_node_t  node;

    rc = apigw_json_tree_follow(tree, base, work->segments, work->n, true,
                                &node);
    if (rc != APIGW_OK || node == 0) {
        return rc;
    }

    apigw_json_tree_drop(tree, node);

    return APIGW_OK;
}


/* Takes a value out; the document becomes null. */

static void
apigw_json_tree_drop(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    if (n == tree->root) {
        apigw_json_tree_make(tree, n, APIGW_JSON_NULL);

    } else {
        apigw_json_tree_unlink(tree, n);
    }
}


static apigw_rc_t
apigw_json_tree_transfer_at(apigw_json_tree_t *tree,
    const apigw_json_work_t *work, apigw_json_node_t base)
{
    apigw_rc_t         rc;
    apigw_json_node_t  source;
    apigw_json_work_t  put;

    rc = apigw_json_tree_follow(tree, base, work->from, work->n_from, true,
                                &source);
    if (rc != APIGW_OK || source == 0) {
        return rc;
    }

    put = *work;
    put.strict = true;
    put.how = APIGW_JSON_PUT_SET;

    if (work->copy) {
        rc = apigw_json_tree_duplicate(tree, source, &put.value);
        if (rc != APIGW_OK) {
            return rc;
        }

        return apigw_json_tree_put_at(tree, &put, base);
    }

    put.value = apigw_json_tree_held(tree, source);

    /* what a "*" led to keeps its place: the value goes further inside */

    if (work->n_from == 0) {
        apigw_json_tree_make(tree, source, APIGW_JSON_NULL);

    } else {
        apigw_json_tree_drop(tree, source);
    }

    return apigw_json_tree_put_at(tree, &put, base);
}


/* The same value once more: by its span, or by its text if it was changed. */

static apigw_rc_t
apigw_json_tree_duplicate(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_json_tree_value_t *value)
{
    uint8_t                 *p;
    uint32_t                 offset;
    uint64_t                 size;
    apigw_rc_t               rc;
    apigw_str_t              piece;
    apigw_json_tree_walk_t   walk;

    *value = apigw_json_tree_held(tree, n);

    if (!(value->flags & APIGW_JSON_TREE_EXPANDED)) {
        return APIGW_OK;
    }

    size = apigw_json_tree_size(tree, n);

    if (size > INT32_MAX) {
        return apigw_json_tree_fail(tree, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE);
    }

    rc = apigw_json_tree_text_room(tree, size, &offset);
    if (rc != APIGW_OK) {
        return rc;
    }

    p = (uint8_t *) apigw_json_tree_slice(tree, offset, size).data;

    apigw_json_tree_walk(tree, n, &walk);

    while (apigw_json_tree_piece(&walk, &piece)) {
        memcpy(p, piece.data, piece.len);
        p += piece.len;
    }

    value->first = offset;
    value->last = size;
    value->count = 0;
    value->flags = 0;

    return APIGW_OK;
}
