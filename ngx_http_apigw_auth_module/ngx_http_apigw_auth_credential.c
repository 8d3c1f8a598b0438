
#include "ngx_http_apigw_auth.h"


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


ngx_int_t
ngx_http_apigw_auth_credential_keep(ngx_http_request_t *r)
{
    ngx_http_apigw_auth_ctx_t  *ctx;

    ctx = ngx_http_apigw_auth_ctx(r, 1);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ctx->state == NGX_HTTP_APIGW_AUTH_NEW) {
        ngx_http_apigw_auth_credential_open(r, ctx);
        ctx->state = NGX_HTTP_APIGW_AUTH_CREDENTIAL;
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
    ngx_str_t            user, passwd;
    ngx_table_elt_t     *line;
    ngx_http_request_t  *r;

    r = search->request;

    user = r->headers_in.user;
    passwd = r->headers_in.passwd;
    line = r->headers_in.authorization;

    ngx_str_null(&r->headers_in.user);
    r->headers_in.authorization = search->ctx->authorization;

    rc = ngx_http_auth_basic_user(r);

    if (rc == NGX_OK && r->headers_in.user.len) {
        ngx_http_apigw_auth_credential_key(search, r->headers_in.user.data,
                                           r->headers_in.user.len);
    }

    r->headers_in.user = user;
    r->headers_in.passwd = passwd;
    r->headers_in.authorization = line;

    return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


/* Takes one "name=value" and what separates it from the next. */

u_char *
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
