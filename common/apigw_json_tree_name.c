
#include "apigw_json_tree_node.h"
#include "apigw_json_names.h"


#define APIGW_JSON_TREE_LINEAR  16        /* members without an index */


static bool apigw_json_tree_named(const apigw_json_tree_t *tree,
    const apigw_json_tree_node_t *node, apigw_str_t name);
static apigw_rc_t apigw_json_tree_name(apigw_json_tree_t *tree,
    const apigw_json_tree_node_t *node, apigw_str_t *name);
static uint32_t *apigw_json_tree_slot(apigw_json_tree_t *tree,
    const apigw_json_tree_index_t *index, apigw_str_t name);
static apigw_rc_t apigw_json_tree_index_insert(apigw_json_tree_t *tree,
    apigw_json_node_t parent, apigw_json_node_t n);
static apigw_rc_t apigw_json_tree_index(apigw_json_tree_t *tree,
    apigw_json_node_t n);
static apigw_rc_t apigw_json_tree_index_fill(apigw_json_tree_t *tree,
    apigw_json_node_t n);
static apigw_rc_t apigw_json_tree_name_sink(void *ctx, const uint8_t *data,
    size_t len);


apigw_rc_t
apigw_json_tree_name_find(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_str_t name, apigw_json_node_t *child)
{
    uint32_t                *slot;
    apigw_rc_t               rc;
    apigw_json_node_t        c;
    apigw_json_tree_node_t  *node;

    node = apigw_json_tree_node(tree, n);
    *child = 0;

    if (!(node->flags & APIGW_JSON_TREE_INDEXED)
        && node->count > APIGW_JSON_TREE_LINEAR)
    {
        rc = apigw_json_tree_index(tree, n);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (node->flags & APIGW_JSON_TREE_INDEXED) {
        slot = apigw_json_tree_slot(tree, &tree->indexes[node->count], name);
        *child = *slot == APIGW_JSON_TREE_DELETED ? 0 : *slot;
        return APIGW_OK;
    }

    for (c = node->last; c; c = apigw_json_tree_node(tree, c)->prev) {
        if (apigw_json_tree_named(tree, apigw_json_tree_node(tree, c), name)) {
            *child = c;
            break;
        }
    }

    return APIGW_OK;
}


static bool
apigw_json_tree_named(const apigw_json_tree_t *tree,
    const apigw_json_tree_node_t *node, apigw_str_t name)
{
    apigw_str_t  source;

    source = apigw_json_tree_slice(tree, node->name, node->name_len);

    if (node->flags & APIGW_JSON_TREE_ESCAPED) {
        return apigw_json_string_eq(source, name);
    }

    return source.len == name.len + 2
           && (name.len == 0
               || memcmp(source.data + 1, name.data, name.len) == 0);
}


/* A node's name, decoded: in the text, or in scratch memory until the next. */

static apigw_rc_t
apigw_json_tree_name(apigw_json_tree_t *tree,
    const apigw_json_tree_node_t *node, apigw_str_t *name)
{
    apigw_str_t  source;

    source = apigw_json_tree_slice(tree, node->name, node->name_len);

    name->data = source.data + 1;
    name->len = source.len - 2;

    if (!(node->flags & APIGW_JSON_TREE_ESCAPED)) {
        return APIGW_OK;
    }

    if (tree->scratch_size < name->len) {
        tree->scratch_size = 0;
        tree->scratch = apigw_arena_alloc(tree->arena, name->len * 2);
        if (tree->scratch == NULL) {
            return apigw_json_tree_fail(tree, APIGW_ENOMEM, "internal");
        }

        tree->scratch_size = name->len * 2;
    }

    name->len = apigw_json_unescape(name->data, name->len, tree->scratch, NULL);
    name->data = tree->scratch;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_name_set(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_str_t name)
{
    size_t                   len;
    uint32_t                 offset;
    apigw_rc_t               rc;
    uint8_t                 *to;
    apigw_json_writer_t      w;
    apigw_json_tree_node_t  *node;

    /* escaped into the room that the worst name needs, then cut */

    if (name.len > (UINT16_MAX - 2) / 6) {
        return apigw_json_tree_fail(tree, APIGW_ELIMIT, APIGW_JSON_TOO_LARGE);
    }

    rc = apigw_json_tree_text_room(tree, name.len * 6 + 2, &offset);
    if (rc != APIGW_OK) {
        return rc;
    }

    to = (uint8_t *) apigw_json_tree_slice(tree, offset, 0).data;
    len = tree->added_len - (name.len * 6 + 2);

    apigw_json_writer_init_sink(&w, apigw_json_tree_name_sink, &to);

    if (apigw_json_write_string(&w, name) != APIGW_OK) {
        return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_INVALID);
    }

    tree->added_len = len + w.total;

    node = apigw_json_tree_node(tree, n);
    node->name = offset;
    node->name_len = w.total;

    if (w.total != name.len + 2) {
        node->flags |= APIGW_JSON_TREE_ESCAPED;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_tree_name_sink(void *ctx, const uint8_t *data, size_t len)
{
    uint8_t  **to = ctx;

    memcpy(*to, data, len);
    *to += len;

    return APIGW_OK;
}


void
apigw_json_tree_name_single(apigw_json_tree_t *tree, apigw_json_node_t n,
    apigw_str_t name)
{
    apigw_json_node_t        c, prev;
    apigw_json_tree_node_t  *node, *up;

    node = apigw_json_tree_node(tree, n);
    up = apigw_json_tree_node(tree, node->parent);

    if ((up->flags & APIGW_JSON_TREE_INDEXED)
        && !(up->flags & APIGW_JSON_TREE_REPEATED))
    {
        return;
    }

    for (c = node->prev; c; c = prev) {
        node = apigw_json_tree_node(tree, c);
        prev = node->prev;

        if (apigw_json_tree_named(tree, node, name)) {
            apigw_json_tree_unlink(tree, c);
        }
    }
}


/* The slot that holds `name`, or the one where it belongs. */

static uint32_t *
apigw_json_tree_slot(apigw_json_tree_t *tree,
    const apigw_json_tree_index_t *index, apigw_str_t name)
{
    uint32_t   i, *slot, *gap;
    uint64_t   hash;

    hash = apigw_json_name_hash(tree->options.seed, name);
    gap = NULL;

    for (i = hash & index->mask; ; i = (i + 1) & index->mask) {
        slot = &index->slots[i];

        if (*slot == APIGW_JSON_TREE_FREE) {
            return gap ? gap : slot;
        }

        if (*slot == APIGW_JSON_TREE_DELETED) {
            gap = gap ? gap : slot;
            continue;
        }

        if (apigw_json_tree_named(tree, apigw_json_tree_node(tree, *slot),
                                  name))
        {
            return slot;
        }
    }
}


/* Gives an object an index. */

static apigw_rc_t
apigw_json_tree_index(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    uint32_t                  count;
    apigw_rc_t                rc;
    apigw_json_tree_node_t   *node;
    apigw_json_tree_index_t  *index;

    rc = apigw_json_tree_room(tree, &tree->indexes, tree->n_indexes,
                              &tree->indexes_size,
                              sizeof(apigw_json_tree_index_t));
    if (rc != APIGW_OK) {
        return rc;
    }

    node = apigw_json_tree_node(tree, n);
    count = node->count;

    index = &tree->indexes[tree->n_indexes];
    memset(index, 0, sizeof(apigw_json_tree_index_t));
    index->count = count;

    node->count = tree->n_indexes++;
    node->flags |= APIGW_JSON_TREE_INDEXED;

    return apigw_json_tree_index_fill(tree, n);
}


/* Makes an index anew, with room to grow. */

static apigw_rc_t
apigw_json_tree_index_fill(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    size_t                    size;
    apigw_rc_t                rc;
    apigw_json_node_t         c;
    apigw_json_tree_node_t   *node;
    apigw_json_tree_index_t  *index;

    node = apigw_json_tree_node(tree, n);
    index = &tree->indexes[node->count];

    for (size = 64; size < (size_t) index->count * 3; size *= 2) {
        /* void */
    }

    index->slots = apigw_arena_zalloc(tree->arena, size * sizeof(uint32_t));
    if (index->slots == NULL) {
        return apigw_json_tree_fail(tree, APIGW_ENOMEM, "internal");
    }

    index->mask = size - 1;
    index->used = 0;

    for (c = node->first; c; c = apigw_json_tree_node(tree, c)->next) {
        rc = apigw_json_tree_index_insert(tree, n, c);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_tree_index_insert(apigw_json_tree_t *tree, apigw_json_node_t parent,
    apigw_json_node_t n)
{
    uint32_t                 *slot;
    apigw_rc_t                rc;
    apigw_str_t               name;
    apigw_json_tree_node_t   *up;
    apigw_json_tree_index_t  *index;

    rc = apigw_json_tree_name(tree, apigw_json_tree_node(tree, n), &name);
    if (rc != APIGW_OK) {
        return rc;
    }

    up = apigw_json_tree_node(tree, parent);
    index = &tree->indexes[up->count];
    slot = apigw_json_tree_slot(tree, index, name);

    if (*slot == APIGW_JSON_TREE_FREE) {
        index->used++;

    } else if (*slot != APIGW_JSON_TREE_DELETED) {
        up->flags |= APIGW_JSON_TREE_REPEATED;
    }

    *slot = n;

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_name_added(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    apigw_json_node_t         parent;
    apigw_json_tree_node_t   *up;
    apigw_json_tree_index_t  *index;

    parent = apigw_json_tree_node(tree, n)->parent;
    up = apigw_json_tree_node(tree, parent);

    if (!(up->flags & APIGW_JSON_TREE_INDEXED)) {
        return APIGW_OK;
    }

    index = &tree->indexes[up->count];

    /* `n` is linked already: making the index anew takes it in */

    if (index->used >= index->mask / 2) {
        return apigw_json_tree_index_fill(tree, parent);
    }

    return apigw_json_tree_index_insert(tree, parent, n);
}


void
apigw_json_tree_name_removed(apigw_json_tree_t *tree, apigw_json_node_t n)
{
    uint32_t                 *slot;
    apigw_str_t               name;
    apigw_json_tree_node_t   *node, *up;

    node = apigw_json_tree_node(tree, n);
    up = apigw_json_tree_node(tree, node->parent);

    if (!(up->flags & APIGW_JSON_TREE_INDEXED)) {
        return;
    }

    /* making the index needed as much scratch memory for this name */

    (void) apigw_json_tree_name(tree, node, &name);

    slot = apigw_json_tree_slot(tree, &tree->indexes[up->count], name);

    if (*slot == n) {
        *slot = APIGW_JSON_TREE_DELETED;
    }
}
