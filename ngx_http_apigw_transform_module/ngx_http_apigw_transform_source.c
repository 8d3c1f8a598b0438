
/*
 * What the body filter reads: the buffers that came, by reference, with the
 * content coding undone. A buffer is given up once all of it was used; until
 * then whoever filled it waits.
 */


#include "ngx_http_apigw_transform_response.h"


#define NGX_HTTP_APIGW_TRANSFORM_WINDOW  16384


static ngx_int_t ngx_http_apigw_transform_source_take(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *window,
    apigw_error_t *error);
static ngx_int_t ngx_http_apigw_transform_source_inflate(
    ngx_http_request_t *r, ngx_http_apigw_transform_response_t *ctx,
    apigw_str_t *window, bool *last, apigw_error_t *error);
static ngx_int_t ngx_http_apigw_transform_source_keep(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b);
static ngx_int_t ngx_http_apigw_transform_source_fail(apigw_error_t *error);


ngx_int_t
ngx_http_apigw_transform_source_next(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *window,
    bool *last, apigw_error_t *error)
{
    ngx_int_t  rc;

    if (ctx->inflate) {
        return ngx_http_apigw_transform_source_inflate(r, ctx, window, last,
                                                       error);
    }

    rc = ngx_http_apigw_transform_source_take(r, ctx, window, error);

    *last = ctx->last;

    return rc;
}


/* The next buffer with bytes in it, or the last one. */

static ngx_int_t
ngx_http_apigw_transform_source_take(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *window,
    apigw_error_t *error)
{
    ngx_buf_t   *b;
    ngx_uint_t   last;

    for ( ;; ) {

        ngx_http_apigw_transform_source_drop(r, ctx);

        if (ctx->in == NULL) {
            return NGX_AGAIN;
        }

        b = ctx->in->buf;

        if (b->in_file && !ngx_buf_in_memory(b) && ngx_buf_size(b)) {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "apigw_transform: response body not in memory");
            return ngx_http_apigw_transform_source_fail(error);
        }

        window->data = b->pos;
        window->len = ngx_buf_in_memory(b) ? b->last - b->pos : 0;

        /*
         * Of a subrequest, or with more to come from the addition filter, the
         * end is not the connection's.
         */

        last = b->last_buf || (b->last_in_chain && (r != r->main || b->sync));

        if (window->len && ctx->keep) {

            switch (ngx_http_apigw_transform_source_keep(r, ctx, b)) {

            case NGX_OK:
                break;

            case NGX_DECLINED:
                ctx->keep = 0;
                ctx->keep_full = 1;
                return NGX_AGAIN;

            default:
                return ngx_http_apigw_transform_source_fail(error);
            }
        }

        ctx->taken = 1;
        ctx->flush |= b->flush;
        ctx->sync |= (b->sync && !last);
        ctx->received += window->len;

        if (last) {
            ctx->last = 1;
            ctx->last_buf = b->last_buf;
            return ctx->received ? NGX_OK : NGX_DONE;
        }

        if (window->len) {
            return NGX_OK;
        }
    }
}


static ngx_int_t
ngx_http_apigw_transform_source_inflate(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *window,
    bool *last, apigw_error_t *error)
{
    size_t       n;
    ngx_int_t    rc;
    apigw_rc_t   irc;
    apigw_str_t  raw;

    for ( ;; ) {

        irc = apigw_inflate_read(ctx->inflate, ctx->window,
                                 NGX_HTTP_APIGW_TRANSFORM_WINDOW, &n, error);

        if (irc != APIGW_OK && irc != APIGW_AGAIN) {
            return NGX_ERROR;
        }

        if (n || irc == APIGW_OK) {
            window->data = ctx->window;
            window->len = n;
            *last = (irc == APIGW_OK);

            return NGX_OK;
        }

        rc = ngx_http_apigw_transform_source_take(r, ctx, &raw, error);

        if (rc != NGX_OK) {
            return rc;
        }

        apigw_inflate_feed(ctx->inflate, raw.data, raw.len, ctx->last);
    }
}


void
ngx_http_apigw_transform_source_drop(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    ngx_chain_t  *cl;

    if (!ctx->taken) {
        return;
    }

    ctx->taken = 0;

    cl = ctx->in;
    ctx->in = cl->next;

    if (ctx->state == NGX_HTTP_APIGW_TRANSFORM_WATCH) {
        return;                      /* the chain goes on to the client */
    }

    cl->buf->pos = cl->buf->last;

    if (cl->buf->in_file) {
        cl->buf->file_pos = cl->buf->file_last;
    }

    ngx_free_chain(r->pool, cl);
}


/* Copies a buffer, so that it can be given up and yet be sent later. */

static ngx_int_t
ngx_http_apigw_transform_source_keep(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b)
{
    size_t                                size;
    ngx_buf_t                            *copy;
    ngx_chain_t                          *cl;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    size = b->last - b->pos;

    if (size > tlcf->max_size - ctx->kept_size) {
        return NGX_DECLINED;
    }

    copy = ngx_create_temp_buf(r->pool, size);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    copy->last = ngx_cpymem(copy->last, b->pos, size);

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = copy;
    cl->next = NULL;

    *ctx->last_kept = cl;
    ctx->last_kept = &cl->next;
    ctx->kept_size += size;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_source_fail(apigw_error_t *error)
{
    error->word = "internal";
    error->offset = APIGW_TRANSFORM_NO_OFFSET;

    return NGX_ERROR;
}
