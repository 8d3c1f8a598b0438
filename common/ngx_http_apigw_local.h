
/* Who may see the gateway's own pages, if nobody else has been let in. */


#ifndef _NGX_HTTP_APIGW_LOCAL_H_INCLUDED_
#define _NGX_HTTP_APIGW_LOCAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#pragma GCC visibility push(hidden)


/*
 * Whether the client is on this machine: its address is a loopback one or a
 * Unix socket's, both before and after realip and by the PROXY protocol, and
 * no field tells of a proxy (X-Forwarded-For, X-Real-IP, Forwarded, Via). So a
 * proxy on this machine opens nothing to those who come through it.
 */
ngx_uint_t ngx_http_apigw_client_is_local(ngx_http_request_t *r);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_APIGW_LOCAL_H_INCLUDED_ */
