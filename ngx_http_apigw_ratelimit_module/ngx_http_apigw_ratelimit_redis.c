
/*
 * Takes from Redis. Requests of one event-loop turn that ask the same share
 * one command: "n of these"; who asked first passes first.
 *
 *     OPEN -> SENT   at the end of the turn, from a posted event
 *     SENT -> gone   answered, failed, or all who waited have left
 *
 * An ask lives in a pool of its own, as no request may outlive it.
 */


#include "ngx_http_apigw_ratelimit_ask.h"


#define NGX_HTTP_APIGW_RATELIMIT_BUCKETS   64


/* This worker's asks. */

typedef struct {
    ngx_event_t                         event;
    ngx_queue_t                         asks;     /* sent ones */
    ngx_queue_t                         open;     /* in the order of asking */
    ngx_queue_t              buckets[NGX_HTTP_APIGW_RATELIMIT_BUCKETS];
    unsigned                            ready:1;
} ngx_http_apigw_ratelimit_asks_t;


static ngx_int_t ngx_http_apigw_ratelimit_ask_store(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *first);
static ngx_uint_t ngx_http_apigw_ratelimit_together(
    ngx_http_apigw_ratelimit_item_t *a, ngx_http_apigw_ratelimit_item_t *b);
static ngx_msec_t ngx_http_apigw_ratelimit_time_left(
    ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_store_t *store);
static ngx_http_apigw_ratelimit_ask_t *ngx_http_apigw_ratelimit_find_ask(
    ngx_http_apigw_ratelimit_store_t *store, apigw_siphash_t *digest,
    ngx_msec_t left);
static void ngx_http_apigw_ratelimit_destroy_ask(
    ngx_http_apigw_ratelimit_ask_t *ask);

static void ngx_http_apigw_ratelimit_asks_init(void);
static void ngx_http_apigw_ratelimit_asks_send(ngx_event_t *ev);
static void ngx_http_apigw_ratelimit_ask_send(
    ngx_http_apigw_ratelimit_ask_t *ask);
static void ngx_http_apigw_ratelimit_ask_done(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_ratelimit_deliver(
    ngx_http_apigw_ratelimit_ask_t *ask, int64_t *values);


static ngx_http_apigw_ratelimit_asks_t  ngx_http_apigw_ratelimit_asks;


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
            && ngx_http_apigw_ratelimit_ask_store(ctx, item) == NGX_OK)
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
ngx_http_apigw_ratelimit_ask_store(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *first)
{
    ngx_uint_t                         i, n;
    ngx_msec_t                         left;
    apigw_siphash_t                    digest;
    ngx_http_apigw_ratelimit_ask_t    *ask;
    ngx_http_apigw_ratelimit_item_t   *item;
    ngx_http_apigw_ratelimit_item_t   *items[NGX_HTTP_APIGW_RATELIMIT_MAX];
    ngx_http_apigw_ratelimit_wait_t   *wait;
    ngx_http_apigw_ratelimit_store_t  *store;

    store = first->policy->store;

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

    left = ngx_http_apigw_ratelimit_time_left(ctx, store);

    if (wait == NULL || left == 0) {
        return NGX_ERROR;
    }

    ngx_http_apigw_ratelimit_asks_init();

    digest = ngx_http_apigw_ratelimit_ask_digest(items, n);
    ask = ngx_http_apigw_ratelimit_find_ask(store, &digest, left);

    if (ask == NULL) {
        ask = ngx_http_apigw_ratelimit_create_ask(store, "take", items, n);
        if (ask == NULL) {
            return NGX_ERROR;
        }

        ask->digest = digest;
        ask->cmd.timeout = left;
        ask->open = 1;

        ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_asks.open,
                              &ask->queue);
        ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_asks.buckets[
                       digest.word[0] % NGX_HTTP_APIGW_RATELIMIT_BUCKETS],
                              &ask->bucket);

        ngx_post_event(&ngx_http_apigw_ratelimit_asks.event,
                       &ngx_posted_events);
    }

    wait->ask = ask;
    wait->ctx = ctx;
    wait->nitems = n;
    wait->next = ctx->waits;
    ctx->waits = wait;

    ngx_queue_insert_tail(&ask->waits, &wait->queue);

    return NGX_OK;
}


/* One script call covers one store, and in a Cluster one slot of it. */

