
/*
 * What the HTTP client's files share; users include ngx_http_apigw_fetch.h.
 */


#ifndef _NGX_HTTP_APIGW_FETCH_CONN_H_INCLUDED_
#define _NGX_HTTP_APIGW_FETCH_CONN_H_INCLUDED_


#include "ngx_http_apigw_arena.h"
#include "ngx_http_apigw_fetch.h"


#pragma GCC visibility push(hidden)


/*
 * A connection with a pool of its own: it may outlive the fetch that opened it.
 *
 * OPEN -> IDLE     kept: on the client's list, watched for the server's close
 * IDLE -> OPEN     taken by a fetch, as `reused`
 * any  -> closed   a fault, not to be reused, 60 s idle, or the worker exits
 */

struct ngx_http_apigw_fetch_conn_s {
    ngx_queue_t                       queue;        /* when idle */
    ngx_http_apigw_fetch_client_t    *client;
    ngx_http_apigw_fetch_t           *fetch;        /* NULL: idle */
    ngx_connection_t                 *connection;
    ngx_pool_t                       *pool;

    /* where to */
    ngx_str_t                         host;
    in_port_t                         port;
    unsigned                          https:1;

    unsigned                          idle:1;       /* on the list */
    unsigned                          reused:1;
    unsigned                          notified:1;   /* TLS: peer said it ends */
};


/*
 * Steps of a fetch. NGX_OK: its state says what is next; NGX_AGAIN: an event
 * will go on, and the fetch may be gone.
 */


/* ngx_http_apigw_fetch.c: states and their end */

/* Goes on until something must be waited for. The fetch may be gone then. */
void ngx_http_apigw_fetch_run(ngx_http_apigw_fetch_t *fetch);

/* To FAILED; NGX_OK. */
ngx_int_t ngx_http_apigw_fetch_fail(ngx_http_apigw_fetch_t *fetch,
    const char *fault, const char *detail, ngx_err_t err);

/* To CONNECT with the next address; NGX_OK. */
ngx_int_t ngx_http_apigw_fetch_next_addr(ngx_http_apigw_fetch_t *fetch,
    const char *fault, const char *detail, ngx_err_t err);


/* ngx_http_apigw_fetch_resolve.c: the host's addresses */

ngx_int_t ngx_http_apigw_fetch_resolve(ngx_http_apigw_fetch_t *fetch);


/* ngx_http_apigw_fetch_conn.c: connections */

/* NGX_OK: an idle one to the same place is the fetch's; or NGX_DECLINED. */
ngx_int_t ngx_http_apigw_fetch_conn_take(ngx_http_apigw_fetch_t *fetch);

/* The step of CONNECT. */
ngx_int_t ngx_http_apigw_fetch_connect(ngx_http_apigw_fetch_t *fetch);

/* Sets the events' handlers. */
void ngx_http_apigw_fetch_conn_watch(ngx_http_apigw_fetch_conn_t *conn);

/* Leaves the fetch: idle from now on, or closed. */
void ngx_http_apigw_fetch_conn_keep(ngx_http_apigw_fetch_conn_t *conn);

void ngx_http_apigw_fetch_conn_close(ngx_http_apigw_fetch_conn_t *conn);


/* ngx_http_apigw_fetch_tls.c: TLS */

/* The step of TLS. */
ngx_int_t ngx_http_apigw_fetch_tls(ngx_http_apigw_fetch_t *fetch);


/* ngx_http_apigw_fetch_stream.c: what is sent and received */

/* Makes the request's bytes and the reader of the answer. */
ngx_int_t ngx_http_apigw_fetch_prepare(ngx_http_apigw_fetch_t *fetch);

/* The step of SEND. */
ngx_int_t ngx_http_apigw_fetch_send(ngx_http_apigw_fetch_t *fetch);

/* The step of HEAD and BODY. */
ngx_int_t ngx_http_apigw_fetch_receive(ngx_http_apigw_fetch_t *fetch);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_FETCH_CONN_H_INCLUDED_ */
