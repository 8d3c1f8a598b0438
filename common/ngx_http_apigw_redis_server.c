
#include "ngx_http_apigw_redis_node.h"


void
ngx_http_apigw_redis_server_learn(ngx_http_apigw_redis_learnt_t *learnt,
    const apigw_str_t *host, in_port_t port)
{
    u_char                         *p;
    in_addr_t                       addr;
    ngx_uint_t                      v6;
    struct sockaddr_in             *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6            *sin6;
#endif
    ngx_http_apigw_redis_server_t  *server;

    ngx_memzero(learnt, sizeof(ngx_http_apigw_redis_learnt_t));

    server = &learnt->server;
    server->port = port;

    v6 = memchr(host->data, ':', host->len) != NULL;

    p = learnt->bytes;

    if (v6) {
        *p++ = '[';
    }

    server->name.data = p;
    server->name.len = host->len;
    p = ngx_cpymem(p, host->data, host->len);

    if (v6) {
        *p++ = ']';
    }

    p = ngx_sprintf(p, ":%ui", (ngx_uint_t) port);

    server->text.data = learnt->bytes;
    server->text.len = p - learnt->bytes;

    sin = &learnt->sockaddr.sockaddr_in;
    addr = ngx_inet_addr(server->name.data, server->name.len);

    if (addr != INADDR_NONE) {
        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = addr;
        server->addr.socklen = sizeof(struct sockaddr_in);

#if (NGX_HAVE_INET6)
    } else if (ngx_inet6_addr(server->name.data, server->name.len,
                              learnt->sockaddr.sockaddr_in6.sin6_addr.s6_addr)
               == NGX_OK)
    {
        sin6 = &learnt->sockaddr.sockaddr_in6;
        sin6->sin6_family = AF_INET6;
        server->addr.socklen = sizeof(struct sockaddr_in6);
#endif

    } else {
        server->host = server->name;
        return;
    }

    server->addr.sockaddr = &learnt->sockaddr.sockaddr;
    server->addr.name = server->text;
    ngx_inet_set_port(server->addr.sockaddr, port);
}


ngx_uint_t
ngx_http_apigw_redis_server_is(const ngx_http_apigw_redis_server_t *server,
    const apigw_str_t *host, in_port_t port)
{
    return server->port == port && server->name.len == host->len
           && ngx_strncasecmp(server->name.data, (u_char *) host->data,
                              host->len)
              == 0;
}


ngx_uint_t
ngx_http_apigw_redis_server_local(const ngx_http_apigw_redis_server_t *server)
{
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    if (server->host.len) {
        return 0;                        /* a resolver could say anything */
    }

    sa = server->addr.sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return ntohl(sin->sin_addr.s_addr) >> 24 == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr);
#endif

    default:
        return 1;                        /* a unix socket */
    }
}
