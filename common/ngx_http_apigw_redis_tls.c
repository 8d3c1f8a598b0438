
#include "ngx_http_apigw_redis_node.h"


static const char *ngx_http_apigw_redis_tls_check(
    ngx_http_apigw_redis_t *store);
#if (NGX_HTTP_SSL)
static void ngx_http_apigw_redis_tls_handler(ngx_connection_t *c);
static void ngx_http_apigw_redis_tls_done(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_tls_listen(ngx_http_apigw_redis_node_t *node);
static void ngx_http_apigw_redis_tls_heard(ngx_log_t *log, ngx_uint_t level,
    u_char *line, size_t len);
#endif


ngx_int_t
ngx_http_apigw_redis_tls_conf(ngx_conf_t *cf, ngx_http_apigw_redis_t *store)
{
    u_char       text[NGX_HTTP_APIGW_TLS_FAULT_LEN];
    ngx_int_t    rc;
    ngx_str_t    fault;
    const char  *err;

    err = ngx_http_apigw_redis_tls_check(store);

    if (err) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V has %s", &store->block,
                           err);
        return NGX_ERROR;
    }

    ngx_conf_init_value(store->tls_on, 0);
    ngx_conf_init_value(store->tls.verify, 1);

    if (!store->tls_on) {
        return NGX_OK;
    }

    fault.data = text;
    fault.len = 0;

    rc = ngx_http_apigw_tls_conf(cf, &store->tls, &fault);

    if (rc != NGX_OK) {
        if (fault.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V: %V",
                               &store->block, &fault);
        }

        return NGX_ERROR;
    }

    if (!store->tls.verify) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "%V has \"tls_verify off\" and trusts whoever "
                           "answers; use \"tls_trusted_certificate\"",
                           &store->block);
    }

    return NGX_OK;
}


/* NULL, or the fault and its mend. */

static const char *
ngx_http_apigw_redis_tls_check(ngx_http_apigw_redis_t *store)
{
    ngx_http_apigw_tls_t  *tls;

    tls = &store->tls;

    if (store->tls_on != 1) {

        if (tls->verify != NGX_CONF_UNSET || tls->name.len
            || tls->trusted_certificate.len || tls->certificate.len
            || tls->certificate_key.len)
        {
            return "parameters of TLS without TLS; add \"tls on;\", or remove "
                   "those that begin with \"tls_\"";
        }

        return NULL;
    }

#if !(NGX_HTTP_SSL)
    return "\"tls on\" in an nginx without TLS; build it with "
           "--with-http_ssl_module";
#endif

    if (store->servers[0].host.len == 0
        && store->servers[0].addr.sockaddr->sa_family == AF_UNIX)
    {
        return "\"tls on\" at a unix socket; remove it, as nobody else is "
               "there";
    }

    if (store->plain == 1) {
        return "both \"tls on\" and \"plain on\"; remove the one that is not "
               "meant";
    }

    return NULL;
}


#if (NGX_HTTP_SSL)


