
/* A provider's keys in a file that workers look at now and then. */


#include "ngx_http_apigw_auth.h"


static ngx_uint_t ngx_http_apigw_auth_jwks_fit(
    ngx_http_apigw_auth_provider_t *provider);
static void ngx_http_apigw_auth_jwks_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text);
static void ngx_http_apigw_auth_jwks_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log);


char *
ngx_http_apigw_auth_jwks_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider)
{
    char                        *rv;
    apigw_error_t                err;
    ngx_http_apigw_auth_jwks_t  *jwks;
    ngx_http_apigw_auth_file_t   file;

    jwks = ngx_http_apigw_auth_jwks_create(cf, provider);
    if (jwks == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_apigw_auth_block_file(cf, block, "jwks_file",
                                        &provider->jwks_file,
                                        NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE,
                                        &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    jwks->source = provider->jwks_file;
    jwks->keys = ngx_http_apigw_auth_keys_parse(ngx_http_apigw_str(&file.text),
                                                jwks->symmetric, &jwks->report,
                                                &err);
    ngx_http_apigw_auth_file_free(&file);

    if (jwks->keys == NULL) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "key set \"%V\" %s; give an RFC 7517 key set",
                              &provider->jwks_file, err.word);
    }

    if (jwks->symmetric) {
        rv = ngx_http_apigw_auth_block_secret(cf, block, "jwks_file",
                                              &provider->jwks_file, &file);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    rv = ngx_http_apigw_auth_block_reread(cf, block, "jwks_file",
                                          &provider->jwks_file, 0);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    jwks->watch.path = provider->jwks_file;
    jwks->watch.max = NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE;
    jwks->watch.interval = NGX_HTTP_APIGW_AUTH_JWKS_POLL;
    jwks->watch.data = jwks;
    jwks->watch.load = ngx_http_apigw_auth_jwks_load;
    jwks->watch.done = ngx_http_apigw_auth_jwks_done;
    jwks->watch.seen = file;

    provider->jwks = jwks;

    ngx_http_apigw_auth_keys_report(jwks, cf->log);

    if (!ngx_http_apigw_auth_jwks_fit(provider)) {
        ngx_http_apigw_auth_block_warn(cf, block,
                       "no key of \"%V\" fits \"algorithms\"; every token will "
                       "be refused until one does", &provider->jwks_file);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_apigw_auth_jwks_fit(ngx_http_apigw_auth_provider_t *provider)
{
    size_t         i;
    apigw_jwks_t  *set;

    set = provider->jwks->keys->set;

    for (i = 0; i < apigw_jwks_count(set); i++) {
        if (apigw_jwk_algorithms(apigw_jwks_at(set, i))
            & provider->header.algorithms)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_apigw_auth_jwks_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text)
{
    apigw_error_t                err;
    ngx_http_apigw_auth_jwks_t  *jwks;

    jwks = watch->data;

    jwks->loaded = ngx_http_apigw_auth_keys_parse(ngx_http_apigw_str(text),
                                                  jwks->symmetric,
                                                  &jwks->report, &err);
    jwks->fault = jwks->loaded ? NULL : err.word;
}


static void
ngx_http_apigw_auth_jwks_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log)
{
    ngx_http_apigw_auth_jwks_t  *jwks;

    jwks = watch->data;

    if (jwks->loaded == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": key set \"%V\" "
                      "%s, the keys read before stay in force",
                      &jwks->provider, &watch->path, jwks->fault);
        return;
    }

    ngx_http_apigw_auth_keys_use(jwks, jwks->loaded, log);

    jwks->loaded = NULL;
}
