
#include "ngx_http_apigw_fetch_conn.h"


#if (NGX_HTTP_SSL)


/* As `proxy_ssl_verify_depth`, with room for cross-signed chains. */
#define NGX_HTTP_APIGW_FETCH_TLS_DEPTH  8


static ngx_int_t ngx_http_apigw_fetch_tls_fault(ngx_str_t *fault,
    const char *fmt, ngx_str_t *value);
static ngx_int_t ngx_http_apigw_fetch_tls_trust(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault);
static ngx_int_t ngx_http_apigw_fetch_tls_certificate(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault);
static ngx_int_t ngx_http_apigw_fetch_tls_start(
    ngx_http_apigw_fetch_t *fetch);
static void ngx_http_apigw_fetch_tls_handler(ngx_connection_t *c);
static void ngx_http_apigw_fetch_tls_message(int outgoing, int version,
    int type, const void *data, size_t len, SSL *ssl, void *arg);
static ngx_int_t ngx_http_apigw_fetch_tls_verify(
    ngx_http_apigw_fetch_t *fetch);
static ngx_int_t ngx_http_apigw_fetch_tls_name(ngx_http_apigw_fetch_t *fetch,
    ngx_str_t *name, u_char *address, ngx_uint_t *len);
static ngx_int_t ngx_http_apigw_fetch_tls_check_address(ngx_connection_t *c,
    u_char *address, ngx_uint_t len);


