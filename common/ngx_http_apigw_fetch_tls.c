
#include "ngx_http_apigw_fetch_conn.h"


#if (NGX_HTTP_SSL)


static ngx_int_t ngx_http_apigw_fetch_tls_start(
    ngx_http_apigw_fetch_t *fetch, ngx_str_t *host);
static void ngx_http_apigw_fetch_tls_handler(ngx_connection_t *c);
static void ngx_http_apigw_fetch_tls_message(int outgoing, int version,
    int type, const void *data, size_t len, SSL *ssl, void *arg);


ngx_int_t
ngx_http_apigw_fetch_tls(ngx_http_apigw_fetch_t *fetch)
{
    ngx_int_t          rc;
    ngx_str_t          host;
    const char        *fault, *detail;
    ngx_connection_t  *c;

    c = fetch->conn->connection;

    host.data = (u_char *) fetch->url.host.data;
    host.len = fetch->url.host.len;

    if (c->ssl == NULL) {

        if (ngx_http_apigw_fetch_tls_start(fetch, &host) != NGX_OK) {
            return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
        }

        rc = ngx_ssl_handshake(c);

        if (rc == NGX_AGAIN) {
            c->ssl->handler = ngx_http_apigw_fetch_tls_handler;
            ngx_add_timer(&fetch->attempt, fetch->client->connect_timeout);
            return NGX_AGAIN;
        }
    }

    if (!c->ssl->handshaked) {
        return ngx_http_apigw_fetch_next_addr(fetch, "TLS handshake failed",
                                              NULL, 0);
    }

    if (fetch->attempt.timer_set) {
        ngx_del_timer(&fetch->attempt);
    }

    ngx_http_apigw_fetch_conn_watch(fetch->conn);

    fault = ngx_http_apigw_tls_refuses(&fetch->client->tls, c, &host, &detail);

    if (fault) {
        return ngx_http_apigw_fetch_next_addr(fetch, fault, detail, 0);
    }

    fetch->state = NGX_HTTP_APIGW_FETCH_SEND;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_tls_start(ngx_http_apigw_fetch_t *fetch, ngx_str_t *host)
{
    ngx_connection_t             *c;
    ngx_http_apigw_fetch_conn_t  *conn;

    conn = fetch->conn;
    c = conn->connection;

    if (ngx_http_apigw_tls_create(&fetch->client->tls, c, host) != NGX_OK) {
        return NGX_ERROR;
    }

    SSL_set_msg_callback(c->ssl->connection, ngx_http_apigw_fetch_tls_message);
    SSL_set_msg_callback_arg(c->ssl->connection, conn);

    return NGX_OK;
}


static void
ngx_http_apigw_fetch_tls_handler(ngx_connection_t *c)
{
    ngx_http_apigw_fetch_conn_t *conn = c->data;

    ngx_http_apigw_fetch_run(conn->fetch);
}


/*
 * nginx has OpenSSL take a bare end of the connection for an orderly one; a
 * body that ends with the connection needs the orderly one (RFC 9112, 9.8).
 */

static void
ngx_http_apigw_fetch_tls_message(int outgoing, int version, int type,
    const void *data, size_t len, SSL *ssl, void *arg)
{
    const u_char                 *alert = data;
    ngx_http_apigw_fetch_conn_t  *conn = arg;

    if (!outgoing && type == SSL3_RT_ALERT && len == 2
        && alert[1] == SSL_AD_CLOSE_NOTIFY)
    {
        conn->notified = 1;
    }
}


#else


ngx_int_t
ngx_http_apigw_fetch_tls(ngx_http_apigw_fetch_t *fetch)
{
    return ngx_http_apigw_fetch_fail(fetch, "nginx without TLS", NULL, 0);
}


#endif
