
/*
 * An HTTP(S) client on the event loop: one request, one whole answer.
 *
 *     configuration   client_create() per block; the block's parameters are
 *                     written into the client's fields; client_end() when the
 *                     block is read; client_resolve() per URL in
 *                     postconfiguration
 *     worker          create(), fill in, start(); then the handler; free()
 *
 * With or without a client's request at hand. No call blocks. Redirects are
 * not followed, no cookie is kept, no proxy is asked.
 */


#ifndef _NGX_HTTP_APIGW_FETCH_H_INCLUDED_
#define _NGX_HTTP_APIGW_FETCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_apigw_tls.h"

#include "apigw_http.h"
#include "apigw_url.h"


#pragma GCC visibility push(hidden)


typedef struct ngx_http_apigw_fetch_s       ngx_http_apigw_fetch_t;
typedef struct ngx_http_apigw_fetch_conn_s  ngx_http_apigw_fetch_conn_t;


/*
 * How a block's servers are reached. Fields above the line are parameters,
 * UNSET or empty until client_end() puts the defaults there; after it only
 * `idle` and `nidle` change, and those only in a worker.
 */

typedef struct {
    ngx_msec_t                        connect_timeout;  /* an address: 1s */
    ngx_uint_t                        keepalive;        /* idle ones: 2 */
    ngx_resolver_t                   *resolver;         /* default: http's */
    ngx_flag_t                        plain_http;       /* off */
    ngx_http_apigw_tls_t              tls;              /* verify: on */

    /* ---- */

    ngx_msec_t                        resolver_timeout;
    ngx_addr_t                       *localhost;        /* its addresses */
    ngx_uint_t                        nlocalhost;
    ngx_queue_t                       idle;             /* latest first */
    ngx_uint_t                        nidle;
} ngx_http_apigw_fetch_client_t;


/*
 * Runs once per start() that returned NGX_OK, unless cancelled: never inside
 * start(), always from an event. It may free the fetch, start others and
 * finish requests, and must end with ngx_http_run_posted_requests() when it
 * continued one.
 */
typedef void (*ngx_http_apigw_fetch_handler_pt)(ngx_http_apigw_fetch_t *fetch);


/*
 * NEW     -> RESOLVE   start()
 * RESOLVE -> SEND      an idle connection was there
 * RESOLVE -> CONNECT   the host has addresses
 * CONNECT -> CONNECT   this address failed: the next one
 * CONNECT -> TLS       connected, https
 * CONNECT -> SEND      connected, http
 * TLS     -> SEND      the server's certificate is good
 * SEND    -> HEAD      the request has been written
 * HEAD    -> BODY      a final status line and its fields are there
 * SEND, HEAD -> RESOLVE  a reused connection died before a byte came: once
 *                      more, on a fresh one
 * SEND, HEAD -> DONE   the answer was there in one piece, or early
 * BODY    -> DONE      the answer is whole
 * any     -> FAILED    fault, deadline, or the worker exits
 * DONE, FAILED         the connection is kept or closed; the handler runs
 */

typedef enum {
    NGX_HTTP_APIGW_FETCH_NEW = 0,
    NGX_HTTP_APIGW_FETCH_RESOLVE,
    NGX_HTTP_APIGW_FETCH_CONNECT,
    NGX_HTTP_APIGW_FETCH_TLS,
    NGX_HTTP_APIGW_FETCH_SEND,
    NGX_HTTP_APIGW_FETCH_HEAD,
    NGX_HTTP_APIGW_FETCH_BODY,
    NGX_HTTP_APIGW_FETCH_DONE,
    NGX_HTTP_APIGW_FETCH_FAILED
} ngx_http_apigw_fetch_state_e;


/* One exchange; used once. */

struct ngx_http_apigw_fetch_s {
    /* a timer's data must look like a connection to the debug log */

    void                             *dummy[3];
    ngx_int_t                         ident;

    /* filled in after create(); what they point to must outlive the fetch */

