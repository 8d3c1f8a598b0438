
/*
 * Requests that wait for Redis: what each asks for, and for how long; and
 * those that join a lease that is under way, as its answer may be enough.
 */


#include "ngx_http_apigw_ratelimit_ask.h"


static ngx_int_t ngx_http_apigw_ratelimit_ask_items(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *first);
static ngx_uint_t ngx_http_apigw_ratelimit_together(
    ngx_http_apigw_ratelimit_item_t *a, ngx_http_apigw_ratelimit_item_t *b);
static ngx_msec_t ngx_http_apigw_ratelimit_time_left(uint64_t waited,
    ngx_http_apigw_ratelimit_store_t *store);


ngx_int_t
ngx_http_apigw_ratelimit_ask(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_item_t   *item;

    ctx->waits = NULL;
    ctx->pending = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state == NGX_HTTP_APIGW_RATELIMIT_OPEN
            && ngx_http_apigw_ratelimit_ask_items(ctx, item) == NGX_OK)
        {
            ctx->pending++;
        }
    }

    return ctx->pending ? NGX_AGAIN : NGX_OK;
}


/*
 * All open items that go with the first, in one ask. What can't be asked has
 * failed; what is asked counts as failed until the answer says otherwise.
 */

static ngx_int_t
ngx_http_apigw_ratelimit_ask_items(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *first)
{
    ngx_uint_t                        i, n;
    ngx_msec_t                        left;
    ngx_http_apigw_ratelimit_item_t  *item;
    ngx_http_apigw_ratelimit_item_t  *items[NGX_HTTP_APIGW_RATELIMIT_MAX];
    ngx_http_apigw_ratelimit_wait_t  *wait;

    wait = ngx_pcalloc(ctx->record.request->pool,
                       sizeof(ngx_http_apigw_ratelimit_wait_t));
    n = 0;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        if (item->state == NGX_HTTP_APIGW_RATELIMIT_OPEN
            && ngx_http_apigw_ratelimit_together(item, first))
        {
            item->state = NGX_HTTP_APIGW_RATELIMIT_FAILED;
            items[n] = item;

            if (wait) {
                wait->items[n] = i;
            }

            n++;
        }
    }

    left = ngx_http_apigw_ratelimit_time_left(ctx->waited,
                                              first->policy->store);

    if (wait == NULL || left == 0) {
        return NGX_ERROR;
    }

    wait->ctx = ctx;
    wait->nitems = n;

    if (ngx_http_apigw_ratelimit_join(items, n, left, wait) != NGX_OK) {
        return NGX_ERROR;
    }

    wait->next = ctx->waits;
    ctx->waits = wait;

    return NGX_OK;
}


/*
 * One script call covers one store, and in a Cluster one slot of it; or one
 * lease.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_together(ngx_http_apigw_ratelimit_item_t *a,
    ngx_http_apigw_ratelimit_item_t *b)
{
    if (a == b) {
        return 1;
    }

    if (a->policy->store == NULL || a->policy->store != b->policy->store
        || a->granting || b->granting)
    {
        return 0;
    }

    return !ngx_http_apigw_redis_is_cluster(a->policy->store->redis)
           || (a->group_text.len == b->group_text.len
               && ngx_memcmp(a->group_text.data, b->group_text.data,
                             a->group_text.len)
                  == 0);
}


/*
 * A request waits for `timeout` in all, whatever its phases and redirects: what
 * an earlier one has waited is not there any more. In milliseconds.
 */

static ngx_msec_t
ngx_http_apigw_ratelimit_time_left(uint64_t waited,
    ngx_http_apigw_ratelimit_store_t *store)
{
    ngx_msec_t  timeout;

    waited /= APIGW_GCRA_SECOND / 1000;
    timeout = ngx_http_apigw_redis_timeout(store->redis);

    return waited < timeout ? timeout - waited : 0;
}


void
ngx_http_apigw_ratelimit_refill(ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_http_apigw_ratelimit_item_t  *wanted;

    /* who finds the pool empty joins: it is waited for no longer than that */

    wanted = item;
    item->granting = 1;

    (void) ngx_http_apigw_ratelimit_join(&wanted, 1,
                   ngx_http_apigw_redis_timeout(item->policy->store->redis),
                   NULL);

    item->granting = 0;
}


ngx_int_t
ngx_http_apigw_ratelimit_wait_again(ngx_http_apigw_ratelimit_wait_t *wait,
    ngx_uint_t answered)
{
    uint64_t                          ticks;
    ngx_msec_t                        left;
    ngx_http_apigw_ratelimit_ctx_t   *ctx;
    ngx_http_apigw_ratelimit_item_t  *item;

    ctx = wait->ctx;
    item = &ctx->items[wait->items[0]];
    ticks = ngx_http_apigw_ratelimit_ticks();

    item->granting = 0;
    ngx_http_apigw_ratelimit_item_time(item, ticks);

    if (ngx_http_apigw_ratelimit_take_lease(item) == NGX_OK || !answered) {
        return NGX_OK;
    }

    left = ngx_http_apigw_ratelimit_time_left(ctx->waited + ticks - ctx->asked,
                                              item->policy->store);

    return left && ngx_http_apigw_ratelimit_join(&item, 1, left, wait)
                   == NGX_OK
           ? NGX_AGAIN : NGX_OK;
}


void
ngx_http_apigw_ratelimit_leave(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_http_apigw_ratelimit_ask_t   *ask;
    ngx_http_apigw_ratelimit_wait_t  *wait;

    for (wait = ctx->waits; wait; wait = wait->next) {
        ask = wait->ask;

        if (ask == NULL) {
            continue;
        }

        wait->ask = NULL;
        ngx_queue_remove(&wait->queue);

        if (ngx_queue_empty(&ask->waits) && !ask->delivering && !ask->lease) {
            ngx_http_apigw_ratelimit_destroy_ask(ask);
        }
    }

    ctx->waits = NULL;
    ctx->pending = 0;
}
