
#include "ngx_http_apigw_fetch_conn.h"


static void ngx_http_apigw_fetch_client_cleanup(void *data);
static ngx_int_t ngx_http_apigw_fetch_client_localhost(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client);
static ngx_uint_t ngx_http_apigw_fetch_client_is_loopback(ngx_addr_t *addr);


ngx_http_apigw_fetch_client_t *
ngx_http_apigw_fetch_client_create(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_apigw_fetch_client_t  *client;

    client = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_fetch_client_t));
    if (client == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_apigw_fetch_client_cleanup;
    cln->data = client;

    client->connect_timeout = NGX_CONF_UNSET_MSEC;
    client->keepalive = NGX_CONF_UNSET_UINT;
    client->plain_http = NGX_CONF_UNSET;
    client->tls.verify = NGX_CONF_UNSET;

    ngx_queue_init(&client->idle);

    return client;
}


/* A process that ends without having been told to leave idle connections. */

static void
ngx_http_apigw_fetch_client_cleanup(void *data)
{
    ngx_http_apigw_fetch_client_t *client = data;

    ngx_queue_t  *q;

    while (!ngx_queue_empty(&client->idle)) {
        q = ngx_queue_head(&client->idle);
        ngx_http_apigw_fetch_conn_close(
                  ngx_queue_data(q, ngx_http_apigw_fetch_conn_t, queue));
    }
}


ngx_int_t
ngx_http_apigw_fetch_client_end(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, ngx_str_t *fault)
{
    fault->len = 0;

    ngx_conf_init_msec_value(client->connect_timeout, 1000);
    ngx_conf_init_uint_value(client->keepalive, 2);
    ngx_conf_init_value(client->plain_http, 0);
    ngx_conf_init_value(client->tls.verify, 1);

    if (ngx_http_apigw_fetch_client_localhost(cf, client) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_tls_conf(cf, &client->tls, fault);
}


/*
 * What the system says "localhost" is, asked once, as nginx asks for names in
 * its configuration; what is not this machine does not count.
 */

static ngx_int_t
ngx_http_apigw_fetch_client_localhost(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client)
{
    ngx_uint_t  i;
    ngx_url_t   u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    ngx_str_set(&u.url, "localhost");
    u.default_port = 80;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        u.naddrs = 0;
    }

    client->localhost = ngx_pcalloc(cf->pool,
                                    (u.naddrs + 1) * sizeof(ngx_addr_t));
    if (client->localhost == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < u.naddrs; i++) {
        if (ngx_http_apigw_fetch_client_is_loopback(&u.addrs[i])) {
            client->localhost[client->nlocalhost++] = u.addrs[i];
        }
    }

    if (client->nlocalhost) {
        return NGX_OK;
    }

    client->nlocalhost = 1;

    return ngx_parse_addr(cf->pool, client->localhost, (u_char *) "127.0.0.1",
                          sizeof("127.0.0.1") - 1);
}


static ngx_uint_t
ngx_http_apigw_fetch_client_is_loopback(ngx_addr_t *addr)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;

    if (addr->sockaddr->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) addr->sockaddr;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr) ? 1 : 0;
    }
#endif

    if (addr->sockaddr->sa_family != AF_INET) {
        return 0;
    }

    sin = (struct sockaddr_in *) addr->sockaddr;

    return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;
}


const char *
ngx_http_apigw_fetch_client_resolve(ngx_conf_t *cf,
    ngx_http_apigw_fetch_client_t *client, const apigw_url_t *url)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    client->resolver_timeout =
                         clcf->resolver_timeout == NGX_CONF_UNSET_MSEC
                         ? 30000 : clcf->resolver_timeout;

    /* without the directive nginx makes a resolver that has no servers */

    if (client->resolver == NULL && clcf->resolver
        && clcf->resolver->connections.nelts)
    {
        client->resolver = clcf->resolver;
    }

    if (url == NULL || url->kind != APIGW_URL_NAME
        || apigw_url_is_loopback(url) || client->resolver)
    {
        return NULL;
    }

    return "a host name without \"resolver\"; add it here or to http, or write "
           "an address";
}


const char *
ngx_http_apigw_fetch_client_refuses(ngx_http_apigw_fetch_client_t *client,
    const apigw_url_t *url)
{
    if (url->https) {
#if (NGX_HTTP_SSL)
        return NULL;
#else
        return "nginx without TLS; build it with --with-http_ssl_module";
#endif
    }

    if (client->plain_http || apigw_url_is_loopback(url)) {
        return NULL;
    }

    return "plain HTTP to another machine; use https://, or add \"plain_http "
           "on\"";
}
