
/*
 * What Redis is told later: charges that go back, and debits. Those of one
 * event-loop turn whose keys share a hash tag are one command; those that are
 * alike in all but the cost are one in it.
 *
 *     OPEN -> SENT   at the end of the turn, from a posted event
 *     SENT -> gone   answered, or lost: then it is counted, not repeated
 *
 * Costs and keys are copied: the requests are gone by then.
 */


#include "ngx_http_apigw_ratelimit_ask.h"


#define NGX_HTTP_APIGW_RATELIMIT_BATCHES   64     /* buckets of open ones */


/* One adjustment; `requests` have made it. */

typedef struct {
    ngx_http_apigw_ratelimit_item_t     item;
    ngx_uint_t                          requests;
} ngx_http_apigw_ratelimit_adjustment_t;


typedef struct {
    ngx_queue_t                         queue;    /* of all batches */
    ngx_queue_t                         bucket;   /* of open ones */
    ngx_pool_t                         *pool;
    ngx_http_apigw_ratelimit_store_t   *store;
    apigw_siphash_t                     group;
    ngx_http_apigw_ratelimit_ask_t     *ask;      /* once sent */
    ngx_uint_t                          n;
    ngx_http_apigw_ratelimit_adjustment_t
                            adjustments[NGX_HTTP_APIGW_RATELIMIT_MAX];
} ngx_http_apigw_ratelimit_batch_t;


/* This worker's batches. */

typedef struct {
    ngx_event_t                         event;
    ngx_queue_t                         open;
    ngx_queue_t                         sent;
    ngx_queue_t              buckets[NGX_HTTP_APIGW_RATELIMIT_BATCHES];
    unsigned                            ready:1;
} ngx_http_apigw_ratelimit_batches_t;


static void ngx_http_apigw_ratelimit_batches_init(void);
static ngx_http_apigw_ratelimit_batch_t *ngx_http_apigw_ratelimit_batch(
    ngx_http_apigw_ratelimit_item_t *item);
static ngx_http_apigw_ratelimit_batch_t *ngx_http_apigw_ratelimit_batch_create(
    ngx_http_apigw_ratelimit_item_t *item, ngx_queue_t *bucket);
static ngx_uint_t ngx_http_apigw_ratelimit_batch_join(
    ngx_http_apigw_ratelimit_batch_t *batch,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t debit);
static ngx_uint_t ngx_http_apigw_ratelimit_adjustment_joins(apigw_take_t *a,
    apigw_take_t *b);
static ngx_uint_t ngx_http_apigw_ratelimit_adjustment_is(
    ngx_http_apigw_ratelimit_item_t *a, ngx_http_apigw_ratelimit_item_t *b);
static ngx_int_t ngx_http_apigw_ratelimit_batch_add(
    ngx_http_apigw_ratelimit_batch_t *batch,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t debit);
static ngx_int_t ngx_http_apigw_ratelimit_batch_text(ngx_pool_t *pool,
    ngx_str_t *text);
static void ngx_http_apigw_ratelimit_batches_send(ngx_event_t *ev);
static ngx_int_t ngx_http_apigw_ratelimit_batch_send(
    ngx_http_apigw_ratelimit_batch_t *batch);
static void ngx_http_apigw_ratelimit_batch_done(
    ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_ratelimit_batch_end(
    ngx_http_apigw_ratelimit_batch_t *batch, ngx_uint_t lost);


static ngx_http_apigw_ratelimit_batches_t  ngx_http_apigw_ratelimit_batches;


void
ngx_http_apigw_ratelimit_adjust(ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t debit)
{
    ngx_http_apigw_ratelimit_batch_t  *batch;

    if (item->take.cost == 0) {
        return;
    }

    ngx_http_apigw_ratelimit_batches_init();

    batch = ngx_http_apigw_ratelimit_batch(item);

    if (batch == NULL
        || (!ngx_http_apigw_ratelimit_batch_join(batch, item, debit)
            && ngx_http_apigw_ratelimit_batch_add(batch, item, debit)
               != NGX_OK))
    {
        ngx_http_apigw_ratelimit_policy_count(item->policy,
                                       NGX_HTTP_APIGW_RATELIMIT_N_ADJUST_LOST);
    }
}


static void
ngx_http_apigw_ratelimit_batches_init(void)
{
    ngx_uint_t                           i;
    ngx_http_apigw_ratelimit_batches_t  *batches;

    batches = &ngx_http_apigw_ratelimit_batches;

    if (batches->ready) {
        return;
    }

    batches->ready = 1;
    batches->event.handler = ngx_http_apigw_ratelimit_batches_send;
    batches->event.log = ngx_cycle->log;

    ngx_queue_init(&batches->open);
    ngx_queue_init(&batches->sent);

    for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_BATCHES; i++) {
        ngx_queue_init(&batches->buckets[i]);
    }
}


