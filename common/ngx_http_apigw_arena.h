
/*
 * Lends an nginx pool to the cores.
 */


#ifndef _NGX_HTTP_APIGW_ARENA_H_INCLUDED_
#define _NGX_HTTP_APIGW_ARENA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "apigw_arena.h"


static inline void *
ngx_http_apigw_arena_alloc(void *ctx, size_t size)
{
    return ngx_palloc(ctx, size);
}


static inline void
ngx_http_apigw_arena_init(apigw_arena_t *arena, ngx_pool_t *pool)
{
    arena->alloc = ngx_http_apigw_arena_alloc;
    arena->ctx = pool;
}


static inline apigw_str_t
ngx_http_apigw_str(const ngx_str_t *s)
{
    apigw_str_t  str;

    str.data = s->data;
    str.len = s->len;

    return str;
}


#endif /* _NGX_HTTP_APIGW_ARENA_H_INCLUDED_ */
