
#include "ngx_http_apigw_auth.h"


/* What was found while a request was searched in one kind of place. */

typedef struct {
    ngx_http_request_t             *request;
    ngx_http_apigw_auth_ctx_t      *ctx;
    ngx_http_apigw_auth_carrier_t  *carrier;     /* being searched */
    ngx_http_apigw_auth_carrier_t  *found;       /* the last; as `text` */
    apigw_str_t                     text;
    ngx_uint_t                      n;
    ngx_uint_t                      cookies;     /* of them */
} ngx_http_apigw_auth_search_t;


static void ngx_http_apigw_auth_credential_open(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);
static ngx_http_apigw_auth_result_t *ngx_http_apigw_auth_credential_result(
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static void ngx_http_apigw_auth_credential_sort(
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_credential_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_credential_t *line);
static ngx_int_t ngx_http_apigw_auth_credential_key(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_credential_t *line);
static void ngx_http_apigw_auth_credential_fail(
    ngx_http_apigw_auth_result_t *result, const char *word);
static void ngx_http_apigw_auth_credential_origin(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result);
static ngx_int_t ngx_http_apigw_auth_credential_search(
    ngx_http_apigw_auth_search_t *search, ngx_array_t *carriers);
static void ngx_http_apigw_auth_credential_found(
    ngx_http_apigw_auth_search_t *search, u_char *data, size_t len);
static void ngx_http_apigw_auth_credential_header(
    ngx_http_apigw_auth_search_t *search);
static void ngx_http_apigw_auth_credential_cookie(
    ngx_http_apigw_auth_search_t *search, ngx_str_t *line);
static ngx_int_t ngx_http_apigw_auth_credential_arg(
    ngx_http_apigw_auth_search_t *search);
static ngx_int_t ngx_http_apigw_auth_credential_basic(
    ngx_http_apigw_auth_search_t *search);


ngx_uint_t
ngx_http_apigw_auth_credential_same(ngx_http_apigw_auth_loc_conf_t *alcf,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    return ctx->policy == alcf->policy
           && ctx->token_from == alcf->token_from
           && ctx->cookie_origins == alcf->cookie_origins;
}


ngx_int_t
ngx_http_apigw_auth_credential_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    apigw_str_t                    value;
    apigw_error_t                  err;
    apigw_credential_t             line;
    ngx_http_apigw_auth_result_t  *token;

    if (ctx->state == NGX_HTTP_APIGW_AUTH_NEW) {
        ngx_http_apigw_auth_credential_open(r, ctx);
    }

    ngx_memzero(&line, sizeof(apigw_credential_t));

    if (ctx->authorization) {
        token = ngx_http_apigw_auth_credential_result(alcf, ctx);
        value = ngx_http_apigw_str(&ctx->authorization->value);

        if (apigw_credential_parse(&line, value, alcf->policy->schemes, &err)
            != APIGW_OK)
        {
            ngx_http_apigw_auth_credential_fail(token, err.word);
        }
    }

    if (ngx_http_apigw_auth_credential_token(r, alcf, ctx, &line) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_apigw_auth_credential_sort(alcf, ctx);

    return ngx_http_apigw_auth_credential_key(r, alcf, ctx, &line);
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


/* Whose result it is until the token shows of which kind it is. */

static ngx_http_apigw_auth_result_t *
ngx_http_apigw_auth_credential_result(ngx_http_apigw_auth_loc_conf_t *alcf,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    return &ctx->results[alcf->policy->introspection
                         && alcf->policy->nproviders == 0
                         ? NGX_HTTP_APIGW_AUTH_INTROSPECT
                         : NGX_HTTP_APIGW_AUTH_JWT];
}


static void
ngx_http_apigw_auth_credential_sort(ngx_http_apigw_auth_loc_conf_t *alcf,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_http_apigw_auth_result_t  *from, token;

    from = ngx_http_apigw_auth_credential_result(alcf, ctx);

    if (!from->presented || from->failure.kind) {
        return;
    }

    token = *from;
    ngx_memzero(from, sizeof(ngx_http_apigw_auth_result_t));

    ctx->results[ngx_http_apigw_auth_token_kind(alcf->policy,
                                                ctx->token.text)] = token;
}


/* One token, in Authorization or in another place that the location names. */

static ngx_int_t
ngx_http_apigw_auth_credential_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_credential_t *line)
{
    ngx_http_apigw_auth_search_t   search;
    ngx_http_apigw_auth_result_t  *token;

    token = ngx_http_apigw_auth_credential_result(alcf, ctx);

    ctx->token = *line;

    token->presented = (line->scheme != APIGW_SCHEME_NONE
                        && line->scheme != APIGW_SCHEME_APIKEY);

    if (alcf->token_from == NULL
        || !(alcf->policy->schemes & APIGW_SCHEME_BEARER))
    {
        return NGX_OK;
    }

    ngx_memzero(&search, sizeof(ngx_http_apigw_auth_search_t));

    search.request = r;
    search.ctx = ctx;
    search.n = token->presented;

    if (ngx_http_apigw_auth_credential_search(&search, alcf->token_from)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (search.found == NULL) {
        return NGX_OK;
    }

    token->presented = 1;

    if (search.n > 1) {
        ngx_http_apigw_auth_credential_fail(token, "credential_duplicate");
        return NGX_OK;
    }

    ctx->token.scheme = APIGW_SCHEME_BEARER;
    ctx->token.text = search.text;

    if (search.cookies) {
        ngx_http_apigw_auth_credential_origin(r, alcf, ctx, token);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_credential_key(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    apigw_credential_t *line)
{
    ngx_http_apigw_auth_search_t   search;
    ngx_http_apigw_auth_result_t  *key;

    key = &ctx->results[NGX_HTTP_APIGW_AUTH_KEY];

    ngx_memzero(&search, sizeof(ngx_http_apigw_auth_search_t));

    search.request = r;
    search.ctx = ctx;
    search.carrier = alcf->policy->carriers.elts;

    if (line->scheme == APIGW_SCHEME_APIKEY) {
        ngx_http_apigw_auth_credential_found(&search,
                                             (u_char *) line->text.data,
                                             line->text.len);
    }

    if (ngx_http_apigw_auth_credential_search(&search, &alcf->policy->carriers)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    key->presented = (search.n != 0);

    ctx->carrier = search.found;
    ctx->key = search.text;

    if (search.n > 1) {
        ngx_http_apigw_auth_credential_fail(key, "credential_duplicate");

    } else if (search.cookies) {
        ngx_http_apigw_auth_credential_origin(r, alcf, ctx, key);
    }

    return NGX_OK;
}


static void
ngx_http_apigw_auth_credential_fail(ngx_http_apigw_auth_result_t *result,
    const char *word)
{
    result->failure.kind = NGX_HTTP_APIGW_AUTH_BAD_REQUEST;
    result->failure.word = word;
}


static void
ngx_http_apigw_auth_credential_origin(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result)
{
    if (!ngx_http_apigw_auth_cookie_allowed(r, alcf, ctx)) {
        result->failure.kind = NGX_HTTP_APIGW_AUTH_DENIED;
        result->failure.word = "origin_denied";
    }
}


static ngx_int_t
ngx_http_apigw_auth_credential_search(ngx_http_apigw_auth_search_t *search,
    ngx_array_t *carriers)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    search->carrier = carriers->elts;

    for (i = 0; i < carriers->nelts; i++) {

        rc = NGX_OK;

        switch (search->carrier->in) {

        case NGX_HTTP_APIGW_AUTH_IN_SCHEME:
            break;

        case NGX_HTTP_APIGW_AUTH_IN_BASIC:
            rc = ngx_http_apigw_auth_credential_basic(search);
            break;

        case NGX_HTTP_APIGW_AUTH_IN_ARG:
            rc = ngx_http_apigw_auth_credential_arg(search);
            break;

        case NGX_HTTP_APIGW_AUTH_IN_HEADER:
        case NGX_HTTP_APIGW_AUTH_IN_COOKIE:
            ngx_http_apigw_auth_credential_header(search);
            break;
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }

        search->carrier++;
    }

    return NGX_OK;
}


static void
ngx_http_apigw_auth_credential_found(ngx_http_apigw_auth_search_t *search,
    u_char *data, size_t len)
{
    search->n++;
    search->cookies += (search->carrier->in == NGX_HTTP_APIGW_AUTH_IN_COOKIE);
    search->found = search->carrier;
    search->text.data = data;
    search->text.len = len;
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
                ngx_http_apigw_auth_credential_found(search, h[i].value.data,
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
            ngx_http_apigw_auth_credential_found(search, value.data, value.len);
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

        ngx_http_apigw_auth_credential_found(search, out, dst - out);
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
        ngx_http_apigw_auth_credential_found(search, r->headers_in.user.data,
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
