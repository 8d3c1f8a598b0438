
/* What is told about a decision: to the log, to variables, to the client. */


#include "ngx_http_apigw_ratelimit.h"


static void ngx_http_apigw_ratelimit_rejected(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *unavailable);
static const char *ngx_http_apigw_ratelimit_reason(
    ngx_http_apigw_ratelimit_item_t *item);
static ngx_http_apigw_ratelimit_item_t *ngx_http_apigw_ratelimit_scarcest(
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_http_apigw_ratelimit_item_t *ngx_http_apigw_ratelimit_longest(
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_jitter(ngx_uint_t seconds,
    ngx_msec_t jitter);
static void ngx_http_apigw_ratelimit_log(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *item, const char *reason,
    const char *remark);


void
ngx_http_apigw_ratelimit_tell(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_uint_t passed, ngx_http_apigw_ratelimit_item_t *unavailable)
{
    ngx_uint_t                        i, degraded;
    ngx_http_apigw_ratelimit_item_t  *item;

    degraded = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];
        degraded |= item->degraded;

        if (item->take.shadow && item->take.denied) {
            ngx_http_apigw_ratelimit_log(ctx, item,
                                         ngx_http_apigw_ratelimit_reason(item),
                                         ", shadow");
        }
    }

    ngx_http_apigw_ratelimit_count(ctx, passed);

    if (!passed) {
        ngx_http_apigw_ratelimit_rejected(ctx, unavailable);
        return;
    }

    if (ctx->reason) {
        return;                      /* in dry run, by an earlier location */
    }

    ctx->chosen = ngx_http_apigw_ratelimit_scarcest(ctx);

    if (degraded) {
        ctx->verdict = NGX_HTTP_APIGW_RATELIMIT_DEGRADED;

    } else if (ctx->verdict == NGX_HTTP_APIGW_RATELIMIT_NOT_DECIDED) {
        ctx->verdict = NGX_HTTP_APIGW_RATELIMIT_PASSED;
    }
}


static void
ngx_http_apigw_ratelimit_rejected(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *unavailable)
{
    ngx_uint_t                             status, wait;
    ngx_http_request_t                    *r;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    r = ctx->record.request;
    rmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_ratelimit_module);

    if (unavailable) {
        ctx->chosen = unavailable;
        ctx->reason = "limiter_unavailable";
        status = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else {
        ctx->chosen = ngx_http_apigw_ratelimit_longest(ctx);
        ctx->reason = ngx_http_apigw_ratelimit_reason(ctx->chosen);
        status = ctx->rlcf->status;
    }

    wait = ngx_http_apigw_ratelimit_item_wait(ctx->chosen);

    ctx->retry_after = wait ? ngx_http_apigw_ratelimit_jitter(wait,
                                                      ctx->rlcf->retry_jitter)
                            : 0;

    ngx_http_apigw_ratelimit_log(ctx, ctx->chosen, ctx->reason,
                                 ctx->rlcf->dry_run ? ", dry run" : "");

    if (ctx->rlcf->dry_run) {
        ctx->verdict = NGX_HTTP_APIGW_RATELIMIT_REJECTED_DRY_RUN;
        ngx_http_apigw_reject_dry_run(r, &rmcf->reject,
                                      NGX_HTTP_APIGW_RATELIMIT_MODULE,
                                      ctx->reason);
        return;
    }

    ctx->verdict = NGX_HTTP_APIGW_RATELIMIT_REJECTED;
    ngx_http_apigw_reject(&ctx->record, &rmcf->reject, status,
                          NGX_HTTP_APIGW_RATELIMIT_MODULE, ctx->reason);
}


static const char *
ngx_http_apigw_ratelimit_reason(ngx_http_apigw_ratelimit_item_t *item)
{
    if (item->take.report.retry == -1) {
        return "cost_too_large";
    }

    return item->limit.kind == APIGW_LIMIT_QUOTA ? "quota_exceeded"
                                                 : "rate_exceeded";
}


/* The policy with the least left, for its size; shadows if there is no other */

static ngx_http_apigw_ratelimit_item_t *
ngx_http_apigw_ratelimit_scarcest(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item, *least;

    least = NULL;

    for (i = 0; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state != NGX_HTTP_APIGW_RATELIMIT_DECIDED) {
            continue;
        }

        if (least == NULL || (least->take.shadow && !item->take.shadow)) {
            least = item;
            continue;
        }

        if (item->take.shadow && !least->take.shadow) {
            continue;
        }

        if ((unsigned __int128) item->take.report.remaining
            * apigw_take_most(&least->take.limit)
            < (unsigned __int128) least->take.report.remaining
              * apigw_take_most(&item->take.limit))
        {
            least = item;
        }
    }

    return least;
}


