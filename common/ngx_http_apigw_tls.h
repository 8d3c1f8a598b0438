
/*
 * TLS towards servers, for clients on connections that nginx owns: 1.2 or
 * later, the chain and the host verified unless that is switched off.
 *
 *     configuration   conf() once the parameters are read
 *     connection      create(), ngx_ssl_handshake(), refuses() before the
 *                     first byte is sent; close()
 */


#ifndef _NGX_HTTP_APIGW_TLS_H_INCLUDED_
#define _NGX_HTTP_APIGW_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/* What conf() tells fits in it. */
#define NGX_HTTP_APIGW_TLS_FAULT_LEN  1024


/* Parameters, and what conf() makes of them: read-only then. */

typedef struct {
    ngx_flag_t                        verify;
    ngx_str_t                         trusted_certificate;
    ngx_str_t                         name;         /* default: the host */
    ngx_str_t                         certificate;
    ngx_str_t                         certificate_key;

    /* ---- */

#if (NGX_HTTP_SSL)
    ngx_ssl_t                         ssl;
#endif
} ngx_http_apigw_tls_t;


/*
 * Makes the context, which ends with cf->pool. NGX_ERROR: `fault`, whose data
 * is a buffer of FAULT_LEN bytes, says what is wrong and its mend ("<fault>;
 * <mend>"), in words of parameters that are named "tls_...". Does nothing in
 * an nginx without TLS.
 */
ngx_int_t ngx_http_apigw_tls_conf(ngx_conf_t *cf, ngx_http_apigw_tls_t *tls,
    ngx_str_t *fault);


#if (NGX_HTTP_SSL)


/*
 * Prepares a connection, whose pool must be its own, for ngx_ssl_handshake().
 * `host` is the name or literal address that was connected to; one or more
 * bytes. NGX_ERROR: no memory; close() is due all the same.
 */
ngx_int_t ngx_http_apigw_tls_create(ngx_http_apigw_tls_t *tls,
    ngx_connection_t *c, ngx_str_t *host);


/*
 * After the handshake: NULL, or why this server is not the one wanted, a
 * static text; *detail tells more, or is NULL.
 */
const char *ngx_http_apigw_tls_refuses(ngx_http_apigw_tls_t *tls,
    ngx_connection_t *c, ngx_str_t *host, const char **detail);


/* Ends TLS at once, without a word to the peer. No effect without any. */
void ngx_http_apigw_tls_close(ngx_connection_t *c);


#endif


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_TLS_H_INCLUDED_ */