static ngx_uint_t
ngx_http_apigw_ratelimit_together(ngx_http_apigw_ratelimit_item_t *a,
    ngx_http_apigw_ratelimit_item_t *b)
{
    if (a->policy->store == NULL || a->policy->store != b->policy->store) {
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
ngx_http_apigw_ratelimit_time_left(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_store_t *store)
{
    uint64_t    waited;
    ngx_msec_t  timeout;

    waited = ctx->waited / (APIGW_GCRA_SECOND / 1000);
    timeout = ngx_http_apigw_redis_timeout(store->redis);

    return waited < timeout ? timeout - waited : 0;
}


static ngx_http_apigw_ratelimit_ask_t *
ngx_http_apigw_ratelimit_find_ask(ngx_http_apigw_ratelimit_store_t *store,
    apigw_siphash_t *digest, ngx_msec_t left)
{
    ngx_queue_t                     *q, *bucket;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    bucket = &ngx_http_apigw_ratelimit_asks.buckets[
                          digest->word[0] % NGX_HTTP_APIGW_RATELIMIT_BUCKETS];

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        ask = ngx_queue_data(q, ngx_http_apigw_ratelimit_ask_t, bucket);

        if (ask->store == store
            && ask->cmd.timeout == left
            && ask->digest.word[0] == digest->word[0]
            && ask->digest.word[1] == digest->word[1])
        {
            return ask;
        }
    }

    return NULL;
}


static void
ngx_http_apigw_ratelimit_destroy_ask(ngx_http_apigw_ratelimit_ask_t *ask)
{
    ngx_queue_remove(&ask->queue);

    if (ask->open) {
        ngx_queue_remove(&ask->bucket);
    }

    ngx_http_apigw_redis_cancel(&ask->cmd);
    ngx_destroy_pool(ask->pool);
}


/* Sending */

static void
ngx_http_apigw_ratelimit_asks_init(void)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_asks_t  *asks = &ngx_http_apigw_ratelimit_asks;

    if (asks->ready) {
        return;
    }

    asks->ready = 1;
    asks->event.handler = ngx_http_apigw_ratelimit_asks_send;
    asks->event.log = ngx_cycle->log;

    ngx_queue_init(&asks->asks);
    ngx_queue_init(&asks->open);

    for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_BUCKETS; i++) {
        ngx_queue_init(&asks->buckets[i]);
    }
}


/* All events of this turn have been handled: who wanted to join has joined. */

static void
ngx_http_apigw_ratelimit_asks_send(ngx_event_t *ev)
{
    ngx_queue_t                     *q;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    while (!ngx_queue_empty(&ngx_http_apigw_ratelimit_asks.open)) {

        q = ngx_queue_head(&ngx_http_apigw_ratelimit_asks.open);
        ask = ngx_queue_data(q, ngx_http_apigw_ratelimit_ask_t, queue);

        ngx_queue_remove(&ask->queue);
        ngx_queue_remove(&ask->bucket);
        ask->open = 0;

        ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_asks.asks,
                              &ask->queue);

        ngx_http_apigw_ratelimit_ask_send(ask);
    }
}


static void
ngx_http_apigw_ratelimit_ask_send(ngx_http_apigw_ratelimit_ask_t *ask)
{
    ngx_queue_t                      *q;
    ngx_http_apigw_ratelimit_wait_t  *wait;

    for (q = ngx_queue_head(&ask->waits);
         q != ngx_queue_sentinel(&ask->waits);
         q = ngx_queue_next(q))
    {
        wait = ngx_queue_data(q, ngx_http_apigw_ratelimit_wait_t, queue);
        wait->position = ask->n++;
    }

    ask->cmd.handler = ngx_http_apigw_ratelimit_ask_done;

    if (ngx_http_apigw_ratelimit_ask_number(ask->pool, ask->count, ask->n)
        == NGX_OK
        && ngx_http_apigw_redis_send(ask->store->redis, &ask->cmd) == NGX_OK)
    {
        return;
    }

    ngx_http_apigw_ratelimit_deliver(ask, NULL);
}


/* Answers */

static void
ngx_http_apigw_ratelimit_ask_done(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    int64_t                          values[NGX_HTTP_APIGW_RATELIMIT_REPLY];
    ngx_http_apigw_ratelimit_ask_t  *ask;

    ask = cmd->data;

    ngx_http_apigw_ratelimit_deliver(ask,
                ngx_http_apigw_ratelimit_read_reply(ask, result, values)
                ? values : NULL);
}


/* Answers all who wait, in the order of asking; NULL: the store can't. */

static void
ngx_http_apigw_ratelimit_deliver(ngx_http_apigw_ratelimit_ask_t *ask,
    int64_t *values)
{
    ngx_queue_t                      *q;
    ngx_http_apigw_ratelimit_ctx_t   *ctx;
    ngx_http_apigw_ratelimit_wait_t  *wait;

    /* a request that is resumed may end others that wait here */

    ask->delivering = 1;

    while (!ngx_queue_empty(&ask->waits)) {

        q = ngx_queue_head(&ask->waits);
        wait = ngx_queue_data(q, ngx_http_apigw_ratelimit_wait_t, queue);

        ngx_queue_remove(q);
        wait->ask = NULL;

        if (values) {
            ngx_http_apigw_ratelimit_answer(wait, values);
        }

        ctx = wait->ctx;

        if (--ctx->pending == 0) {
            ngx_http_apigw_ratelimit_answered(ctx);
        }
    }

    ngx_http_apigw_ratelimit_destroy_ask(ask);
}


/* Requests that die, workers that exit */

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

        if (ngx_queue_empty(&ask->waits) && !ask->delivering) {
            ngx_http_apigw_ratelimit_destroy_ask(ask);
        }
    }

    ctx->waits = NULL;
    ctx->pending = 0;
}


void
ngx_http_apigw_ratelimit_redis_exit(void)
{
    ngx_queue_t                     *q, *asks;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    if (!ngx_http_apigw_ratelimit_asks.ready) {
        return;
    }

    asks = &ngx_http_apigw_ratelimit_asks.asks;

    while (!ngx_queue_empty(asks)) {
        q = ngx_queue_head(asks);
        ask = ngx_queue_data(q, ngx_http_apigw_ratelimit_ask_t, queue);

        ngx_http_apigw_ratelimit_destroy_ask(ask);
    }
}
