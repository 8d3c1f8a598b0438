
/*
 * The decision of one phase, over all its policies:
 *
 *     1. a denial that Redis gave less than a second ago still holds
 *     2. local policies: one take of the zones; then leases
 *     3. policies in Redis: one script call per store, in a Cluster per slot,
 *        and one per lease to be had, side by side
 *     4. where a store can't answer: the fail policy
 *
 * Whoever denies, what others have charged is given back.
 */


#include "ngx_http_apigw_ratelimit.h"


static ngx_int_t ngx_http_apigw_ratelimit_collect(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, ngx_uint_t phase);
static ngx_int_t ngx_http_apigw_ratelimit_grow(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_is_taken(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_policy_t *policy);
static ngx_uint_t ngx_http_apigw_ratelimit_recall(
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_ratelimit_take_local(
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_ratelimit_wait(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx);
static void ngx_http_apigw_ratelimit_wait_cleanup(void *data);


ngx_int_t
ngx_http_apigw_ratelimit_take(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, ngx_uint_t phase)
{
    ngx_uint_t  passed;

    ctx->first = ctx->nitems;

    if (ngx_http_apigw_ratelimit_collect(r, ctx, phase) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->nitems == ctx->first) {
        return NGX_DECLINED;
    }

    if (!ctx->rlcf->remote) {
        passed = ngx_http_apigw_ratelimit_take_local(ctx);
        ngx_http_apigw_ratelimit_tell(ctx, passed, NULL);
        return ngx_http_apigw_ratelimit_verdict(ctx);
    }

    if (ngx_http_apigw_ratelimit_recall(ctx)) {
        ngx_http_apigw_ratelimit_peek_local(ctx,
                                            ngx_http_apigw_ratelimit_ticks());
        ngx_http_apigw_ratelimit_tell(ctx, 0, NULL);
        return ngx_http_apigw_ratelimit_verdict(ctx);
    }

    passed = ngx_http_apigw_ratelimit_take_local(ctx);

    if (!passed) {
        ngx_http_apigw_ratelimit_tell(ctx, 0, NULL);
        return ngx_http_apigw_ratelimit_verdict(ctx);
    }

    ngx_http_apigw_ratelimit_take_leases(ctx);

    if (ngx_http_apigw_ratelimit_ask(ctx) == NGX_AGAIN) {
        return ngx_http_apigw_ratelimit_wait(r, ctx);
    }

    ngx_http_apigw_ratelimit_settle(ctx);

    return ngx_http_apigw_ratelimit_verdict(ctx);
}


/* Makes an item of each policy that the request was not charged for yet. */

static ngx_int_t
ngx_http_apigw_ratelimit_collect(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx, ngx_uint_t phase)
{
    uint64_t                              ticks;
    ngx_int_t                             rc;
    ngx_uint_t                            i;
    ngx_http_apigw_ratelimit_use_t       *use;
    ngx_http_apigw_ratelimit_item_t      *item;

    ticks = ngx_http_apigw_ratelimit_ticks();

    for (i = 0; i < ctx->rlcf->nuses; i++) {
        use = &ctx->rlcf->uses[i];

        if (use->policy->phase != phase
            || ngx_http_apigw_ratelimit_is_taken(ctx, use->policy))
        {
            continue;
        }

        if (ctx->nitems == ctx->nalloc
            && ngx_http_apigw_ratelimit_grow(r, ctx) != NGX_OK)
        {
            return NGX_ERROR;
        }

        item = &ctx->items[ctx->nitems];
        rc = ngx_http_apigw_ratelimit_item_init(r, use, item);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_OK) {
            item->rlcf = ctx->rlcf;
            ngx_http_apigw_ratelimit_item_time(item, ticks);
            ctx->nitems++;
        }
    }

    return NGX_OK;
}


/* Room for all policies of the location besides those of earlier ones. */

static ngx_int_t
ngx_http_apigw_ratelimit_grow(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        n;
    ngx_http_apigw_ratelimit_item_t  *items;

    n = ctx->nitems + ctx->rlcf->nuses;

    items = ngx_palloc(r->pool, n * sizeof(ngx_http_apigw_ratelimit_item_t));
    if (items == NULL) {
        return NGX_ERROR;
    }

    if (ctx->nitems) {
        ngx_memcpy(items, ctx->items,
                   ctx->nitems * sizeof(ngx_http_apigw_ratelimit_item_t));
    }

    if (ctx->chosen) {
        ctx->chosen = items + (ctx->chosen - ctx->items);
    }

    ctx->items = items;
    ctx->nalloc = n;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_apigw_ratelimit_is_taken(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_policy_t *policy)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->first; i++) {
        if (ctx->items[i].policy == policy) {
            return 1;
        }
    }

    return 0;
}


/*
 * What needs no question: a cost that never passes, a denial that still
 * holds. Returns whether one of them denies the request.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_recall(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i, denied;
    apigw_take_t                     *take;
    ngx_http_apigw_ratelimit_item_t  *item;

    denied = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->policy->store == NULL) {
            continue;
        }

        take = &item->take;

        if (take->cost > apigw_take_most(&take->limit)) {
            apigw_take_peek(&take, 1);

        } else if (apigw_take_recall(take)) {
            item->source = NGX_HTTP_APIGW_RATELIMIT_FROM_DENY_CACHE;

        } else {
            continue;
        }

        item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;

        if (!take->shadow) {
            denied = 1;
        }
    }

    return denied;
}


static ngx_uint_t
ngx_http_apigw_ratelimit_take_local(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i, n, passed;
    apigw_take_t                     *takes[NGX_HTTP_APIGW_RATELIMIT_MAX];
    ngx_http_apigw_ratelimit_item_t  *item;

    n = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        if (ctx->items[i].policy->store == NULL) {
            takes[n++] = &ctx->items[i].take;
        }
    }

    if (n == 0) {
        return 1;
    }

    passed = apigw_take(takes, n);

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->policy->store == NULL) {
            item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;
            item->charged = passed && !item->take.denied;

            ngx_http_apigw_ratelimit_zone_watch(item->policy->zone,
                                                item->take.now, ngx_cycle->log);
        }
    }

    return passed;
}


/* What the local policies say, though another has denied. */

void
ngx_http_apigw_ratelimit_peek_local(ngx_http_apigw_ratelimit_ctx_t *ctx,
    uint64_t ticks)
{
    ngx_uint_t                        i, n;
    apigw_take_t                     *takes[NGX_HTTP_APIGW_RATELIMIT_MAX];
    ngx_http_apigw_ratelimit_item_t  *item;

    n = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->policy->store == NULL) {
            item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;
            ngx_http_apigw_ratelimit_item_time(item, ticks);
            takes[n++] = &item->take;
        }
    }

    if (n) {
        apigw_take_peek(takes, n);
    }
}


