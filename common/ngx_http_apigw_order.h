
/*
 * nginx walks its module list backwards, in phases and in filters alike, so
 * one list fixes who sees a request first. Dynamic builds get it from
 * ngx_module_order, static ones from the top config script; this check, made
 * by each module in postconfiguration, refuses to start with any other.
 */


#ifndef _NGX_HTTP_APIGW_ORDER_H_INCLUDED_
#define _NGX_HTTP_APIGW_ORDER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/* NGX_OK, or NGX_ERROR with an EMERG line that names the misplaced module. */
ngx_int_t ngx_http_apigw_order_check(ngx_conf_t *cf);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_ORDER_H_INCLUDED_ */
