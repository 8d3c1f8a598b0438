
#include "ngx_http_apigw_tls.h"


#if (NGX_HTTP_SSL)


/* As `proxy_ssl_verify_depth`, with room for cross-signed chains. */
#define NGX_HTTP_APIGW_TLS_DEPTH     8

/* Of a name, by RFC 6066, 3. */
#define NGX_HTTP_APIGW_TLS_NAME_MAX  255


static ngx_int_t ngx_http_apigw_tls_fault(ngx_str_t *fault, const char *fmt,
    ngx_str_t *value);
static ngx_int_t ngx_http_apigw_tls_trust(ngx_conf_t *cf,
    ngx_http_apigw_tls_t *tls, ngx_str_t *fault);
static ngx_int_t ngx_http_apigw_tls_certificate(ngx_conf_t *cf,
    ngx_http_apigw_tls_t *tls, ngx_str_t *fault);
static ngx_int_t ngx_http_apigw_tls_name(ngx_http_apigw_tls_t *tls,
    ngx_connection_t *c, ngx_str_t *host, ngx_str_t *name, u_char *address,
    ngx_uint_t *len);
static ngx_int_t ngx_http_apigw_tls_check_address(ngx_connection_t *c,
    u_char *address, ngx_uint_t len);


ngx_int_t
ngx_http_apigw_tls_conf(ngx_conf_t *cf, ngx_http_apigw_tls_t *tls,
    ngx_str_t *fault)
{
    ngx_pool_cleanup_t  *cln;

    if (tls->name.len > NGX_HTTP_APIGW_TLS_NAME_MAX) {
        return ngx_http_apigw_tls_fault(fault,
                           "too long a \"tls_name\"; give the host name that "
                           "the certificate has", NULL);
    }

    tls->ssl.log = cf->log;

    if (ngx_ssl_create(&tls->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return ngx_http_apigw_tls_fault(fault,
                           "no TLS; see the error before this one", NULL);
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(&tls->ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = &tls->ssl;

    if (ngx_http_apigw_tls_trust(cf, tls, fault) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_tls_certificate(cf, tls, fault);
}


static ngx_int_t
ngx_http_apigw_tls_fault(ngx_str_t *fault, const char *fmt, ngx_str_t *value)
{
    ERR_clear_error();

    fault->len = ngx_snprintf(fault->data, NGX_HTTP_APIGW_TLS_FAULT_LEN, fmt,
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
ngx_http_apigw_tls_trust(ngx_conf_t *cf, ngx_http_apigw_tls_t *tls,
    ngx_str_t *fault)
{
    if (ngx_ssl_trusted_certificate(cf, &tls->ssl, &tls->trusted_certificate,
                                    NGX_HTTP_APIGW_TLS_DEPTH)
        != NGX_OK)
    {
        return ngx_http_apigw_tls_fault(fault,
                           "cannot load \"tls_trusted_certificate\" \"%V\"; "
                           "give a readable file of PEM certificates",
                           &tls->trusted_certificate);
    }

    if (tls->trusted_certificate.len) {
        return NGX_OK;
    }

    if (SSL_CTX_set_default_verify_paths(tls->ssl.ctx) == 0) {
        return ngx_http_apigw_tls_fault(fault,
                           "cannot use the system's certificates; give "
                           "\"tls_trusted_certificate\"", NULL);
    }

    /* as for a file, success may leave errors */

    ERR_clear_error();

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_tls_certificate(ngx_conf_t *cf, ngx_http_apigw_tls_t *tls,
    ngx_str_t *fault)
{
    ngx_str_t  *cert, *key;

    cert = &tls->certificate;
    key = &tls->certificate_key;

    if (cert->len == 0 && key->len == 0) {
        return NGX_OK;
    }

    if (key->len == 0) {
        return ngx_http_apigw_tls_fault(fault,
                           "\"tls_certificate\" alone; add "
                           "\"tls_certificate_key\"", NULL);
    }

    if (cert->len == 0) {
        return ngx_http_apigw_tls_fault(fault,
                           "\"tls_certificate_key\" alone; add "
                           "\"tls_certificate\"", NULL);
    }

    if (ngx_ssl_certificate(cf, &tls->ssl, cert, key, NULL) != NGX_OK) {
        return ngx_http_apigw_tls_fault(fault,
                           "cannot load \"tls_certificate\" \"%V\" and its "
                           "key; give two readable PEM files that belong "
                           "together",
                           cert);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_tls_create(ngx_http_apigw_tls_t *tls, ngx_connection_t *c,
    ngx_str_t *host)
{
    u_char      address[16];
    ngx_str_t   name;
    ngx_uint_t  len;

    if (ngx_ssl_create_connection(&tls->ssl, c, NGX_SSL_CLIENT) != NGX_OK) {
        return NGX_ERROR;
    }

#ifdef SSL_OP_NO_RENEGOTIATION
    SSL_set_options(c->ssl->connection, SSL_OP_NO_RENEGOTIATION);
#endif

    if (ngx_http_apigw_tls_name(tls, c, host, &name, address, &len) != NGX_OK) {
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


const char *
ngx_http_apigw_tls_refuses(ngx_http_apigw_tls_t *tls, ngx_connection_t *c,
    ngx_str_t *host, const char **detail)
{
    long        rc;
    u_char      address[16];
    ngx_int_t   match;
    ngx_str_t   name;
    ngx_uint_t  len;

    *detail = NULL;

    if (!tls->verify) {
        return NULL;
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc != X509_V_OK) {
        *detail = X509_verify_cert_error_string(rc);
        return "TLS certificate verify error";
    }

    if (ngx_http_apigw_tls_name(tls, c, host, &name, address, &len) != NGX_OK) {
        return "no memory";
    }

    match = len ? ngx_http_apigw_tls_check_address(c, address, len)
                : ngx_ssl_check_host(c, &name);

    ERR_clear_error();

    return match == NGX_OK ? NULL : "TLS certificate of another host";
}


/*
 * The name to ask for and to look for, NUL-terminated; where it is a literal
 * address, its bytes, else `len` is 0.
 */

static ngx_int_t
ngx_http_apigw_tls_name(ngx_http_apigw_tls_t *tls, ngx_connection_t *c,
    ngx_str_t *host, ngx_str_t *name, u_char *address, ngx_uint_t *len)
{
    ngx_str_t  from;

    from = tls->name.len ? tls->name : *host;

    if (from.data[from.len - 1] == '.') {
        from.len--;
    }

    name->len = from.len;
    name->data = ngx_pnalloc(c->pool, from.len + 1);

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
ngx_http_apigw_tls_check_address(ngx_connection_t *c, u_char *address,
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


void
ngx_http_apigw_tls_close(ngx_connection_t *c)
{
    if (c->ssl == NULL) {
        return;
    }

    /* with both of them it is done at once */

    c->ssl->no_wait_shutdown = 1;
    c->ssl->no_send_shutdown = 1;

    (void) ngx_ssl_shutdown(c);
}


#else


ngx_int_t
ngx_http_apigw_tls_conf(ngx_conf_t *cf, ngx_http_apigw_tls_t *tls,
    ngx_str_t *fault)
{
    return NGX_OK;
}


#endif
