
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_require_one(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_require_t *need);
static ngx_int_t ngx_http_apigw_auth_require_acr(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_require_t *need);
static ngx_int_t ngx_http_apigw_auth_require_values(ngx_http_request_t *r,
    ngx_http_apigw_auth_require_t *need);
static ngx_uint_t ngx_http_apigw_auth_require_has(apigw_str_list_t *list,
    apigw_str_list_t *wanted, ngx_uint_t all);


/* What fails, and how that is called; by ngx_http_apigw_auth_need_e. */

static struct {
    ngx_http_apigw_auth_failure_e   kind;
    const char                     *word;

} ngx_http_apigw_auth_needs[] = {
    { NGX_HTTP_APIGW_AUTH_DENIED, "consumer_denied" },
    { NGX_HTTP_APIGW_AUTH_NO_SCOPE, "scope_insufficient" },
    { NGX_HTTP_APIGW_AUTH_DENIED, "role_insufficient" },
    { NGX_HTTP_APIGW_AUTH_DENIED, "group_insufficient" },
    { NGX_HTTP_APIGW_AUTH_DENIED, "claim_insufficient" },
    { NGX_HTTP_APIGW_AUTH_NO_ACR, "acr_insufficient" },
    { NGX_HTTP_APIGW_AUTH_DENIED, "requirement_failed" }
};


ngx_int_t
ngx_http_apigw_auth_require_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_int_t                       rc;
    ngx_uint_t                      i;
    ngx_http_apigw_auth_require_t  *need;

    if (alcf->requires == NULL) {
        return NGX_OK;
    }

    need = alcf->requires->elts;

    for (i = 0; i < alcf->requires->nelts; i++) {

        rc = ngx_http_apigw_auth_require_one(r, ctx, &need[i]);

        if (rc == NGX_DECLINED) {
            ctx->failure.kind = ngx_http_apigw_auth_needs[need[i].need].kind;
            ctx->failure.word = ngx_http_apigw_auth_needs[need[i].need].word;
            ctx->failure.status = need[i].status;
            ctx->failure.need = &need[i];
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_require_one(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_require_t *need)
{
    apigw_rc_t         rc;
    ngx_uint_t         passed;
    apigw_error_t      err;
    apigw_identity_t  *identity;
    apigw_str_list_t   scopes;

    switch (need->need) {

    case NGX_HTTP_APIGW_AUTH_NEED_SCOPE:
        if (ngx_http_apigw_auth_scopes(ctx, &scopes) != NGX_OK) {
            return NGX_ERROR;
        }

        passed = ngx_http_apigw_auth_require_has(&scopes, &need->list,
                                                 need->all);
        return passed ? NGX_OK : NGX_DECLINED;

    case NGX_HTTP_APIGW_AUTH_NEED_CLAIM:
        rc = apigw_claim_rule_check(need->rule,
                                    ngx_http_apigw_auth_claims(ctx), &err);
        if (rc == APIGW_ENOMEM) {
            return NGX_ERROR;
        }

        return rc == APIGW_OK ? NGX_OK : NGX_DECLINED;

    case NGX_HTTP_APIGW_AUTH_NEED_ACR:
        return ngx_http_apigw_auth_require_acr(ctx, need);

    case NGX_HTTP_APIGW_AUTH_NEED_VALUE:
        return ngx_http_apigw_auth_require_values(r, need);

    default: /* consumer, role, group */
        break;
    }

    identity = ngx_http_apigw_auth_identity(ctx);
    if (identity == NULL) {
        return NGX_ERROR;
    }

    switch (need->need) {

    case NGX_HTTP_APIGW_AUTH_NEED_CONSUMER:
        passed = apigw_str_list_has(&need->list, identity->consumer);
        break;

    case NGX_HTTP_APIGW_AUTH_NEED_ROLE:
        passed = ngx_http_apigw_auth_require_has(&identity->roles, &need->list,
                                                 0);
        break;

    default: /* NGX_HTTP_APIGW_AUTH_NEED_GROUP */
        passed = ngx_http_apigw_auth_require_has(&identity->groups,
                                                 &need->list, 0);
        break;
    }

    return passed ? NGX_OK : NGX_DECLINED;
}


/* The token says how and when its user logged in. */

static ngx_int_t
ngx_http_apigw_auth_require_acr(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_require_t *need)
{
    int64_t                         leeway;
    apigw_rc_t                      rc;
    apigw_error_t                   err;
    ngx_http_apigw_auth_result_t   *result;

    result = ngx_http_apigw_auth_token(ctx);
    leeway = result ? result->provider->claims.leeway : 0;

    rc = apigw_claims_check_acr(ngx_http_apigw_auth_claims(ctx), &need->list,
                                need->max_age, leeway, ngx_time(), &err);

    return rc == APIGW_OK ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_apigw_auth_require_values(ngx_http_request_t *r,
    ngx_http_apigw_auth_require_t *need)
{
    ngx_str_t                  value;
    ngx_uint_t                 i;
    ngx_http_complex_value_t  *cv;

    cv = need->values->elts;

    for (i = 0; i < need->values->nelts; i++) {

        if (ngx_http_complex_value(r, &cv[i], &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len == 0 || (value.len == 1 && value.data[0] == '0')) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_auth_require_has(apigw_str_list_t *list,
    apigw_str_list_t *wanted, ngx_uint_t all)
{
    size_t  i;

    for (i = 0; i < wanted->nelts; i++) {
        if (apigw_str_list_has(list, wanted->elts[i]) != (all != 0)) {
            return !all;
        }
    }

    return all;
}
