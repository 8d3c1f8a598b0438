
#include "ngx_http_apigw_transform.h"
#include "ngx_http_apigw_headers_in.h"


/* The lines that `remove` or `keep` is about. */

typedef struct {
    ngx_str_t     *names;
    ngx_uint_t     n;
    ngx_uint_t     keep;
} ngx_http_apigw_transform_names_t;


static ngx_uint_t ngx_http_apigw_transform_name_goes(ngx_str_t *name,
    void *data);
static ngx_uint_t ngx_http_apigw_transform_line_goes(ngx_table_elt_t *h,
    void *data);
static ngx_uint_t ngx_http_apigw_transform_name_kept(ngx_str_t *name);
static ngx_int_t ngx_http_apigw_transform_header_in(ngx_http_request_t *r,
    ngx_http_apigw_transform_header_t *op, ngx_str_t *value);
static ngx_int_t ngx_http_apigw_transform_header_out(ngx_http_request_t *r,
    ngx_http_apigw_transform_header_t *op, ngx_str_t *value);


/* What `keep` spares besides the protected names. */

static ngx_str_t  ngx_http_apigw_transform_kept[] = {
    ngx_string("Content-Type"),
    ngx_string("Date"),
    ngx_string("Location"),
    ngx_string("Server"),
    ngx_null_string
};


ngx_uint_t
ngx_http_apigw_transform_headers_valid(ngx_array_t *parts)
{
    ngx_uint_t                        i, k;
    ngx_http_apigw_transform_part_t  *part;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (!part[i].header_applies) {
            continue;
        }

        for (k = 0; k < part[i].use->set->headers.nelts; k++) {
            if (!ngx_http_apigw_header_value_valid(&part[i].headers[k])) {
                return 0;
            }
        }
    }

    return 1;
}


ngx_int_t
ngx_http_apigw_transform_headers_in(ngx_http_request_t *r, ngx_array_t *parts)
{
    ngx_uint_t                          i, k;
    ngx_array_t                        *ops;
    ngx_http_apigw_transform_part_t    *part;
    ngx_http_apigw_transform_header_t  *op;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        ops = &part[i].use->set->headers;
        op = ops->elts;

        for (k = 0; k < ops->nelts; k++) {
            if (ngx_http_apigw_transform_header_in(r, &op[k],
                                                   &part[i].headers[k])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_header_in(ngx_http_request_t *r,
    ngx_http_apigw_transform_header_t *op, ngx_str_t *value)
{
    ngx_http_apigw_transform_names_t  names;

    switch (op->op) {

    case NGX_HTTP_APIGW_HEADER_REMOVE:
    case NGX_HTTP_APIGW_HEADER_KEEP:
        names.names = op->names;
        names.n = op->n;
        names.keep = (op->op == NGX_HTTP_APIGW_HEADER_KEEP);

        return ngx_http_apigw_headers_in_remove(r,
                                    ngx_http_apigw_transform_line_goes, &names);

    case NGX_HTTP_APIGW_HEADER_RENAME:
        return ngx_http_apigw_headers_in_rename(r, &op->names[0],
                                                &op->names[1]);

    case NGX_HTTP_APIGW_HEADER_ADD:
        if (ngx_http_apigw_headers_in_find(r, ngx_http_apigw_header_match_is,
                                           &op->names[0]))
        {
            return NGX_OK;
        }

        break;

    default:
        break;
    }

    /* what we add must not be an option of the client's connection */

    if (ngx_http_apigw_headers_in_connection_drop(r, &op->names[0]) != NGX_OK) {
        return NGX_ERROR;
    }

    if (op->op == NGX_HTTP_APIGW_HEADER_SET) {
        return ngx_http_apigw_headers_in_set(r, &op->names[0], value);
    }

    if (value->len == 0) {
        return NGX_OK;
    }

    return ngx_http_apigw_headers_in_append(r, &op->names[0], value);
}


ngx_int_t
ngx_http_apigw_transform_headers_out(ngx_http_request_t *r, ngx_array_t *parts)
{
    ngx_int_t                           rc;
    ngx_uint_t                          i, k;
    ngx_array_t                        *ops;
    ngx_http_apigw_transform_part_t    *part;
    ngx_http_apigw_transform_header_t  *op;

    rc = NGX_OK;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {

        if (!part[i].header_applies) {
            continue;
        }

        ops = &part[i].use->set->headers;
        op = ops->elts;

        for (k = 0; k < ops->nelts; k++) {

            if (!ngx_http_apigw_header_value_valid(&part[i].headers[k])) {
                rc = NGX_DECLINED;
                continue;
            }

            if (ngx_http_apigw_transform_header_out(r, &op[k],
                                                    &part[i].headers[k])
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    ngx_http_apigw_transform_out_forget(r);

    return rc;
}


static ngx_int_t
ngx_http_apigw_transform_header_out(ngx_http_request_t *r,
    ngx_http_apigw_transform_header_t *op, ngx_str_t *value)
{
    ngx_str_t                         *name;
    ngx_http_apigw_transform_names_t   names;

    name = &op->names[0];

    switch (op->op) {

    case NGX_HTTP_APIGW_HEADER_REMOVE:
    case NGX_HTTP_APIGW_HEADER_KEEP:
        names.names = op->names;
        names.n = op->n;
        names.keep = (op->op == NGX_HTTP_APIGW_HEADER_KEEP);

        ngx_http_apigw_transform_out_remove(r,
                                    ngx_http_apigw_transform_name_goes, &names);
        return NGX_OK;

    case NGX_HTTP_APIGW_HEADER_RENAME:
        return ngx_http_apigw_transform_out_rename(r, name, &op->names[1]);

    case NGX_HTTP_APIGW_HEADER_SET:
        ngx_http_apigw_transform_out_remove(r, ngx_http_apigw_transform_out_is,
                                            name);
        break;

    case NGX_HTTP_APIGW_HEADER_ADD:
        if (ngx_http_apigw_transform_out_has(r, name)) {
            return NGX_OK;
        }

        break;

    case NGX_HTTP_APIGW_HEADER_APPEND:
        break;
    }

    if (value->len == 0) {
        return NGX_OK;
    }

    return ngx_http_apigw_transform_out_append(r, name, value);
}


static ngx_uint_t
ngx_http_apigw_transform_line_goes(ngx_table_elt_t *h, void *data)
{
    return ngx_http_apigw_transform_name_goes(&h->key, data);
}


static ngx_uint_t
ngx_http_apigw_transform_name_goes(ngx_str_t *name, void *data)
{
    ngx_http_apigw_transform_names_t *names = data;

    ngx_str_t    pattern, start;
    ngx_uint_t   i;

    if (ngx_http_apigw_header_protected(name)
        || (names->keep && ngx_http_apigw_transform_name_kept(name)))
    {
        return 0;
    }

    for (i = 0; i < names->n; i++) {
        pattern = names->names[i];
        start = *name;

        if (pattern.data[pattern.len - 1] == '*') {
            pattern.len--;
            start.len = ngx_min(start.len, pattern.len);
        }

        if (ngx_http_apigw_header_name_is(&start, &pattern)) {
            return !names->keep;
        }
    }

    return names->keep;
}


static ngx_uint_t
ngx_http_apigw_transform_name_kept(ngx_str_t *name)
{
    ngx_str_t  *kept;

    for (kept = ngx_http_apigw_transform_kept; kept->len; kept++) {
        if (ngx_http_apigw_header_name_is(name, kept)) {
            return 1;
        }
    }

    return 0;
}
