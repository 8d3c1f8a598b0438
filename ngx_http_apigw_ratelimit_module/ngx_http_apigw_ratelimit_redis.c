
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


static ngx_int_t ngx_http_apigw_ratelimit_lease_create(
    ngx_http_apigw_ratelimit_ask_t *ask,
    ngx_http_apigw_ratelimit_item_t *item);
static ngx_http_apigw_ratelimit_ask_t *ngx_http_apigw_ratelimit_find_ask(
    ngx_http_apigw_ratelimit_store_t *store, apigw_siphash_t *digest,
    ngx_msec_t left);
static void ngx_http_apigw_ratelimit_close_ask(
    ngx_http_apigw_ratelimit_ask_t *ask);

static void ngx_http_apigw_ratelimit_asks_init(void);
static void ngx_http_apigw_ratelimit_asks_send(ngx_event_t *ev);
static void ngx_http_apigw_ratelimit_ask_send(
    ngx_http_apigw_ratelimit_ask_t *ask);
static void ngx_http_apigw_ratelimit_ask_done(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_ratelimit_adjust_done(
    ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_ratelimit_deliver(
    ngx_http_apigw_ratelimit_ask_t *ask, int64_t *values);


static ngx_http_apigw_ratelimit_asks_t  ngx_http_apigw_ratelimit_asks;


ngx_int_t
ngx_http_apigw_ratelimit_join(ngx_http_apigw_ratelimit_item_t **items,
    ngx_uint_t n, ngx_msec_t left, ngx_http_apigw_ratelimit_wait_t *wait)
{
    ngx_uint_t                         granting;
    apigw_siphash_t                    digest;
    ngx_http_apigw_ratelimit_ask_t    *ask;
    ngx_http_apigw_ratelimit_store_t  *store;

    ngx_http_apigw_ratelimit_asks_init();

    store = items[0]->policy->store;
    granting = items[0]->granting;

    digest = ngx_http_apigw_ratelimit_ask_digest(items, n);
    digest.word[1] ^= granting;

    ask = ngx_http_apigw_ratelimit_find_ask(store, &digest, left);

    if (ask == NULL) {
        ask = ngx_http_apigw_ratelimit_create_ask(store,
                                                  granting ? "lease" : "take",
                                                  items, n);
        if (ask == NULL) {
            return NGX_ERROR;
        }

        if (granting
            && ngx_http_apigw_ratelimit_lease_create(ask, items[0]) != NGX_OK)
        {
            ngx_destroy_pool(ask->pool);
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

    if (wait) {
        wait->ask = ask;
        wait->late = ask->sent;
        ngx_queue_insert_tail(&ask->waits, &wait->queue);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_lease_create(ngx_http_apigw_ratelimit_ask_t *ask,
    ngx_http_apigw_ratelimit_item_t *item)
{
    ask->lease = ngx_pcalloc(ask->pool,
                             sizeof(ngx_http_apigw_ratelimit_lease_t));
    if (ask->lease == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_ratelimit_lease_copy(ask->pool, &ask->lease->item,
                                               item);
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
            && (ask->sent ? (ngx_msec_int_t) (ask->ends - ngx_current_msec)
                            <= (ngx_msec_int_t) left
                          : ask->cmd.timeout == left)
            && !ask->delivering
            && ask->digest.word[0] == digest->word[0]
            && ask->digest.word[1] == digest->word[1])
        {
            return ask;
        }
    }

    return NULL;
}


/* From now on nobody joins. */

static void
ngx_http_apigw_ratelimit_close_ask(ngx_http_apigw_ratelimit_ask_t *ask)
{
    if (ask->open) {
        ask->open = 0;
        ngx_queue_remove(&ask->bucket);
    }
}


void
ngx_http_apigw_ratelimit_destroy_ask(ngx_http_apigw_ratelimit_ask_t *ask)
{
    ngx_queue_remove(&ask->queue);
    ngx_http_apigw_ratelimit_close_ask(ask);

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
        ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_asks.asks,
                              &ask->queue);

        ngx_http_apigw_ratelimit_ask_send(ask);
    }
}


static void
ngx_http_apigw_ratelimit_ask_send(ngx_http_apigw_ratelimit_ask_t *ask)
{
    ngx_int_t                         rc;
    ngx_queue_t                      *q;
    ngx_http_apigw_ratelimit_wait_t  *wait;

    for (q = ngx_queue_head(&ask->waits);
         q != ngx_queue_sentinel(&ask->waits);
         q = ngx_queue_next(q))
    {
        wait = ngx_queue_data(q, ngx_http_apigw_ratelimit_wait_t, queue);
        wait->position = ask->n++;
    }

    ask->sent = 1;
    ask->ends = ngx_current_msec + ask->cmd.timeout;
    ask->cmd.handler = ngx_http_apigw_ratelimit_ask_done;

    rc = ask->lease ? ngx_http_apigw_ratelimit_lease_begin(ask) : NGX_DECLINED;

    /* a lease that is under way may be joined: others need not ask too */

    if (rc != NGX_OK) {
        ngx_http_apigw_ratelimit_close_ask(ask);
    }

    if (rc != NGX_ERROR
        && (rc == NGX_OK || ask->n > 0)
        && ngx_http_apigw_ratelimit_ask_number(ask->pool, ask->count, ask->n)
        == NGX_OK
        && ngx_http_apigw_redis_send(ask->store->redis, &ask->cmd) == NGX_OK)
    {
        return;
    }

    ngx_http_apigw_ratelimit_deliver(ask, NULL);
}


void
ngx_http_apigw_ratelimit_send_adjust(ngx_http_apigw_ratelimit_ask_t *ask)
{
    ngx_http_apigw_ratelimit_asks_init();

    ask->cmd.handler = ngx_http_apigw_ratelimit_adjust_done;

    ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_asks.asks, &ask->queue);

    if (ngx_http_apigw_redis_send(ask->store->redis, &ask->cmd) != NGX_OK) {
        ngx_http_apigw_ratelimit_destroy_ask(ask);
    }
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


static void
ngx_http_apigw_ratelimit_adjust_done(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_ratelimit_destroy_ask(cmd->data);
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

        if (wait->late) {
            if (ngx_http_apigw_ratelimit_wait_again(wait, values != NULL)
                == NGX_AGAIN)
            {
                continue;
            }

        } else if (values) {
            ngx_http_apigw_ratelimit_answer(wait, values);
        }

        ctx = wait->ctx;

        if (--ctx->pending == 0) {
            ngx_http_apigw_ratelimit_answered(ctx);
        }
    }

    ngx_http_apigw_ratelimit_destroy_ask(ask);
}


/* Workers that exit */

void
ngx_http_apigw_ratelimit_redis_exit(void)
{
    ngx_queue_t                     *q, *asks;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    ngx_http_apigw_ratelimit_lease_exit();

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
