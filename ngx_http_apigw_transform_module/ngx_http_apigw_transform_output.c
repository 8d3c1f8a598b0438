
/* The body filter: the states of a response, one function each. */


#include "ngx_http_apigw_transform_response.h"


static ngx_int_t ngx_http_apigw_transform_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_apigw_transform_yield(ngx_http_request_t *r);
static void ngx_http_apigw_transform_discard(ngx_chain_t *in);
static ngx_int_t ngx_http_apigw_transform_hold(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);
static ngx_int_t ngx_http_apigw_transform_whole(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);
static ngx_int_t ngx_http_apigw_transform_finish(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b);
static ngx_int_t ngx_http_apigw_transform_original(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx);


static ngx_http_output_body_filter_pt  ngx_http_next_body_filter;


static ngx_int_t
ngx_http_apigw_transform_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                             rc;
    ngx_http_apigw_record_t              *record;
    ngx_http_apigw_transform_response_t  *ctx;

    rc = ngx_http_apigw_transform_yield(r);

    if (rc == NGX_DECLINED) {
        ngx_http_apigw_transform_discard(in);
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_apigw_transform_filter_module);

    if (ctx == NULL) {
        record = ngx_http_get_module_ctx(r, ngx_http_apigw_transform_module);

        return ngx_http_apigw_reject_body(r, record, in,
                                          ngx_http_next_body_filter);
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_transform: body filter, state:%d in:%p",
                   ctx->state, in);

    switch (ctx->state) {

    case NGX_HTTP_APIGW_TRANSFORM_FAILED:
        return NGX_ERROR;

    case NGX_HTTP_APIGW_TRANSFORM_REFUSED:
        return NGX_AGAIN;

    case NGX_HTTP_APIGW_TRANSFORM_WATCH:
        ngx_http_apigw_transform_watch(r, ctx, in);

        /* fall through */

    case NGX_HTTP_APIGW_TRANSFORM_PASSING:
    case NGX_HTTP_APIGW_TRANSFORM_DONE:
        return ngx_http_next_body_filter(r, in);

    default:
        break;
    }

    if (in && ngx_chain_add_copy(r->pool, &ctx->in, in) != NGX_OK) {
        return ngx_http_apigw_transform_response_internal(r, ctx);
    }

    switch (ctx->state) {

    case NGX_HTTP_APIGW_TRANSFORM_HOLD:
        return ngx_http_apigw_transform_hold(r, ctx);

    case NGX_HTTP_APIGW_TRANSFORM_WHOLE:
        return ngx_http_apigw_transform_whole(r, ctx);

    default: /* NGX_HTTP_APIGW_TRANSFORM_STREAM */
        return ngx_http_apigw_transform_stream(r, ctx, NULL, in == NULL);
    }
}


/*
 * The header cannot be withheld any longer once a subrequest's output may go
 * to the client; the length is not ours to tell then. NGX_DECLINED: it must
 * not, for the header will be that of a refusal.
 */

static ngx_int_t
ngx_http_apigw_transform_yield(ngx_http_request_t *r)
{
    ngx_http_request_t                   *pr;
    ngx_http_apigw_transform_response_t  *ctx;

    if (r->background || r->subrequest_in_memory) {
        return NGX_OK;
    }

    pr = r->main;
    ctx = ngx_http_get_module_ctx(pr, ngx_http_apigw_transform_filter_module);

    if (ctx && ctx->state == NGX_HTTP_APIGW_TRANSFORM_REFUSED && r != pr) {
        return NGX_DECLINED;
    }

    if (ctx == NULL
        || ctx->committed
        || (ctx->state != NGX_HTTP_APIGW_TRANSFORM_HOLD
            && ctx->state != NGX_HTTP_APIGW_TRANSFORM_WHOLE)
        || (r == pr && r->postponed == NULL && r->connection->data == r))
    {
        return NGX_OK;
    }

    return ngx_http_apigw_transform_response_commit(pr, ctx, -1);
}


static void
ngx_http_apigw_transform_discard(ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        in->buf->pos = in->buf->last;
        in->buf->file_pos = in->buf->file_last;
    }
}


static ngx_int_t
ngx_http_apigw_transform_hold(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    size_t                                size;
    apigw_rc_t                            rc;
    ngx_buf_t                            *b;
    ngx_chain_t                          *out;
    apigw_error_t                         error;
    ngx_http_apigw_transform_loc_conf_t  *tlcf;

    tlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_transform_module);

    b = ctx->held;

    if (b == NULL) {

        /* the byte beyond the limit tells that there is more */

        b = ngx_create_temp_buf(r->pool, tlcf->buffer_size + 1);
        if (b == NULL) {
            return ngx_http_apigw_transform_response_internal(r, ctx);
        }

        ctx->held = b;
    }

    rc = ngx_http_apigw_transform_pump(r, ctx, b, &error);

    size = b->last - b->pos;

    if (rc == APIGW_OK && size <= tlcf->buffer_size) {
        return ngx_http_apigw_transform_finish(r, ctx, b);
    }

    if (rc != APIGW_OK && rc != APIGW_AGAIN) {
        return ngx_http_apigw_transform_response_fail(r, ctx, &error);
    }

    if (ngx_http_apigw_transform_truncated(r, ctx)) {
        error.word = "upstream_truncated";
        error.offset = APIGW_TRANSFORM_NO_OFFSET;

        return ngx_http_apigw_transform_response_fail(r, ctx, &error);
    }

    if (b->last < b->end && !ctx->keep_full && !(ctx->flush && size)) {
        return NGX_OK;
    }

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_STREAM;
    ctx->keep = 0;

    if (!ctx->committed
        && ngx_http_apigw_transform_response_commit(r, ctx, -1) != NGX_OK)
    {
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_FAILED;
        return NGX_ERROR;
    }

    out = NULL;

    if (size) {
        out = ngx_alloc_chain_link(r->pool);
        if (out == NULL) {
            return ngx_http_apigw_transform_response_internal(r, ctx);
        }

        out->buf = b;
        out->next = NULL;
    }

    return ngx_http_apigw_transform_stream(r, ctx, out, 0);
}


