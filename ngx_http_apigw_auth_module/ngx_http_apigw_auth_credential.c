
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_in.h"
#include "ngx_http_apigw_headers_known.h"


/* What was found while a request was searched for API keys. */

typedef struct {
    ngx_http_request_t             *request;
    ngx_http_apigw_auth_ctx_t      *ctx;
    ngx_http_apigw_auth_carrier_t  *carrier;
    ngx_uint_t                      n;
} ngx_http_apigw_auth_search_t;


static void ngx_http_apigw_auth_credential_open(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_credential_fail(
    ngx_http_apigw_auth_result_t *result, const char *word);
static void ngx_http_apigw_auth_credential_key(
    ngx_http_apigw_auth_search_t *search, u_char *data, size_t len);
static void ngx_http_apigw_auth_credential_header(
    ngx_http_apigw_auth_search_t *search);
static void ngx_http_apigw_auth_credential_cookie(
    ngx_http_apigw_auth_search_t *search, ngx_str_t *line);
static ngx_int_t ngx_http_apigw_auth_credential_arg(
    ngx_http_apigw_auth_search_t *search);
static ngx_int_t ngx_http_apigw_auth_credential_basic(
    ngx_http_apigw_auth_search_t *search);
static ngx_int_t ngx_http_apigw_auth_strip_carrier(ngx_http_request_t *r,
    ngx_http_apigw_auth_carrier_t *carrier);
static ngx_int_t ngx_http_apigw_auth_strip_authorization(
    ngx_http_request_t *r, ngx_uint_t token, ngx_uint_t key, ngx_uint_t basic);
static ngx_int_t ngx_http_apigw_auth_strip_cookie(ngx_http_request_t *r,
    ngx_str_t *name);
static ngx_int_t ngx_http_apigw_auth_strip_arg(ngx_http_request_t *r,
    ngx_str_t *name);
static u_char *ngx_http_apigw_auth_pair(u_char *p, u_char *last, u_char sep,
    ngx_str_t *name, ngx_str_t *value);
static size_t ngx_http_apigw_auth_pairs_without(ngx_str_t *line, u_char sep,
    ngx_str_t *name, u_char *out);


ngx_int_t
ngx_http_apigw_auth_credential_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_policy_t *policy)
{
    apigw_str_t                    value;
    apigw_error_t                  err;
    ngx_uint_t                     i;
    ngx_http_apigw_auth_search_t   search;
    ngx_http_apigw_auth_result_t  *token, *key;

    if (ctx->state == NGX_HTTP_APIGW_AUTH_NEW) {
        ngx_http_apigw_auth_credential_open(r, ctx);
    }

    token = &ctx->results[NGX_HTTP_APIGW_AUTH_JWT];
    key = &ctx->results[NGX_HTTP_APIGW_AUTH_KEY];

    ngx_memzero(&search, sizeof(ngx_http_apigw_auth_search_t));

    search.request = r;
    search.ctx = ctx;

    search.carrier = policy->carriers.elts;

    if (ctx->authorization) {
        value = ngx_http_apigw_str(&ctx->authorization->value);

        if (apigw_credential_parse(&ctx->token, value, policy->schemes, &err)
            != APIGW_OK)
        {
            token->presented = 1;
            return ngx_http_apigw_auth_credential_fail(token, err.word);
        }

        if (ctx->token.scheme == APIGW_SCHEME_APIKEY) {
            ngx_http_apigw_auth_credential_key(&search,
                                               (u_char *) ctx->token.text.data,
                                               ctx->token.text.len);

        } else if (ctx->token.scheme != APIGW_SCHEME_NONE) {
            token->presented = 1;
        }
    }

    for (i = 0; i < policy->carriers.nelts; i++) {

        switch (search.carrier->in) {

        case NGX_HTTP_APIGW_AUTH_IN_SCHEME:
            break;

        case NGX_HTTP_APIGW_AUTH_IN_BASIC:
            if (ngx_http_apigw_auth_credential_basic(&search) != NGX_OK) {
                return NGX_ERROR;
            }
            break;

        case NGX_HTTP_APIGW_AUTH_IN_ARG:
            if (ngx_http_apigw_auth_credential_arg(&search) != NGX_OK) {
                return NGX_ERROR;
            }
            break;

        case NGX_HTTP_APIGW_AUTH_IN_HEADER:
        case NGX_HTTP_APIGW_AUTH_IN_COOKIE:
            ngx_http_apigw_auth_credential_header(&search);
            break;
        }

        search.carrier++;
    }

    key->presented = (search.n != 0);

    if (search.n > 1) {
        return ngx_http_apigw_auth_credential_fail(key, "credential_duplicate");
    }

    return NGX_OK;
}


/* The lines stay readable here after they were taken out of the request. */

static void
ngx_http_apigw_auth_credential_open(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ctx->headers = r->headers_in.headers.part;
    ctx->authorization = r->headers_in.authorization;
    ctx->args = r->args;
}


