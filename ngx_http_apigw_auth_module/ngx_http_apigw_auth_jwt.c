
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_jwt_fail(
    ngx_http_apigw_auth_result_t *result, apigw_rc_t rc, const char *word);
static apigw_rc_t ngx_http_apigw_auth_jwt_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws, apigw_claims_t **claims,
    apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_check(apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_signature(
    ngx_http_apigw_auth_ctx_t *ctx, apigw_jws_t *jws,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_jwt_fetch(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, ngx_http_apigw_auth_cause_e cause,
    apigw_error_t *err);
static ngx_http_apigw_auth_provider_t *ngx_http_apigw_auth_jwt_provider(
    ngx_http_apigw_auth_policy_t *policy, apigw_str_t issuer);


/* Cheap before dear: the signature, and then who may send the token. */

ngx_int_t
ngx_http_apigw_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result)
{
    ngx_int_t      bound;
    apigw_rc_t     rc;
    apigw_jws_t    jws;
    apigw_error_t  err;

    err.word = "token_malformed";

    rc = ngx_http_apigw_auth_jwt_read(r, ctx, &jws, &result->claims, &err);
    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_jwt_fail(result, rc, err.word);
    }

    result->provider = ngx_http_apigw_auth_jwt_provider(ctx->policy,
                                          apigw_claims_issuer(result->claims));
    if (result->provider == NULL) {
        return ngx_http_apigw_auth_jwt_fail(result, APIGW_EINPUT,
                                            "issuer_unknown");
    }

    result->name = result->provider->name;

    if (ctx->token.text.len > result->provider->max_token_size) {
        return ngx_http_apigw_auth_jwt_fail(result, APIGW_ELIMIT,
                                            "token_too_large");
    }

    rc = ngx_http_apigw_auth_jwt_check(&jws, result, &err);
    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_jwt_fail(result, rc, err.word);
    }

    rc = ngx_http_apigw_auth_jwt_signature(ctx, &jws, result, &err);

    if (rc == APIGW_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_jwt_fail(result, rc, err.word);
    }

    bound = ngx_http_apigw_auth_binding_check(r, ctx,
                                              &result->provider->binding,
                                              result->claims, &result->failure);
    if (bound == NGX_ERROR) {
        return NGX_ERROR;
    }

    result->valid = (bound == NGX_OK);

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_jwt_fail(ngx_http_apigw_auth_result_t *result,
    apigw_rc_t rc, const char *word)
{
    if (rc == APIGW_ENOMEM) {
        return NGX_ERROR;
    }

    if (result->failure.kind != NGX_HTTP_APIGW_AUTH_UNAVAILABLE) {
        result->failure.kind = NGX_HTTP_APIGW_AUTH_BAD_TOKEN;
    }

    result->failure.word = word;

    return NGX_OK;
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


/* APIGW_AGAIN: the keys are being fetched. */

static apigw_rc_t
ngx_http_apigw_auth_jwt_signature(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_jws_t *jws, ngx_http_apigw_auth_result_t *result, apigw_error_t *err)
{
    apigw_rc_t                   rc;
    ngx_http_apigw_auth_jwks_t  *jwks;
    ngx_http_apigw_auth_keys_t  *keys;

    jwks = result->provider->jwks;
    keys = jwks->remote ? ngx_http_apigw_auth_remote_keys(jwks->remote)
                        : jwks->keys;
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
