
/*
 * Protected resource metadata (RFC 9728): which issuers a client may go to for
 * a token. The challenge names the document's address, a location serves it.
 */


#include "ngx_http_apigw_auth.h"
#include "apigw_json_writer.h"


#define NGX_HTTP_APIGW_AUTH_WELL_KNOWN  "/.well-known/oauth-protected-resource"


static ngx_uint_t ngx_http_apigw_auth_resource_url(ngx_str_t *url);
static size_t ngx_http_apigw_auth_resource_authority(ngx_str_t *url);
static ngx_int_t ngx_http_apigw_auth_resource_without(ngx_pool_t *pool,
    ngx_str_t *url, ngx_str_t *resource);
static ngx_int_t ngx_http_apigw_auth_resource_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_auth_resource_of(ngx_http_request_t *r,
    ngx_str_t *resource);
static ngx_uint_t ngx_http_apigw_auth_resource_host(ngx_str_t *host);
static apigw_rc_t ngx_http_apigw_auth_resource_render(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_str_t *resource,
    ngx_str_t *text);
static void ngx_http_apigw_auth_resource_scopes(apigw_json_writer_t *w,
    ngx_str_t *scope);
static void ngx_http_apigw_auth_resource_methods(apigw_json_writer_t *w,
    ngx_array_t *token_from);


char *
ngx_http_apigw_auth_set_resource(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_str_t  *value;

    if (alcf->resource.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    alcf->resource = value[1];

    if (ngx_strcmp(value[1].data, "off") == 0) {
        alcf->resource.len = 0;
        return NGX_CONF_OK;
    }

    if (!ngx_http_apigw_auth_resource_url(&value[1])) {
        return ngx_http_apigw_auth_fault(cf,
                              "apigw_auth_resource_metadata: invalid URL "
                              "\"%V\"; write \"https://HOST"
                              NGX_HTTP_APIGW_AUTH_WELL_KNOWN "/PATH\", or "
                              "\"off\"", &value[1]);
    }

    return NGX_CONF_OK;
}


/*
 * https, or http to this host; no fragment, nothing that a quoted string or a
 * URL would have to escape.
 */

static ngx_uint_t
ngx_http_apigw_auth_resource_url(ngx_str_t *url)
{
    size_t       i, len;
    ngx_uint_t   known;

    static const char *const  starts[] = {
        "https://", "http://localhost", "http://127.0.0.1", "http://[::1]"
    };

    for (i = 0; i < url->len; i++) {
        if (url->data[i] <= 0x20 || url->data[i] > 0x7e
            || ngx_strchr("\"\\#<>^`{|}", url->data[i]))
        {
            return 0;
        }
    }

    known = 0;

    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        len = ngx_strlen(starts[i]);

        if (ngx_strncmp(url->data, starts[i], len) == 0) {
            known = (i == 0) ? url->len > len
                             : (url->len == len || url->data[len] == ':'
                                || url->data[len] == '/');
            break;
        }
    }

    return known && url->data[ngx_http_apigw_auth_resource_authority(url) - 1]
                    != '/';
}


/* The length of scheme, host and port. */

static size_t
ngx_http_apigw_auth_resource_authority(ngx_str_t *url)
{
    size_t  i;

    i = (url->data[4] == 's') ? sizeof("https://") - 1 : sizeof("http://") - 1;

    while (i < url->len && url->data[i] != '/' && url->data[i] != '?') {
        i++;
    }

    return i;
}


char *
ngx_http_apigw_auth_set_resource_json(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_auth_loc_conf_t *alcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (alcf->resource_json) {
        return "is duplicate";
    }

    alcf->resource_json = 1;

    ngx_http_apigw_auth_place(cf, &alcf->resource_place);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_apigw_auth_resource_handler;

    return NGX_CONF_OK;
}


/*
 * The document is for clients that have no token yet: what is in force at its
 * location is described, not enforced.
 */

