
/*
 * The state STREAM of a response: output in two buffers, while input waits
 * whenever both of them are on their way to the client.
 */


#include "ngx_http_apigw_transform_response.h"


#define NGX_HTTP_APIGW_TRANSFORM_BUFS   2
#define NGX_HTTP_APIGW_TRANSFORM_BUF    16384


static ngx_int_t ngx_http_apigw_transform_stream_fill(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t **out);
static ngx_int_t ngx_http_apigw_transform_stream_buf(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);
static ngx_int_t ngx_http_apigw_transform_emit(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t **out);


/*
 * Sends what can be sent, beginning with `out`, in two buffers that are used
 * again and again. With both still busy the rest of the input waits, unread.
 * `push`: what lies in the filters behind us is to be sent in any case.
 */

ngx_int_t
ngx_http_apigw_transform_stream(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t *out,
    ngx_uint_t push)
{
    ngx_int_t     rc, fill;
    ngx_chain_t  *cl;

    rc = NGX_OK;

    for ( ;; ) {

        cl = out;

        fill = ngx_http_apigw_transform_stream_fill(r, ctx,
                                                    cl ? &cl->next : &out);
        if (fill == NGX_ERROR) {
            break;
        }

        if (out || ctx->busy || push) {

            rc = ngx_http_apigw_transform_output_next(r, out);

            ngx_chain_update_chains(r->pool, &ctx->free, &ctx->busy, &out,
                          (ngx_buf_tag_t) &ngx_http_apigw_transform_module);

            if (rc == NGX_ERROR) {
                ctx->state = NGX_HTTP_APIGW_TRANSFORM_FAILED;
                fill = NGX_ERROR;
                break;
            }

            push = 0;
        }

        if (fill != NGX_BUSY || ctx->free == NULL) {
            break;
        }
    }

    switch (fill) {

    case NGX_BUSY:
        r->buffered |= NGX_HTTP_APIGW_TRANSFORM_BUFFERED;
        return NGX_AGAIN;

    case NGX_OK:
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_DONE;
        break;

    case NGX_ERROR:
        rc = NGX_ERROR;
        break;
    }

    r->buffered &= ~NGX_HTTP_APIGW_TRANSFORM_BUFFERED;

    return rc;
}


/*
 * Fills buffers while there are bytes and room.
 * NGX_OK: the end is in *out; NGX_AGAIN: no more input; NGX_BUSY: no more
 * room; NGX_ERROR: failed, and all is said
 */

static ngx_int_t
ngx_http_apigw_transform_stream_fill(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t **out)
{
    apigw_rc_t      rc;
    apigw_error_t   error;

    for ( ;; ) {

        switch (ngx_http_apigw_transform_stream_buf(r, ctx)) {

        case NGX_OK:
            break;

        case NGX_BUSY:
            return NGX_BUSY;

        default:
            return ngx_http_apigw_transform_response_internal(r, ctx);
        }

        rc = ngx_http_apigw_transform_pump(r, ctx, ctx->fill, &error);

        if (rc == APIGW_AGAIN && ctx->fill->last == ctx->fill->end) {

            if (ngx_http_apigw_transform_emit(r, ctx, out) != NGX_OK) {
                return ngx_http_apigw_transform_response_internal(r, ctx);
            }

            out = &(*out)->next;
            continue;
        }

        if (rc != APIGW_AGAIN && rc != APIGW_OK) {
            return ngx_http_apigw_transform_response_fail(r, ctx, &error);
        }

        if (rc == APIGW_OK) {
            ngx_http_apigw_transform_source_drop(r, ctx);

            ctx->fill->last_buf = ctx->last_buf;
            ctx->fill->last_in_chain = 1;

        } else if (ngx_http_apigw_transform_truncated(r, ctx)) {
            error.word = "upstream_truncated";
            error.offset = APIGW_TRANSFORM_NO_OFFSET;

            return ngx_http_apigw_transform_response_fail(r, ctx, &error);

        } else if (!ctx->flush && !ctx->sync) {
            return NGX_AGAIN;
        }

        if (ngx_http_apigw_transform_emit(r, ctx, out) != NGX_OK) {
            return ngx_http_apigw_transform_response_internal(r, ctx);
        }

        return rc == APIGW_OK ? NGX_OK : NGX_AGAIN;
    }
}


static ngx_int_t
ngx_http_apigw_transform_stream_buf(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (ctx->fill) {
        return NGX_OK;
    }

    if (ctx->free) {
        cl = ctx->free;
        ctx->free = cl->next;

        b = cl->buf;
        ngx_free_chain(r->pool, cl);

    } else if (ctx->bufs < NGX_HTTP_APIGW_TRANSFORM_BUFS) {
        b = ngx_create_temp_buf(r->pool, NGX_HTTP_APIGW_TRANSFORM_BUF);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->tag = (ngx_buf_tag_t) &ngx_http_apigw_transform_module;
        ctx->bufs++;

    } else {
        return NGX_BUSY;
    }

    b->pos = b->start;
    b->last = b->start;
    b->temporary = 1;
    b->recycled = 1;                 /* not to be held back: we wait for it */
    b->flush = 0;
    b->sync = 0;

    ctx->fill = b;

    return NGX_OK;
}


/* Puts the buffer being filled, and the flags to be carried, into *out. */

static ngx_int_t
ngx_http_apigw_transform_emit(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t **out)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = ctx->fill;
    ctx->fill = NULL;

    b->flush = ctx->flush;

    if (b->pos == b->last) {
        b->temporary = 0;            /* a sign, not an empty buffer */
        b->recycled = 0;
        b->sync = 1;
    }

    ctx->flush = 0;
    ctx->sync = 0;

    cl->buf = b;
    cl->next = NULL;

    *out = cl;

    return NGX_OK;
}
