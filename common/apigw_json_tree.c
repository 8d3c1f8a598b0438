
#include "apigw_json_tree_node.h"


static void apigw_json_tree_span(apigw_json_tree_node_t *node,
    const apigw_json_value_t *value, uint32_t offset);


apigw_rc_t
apigw_json_tree_open(apigw_arena_t *arena, apigw_str_t body,
    const apigw_json_tree_options_t *options, apigw_json_tree_t **tree)
{
    apigw_rc_t           rc;
    apigw_json_tree_t   *t;
    apigw_json_value_t   value;

    if (body.len > INT32_MAX) {
        return APIGW_ELIMIT;
    }

    value = apigw_json_root(body);

    if (value.kind == APIGW_JSON_END) {
        return APIGW_EINPUT;
    }

    t = apigw_arena_zalloc(arena, sizeof(apigw_json_tree_t));
    if (t == NULL) {
        return APIGW_ENOMEM;
    }

    t->arena = arena;
    t->body = body;
    t->options = *options;
    t->n_nodes = 1;

    rc = apigw_json_tree_new(t, &t->root);
    if (rc != APIGW_OK) {
        return rc;
    }

    apigw_json_tree_span(apigw_json_tree_node(t, t->root), &value,
                         value.text.data - body.data);

    *tree = t;

    return APIGW_OK;
}


const apigw_error_t *
apigw_json_tree_error(const apigw_json_tree_t *tree)
{
    return &tree->error;
}


apigw_rc_t
apigw_json_tree_fail(apigw_json_tree_t *tree, apigw_rc_t rc, const char *word)
{
    tree->error.word = word;
    tree->error.offset = 0;

    return rc;
}