char *
ngx_http_apigw_auth_resource_merge(ngx_conf_t *cf,
    ngx_http_apigw_auth_loc_conf_t *conf)
{
    ngx_int_t    rc;
    const char  *fault;

    if (!conf->resource_json) {
        return NGX_CONF_OK;
    }

    fault = NULL;

    if (conf->policy == NULL
        || (conf->policy->nproviders == 0
            && (conf->policy->introspection == NULL
                || conf->policy->introspection->provider.claims.issuer.len
                   == 0)))
    {
        fault = "no issuer is in force here; write \"apigw_auth "
                "jwt=PROVIDER\" as the resource has it";

    } else if (conf->resource.len) {
        rc = ngx_http_apigw_auth_resource_without(cf->pool, &conf->resource,
                                                  &conf->resource_id);
        if (rc == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }

        if (rc == NGX_DECLINED) {
            fault = "the URL of \"apigw_auth_resource_metadata\" does not tell "
                    "the resource; put \"" NGX_HTTP_APIGW_AUTH_WELL_KNOWN "\" "
                    "behind its host";
        }
    }

    if (fault) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "apigw_auth: apigw_auth_resource_metadata_json: %s in "
                      "%s:%ui", fault, conf->resource_place.file,
                      conf->resource_place.line);
        return NGX_CONF_ERROR;
    }

    conf->resource_policy = conf->policy;
    conf->policy = NULL;

    return NGX_CONF_OK;
}


/* RFC 9728, 3.1, backwards; NGX_DECLINED: made by another rule. */

static ngx_int_t
ngx_http_apigw_auth_resource_without(ngx_pool_t *pool, ngx_str_t *url,
    ngx_str_t *resource)
{
    size_t   authority, len;
    u_char  *p, *rest, *last;

    authority = ngx_http_apigw_auth_resource_authority(url);
    len = sizeof(NGX_HTTP_APIGW_AUTH_WELL_KNOWN) - 1;

    rest = url->data + authority + len;
    last = url->data + url->len;

    if (url->len < authority + len
        || ngx_strncmp(url->data + authority, NGX_HTTP_APIGW_AUTH_WELL_KNOWN,
                       len)
           != 0
        || (rest < last && *rest != '/' && *rest != '?'))
    {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(pool, url->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    resource->data = p;

    p = ngx_cpymem(p, url->data, authority);
    p = ngx_cpymem(p, rest, last - rest);

    resource->len = p - resource->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_resource_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_str_t                        resource, text, *cache;
    ngx_http_apigw_auth_loc_conf_t  *alcf;

    static ngx_str_t  type = ngx_string("application/json");
    static ngx_str_t  shared = ngx_string("max-age=300");
    static ngx_str_t  never = ngx_string("no-store");

    alcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_auth_module);

    resource = alcf->resource_id;
    cache = &shared;

    if (resource.len == 0) {
        rc = ngx_http_apigw_auth_resource_of(r, &resource);
        if (rc != NGX_OK) {
            return rc;
        }

        /* the client's own word on the host is not for others to get */

        cache = &never;
    }

    if (ngx_http_apigw_auth_resource_render(r, alcf, &resource, &text)
        != APIGW_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_apigw_auth_document_send(r, &type, cache, &text);
}


/* From the request: scheme, host as the client wrote it, path. */

static ngx_int_t
ngx_http_apigw_auth_resource_of(ngx_http_request_t *r, ngx_str_t *resource)
{
    size_t      len;
    u_char     *p;
    ngx_str_t   host, path;

    len = sizeof(NGX_HTTP_APIGW_AUTH_WELL_KNOWN) - 1;

    path = r->unparsed_uri;
    p = ngx_strlchr(path.data, path.data + path.len, '?');

    if (p) {
        path.len = p - path.data;
    }

    if (path.len < len
        || ngx_strncmp(path.data, NGX_HTTP_APIGW_AUTH_WELL_KNOWN, len) != 0
        || (path.len > len && path.data[len] != '/'))
    {
        return NGX_HTTP_NOT_FOUND;
    }

    path.data += len;
    path.len -= len;

    if (r->headers_in.host == NULL) {
        return NGX_HTTP_BAD_REQUEST;
    }

    host = r->headers_in.host->value;

    if (!ngx_http_apigw_auth_resource_host(&host)) {
        return NGX_HTTP_BAD_REQUEST;
    }

    p = ngx_pnalloc(r->pool, sizeof("https://") + host.len + path.len);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    resource->data = p;

#if (NGX_HTTP_SSL)
    p = ngx_sprintf(p, r->connection->ssl ? "https://" : "http://");
#else
    p = ngx_sprintf(p, "http://");
#endif

    p = ngx_sprintf(p, "%V%V", &host, &path);

    resource->len = p - resource->data;

    return NGX_OK;
}


/* nginx lets more through. */

static ngx_uint_t
ngx_http_apigw_auth_resource_host(ngx_str_t *host)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < host->len; i++) {
        ch = host->data[i];

        if ((ch < '0' || ch > '9') && ((ch | 0x20) < 'a' || (ch | 0x20) > 'z')
            && ngx_strchr(".-_:[]", ch) == NULL)
        {
            return 0;
        }
    }

    return host->len != 0;
}


