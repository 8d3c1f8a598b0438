
/*
 * Differences between nginx releases (1.22 - 1.30), as small accessors. No
 * other file tests nginx_version.
 */


#ifndef _NGX_HTTP_APIGW_COMPAT_H_INCLUDED_
#define _NGX_HTTP_APIGW_COMPAT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Adds a header line; since 1.23 its `next` must be cleared by hand. */

static ngx_inline ngx_table_elt_t *
ngx_http_apigw_header_push(ngx_list_t *headers)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(headers);
    if (h == NULL) {
        return NULL;
    }

#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return h;
}


#endif /* _NGX_HTTP_APIGW_COMPAT_H_INCLUDED_ */
