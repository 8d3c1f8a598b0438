
#include "ngx_http_apigw_redis_node.h"


static ngx_int_t ngx_http_apigw_redis_may_connect(
    ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_resolve(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_resolve_handler(ngx_resolver_ctx_t *ctx);
static void ngx_http_apigw_redis_open(ngx_http_apigw_redis_node_t *node,
    ngx_addr_t *addr);
static void ngx_http_apigw_redis_opened(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_close(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_write_handler(ngx_event_t *wev);


void
ngx_http_apigw_redis_connect(ngx_http_apigw_redis_node_t *node)
{
    node->state = NGX_HTTP_APIGW_REDIS_RESOLVING;
    node->attempts++;

    if (node->sentinel) {
        ngx_http_apigw_redis_sentinel_ask(node->sentinel);
        return;
    }

    ngx_http_apigw_redis_connect_server(node);
}


void
ngx_http_apigw_redis_connect_server(ngx_http_apigw_redis_node_t *node)
{
    ngx_http_apigw_redis_server_t  *server;

    server = node->server;

    ngx_add_timer(&node->attempt, node->store->connect_timeout);

    if (ngx_http_apigw_redis_may_connect(node) != NGX_OK) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    if (server->host.len) {
        ngx_http_apigw_redis_resolve(node);
        return;
    }

    ngx_http_apigw_redis_open(node, &server->addr);
}


/* Servers that others have told of are not known to `nginx -t`. */

static ngx_int_t
ngx_http_apigw_redis_may_connect(ngx_http_apigw_redis_node_t *node)
{
    const char              *err;
    ngx_http_apigw_redis_t  *store;

    store = node->store;

    if (node->server != &node->learnt.server) {
        return NGX_OK;
    }

    if (node->server->host.len && store->resolver == NULL) {
        err = "host name needs \"resolver\" in http";

    } else if (store->owner->guarded && !store->tls_on && store->plain != 1
               && !ngx_http_apigw_redis_server_local(node->server))
    {
        err = "server on another host needs \"tls on\", or \"plain on\"";

    } else {
        return NGX_OK;
    }

    ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0, "%s", err);

    return NGX_ERROR;
}


static void
ngx_http_apigw_redis_resolve(ngx_http_apigw_redis_node_t *node)
{
    ngx_resolver_ctx_t      *ctx;
    ngx_http_apigw_redis_t  *store;

    store = node->store;

    ctx = ngx_resolve_start(store->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    ctx->name = node->server->host;
    ctx->handler = ngx_http_apigw_redis_resolve_handler;
    ctx->data = node;
    ctx->timeout = store->connect_timeout;
    ctx->cancelable = 1;

    node->resolving = ctx;

    /* the handler may run, and take the attempt to its end, inside the call */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        node->resolving = NULL;
        ngx_http_apigw_redis_node_lost(node, 1);
    }
}


static void
ngx_http_apigw_redis_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_int_t                       state;
    ngx_addr_t                      addr;
    ngx_resolver_addr_t            *resolved;
    ngx_http_apigw_redis_node_t    *node;
    ngx_http_apigw_redis_server_t  *server;

    node = ctx->data;
    server = node->server;
    state = ctx->state;

    if (state == NGX_OK && ctx->naddrs) {
        resolved = &ctx->addrs[node->attempts % ctx->naddrs];

        ngx_memcpy(&node->sockaddr, resolved->sockaddr, resolved->socklen);
        ngx_inet_set_port(&node->sockaddr.sockaddr, server->port);

        addr.sockaddr = &node->sockaddr.sockaddr;
        addr.socklen = resolved->socklen;
        addr.name = server->text;

        ngx_resolve_name_done(ctx);
        node->resolving = NULL;

        ngx_http_apigw_redis_open(node, &addr);
        return;
    }

    ngx_resolve_name_done(ctx);
    node->resolving = NULL;

    ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0,
                                  "host not found (%i: %s)",
                                  state, ngx_resolver_strerror(state));

    ngx_http_apigw_redis_node_lost(node, 1);
}


static void
ngx_http_apigw_redis_open(ngx_http_apigw_redis_node_t *node, ngx_addr_t *addr)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t   peer;

    node->state = NGX_HTTP_APIGW_REDIS_CONNECTING;

    ngx_memzero(&peer, sizeof(ngx_peer_connection_t));

    peer.sockaddr = addr->sockaddr;
    peer.socklen = addr->socklen;
    peer.name = &node->server->text;
    peer.get = ngx_event_get_peer;
    peer.log = node->log;
    peer.log_error = NGX_ERROR_ERR;
    peer.so_keepalive = 1;

    rc = ngx_event_connect_peer(&peer);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    c = peer.connection;

    c->data = node;
    c->log = node->log;
    c->read->log = node->log;
    c->write->log = node->log;
    c->idle = (apigw_resp_queue_live(node->queue) == 0);

    node->connection = c;

    ngx_http_apigw_redis_watch(node);

    if (rc == NGX_OK) {
        ngx_http_apigw_redis_opened(node);
    }
}


