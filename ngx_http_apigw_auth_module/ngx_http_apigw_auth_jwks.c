
#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/evp.h>


static ngx_http_apigw_auth_keys_t *ngx_http_apigw_auth_keys_parse(
    apigw_str_t text, ngx_uint_t symmetric, apigw_jwks_report_t *report,
    apigw_error_t *err);
static void ngx_http_apigw_auth_jwks_report(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_log_t *log, ngx_uint_t level);
static ngx_uint_t ngx_http_apigw_auth_jwks_fit(
    ngx_http_apigw_auth_provider_t *provider);
static void ngx_http_apigw_auth_jwks_load(ngx_http_apigw_auth_watch_t *watch,
    ngx_str_t *text);
static void ngx_http_apigw_auth_jwks_done(ngx_http_apigw_auth_watch_t *watch,
    ngx_log_t *log);
static void ngx_http_apigw_auth_jwks_cleanup(void *data);


char *
ngx_http_apigw_auth_jwks_open(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block,
    ngx_http_apigw_auth_provider_t *provider)
{
    char                        *rv;
    apigw_error_t                err;
    ngx_pool_cleanup_t          *cln;
    ngx_http_apigw_auth_jwks_t  *jwks;
    ngx_http_apigw_auth_file_t   file;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_apigw_auth_jwks_t));
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    jwks = cln->data;

    ngx_memzero(jwks, sizeof(ngx_http_apigw_auth_jwks_t));

    cln->handler = ngx_http_apigw_auth_jwks_cleanup;

    rv = ngx_http_apigw_auth_block_file(cf, block, "jwks_file",
                                        &provider->jwks_file,
                                        NGX_HTTP_APIGW_AUTH_JWKS_MAX_SIZE,
                                        &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    jwks->provider = provider->name;
    jwks->symmetric = (provider->header.algorithms & APIGW_JWA_SYMMETRIC) != 0;
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
                                          &provider->jwks_file);
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

    ngx_http_apigw_auth_jwks_report(jwks, cf->log, NGX_LOG_WARN);

    if (!ngx_http_apigw_auth_jwks_fit(provider)) {
        ngx_http_apigw_auth_block_warn(cf, block,
                       "no key of \"%V\" fits \"algorithms\"; every token will "
                       "be refused until one does", &provider->jwks_file);
    }

    return NGX_CONF_OK;
}


/* In a thread too: on malloc() alone. */

static ngx_http_apigw_auth_keys_t *
ngx_http_apigw_auth_keys_parse(apigw_str_t text, ngx_uint_t symmetric,
    apigw_jwks_report_t *report, apigw_error_t *err)
{
    u_char                       digest[EVP_MAX_MD_SIZE];
    apigw_rc_t                   rc;
    apigw_arena_t                arena;
    ngx_http_apigw_auth_keys_t  *keys;

    err->word = "could not be kept, memory is out";

    keys = calloc(1, sizeof(ngx_http_apigw_auth_keys_t));
    if (keys == NULL) {
        return NULL;
    }

    keys->refs = 1;

    apigw_heap_arena(&keys->heap, &arena);

    rc = apigw_jwks_parse(&keys->set, &arena, text, symmetric, report, err);

    if (rc == APIGW_OK
        && EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL)
           != 1)
    {
        ERR_clear_error();
        rc = APIGW_ENOMEM;
    }

    if (rc == APIGW_OK) {
        ngx_memcpy(&keys->gen, digest, sizeof(uint64_t));
        return keys;
    }

    if (rc == APIGW_ENOMEM) {
        err->word = "could not be kept, memory is out";
    }

    ngx_http_apigw_auth_keys_release(keys);

    return NULL;
}


void
ngx_http_apigw_auth_keys_release(ngx_http_apigw_auth_keys_t *keys)
{
    if (keys == NULL || --keys->refs) {
        return;
    }

    apigw_jwks_free(keys->set);
    apigw_heap_free(&keys->heap);
    free(keys);
}


static void
ngx_http_apigw_auth_jwks_report(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_log_t *log, ngx_uint_t level)
{
    size_t             i, k, len;
    u_char             kid[64];
    apigw_jwk_skip_t  *skip;

    for (i = 0; i < jwks->report.nskips; i++) {
        skip = &jwks->report.skips[i];
        len = ngx_min(skip->kid.len, sizeof(kid));

        for (k = 0; k < len; k++) {
            kid[k] = (skip->kid.data[k] < 0x20 || skip->kid.data[k] > 0x7e
                      || skip->kid.data[k] == '"')
                     ? '?' : skip->kid.data[k];
        }

        ngx_log_error(level, log, 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": skipped key %uz "
                      "(kid \"%*s\") of \"%V\": %s", &jwks->provider,
                      skip->index, len, kid, &jwks->watch.path, skip->why);
    }
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

    ngx_http_apigw_auth_jwks_report(jwks, log, NGX_LOG_WARN);

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "apigw_auth: apigw_jwt_provider \"%V\": %uz keys of \"%V\" "
                  "are in force", &jwks->provider,
                  apigw_jwks_count(jwks->loaded->set), &watch->path);

    ngx_http_apigw_auth_keys_release(jwks->keys);

    jwks->keys = jwks->loaded;
    jwks->loaded = NULL;
}


static void
ngx_http_apigw_auth_jwks_cleanup(void *data)
{
    ngx_http_apigw_auth_jwks_t *jwks = data;

    ngx_http_apigw_auth_keys_release(jwks->keys);
    ngx_http_apigw_auth_keys_release(jwks->loaded);
}
