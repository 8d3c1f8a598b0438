
/*
 * What follows from the stores' answers: denials to remember, fail policies,
 * copies to keep warm, charges to give back.
 */


#include "ngx_http_apigw_ratelimit.h"


static void ngx_http_apigw_ratelimit_remember(
    ngx_http_apigw_ratelimit_ctx_t *ctx, uint64_t ticks);
static ngx_http_apigw_ratelimit_item_t *ngx_http_apigw_ratelimit_fail(
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_take_copies(
    ngx_http_apigw_ratelimit_ctx_t *ctx, uint64_t ticks);
static void ngx_http_apigw_ratelimit_spend_copies(
    ngx_http_apigw_ratelimit_ctx_t *ctx, uint64_t ticks);
static void ngx_http_apigw_ratelimit_untaken(apigw_take_t *take);


void
ngx_http_apigw_ratelimit_settle(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    uint64_t                          ticks;
    ngx_uint_t                        i, passed;
    ngx_http_apigw_ratelimit_item_t  *item, *unavailable;

    passed = 1;
    unavailable = NULL;
    ticks = ngx_http_apigw_ratelimit_ticks();

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state == NGX_HTTP_APIGW_RATELIMIT_DECIDED
            && item->take.denied && !item->take.shadow)
        {
            passed = 0;
        }
    }

    ngx_http_apigw_ratelimit_remember(ctx, ticks);

    if (passed) {
        unavailable = ngx_http_apigw_ratelimit_fail(ctx);
        passed = unavailable == NULL
                 && ngx_http_apigw_ratelimit_take_copies(ctx, ticks);
    }

    if (passed) {
        ngx_http_apigw_ratelimit_spend_copies(ctx, ticks);

    } else {
        ngx_http_apigw_ratelimit_put_back(ctx, ticks);
    }

    ngx_http_apigw_ratelimit_tell(ctx, passed, unavailable);
}


/*
 * A denial by Redis holds here for a second at most, counted from the
 * question: a flood costs Redis a command per second, and an upgrade or a
 * reset shows within one.
 */

static void
ngx_http_apigw_ratelimit_remember(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks)
{
    uint64_t                          now, until;
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state != NGX_HTTP_APIGW_RATELIMIT_DECIDED
            || item->source != NGX_HTTP_APIGW_RATELIMIT_FROM_REDIS
            || !item->take.denied
            || item->take.report.retry <= 0)
        {
            continue;
        }

        until = ngx_http_apigw_ratelimit_zone_time(item, ctx->asked)
                + ngx_min((uint64_t) item->take.report.retry,
                          APIGW_GCRA_SECOND);

        now = ngx_http_apigw_ratelimit_zone_time(item, ticks);

        if (until > now) {
            item->take.now = now;
            apigw_take_deny(&item->take, until,
                            now + item->take.report.retry);
        }
    }
}


/* Applies the fail policies; the item that makes the request fail, or NULL. */

static ngx_http_apigw_ratelimit_item_t *
ngx_http_apigw_ratelimit_fail(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item, *unavailable;

    unavailable = NULL;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state != NGX_HTTP_APIGW_RATELIMIT_FAILED) {
            continue;
        }

        item->degraded = 1;

        switch (item->policy->on_error) {

        case NGX_HTTP_APIGW_RATELIMIT_LOCAL:
            break;

        case NGX_HTTP_APIGW_RATELIMIT_DENY:
            if (!item->take.shadow) {
                if (unavailable == NULL) {
                    unavailable = item;
                }

                break;
            }

            /* fall through */

        default: /* NGX_HTTP_APIGW_RATELIMIT_ALLOW */
            item->state = NGX_HTTP_APIGW_RATELIMIT_SKIPPED;
        }
    }

    return unavailable;
}


/* on_error=local: this node's part of the limit, out of the local copy. */

static ngx_uint_t
ngx_http_apigw_ratelimit_take_copies(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks)
{
    ngx_uint_t                        i, n, passed;
    apigw_take_t                     *takes[NGX_HTTP_APIGW_RATELIMIT_MAX];
    apigw_take_limit_t                whole;
    ngx_http_apigw_ratelimit_item_t  *item;

    n = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state == NGX_HTTP_APIGW_RATELIMIT_FAILED) {
            ngx_http_apigw_ratelimit_item_time(item, ticks);
            whole = apigw_take_limit(&item->limit);
            item->take.limit = apigw_take_part(&whole, item->policy->share);
            takes[n++] = &item->take;
        }
    }

    if (n == 0) {
        return 1;
    }

    passed = apigw_take(takes, n);

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state == NGX_HTTP_APIGW_RATELIMIT_FAILED) {
            item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;
            item->source = NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL;
            item->charged = passed && !item->take.denied;

            ngx_http_apigw_ratelimit_zone_watch(item->policy->zone,
                                                item->take.now, ngx_cycle->log);
        }
    }

    return passed;
}


/* Keeps the copies warm: what Redis has granted is spent here too. */

static void
ngx_http_apigw_ratelimit_spend_copies(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks)
{
    ngx_uint_t                        i;
    apigw_take_t                      copy;
    apigw_take_limit_t                whole;
    ngx_http_apigw_ratelimit_item_t  *item;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if ((item->source != NGX_HTTP_APIGW_RATELIMIT_FROM_REDIS
             && item->source != NGX_HTTP_APIGW_RATELIMIT_FROM_LEASE)
            || !item->charged)
        {
            continue;
        }

        copy = item->take;
        copy.now = ngx_http_apigw_ratelimit_zone_time(item, ticks);
        copy.wall = ngx_http_apigw_ratelimit_wall();
        whole = apigw_take_limit(&item->limit);
        copy.limit = apigw_take_part(&whole, item->policy->share);

        apigw_take_spend(&copy);

        item->copied = !copy.denied;
        item->copy_until = copy.until;

        ngx_http_apigw_ratelimit_zone_watch(item->policy->zone, copy.now,
                                            ngx_cycle->log);
    }
}


/* Another has denied: what was charged goes back. */

void
ngx_http_apigw_ratelimit_put_back(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (!item->charged) {
            continue;
        }

        item->charged = 0;

        if (item->source == NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL) {
            apigw_take_back(&item->take,
                            ngx_http_apigw_ratelimit_zone_time(item, ticks),
                            ngx_http_apigw_ratelimit_wall());

        } else {
            ngx_http_apigw_ratelimit_change(item, 0, ticks);
            ngx_http_apigw_ratelimit_untaken(&item->take);
        }
    }

    ngx_http_apigw_ratelimit_peek_local(ctx, ticks);
}


/* The report is told to the client: as if never taken. */

static void
ngx_http_apigw_ratelimit_untaken(apigw_take_t *take)
{
    uint64_t              back;
    apigw_gcra_report_t  *report;

    report = &take->report;

    if (take->limit.windowed) {
        report->remaining = ngx_min(report->remaining + take->cost,
                                    take->limit.window.limit);
        return;
    }

    back = take->cost * take->limit.gcra.period;
    back = ngx_min(back, report->full);

    report->full -= back;
    report->remaining += back / take->limit.gcra.period;
}
