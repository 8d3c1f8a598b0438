
#include "apigw_arena.h"

#include <stdlib.h>


struct apigw_heap_block_s {
    apigw_heap_block_t     *next;
    _Alignas(max_align_t)
    unsigned char           data[];
};


static void *apigw_heap_alloc(void *ctx, size_t size);


void *
apigw_arena_alloc(apigw_arena_t *arena, size_t size)
{
    return arena->alloc(arena->ctx, size ? size : 1);
}


void *
apigw_arena_zalloc(apigw_arena_t *arena, size_t size)
{
    void  *p;

    p = apigw_arena_alloc(arena, size);
    if (p != NULL) {
        memset(p, 0, size);
    }

    return p;
}


void *
apigw_arena_array(apigw_arena_t *arena, size_t n, size_t size)
{
    size_t  total;

    if (__builtin_mul_overflow(n, size, &total)) {
        return NULL;
    }

    return apigw_arena_alloc(arena, total);
}


uint8_t *
apigw_arena_dup(apigw_arena_t *arena, const void *data, size_t len)
{
    size_t    size;
    uint8_t  *p;

    if (__builtin_add_overflow(len, 1, &size)) {
        return NULL;
    }

    p = apigw_arena_alloc(arena, size);
    if (p == NULL) {
        return NULL;
    }

    if (len) {
        memcpy(p, data, len);
    }

    p[len] = '\0';

    return p;
}


void
apigw_heap_arena(apigw_heap_t *heap, apigw_arena_t *arena)
{
    heap->blocks = NULL;

    arena->alloc = apigw_heap_alloc;
    arena->ctx = heap;
}


static void *
apigw_heap_alloc(void *ctx, size_t size)
{
    size_t               total;
    apigw_heap_t        *heap = ctx;
    apigw_heap_block_t  *block;

    if (__builtin_add_overflow(sizeof(apigw_heap_block_t), size, &total)) {
        return NULL;
    }

    block = malloc(total);
    if (block == NULL) {
        return NULL;
    }

    block->next = heap->blocks;
    heap->blocks = block;

    return block->data;
}


void
apigw_heap_free(apigw_heap_t *heap)
{
    apigw_heap_block_t  *block, *next;

    for (block = heap->blocks; block; block = next) {
        next = block->next;
        free(block);
    }

    heap->blocks = NULL;
}
