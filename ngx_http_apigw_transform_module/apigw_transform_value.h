
/*
 * Typed values of transform operations: text in, one JSON value out. A text
 * that does not fit its type is refused, never mended.
 */


#ifndef _APIGW_TRANSFORM_VALUE_H_INCLUDED_
#define _APIGW_TRANSFORM_VALUE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_VALUE_STRING = 0,          /* any UTF-8, escaped */
    APIGW_VALUE_NUMBER,              /* RFC 8259 grammar, written as given */
    APIGW_VALUE_BOOLEAN,             /* true or false */
    APIGW_VALUE_NULL,                /* null, or an empty text */
    APIGW_VALUE_JSON                 /* one strict document, as given */
} apigw_value_type_e;


/*
 * Reads a type's name: string, number, boolean, null or json.
 * APIGW_EINPUT  no such type; *type is untouched
 */
apigw_rc_t apigw_transform_value_type(apigw_str_t name,
    apigw_value_type_e *type);


/*
 * Writes `text` as one JSON value of `type`. With APIGW_VALUE_JSON the white
 * space around the value is left out, and it may be at most `max_depth` deep;
 * names that occur twice in one object are refused.
 * text  need not outlive the call, except for numbers and JSON, which *json
 *       points into
 * json  lives as long as the arena and `text`; untouched unless APIGW_OK
 * seed  hidden from clients; keys the check for duplicate names
 * APIGW_EINPUT value_invalid, offset in `text`; APIGW_ENOMEM internal
 */
apigw_rc_t apigw_transform_value_encode(apigw_value_type_e type,
    apigw_str_t text, uint32_t max_depth, const uint64_t seed[2],
    apigw_arena_t *arena, apigw_str_t *json, apigw_error_t *error);


/* One value of a set's operations. */

typedef struct {
    apigw_value_type_e   type;
    bool                 skip;       /* leave the operation out if invalid */
    bool                 constant;   /* `json` is it, in each message */
    apigw_str_t          text;       /* as written */
    size_t               arg;        /* its place on the line */
    apigw_str_t          json;
} apigw_transform_value_t;


/* The values of one message. Encoded when an operation first asks. */

typedef struct {
    const apigw_transform_value_t  *specs;
    const apigw_str_t              *texts;    /* of the message, NULL data is
                                                 an empty text */
    size_t                          n;
    apigw_str_t                    *cache;    /* NULL data: not yet encoded */
    apigw_arena_t                  *arena;
    uint32_t                        max_depth;
    uint64_t                        seed[2];
} apigw_transform_values_t;


/*
 * The i-th value of the message, as JSON.
 * APIGW_EUNSUPPORTED  it is invalid and the operation is to be left out
 * APIGW_EINPUT value_invalid, APIGW_ENOMEM internal
 */
apigw_rc_t apigw_transform_values_get(apigw_transform_values_t *values,
    size_t i, apigw_str_t *json, apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_VALUE_H_INCLUDED_ */