static ngx_int_t
ngx_http_apigw_transform_whole(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    uint64_t        start;
    ngx_int_t       rc;
    ngx_buf_t      *b;
    apigw_str_t     body;
    apigw_error_t   error;

    start = ngx_http_apigw_transform_clock();

    rc = ngx_http_apigw_transform_whole_read(r, ctx, &body, &error);

    ctx->record->time += ngx_http_apigw_transform_clock() - start;

    if (rc == NGX_AGAIN && ngx_http_apigw_transform_truncated(r, ctx)) {
        error.word = "upstream_truncated";
        error.offset = APIGW_TRANSFORM_NO_OFFSET;
        rc = NGX_ERROR;
    }

    if (rc == NGX_AGAIN) {
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return ngx_http_apigw_transform_response_fail(r, ctx, &error);
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return ngx_http_apigw_transform_response_internal(r, ctx);
    }

    b->start = (u_char *) body.data;
    b->pos = b->start;
    b->last = b->start + body.len;
    b->end = b->last;
    b->memory = (body.len != 0);

    return ngx_http_apigw_transform_finish(r, ctx, b);
}


/*
 * All of the new body is in `b`. Its length is known unless what other filters
 * add comes behind it.
 */

static ngx_int_t
ngx_http_apigw_transform_finish(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, ngx_buf_t *b)
{
    off_t        length;
    ngx_chain_t  out;

    ngx_http_apigw_transform_source_drop(r, ctx);

    length = (r == r->main && !ctx->last_buf) ? -1 : b->last - b->pos;

    if (!ctx->committed
        && ngx_http_apigw_transform_response_commit(r, ctx, length) != NGX_OK)
    {
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_FAILED;
        return NGX_ERROR;
    }

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_DONE;

    if (b->pos == b->last) {
        b->temporary = 0;            /* a sign, not an empty buffer */
        b->memory = 0;
        b->sync = 1;
    }

    b->last_buf = ctx->last_buf;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}


ngx_int_t
ngx_http_apigw_transform_response_fail(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx, const apigw_error_t *error)
{
    ngx_uint_t  original;

    /* what was cut short has no original that could be called complete */

    original = ctx->keep
               && ngx_strcmp(error->word, "internal") != 0
               && ngx_strcmp(error->word, "upstream_truncated") != 0;

    switch (ngx_http_apigw_transform_fail(r, ctx->record, error, 1, original,
                                          ctx->committed))
    {
    case NGX_HTTP_APIGW_TRANSFORM_PASSED:
        return ngx_http_apigw_transform_original(r, ctx);

    case NGX_HTTP_APIGW_TRANSFORM_REJECTED:
        return ngx_http_apigw_transform_response_refused(r, ctx);

    default: /* NGX_HTTP_APIGW_TRANSFORM_ABORTED */
        ctx->state = NGX_HTTP_APIGW_TRANSFORM_FAILED;

        return NGX_ERROR;
    }
}


ngx_int_t
ngx_http_apigw_transform_response_internal(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    apigw_error_t  error;

    error.word = "internal";
    error.offset = APIGW_TRANSFORM_NO_OFFSET;

    return ngx_http_apigw_transform_response_fail(r, ctx, &error);
}


/* on_error=pass: what was read, kept as it came, and what was not. */

static ngx_int_t
ngx_http_apigw_transform_original(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    ngx_buf_t    *b;
    ngx_chain_t  *out, *cl;

    ngx_http_apigw_transform_source_drop(r, ctx);

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_PASSING;

    if (ctx->last) {
        b = ngx_calloc_buf(r->pool);
        cl = ngx_alloc_chain_link(r->pool);

        if (b == NULL || cl == NULL) {
            return NGX_ERROR;
        }

        b->last_buf = ctx->last_buf;
        b->last_in_chain = 1;
        b->sync = 1;

        cl->buf = b;
        cl->next = ctx->in;

        ctx->in = cl;
    }

    *ctx->last_kept = ctx->in;
    out = ctx->kept;
    ctx->in = NULL;

    if (ngx_http_apigw_transform_response_release(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_next_body_filter(r, out);
}


ngx_int_t
ngx_http_apigw_transform_output_next(ngx_http_request_t *r, ngx_chain_t *out)
{
    return ngx_http_next_body_filter(r, out);
}


ngx_int_t
ngx_http_apigw_transform_output_init(ngx_conf_t *cf)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_apigw_transform_body_filter;

    return NGX_OK;
}
