
#include "ngx_http_apigw_auth.h"


static char *ngx_http_apigw_auth_assertion_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    apigw_assertion_key_t *key);
static char *ngx_http_apigw_auth_assertion_try(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block);
static void ngx_http_apigw_auth_assertion_wipe(void *data);


/* The master reads, as root; workers inherit what was read. */

char *
ngx_http_apigw_auth_assertion_keys(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    char                *rv;
    apigw_str_t          jwks;
    ngx_uint_t           i;
    ngx_pool_cleanup_t  *cln;

    if (assertion->alg == APIGW_ASSERTION_HS256 && assertion->npublished) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "\"published_key_file\" beside HS256, whose key "
                              "is secret; take it out");
    }

    assertion->nkeys = 1 + assertion->npublished;
    assertion->keys = ngx_pcalloc(cf->pool, assertion->nkeys
                                            * sizeof(apigw_assertion_key_t));
    if (assertion->keys == NULL) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_apigw_auth_assertion_wipe;
    cln->data = assertion;

    rv = ngx_http_apigw_auth_assertion_read(cf, block, "key_file",
                                            &assertion->key_file,
                                            &assertion->keys[0]);

    for (i = 0; rv == NGX_CONF_OK && i < assertion->npublished; i++) {
        rv = ngx_http_apigw_auth_assertion_read(cf, block,
                                                "published_key_file",
                                                &assertion->published[i],
                                                &assertion->keys[i + 1]);
    }

    if (rv != NGX_CONF_OK || assertion->alg == APIGW_ASSERTION_HS256) {
        return rv == NGX_CONF_OK ? ngx_http_apigw_auth_assertion_try(cf, block)
                                 : rv;
    }

    if (apigw_assertion_jwks(&jwks, &block->arena, assertion->keys,
                             assertion->nkeys)
        != APIGW_OK)
    {
        return NGX_CONF_ERROR;
    }

    assertion->jwks.data = (u_char *) jwks.data;
    assertion->jwks.len = jwks.len;

    return ngx_http_apigw_auth_assertion_try(cf, block);
}


static char *
ngx_http_apigw_auth_assertion_read(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block, const char *param, ngx_str_t *path,
    apigw_assertion_key_t *key)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    char                        *rv;
    apigw_rc_t                   rc;
    ngx_uint_t                   signs;
    apigw_str_t                  text;
    apigw_error_t                err;
    ngx_http_apigw_auth_file_t   file;

    rv = ngx_http_apigw_auth_block_file(cf, block, param, path,
                                        APIGW_ASSERTION_KEY_FILE, &file);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    signs = (key == assertion->keys);
    text = ngx_http_apigw_str(&file.text);

    rc = signs ? apigw_assertion_key(key, &block->arena, assertion->alg, text,
                                     &err)
               : apigw_assertion_key_public(key, &block->arena, text, &err);

    ngx_http_apigw_auth_file_free(&file);

    if (rc == APIGW_ENOMEM) {
        return NGX_CONF_ERROR;
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "%s \"%V\" %s; make one with \"apigw-token "
                              "keygen --private FILE --alg ALG\"", param, path,
                              err.word);
    }

    return key->private_key
           ? ngx_http_apigw_auth_block_secret(cf, block, param, path, &file)
           : NGX_CONF_OK;
}


/* What libjwt makes of the key is known now, not at the first request. */

static char *
ngx_http_apigw_auth_assertion_try(ngx_conf_t *cf,
    ngx_http_apigw_auth_block_t *block)
{
    ngx_http_apigw_auth_assertion_t *assertion = block->data;

    ngx_pool_t               *pool;
    apigw_rc_t                rc;
    apigw_str_t               token;
    apigw_arena_t             arena;
    apigw_assertion_frame_t   frame;
    static const apigw_str_t  claims = apigw_str("{}");

    pool = ngx_create_pool(4096, cf->log);
    if (pool == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_http_apigw_arena_init(&arena, pool);

    frame.issuer = ngx_http_apigw_str(&assertion->issuer);
    frame.audience = ngx_http_apigw_str(&assertion->audience);
    frame.jti = frame.audience;
    frame.iat = 0;
    frame.exp = 0;

    rc = apigw_assertion_sign(&token, &arena, &assertion->keys[0], &frame,
                              claims);
    ngx_destroy_pool(pool);

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_block_fault(cf, block,
                              "key_file \"%V\" cannot sign; make one with "
                              "\"apigw-token keygen --private FILE --alg "
                              "ALG\"", &assertion->key_file);
    }

    return NGX_CONF_OK;
}


static void
ngx_http_apigw_auth_assertion_wipe(void *data)
{
    ngx_http_apigw_auth_assertion_t *assertion = data;

    apigw_str_t  *secret;

    secret = &assertion->keys[0].secret;

    if (secret->data) {
        ngx_explicit_memzero((void *) secret->data, secret->len);
    }
}
