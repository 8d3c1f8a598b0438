
/*
 * Moves the bytes of a response from its source through the core.
 */


#include "ngx_http_apigw_transform_response.h"


#define NGX_HTTP_APIGW_TRANSFORM_SCRATCH  16384


static apigw_rc_t ngx_http_apigw_transform_pump_all(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b,
    apigw_error_t *error);
static ngx_int_t ngx_http_apigw_transform_watch_stream(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_error_t *error);


/*
 * Moves the input through the core into `b`.
 * APIGW_OK: that was all of it; APIGW_AGAIN: `b` is full, or else there is no
 * more input now; or an error
 */

apigw_rc_t
ngx_http_apigw_transform_pump(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b,
    apigw_error_t *error)
{
    uint64_t    start;
    apigw_rc_t  rc;

    start = ngx_http_apigw_transform_clock();

    rc = ngx_http_apigw_transform_pump_all(r, ctx, b, error);

    ctx->record->time += ngx_http_apigw_transform_clock() - start;

    return rc;
}


static apigw_rc_t
ngx_http_apigw_transform_pump_all(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b,
    apigw_error_t *error)
{
    bool         last;
    size_t       n;
    apigw_rc_t   rc;
    apigw_str_t  window;

    for ( ;; ) {

        rc = apigw_transform_run_read(ctx->run, b->last, b->end - b->last, &n,
                                      error);

        b->last += n;

        if (rc != APIGW_AGAIN || b->last == b->end) {
            return rc;
        }

        switch (ngx_http_apigw_transform_source_next(r, ctx, &window, &last,
                                                     error))
        {
        case NGX_OK:
            apigw_transform_run_feed(ctx->run, window.data, window.len, last);
            break;

        case NGX_AGAIN:
            return APIGW_AGAIN;

        case NGX_DONE:
            return APIGW_OK;         /* empty, and stays so */

        default:
            return APIGW_EINPUT;
        }
    }
}


/* NGX_OK: *body, empty if the original is; NGX_AGAIN; NGX_ERROR. */

ngx_int_t
ngx_http_apigw_transform_whole_read(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_str_t *body,
    apigw_error_t *error)
{
    bool         last;
    ngx_int_t    rc;
    apigw_rc_t   crc;
    apigw_str_t  window;

    body->data = NULL;
    body->len = 0;

    for ( ;; ) {

        rc = ngx_http_apigw_transform_source_next(r, ctx, &window, &last,
                                                  error);

        if (rc == NGX_AGAIN && ctx->keep_full) {
            error->word = "json_too_large";
            error->offset = APIGW_TRANSFORM_NO_OFFSET;

            ctx->keep = 1;           /* what was kept is still all there was */

            return NGX_ERROR;
        }

        if (rc == NGX_DONE) {
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            return rc;
        }

        crc = apigw_transform_run_collect(ctx->run, window.data, window.len,
                                          last, body, error);

        if (crc == APIGW_OK) {
            return NGX_OK;
        }

        if (crc != APIGW_AGAIN) {
            return NGX_ERROR;
        }
    }
}


/*
 * An upstream that dies after its header makes nginx send a flush and nothing
 * more, from within its own finalizing, when its connection is closed.
 */

ngx_uint_t
ngx_http_apigw_transform_truncated(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    return ctx->flush
           && !ctx->last
           && ctx->upstream
           && ctx->upstream == r->upstream
           && ctx->upstream->header_sent
           && ctx->upstream->peer.connection == NULL;
}


/* Dry run: what would have become of the body that goes on unchanged. */

void
ngx_http_apigw_transform_watch(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_chain_t *in)
{
    ngx_int_t       rc;
    apigw_str_t     body;
    apigw_error_t   error;

    if (ctx->run == NULL) {
        return;
    }

    ctx->in = in;

    if (apigw_transform_run_whole(ctx->run)) {
        rc = ngx_http_apigw_transform_whole_read(r, ctx, &body, &error);

    } else {
        rc = ngx_http_apigw_transform_watch_stream(r, ctx, &error);
    }

    ctx->in = NULL;
    ctx->taken = 0;

    if (rc == NGX_AGAIN) {
        return;
    }

    ctx->run = NULL;

    if (rc == NGX_ERROR) {
        (void) ngx_http_apigw_transform_fail(r, ctx->record, &error, 1, 1, 0);
    }
}


static ngx_int_t
ngx_http_apigw_transform_watch_stream(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, apigw_error_t *error)
{
    apigw_rc_t  rc;

    if (ctx->held == NULL) {
        ctx->held = ngx_create_temp_buf(r->pool,
                                        NGX_HTTP_APIGW_TRANSFORM_SCRATCH);

        if (ctx->held == NULL) {
            error->word = "internal";
            error->offset = APIGW_TRANSFORM_NO_OFFSET;

            return NGX_ERROR;
        }
    }

    do {
        ctx->held->last = ctx->held->start;

        rc = ngx_http_apigw_transform_pump(r, ctx, ctx->held, error);

    } while (rc == APIGW_AGAIN && ctx->held->last == ctx->held->end);

    if (rc == APIGW_AGAIN) {
        return NGX_AGAIN;
    }

    return rc == APIGW_OK ? NGX_OK : NGX_ERROR;
}
