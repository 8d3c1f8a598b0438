
/*
 * JSON Pointer (RFC 6901), with the extensions of transform's operations: a
 * segment "*" is every member or element, "~2" a literal "*".
 */


#ifndef _APIGW_JSON_POINTER_H_INCLUDED_
#define _APIGW_JSON_POINTER_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_JSON_POINTER_SEGMENTS  64

#define APIGW_JSON_NO_INDEX          UINT32_MAX


typedef struct {
    apigw_str_t             name;    /* decoded; of "*" too */
    uint32_t                index;   /* 0, or digits without a leading 0;
                                        else APIGW_JSON_NO_INDEX */
    bool                    any;     /* an unescaped "*" */
    bool                    append;  /* "-" as the last segment: behind an
                                        array's end; in an object a name */
} apigw_json_segment_t;


typedef struct {
    apigw_json_segment_t   *segments;
    size_t                  n;       /* 0: the document */
    size_t                  any;     /* how many of them are "*" */
} apigw_json_pointer_t;


/*
 * Parses a pointer: "" or "/segment/...".
 * in   `extended`: "*" and "~2" have their meaning; else "*" is a literal and
 *      "~2" an error, as in RFC 6901
 * out  *pointer lives as long as the arena; its text is copied
 * APIGW_EINPUT pointer_invalid (no leading "/", a bad "~", invalid UTF-8),
 * APIGW_ELIMIT pointer_too_long (more than 64 segments), with the offset in the
 * text; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_pointer_parse(apigw_arena_t *arena, apigw_str_t text,
    bool extended, apigw_json_pointer_t *pointer, apigw_error_t *error);


/*
 * How many leading segments two pointers share up to and including the last
 * "*" of either: the part that move and copy walk over. False when their "*"
 * are not all in a common prefix.
 */
bool apigw_json_pointer_prefix(const apigw_json_pointer_t *a,
    const apigw_json_pointer_t *b, size_t *n);


/* Whether `a` is `b` or lies above it; segments compared as written. */
bool apigw_json_pointer_covers(const apigw_json_pointer_t *a,
    const apigw_json_pointer_t *b);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_POINTER_H_INCLUDED_ */
