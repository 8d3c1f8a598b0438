
/*
 * Bytes that are gathered in chunks of an arena until all of them are there.
 */


#ifndef _APIGW_TRANSFORM_BUFFER_H_INCLUDED_
#define _APIGW_TRANSFORM_BUFFER_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_transform_chunk_s  apigw_transform_chunk_t;


/* Fields are the buffer's own; `total` may be read. */

typedef struct {
    apigw_arena_t            *arena;
    apigw_transform_chunk_t  *first;
    apigw_transform_chunk_t  *tail;
    size_t                    total;
    size_t                    next;      /* least size of the next chunk */
} apigw_transform_buffer_t;


/* An empty buffer; `expect`: how many bytes will come, or 0. */
void apigw_transform_buffer_init(apigw_transform_buffer_t *b,
    apigw_arena_t *arena, size_t expect);


/* Where to put the next bytes, and how many have room, at least 1; or NULL. */
uint8_t *apigw_transform_buffer_room(apigw_transform_buffer_t *b,
    size_t *size);


/* That many bytes were put there. */
void apigw_transform_buffer_commit(apigw_transform_buffer_t *b, size_t n);


/* All bytes in one slice, not copied if they came into one chunk. */
apigw_rc_t apigw_transform_buffer_join(apigw_transform_buffer_t *b,
    apigw_str_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_BUFFER_H_INCLUDED_ */
