
/*
 * Streaming operations compiled to one trie over the names and indexes of the
 * source, so that a projection (apigw_json_project) decides on each value by
 * one step down.
 *
 * A slot says what becomes of a value. Operations are folded in one after the
 * other, each finding its places by the names of the result so far. Nodes are
 * never changed once made: an operation copies those on its way, so one that
 * cannot be folded leaves the trie as it was, and a literal name may share the
 * node of the "*" it was made from.
 *
 * What cannot be folded: an index into an array of which elements before it may
 * have gone, and what lies inside a replaced value. Such an operation opens a
 * further trie, which projects the output of this one.
 */


#ifndef _APIGW_JSON_TRIE_H_INCLUDED_
#define _APIGW_JSON_TRIE_H_INCLUDED_


#include "apigw_transform_op.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_TRIE_DROP = 0,
    APIGW_TRIE_EMIT,                 /* as it is, all of it */
    APIGW_TRIE_REPLACE,              /* by a value of the message */
    APIGW_TRIE_BRANCH                /* the node knows */
} apigw_json_trie_kind_e;


typedef struct apigw_json_trie_node_s  apigw_json_trie_node_t;


typedef struct {
    uint8_t                    kind;
    uint8_t                    under;    /* REPLACE: what stays if the value is
                                            skipped, EMIT or BRANCH */
    bool                       loose;    /* a scalar is not the target: it had
                                            gone before */
    uint16_t                   mark;     /* which target this is; 0: none */
    uint32_t                   value;    /* REPLACE */
    apigw_json_trie_node_t    *node;     /* BRANCH, also under REPLACE */
} apigw_json_trie_slot_t;


typedef struct {
    apigw_str_t                name;     /* in the source, decoded */
    apigw_str_t                out;      /* in the result, decoded */
    apigw_str_t                source;   /* "out": as JSON; empty if not new */
    apigw_json_trie_slot_t     slot;
} apigw_json_trie_member_t;


typedef struct {
    uint32_t                   index;    /* in the source */
    apigw_json_trie_slot_t     slot;
} apigw_json_trie_element_t;


struct apigw_json_trie_node_s {
    apigw_json_trie_member_t   *members;     /* by length, then bytes */
    uint32_t                    nmembers;
    uint32_t                    nelements;
    apigw_json_trie_element_t  *elements;    /* by index */
    apigw_json_trie_slot_t      member;      /* all other members */
    apigw_json_trie_slot_t      element;     /* all other elements */
    uint64_t                    lengths;     /* bit n: a name of n bytes, the
                                                last bit for all longer ones */
    bool                        scalars;     /* a scalar is emitted */
    bool                        silent;      /* on the way to a target: only
                                                what is inside is written */
    uint32_t                    height;      /* of nodes, this one too; 0: not
                                                counted yet */
};


typedef struct {
    apigw_json_trie_slot_t     root;

    apigw_str_t               *groups;       /* around the root, outermost
                                                first */
    size_t                     ngroups;
    size_t                     ncut;         /* groups that stay, the last of
                                                them empty, if the root goes */
    bool                       cut;

    bool                      *musts;        /* of each target: missing=error */
    size_t                     ntargets;

    apigw_str_t                prefix;       /* before the root */
    apigw_str_t                suffix;       /* behind it */
    apigw_str_t                none;         /* the document without a root */

    size_t                     nodes;        /* as the limit counts them */
    uint32_t                   depth;        /* most nested nodes */
    uint32_t                   width;        /* most members of a node */

    size_t                     made;         /* by one operation */
    apigw_arena_t             *arena;
} apigw_json_trie_t;


/* Makes a trie that leaves documents as they are; NULL: no memory. */
apigw_json_trie_t *apigw_json_trie_create(apigw_arena_t *arena);


/*
 * Folds in an operation that streams.
 * APIGW_EUNSUPPORTED it must go into a further trie, this one is unchanged;
 * APIGW_ELIMIT too many nodes; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_trie_fold(apigw_json_trie_t *trie,
    const apigw_transform_op_t *op);


/*
 * Ends the work on a trie: makes the texts, counts.
 * APIGW_ELIMIT too many nodes; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_trie_finish(apigw_json_trie_t *trie);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TRIE_H_INCLUDED_ */
