
/*
 * The allocator that a core is given. Memory lives until its owner drops it
 * as a whole: glue passes a request pool, tools and tests a heap.
 */


#ifndef _APIGW_ARENA_H_INCLUDED_
#define _APIGW_ARENA_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


typedef struct {
    void  *(*alloc)(void *ctx, size_t size);  /* NULL when there is no more */
    void   *ctx;
} apigw_arena_t;


/* An arena on malloc(), for programs: apigw_heap_free() drops all of it. */

typedef struct apigw_heap_block_s  apigw_heap_block_t;

typedef struct {
    apigw_heap_block_t  *blocks;
} apigw_heap_t;


/*
 * Returns `size` bytes, uninitialised, aligned for any scalar type; NULL when
 * memory is out. `size` may be 0: then the pointer is valid but has no bytes.
 */
void *apigw_arena_alloc(apigw_arena_t *arena, size_t size);


/* As apigw_arena_alloc(), zeroed. */
void *apigw_arena_zalloc(apigw_arena_t *arena, size_t size);


/* Room for `n` items of `size` bytes, uninitialised; NULL on overflow too. */
void *apigw_arena_array(apigw_arena_t *arena, size_t n, size_t size);


/*
 * Copies `len` bytes. Returns the copy, one NUL after it that `len` does not
 * count, or NULL.
 */
uint8_t *apigw_arena_dup(apigw_arena_t *arena, const void *data, size_t len);


/* Makes `arena` allocate from `heap`, which must be zeroed or freed. */
void apigw_heap_arena(apigw_heap_t *heap, apigw_arena_t *arena);


/* Frees all that the heap's arena gave out; the heap may be used again. */
void apigw_heap_free(apigw_heap_t *heap);


#pragma GCC visibility pop


#endif /* _APIGW_ARENA_H_INCLUDED_ */
