
#include "apigw_json_tree_node.h"


enum {
    APIGW_JSON_OUT_VALUE = 0,        /* in front of the node's value */
    APIGW_JSON_OUT_NAME,             /* in front of its name */
    APIGW_JSON_OUT_COLON,            /* behind its name */
    APIGW_JSON_OUT_AFTER             /* behind its value */
};


static apigw_str_t apigw_json_out_value(apigw_json_tree_walk_t *walk,
    const apigw_json_tree_node_t *node);
static apigw_str_t apigw_json_out_after(apigw_json_tree_walk_t *walk,
    const apigw_json_tree_node_t *node);


apigw_json_kind_e
apigw_json_tree_kind(const apigw_json_tree_t *tree, apigw_json_node_t node)
{
    return apigw_json_tree_node(tree, node ? node : tree->root)->kind;
}


bool
apigw_json_tree_text(const apigw_json_tree_t *tree, apigw_json_node_t node,
    apigw_str_t *text)
{
    apigw_json_tree_walk_t  walk;

    apigw_json_tree_walk(tree, node, &walk);

    node = walk.root;

    return !(apigw_json_tree_node(tree, node)->flags
             & APIGW_JSON_TREE_EXPANDED)
           && apigw_json_tree_piece(&walk, text);
}


void
apigw_json_tree_walk(const apigw_json_tree_t *tree, apigw_json_node_t node,
    apigw_json_tree_walk_t *walk)
{
    walk->tree = tree;
    walk->root = node ? node : tree->root;
    walk->node = walk->root;
    walk->state = APIGW_JSON_OUT_VALUE;
}


bool
apigw_json_tree_piece(apigw_json_tree_walk_t *walk, apigw_str_t *piece)
{
    const apigw_json_tree_node_t  *node;

    static const apigw_str_t  colon = apigw_str(":");

    node = apigw_json_tree_node(walk->tree, walk->node);

    switch (walk->state) {

    case APIGW_JSON_OUT_NAME:
        walk->state = APIGW_JSON_OUT_COLON;
        *piece = apigw_json_tree_slice(walk->tree, node->name, node->name_len);
        return true;

    case APIGW_JSON_OUT_COLON:
        walk->state = APIGW_JSON_OUT_VALUE;
        *piece = colon;
        return true;

    case APIGW_JSON_OUT_VALUE:
        *piece = apigw_json_out_value(walk, node);
        return true;

    default: /* APIGW_JSON_OUT_AFTER */
        if (walk->node == walk->root) {
            return false;
        }

        *piece = apigw_json_out_after(walk, node);
        return true;
    }
}


static apigw_str_t
apigw_json_out_value(apigw_json_tree_walk_t *walk,
    const apigw_json_tree_node_t *node)
{
    bool  object;

    static const apigw_str_t  null = apigw_str("null");
    static const apigw_str_t  open[2] = { apigw_str("["), apigw_str("{") };
    static const apigw_str_t  empty[2] = { apigw_str("[]"), apigw_str("{}") };

    if (!(node->flags & APIGW_JSON_TREE_EXPANDED)) {
        walk->state = APIGW_JSON_OUT_AFTER;

        return node->last ? apigw_json_tree_slice(walk->tree, node->first,
                                                  node->last)
                          : null;
    }

    object = node->kind == APIGW_JSON_OBJECT;

    if (node->first == 0) {
        walk->state = APIGW_JSON_OUT_AFTER;
        return empty[object];
    }

    walk->node = node->first;
    walk->state = object ? APIGW_JSON_OUT_NAME : APIGW_JSON_OUT_VALUE;

    return open[object];
}


/* On to the next sibling, or out of the container. */

static apigw_str_t
apigw_json_out_after(apigw_json_tree_walk_t *walk,
    const apigw_json_tree_node_t *node)
{
    bool  object;

    static const apigw_str_t  comma = apigw_str(",");
    static const apigw_str_t  close[2] = { apigw_str("]"), apigw_str("}") };

    if (node->next) {
        walk->node = node->next;
        walk->state = node->name_len ? APIGW_JSON_OUT_NAME
                                     : APIGW_JSON_OUT_VALUE;
        return comma;
    }

    object = node->name_len != 0;

    walk->node = node->parent;

    return close[object];
}


uint64_t
apigw_json_tree_size(const apigw_json_tree_t *tree, apigw_json_node_t node)
{
    uint64_t                size;
    apigw_str_t             piece;
    apigw_json_tree_walk_t  walk;

    size = 0;

    apigw_json_tree_walk(tree, node, &walk);

    while (apigw_json_tree_piece(&walk, &piece)) {
        size += piece.len;
    }

    return size;
}


apigw_rc_t
apigw_json_tree_emit(const apigw_json_tree_t *tree, apigw_json_node_t node,
    apigw_json_sink_pt sink, void *ctx)
{
    apigw_rc_t              rc;
    apigw_str_t             piece;
    apigw_json_tree_walk_t  walk;

    apigw_json_tree_walk(tree, node, &walk);

    while (apigw_json_tree_piece(&walk, &piece)) {
        rc = sink(ctx, piece.data, piece.len);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}