/* The open batch of the item's store and hash tag; a full one is none. */

static ngx_http_apigw_ratelimit_batch_t *
ngx_http_apigw_ratelimit_batch(ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_queue_t                       *q, *bucket;
    ngx_http_apigw_ratelimit_batch_t  *batch;

    bucket = &ngx_http_apigw_ratelimit_batches.buckets[
                      item->group.word[0] % NGX_HTTP_APIGW_RATELIMIT_BATCHES];

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        batch = ngx_queue_data(q, ngx_http_apigw_ratelimit_batch_t, bucket);

        if (batch->store == item->policy->store
            && batch->n < NGX_HTTP_APIGW_RATELIMIT_MAX
            && batch->group.word[0] == item->group.word[0]
            && batch->group.word[1] == item->group.word[1])
        {
            return batch;
        }
    }

    return ngx_http_apigw_ratelimit_batch_create(item, bucket);
}


static ngx_http_apigw_ratelimit_batch_t *
ngx_http_apigw_ratelimit_batch_create(ngx_http_apigw_ratelimit_item_t *item,
    ngx_queue_t *bucket)
{
    ngx_pool_t                        *pool;
    ngx_http_apigw_ratelimit_batch_t  *batch;

    pool = ngx_create_pool(1024, ngx_cycle->log);    /* a batch is large */
    if (pool == NULL) {
        return NULL;
    }

    batch = ngx_palloc(pool, sizeof(ngx_http_apigw_ratelimit_batch_t));
    if (batch == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    batch->pool = pool;
    batch->store = item->policy->store;
    batch->group = item->group;
    batch->ask = NULL;
    batch->n = 0;

    ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_batches.open,
                          &batch->queue);
    ngx_queue_insert_head(bucket, &batch->bucket);

    ngx_post_event(&ngx_http_apigw_ratelimit_batches.event,
                   &ngx_posted_events);

    return batch;
}


/*
 * A sum is one adjustment as long as one request could have asked for it: the
 * script gives back no more than a limit at once. Charges of a rate are one
 * since the first of them: without all of these the limit would have been full
 * then, or later, so that never too much goes back.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_batch_join(ngx_http_apigw_ratelimit_batch_t *batch,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t debit)
{
    uint64_t                                most;
    ngx_uint_t                              i;
    ngx_http_apigw_ratelimit_adjustment_t  *a;

    most = debit ? APIGW_GCRA_MAX_COST : apigw_take_most(&item->take.limit);

    for (i = 0; i < batch->n; i++) {
        a = &batch->adjustments[i];

        if (a->item.debit == debit
            && (debit
                || ngx_http_apigw_ratelimit_adjustment_joins(&a->item.take,
                                                             &item->take))
            && a->item.take.cost + item->take.cost <= most
            && ngx_http_apigw_ratelimit_adjustment_is(&a->item, item))
        {
            a->item.take.cost += item->take.cost;
            a->item.take.until = ngx_min(a->item.take.until,
                                         item->take.until);
            a->requests++;
            return 1;
        }
    }

    return 0;
}


/*
 * Whether two charges can be given back as one: those of one bucket of a
 * window, and those of a rate that was not full in between. One that was has
 * dropped what the first would give back now, but nothing of the second.
 */

static ngx_uint_t
ngx_http_apigw_ratelimit_adjustment_joins(apigw_take_t *a, apigw_take_t *b)
{
    if (a->limit.windowed) {
        return a->until == b->until;
    }

    return a->until <= b->until + b->cost * b->limit.gcra.period
           && b->until <= a->until + a->cost * a->limit.gcra.period;
}


static ngx_uint_t
ngx_http_apigw_ratelimit_adjustment_is(ngx_http_apigw_ratelimit_item_t *a,
    ngx_http_apigw_ratelimit_item_t *b)
{
    apigw_take_limit_t  *x, *y;

    x = &a->take.limit;
    y = &b->take.limit;

    if (a->policy != b->policy
        || a->take.key.word[0] != b->take.key.word[0]
        || a->take.key.word[1] != b->take.key.word[1]
        || x->windowed != y->windowed
        || apigw_take_most(x) != apigw_take_most(y))
    {
        return 0;
    }

    if (!x->windowed) {
        return x->gcra.period == y->gcra.period;
    }

    return x->window.kind == y->window.kind
           && x->window.length == y->window.length
           && x->window.parts == y->window.parts;
}


