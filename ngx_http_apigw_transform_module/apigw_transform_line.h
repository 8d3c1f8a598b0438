
/*
 * A line being parsed, and what its operations have in common.
 */


#ifndef _APIGW_TRANSFORM_LINE_H_INCLUDED_
#define _APIGW_TRANSFORM_LINE_H_INCLUDED_


#include "apigw_transform_op.h"


#pragma GCC visibility push(hidden)


typedef struct {
    apigw_arena_t            *arena;
    const apigw_str_t        *args;
    size_t                    nargs;
    apigw_transform_op_t     *op;
    apigw_transform_fault_t  *fault;
} apigw_transform_line_t;


/* Parses the `n` arguments behind the operation as its pointers. */
apigw_rc_t apigw_transform_line_pointers(apigw_transform_line_t *line,
    size_t n);


/* `skipped`: bytes of the argument in front of the pointer's text. */
apigw_rc_t apigw_transform_line_pointer(apigw_transform_line_t *line,
    size_t arg, apigw_str_t text, size_t skipped,
    apigw_json_pointer_t *pointer);


/* Checks that an argument can be a member's name. */
apigw_rc_t apigw_transform_line_name(apigw_transform_line_t *line, size_t arg);


/* Whether `text` is the parameter `prefix` ("type="); *rest: its value. */
bool apigw_transform_line_parameter(apigw_str_t text, const char *prefix,
    apigw_str_t *rest);


/* Notes what is wrong with an argument, and at which byte; APIGW_EINPUT. */
apigw_rc_t apigw_transform_refuse(apigw_transform_line_t *line, size_t arg,
    const char *text, const char *mend);
apigw_rc_t apigw_transform_refuse_at(apigw_transform_line_t *line, size_t arg,
    size_t offset, const char *text, const char *mend);


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_LINE_H_INCLUDED_ */
