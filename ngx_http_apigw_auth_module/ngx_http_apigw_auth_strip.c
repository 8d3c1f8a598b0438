
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_in.h"
#include "ngx_http_apigw_headers_known.h"


static ngx_int_t ngx_http_apigw_auth_strip_carriers(ngx_http_request_t *r,
    ngx_array_t *carriers);
static ngx_int_t ngx_http_apigw_auth_strip_carrier(ngx_http_request_t *r,
    ngx_http_apigw_auth_carrier_t *carrier);
static ngx_int_t ngx_http_apigw_auth_strip_authorization(ngx_http_request_t *r,
    ngx_uint_t token, ngx_uint_t key, ngx_uint_t basic);
static ngx_int_t ngx_http_apigw_auth_strip_cookie(ngx_http_request_t *r,
    ngx_str_t *name);
static ngx_int_t ngx_http_apigw_auth_strip_arg(ngx_http_request_t *r,
    ngx_str_t *name);
static size_t ngx_http_apigw_auth_pairs_without(ngx_str_t *line, u_char sep,
    ngx_str_t *name, u_char *out);


ngx_int_t
ngx_http_apigw_auth_credential_strip(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_uint_t token, ngx_uint_t key)
{
    ngx_http_apigw_auth_policy_t     *policy;
    ngx_http_apigw_auth_main_conf_t  *amcf;
    static ngx_str_t                  authorization =
                                                  ngx_string("Authorization");
    static ngx_str_t                  dpop = ngx_string("DPoP");

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    policy = alcf->policy;

    token = token && (policy->schemes & APIGW_SCHEME_BEARER);

    /* a line of a name that apigw_auth_set_header gives is not the client's */

    if (!ngx_http_apigw_auth_headers_named(&amcf->names, &authorization)
        && ngx_http_apigw_auth_strip_authorization(r, token,
                                              key && policy->nstores,
                                              key && policy->basic)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* a proof is of no use without its token */

    if (token
        && !ngx_http_apigw_auth_headers_named(&amcf->names, &dpop)
        && ngx_http_apigw_headers_in_remove(r, ngx_http_apigw_header_match_is,
                                            &dpop)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (token && alcf->token_from
        && ngx_http_apigw_auth_strip_carriers(r, alcf->token_from) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return key ? ngx_http_apigw_auth_strip_carriers(r, &policy->carriers)
               : NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_strip_carriers(ngx_http_request_t *r,
    ngx_array_t *carriers)
{
    ngx_str_t                        *header;
    ngx_uint_t                        i;
    ngx_http_apigw_auth_carrier_t    *carrier;
    ngx_http_apigw_auth_main_conf_t  *amcf;
    static ngx_str_t                  cookie = ngx_string("Cookie");

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    carrier = carriers->elts;

    for (i = 0; i < carriers->nelts; i++) {

        header = (carrier[i].in == NGX_HTTP_APIGW_AUTH_IN_HEADER)
                 ? &carrier[i].name : &cookie;

        if (carrier[i].in != NGX_HTTP_APIGW_AUTH_IN_ARG
            && ngx_http_apigw_auth_headers_named(&amcf->names, header))
        {
            continue;
        }

        if (ngx_http_apigw_auth_strip_carrier(r, &carrier[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_strip_carrier(ngx_http_request_t *r,
    ngx_http_apigw_auth_carrier_t *carrier)
{
    switch (carrier->in) {

    case NGX_HTTP_APIGW_AUTH_IN_HEADER:

        /* "X_API_Key" is the same variable to many services */

        return ngx_http_apigw_headers_in_remove(r,
                                             ngx_http_apigw_header_match_like,
                                             &carrier->name);

    case NGX_HTTP_APIGW_AUTH_IN_COOKIE:
        return ngx_http_apigw_auth_strip_cookie(r, &carrier->name);

    case NGX_HTTP_APIGW_AUTH_IN_ARG:
        return ngx_http_apigw_auth_strip_arg(r, &carrier->name);

    default:
        return NGX_OK;
    }
}


static ngx_int_t
ngx_http_apigw_auth_strip_authorization(ngx_http_request_t *r,
    ngx_uint_t token, ngx_uint_t key, ngx_uint_t basic)
{
    size_t             i, len;
    ngx_str_t         *value;
    static ngx_str_t   name = ngx_string("Authorization");

    struct {
        const char    *scheme;
        ngx_uint_t     strip;
    } schemes[] = {
        { "Bearer ", token }, { "DPoP ", token }, { "ApiKey ", key },
        { "Basic ", basic }
    };

    if (r->headers_in.authorization == NULL) {
        return NGX_OK;
    }

    value = &r->headers_in.authorization->value;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        len = ngx_strlen(schemes[i].scheme);

        if (schemes[i].strip && value->len >= len
            && ngx_strncasecmp(value->data, (u_char *) schemes[i].scheme, len)
               == 0)
        {
            return ngx_http_apigw_headers_in_remove(r,
                                               ngx_http_apigw_header_match_is,
                                               &name);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_strip_cookie(ngx_http_request_t *r, ngx_str_t *name)
{
    size_t             len;
    u_char            *out, *p;
    ngx_str_t          value;
    ngx_uint_t         i, found;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *h;
    static ngx_str_t   cookie = ngx_string("Cookie");

    len = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_apigw_header_name_is(&h[i].key, &cookie)) {
                len += h[i].value.len + 2;
            }
        }
    }

    if (len == 0) {
        return NGX_OK;
    }

    out = ngx_pnalloc(r->pool, len);
    if (out == NULL) {
        return NGX_ERROR;
    }

    found = 0;
    p = out;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_apigw_header_name_is(&h[i].key, &cookie)) {
                continue;
            }

            value.data = p + (p == out ? 0 : 2);
            value.len = ngx_http_apigw_auth_pairs_without(&h[i].value, ';',
                                                          name, value.data);

            found |= (value.len != h[i].value.len);

            if (value.len) {
                if (p != out) {
                    *p++ = ';';
                    *p++ = ' ';
                }

                p += value.len;
            }
        }
    }

    if (!found) {
        return NGX_OK;
    }

    value.data = out;
    value.len = p - out;

    return ngx_http_apigw_headers_in_set(r, &cookie, &value);
}


static ngx_int_t
ngx_http_apigw_auth_strip_arg(ngx_http_request_t *r, ngx_str_t *name)
{
    size_t             len;
    u_char            *out;
    static ngx_str_t   args = ngx_string("args");
    static ngx_str_t   query = ngx_string("query_string");

    if (r->args.len == 0) {
        return NGX_OK;
    }

    out = ngx_pnalloc(r->pool, r->args.len);
    if (out == NULL) {
        return NGX_ERROR;
    }

    len = ngx_http_apigw_auth_pairs_without(&r->args, '&', name, out);

    if (len == r->args.len) {
        return NGX_OK;
    }

    r->args.data = out;
    r->args.len = len;

    /* proxy_pass without a URI would send the line as it came */

    r->valid_unparsed_uri = 0;

    ngx_http_apigw_variable_forget(r, &args);
    ngx_http_apigw_variable_forget(r, &query);

    return NGX_OK;
}


/* Copies all pairs but those of a name; returns the length. */

static size_t
ngx_http_apigw_auth_pairs_without(ngx_str_t *line, u_char sep, ngx_str_t *name,
    u_char *out)
{
    u_char     *p, *last, *next, *dst;
    ngx_str_t   pair, value;

    dst = out;
    p = line->data;
    last = p + line->len;

    while (p < last) {
        next = ngx_http_apigw_auth_pair(p, last, sep, &pair, &value);

        if (pair.len != name->len
            || ngx_strncmp(pair.data, name->data, name->len) != 0)
        {
            p = (dst == out) ? pair.data : p;
            dst = ngx_cpymem(dst, p, next - p);
        }

        p = next;
    }

    /* the last pair went: the separator before it goes too */

    while (dst != out && last != line->data && last[-1] != sep
           && (dst[-1] == sep || dst[-1] == ' '))
    {
        dst--;
    }

    return dst - out;
}
