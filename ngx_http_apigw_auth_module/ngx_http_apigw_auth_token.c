
/* Tokens of either kind: what they are, and then who may send them. */


#include "ngx_http_apigw_auth.h"


typedef apigw_rc_t (*ngx_http_apigw_auth_token_pt)(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_error_t *err);


static ngx_int_t ngx_http_apigw_auth_token_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_token_pt look);
static ngx_int_t ngx_http_apigw_auth_token_fail(
    ngx_http_apigw_auth_result_t *result, apigw_rc_t rc, const char *word);


ngx_int_t
ngx_http_apigw_auth_jwt_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result)
{
    return ngx_http_apigw_auth_token_verify(r, ctx, result,
                                            ngx_http_apigw_auth_jwt);
}


ngx_int_t
ngx_http_apigw_auth_opaque_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result)
{
    return ngx_http_apigw_auth_token_verify(r, ctx, result,
                                            ngx_http_apigw_auth_introspect);
}


static ngx_int_t
ngx_http_apigw_auth_token_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_token_pt look)
{
    apigw_rc_t     rc;
    apigw_error_t  err;

    if (!result->proving) {
        rc = look(r, ctx, result, &err);

        if (rc == APIGW_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != APIGW_OK) {
            return ngx_http_apigw_auth_token_fail(result, rc, err.word);
        }
    }

    return ngx_http_apigw_auth_binding_verify(r, ctx, result);
}


/* A token that is known is of the right form: only new ones are looked at. */

apigw_rc_t
ngx_http_apigw_auth_token_form(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, apigw_error_t *err)
{
    if (apigw_credential_is_token(ctx->token.text)) {
        return APIGW_OK;
    }

    result->failure.kind = NGX_HTTP_APIGW_AUTH_BAD_REQUEST;
    err->word = "credential_malformed";

    return APIGW_EINPUT;
}


static ngx_int_t
ngx_http_apigw_auth_token_fail(ngx_http_apigw_auth_result_t *result,
    apigw_rc_t rc, const char *word)
{
    if (rc == APIGW_ENOMEM) {
        return NGX_ERROR;
    }

    result->identity = NULL;

    if (result->failure.kind == NGX_HTTP_APIGW_AUTH_NO_FAILURE) {
        result->failure.kind = NGX_HTTP_APIGW_AUTH_BAD_TOKEN;
    }

    result->failure.word = word;

    return NGX_OK;
}


ngx_http_apigw_auth_kind_e
ngx_http_apigw_auth_token_kind(ngx_http_apigw_auth_policy_t *policy,
    apigw_str_t token)
{
    if (policy->introspection == NULL) {
        return NGX_HTTP_APIGW_AUTH_JWT;
    }

    return (policy->nproviders && apigw_jws_kind(token) != APIGW_TOKEN_OPAQUE)
           ? NGX_HTTP_APIGW_AUTH_JWT : NGX_HTTP_APIGW_AUTH_INTROSPECT;
}


ngx_http_apigw_auth_result_t *
ngx_http_apigw_auth_token(ngx_http_apigw_auth_ctx_t *ctx)
{
    if (ctx->results[NGX_HTTP_APIGW_AUTH_JWT].valid) {
        return &ctx->results[NGX_HTTP_APIGW_AUTH_JWT];
    }

    if (ctx->results[NGX_HTTP_APIGW_AUTH_INTROSPECT].valid) {
        return &ctx->results[NGX_HTTP_APIGW_AUTH_INTROSPECT];
    }

    return NULL;
}


apigw_claims_t *
ngx_http_apigw_auth_claims(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_http_apigw_auth_result_t  *result;

    result = ngx_http_apigw_auth_token(ctx);

    return ctx->identified && result ? result->claims : NULL;
}


ngx_int_t
ngx_http_apigw_auth_scopes(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_str_list_t *scopes)
{
    size_t                         i;
    apigw_claim_t                  claim;
    apigw_arena_t                  arena;
    apigw_identity_t              *identity;
    apigw_claim_paths_t           *paths;
    ngx_http_apigw_auth_result_t  *result;

    result = ngx_http_apigw_auth_token(ctx);

    if (result == NULL || result != &ctx->results[ctx->primary]
        || result->identity)
    {
        identity = ngx_http_apigw_auth_identity(ctx);

        if (identity == NULL) {
            return NGX_ERROR;
        }

        *scopes = identity->scopes;

        return NGX_OK;
    }

    paths = &result->provider->map.scope;

    for (i = 0; i < paths->npaths; i++) {

        if (!apigw_claims_find(result->claims, &paths->paths[i], &claim)
            || claim.type == APIGW_CLAIM_NULL)
        {
            continue;
        }

        ngx_http_apigw_arena_init(&arena, ctx->record.request->pool);

        return apigw_claims_list(scopes, &arena, result->claims, &claim)
               == APIGW_OK ? NGX_OK : NGX_ERROR;
    }

    scopes->nelts = 0;

    return NGX_OK;
}