static ngx_int_t
ngx_http_apigw_ratelimit_batch_add(ngx_http_apigw_ratelimit_batch_t *batch,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t debit)
{
    ngx_http_apigw_ratelimit_adjustment_t  *a;

    a = &batch->adjustments[batch->n];

    a->item = *item;
    a->item.debit = debit;
    a->requests = 1;

    if (ngx_http_apigw_ratelimit_batch_text(batch->pool, &a->item.key_text)
        != NGX_OK
        || ngx_http_apigw_ratelimit_batch_text(batch->pool,
                                               &a->item.group_text)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    batch->n++;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_batch_text(ngx_pool_t *pool, ngx_str_t *text)
{
    u_char  *p;

    p = ngx_pnalloc(pool, text->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, text->data, text->len);
    text->data = p;

    return NGX_OK;
}


/* Sending */

static void
ngx_http_apigw_ratelimit_batches_send(ngx_event_t *ev)
{
    ngx_queue_t                       *q, *open;
    ngx_http_apigw_ratelimit_batch_t  *batch;

    open = &ngx_http_apigw_ratelimit_batches.open;

    while (!ngx_queue_empty(open)) {

        q = ngx_queue_head(open);
        batch = ngx_queue_data(q, ngx_http_apigw_ratelimit_batch_t, queue);

        ngx_queue_remove(&batch->queue);
        ngx_queue_remove(&batch->bucket);
        ngx_queue_insert_tail(&ngx_http_apigw_ratelimit_batches.sent,
                              &batch->queue);

        if (ngx_http_apigw_ratelimit_batch_send(batch) != NGX_OK) {
            ngx_http_apigw_ratelimit_batch_end(batch, 1);
        }
    }
}


static ngx_int_t
ngx_http_apigw_ratelimit_batch_send(ngx_http_apigw_ratelimit_batch_t *batch)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_ask_t   *ask;
    ngx_http_apigw_ratelimit_item_t  *items[NGX_HTTP_APIGW_RATELIMIT_MAX];

    if (batch->n == 0) {
        return NGX_ERROR;                /* no memory for its first one */
    }

    for (i = 0; i < batch->n; i++) {
        items[i] = &batch->adjustments[i].item;
    }

    ask = ngx_http_apigw_ratelimit_create_ask(batch->store, "adjust", items,
                                              batch->n);
    if (ask == NULL) {
        return NGX_ERROR;
    }

    batch->ask = ask;

    ask->cmd.handler = ngx_http_apigw_ratelimit_batch_done;
    ask->cmd.data = batch;

    return ngx_http_apigw_redis_send(batch->store->redis, &ask->cmd);
}


static void
ngx_http_apigw_ratelimit_batch_done(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_ratelimit_batch_end(cmd->data,
                                 result->outcome != NGX_HTTP_APIGW_REDIS_OK);
}


static void
ngx_http_apigw_ratelimit_batch_end(ngx_http_apigw_ratelimit_batch_t *batch,
    ngx_uint_t lost)
{
    ngx_uint_t                              i;
    ngx_http_apigw_ratelimit_policy_t      *policy;
    ngx_http_apigw_ratelimit_adjustment_t  *a;

    for (i = 0; lost && i < batch->n; i++) {
        a = &batch->adjustments[i];
        policy = a->item.policy;

        apigw_counters_add(&policy->zone->counters, policy->row,
                           NGX_HTTP_APIGW_RATELIMIT_N_ADJUST_LOST,
                           a->requests);
    }

    ngx_queue_remove(&batch->queue);

    if (batch->ask) {
        ngx_http_apigw_redis_cancel(&batch->ask->cmd);
        ngx_destroy_pool(batch->ask->pool);
    }

    ngx_destroy_pool(batch->pool);
}


void
ngx_http_apigw_ratelimit_adjust_exit(void)
{
    ngx_queue_t                       *q, *queues[2];
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_batch_t  *batch;

    if (!ngx_http_apigw_ratelimit_batches.ready) {
        return;
    }

    queues[0] = &ngx_http_apigw_ratelimit_batches.open;
    queues[1] = &ngx_http_apigw_ratelimit_batches.sent;

    for (i = 0; i < 2; i++) {
        while (!ngx_queue_empty(queues[i])) {

            q = ngx_queue_head(queues[i]);
            batch = ngx_queue_data(q, ngx_http_apigw_ratelimit_batch_t, queue);

            ngx_http_apigw_ratelimit_batch_end(batch, 1);
        }
    }
}
