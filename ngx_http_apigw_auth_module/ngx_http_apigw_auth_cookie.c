
/*
 * A browser adds cookies to whatever request any page makes it send. So a
 * credential in a cookie speaks for its user only where the browser itself
 * says that a page of ours, or of a listed origin, made the request; what is
 * not said counts as no. GET, HEAD and OPTIONS are not to change anything.
 */


#include "ngx_http_apigw_auth.h"
#include "apigw_origin.h"


static ngx_uint_t ngx_http_apigw_auth_cookie_reads(ngx_http_request_t *r);
static ngx_table_elt_t *ngx_http_apigw_auth_cookie_line(
    ngx_list_part_t *part, ngx_str_t *name);
static ngx_uint_t ngx_http_apigw_auth_cookie_own(ngx_http_request_t *r,
    apigw_origin_t *origin);
static char *ngx_http_apigw_auth_carrier_add(ngx_conf_t *cf,
    ngx_array_t *carriers, ngx_str_t *place);
static ngx_uint_t ngx_http_apigw_auth_carrier_name(ngx_str_t *name);


ngx_uint_t
ngx_http_apigw_auth_cookie_allowed(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t         i;
    apigw_str_t        site;
    apigw_origin_t     origin, *listed;
    ngx_table_elt_t   *h;
    static ngx_str_t   site_name = ngx_string("Sec-Fetch-Site");
    static ngx_str_t   origin_name = ngx_string("Origin");

    if (ngx_http_apigw_auth_cookie_reads(r)) {
        return 1;
    }

    h = ngx_http_apigw_auth_cookie_line(&ctx->headers, &site_name);

    if (h) {
        site = ngx_http_apigw_str(&h->value);

        if (apigw_str_is(site, "same-origin") || apigw_str_is(site, "none")) {
            return 1;
        }
    }

    h = ngx_http_apigw_auth_cookie_line(&ctx->headers, &origin_name);

    if (h == NULL
        || apigw_origin_parse(&origin, ngx_http_apigw_str(&h->value))
           != APIGW_OK)
    {
        return 0;
    }

    if (ngx_http_apigw_auth_cookie_own(r, &origin)) {
        return 1;
    }

    if (alcf->cookie_origins == NULL) {
        return 0;
    }

    listed = alcf->cookie_origins->elts;

    for (i = 0; i < alcf->cookie_origins->nelts; i++) {
        if (apigw_origin_eq(&listed[i], &origin)) {
            return 1;
        }
    }

    return 0;
}


/* By the method that the client sent: error_page makes GET of all others. */

