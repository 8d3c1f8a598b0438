
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


/*
 * The pointer that r->headers_in keeps for a known name, at `offset` in it:
 * the first line of several; before 1.23 an array of lines for Cookie and
 * X-Forwarded-For, since then a chain of them for every name.
 */

#if (nginx_version < 1023000)

static ngx_inline ngx_array_t *
ngx_http_apigw_headers_in_known_array(ngx_http_request_t *r, ngx_uint_t offset)
{
    if (offset == offsetof(ngx_http_headers_in_t, cookies)) {
        return &r->headers_in.cookies;
    }

#if (NGX_HTTP_X_FORWARDED_FOR)
    if (offset == offsetof(ngx_http_headers_in_t, x_forwarded_for)) {
        return &r->headers_in.x_forwarded_for;
    }
#endif

    return NULL;
}

#endif


static ngx_inline void
ngx_http_apigw_headers_in_known_clear(ngx_http_request_t *r, ngx_uint_t offset)
{
#if (nginx_version < 1023000)
    ngx_array_t  *lines;

    lines = ngx_http_apigw_headers_in_known_array(r, offset);

    if (lines) {
        ngx_memzero(lines, sizeof(ngx_array_t));
        return;
    }
#endif

    *(ngx_table_elt_t **) ((u_char *) &r->headers_in + offset) = NULL;
}


static ngx_inline ngx_int_t
ngx_http_apigw_headers_in_known_add(ngx_http_request_t *r, ngx_uint_t offset,
    ngx_table_elt_t *h)
{
    ngx_table_elt_t  **line;

#if (nginx_version < 1023000)
    ngx_array_t       *lines;

    lines = ngx_http_apigw_headers_in_known_array(r, offset);

    if (lines) {
        if (lines->elts == NULL
            && ngx_array_init(lines, r->pool, 1, sizeof(ngx_table_elt_t *))
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        line = ngx_array_push(lines);
        if (line == NULL) {
            return NGX_ERROR;
        }

        *line = h;

        return NGX_OK;
    }

    line = (ngx_table_elt_t **) ((u_char *) &r->headers_in + offset);

    if (*line == NULL) {
        *line = h;
    }

#else

    line = (ngx_table_elt_t **) ((u_char *) &r->headers_in + offset);

    while (*line) {
        line = &(*line)->next;
    }

    h->next = NULL;
    *line = h;

#endif

    return NGX_OK;
}


/*
 * Notes a response line where nginx keeps all of its name: Cache-Control and
 * Link, in arrays before 1.23, in chains since then.
 */

static ngx_inline ngx_int_t
ngx_http_apigw_headers_out_multi_add(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_table_elt_t  **line;

#if (nginx_version < 1023000)
    ngx_array_t       *lines;

    if (h->key.len == sizeof("Cache-Control") - 1
        && ngx_strncasecmp(h->key.data, (u_char *) "Cache-Control",
                           h->key.len) == 0)
    {
        lines = &r->headers_out.cache_control;

    } else if (h->key.len == sizeof("Link") - 1
               && ngx_strncasecmp(h->key.data, (u_char *) "Link",
                                  h->key.len) == 0)
    {
        lines = &r->headers_out.link;

    } else {
        return NGX_OK;
    }

    if (lines->elts == NULL
        && ngx_array_init(lines, r->pool, 1, sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    line = ngx_array_push(lines);
    if (line == NULL) {
        return NGX_ERROR;
    }

#else

    if (h->key.len == sizeof("Cache-Control") - 1
        && ngx_strncasecmp(h->key.data, (u_char *) "Cache-Control",
                           h->key.len) == 0)
    {
        line = &r->headers_out.cache_control;

    } else if (h->key.len == sizeof("Link") - 1
               && ngx_strncasecmp(h->key.data, (u_char *) "Link",
                                  h->key.len) == 0)
    {
        line = &r->headers_out.link;

    } else {
        return NGX_OK;
    }

    while (*line) {
        line = &(*line)->next;
    }

#endif

    *line = h;

    return NGX_OK;
}


#endif /* _NGX_HTTP_APIGW_COMPAT_H_INCLUDED_ */
