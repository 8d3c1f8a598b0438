
#include "apigw_json_tree_node.h"


size_t
apigw_json_tree_behind_any(const apigw_json_pointer_t *pointer)
{
    size_t  n;

    for (n = pointer->n; n && !pointer->segments[n - 1].any; n--) {
        /* void */
    }

    return n;
}


apigw_rc_t
apigw_json_tree_each(apigw_json_tree_t *tree,
    const apigw_json_segment_t *segments, size_t n,
    const apigw_json_work_t *work)
{
    size_t             level;
    apigw_rc_t         rc;
    apigw_json_node_t  node, child, pending[APIGW_JSON_POINTER_SEGMENTS];

    node = tree->root;
    level = 0;

    for ( ;; ) {

        if (node && level < n) {

            rc = apigw_json_tree_step(tree, node, &segments[level],
                                      work->strict, true, &child);
            if (rc != APIGW_OK) {
                return rc;
            }

            pending[level] = segments[level].any && child
                             ? apigw_json_tree_node(tree, child)->next : 0;
            node = child;
            level++;

            continue;
        }

        if (node) {
            rc = work->at(tree, work, node);
            if (rc != APIGW_OK) {
                return rc;
            }
        }

        /* back to the innermost "*" that has one more */

        do {
            if (level == 0) {
                return APIGW_OK;
            }

            node = pending[--level];
        } while (node == 0);

        pending[level++] = apigw_json_tree_node(tree, node)->next;
    }
}


apigw_rc_t
apigw_json_tree_step(apigw_json_tree_t *tree, apigw_json_node_t n,
    const apigw_json_segment_t *segment, bool strict, bool single,
    apigw_json_node_t *child)
{
    uint32_t                 i;
    apigw_rc_t               rc;
    apigw_json_tree_node_t  *node;

    node = apigw_json_tree_node(tree, n);
    *child = 0;

    if (node->kind != APIGW_JSON_OBJECT && node->kind != APIGW_JSON_ARRAY) {

        if (strict && node->kind != APIGW_JSON_NULL) {
            return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_SHAPE);
        }

        return APIGW_OK;
    }

    rc = apigw_json_tree_expand(tree, n);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (segment->any) {
        *child = node->first;
        return APIGW_OK;
    }

    if (node->kind == APIGW_JSON_OBJECT) {
        rc = apigw_json_tree_name_find(tree, n, segment->name, child);

        if (rc == APIGW_OK && *child && single) {
            apigw_json_tree_name_single(tree, *child, segment->name);
        }

        return rc;
    }

    if (segment->index == APIGW_JSON_NO_INDEX) {

        if (strict && !segment->append) {
            return apigw_json_tree_fail(tree, APIGW_EINPUT, APIGW_JSON_SHAPE);
        }

        return APIGW_OK;
    }

    if (segment->index >= node->count) {
        return APIGW_OK;
    }

    *child = node->first;

    for (i = 0; i < segment->index; i++) {
        *child = apigw_json_tree_node(tree, *child)->next;
    }

    return APIGW_OK;
}


apigw_rc_t
apigw_json_tree_follow(apigw_json_tree_t *tree, apigw_json_node_t base,
    const apigw_json_segment_t *segments, size_t n, bool single,
    apigw_json_node_t *found)
{
    size_t      i;
    apigw_rc_t  rc;

    *found = base;

    for (i = 0; i < n && *found; i++) {
        rc = apigw_json_tree_step(tree, *found, &segments[i], false, single,
                                  found);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}
