
/*
 * The nodes of a trie: made, searched, filled.
 */


#ifndef _APIGW_JSON_TRIE_NODE_H_INCLUDED_
#define _APIGW_JSON_TRIE_NODE_H_INCLUDED_


#include "apigw_json_trie.h"


#pragma GCC visibility push(hidden)


/* Names this long and longer share a bit. */

#define APIGW_TRIE_LONG_NAME  63


static inline int
apigw_json_trie_compare(apigw_str_t a, apigw_str_t b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }

    return a.len ? memcmp(a.data, b.data, a.len) : 0;
}


/*
 * The member of a source name, or NULL: then it is one of the others. Wants a
 * finished trie.
 */
static inline const apigw_json_trie_member_t *
apigw_json_trie_find(const apigw_json_trie_node_t *node, apigw_str_t name)
{
    int       cmp;
    size_t    len;
    uint32_t  low, high, mid;

    len = name.len < APIGW_TRIE_LONG_NAME ? name.len : APIGW_TRIE_LONG_NAME;

    if ((node->lengths >> len & 1) == 0) {
        return NULL;
    }

    low = 0;
    high = node->nmembers;

    while (low < high) {
        mid = (low + high) / 2;
        cmp = apigw_json_trie_compare(name, node->members[mid].name);

        if (cmp == 0) {
            return &node->members[mid];
        }

        if (cmp < 0) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    return NULL;
}


/*
 * Makes a copy of a BRANCH's node, or, for EMIT, one that leaves all as it is,
 * with room for `more` members and elements.
 * APIGW_ELIMIT the operation made too many; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_trie_open(apigw_json_trie_t *trie,
    const apigw_json_trie_slot_t *slot, size_t more,
    apigw_json_trie_node_t **node);


/*
 * Gives a source name, or an index, a slot of its own, if it has none: as that
 * of the others. There must be room.
 */
void apigw_json_trie_insert_member(apigw_json_trie_node_t *node,
    apigw_str_t name);
void apigw_json_trie_insert_element(apigw_json_trie_node_t *node,
    uint32_t index);


/* Whether elements 0 to `index` of every array keep their index. */
bool apigw_json_trie_stable(const apigw_json_trie_node_t *node,
    uint32_t index);


/*
 * Counts nodes and completes them for apigw_json_trie_find().
 * APIGW_ELIMIT too many
 */
apigw_rc_t apigw_json_trie_count(apigw_json_trie_t *trie);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TRIE_NODE_H_INCLUDED_ */
