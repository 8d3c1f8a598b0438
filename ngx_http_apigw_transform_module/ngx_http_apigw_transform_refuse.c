
/*
 * A response that is refused from within the body filter. The answer, or what
 * error_page puts in its place, may need another service; nginx takes that for
 * an error while it is still in the filters, and so it has to be out of them.
 */


#include "ngx_http_apigw_transform_response.h"


static void ngx_http_apigw_transform_refuse_handler(ngx_event_t *ev);
static void ngx_http_apigw_transform_refuse_cleanup(void *data);


ngx_int_t
ngx_http_apigw_transform_response_refused(ngx_http_request_t *r,
    ngx_http_apigw_transform_response_t *ctx)
{
    ngx_event_t         *ev;
    ngx_http_cleanup_t  *cln;

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_FAILED;

    if (r != r->main) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ev = &ctx->refusal;

    ev->handler = ngx_http_apigw_transform_refuse_handler;
    ev->data = r;
    ev->log = r->connection->log;

    cln->handler = ngx_http_apigw_transform_refuse_cleanup;
    cln->data = ev;

    ngx_post_event(ev, &ngx_posted_events);

    /* whoever sends the body is to wait for us until then */

    ctx->state = NGX_HTTP_APIGW_TRANSFORM_REFUSED;
    r->buffered |= NGX_HTTP_APIGW_TRANSFORM_BUFFERED;

    return NGX_AGAIN;
}


/*
 * Ends the upstream as ngx_http_upstream_create() does for a redirect, and all
 * that filters know of the response as ngx_http_filter_finalize_request() does.
 */

static void
ngx_http_apigw_transform_refuse_handler(ngx_event_t *ev)
{
    ngx_connection_t                     *c;
    ngx_http_request_t                   *r;
    ngx_http_upstream_t                  *u;
    ngx_http_apigw_transform_record_t    *record;
    ngx_http_apigw_transform_response_t  *ctx;

    r = ev->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (r->blocked || r->postponed) {
        ngx_add_timer(ev, 1);        /* a thread or a subrequest is not done */
        return;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "apigw_transform: refusal handler");

    u = r->upstream;

    if (u && u->cleanup) {
        r->main->count++;
        (*u->cleanup)(r);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_apigw_transform_filter_module);
    record = ctx->record;

    ngx_memzero(r->ctx, sizeof(void *) * ngx_http_max_module);
    ngx_http_set_ctx(r, record, ngx_http_apigw_transform_module);

    ngx_http_clean_header(r);

    r->buffered = 0;
    r->internal = 1;                 /* for others to find their records */

    ngx_http_finalize_request(r, record->head.reject_status);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_apigw_transform_refuse_cleanup(void *data)
{
    ngx_event_t *ev = data;

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }
}