apigw_rc_t
apigw_json_tree_room(apigw_json_tree_t *tree, void *array, size_t n,
    size_t *size, size_t item)
{
    void    *p, *old;
    size_t   more;

    if (n < *size) {
        return APIGW_OK;
    }

    more = *size ? *size * 2 : 8;

    p = apigw_arena_array(tree->arena, more, item);
    if (p == NULL) {
        return apigw_json_tree_fail(tree, APIGW_ENOMEM, "internal");
    }

    memcpy(&old, array, sizeof(void *));

    if (n) {
        memcpy(p, old, n * item);
    }

    memcpy(array, &p, sizeof(void *));
    *size = more;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_new(apigw_json_tree_t *tree, apigw_json_node_t *n)
{
    apigw_rc_t               rc;
    apigw_json_tree_node_t  *node, *chunk;

    if (tree->n_nodes >= UINT32_MAX
        || (tree->options.max_nodes
            && tree->n_nodes > tree->options.max_nodes))
    {
        return apigw_json_tree_fail(tree, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE);
    }

    if (tree->n_nodes == 1
        || tree->n_nodes == tree->n_chunks * APIGW_JSON_TREE_CHUNK)
    {
        rc = apigw_json_tree_room(tree, &tree->chunks, tree->n_chunks,
                                  &tree->chunks_size, sizeof(void *));
        if (rc != APIGW_OK) {
            return rc;
        }

        chunk = apigw_arena_array(tree->arena, APIGW_JSON_TREE_CHUNK,
                                  sizeof(apigw_json_tree_node_t));
        if (chunk == NULL) {
            return apigw_json_tree_fail(tree, APIGW_ENOMEM, "internal");
        }

        tree->chunks[tree->n_chunks++] = chunk;
    }

    *n = tree->n_nodes++;

    node = apigw_json_tree_node(tree, *n);
    memset(node, 0, sizeof(apigw_json_tree_node_t));
    node->kind = APIGW_JSON_NULL;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_text_room(apigw_json_tree_t *tree, size_t len,
    uint32_t *offset)
{
    size_t    size, total;
    uint8_t  *p;

    total = tree->added_len + len;

    if (len > INT32_MAX || total > INT32_MAX
        || (tree->options.max_added && total > tree->options.max_added))
    {
        return apigw_json_tree_fail(tree, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE);
    }

    if (total > tree->added_size) {

        size = tree->added_size * 2;
        size = size < total ? total : size;
        size = size < 256 ? 256 : size;

        p = apigw_arena_alloc(tree->arena, size);
        if (p == NULL) {
            return apigw_json_tree_fail(tree, APIGW_ENOMEM, "internal");
        }

        if (tree->added_len) {
            memcpy(p, tree->added, tree->added_len);
        }

        tree->added = p;
        tree->added_size = size;
    }

    *offset = tree->body.len + tree->added_len;
    tree->added_len = total;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_text_value(apigw_json_tree_t *tree, apigw_str_t text,
    apigw_json_tree_value_t *value)
{
    uint32_t             offset;
    apigw_rc_t           rc;
    apigw_str_t          to;
    apigw_json_value_t   root;

    root = apigw_json_root(text);

    if (root.kind == APIGW_JSON_END) {
        return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_INVALID);
    }

    rc = apigw_json_tree_text_room(tree, root.text.len, &offset);
    if (rc != APIGW_OK) {
        return rc;
    }

    to = apigw_json_tree_slice(tree, offset, root.text.len);
    memcpy((uint8_t *) to.data, root.text.data, root.text.len);

    memset(value, 0, sizeof(apigw_json_tree_value_t));

    value->kind = root.kind;
    value->first = offset;
    value->last = root.text.len;

    return APIGW_OK;
}


static void
apigw_json_tree_span(apigw_json_tree_node_t *node,
    const apigw_json_value_t *value, uint32_t offset)
{
    node->kind = value->kind;
    node->first = offset;
    node->last = value->text.len;
}


apigw_rc_t
apigw_json_tree_expand(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    uint32_t                 at;
    apigw_rc_t               rc;
    apigw_str_t              text;
    apigw_json_node_t        c;
    apigw_json_walk_t        walk;
    apigw_json_value_t       value;
    apigw_json_tree_node_t  *node, *child;

    node = apigw_json_tree_node(tree, n);

    if (node->flags & APIGW_JSON_TREE_EXPANDED) {
        return APIGW_OK;
    }

    at = node->first;
    text = apigw_json_tree_slice(tree, at, node->last);

    apigw_json_tree_make(tree, n, node->kind);

    walk.kind = node->kind;
    walk.pos = text.data + 1;
    walk.end = text.data + text.len;

    while (apigw_json_walk_next(&walk, &value)) {

        if (value.name.len > UINT16_MAX) {
            return apigw_json_tree_fail(tree, APIGW_ELIMIT,
                                        APIGW_JSON_TOO_LARGE);
        }

        rc = apigw_json_tree_new(tree, &c);
        if (rc != APIGW_OK) {
            return rc;
        }

        child = apigw_json_tree_node(tree, c);

        apigw_json_tree_span(child, &value, at + (value.text.data - text.data));

        if (value.name.len) {
            child->name = at + (value.name.data - text.data);
            child->name_len = value.name.len;

            if (memchr(value.name.data, '\\', value.name.len)) {
                child->flags |= APIGW_JSON_TREE_ESCAPED;
            }
        }

        rc = apigw_json_tree_push(tree, n, c);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


void
apigw_json_tree_make(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_json_kind_e kind)
{
    apigw_json_tree_node_t  *node;

    node = apigw_json_tree_node(tree, n);

    node->kind = kind;
    node->first = 0;
    node->last = 0;
    node->count = 0;
    node->flags &= APIGW_JSON_TREE_ESCAPED;

    if (kind != APIGW_JSON_NULL) {
        node->flags |= APIGW_JSON_TREE_EXPANDED;
    }
}


apigw_json_tree_value_t
apigw_json_tree_held(const apigw_json_tree_t *tree, apigw_json_node_t n)
{
    apigw_json_tree_node_t   *node;
    apigw_json_tree_value_t   value;

    node = apigw_json_tree_node(tree, n);

    value.first = node->first;
    value.last = node->last;
    value.count = node->count;
    value.kind = node->kind;
    value.flags = node->flags & ~APIGW_JSON_TREE_ESCAPED;

    return value;
}


void
apigw_json_tree_hold(apigw_json_tree_t *tree, apigw_json_node_t n,
    const apigw_json_tree_value_t *value)
{
    apigw_json_node_t        c;
    apigw_json_tree_node_t  *node, *child;

    node = apigw_json_tree_node(tree, n);

    node->first = value->first;
    node->last = value->last;
    node->count = value->count;
    node->kind = value->kind;
    node->flags &= APIGW_JSON_TREE_ESCAPED;
    node->flags |= value->flags;

    if (node->flags & APIGW_JSON_TREE_EXPANDED) {

        for (c = node->first; c; c = child->next) {
            child = apigw_json_tree_node(tree, c);
            child->parent = n;
        }
    }
}


apigw_rc_t
apigw_json_tree_push(apigw_json_tree_t *tree, apigw_json_node_t parent,
    apigw_json_node_t n)
{
    apigw_json_tree_node_t  *node, *up;

    up = apigw_json_tree_node(tree, parent);
    node = apigw_json_tree_node(tree, n);

    node->parent = parent;
    node->prev = up->last;
    node->next = 0;

    if (up->last) {
        apigw_json_tree_node(tree, up->last)->next = n;

    } else {
        up->first = n;
    }

    up->last = n;
    (*apigw_json_tree_count(tree, up))++;

    return apigw_json_tree_name_added(tree, n);
}


void
apigw_json_tree_unlink(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    apigw_json_tree_node_t  *node, *up;

    apigw_json_tree_name_removed(tree, n);

    node = apigw_json_tree_node(tree, n);
    up = apigw_json_tree_node(tree, node->parent);

    if (node->prev) {
        apigw_json_tree_node(tree, node->prev)->next = node->next;

    } else {
        up->first = node->next;
    }

    if (node->next) {
        apigw_json_tree_node(tree, node->next)->prev = node->prev;

    } else {
        up->last = node->prev;
    }

    (*apigw_json_tree_count(tree, up))--;
    node->parent = 0;
}