static ngx_int_t
ngx_http_apigw_auth_credential_fail(ngx_http_apigw_auth_result_t *result,
    const char *word)
{
    result->failure.kind = NGX_HTTP_APIGW_AUTH_BAD_REQUEST;
    result->failure.word = word;

    return NGX_OK;
}


static void
ngx_http_apigw_auth_credential_key(ngx_http_apigw_auth_search_t *search,
    u_char *data, size_t len)
{
    search->n++;
    search->ctx->carrier = search->carrier;
    search->ctx->key.data = data;
    search->ctx->key.len = len;
}


static void
ngx_http_apigw_auth_credential_header(ngx_http_apigw_auth_search_t *search)
{
    ngx_str_t         *name;
    ngx_uint_t         i;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *h;
    static ngx_str_t   cookie = ngx_string("cookie");

    name = (search->carrier->in == NGX_HTTP_APIGW_AUTH_IN_COOKIE)
           ? &cookie : &search->carrier->name;

    for (part = &search->ctx->headers; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != name->len
                || ngx_strncmp(h[i].lowcase_key, name->data, name->len) != 0)
            {
                continue;
            }

            if (search->carrier->in == NGX_HTTP_APIGW_AUTH_IN_COOKIE) {
                ngx_http_apigw_auth_credential_cookie(search, &h[i].value);

            } else {
                ngx_http_apigw_auth_credential_key(search, h[i].value.data,
                                                   h[i].value.len);
            }
        }
    }
}


static void
ngx_http_apigw_auth_credential_cookie(ngx_http_apigw_auth_search_t *search,
    ngx_str_t *line)
{
    u_char     *p, *last;
    ngx_str_t   name, value;

    p = line->data;
    last = p + line->len;

    while (p < last) {
        p = ngx_http_apigw_auth_pair(p, last, ';', &name, &value);

        if (name.len == search->carrier->name.len
            && ngx_strncmp(name.data, search->carrier->name.data, name.len)
               == 0)
        {
            ngx_http_apigw_auth_credential_key(search, value.data, value.len);
        }
    }
}


static ngx_int_t
ngx_http_apigw_auth_credential_arg(ngx_http_apigw_auth_search_t *search)
{
    u_char     *p, *last, *src, *dst, *out;
    ngx_str_t   name, value;

    p = search->ctx->args.data;
    last = p + search->ctx->args.len;

    while (p < last) {
        p = ngx_http_apigw_auth_pair(p, last, '&', &name, &value);

        if (name.len != search->carrier->name.len
            || ngx_strncmp(name.data, search->carrier->name.data, name.len)
               != 0)
        {
            continue;
        }

        out = ngx_pnalloc(search->request->pool, value.len + 1);
        if (out == NULL) {
            return NGX_ERROR;
        }

        src = value.data;
        dst = out;

        ngx_unescape_uri(&dst, &src, value.len, 0);

        ngx_http_apigw_auth_credential_key(search, out, dst - out);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_credential_basic(ngx_http_apigw_auth_search_t *search)
{
    ngx_int_t            rc;
    ngx_table_elt_t     *line;
    ngx_http_request_t  *r;

    r = search->request;

    line = r->headers_in.authorization;
    r->headers_in.authorization = search->ctx->authorization;

    rc = ngx_http_auth_basic_user(r);

    r->headers_in.authorization = line;

    if (rc == NGX_OK && r->headers_in.user.len) {
        ngx_http_apigw_auth_credential_key(search, r->headers_in.user.data,
                                           r->headers_in.user.len);
    }

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


ngx_int_t
ngx_http_apigw_auth_credential_strip(ngx_http_request_t *r,
    ngx_http_apigw_auth_policy_t *policy, ngx_uint_t token, ngx_uint_t key)
{
    ngx_uint_t                      i;
    ngx_http_apigw_auth_carrier_t  *carrier;

    if (ngx_http_apigw_auth_strip_authorization(r,
                               token && policy->nproviders,
                               key && policy->nstores,
                               key && policy->basic)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!key) {
        return NGX_OK;
    }

    carrier = policy->carriers.elts;

    for (i = 0; i < policy->carriers.nelts; i++) {
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


/* Takes one "name=value" and what separates it from the next. */

static u_char *
ngx_http_apigw_auth_pair(u_char *p, u_char *last, u_char sep, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char  *end, *next, *eq;

    end = ngx_strlchr(p, last, sep);

    if (end == NULL) {
        end = last;
    }

    next = (end == last) ? last : end + 1;

    while (sep == ';' && p < end && *p == ' ') {
        p++;
    }

    eq = ngx_strlchr(p, end, '=');

    if (eq == NULL) {
        eq = end;
    }

    name->data = p;
    name->len = eq - p;

    value->data = (eq == end) ? end : eq + 1;
    value->len = end - value->data;

    return next;
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
