
/* One generation of a provider's keys. */


#include "ngx_http_apigw_auth.h"

#include <openssl/err.h>
#include <openssl/evp.h>


static void ngx_http_apigw_auth_jwks_cleanup(void *data);


/* In a thread too: on malloc() alone. */

ngx_http_apigw_auth_keys_t *
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


ngx_http_apigw_auth_keys_t *
ngx_http_apigw_auth_jwks_keys(ngx_http_apigw_auth_jwks_t *jwks)
{
    return jwks->remote ? ngx_http_apigw_auth_remote_keys(jwks->remote)
                        : jwks->keys;
}


void
ngx_http_apigw_auth_keys_use(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_http_apigw_auth_keys_t *keys, ngx_log_t *log)
{
    ngx_http_apigw_auth_keys_report(jwks, log);

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "apigw_auth: apigw_jwt_provider \"%V\": %uz keys of \"%V\" "
                  "are in force", &jwks->provider, apigw_jwks_count(keys->set),
                  &jwks->source);

    ngx_http_apigw_auth_keys_release(jwks->keys);

    jwks->keys = keys;
}


void
ngx_http_apigw_auth_keys_report(ngx_http_apigw_auth_jwks_t *jwks,
    ngx_log_t *log)
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

        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "apigw_auth: apigw_jwt_provider \"%V\": skipped key %uz "
                      "(kid \"%*s\") of \"%V\": %s", &jwks->provider,
                      skip->index, len, kid, &jwks->source, skip->why);
    }
}


ngx_http_apigw_auth_jwks_t *
ngx_http_apigw_auth_jwks_create(ngx_conf_t *cf,
    ngx_http_apigw_auth_provider_t *provider)
{
    ngx_pool_cleanup_t          *cln;
    ngx_http_apigw_auth_jwks_t  *jwks;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_apigw_auth_jwks_t));
    if (cln == NULL) {
        return NULL;
    }

    jwks = cln->data;

    ngx_memzero(jwks, sizeof(ngx_http_apigw_auth_jwks_t));

    jwks->provider = provider->name;
    jwks->symmetric = (provider->header.algorithms & APIGW_JWA_SYMMETRIC) != 0;

    cln->handler = ngx_http_apigw_auth_jwks_cleanup;

    return jwks;
}


static void
ngx_http_apigw_auth_jwks_cleanup(void *data)
{
    ngx_http_apigw_auth_jwks_t *jwks = data;

    ngx_http_apigw_auth_keys_release(jwks->keys);
    ngx_http_apigw_auth_keys_release(jwks->loaded);
}
