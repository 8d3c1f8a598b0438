
#include "ngx_http_apigw_auth.h"


static apigw_rc_t ngx_http_apigw_auth_jwt_new(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_siphash_t *tag, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws, apigw_claims_t **claims,
    apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_check(apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_proof(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_siphash_t *tag,
    apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_recall(
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_cache_entry_t *entry, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_signature(
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_fetch(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, ngx_http_apigw_auth_cause_e cause,
    apigw_error_t *err);
static ngx_http_apigw_auth_provider_t *ngx_http_apigw_auth_jwt_provider(
    ngx_http_apigw_auth_policy_t *policy, apigw_str_t issuer);


/* The token itself: as this worker knows it, or by a look at it. */

apigw_rc_t
ngx_http_apigw_auth_jwt(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_error_t *err)
{
    apigw_siphash_t                   tag;
    ngx_http_apigw_auth_cached_t     *cached;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    /* of a call that ended with NGX_AGAIN */

    ngx_http_apigw_auth_keys_release(result->keys);
    ngx_http_apigw_auth_cached_release(result->cached);

    result->keys = NULL;
    result->cached = NULL;

    cached = ngx_http_apigw_auth_cached_find(amcf->l1, ctx->policy,
                                             ctx->token.text, &tag);
    if (cached) {
        ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_L1;
        ngx_http_apigw_auth_cached_use(cached, result);

        return apigw_claims_check_dates(&result->dates,
                                        result->provider->claims.leeway,
                                        ngx_time(), err);
    }

    return ngx_http_apigw_auth_jwt_new(r, ctx, result, &tag, err);
}


/* A token that this worker does not know: cheap before dear. */

static apigw_rc_t
ngx_http_apigw_auth_jwt_new(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_siphash_t *tag, apigw_error_t *err)
{
    apigw_rc_t   rc;
    apigw_jws_t  jws;

    rc = ngx_http_apigw_auth_token_form(ctx, result, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    err->word = "token_malformed";

    rc = ngx_http_apigw_auth_jwt_read(r, ctx, &jws, &result->claims, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    result->provider = ngx_http_apigw_auth_jwt_provider(ctx->policy,
                                          apigw_claims_issuer(result->claims));
    if (result->provider == NULL) {
        err->word = "issuer_unknown";
        return APIGW_EINPUT;
    }

    result->name = result->provider->name;

    if (ctx->token.text.len > result->provider->max_token_size) {
        err->word = "token_too_large";
        return APIGW_ELIMIT;
    }

    rc = ngx_http_apigw_auth_jwt_check(&jws, result, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    return ngx_http_apigw_auth_jwt_proof(r, ctx, &jws, result, tag, err);
}


static apigw_rc_t
ngx_http_apigw_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws, apigw_claims_t **claims,
    apigw_error_t *err)
{
    apigw_rc_t     rc;
    apigw_arena_t  arena;

    if (ctx->token.text.len > ctx->policy->max_token_size) {
        err->word = "token_too_large";
        return APIGW_ELIMIT;
    }

    switch (apigw_jws_kind(ctx->token.text)) {

    case APIGW_TOKEN_JWS:
        break;

    case APIGW_TOKEN_JWE:
        err->word = "jwe_unsupported";
        return APIGW_EUNSUPPORTED;

    default: /* APIGW_TOKEN_OPAQUE */
        err->word = "token_malformed";
        return APIGW_EINPUT;
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    rc = apigw_jws_parse(jws, &arena, ctx->token.text,
                         ctx->policy->max_token_size, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_claims_parse(claims, &arena, jws->payload, err);
}


/* The provider whose issuer the token claims: that is yet to be proven. */

static ngx_http_apigw_auth_provider_t *
ngx_http_apigw_auth_jwt_provider(ngx_http_apigw_auth_policy_t *policy,
    apigw_str_t issuer)
{
    ngx_uint_t  i;

    if (issuer.data == NULL) {
        return NULL;
    }

    for (i = 0; i < policy->nproviders; i++) {
        if (apigw_str_eq(policy->providers[i]->claims.issuer, issuer)) {
            return policy->providers[i];
        }
    }

    return NULL;
}


static apigw_rc_t
ngx_http_apigw_auth_jwt_check(apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err)
{
    apigw_rc_t                       rc;
    ngx_http_apigw_auth_provider_t  *provider;

    provider = result->provider;

    rc = apigw_jws_check(jws, &provider->header, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_claims_check(result->claims, &provider->claims, ngx_time(),
                              &result->dates, err);
}


/*
 * Whether the signature is good: as any worker found lately, or by verifying
 * it. A token that is seen once goes to L2 alone, where it costs little; one
 * that comes again is worth an identity in L1.
 */

static apigw_rc_t
ngx_http_apigw_auth_jwt_proof(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_siphash_t *tag,
    apigw_error_t *err)
{
    apigw_rc_t                          rc;
    ngx_http_apigw_auth_zone_t         *zone;
    ngx_http_apigw_auth_provider_t     *provider;
    ngx_http_apigw_auth_main_conf_t    *amcf;
    ngx_http_apigw_auth_cache_key_t     key;
    ngx_http_apigw_auth_cache_entry_t   entry;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    zone = &amcf->zone;
    provider = result->provider;

    if (ngx_http_apigw_auth_cache_key(zone, provider->fingerprint,
                                      ctx->token.text, &key)
        != NGX_OK)
    {
        return APIGW_ENOMEM;
    }

    if (ngx_http_apigw_auth_cache_get(zone, &key, NULL, &entry) == NGX_OK) {
        rc = ngx_http_apigw_auth_jwt_recall(ctx, jws, result, &entry, err);

        if (rc == APIGW_OK) {
            ngx_http_apigw_auth_cached_add(amcf->l1, tag, result, jws->alg,
                                           entry.until);
        }

        if (rc != APIGW_AGAIN) {
            return rc;
        }
    }

    ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_MISS;
    result->key = NULL;

    rc = ngx_http_apigw_auth_jwt_signature(ctx, jws, result, err);

    if (rc != APIGW_OK && (rc != APIGW_EINPUT || result->key == NULL)) {
        return rc;                       /* nothing was verified */
    }

    ngx_memzero(&entry, sizeof(ngx_http_apigw_auth_cache_entry_t));

    entry.verified = ngx_current_msec;
    entry.dates = result->dates;
    entry.gen = provider->jwks->keys->gen;       /* they verified it */

    if (rc == APIGW_OK) {
        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_TOKEN;
        entry.until = ngx_http_apigw_auth_cache_until(zone->ttl,
                                                      result->dates.exp,
                                                      provider->claims.leeway);
        ngx_memcpy(entry.thumbprint, apigw_jwk_thumbprint(result->key),
                   sizeof(entry.thumbprint));

    } else {
        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE;
        entry.until = ngx_http_apigw_auth_cache_until(zone->negative_ttl,
                                                      result->dates.exp,
                                                      provider->claims.leeway);
    }

    if (ngx_http_apigw_auth_cache_put(zone, &key, &entry) != NGX_OK
        && rc == APIGW_OK)
    {
        ngx_http_apigw_auth_cached_add(amcf->l1, tag, result, jws->alg,
                                       entry.until);
    }

    return rc;
}


/* What is known about the signature; APIGW_AGAIN: nothing that holds now. */

static apigw_rc_t
ngx_http_apigw_auth_jwt_recall(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_jws_t *jws, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_cache_entry_t *entry, apigw_error_t *err)
{
    ngx_http_apigw_auth_keys_t  *keys;

    keys = ngx_http_apigw_auth_jwks_keys(result->provider->jwks);

    switch (entry->kind) {

    case NGX_HTTP_APIGW_AUTH_CACHE_TOKEN:
        result->key = ngx_http_apigw_auth_cache_jwk(keys, entry->thumbprint,
                                                    jws->alg);
        if (result->key == NULL) {
            return APIGW_AGAIN;
        }

        keys->refs++;
        result->keys = keys;
        ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_L2;

        return APIGW_OK;

    case NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE:
        if (keys == NULL || keys->gen != entry->gen) {
            return APIGW_AGAIN;
        }

        ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_NEGATIVE;
        err->word = "signature_invalid";

        return APIGW_EINPUT;

    default: /* of another kind of block: not to be found by this key */
        return APIGW_AGAIN;
    }
}


/* APIGW_AGAIN: the keys are being fetched. */

static apigw_rc_t
ngx_http_apigw_auth_jwt_signature(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_jws_t *jws, ngx_http_apigw_auth_result_t *result, apigw_error_t *err)
{
    apigw_rc_t                   rc;
    ngx_http_apigw_auth_jwks_t  *jwks;
    ngx_http_apigw_auth_keys_t  *keys;

    jwks = result->provider->jwks;
    keys = ngx_http_apigw_auth_jwks_keys(jwks);

    if (keys == NULL) {
        return ngx_http_apigw_auth_jwt_fetch(ctx, result,
                                             NGX_HTTP_APIGW_AUTH_FOR_AGE, err);
    }

    rc = apigw_jwks_find(&result->key, keys->set,
                         jws->kid.data ? &jws->kid : NULL, jws->alg, err);

    if (rc == APIGW_EINPUT && jwks->remote && jws->kid.data) {
        return ngx_http_apigw_auth_jwt_fetch(ctx, result,
                                             NGX_HTTP_APIGW_AUTH_FOR_KID, err);
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_jws_verify(jws, result->key, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    keys->refs++;
    result->keys = keys;

    return APIGW_OK;
}


/*
 * Waits for keys, once: those that have come must do. *err is what is wrong
 * with the token if none are fetched for a key that it names.
 */

static apigw_rc_t
ngx_http_apigw_auth_jwt_fetch(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, ngx_http_apigw_auth_cause_e cause,
    apigw_error_t *err)
{
    ngx_int_t                      rc;
    ngx_http_apigw_auth_remote_t  *remote;

    remote = result->provider->jwks->remote;

    rc = ngx_http_apigw_auth_remote_ask(remote, cause, &result->failure.retry);

    if (rc == NGX_AGAIN && !result->waited) {
        result->waited = 1;
        ctx->waiters = &remote->waiters;
        return APIGW_AGAIN;
    }

    if (cause == NGX_HTTP_APIGW_AUTH_FOR_KID && rc != NGX_BUSY) {
        return APIGW_EINPUT;
    }

    result->failure.kind = NGX_HTTP_APIGW_AUTH_UNAVAILABLE;
    err->word = "jwks_unavailable";

    return APIGW_EUNSUPPORTED;
}