    apigw_url_t                       url;
    ngx_str_t                         method;       /* default: GET */
    ngx_str_t                         accept;       /* Accept; may be empty */
    ngx_str_t                         headers;      /* lines, each with CRLF */
    ngx_str_t                         body;         /* data NULL: none */
    size_t                            max_body;     /* of the answer */
    ngx_msec_t                        timeout;      /* over everything */
    ngx_http_apigw_fetch_handler_pt   handler;
    void                             *data;
    unsigned                          background:1; /* nobody waits: a worker
                                                       that exits drops it */

    /* for the handler */

    ngx_int_t                         rc;           /* NGX_OK: a whole answer */
    ngx_uint_t                        status;
    ngx_str_t                         content_type; /* empty: none */
    ngx_str_t                         answer;       /* gone with the fetch */
    const char                       *fault;        /* NGX_ERROR: static text */
    const char                       *detail;       /* of it; static, or NULL */
    ngx_err_t                         err;          /* of it, or 0 */

    /* the client's own */

    ngx_http_apigw_fetch_client_t    *client;
    ngx_pool_t                       *pool;
    ngx_log_t                        *log;
    ngx_http_apigw_fetch_state_e      state;
    ngx_http_apigw_fetch_conn_t      *conn;
    ngx_resolver_ctx_t               *resolving;
    ngx_addr_t                       *addrs;
    ngx_uint_t                        naddrs;
    ngx_uint_t                        addr;         /* the one in use */
    ngx_buf_t                        *request;
    apigw_http_t                     *parser;
    ngx_event_t                       next;         /* posted: first step */
    ngx_event_t                       deadline;
    ngx_event_t                       attempt;      /* connect_timeout */
    unsigned                          fresh:1;      /* no idle one, please */
    unsigned                          answered:1;   /* a byte has come */
    unsigned                          keep:1;       /* the connection */
};


/* ngx_http_apigw_fetch_client.c: configuration */

/* A client with everything unset. NULL: no memory. */
ngx_http_apigw_fetch_client_t *ngx_http_apigw_fetch_client_create(
    ngx_conf_t *cf);


/*
 * Puts defaults and makes the TLS context. NGX_ERROR: `fault`, whose data is a
 * buffer of NGX_HTTP_APIGW_TLS_FAULT_LEN bytes, says what is wrong and its
 * mend ("<fault>; <mend>"); its len is set.
 */
ngx_int_t ngx_http_apigw_fetch_client_end(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault);


/*
 * For postconfiguration: takes http's resolver and resolver_timeout where the
 * block has none of its own. NULL, or why a URL's host cannot be found, with
 * the mend ("<fault>; <mend>"). `url` may be NULL: nothing is asked about one.
 */
const char *ngx_http_apigw_fetch_client_resolve(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, const apigw_url_t *url);


/*
 * NULL, or why the client may not ask this URL, with the mend: plain HTTP to
 * another machine. At configuration, and again for each URL that a document
 * names.
 */
const char *ngx_http_apigw_fetch_client_refuses(
    ngx_http_apigw_fetch_client_t *client, const apigw_url_t *url);


/* ngx_http_apigw_fetch.c: one exchange */

/* A fetch with a pool of its own. `log` must outlive it. NULL: no memory. */
ngx_http_apigw_fetch_t *ngx_http_apigw_fetch_create(
    ngx_http_apigw_fetch_client_t *client, ngx_log_t *log);


/*
 * NGX_OK     the handler will run
 * NGX_ERROR  no memory, or the URL is one that the client refuses; it won't
 */
ngx_int_t ngx_http_apigw_fetch_start(ngx_http_apigw_fetch_t *fetch);


/*
 * Somebody waits for it now: what was started as `background` is not dropped
 * any more when the worker exits.
 */
void ngx_http_apigw_fetch_awaited(ngx_http_apigw_fetch_t *fetch);


/* Stops; the handler won't run. A result that is there stays. */
void ngx_http_apigw_fetch_cancel(ngx_http_apigw_fetch_t *fetch);


/* Cancels and frees, the answer too. */
void ngx_http_apigw_fetch_free(ngx_http_apigw_fetch_t *fetch);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_FETCH_H_INCLUDED_ */
