
#include "ngx_http_apigw_fetch_conn.h"


static void ngx_http_apigw_fetch_next_handler(ngx_event_t *ev);
static void ngx_http_apigw_fetch_deadline_handler(ngx_event_t *ev);
static void ngx_http_apigw_fetch_attempt_handler(ngx_event_t *ev);
static void ngx_http_apigw_fetch_stop(ngx_http_apigw_fetch_t *fetch);


ngx_http_apigw_fetch_t *
ngx_http_apigw_fetch_create(ngx_http_apigw_fetch_client_t *client,
    ngx_log_t *log)
{
    ngx_pool_t              *pool;
    ngx_http_apigw_fetch_t  *fetch;

    pool = ngx_create_pool(4096, log);
    if (pool == NULL) {
        return NULL;
    }

    fetch = ngx_pcalloc(pool, sizeof(ngx_http_apigw_fetch_t));
    if (fetch == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    fetch->ident = -1;
    fetch->client = client;
    fetch->pool = pool;
    fetch->log = log;
    fetch->rc = NGX_ERROR;

    fetch->next.handler = ngx_http_apigw_fetch_next_handler;
    fetch->deadline.handler = ngx_http_apigw_fetch_deadline_handler;
    fetch->attempt.handler = ngx_http_apigw_fetch_attempt_handler;

    fetch->next.data = fetch;
    fetch->deadline.data = fetch;
    fetch->attempt.data = fetch;

    fetch->next.log = log;
    fetch->deadline.log = log;
    fetch->attempt.log = log;

    return fetch;
}


ngx_int_t
ngx_http_apigw_fetch_start(ngx_http_apigw_fetch_t *fetch)
{
    if (ngx_http_apigw_fetch_client_refuses(fetch->client, &fetch->url)
        != NULL
        || ngx_http_apigw_fetch_prepare(fetch) != NGX_OK)
    {
        return NGX_ERROR;
    }

    fetch->state = NGX_HTTP_APIGW_FETCH_RESOLVE;
    fetch->deadline.cancelable = fetch->background;

    ngx_add_timer(&fetch->deadline, fetch->timeout);

    /* of the next turn: from init_process on, and never inside this call */

    ngx_post_event(&fetch->next, &ngx_posted_next_events);

    return NGX_OK;
}


void
ngx_http_apigw_fetch_awaited(ngx_http_apigw_fetch_t *fetch)
{
    fetch->background = 0;
    fetch->deadline.cancelable = 0;

    if (fetch->conn) {
        fetch->conn->connection->idle = 0;
    }

    if (fetch->resolving && fetch->resolving->event) {
        fetch->resolving->event->cancelable = 0;
    }
}


void
ngx_http_apigw_fetch_cancel(ngx_http_apigw_fetch_t *fetch)
{
    ngx_http_apigw_fetch_stop(fetch);
}


void
ngx_http_apigw_fetch_free(ngx_http_apigw_fetch_t *fetch)
{
    ngx_http_apigw_fetch_stop(fetch);

    /* it may hold a credential */

    if (fetch->request) {
        ngx_explicit_memzero(fetch->request->start,
                             fetch->request->end - fetch->request->start);
    }

    ngx_destroy_pool(fetch->pool);
}


/* Lets go of everything but the result. */

static void
ngx_http_apigw_fetch_stop(ngx_http_apigw_fetch_t *fetch)
{
    ngx_http_apigw_fetch_conn_t  *conn;

    if (fetch->next.posted) {
        ngx_delete_posted_event(&fetch->next);
    }

    if (fetch->deadline.timer_set) {
        ngx_del_timer(&fetch->deadline);
    }

    if (fetch->attempt.timer_set) {
        ngx_del_timer(&fetch->attempt);
    }

    if (fetch->resolving) {
        ngx_resolve_name_done(fetch->resolving);
        fetch->resolving = NULL;
    }

    conn = fetch->conn;
    fetch->conn = NULL;

    if (conn && fetch->keep) {
        ngx_http_apigw_fetch_conn_keep(conn);

    } else if (conn) {
        ngx_http_apigw_fetch_conn_close(conn);
    }
}


void
ngx_http_apigw_fetch_run(ngx_http_apigw_fetch_t *fetch)
{
    ngx_int_t  rc;

    do {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, fetch->log, 0,
                       "apigw_fetch: state %d", fetch->state);

        switch (fetch->state) {

        case NGX_HTTP_APIGW_FETCH_RESOLVE:
            rc = ngx_http_apigw_fetch_resolve(fetch);
            break;

        case NGX_HTTP_APIGW_FETCH_CONNECT:
            rc = ngx_http_apigw_fetch_connect(fetch);
            break;

        case NGX_HTTP_APIGW_FETCH_TLS:
            rc = ngx_http_apigw_fetch_tls(fetch);
            break;

        case NGX_HTTP_APIGW_FETCH_SEND:
            rc = ngx_http_apigw_fetch_send(fetch);
            break;

        case NGX_HTTP_APIGW_FETCH_HEAD:
        case NGX_HTTP_APIGW_FETCH_BODY:
            rc = ngx_http_apigw_fetch_receive(fetch);
            break;

        default: /* NGX_HTTP_APIGW_FETCH_DONE, _FAILED */
            ngx_http_apigw_fetch_stop(fetch);
            fetch->handler(fetch);
            return;
        }

    } while (rc == NGX_OK);
}


ngx_int_t
ngx_http_apigw_fetch_fail(ngx_http_apigw_fetch_t *fetch, const char *fault,
    const char *detail, ngx_err_t err)
{
    fetch->fault = fault;
    fetch->detail = detail;
    fetch->err = err;
    fetch->state = NGX_HTTP_APIGW_FETCH_FAILED;

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_fetch_next_addr(ngx_http_apigw_fetch_t *fetch,
    const char *fault, const char *detail, ngx_err_t err)
{
    ngx_http_apigw_fetch_conn_t *conn = fetch->conn;

    (void) ngx_http_apigw_fetch_fail(fetch, fault, detail, err);

    if (fetch->attempt.timer_set) {
        ngx_del_timer(&fetch->attempt);
    }

    if (conn) {
        fetch->conn = NULL;
        ngx_http_apigw_fetch_conn_close(conn);
    }

    fetch->addr++;
    fetch->state = NGX_HTTP_APIGW_FETCH_CONNECT;

    return NGX_OK;
}


static void
ngx_http_apigw_fetch_next_handler(ngx_event_t *ev)
{
    ngx_http_apigw_fetch_run(ev->data);
}


static void
ngx_http_apigw_fetch_deadline_handler(ngx_event_t *ev)
{
    ngx_http_apigw_fetch_t *fetch = ev->data;

    static const char  *doing[] = {
        "before it began",
        "resolving the host",
        "connecting",
        "in the TLS handshake",
        "sending",
        "waiting for the answer",
        "reading the body"
    };

    (void) ngx_http_apigw_fetch_fail(fetch, "timed out", doing[fetch->state],
                                     0);
    ngx_http_apigw_fetch_run(fetch);
}


/* An address took too long to connect or to agree on TLS. */

static void
ngx_http_apigw_fetch_attempt_handler(ngx_event_t *ev)
{
    ngx_http_apigw_fetch_t *fetch = ev->data;

    (void) ngx_http_apigw_fetch_next_addr(fetch, "cannot connect",
                                  fetch->state == NGX_HTTP_APIGW_FETCH_TLS
                                  ? "TLS handshake timed out" : "timed out",
                                  0);
    ngx_http_apigw_fetch_run(fetch);
}
