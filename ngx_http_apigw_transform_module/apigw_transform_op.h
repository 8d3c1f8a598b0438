
/*
 * One line "json OP ..." of a set, parsed.
 */


#ifndef _APIGW_TRANSFORM_OP_H_INCLUDED_
#define _APIGW_TRANSFORM_OP_H_INCLUDED_


#include "apigw_json_pointer.h"
#include "apigw_transform_set.h"
#include "apigw_transform_value.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_OP_KEEP = 0,
    APIGW_OP_DROP,
    APIGW_OP_REPLACE,
    APIGW_OP_TARGET,
    APIGW_OP_GROUP,
    APIGW_OP_MAP,                    /* "rename" too */
    APIGW_OP_SET,                    /* the first that needs the document */
    APIGW_OP_ADD,
    APIGW_OP_MOVE,
    APIGW_OP_COPY
} apigw_transform_op_e;


typedef struct {
    apigw_str_t            from;
    apigw_str_t            to;
} apigw_transform_rename_t;


typedef struct {
    apigw_transform_op_e       kind;
    apigw_str_t                word;      /* as written */

    apigw_json_pointer_t      *pointers;  /* keep, drop: all; move, copy: the
                                             source, the destination; else 1 */
    size_t                     npointers;

    apigw_transform_rename_t  *renames;   /* of MAP: all at once */
    size_t                     nrenames;

    apigw_str_t                name;      /* of GROUP, decoded */
    bool                       must;      /* of TARGET: missing=error */

    bool                       valued;    /* REPLACE, SET, ADD */
    apigw_str_t                text;      /* the value as written */
    size_t                     arg;       /* where that was on the line */
    size_t                     value;     /* its number in the set */
    apigw_value_type_e         type;
    bool                       skip;      /* on_invalid=skip */
} apigw_transform_op_t;


/*
 * Parses a line. `value` stays 0, it is the set's to give.
 * args  args[0] is the operation; the texts must outlive *op
 * out   *op lives as long as the arena
 * APIGW_EINPUT with *fault; APIGW_ENOMEM
 */
apigw_rc_t apigw_transform_op_parse(apigw_arena_t *arena,
    const apigw_str_t *args, size_t nargs, apigw_transform_op_t *op,
    apigw_transform_fault_t *fault);


/* Whether the operation can work while the document passes. */
static inline bool
apigw_transform_op_streams(const apigw_transform_op_t *op)
{
    return op->kind < APIGW_OP_SET;
}


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_OP_H_INCLUDED_ */
