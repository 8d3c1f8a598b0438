
/* The origins that clients of a server use, by its names. */


#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_origins_keep(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *cscf);
static ngx_uint_t ngx_http_apigw_auth_origin_named(
    ngx_http_apigw_auth_srv_conf_t *ascf, ngx_str_t *host);
static ngx_uint_t ngx_http_apigw_auth_origin_name_is(
    ngx_http_server_name_t *name, ngx_str_t *host);


/* nginx forgets the lists of names when the configuration is read. */

ngx_int_t
ngx_http_apigw_auth_origins_init(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_http_core_srv_conf_t   **cscfp;
    ngx_http_core_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    cscfp = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {
        if (ngx_http_apigw_auth_origins_keep(cf, cscfp[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_origins_keep(ngx_conf_t *cf,
    ngx_http_core_srv_conf_t *cscf)
{
    void                            *names;
    ngx_uint_t                       n;
    ngx_http_apigw_auth_srv_conf_t  *ascf;

    ascf = cscf->ctx->srv_conf[ngx_http_apigw_auth_module.ctx_index];
    n = cscf->server_names.nelts;

    if (ngx_array_init(&ascf->names, cf->pool, n,
                       sizeof(ngx_http_server_name_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    names = ngx_array_push_n(&ascf->names, n);
    if (names == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(names, cscf->server_names.elts,
               n * sizeof(ngx_http_server_name_t));

    return NGX_OK;
}


/*
 * https and the request's host, if that is one of the server's names: the Host
 * header alone is the client's word. The port is 443 or, where clients reach it
 * directly, that of the listening socket. NGX_DECLINED: no such name.
 */

ngx_int_t
ngx_http_apigw_auth_origins(ngx_http_request_t *r,
    apigw_dpop_request_t *request)
{
    u_char                          *p;
    size_t                           len;
    in_port_t                        port;
    ngx_str_t                       *host;
    apigw_str_t                     *origins;
    ngx_http_apigw_auth_srv_conf_t  *ascf;

    host = &r->headers_in.server;
    ascf = ngx_http_get_module_srv_conf(r, ngx_http_apigw_auth_module);

    if (host->len == 0 || !ngx_http_apigw_auth_origin_named(ascf, host)) {
        return NGX_DECLINED;
    }

    if (ngx_connection_local_sockaddr(r->connection, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    port = ngx_inet_get_port(r->connection->local_sockaddr);
    len = sizeof("https://") - 1 + host->len;

    origins = ngx_palloc(r->pool, 2 * sizeof(apigw_str_t) + len
                                  + sizeof(":65535"));
    if (origins == NULL) {
        return NGX_ERROR;
    }

    p = (u_char *) &origins[2];

    origins[0].data = p;
    origins[0].len = len;

    p = ngx_sprintf(p, "https://%V:%d", host, (int) port);

    origins[1].data = origins[0].data;
    origins[1].len = p - origins[0].data;

    request->origins = origins;
    request->norigins = 2;

    return NGX_OK;
}


/*
 * nginx has a hash of names only where several servers share an address, so
 * the names are compared one by one.
 */

static ngx_uint_t
ngx_http_apigw_auth_origin_named(ngx_http_apigw_auth_srv_conf_t *ascf,
    ngx_str_t *host)
{
    ngx_uint_t               i;
    ngx_http_server_name_t  *name;

    name = ascf->names.elts;

    for (i = 0; i < ascf->names.nelts; i++) {
        if (ngx_http_apigw_auth_origin_name_is(&name[i], host)) {
            return 1;
        }
    }

    return 0;
}


/* Both are in lower case. As nginx does: "*.a" and ".a", "a.*", "~re". */

static ngx_uint_t
ngx_http_apigw_auth_origin_name_is(ngx_http_server_name_t *name,
    ngx_str_t *host)
{
    u_char     *p;
    size_t      len;

    p = name->name.data;
    len = name->name.len;

#if (NGX_PCRE)

    if (name->regex) {
        return ngx_regex_exec(name->regex->regex, host, NULL, 0) >= 0;
    }

#endif

    if (len == 0) {
        return 0;
    }

    if (*p == '.' && host->len == len - 1) {
        return ngx_memcmp(host->data, p + 1, len - 1) == 0;
    }

    if (*p == '*') {
        p++;
        len--;
    }

    if (*p == '.') {
        return host->len > len
               && ngx_memcmp(host->data + host->len - len, p, len) == 0;
    }

    if (len > 2 && p[len - 1] == '*' && p[len - 2] == '.') {
        return host->len > len - 1
               && ngx_memcmp(host->data, p, len - 1) == 0;
    }

    return host->len == len && ngx_memcmp(host->data, p, len) == 0;
}
