
/*
 * Lines of the response's header. Some of them nginx keeps outside the list,
 * or makes by itself while a pointer is NULL.
 */


#include "ngx_http_apigw_transform.h"
#include "ngx_http_apigw_compat.h"


/* Names with a pointer in r->headers_out. */

typedef struct {
    ngx_str_t      name;
    size_t         offset;
} ngx_http_apigw_transform_known_t;


static ngx_table_elt_t **ngx_http_apigw_transform_out_known(
    ngx_http_request_t *r, ngx_str_t *name);
static void ngx_http_apigw_transform_out_remove_own(ngx_http_request_t *r,
    ngx_http_apigw_transform_match_pt match, void *data);
static ngx_int_t ngx_http_apigw_transform_out_collect(ngx_http_request_t *r,
    ngx_str_t *name, ngx_array_t *values);
static ngx_int_t ngx_http_apigw_transform_out_time(ngx_http_request_t *r,
    ngx_array_t *values);


static ngx_str_t  ngx_http_apigw_transform_content_type =
    ngx_string("Content-Type");
static ngx_str_t  ngx_http_apigw_transform_server = ngx_string("Server");
static ngx_str_t  ngx_http_apigw_transform_date = ngx_string("Date");
static ngx_str_t  ngx_http_apigw_transform_last_modified =
    ngx_string("Last-Modified");
static ngx_str_t  ngx_http_apigw_transform_accept_ranges =
    ngx_string("Accept-Ranges");


static ngx_http_apigw_transform_known_t  ngx_http_apigw_transform_knowns[] = {
    { ngx_string("Server"), offsetof(ngx_http_headers_out_t, server) },
    { ngx_string("Date"), offsetof(ngx_http_headers_out_t, date) },
    { ngx_string("Location"), offsetof(ngx_http_headers_out_t, location) },
    { ngx_string("Refresh"), offsetof(ngx_http_headers_out_t, refresh) },
    { ngx_string("Last-Modified"),
      offsetof(ngx_http_headers_out_t, last_modified) },
    { ngx_string("Content-Range"),
      offsetof(ngx_http_headers_out_t, content_range) },
    { ngx_string("Accept-Ranges"),
      offsetof(ngx_http_headers_out_t, accept_ranges) },
    { ngx_string("WWW-Authenticate"),
      offsetof(ngx_http_headers_out_t, www_authenticate) },
    { ngx_string("Expires"), offsetof(ngx_http_headers_out_t, expires) },
    { ngx_string("ETag"), offsetof(ngx_http_headers_out_t, etag) },
    { ngx_null_string, 0 }
};


/* nginx adds no Server and no Date of its own beside a line that is hidden. */

static ngx_table_elt_t  ngx_http_apigw_transform_hidden;


ngx_uint_t
ngx_http_apigw_transform_out_is(ngx_str_t *name, void *data)
{
    return ngx_http_apigw_header_name_is(name, data);
}


void
ngx_http_apigw_transform_out_remove(ngx_http_request_t *r,
    ngx_http_apigw_transform_match_pt match, void *data)
{
    ngx_uint_t         i;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *h, **known;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0 || !match(&h[i].key, data)) {
                continue;
            }

            h[i].hash = 0;

            known = ngx_http_apigw_transform_out_known(r, &h[i].key);
            if (known) {
                *known = NULL;
            }
        }
    }

    ngx_http_apigw_transform_out_remove_own(r, match, data);
}


static void
ngx_http_apigw_transform_out_remove_own(ngx_http_request_t *r,
    ngx_http_apigw_transform_match_pt match, void *data)
{
    if (match(&ngx_http_apigw_transform_content_type, data)) {
        ngx_str_null(&r->headers_out.content_type);
        ngx_str_null(&r->headers_out.charset);
        r->headers_out.content_type_len = 0;
        r->headers_out.content_type_lowcase = NULL;
    }

    if (match(&ngx_http_apigw_transform_server, data)) {
        r->headers_out.server = &ngx_http_apigw_transform_hidden;
    }

    if (match(&ngx_http_apigw_transform_date, data)) {
        r->headers_out.date = &ngx_http_apigw_transform_hidden;
    }

    if (match(&ngx_http_apigw_transform_last_modified, data)) {
        r->headers_out.last_modified_time = -1;
    }

    if (match(&ngx_http_apigw_transform_accept_ranges, data)) {
        r->allow_ranges = 0;
    }
}


