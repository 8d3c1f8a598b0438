
/*
 * The inside of a set, for the run: its operations as steps.
 */


#ifndef _APIGW_TRANSFORM_PLAN_H_INCLUDED_
#define _APIGW_TRANSFORM_PLAN_H_INCLUDED_


#include "apigw_json_trie.h"
#include "apigw_transform_op.h"


#pragma GCC visibility push(hidden)


/* Either a trie, through which documents pass, or edits of a tree. */

typedef struct {
    apigw_json_trie_t        *trie;      /* NULL: edits */
    size_t                    first;     /* of the operations */
    size_t                    n;
} apigw_transform_step_t;


struct apigw_transform_set_s {
    apigw_arena_t            *arena;
    apigw_transform_op_t     *ops;
    size_t                    nops;
    apigw_transform_value_t  *values;
    size_t                    nvalues;
    apigw_transform_step_t   *steps;     /* at most one per operation */
    size_t                    nsteps;
    const apigw_str_t        *whole;
};


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_PLAN_H_INCLUDED_ */