static ngx_uint_t
ngx_http_apigw_auth_cookie_reads(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_str_t        *line;
    static ngx_str_t  methods[] = {
        ngx_string("GET "), ngx_string("HEAD "), ngx_string("OPTIONS ")
    };

    line = &r->request_line;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (line->len >= methods[i].len
            && ngx_memcmp(line->data, methods[i].data, methods[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* The line of a name; NULL if there is none, or several: which one is true? */

static ngx_table_elt_t *
ngx_http_apigw_auth_cookie_line(ngx_list_part_t *part, ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h, *found;

    found = NULL;

    for ( /* void */ ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (!ngx_http_apigw_header_name_is(&h[i].key, name)) {
                continue;
            }

            if (found) {
                return NULL;
            }

            found = &h[i];
        }
    }

    return found;
}


/*
 * Ours are the scheme of this connection and the Host of this request (over
 * HTTP/2 and 3, :authority), port included: a page cannot choose that. What
 * X-Forwarded-Proto and the like claim does not count; behind a proxy that
 * ends TLS, the public origin is one to list.
 */

static ngx_uint_t
ngx_http_apigw_auth_cookie_own(ngx_http_request_t *r, apigw_origin_t *origin)
{
    bool             secure;
    apigw_str_t      authority;
    apigw_origin_t   own;

    if (r->headers_in.host) {
        authority = ngx_http_apigw_str(&r->headers_in.host->value);

    } else if (r->http_version >= NGX_HTTP_VERSION_20 && r->host_start) {

        /* HTTP/3 keeps :authority out of the list */

        authority.data = r->host_start;
        authority.len = r->host_end - r->host_start;

    } else {
        return 0;
    }

#if (NGX_HTTP_SSL)
    secure = (r->connection->ssl != NULL);
#else
    secure = false;
#endif

    if (apigw_origin_own(&own, secure, authority) != APIGW_OK) {
        return 0;
    }

    /* "GET http://a/ HTTP/1.1" with another Host is no browser's */

    if (own.host.len != r->headers_in.server.len
        || ngx_strncasecmp((u_char *) own.host.data,
                           r->headers_in.server.data, own.host.len)
           != 0)
    {
        return 0;
    }

    return apigw_origin_eq(&own, origin);
}


char *
ngx_http_apigw_auth_set_token_from(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (alcf->token_from != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "authorization") != 0) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_token_from: \"%V\" comes first; "
                              "write \"authorization\" before other places",
                              &value[1]);
    }

    ngx_http_apigw_auth_place(cf, &alcf->token_place);

    if (cf->args->nelts == 2) {
        alcf->token_from = NULL;
        return NGX_CONF_OK;
    }

    alcf->token_from = ngx_array_create(cf->pool, 2,
                                        sizeof(ngx_http_apigw_auth_carrier_t));
    if (alcf->token_from == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_apigw_auth_carrier_add(cf, alcf->token_from, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_carrier_add(ngx_conf_t *cf, ngx_array_t *carriers,
    ngx_str_t *place)
{
    ngx_uint_t                      i;
    ngx_http_apigw_auth_carrier_t  *carrier, added;

    added.name = *place;

    if (ngx_strncmp(place->data, "cookie:", 7) == 0) {
        added.in = NGX_HTTP_APIGW_AUTH_IN_COOKIE;
        added.name.data += 7;
        added.name.len -= 7;

    } else if (ngx_strncmp(place->data, "arg:", 4) == 0) {
        added.in = NGX_HTTP_APIGW_AUTH_IN_ARG;
        added.name.data += 4;
        added.name.len -= 4;

        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "apigw_auth: apigw_auth_token_from: \"%V\" puts "
                           "tokens into URLs, which are logged; prefer "
                           "Authorization or a cookie", place);

    } else {
        added.name.len = 0;
    }

    if (!ngx_http_apigw_auth_carrier_name(&added.name)) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_token_from: invalid place \"%V\"; "
                              "write \"cookie:NAME\" or \"arg:NAME\"", place);
    }

    carrier = carriers->elts;

    for (i = 0; i < carriers->nelts; i++) {
        if (ngx_http_apigw_auth_carrier_is(&carrier[i], &added)) {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_token_from: \"%V\" named twice; "
                                  "write each place once", place);
        }
    }

    carrier = ngx_array_push(carriers);
    if (carrier == NULL) {
        return NGX_CONF_ERROR;
    }

    *carrier = added;

    return NGX_CONF_OK;
}


/* As a client sends it: what separates cookies or arguments is not in it. */

static ngx_uint_t
ngx_http_apigw_auth_carrier_name(ngx_str_t *name)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (ch <= 0x20 || ch >= 0x7f || ch == '=' || ch == ';' || ch == '&'
            || ch == '#')
        {
            return 0;
        }
    }

    return name->len != 0;
}


char *
ngx_http_apigw_auth_set_cookie_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t       *value;
    ngx_uint_t       i;
    apigw_origin_t  *origin;

    if (alcf->cookie_origins != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        alcf->cookie_origins = NULL;
        return NGX_CONF_OK;
    }

    alcf->cookie_origins = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                            sizeof(apigw_origin_t));
    if (alcf->cookie_origins == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        origin = ngx_array_push(alcf->cookie_origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        if (apigw_origin_parse(origin, ngx_http_apigw_str(&value[i]))
            != APIGW_OK)
        {
            return ngx_http_apigw_auth_fault(cf,
                                  "apigw_auth_cookie_origin: invalid origin "
                                  "\"%V\"; write scheme and host, and a port "
                                  "if there is one, such as "
                                  "\"https://app.example.com\"", &value[i]);
        }
    }

    return NGX_CONF_OK;
}


/* A place that holds a key or a token as it comes cannot be read. */

ngx_int_t
ngx_http_apigw_auth_token_from_check(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *alcf)
{
    ngx_uint_t                      i, k;
    ngx_http_apigw_auth_carrier_t  *token, *key;

    if (alcf->policy == NULL || alcf->token_from == NULL) {
        return NGX_OK;
    }

    token = alcf->token_from->elts;
    key = alcf->policy->carriers.elts;

    for (i = 0; i < alcf->token_from->nelts; i++) {
        for (k = 0; k < alcf->policy->carriers.nelts; k++) {

            if (!ngx_http_apigw_auth_carrier_is(&token[i], &key[k])) {
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "apigw_auth: apigw_auth_token_from: \"%s:%V\" holds "
                          "keys of a store; name another place in %s:%ui",
                          token[i].in == NGX_HTTP_APIGW_AUTH_IN_ARG ? "arg"
                                                                    : "cookie",
                          &token[i].name, alcf->token_place.file,
                          alcf->token_place.line);

            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