ngx_uint_t
ngx_http_apigw_transform_out_has(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (ngx_http_apigw_header_name_is(name,
                                      &ngx_http_apigw_transform_content_type))
    {
        return r->headers_out.content_type.len != 0;
    }

    if (ngx_http_apigw_header_name_is(name, &ngx_http_apigw_transform_server)) {
        return r->headers_out.server != &ngx_http_apigw_transform_hidden;
    }

    if (ngx_http_apigw_header_name_is(name, &ngx_http_apigw_transform_date)) {
        return r->headers_out.date != &ngx_http_apigw_transform_hidden;
    }

    if (ngx_http_apigw_header_name_is(name,
                                      &ngx_http_apigw_transform_last_modified)
        && r->headers_out.last_modified_time != -1)
    {
        return 1;
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && ngx_http_apigw_header_name_is(&h[i].key, name)) {
                return 1;
            }
        }
    }

    return 0;
}


ngx_int_t
ngx_http_apigw_transform_out_append(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h, **known;

    if (ngx_http_apigw_header_name_is(name,
                                      &ngx_http_apigw_transform_content_type))
    {
        r->headers_out.content_type = *value;
        r->headers_out.content_type_len = value->len;
        r->headers_out.content_type_lowcase = NULL;
        ngx_str_null(&r->headers_out.charset);

        return NGX_OK;
    }

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 0;                    /* hidden until it is complete */
    h->key = *name;
    h->value = *value;

    h->lowcase_key = ngx_pnalloc(r->pool, name->len);
    if (h->lowcase_key == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, name->data, name->len);

    known = ngx_http_apigw_transform_out_known(r, name);

    if (known) {
        if (*known == NULL || *known == &ngx_http_apigw_transform_hidden) {
            *known = h;
        }

        return NGX_OK;
    }

    return ngx_http_apigw_headers_out_multi_add(r, h);
}


ngx_int_t
ngx_http_apigw_transform_out_rename(ngx_http_request_t *r, ngx_str_t *from,
    ngx_str_t *to)
{
    ngx_str_t    *value;
    ngx_uint_t    i;
    ngx_array_t   values;

    if (ngx_array_init(&values, r->pool, 2, sizeof(ngx_str_t)) != NGX_OK
        || ngx_http_apigw_transform_out_collect(r, from, &values) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (values.nelts == 0) {
        return NGX_OK;
    }

    ngx_http_apigw_transform_out_remove(r, ngx_http_apigw_transform_out_is, to);
    ngx_http_apigw_transform_out_remove(r, ngx_http_apigw_transform_out_is,
                                        from);

    value = values.elts;

    for (i = 0; i < values.nelts; i++) {
        if (ngx_http_apigw_transform_out_append(r, to, &value[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_transform_out_collect(ngx_http_request_t *r, ngx_str_t *name,
    ngx_array_t *values)
{
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (r->headers_out.content_type.len
        && ngx_http_apigw_header_name_is(name,
                                      &ngx_http_apigw_transform_content_type))
    {
        value = ngx_array_push(values);
        if (value == NULL) {
            return NGX_ERROR;
        }

        *value = r->headers_out.content_type;
    }

    if (r->headers_out.last_modified_time != -1
        && r->headers_out.last_modified == NULL
        && ngx_http_apigw_header_name_is(name,
                                      &ngx_http_apigw_transform_last_modified))
    {
        return ngx_http_apigw_transform_out_time(r, values);
    }

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0
                || !ngx_http_apigw_header_name_is(&h[i].key, name))
            {
                continue;
            }

            value = ngx_array_push(values);
            if (value == NULL) {
                return NGX_ERROR;
            }

            *value = h[i].value;
        }
    }

    return NGX_OK;
}


/* Last-Modified as nginx writes it, which so far is a number. */

static ngx_int_t
ngx_http_apigw_transform_out_time(ngx_http_request_t *r, ngx_array_t *values)
{
    ngx_str_t  *value;

    value = ngx_array_push(values);
    if (value == NULL) {
        return NGX_ERROR;
    }

    value->data = ngx_pnalloc(r->pool,
                              sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    value->len = ngx_http_time(value->data, r->headers_out.last_modified_time)
                 - value->data;

    return NGX_OK;
}


void
ngx_http_apigw_transform_out_forget(ngx_http_request_t *r)
{
    size_t                      len;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = cmcf->variables.elts;
    len = sizeof("sent_http_") - 1;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        if (r->variables[i].valid || r->variables[i].not_found) {

            if (v[i].name.len > len
                && ngx_strncmp(v[i].name.data, "sent_http_", len) == 0)
            {
                r->variables[i].valid = 0;
                r->variables[i].not_found = 0;
            }
        }
    }
}


static ngx_table_elt_t **
ngx_http_apigw_transform_out_known(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_http_apigw_transform_known_t  *known;

    for (known = ngx_http_apigw_transform_knowns; known->name.len; known++) {
        if (ngx_http_apigw_header_name_is(name, &known->name)) {
            return (ngx_table_elt_t **)
                       ((u_char *) &r->headers_out + known->offset);
        }
    }

    return NULL;
}
