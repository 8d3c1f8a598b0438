
/* The document of a rejection (RFC 9457), with the registry's types. */


#include "ngx_http_apigw_ratelimit.h"


#define NGX_HTTP_APIGW_RATELIMIT_TYPES                                        \
    "https://iana.org/assignments/http-problem-types"


static ngx_int_t ngx_http_apigw_ratelimit_problem_detail(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, apigw_str_t *detail);
static ngx_int_t ngx_http_apigw_ratelimit_problem_members(
    ngx_http_request_t *r, ngx_http_apigw_ratelimit_ctx_t *ctx,
    apigw_str_t *members);
static ngx_uint_t ngx_http_apigw_ratelimit_violated(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *item);


ngx_int_t
ngx_http_apigw_ratelimit_problem(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    apigw_problem_t                        problem;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    static const apigw_str_t  quota_type =
        apigw_str(NGX_HTTP_APIGW_RATELIMIT_TYPES "#quota-exceeded");
    static const apigw_str_t  quota_title =
        apigw_str("Request cannot be satisfied as assigned quota has been "
                  "exceeded");
    static const apigw_str_t  capacity_type =
        apigw_str(NGX_HTTP_APIGW_RATELIMIT_TYPES
                  "#temporary-reduced-capacity");
    static const apigw_str_t  capacity_title =
        apigw_str("Request cannot be satisfied due to temporary server "
                  "capacity constraints");
    static const apigw_str_t  not_local =
        apigw_str("these metrics are for clients on this machine");
    static const apigw_str_t  not_local_reason =
        apigw_str("\"reason\":\"not_local\"");

    rmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_ratelimit_module);

    ngx_memzero(&problem, sizeof(apigw_problem_t));

    problem.reason = ngx_http_apigw_reject_reason(r, &rmcf->reject);

    if (ctx->verdict != NGX_HTTP_APIGW_RATELIMIT_REJECTED) {
        problem.detail = not_local;
        problem.members = not_local_reason;

        return ngx_http_apigw_reject_header(&ctx->record, &rmcf->reject,
                                            &problem);
    }

    if (ctx->chosen->state == NGX_HTTP_APIGW_RATELIMIT_FAILED) {
        problem.type = capacity_type;
        problem.title = capacity_title;

    } else {
        problem.type = quota_type;
        problem.title = quota_title;
    }

    if (ngx_http_apigw_ratelimit_problem_detail(r, ctx, &problem.detail)
        != NGX_OK
        || ngx_http_apigw_ratelimit_problem_members(r, ctx, &problem.members)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_apigw_reject_header(&ctx->record, &rmcf->reject,
                                        &problem);
}


static ngx_int_t
ngx_http_apigw_ratelimit_problem_detail(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, apigw_str_t *detail)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *name;

    name = &ctx->chosen->policy->name;
    len = name->len + sizeof(": the limiter is unavailable, retry after  s")
          + NGX_INT_T_LEN;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    detail->data = p;

    if (ctx->retry_after == 0) {
        p = ngx_sprintf(p, "%V: the cost is above the limit", name);

    } else {
        p = ngx_sprintf(p, "%V: %sretry after %ui s", name,
                        ctx->chosen->state == NGX_HTTP_APIGW_RATELIMIT_FAILED
                        ? "the limiter is unavailable, " : "",
                        ctx->retry_after);
    }

    detail->len = p - detail->data;

    return NGX_OK;
}


/* "violated-policies":["a","b"]; names need no escapes */

static ngx_int_t
ngx_http_apigw_ratelimit_problem_members(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, apigw_str_t *members)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i, n;
    ngx_str_t   *name;

    len = sizeof("\"violated-policies\":[]");

    for (i = ctx->first; i < ctx->nitems; i++) {
        len += ctx->items[i].policy->name.len + sizeof(",\"\"") - 1;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    members->data = p;
    n = 0;

    p = ngx_cpymem(p, "\"violated-policies\":[",
                   sizeof("\"violated-policies\":[") - 1);

    for (i = ctx->first; i < ctx->nitems; i++) {

        if (!ngx_http_apigw_ratelimit_violated(ctx, &ctx->items[i])) {
            continue;
        }

        name = &ctx->items[i].policy->name;
        p = ngx_sprintf(p, "%s\"%V\"", n++ ? "," : "", name);
    }

    *p++ = ']';

    members->len = p - members->data;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_ratelimit_violated(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *item)
{
    if (item->take.shadow) {
        return 0;
    }

    if (item->state == NGX_HTTP_APIGW_RATELIMIT_FAILED) {
        return item->policy->on_error == NGX_HTTP_APIGW_RATELIMIT_DENY
               && ctx->chosen->state == NGX_HTTP_APIGW_RATELIMIT_FAILED;
    }

    return item->state == NGX_HTTP_APIGW_RATELIMIT_DECIDED
           && item->take.denied;
}
