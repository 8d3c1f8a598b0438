
/*
 * Media types of bodies, and their charset.
 */


#include "ngx_http_apigw_transform.h"


static ngx_uint_t ngx_http_apigw_transform_type_is(ngx_str_t *wanted,
    ngx_str_t *type);


static ngx_str_t  ngx_http_apigw_transform_types[] = {
    ngx_string("application/json"),
    ngx_string("+json")
};


ngx_uint_t
ngx_http_apigw_transform_type_matches(ngx_http_apigw_transform_use_t *use,
    ngx_str_t *type)
{
    ngx_str_t   *wanted;
    ngx_uint_t   i, n;

    if (use->types) {
        wanted = use->types->elts;
        n = use->types->nelts;

    } else {
        wanted = ngx_http_apigw_transform_types;
        n = sizeof(ngx_http_apigw_transform_types) / sizeof(ngx_str_t);
    }

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_transform_type_is(&wanted[i], type)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_apigw_transform_type_is(ngx_str_t *wanted, ngx_str_t *type)
{
    ngx_str_t  end;

    end = *type;

    if (wanted->data[0] == '+') {

        if (ngx_strlchr(end.data, end.data + end.len, '/') == NULL
            || end.len <= wanted->len)
        {
            return 0;
        }

        end.data += end.len - wanted->len;
        end.len = wanted->len;
    }

    return ngx_http_apigw_header_name_is(wanted, &end);
}


void
ngx_http_apigw_transform_type_split(ngx_str_t *value, ngx_str_t *type,
    ngx_str_t *charset)
{
    u_char  *p, *last, *end;
    size_t   len;

    ngx_str_null(charset);
    *type = *value;

    p = value->data;
    last = p + value->len;

    end = ngx_strlchr(p, last, ';');

    if (end) {
        type->len = end - p;
    }

    while (type->len && (type->data[type->len - 1] == ' '
                         || type->data[type->len - 1] == '\t'))
    {
        type->len--;
    }

    len = sizeof("charset=") - 1;

    while (end) {
        p = end + 1;

        end = ngx_strlchr(p, last, ';');

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        /* the first one is enough: with a second that differs none fits */

        if ((size_t) (last - p) > len
            && ngx_strncasecmp(p, (u_char *) "charset=", len) == 0)
        {
            charset->data = p + len;
            charset->len = (end ? end : last) - charset->data;

            if (!ngx_http_apigw_transform_charset_fits(charset)) {
                return;
            }
        }
    }
}


ngx_uint_t
ngx_http_apigw_transform_charset_fits(ngx_str_t *charset)
{
    ngx_str_t         name;
    static ngx_str_t  utf8 = ngx_string("utf-8");

    name = *charset;

    while (name.len && (name.data[name.len - 1] == ' '
                        || name.data[name.len - 1] == '\t'))
    {
        name.len--;
    }

    if (name.len >= 2 && name.data[0] == '"' && name.data[name.len - 1] == '"')
    {
        name.data++;
        name.len -= 2;
    }

    return charset->data == NULL || ngx_http_apigw_header_name_is(&name, &utf8);
}