void
ngx_http_apigw_redis_watch(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t  *c;

    c = node->connection;

    c->read->handler = ngx_http_apigw_redis_read_handler;
    c->write->handler = ngx_http_apigw_redis_write_handler;
}


static void
ngx_http_apigw_redis_opened(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t  *c;

    c = node->connection;

    if (c->tcp_nodelay != NGX_TCP_NODELAY_DISABLED && ngx_tcp_nodelay(c)
        != NGX_OK)
    {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

#if (NGX_HTTP_SSL)

    if (node->store->tls_on) {
        ngx_http_apigw_redis_tls_start(node);
        return;
    }

#endif

    ngx_http_apigw_redis_begin(node);
}


void
ngx_http_apigw_redis_begin(ngx_http_apigw_redis_node_t *node)
{
    if (apigw_resp_reader_reset(node->reader) != APIGW_OK
        || ngx_http_apigw_redis_room(node, node->hello.len) != NGX_OK)
    {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    node->state = NGX_HTTP_APIGW_REDIS_HANDSHAKE;
    node->step = 0;

    /* a server that is slow to reply is not one that can't be reached */

    ngx_del_timer(&node->attempt);
    ngx_add_timer(&node->attempt, node->store->reply_timeout);

    ngx_memcpy(node->out, node->hello.data, node->hello.len);
    node->out_pos = 0;
    node->out_last = node->hello.len;

    ngx_http_apigw_redis_write(node);
}


void
ngx_http_apigw_redis_disconnect(ngx_http_apigw_redis_node_t *node)
{
    if (node->sentinel) {
        ngx_http_apigw_redis_sentinel_stop(node->sentinel);
    }

    if (node->resolving) {
        ngx_resolve_name_done(node->resolving);
        node->resolving = NULL;
    }

    if (node->connection) {
        ngx_http_apigw_redis_close(node);
    }

    if (node->owed.timer_set) {
        ngx_del_timer(&node->owed);
    }

    if (node->out) {
        ngx_explicit_memzero(node->out, node->out_last);
    }

    node->out_pos = 0;
    node->out_last = 0;
}


static void
ngx_http_apigw_redis_close(ngx_http_apigw_redis_node_t *node)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = node->connection;
    pool = c->pool;

#if (NGX_HTTP_SSL)

    if (node->store->tls_on) {
        ngx_http_apigw_redis_tls_end(node);
    }

#endif

    ngx_close_connection(c);
    node->connection = NULL;

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


ngx_int_t
ngx_http_apigw_redis_test_connect(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_http_apigw_redis_node_log(c->data, NGX_LOG_ERR, err,
                                      "connect() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_apigw_redis_write_handler(ngx_event_t *wev)
{
    ngx_connection_t             *c;
    ngx_http_apigw_redis_node_t  *node;

    c = wev->data;
    node = c->data;

    if (node->state != NGX_HTTP_APIGW_REDIS_CONNECTING) {
        ngx_http_apigw_redis_write(node);
        return;
    }

    if (ngx_http_apigw_redis_test_connect(c) != NGX_OK) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    ngx_http_apigw_redis_opened(node);
}
