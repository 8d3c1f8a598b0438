
#include "ngx_http_apigw_local.h"


static ngx_uint_t ngx_http_apigw_local_text(ngx_str_t *text);
static ngx_uint_t ngx_http_apigw_local_sockaddr(struct sockaddr *sa);
static ngx_uint_t ngx_http_apigw_local_original(ngx_http_request_t *r);
static ngx_uint_t ngx_http_apigw_local_proxied(ngx_http_request_t *r);


ngx_uint_t
ngx_http_apigw_client_is_local(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    if (!ngx_http_apigw_local_sockaddr(c->sockaddr)
        || !ngx_http_apigw_local_original(r)
        || ngx_http_apigw_local_proxied(r))
    {
        return 0;
    }

    /* a PROXY header that names nobody, such as "UNKNOWN", may be of anybody */

    if (c->proxy_protocol == NULL) {
        return !r->main->http_connection->addr_conf->proxy_protocol;
    }

    return ngx_http_apigw_local_text(&c->proxy_protocol->src_addr);
}


static ngx_uint_t
ngx_http_apigw_local_sockaddr(struct sockaddr *sa)
{
    struct sockaddr_in   *sin;

#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return ntohl(sin->sin_addr.s_addr) >> 24 == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;

        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr)
               || (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)
                   && sin6->sin6_addr.s6_addr[12] == 127);
#endif

#if (NGX_HAVE_UNIX_DOMAIN)
    case AF_UNIX:
        return 1;
#endif

    default:
        return 0;
    }
}


/* What realip has replaced, where that module is there. */

static ngx_uint_t
ngx_http_apigw_local_original(ngx_http_request_t *r)
{
    ngx_str_t                   text;
    ngx_uint_t                  key;
    ngx_http_variable_value_t  *v;

    static ngx_str_t  name = ngx_string("realip_remote_addr");

    key = ngx_hash_key(name.data, name.len);
    v = ngx_http_get_variable(r, &name, key);

    if (v == NULL) {
        return 0;
    }

    if (v->not_found) {
        return 1;
    }

    text.data = v->data;
    text.len = v->len;

    return ngx_http_apigw_local_text(&text);
}


static ngx_uint_t
ngx_http_apigw_local_text(ngx_str_t *text)
{
    ngx_sockaddr_t  sa;

    if (text->len == sizeof("unix:") - 1
        && ngx_strncmp(text->data, "unix:", sizeof("unix:") - 1) == 0)
    {
        return 1;
    }

    ngx_memzero(&sa, sizeof(ngx_sockaddr_t));

    sa.sockaddr_in.sin_addr.s_addr = ngx_inet_addr(text->data, text->len);

    if (sa.sockaddr_in.sin_addr.s_addr != INADDR_NONE) {
        sa.sockaddr.sa_family = AF_INET;
        return ngx_http_apigw_local_sockaddr(&sa.sockaddr);
    }

#if (NGX_HAVE_INET6)

    if (ngx_inet6_addr(text->data, text->len,
                       sa.sockaddr_in6.sin6_addr.s6_addr)
        == NGX_OK)
    {
        sa.sockaddr.sa_family = AF_INET6;
        return ngx_http_apigw_local_sockaddr(&sa.sockaddr);
    }

#endif

    return 0;
}


/* A field tells even if another module has hidden it since. */

static ngx_uint_t
ngx_http_apigw_local_proxied(ngx_http_request_t *r)
{
    ngx_uint_t        i, k;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static ngx_str_t  names[] = {
        ngx_string("X-Forwarded-For"),
        ngx_string("X-Real-IP"),
        ngx_string("Forwarded"),
        ngx_string("Via")
    };

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {

                if (header[i].key.len == names[k].len
                    && ngx_strncasecmp(header[i].key.data, names[k].data,
                                       names[k].len)
                       == 0)
                {
                    return 1;
                }
            }
        }
    }

    return 0;
}