void
ngx_http_apigw_redis_tls_start(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t        *c;
    ngx_http_apigw_redis_t  *store;

    c = node->connection;
    store = node->store;

    node->state = NGX_HTTP_APIGW_REDIS_TLS;

    c->pool = ngx_create_pool(1024, node->log);

    if (c->pool == NULL
        || ngx_http_apigw_tls_create(&store->tls, c, &node->server->name)
           != NGX_OK)
    {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    /* what SSL_write() says is written must be all that may have arrived */

    SSL_set_mode(c->ssl->connection, SSL_MODE_ENABLE_PARTIAL_WRITE);

    ngx_http_apigw_redis_tls_listen(node);

    if (ngx_ssl_handshake(c) == NGX_AGAIN) {
        c->ssl->handler = ngx_http_apigw_redis_tls_handler;
        return;
    }

    ngx_http_apigw_redis_tls_done(node);
}


static void
ngx_http_apigw_redis_tls_handler(ngx_connection_t *c)
{
    ngx_http_apigw_redis_tls_done(c->data);
}


static void
ngx_http_apigw_redis_tls_done(ngx_http_apigw_redis_node_t *node)
{
    const char              *fault, *detail;
    ngx_connection_t        *c;
    ngx_http_apigw_redis_t  *store;

    c = node->connection;
    store = node->store;

    if (!c->ssl->handshaked) {
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    fault = ngx_http_apigw_tls_refuses(&store->tls, c, &node->server->name,
                                       &detail);

    if (fault) {
        ngx_http_apigw_redis_tls_fault(node, fault, detail);
        ngx_http_apigw_redis_node_lost(node, 1);
        return;
    }

    ngx_http_apigw_redis_watch(node);

    /* more may have been read by now than the handshake took */

    ngx_post_event(c->read, &ngx_posted_events);

    ngx_http_apigw_redis_begin(node);
}


/*
 * Until the connection is ready, what nginx has to say about it is kept, with
 * OpenSSL's reason: a server that has refused once refuses again with each
 * attempt.
 */

static void
ngx_http_apigw_redis_tls_listen(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t  *c;

    c = node->connection;

    ngx_memzero(&node->tls_log, sizeof(ngx_log_t));

    node->tls_log.log_level = NGX_LOG_ERR;
    node->tls_log.writer = ngx_http_apigw_redis_tls_heard;
    node->tls_log.wdata = node;

    node->heard_len = 0;

    c->log = &node->tls_log;
    c->read->log = c->log;
    c->write->log = c->log;
}


/* A line begins with time, level and process: "... [crit] 12#12: text". */

static void
ngx_http_apigw_redis_tls_heard(ngx_log_t *log, ngx_uint_t level, u_char *line,
    size_t len)
{
    u_char                       *p, *last;
    ngx_http_apigw_redis_node_t  *node;

    node = log->wdata;
    last = line + len;

    p = ngx_strlchr(line, last, '#');
    p = p ? ngx_strlchr(p, last, ' ') : NULL;

    if (p == NULL || node->heard_len) {
        return;                          /* the first one is the cause */
    }

    while (last > p && (last[-1] == LF || last[-1] == CR)) {
        last--;
    }

    p++;

    node->heard_len = ngx_min((size_t) (last - p), sizeof(node->heard));
    ngx_memcpy(node->heard, p, node->heard_len);
}


void
ngx_http_apigw_redis_tls_ready(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t  *c;

    c = node->connection;

    c->log = node->log;
    c->read->log = c->log;
    c->write->log = c->log;

    node->heard_len = 0;
    node->nfaults = 0;
}


void
ngx_http_apigw_redis_tls_end(ngx_http_apigw_redis_node_t *node)
{
    ngx_connection_t  *c;

    c = node->connection;

    c->log = node->log;
    c->read->log = c->log;
    c->write->log = c->log;

    ngx_http_apigw_tls_close(c);

    if (node->heard_len) {
        ngx_http_apigw_redis_tls_fault(node, "TLS failed", NULL);
        node->heard_len = 0;
    }
}


#endif


/*
 * Each is told once, until a connection has come about: a server that refuses
 * does so in more than one way, as its alert may come before or after our
 * first command.
 */

void
ngx_http_apigw_redis_tls_fault(ngx_http_apigw_redis_node_t *node,
    const char *fault, const char *detail)
{
    u_char      *p, text[NGX_HTTP_APIGW_REDIS_FAULT];
    uint32_t     hash;
    ngx_uint_t   i;

    p = ngx_slprintf(text, text + sizeof(text), "%s%s%s%s%*s", fault,
                     detail ? ": " : "", detail ? detail : "",
                     node->heard_len ? ": " : "", node->heard_len,
                     node->heard);

    hash = ngx_crc32_long(text, p - text);

    for (i = 0; i < node->nfaults; i++) {
        if (node->faults[i] == hash) {
            return;
        }
    }

    if (node->nfaults == NGX_HTTP_APIGW_REDIS_FAULTS) {
        return;
    }

    node->faults[node->nfaults++] = hash;

    ngx_http_apigw_redis_node_log(node, NGX_LOG_ERR, 0, "%*s",
                                  (size_t) (p - text), text);
}
