
#include "ngx_http_apigw_redis_node.h"


static char *ngx_http_apigw_redis_conf_address(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, ngx_str_t *text,
    ngx_http_apigw_redis_server_t *server);
static ngx_int_t ngx_http_apigw_redis_conf_name(ngx_conf_t *cf,
    ngx_http_apigw_redis_server_t *server);
static ngx_int_t ngx_http_apigw_redis_conf_where(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store);


/* The words of a line, and how many come before the addresses. */

static const char  *ngx_http_apigw_redis_kinds[] = {
    "server", "sentinel", "cluster"
};


char *
ngx_http_apigw_redis_conf_server(ngx_conf_t *cf, ngx_http_apigw_redis_t *store,
    size_t kind)
{
    ngx_str_t   *value;
    ngx_uint_t   i, n;

    if (store->servers) {

        if (store->kind == kind) {
            return "is duplicate";
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%V has both \"%s\" and \"%s\"; keep one of "
                           "\"server\", \"cluster\" and \"sentinel\"",
                           &store->block,
                           ngx_http_apigw_redis_kinds[store->kind],
                           ngx_http_apigw_redis_kinds[kind]);
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    n = cf->args->nelts;
    i = 1;

    store->kind = (ngx_http_apigw_redis_kind_e) kind;

    if (kind == NGX_HTTP_APIGW_REDIS_SENTINEL) {
        store->master = value[i++];

        if (store->master.len == 0) {
            return "needs the master's name before the addresses";
        }
    }

    store->servers = ngx_pcalloc(cf->pool, (n - i)
                                     * sizeof(ngx_http_apigw_redis_server_t));
    if (store->servers == NULL) {
        return NGX_CONF_ERROR;
    }

    for ( /* void */ ; i < n; i++) {
        if (ngx_http_apigw_redis_conf_address(cf, store, &value[i],
                                          &store->servers[store->nservers++])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_apigw_redis_conf_where(cf, store) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_apigw_redis_conf_address(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store, ngx_str_t *text,
    ngx_http_apigw_redis_server_t *server)
{
    ngx_url_t    u;
    ngx_uint_t   i, single;
    const char  *err;

    single = store->kind == NGX_HTTP_APIGW_REDIS_SINGLE;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.no_resolve = 1;

    err = NULL;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        err = u.err ? u.err : "no memory";

    } else if (u.no_port) {
        err = "no port";

    } else if (u.family == AF_UNIX && !single) {
        err = "a unix socket";

    } else if (u.host.len > APIGW_RESP_MAX_HOST) {
        err = "too long a host";
    }

    for (i = 0; &store->servers[i] < server; i++) {
        if (store->servers[i].text.len == text->len
            && ngx_strncmp(store->servers[i].text.data, text->data, text->len)
               == 0)
        {
            err = "a duplicate address";
        }
    }

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"%V\" of \"%s\" in %V, expected "
                           "host:port%s [v6]:port%s",
                           err, text, ngx_http_apigw_redis_kinds[store->kind],
                           &store->block, single ? "," : " or",
                           single ? " or unix:path" : "");
        return NGX_CONF_ERROR;
    }

    server->text = *text;
    server->port = u.port;

    if (u.naddrs) {
        server->addr = u.addrs[0];

    } else {
        server->host = u.host;
    }

    return ngx_http_apigw_redis_conf_name(cf, server) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* What its certificate must be of, unless `tls_name` says otherwise. */

static ngx_int_t
ngx_http_apigw_redis_conf_name(ngx_conf_t *cf,
    ngx_http_apigw_redis_server_t *server)
{
    ngx_addr_t  *addr;

    if (server->host.len) {
        server->name = server->host;
        return NGX_OK;
    }

    addr = &server->addr;

    server->name.data = ngx_pnalloc(cf->pool, NGX_SOCKADDR_STRLEN);
    if (server->name.data == NULL) {
        return NGX_ERROR;
    }

    server->name.len = ngx_sock_ntop(addr->sockaddr, addr->socklen,
                                     server->name.data, NGX_SOCKADDR_STRLEN,
                                     0);

    return NGX_OK;
}


/* The line's words behind the first, with a blank between them. */

static ngx_int_t
ngx_http_apigw_redis_conf_where(ngx_conf_t *cf, ngx_http_apigw_redis_t *store)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;
    len = 0;

    for (i = 1; i < cf->args->nelts; i++) {
        len += value[i].len + 1;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    store->where.data = p;
    store->where.len = len - 1;

    for (i = 1; i < cf->args->nelts; i++) {
        p = ngx_cpymem(p, value[i].data, value[i].len);
        *p++ = ' ';
    }

    return NGX_OK;
}
