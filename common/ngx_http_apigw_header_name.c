
#include "ngx_http_apigw_header_name.h"


static ngx_str_t  ngx_http_apigw_header_protected_names[] = {
    ngx_string("Host"),
    ngx_string("Content-Length"),
    ngx_string("Content-Encoding"),
    ngx_string("Transfer-Encoding"),
    ngx_string("Connection"),
    ngx_string("Keep-Alive"),
    ngx_string("Proxy-Connection"),
    ngx_string("TE"),
    ngx_string("Trailer"),
    ngx_string("Upgrade"),
    ngx_string("Expect"),
    ngx_null_string
};


ngx_uint_t
ngx_http_apigw_header_name_valid(ngx_str_t *name)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if ((ch >= '0' && ch <= '9')
            || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z'))
        {
            continue;
        }

        if (ch == '\0' || ngx_strchr("!#$%&'*+-.^_`|~", ch) == NULL) {
            return 0;
        }
    }

    return name->len != 0;
}


ngx_uint_t
ngx_http_apigw_header_value_valid(ngx_str_t *value)
{
    size_t  i;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] == CR || value->data[i] == LF
            || value->data[i] == '\0')
        {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_http_apigw_header_protected(ngx_str_t *name)
{
    ngx_str_t  *known;

    for (known = ngx_http_apigw_header_protected_names; known->len; known++) {
        if (ngx_http_apigw_header_name_is(name, known)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_apigw_header_name_is(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && ngx_strncasecmp(a->data, b->data, a->len) == 0;
}


ngx_uint_t
ngx_http_apigw_header_name_like(ngx_str_t *a, ngx_str_t *b)
{
    u_char  ca, cb;
    size_t  i;

    if (a->len != b->len) {
        return 0;
    }

    for (i = 0; i < a->len; i++) {
        ca = ngx_tolower(a->data[i]);
        cb = ngx_tolower(b->data[i]);

        if ((ca == '_' ? '-' : ca) != (cb == '_' ? '-' : cb)) {
            return 0;
        }
    }

    return 1;
}


ngx_uint_t
ngx_http_apigw_header_match_is(ngx_table_elt_t *h, void *data)
{
    return ngx_http_apigw_header_name_is(&h->key, data);
}


ngx_uint_t
ngx_http_apigw_header_match_like(ngx_table_elt_t *h, void *data)
{
    return ngx_http_apigw_header_name_like(&h->key, data);
}


ngx_uint_t
ngx_http_apigw_header_match_prefix(ngx_table_elt_t *h, void *data)
{
    ngx_str_t *prefix = data;

    return h->key.len >= prefix->len
           && ngx_strncasecmp(h->key.data, prefix->data, prefix->len) == 0;
}
