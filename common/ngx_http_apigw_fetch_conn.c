
#include "ngx_http_apigw_fetch_conn.h"


#define NGX_HTTP_APIGW_FETCH_IDLE  60000    /* milliseconds */


static ngx_int_t ngx_http_apigw_fetch_conn_fits(
    ngx_http_apigw_fetch_conn_t *conn, ngx_http_apigw_fetch_t *fetch);
static void ngx_http_apigw_fetch_conn_log(ngx_http_apigw_fetch_conn_t *conn,
    ngx_log_t *log);
static ngx_int_t ngx_http_apigw_fetch_conn_open(ngx_http_apigw_fetch_t *fetch,
    ngx_addr_t *addr);
static ngx_http_apigw_fetch_conn_t *ngx_http_apigw_fetch_conn_create(
    ngx_http_apigw_fetch_t *fetch);
static ngx_int_t ngx_http_apigw_fetch_conn_test(ngx_connection_t *c,
    ngx_err_t *err);
static void ngx_http_apigw_fetch_conn_handler(ngx_event_t *ev);
static ngx_uint_t ngx_http_apigw_fetch_conn_is_quiet(ngx_connection_t *c);


ngx_int_t
ngx_http_apigw_fetch_conn_take(ngx_http_apigw_fetch_t *fetch)
{
    ngx_queue_t                    *q;
    ngx_connection_t               *c;
    ngx_http_apigw_fetch_conn_t    *conn;
    ngx_http_apigw_fetch_client_t  *client;

    client = fetch->client;

    for (q = ngx_queue_head(&client->idle);
         q != ngx_queue_sentinel(&client->idle);
         q = ngx_queue_next(q))
    {
        conn = ngx_queue_data(q, ngx_http_apigw_fetch_conn_t, queue);

        if (!ngx_http_apigw_fetch_conn_fits(conn, fetch)) {
            continue;
        }

        ngx_queue_remove(&conn->queue);
        conn->idle = 0;
        client->nidle--;

        c = conn->connection;

        if (c->read->timer_set) {
            ngx_del_timer(c->read);
        }

        c->read->cancelable = 0;
        c->idle = fetch->background;

        conn->fetch = fetch;
        conn->reused = 1;
        fetch->conn = conn;

        ngx_http_apigw_fetch_conn_log(conn, fetch->log);

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_apigw_fetch_conn_fits(ngx_http_apigw_fetch_conn_t *conn,
    ngx_http_apigw_fetch_t *fetch)
{
    return conn->https == (fetch->url.https ? 1 : 0)
           && conn->port == fetch->url.port
           && conn->host.len == fetch->url.host.len
           && ngx_strncasecmp(conn->host.data, (u_char *) fetch->url.host.data,
                              conn->host.len)
              == 0;
}


/* Whose log it writes to; an idle one outlives the log of its fetch. */

static void
ngx_http_apigw_fetch_conn_log(ngx_http_apigw_fetch_conn_t *conn,
    ngx_log_t *log)
{
    ngx_connection_t *c = conn->connection;

    c->log = log;
    c->read->log = log;
    c->write->log = log;
    conn->pool->log = log;
}


ngx_int_t
ngx_http_apigw_fetch_connect(ngx_http_apigw_fetch_t *fetch)
{
    ngx_int_t  rc;
    ngx_err_t  err;

    err = 0;

    if (fetch->conn) {
        rc = ngx_http_apigw_fetch_conn_test(fetch->conn->connection, &err);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

    } else {

        if (fetch->addr == fetch->naddrs) {
            fetch->state = NGX_HTTP_APIGW_FETCH_FAILED;
            return NGX_OK;
        }

        rc = ngx_http_apigw_fetch_conn_open(fetch, &fetch->addrs[fetch->addr]);

        if (rc == NGX_AGAIN) {
            ngx_add_timer(&fetch->attempt, fetch->client->connect_timeout);
            return NGX_AGAIN;
        }
    }

    if (rc != NGX_OK) {
        return ngx_http_apigw_fetch_next_addr(fetch, "cannot connect", NULL,
                                              err);
    }

    if (fetch->attempt.timer_set) {
        ngx_del_timer(&fetch->attempt);
    }

    fetch->state = fetch->url.https ? NGX_HTTP_APIGW_FETCH_TLS
                                    : NGX_HTTP_APIGW_FETCH_SEND;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_conn_open(ngx_http_apigw_fetch_t *fetch, ngx_addr_t *addr)
{
    ngx_int_t                     rc;
    ngx_connection_t             *c;
    ngx_peer_connection_t         peer;
    ngx_http_apigw_fetch_conn_t  *conn;

    conn = ngx_http_apigw_fetch_conn_create(fetch);
    if (conn == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&peer, sizeof(ngx_peer_connection_t));

    peer.sockaddr = addr->sockaddr;
    peer.socklen = addr->socklen;
    peer.name = &addr->name;
    peer.get = ngx_event_get_peer;
    peer.log = fetch->log;
    peer.log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(&peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_destroy_pool(conn->pool);
        return NGX_ERROR;
    }

    c = peer.connection;

    conn->connection = c;
    conn->fetch = fetch;
    fetch->conn = conn;

    c->data = conn;
    c->pool = conn->pool;
    c->idle = fetch->background;
    c->sendfile = 0;

    ngx_http_apigw_fetch_conn_log(conn, fetch->log);
    ngx_http_apigw_fetch_conn_watch(conn);

    /* a worker that exits waits for open connections: they must end first */

    fetch->deadline.cancelable = 0;

    return rc;
}


static ngx_http_apigw_fetch_conn_t *
ngx_http_apigw_fetch_conn_create(ngx_http_apigw_fetch_t *fetch)
{
    ngx_pool_t                   *pool;
    ngx_http_apigw_fetch_conn_t  *conn;

    pool = ngx_create_pool(512, fetch->log);
    if (pool == NULL) {
        return NULL;
    }

    conn = ngx_pcalloc(pool, sizeof(ngx_http_apigw_fetch_conn_t));
    if (conn == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    conn->pool = pool;
    conn->client = fetch->client;
    conn->https = fetch->url.https ? 1 : 0;
    conn->port = fetch->url.port;

    conn->host.len = fetch->url.host.len;
    conn->host.data = ngx_pnalloc(pool, conn->host.len);

    if (conn->host.data == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_memcpy(conn->host.data, fetch->url.host.data, conn->host.len);

    return conn;
}


/* NGX_OK: connected; NGX_AGAIN: not yet. */

static ngx_int_t
ngx_http_apigw_fetch_conn_test(ngx_connection_t *c, ngx_err_t *err)
{
    int        error;
    socklen_t  len;

    if (!c->write->ready) {
        return NGX_AGAIN;
    }

    error = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &error, &len) == -1) {
        error = ngx_socket_errno;
    }

    *err = error;

    return error ? NGX_ERROR : NGX_OK;
}


void
ngx_http_apigw_fetch_conn_watch(ngx_http_apigw_fetch_conn_t *conn)
{
    conn->connection->read->handler = ngx_http_apigw_fetch_conn_handler;
    conn->connection->write->handler = ngx_http_apigw_fetch_conn_handler;
}


static void
ngx_http_apigw_fetch_conn_handler(ngx_event_t *ev)
{
    ngx_connection_t             *c;
    ngx_http_apigw_fetch_t       *fetch;
    ngx_http_apigw_fetch_conn_t  *conn;

    c = ev->data;
    conn = c->data;
    fetch = conn->fetch;

    if (fetch == NULL) {

        if (c->close || ev->timedout
            || !ngx_http_apigw_fetch_conn_is_quiet(c))
        {
            ngx_http_apigw_fetch_conn_close(conn);
        }

        return;
    }

    if (c->close) {
        c->close = 0;
        (void) ngx_http_apigw_fetch_fail(fetch, "the worker exits", NULL, 0);
    }

    ngx_http_apigw_fetch_run(fetch);
}


/* Nothing may come on an idle connection, its end least of all. */

static ngx_uint_t
ngx_http_apigw_fetch_conn_is_quiet(ngx_connection_t *c)
{
    char  buf[1];

    if (recv(c->fd, buf, 1, MSG_PEEK) != -1 || ngx_socket_errno != NGX_EAGAIN) {
        return 0;
    }

    c->read->ready = 0;

    return ngx_handle_read_event(c->read, 0) == NGX_OK
           && ngx_handle_write_event(c->write, 0) == NGX_OK;
}


void
ngx_http_apigw_fetch_conn_keep(ngx_http_apigw_fetch_conn_t *conn)
{
    ngx_queue_t                    *q;
    ngx_connection_t               *c;
    ngx_http_apigw_fetch_client_t  *client;

    c = conn->connection;
    client = conn->client;

    conn->fetch = NULL;

    if (client->keepalive == 0 || ngx_exiting || ngx_terminate || c->read->eof
        || c->read->error || c->write->error
#if (NGX_HTTP_SSL)
        || (c->ssl && SSL_has_pending(c->ssl->connection))
#endif
        || !ngx_http_apigw_fetch_conn_is_quiet(c))
    {
        ngx_http_apigw_fetch_conn_close(conn);
        return;
    }

    if (client->nidle == client->keepalive) {
        q = ngx_queue_last(&client->idle);
        ngx_http_apigw_fetch_conn_close(
                  ngx_queue_data(q, ngx_http_apigw_fetch_conn_t, queue));
    }

    ngx_queue_insert_head(&client->idle, &conn->queue);
    conn->idle = 1;
    client->nidle++;

    c->idle = 1;
    ngx_http_apigw_fetch_conn_log(conn, ngx_cycle->log);

    c->read->cancelable = 1;
    ngx_add_timer(c->read, NGX_HTTP_APIGW_FETCH_IDLE);
}


void
ngx_http_apigw_fetch_conn_close(ngx_http_apigw_fetch_conn_t *conn)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->connection;
    pool = conn->pool;

    if (conn->idle) {
        ngx_queue_remove(&conn->queue);
        conn->client->nidle--;
    }

#if (NGX_HTTP_SSL)
    ngx_http_apigw_tls_close(c);
#endif

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}
