
#include "ngx_http_apigw_auth.h"


static void ngx_http_apigw_auth_wait_cleanup(void *data);
static void ngx_http_apigw_auth_wait_leave(ngx_http_apigw_auth_ctx_t *ctx);
static void ngx_http_apigw_auth_wait_resume(ngx_http_apigw_auth_ctx_t *ctx);


void
ngx_http_apigw_auth_waiters_init(ngx_http_apigw_auth_waiters_t *waiters)
{
    ngx_queue_init(&waiters->queue);
    waiters->n = 0;
}


/*
 * The phases stand still until somebody wakes the request; meanwhile the client
 * may go away, which nginx sees if somebody reads.
 */

ngx_int_t
ngx_http_apigw_auth_wait(ngx_http_request_t *r, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_event_t         *rev;
    ngx_http_cleanup_t  *cln;

    /* runs as soon as the request ends, ahead of its pool's cleanups */

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_apigw_auth_wait_cleanup;
    cln->data = ctx;

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&ctx->waiters->queue, &ctx->waiter);
    ctx->waiters->n++;

    ctx->waiting = 1;
    ctx->asked = ngx_http_apigw_auth_clock();

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_auth: waiting, %ui in the queue", ctx->waiters->n);

    return NGX_AGAIN;
}


static void
ngx_http_apigw_auth_wait_cleanup(void *data)
{
    ngx_http_apigw_auth_ctx_t *ctx = data;

    if (ctx->waiting) {
        ngx_http_apigw_auth_wait_leave(ctx);
    }
}


static void
ngx_http_apigw_auth_wait_leave(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_queue_remove(&ctx->waiter);

    ctx->waiters->n--;
    ctx->waiters = NULL;
    ctx->waiting = 0;
}


void
ngx_http_apigw_auth_wake(ngx_http_apigw_auth_waiters_t *waiters)
{
    ngx_queue_t   woken;

    if (ngx_queue_empty(&waiters->queue)) {
        return;
    }

    /* who comes to wait again meanwhile waits for the next time */

    ngx_queue_init(&woken);
    ngx_queue_add(&woken, &waiters->queue);
    ngx_queue_init(&waiters->queue);

    /* one that is resumed may end others, which takes them out of here */

    while (!ngx_queue_empty(&woken)) {
        ngx_http_apigw_auth_wait_resume(ngx_queue_data(ngx_queue_head(&woken),
                                                   ngx_http_apigw_auth_ctx_t,
                                                   waiter));
    }
}


static void
ngx_http_apigw_auth_wait_resume(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    ngx_http_apigw_auth_wait_leave(ctx);

    r = ctx->record.request;
    c = r->connection;

    ctx->usec += ngx_http_apigw_auth_clock() - ctx->asked;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}


uint64_t
ngx_http_apigw_auth_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