/* The denying policy with the longest wait; there is one. */

static ngx_http_apigw_ratelimit_item_t *
ngx_http_apigw_ratelimit_longest(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item, *longest;

    longest = NULL;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state != NGX_HTTP_APIGW_RATELIMIT_DECIDED
            || !item->take.denied || item->take.shadow)
        {
            continue;
        }

        /* -1, never, is longer than any */

        if (longest == NULL
            || (uint64_t) item->take.report.retry
               > (uint64_t) longest->take.report.retry)
        {
            longest = item;
        }
    }

    return longest;
}


ngx_uint_t
ngx_http_apigw_ratelimit_item_wait(ngx_http_apigw_ratelimit_item_t *item)
{
    uint64_t  seconds;

    if (item->state == NGX_HTTP_APIGW_RATELIMIT_FAILED) {
        seconds = ngx_http_apigw_redis_retry_after(item->policy->store->redis);
        seconds = (seconds + 999) / 1000;

    } else if (item->take.report.retry == -1) {
        return 0;

    } else {
        seconds = apigw_ratelimit_seconds(item->take.report.retry);
    }

    return seconds ? seconds : 1;
}


/* Adds up to `jitter`, so that clients refused together come back apart. */

static ngx_uint_t
ngx_http_apigw_ratelimit_jitter(ngx_uint_t seconds, ngx_msec_t jitter)
{
    if (jitter == 0) {
        return seconds;
    }

    return seconds + ((ngx_uint_t) ngx_random() % (jitter + 1) + 999) / 1000;
}


ngx_uint_t
ngx_http_apigw_ratelimit_item_shown(ngx_http_apigw_ratelimit_item_t *item)
{
    return item->state == NGX_HTTP_APIGW_RATELIMIT_DECIDED
           && !item->take.shadow;
}


apigw_ratelimit_quota_t
ngx_http_apigw_ratelimit_item_quota(ngx_http_apigw_ratelimit_item_t *item)
{
    uint64_t                 wall;
    apigw_ratelimit_quota_t  quota;

    /* a month is that of who decided: Redis's clock tells when it ends */

    wall = item->source == NGX_HTTP_APIGW_RATELIMIT_FROM_REDIS
           ? item->take.until - 1 : item->take.wall;

    quota = apigw_ratelimit_quota(&item->limit, wall);

    if (item->degraded) {

        /* this node's part, in the same time */

        quota.quota = (unsigned __int128) quota.quota * item->policy->share
                      / APIGW_GCRA_SHARE;

        if (quota.quota == 0) {
            quota.quota = 1;
        }
    }

    return quota;
}


uint64_t
ngx_http_apigw_ratelimit_item_reset(ngx_http_apigw_ratelimit_item_t *item)
{
    apigw_ratelimit_quota_t  quota;

    quota = ngx_http_apigw_ratelimit_item_quota(item);

    return apigw_ratelimit_reset(&item->limit, &quota, &item->take.report,
                                 item->take.denied);
}


/* The key's digest tells lines of one key from others; the key is private. */

static void
ngx_http_apigw_ratelimit_log(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *item, const char *reason,
    const char *remark)
{
    ngx_uint_t   level, wait;
    ngx_log_t   *log;

    log = ctx->record.request->connection->log;

    level = item->source == NGX_HTTP_APIGW_RATELIMIT_FROM_DENY_CACHE
            ? NGX_LOG_INFO : ctx->rlcf->log_level;

    wait = ngx_http_apigw_ratelimit_item_wait(item);

    if (wait == 0) {
        ngx_log_error(level, log, 0,
                      "apigw_ratelimit: %s by policy \"%V\", key %08xD, "
                      "never passes%s", reason, &item->policy->name,
                      (uint32_t) item->take.key.word[0], remark);
        return;
    }

    ngx_log_error(level, log, 0,
                  "apigw_ratelimit: %s by policy \"%V\", key %08xD, "
                  "retry after %ui s%s", reason, &item->policy->name,
                  (uint32_t) item->take.key.word[0], wait, remark);
}
