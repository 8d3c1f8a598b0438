
#include "apigw_json_trie_node.h"
#include "apigw_json_reader.h"


static bool apigw_json_trie_stays(const apigw_json_trie_slot_t *slot);
static apigw_rc_t apigw_json_trie_count_slot(apigw_json_trie_t *trie,
    const apigw_json_trie_slot_t *slot, uint32_t depth, uint32_t *height);
static apigw_rc_t apigw_json_trie_count_node(apigw_json_trie_t *trie,
    apigw_json_trie_node_t *node, uint32_t depth);


apigw_rc_t
apigw_json_trie_open(apigw_json_trie_t *trie,
    const apigw_json_trie_slot_t *slot, size_t more,
    apigw_json_trie_node_t **node)
{
    size_t                   members, elements;
    apigw_json_trie_node_t  *copy, *old;

    copy = apigw_arena_zalloc(trie->arena, sizeof(apigw_json_trie_node_t));
    if (copy == NULL) {
        return APIGW_ENOMEM;
    }

    old = slot->kind == APIGW_TRIE_BRANCH ? slot->node : NULL;

    if (old != NULL) {
        *copy = *old;

    } else {
        copy->member.kind = APIGW_TRIE_EMIT;
        copy->element.kind = APIGW_TRIE_EMIT;
        copy->scalars = true;
    }

    trie->made += 1 + copy->nmembers;

    if (trie->made > 2 * APIGW_TRANSFORM_MAX_NODES) {
        return APIGW_ELIMIT;
    }

    members = copy->nmembers + more;
    elements = copy->nelements + more;

    copy->members = apigw_arena_array(trie->arena, members,
                                      sizeof(apigw_json_trie_member_t));
    if (copy->members == NULL) {
        return APIGW_ENOMEM;
    }

    copy->elements = apigw_arena_array(trie->arena, elements,
                                       sizeof(apigw_json_trie_element_t));
    if (copy->elements == NULL) {
        return APIGW_ENOMEM;
    }

    if (copy->nmembers) {
        memcpy(copy->members, old->members,
               copy->nmembers * sizeof(apigw_json_trie_member_t));
    }

    if (copy->nelements) {
        memcpy(copy->elements, old->elements,
               copy->nelements * sizeof(apigw_json_trie_element_t));
    }

    *node = copy;

    return APIGW_OK;
}


void
apigw_json_trie_insert_member(apigw_json_trie_node_t *node, apigw_str_t name)
{
    int                        cmp;
    uint32_t                   low, high, mid;
    apigw_json_trie_member_t  *m;

    low = 0;
    high = node->nmembers;

    while (low < high) {
        mid = (low + high) / 2;
        cmp = apigw_json_trie_compare(name, node->members[mid].name);

        if (cmp == 0) {
            return;
        }

        if (cmp < 0) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    m = &node->members[low];
    memmove(m + 1, m, (node->nmembers - low) * sizeof(*m));
    node->nmembers++;

    memset(m, 0, sizeof(*m));
    m->name = name;
    m->out = name;
    m->slot = node->member;
}


void
apigw_json_trie_insert_element(apigw_json_trie_node_t *node, uint32_t index)
{
    uint32_t                    i;
    apigw_json_trie_element_t  *e;

    for (i = 0; i < node->nelements; i++) {
        if (node->elements[i].index >= index) {
            break;
        }
    }

    e = &node->elements[i];

    if (i < node->nelements && e->index == index) {
        return;
    }

    memmove(e + 1, e, (node->nelements - i) * sizeof(*e));
    node->nelements++;

    e->index = index;
    e->slot = node->element;
}


bool
apigw_json_trie_stable(const apigw_json_trie_node_t *node, uint32_t index)
{
    uint32_t  i;

    for (i = 0; i < node->nelements; i++) {
        if (node->elements[i].index > index) {
            break;
        }

        if (!apigw_json_trie_stays(&node->elements[i].slot)) {
            return false;
        }
    }

    return i > index || apigw_json_trie_stays(&node->element);
}


/* Whether a value is emitted whatever its type. */

static bool
apigw_json_trie_stays(const apigw_json_trie_slot_t *slot)
{
    if (slot->node != NULL) {
        return slot->node->scalars;
    }

    return slot->kind != APIGW_TRIE_DROP;
}


apigw_rc_t
apigw_json_trie_count(apigw_json_trie_t *trie)
{
    trie->nodes = 1;
    trie->width = 0;
    trie->depth = 0;

    return apigw_json_trie_count_slot(trie, &trie->root, 0, &trie->depth);
}


/* The recursion is as deep as the trie, whose depth it bounds. */

static apigw_rc_t
apigw_json_trie_count_slot(apigw_json_trie_t *trie,
    const apigw_json_trie_slot_t *slot, uint32_t depth, uint32_t *height)
{
    apigw_rc_t  rc;

    if (slot->node == NULL) {
        return APIGW_OK;
    }

    if (slot->node->height == 0) {
        rc = apigw_json_trie_count_node(trie, slot->node, depth);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    if (*height < slot->node->height) {
        *height = slot->node->height;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_json_trie_count_node(apigw_json_trie_t *trie,
    apigw_json_trie_node_t *node, uint32_t depth)
{
    size_t      len;
    uint32_t    i, height;
    apigw_rc_t  rc;

    /* An index is a name too, and "*" both a member's and an element's. */

    trie->nodes += node->nmembers
                   + (node->member.node != NULL || node->element.node != NULL);

    if (trie->nodes > APIGW_TRANSFORM_MAX_NODES
        || depth > APIGW_JSON_DEPTH_LIMIT)
    {
        return APIGW_ELIMIT;
    }

    height = 0;

    rc = apigw_json_trie_count_slot(trie, &node->member, depth + 1, &height);

    if (rc == APIGW_OK) {
        rc = apigw_json_trie_count_slot(trie, &node->element, depth + 1,
                                        &height);
    }

    for (i = 0; rc == APIGW_OK && i < node->nelements; i++) {
        rc = apigw_json_trie_count_slot(trie, &node->elements[i].slot,
                                        depth + 1, &height);
    }

    node->lengths = 0;

    for (i = 0; rc == APIGW_OK && i < node->nmembers; i++) {
        len = node->members[i].name.len;
        len = len < APIGW_TRIE_LONG_NAME ? len : APIGW_TRIE_LONG_NAME;
        node->lengths |= (uint64_t) 1 << len;

        rc = apigw_json_trie_count_slot(trie, &node->members[i].slot,
                                        depth + 1, &height);
    }

    if (trie->width < node->nmembers) {
        trie->width = node->nmembers;
    }

    node->height = height + 1;

    return rc;
}
