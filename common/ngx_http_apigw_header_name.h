
/*
 * Names and values of header lines, in requests and responses.
 */


#ifndef _NGX_HTTP_APIGW_HEADER_NAME_H_INCLUDED_
#define _NGX_HTTP_APIGW_HEADER_NAME_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/* A token (RFC 9110, 5.6.2) of at least one byte. */
ngx_uint_t ngx_http_apigw_header_name_valid(ngx_str_t *name);

/* No CR, LF or NUL. */
ngx_uint_t ngx_http_apigw_header_value_valid(ngx_str_t *value);

/*
 * Names that frame the message or name the host: no configuration may set,
 * add, remove or rename them.
 */
ngx_uint_t ngx_http_apigw_header_protected(ngx_str_t *name);

/* Equal in any case. */
ngx_uint_t ngx_http_apigw_header_name_is(ngx_str_t *a, ngx_str_t *b);

/*
 * Equal in any case and with "-" and "_" alike: what one CGI variable stands
 * for, so what a service may take for the same.
 */
ngx_uint_t ngx_http_apigw_header_name_like(ngx_str_t *a, ngx_str_t *b);

/*
 * Tells by its name whether a line is meant; `data` is the caller's. For these
 * three it is an ngx_str_t, the name or its start.
 */

typedef ngx_uint_t (*ngx_http_apigw_header_match_pt)(ngx_table_elt_t *h,
    void *data);

ngx_uint_t ngx_http_apigw_header_match_is(ngx_table_elt_t *h, void *data);
ngx_uint_t ngx_http_apigw_header_match_like(ngx_table_elt_t *h, void *data);
ngx_uint_t ngx_http_apigw_header_match_prefix(ngx_table_elt_t *h, void *data);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_HEADER_NAME_H_INCLUDED_ */
