
/* Parameters of keys at a URL. */


#include "ngx_http_apigw_auth.h"


static char *ngx_http_apigw_auth_remote_url(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider, ngx_str_t *text);
static char *ngx_http_apigw_auth_remote_state(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_remote_t *remote);


char *
ngx_http_apigw_auth_remote_init(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider)
{
    ngx_http_apigw_auth_remote_conf_t  *conf;

    conf = &provider->remote;

    conf->refresh = 10 * 60;
    conf->cooldown = 30;
    conf->max_stale = 24 * 60 * 60;
    conf->timeout = 3000;
    conf->max_size = NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE;

    conf->client = ngx_http_apigw_fetch_client_create(cf);

    return conf->client ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_apigw_auth_remote_set_uri(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    provider->remote.uri = args[0];

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_remote_set_discovery(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    if (ngx_strcmp(args[0].data, "on") == 0) {
        provider->remote.discovery = 1;

    } else if (ngx_strcmp(args[0].data, "off") != 0) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"discovery\" \"%V\"; write \"on\" or "
                              "\"off\"", &args[0]);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_remote_set_seconds(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    time_t  seconds, *field;

    field = (time_t *) ((char *) block->data + block->param->offset);
    seconds = ngx_parse_time(&args[0], 1);

    if (seconds == (time_t) NGX_ERROR || seconds < 1
        || seconds > 365 * 24 * 60 * 60)
    {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a time from 1s to "
                              "365d", &block->param->name, &args[0]);
    }

    *field = seconds;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_remote_set_timeout(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ngx_int_t  msec;

    msec = ngx_parse_time(&args[0], 0);

    if (msec == NGX_ERROR || msec < 1 || msec > 60 * 1000) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a time from 1ms to "
                              "1m", &block->param->name, &args[0]);
    }

    provider->remote.timeout = msec;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_remote_set_size(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    ssize_t  size;

    size = ngx_parse_size(&args[0]);

    if (size < 1024 || size > 1024 * 1024) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"%V\" \"%V\"; give a size from 1k to "
                              "1m", &block->param->name, &args[0]);
    }

    provider->remote.max_size = size;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_auth_remote_set_file(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_str_t *args, ngx_uint_t nargs)
{
    ngx_http_apigw_auth_provider_t *provider = block->data;

    provider->remote.state_file = args[0];

    if (args[0].len == 0 || args[0].data[args[0].len - 1] == '/') {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "invalid \"jwks_state_file\" \"%V\"; give the "
                              "path of a file", &args[0]);
    }

    return ngx_conf_full_name(cf->cycle, &provider->remote.state_file, 0)
           == NGX_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_http_apigw_auth_remote_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider)
{
    char                          *rv;
    ngx_str_t                      url;
    ngx_http_apigw_auth_jwks_t    *jwks;
    ngx_http_apigw_auth_remote_t  *remote;

    if (provider->header.algorithms & APIGW_JWA_SYMMETRIC) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "HS256, HS384 and HS512 with keys at a URL; use "
                              "\"jwks_file\", or an asymmetric algorithm");
    }

    rv = ngx_http_apigw_auth_fetch_end(cf, block, provider->remote.client);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    rv = ngx_http_apigw_auth_remote_url(cf, block, provider, &url);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    jwks = ngx_http_apigw_auth_jwks_create(cf, provider);
    if (jwks == NULL) {
        return NGX_CONF_ERROR;
    }

    remote = ngx_pcalloc(cf->pool, sizeof(ngx_http_apigw_auth_remote_t));
    if (remote == NULL) {
        return NGX_CONF_ERROR;
    }

    remote->provider = provider;
    remote->jwks = jwks;

    jwks->source = url;
    jwks->remote = remote;
    provider->jwks = jwks;

    return provider->remote.state_file.len
           ? ngx_http_apigw_auth_remote_state(cf, block, remote) : NGX_CONF_OK;
}


/* The URL that is asked first: of the keys, or of the metadata. */

static char *
ngx_http_apigw_auth_remote_url(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider, ngx_str_t *text)
{
    apigw_rc_t      rc;
    const char     *refusal;
    apigw_str_t     made;
    apigw_url_t     url;
    apigw_error_t   err;

    if (provider->remote.discovery) {
        rc = apigw_discovery_url(&made, &block->arena, provider->claims.issuer,
                                 APIGW_DISCOVERY_OPENID);
        if (rc == APIGW_ENOMEM) {
            return NGX_CONF_ERROR;
        }

        if (rc != APIGW_OK) {
            return ngx_http_apigw_auth_block_fault(cf, block,
                                  "\"discovery on\" and an \"issuer\" that is "
                                  "no http or https URL; give \"jwks_uri\" or "
                                  "\"jwks_file\" instead");
        }

        text->data = (u_char *) made.data;
        text->len = made.len;

    } else {
        *text = provider->remote.uri;
    }

    rc = apigw_url_parse(ngx_http_apigw_str(text), &url, &err);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"jwks_uri\" \"%V\": %s; give an absolute "
                              "https URL", text, err.word);
    }

    refusal = ngx_http_apigw_fetch_client_refuses(provider->remote.client,
                                                  &url);
    if (refusal) {
        return ngx_http_apigw_auth_block_fault(cf, block, "\"%V\": %s", text,
                                               refusal);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_apigw_auth_remote_state(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, ngx_http_apigw_auth_remote_t *remote)
{
    u_char     *p;
    ngx_str_t   folder, *path;

    path = &remote->provider->remote.state_file;

    for (p = path->data + path->len; p[-1] != '/'; p--) { /* void */ }

    folder.len = p - path->data;
    folder.data = ngx_pnalloc(cf->pool, folder.len + 1);
    if (folder.data == NULL) {
        return NGX_CONF_ERROR;
    }

    (void) ngx_cpystrn(folder.data, path->data, folder.len + 1);

    if (ngx_http_apigw_auth_state_read(cf, block, remote) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_apigw_auth_block_reread(cf, block, "jwks_state_file",
                                            &folder, 1);
}


ngx_int_t
ngx_http_apigw_auth_remote_resolve(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider)
{
    const char                  *fault;
    apigw_url_t                  url;
    apigw_error_t                err;
    ngx_http_apigw_auth_jwks_t  *jwks;

    jwks = provider->jwks;

    if (jwks->remote == NULL
        || apigw_url_parse(ngx_http_apigw_str(&jwks->source), &url, &err)
           != APIGW_OK)
    {
        return NGX_OK;
    }

    fault = ngx_http_apigw_fetch_client_resolve(cf, provider->remote.client,
                                                &url);
    if (fault == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "apigw_auth: apigw_jwt_provider \"%V\": \"%V\": %s in "
                  "%s:%ui", &provider->name, &jwks->source, fault,
                  provider->place.file, provider->place.line);

    return NGX_ERROR;
}
