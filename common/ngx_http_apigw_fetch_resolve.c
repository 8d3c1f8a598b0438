
#include "ngx_http_apigw_fetch_conn.h"


static ngx_int_t ngx_http_apigw_fetch_addrs(ngx_http_apigw_fetch_t *fetch,
    ngx_addr_t *addrs, ngx_uint_t naddrs);
static ngx_int_t ngx_http_apigw_fetch_literal(ngx_http_apigw_fetch_t *fetch);
static ngx_int_t ngx_http_apigw_fetch_name(ngx_http_apigw_fetch_t *fetch);
static void ngx_http_apigw_fetch_name_handler(ngx_resolver_ctx_t *ctx);


ngx_int_t
ngx_http_apigw_fetch_resolve(ngx_http_apigw_fetch_t *fetch)
{
    if (!fetch->fresh
        && ngx_http_apigw_fetch_conn_take(fetch) == NGX_OK)
    {
        fetch->state = NGX_HTTP_APIGW_FETCH_SEND;
        return NGX_OK;
    }

    if (fetch->url.kind != APIGW_URL_NAME) {
        return ngx_http_apigw_fetch_literal(fetch);
    }

    if (apigw_url_is_loopback(&fetch->url)) {
        return ngx_http_apigw_fetch_addrs(fetch, fetch->client->localhost,
                                          fetch->client->nlocalhost);
    }

    return ngx_http_apigw_fetch_name(fetch);
}


/* Copies addresses, with the URL's port. */

static ngx_int_t
ngx_http_apigw_fetch_addrs(ngx_http_apigw_fetch_t *fetch, ngx_addr_t *addrs,
    ngx_uint_t naddrs)
{
    ngx_uint_t        i;
    struct sockaddr  *sa;

    fetch->addrs = ngx_pcalloc(fetch->pool, naddrs * sizeof(ngx_addr_t));
    if (fetch->addrs == NULL) {
        return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
    }

    for (i = 0; i < naddrs; i++) {
        sa = ngx_pcalloc(fetch->pool, addrs[i].socklen);
        if (sa == NULL) {
            return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
        }

        ngx_memcpy(sa, addrs[i].sockaddr, addrs[i].socklen);
        ngx_inet_set_port(sa, fetch->url.port);

        fetch->addrs[i].sockaddr = sa;
        fetch->addrs[i].socklen = addrs[i].socklen;
        fetch->addrs[i].name.data = (u_char *) fetch->url.authority.data;
        fetch->addrs[i].name.len = fetch->url.authority.len;
    }

    fetch->naddrs = naddrs;
    fetch->addr = 0;
    fetch->state = NGX_HTTP_APIGW_FETCH_CONNECT;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_fetch_literal(ngx_http_apigw_fetch_t *fetch)
{
    ngx_addr_t  addr;

    if (ngx_parse_addr(fetch->pool, &addr, (u_char *) fetch->url.host.data,
                       fetch->url.host.len)
        != NGX_OK)
    {
        return ngx_http_apigw_fetch_fail(fetch, "no use for the address", NULL,
                                         0);
    }

    return ngx_http_apigw_fetch_addrs(fetch, &addr, 1);
}


static ngx_int_t
ngx_http_apigw_fetch_name(ngx_http_apigw_fetch_t *fetch)
{
    ngx_resolver_ctx_t  *ctx;

    if (fetch->client->resolver == NULL) {
        return ngx_http_apigw_fetch_fail(fetch, "no resolver", NULL, 0);
    }

    ctx = ngx_resolve_start(fetch->client->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        return ngx_http_apigw_fetch_fail(fetch, "no resolver", NULL, 0);
    }

    ctx->name.len = fetch->url.host.len;
    ctx->name.data = ngx_pnalloc(fetch->pool, ctx->name.len);

    if (ctx->name.data == NULL) {
        ngx_resolve_name_done(ctx);
        return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
    }

    /* the resolver changes the case in place */

    ngx_memcpy(ctx->name.data, fetch->url.host.data, ctx->name.len);

    ctx->handler = ngx_http_apigw_fetch_name_handler;
    ctx->data = fetch;
    ctx->timeout = fetch->client->resolver_timeout;
    ctx->cancelable = fetch->background;

    fetch->resolving = ctx;

    /* the handler may run inside the call, up to the end of the fetch */

    if (ngx_resolve_name(ctx) == NGX_OK) {
        return NGX_AGAIN;
    }

    fetch->resolving = NULL;

    return ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
}


static void
ngx_http_apigw_fetch_name_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t               i;
    ngx_addr_t              *addrs;
    ngx_http_apigw_fetch_t  *fetch;

    fetch = ctx->data;

    if (ctx->state != NGX_OK || ctx->naddrs == 0) {
        (void) ngx_http_apigw_fetch_fail(fetch, "host not found",
                                         ngx_resolver_strerror(ctx->state), 0);
        goto done;
    }

    addrs = ngx_pcalloc(fetch->pool, ctx->naddrs * sizeof(ngx_addr_t));

    if (addrs == NULL) {
        (void) ngx_http_apigw_fetch_fail(fetch, "no memory", NULL, 0);
        goto done;
    }

    for (i = 0; i < ctx->naddrs; i++) {
        addrs[i].sockaddr = ctx->addrs[i].sockaddr;
        addrs[i].socklen = ctx->addrs[i].socklen;
    }

    (void) ngx_http_apigw_fetch_addrs(fetch, addrs, ctx->naddrs);

done:

    fetch->resolving = NULL;
    ngx_resolve_name_done(ctx);

    ngx_http_apigw_fetch_run(fetch);
}