/*
 * The phases stand still until the answers are in; meanwhile the client may
 * go away, which nginx sees if somebody reads.
 */

static ngx_int_t
ngx_http_apigw_ratelimit_wait(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_event_t         *rev;
    ngx_http_cleanup_t  *cln;

    /* runs as soon as the request ends, ahead of its pool's cleanups */

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        goto failed;
    }

    cln->handler = ngx_http_apigw_ratelimit_wait_cleanup;
    cln->data = ctx;

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        goto failed;
    }

    ctx->state = NGX_HTTP_APIGW_RATELIMIT_WAITING;
    ctx->asked = ngx_http_apigw_ratelimit_ticks();

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_AGAIN;

failed:

    ngx_http_apigw_ratelimit_leave(ctx);
    ngx_http_apigw_ratelimit_put_back(ctx, ngx_http_apigw_ratelimit_ticks());

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static void
ngx_http_apigw_ratelimit_wait_cleanup(void *data)
{
    ngx_http_apigw_ratelimit_leave(data);
}


/* From an event that is not the request's own. */

void
ngx_http_apigw_ratelimit_answered(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->record.request;
    c = r->connection;

    ctx->waited += ngx_http_apigw_ratelimit_ticks() - ctx->asked;

    ngx_http_apigw_ratelimit_settle(ctx);

    ctx->state = NGX_HTTP_APIGW_RATELIMIT_READY;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_http_apigw_ratelimit_verdict(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    if (ctx->verdict == NGX_HTTP_APIGW_RATELIMIT_REJECTED) {
        return ctx->record.reject_status;
    }

    return NGX_DECLINED;
}
