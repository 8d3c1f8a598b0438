
#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_safe(ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_refuse(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static void ngx_http_apigw_auth_log(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);


ngx_int_t
ngx_http_apigw_auth_enforce(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->dry = 0;
    ctx->refused_by = NULL;

    if (ctx->preflight) {
        return NGX_DECLINED;
    }

    if (ctx->failure.kind) {
        return ngx_http_apigw_auth_refuse(r, alcf, ctx);
    }

    if (ctx->anonymous && alcf->requires) {
        ctx->anonymous = NULL;
        ctx->identified = 0;
        ctx->status = NGX_HTTP_APIGW_AUTH_NOTHING;
        ctx->failure.kind = NGX_HTTP_APIGW_AUTH_MISSING;
        ctx->failure.word = "token_missing";

        return ngx_http_apigw_auth_refuse(r, alcf, ctx);
    }

    rc = ngx_http_apigw_auth_check(r, alcf, ctx);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        ctx->status = NGX_HTTP_APIGW_AUTH_REJECTED;
        return ngx_http_apigw_auth_refuse(r, alcf, ctx);
    }

    /* who is not known must not let "deny all" pass under "satisfy any" */

    return ctx->anonymous ? NGX_DECLINED : NGX_OK;
}


/* NGX_OK; NGX_DECLINED: ctx->failure says why; NGX_ERROR: no memory. */

static ngx_int_t
ngx_http_apigw_auth_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_apigw_auth_safe(ctx);

    if (rc == NGX_OK) {
        rc = ngx_http_apigw_auth_require_check(r, alcf, ctx);

        if (rc == NGX_OK && !ctx->unsafe) {
            rc = ngx_http_apigw_auth_assertion_set(r, alcf, ctx);
        }

        if (rc != NGX_OK || !ctx->unsafe) {
            return rc;
        }
    }

    if (rc != NGX_ERROR) {
        ctx->failure.kind = NGX_HTTP_APIGW_AUTH_DENIED;
        ctx->failure.word = "identity_unsafe";
        rc = NGX_DECLINED;
    }

    return rc;
}


/*
 * A consumer, plan or list that was dropped for a control byte reads as empty,
 * and limits do not count what is empty. Most tokens show at a glance that they
 * hold none, and get no identity for this alone.
 */

static ngx_int_t
ngx_http_apigw_auth_safe(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t                     i;
    apigw_identity_t              *identity;
    ngx_http_apigw_auth_result_t  *result;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_KINDS; i++) {
        result = &ctx->results[i];

        if (!result->valid) {
            continue;
        }

        if (result->identity == NULL && apigw_claims_plain(result->claims)
            && (result->key == NULL
                || !apigw_str_has_control(apigw_jwk_kid(result->key))))
        {
            continue;
        }

        identity = ngx_http_apigw_auth_identity_of(ctx, i);
        if (identity == NULL) {
            return NGX_ERROR;
        }

        if (identity->unsafe) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_refuse(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t                        status;
    ngx_http_core_loc_conf_t         *clcf;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    ngx_http_apigw_auth_log(r, alcf, ctx);

    if (alcf->dry_run) {
        ctx->dry = 1;
        ngx_http_apigw_reject_dry_run(r, &amcf->vars, "auth",
                                      ctx->failure.word);
        return NGX_DECLINED;
    }

    status = ngx_http_apigw_auth_failure_status(&ctx->failure);

    ctx->refused_by = alcf;

    ngx_http_apigw_reject(&ctx->record, &amcf->vars, status, "auth",
                          ctx->failure.word);

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        && clcf->satisfy == NGX_HTTP_SATISFY_ANY)
    {
        /* another check may pass; else nginx answers this */

        r->access_code = status;
        return NGX_DECLINED;
    }

    return status;
}


static void
ngx_http_apigw_auth_log(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t                     i, level;
    ngx_str_t                      by;
    ngx_http_apigw_auth_result_t  *result;

    level = (ctx->failure.kind == NGX_HTTP_APIGW_AUTH_UNAVAILABLE
             || ctx->failure.kind == NGX_HTTP_APIGW_AUTH_NO_ASSERTION)
            ? NGX_LOG_ERR : alcf->log_level;

    ngx_str_set(&by, "-");

    for (i = 0; ctx->policy && i < ctx->policy->nkinds; i++) {
        result = &ctx->results[ctx->policy->kinds[i]];

        if (result->name.len
            && (result->valid || result->failure.word == ctx->failure.word))
        {
            by = result->name;
            break;
        }
    }

    ngx_log_error(level, r->connection->log, 0,
                  "apigw_auth: client %s, reason \"%s\", by \"%V\"",
                  alcf->dry_run ? "would be refused (dry run)" : "refused",
                  ctx->failure.word, &by);
}