static apigw_rc_t
ngx_http_apigw_auth_resource_render(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_str_t *resource, ngx_str_t *text)
{
    apigw_rc_t                     rc;
    ngx_uint_t                     i, named;
    apigw_str_t                    out;
    apigw_arena_t                  arena;
    apigw_json_writer_t            w;
    ngx_http_apigw_auth_policy_t  *policy;

    ngx_http_apigw_auth_introspection_t  *in;

    static const apigw_str_t  names[] = {
        apigw_str("resource"), apigw_str("authorization_servers"),
        apigw_str("scopes_supported"), apigw_str("bearer_methods_supported")
    };

    policy = alcf->resource_policy;
    in = policy->introspection;
    named = 0;

    ngx_http_apigw_arena_init(&arena, r->pool);
    apigw_json_writer_init(&w, &arena);

    apigw_json_write_object(&w);
    apigw_json_write_key(&w, names[0]);
    apigw_json_write_string(&w, ngx_http_apigw_str(resource));

    apigw_json_write_key(&w, names[1]);
    apigw_json_write_array(&w);

    for (i = 0; i < policy->nproviders; i++) {
        apigw_json_write_string(&w, policy->providers[i]->claims.issuer);
        named |= in && apigw_str_eq(policy->providers[i]->claims.issuer,
                                    in->provider.claims.issuer);
    }

    if (in && !named && in->provider.claims.issuer.len) {
        apigw_json_write_string(&w, in->provider.claims.issuer);
    }

    apigw_json_write_close(&w);

    if (alcf->scope.len) {
        apigw_json_write_key(&w, names[2]);
        ngx_http_apigw_auth_resource_scopes(&w, &alcf->scope);
    }

    apigw_json_write_key(&w, names[3]);
    ngx_http_apigw_auth_resource_methods(&w, alcf->token_from);
    apigw_json_write_close(&w);

    rc = apigw_json_writer_finish(&w, &out);

    if (rc == APIGW_OK) {
        text->data = (u_char *) out.data;
        text->len = out.len;
    }

    return rc;
}


static void
ngx_http_apigw_auth_resource_scopes(apigw_json_writer_t *w, ngx_str_t *scope)
{
    u_char       *p, *last, *end;
    apigw_str_t   one;

    p = scope->data;
    last = p + scope->len;

    apigw_json_write_array(w);

    while (p < last) {
        end = ngx_strlchr(p, last, ' ');
        end = end ? end : last;

        one.data = p;
        one.len = end - p;

        if (one.len) {
            apigw_json_write_string(w, one);
        }

        p = end + 1;
    }

    apigw_json_write_close(w);
}


/* RFC 6750's ways, by its names; a cookie, or another argument, is none. */

static void
ngx_http_apigw_auth_resource_methods(apigw_json_writer_t *w,
    ngx_array_t *token_from)
{
    ngx_uint_t                      i;
    ngx_http_apigw_auth_carrier_t  *carrier;

    static const apigw_str_t  header = apigw_str("header");
    static const apigw_str_t  query = apigw_str("query");
    static const apigw_str_t  access_token = apigw_str("access_token");

    apigw_json_write_array(w);
    apigw_json_write_string(w, header);

    for (i = 0; token_from && i < token_from->nelts; i++) {
        carrier = token_from->elts;

        if (carrier[i].in == NGX_HTTP_APIGW_AUTH_IN_ARG
            && apigw_str_eq(ngx_http_apigw_str(&carrier[i].name),
                            access_token))
        {
            apigw_json_write_string(w, query);
            break;
        }
    }

    apigw_json_write_close(w);
}