ngx_int_t
ngx_http_apigw_fetch_tls_conf(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault)
{
    ngx_pool_cleanup_t  *cln;

    client->ssl.log = cf->log;

    if (ngx_ssl_create(&client->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "no TLS; see the error before this one", NULL);
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(&client->ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = &client->ssl;

    if (ngx_http_apigw_fetch_tls_trust(cf, client, fault) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_fetch_tls_certificate(cf, client, fault);
}


static ngx_int_t
ngx_http_apigw_fetch_tls_fault(ngx_str_t *fault, const char *fmt,
    ngx_str_t *value)
{
    ERR_clear_error();

    fault->len = ngx_snprintf(fault->data, NGX_HTTP_APIGW_FETCH_FAULT_LEN, fmt,
                              value)
                 - fault->data;

    return NGX_ERROR;
}


/*
 * The verdict is looked at after the handshake, before a byte is sent, as
 * nginx does it for upstreams: failing within the handshake would be logged as
 * critical.
 */

static ngx_int_t
ngx_http_apigw_fetch_tls_trust(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault)
{
    if (ngx_ssl_trusted_certificate(cf, &client->ssl,
                                    &client->tls_trusted_certificate,
                                    NGX_HTTP_APIGW_FETCH_TLS_DEPTH)
        != NGX_OK)
    {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "cannot load \"tls_trusted_certificate\" \"%V\"; "
                           "give a readable file of PEM certificates",
                           &client->tls_trusted_certificate);
    }

    if (client->tls_trusted_certificate.len) {
        return NGX_OK;
    }

    if (SSL_CTX_set_default_verify_paths(client->ssl.ctx) == 0) {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "cannot use the system's certificates; give "
                           "\"tls_trusted_certificate\"", NULL);
    }

    /* as for a file, success may leave errors */

    ERR_clear_error();

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_tls_certificate(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault)
{
    ngx_str_t  *cert, *key;

    cert = &client->tls_certificate;
    key = &client->tls_certificate_key;

    if (cert->len == 0 && key->len == 0) {
        return NGX_OK;
    }

    if (key->len == 0) {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "\"tls_certificate\" alone; add "
                           "\"tls_certificate_key\"", NULL);
    }

    if (cert->len == 0) {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "\"tls_certificate_key\" alone; add "
                           "\"tls_certificate\"", NULL);
    }

    if (ngx_ssl_certificate(cf, &client->ssl, cert, key, NULL) != NGX_OK) {
        return ngx_http_apigw_fetch_tls_fault(fault,
                           "cannot load \"tls_certificate\" \"%V\" and its "
                           "key; give two readable PEM files that belong "
                           "together",
                           cert);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_fetch_tls(ngx_http_apigw_fetch_t *fetch)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = fetch->conn->connection;

    if (c->ssl == NULL) {

        if (ngx_http_apigw_fetch_tls_start(fetch) != NGX_OK) {
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

    if (fetch->client->tls_verify) {
        return ngx_http_apigw_fetch_tls_verify(fetch);
    }

    fetch->state = NGX_HTTP_APIGW_FETCH_SEND;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_tls_start(ngx_http_apigw_fetch_t *fetch)
{
    u_char                         address[16];
    ngx_str_t                      name;
    ngx_uint_t                     len;
    ngx_connection_t              *c;
    ngx_http_apigw_fetch_conn_t   *conn;

    conn = fetch->conn;
    c = conn->connection;

    if (ngx_ssl_create_connection(&fetch->client->ssl, c, NGX_SSL_CLIENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    SSL_set_msg_callback(c->ssl->connection, ngx_http_apigw_fetch_tls_message);
    SSL_set_msg_callback_arg(c->ssl->connection, conn);

    if (ngx_http_apigw_fetch_tls_name(fetch, &name, address, &len) != NGX_OK) {
        return NGX_ERROR;
    }

    /* RFC 6066, 3: no literal addresses */

    if (len == 0
        && SSL_set_tlsext_host_name(c->ssl->connection, (char *) name.data)
           == 0)
    {
        ERR_clear_error();
        return NGX_ERROR;
    }

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


static ngx_int_t
ngx_http_apigw_fetch_tls_verify(ngx_http_apigw_fetch_t *fetch)
{
    long               rc;
    u_char             address[16];
    ngx_int_t          match;
    ngx_str_t          name;
    ngx_uint_t         len;
    ngx_connection_t  *c;

    c = fetch->conn->connection;

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        return ngx_http_apigw_fetch_next_addr(fetch,
                                          "TLS certificate verify error",
                                          X509_verify_cert_error_string(rc),
                                          0);
    }

    if (ngx_http_apigw_fetch_tls_name(fetch, &name, address, &len) != NGX_OK) {
        return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
    }

    match = len ? ngx_http_apigw_fetch_tls_check_address(c, address, len)
                : ngx_ssl_check_host(c, &name);

    if (match != NGX_OK) {
        return ngx_http_apigw_fetch_next_addr(fetch,
                                          "TLS certificate of another host",
                                          NULL, 0);
    }

    fetch->state = NGX_HTTP_APIGW_FETCH_SEND;

    return NGX_OK;
}


/*
 * The name to ask for and to look for, NUL-terminated; where it is a literal
 * address, its bytes, else `len` is 0.
 */

static ngx_int_t
ngx_http_apigw_fetch_tls_name(ngx_http_apigw_fetch_t *fetch, ngx_str_t *name,
    u_char *address, ngx_uint_t *len)
{
    ngx_str_t  from;

    from = fetch->client->tls_name;

    if (from.len == 0) {
        from.data = (u_char *) fetch->url.host.data;
        from.len = fetch->url.host.len;
    }

    if (from.data[from.len - 1] == '.') {
        from.len--;
    }

    name->len = from.len;
    name->data = ngx_pnalloc(fetch->pool, from.len + 1);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(name->data, from.data, from.len + 1);

    *len = 0;

    if (inet_pton(AF_INET, (char *) name->data, address) == 1) {
        *len = 4;

    } else if (inet_pton(AF_INET6, (char *) name->data, address) == 1) {
        *len = 16;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_tls_check_address(ngx_connection_t *c, u_char *address,
    ngx_uint_t len)
{
    int    rc;
    X509  *cert;

    cert = SSL_get_peer_certificate(c->ssl->connection);
    if (cert == NULL) {
        return NGX_ERROR;
    }

    rc = X509_check_ip(cert, address, len, 0);

    X509_free(cert);

    return rc == 1 ? NGX_OK : NGX_ERROR;
}


#else


ngx_int_t
ngx_http_apigw_fetch_tls_conf(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault)
{
    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_fetch_tls(ngx_http_apigw_fetch_t *fetch)
{
    return ngx_http_apigw_fetch_fail(fetch, "nginx without TLS", NULL, 0);
}


#endif
