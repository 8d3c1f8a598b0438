
/*
 * Edits of the request's header, as the service will see it.
 *
 * Elements are never moved or changed in place: r->headers_in points at them,
 * and a subrequest's r->headers_in is a copy that shares them. Each edit makes
 * a new chain of list parts over the elements that stay, so it is private to
 * its request. It then mends the pointer that nginx keeps for a known name,
 * and makes variables forget the old lines. What nginx has derived already
 * (connection_type, content_length_n, user, server) stays.
 *
 * Needs ngx_http_apigw_header_name.c and ngx_http_apigw_headers_known.c.
 */


#ifndef _NGX_HTTP_APIGW_HEADERS_IN_H_INCLUDED_
#define _NGX_HTTP_APIGW_HEADERS_IN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_apigw_header_name.h"


#pragma GCC visibility push(hidden)


/* The first line of the request that matches, or NULL. */
ngx_table_elt_t *ngx_http_apigw_headers_in_find(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data);


/*
 * Edits. NGX_OK, also if nothing was to be done; NGX_ERROR: no memory. Names
 * and values are not copied, they must live as long as the request.
 */

/* All lines that match go. */
ngx_int_t ngx_http_apigw_headers_in_remove(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data);

/*
 * As _remove(), yet nginx's own pointer to the header stays: the line is not
 * proxied, and nginx still acts on it.
 */
ngx_int_t ngx_http_apigw_headers_in_hide(ngx_http_request_t *r,
    ngx_http_apigw_header_match_pt match, void *data);

/* One more line. */
ngx_int_t ngx_http_apigw_headers_in_append(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);

/* All lines of the name go, one is added unless the value is empty. */
ngx_int_t ngx_http_apigw_headers_in_set(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);

/* Lines of `to` go if there is one of `from`; each of those becomes `to`. */
ngx_int_t ngx_http_apigw_headers_in_rename(ngx_http_request_t *r,
    ngx_str_t *from, ngx_str_t *to);

/*
 * Takes a name ("-" and "_" alike) out of the client's Connection lines: a
 * hop that obeys them would remove the header of that name which we set.
 */
ngx_int_t ngx_http_apigw_headers_in_connection_drop(ngx_http_request_t *r,
    ngx_str_t *name);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_HEADERS_IN_H_INCLUDED_ */
