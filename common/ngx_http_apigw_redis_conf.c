
#include "ngx_http_apigw_redis_node.h"


static ngx_int_t ngx_http_apigw_redis_conf_check(ngx_conf_t *cf,
    ngx_http_apigw_redis_t *store);
static ngx_uint_t ngx_http_apigw_redis_conf_local(
    ngx_http_apigw_redis_t *store);
static void ngx_http_apigw_redis_conf_defaults(ngx_http_apigw_redis_t *store);


ngx_http_apigw_redis_t *
ngx_http_apigw_redis_conf_block(ngx_conf_t *cf,
    const ngx_http_apigw_redis_owner_t *owner, const ngx_str_t *name)
{
    u_char                  *p;
    char                    *rv;
    ngx_conf_t               save;
    ngx_http_apigw_redis_t  *store;

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_redis_t));
    if (store == NULL) {
        return NULL;
    }

    store->owner = owner;
    store->name = *name;
    store->file = cf->conf_file->file.name;
    store->line = cf->conf_file->line;
    store->database = NGX_CONF_UNSET;
    store->queue = NGX_CONF_UNSET;
    store->connect_timeout = NGX_CONF_UNSET_MSEC;
    store->timeout = NGX_CONF_UNSET_MSEC;
    store->reply_timeout = NGX_CONF_UNSET_MSEC;
    store->plain = NGX_CONF_UNSET;
    store->tls_on = NGX_CONF_UNSET;
    store->tls.verify = NGX_CONF_UNSET;

    p = ngx_pnalloc(cf->pool, sizeof("apigw__redis \"\"") - 1
                              + owner->module.len + name->len);
    if (p == NULL) {
        return NULL;
    }

    store->block.data = p;
    store->block.len = ngx_sprintf(p, "apigw_%V_redis \"%V\"", &owner->module,
                                   name)
                       - p;

    if (ngx_array_init(&store->scripts, cf->pool, 1,
                       sizeof(ngx_http_apigw_redis_script_t *))
        != NGX_OK)
    {
        return NULL;
    }

    save = *cf;
    cf->handler = ngx_http_apigw_redis_conf_line;
    cf->handler_conf = store;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return NULL;
    }

    if (ngx_http_apigw_redis_conf_check(cf, store) != NGX_OK
        || ngx_http_apigw_redis_tls_conf(cf, store) != NGX_OK)
    {
        return NULL;
    }

    ngx_http_apigw_redis_conf_defaults(store);

    return store;
}


static ngx_int_t
ngx_http_apigw_redis_conf_check(ngx_conf_t *cf, ngx_http_apigw_redis_t *store)
{
    const char  *err;

    err = NULL;

    if (store->servers == NULL) {
        err = "has no server, add \"server host:port;\", or \"cluster\" or "
              "\"sentinel\" with their addresses";

    } else if (store->kind == NGX_HTTP_APIGW_REDIS_CLUSTER
               && store->database != NGX_CONF_UNSET)
    {
        err = "has \"database\" with \"cluster\"; remove it, as a Cluster "
              "has but one";

    } else if (store->kind != NGX_HTTP_APIGW_REDIS_SENTINEL
               && store->sentinel_password.len)
    {
        err = "has \"sentinel_password_file\" without \"sentinel\"; remove "
              "it";

    } else if (store->owner->guarded && store->tls_on != 1
               && store->plain != 1
               && !ngx_http_apigw_redis_conf_local(store))
    {
        err = "has a server on another host, reached without TLS; add "
              "\"tls on;\", or accept that with \"plain on;\"";

    } else if (store->username.len && store->password.len == 0) {
        err = "has \"username\" but no password, add \"password_file\"";

    } else if (store->reply_timeout != NGX_CONF_UNSET_MSEC
               && store->timeout != NGX_CONF_UNSET_MSEC
               && store->reply_timeout < store->timeout)
    {
        err = "has \"reply_timeout\" below \"timeout\", raise it";

    } else if (store->breaker.max
               && store->breaker.max < (store->breaker.open
                                        ? store->breaker.open : 1000))
    {
        err = "has \"breaker\" with max= below open=, raise it";
    }

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V %s", &store->block, err);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_redis_conf_local(ngx_http_apigw_redis_t *store)
{
    ngx_uint_t  i;

    for (i = 0; i < store->nservers; i++) {
        if (!ngx_http_apigw_redis_server_local(&store->servers[i])) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_http_apigw_redis_conf_defaults(ngx_http_apigw_redis_t *store)
{
    ngx_conf_init_value(store->database, 0);
    ngx_conf_init_value(store->queue, 8192);
    ngx_conf_init_msec_value(store->connect_timeout, 100);
    ngx_conf_init_msec_value(store->timeout, 50);
    ngx_conf_init_msec_value(store->reply_timeout,
                             ngx_max(1000, store->timeout));

    if (store->prefix.len == 0) {
        store->prefix = store->owner->prefix;
    }

    if (store->breaker.failures == 0) {
        store->breaker.failures = 5;
    }

    if (store->breaker.open == 0) {
        store->breaker.open = 1000;
    }

    if (store->breaker.max == 0) {
        store->breaker.max = ngx_max(10000, store->breaker.open);
    }
}


ngx_int_t
ngx_http_apigw_redis_conf_end(ngx_conf_t *cf, ngx_http_apigw_redis_t *store)
{
    ngx_uint_t                      i;
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_apigw_redis_server_t  *server;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* without the directive nginx makes a resolver that has no servers */

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        store->resolver = clcf->resolver;
        return NGX_OK;
    }

    for (i = 0; i < store->nservers; i++) {
        server = &store->servers[i];

        if (server->host.len) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "host name \"%V\" of %V needs \"resolver\" in "
                          "http, or write an address in %V:%ui",
                          &server->host, &store->block, &store->file,
                          store->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
