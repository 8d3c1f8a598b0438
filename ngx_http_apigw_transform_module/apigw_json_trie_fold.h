
/*
 * The part of folding that walks: from apigw_json_trie only.
 */


#ifndef _APIGW_JSON_TRIE_FOLD_H_INCLUDED_
#define _APIGW_JSON_TRIE_FOLD_H_INCLUDED_


#include "apigw_json_trie_node.h"


#pragma GCC visibility push(hidden)


/* What is left of a pointer below some value: its tail. */

typedef struct {
    const apigw_json_segment_t  *segments;
    size_t                       n;
} apigw_json_trie_tail_t;


/*
 * Applies an operation to the result's root, which `slot` holds: itself, or,
 * with targets, values inside. Nodes on the way are copied.
 * out  *slot, in full only with APIGW_OK
 * APIGW_EUNSUPPORTED, APIGW_ELIMIT, APIGW_ENOMEM
 */
apigw_rc_t apigw_json_trie_roots(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op, apigw_json_trie_slot_t *slot,
    const apigw_json_trie_tail_t *tails, size_t n);


/* A name as JSON with its colon, `"name":`. APIGW_ENOMEM */
apigw_rc_t apigw_json_trie_quote(apigw_arena_t *arena, apigw_str_t name,
    apigw_str_t *source);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TRIE_FOLD_H_INCLUDED_ */
