
/*
 * What nginx keeps besides the list of request header lines: a pointer for each
 * known name, and the values of variables once they were asked for.
 */


#ifndef _NGX_HTTP_APIGW_HEADERS_KNOWN_H_INCLUDED_
#define _NGX_HTTP_APIGW_HEADERS_KNOWN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/* Notes that a line came or went; `touched` is an array of pointers. */
ngx_int_t ngx_http_apigw_headers_known_touch(ngx_array_t *touched,
    ngx_table_elt_t *h);


/*
 * Makes the pointers of the touched names true to the list, and forgets what
 * variables read there. NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_apigw_headers_known_mend(ngx_http_request_t *r,
    ngx_array_t *touched);


/* Forgets what variables read from lines of the touched names. */
void ngx_http_apigw_headers_known_forget(ngx_http_request_t *r,
    ngx_array_t *touched);


/* Makes an indexed variable be evaluated anew; `name` in lower case. */
void ngx_http_apigw_variable_forget(ngx_http_request_t *r, ngx_str_t *name);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_HEADERS_KNOWN_H_INCLUDED_ */
