
/*
 * Pools that nobody spends are given back. Each worker watches those that it
 * has filled; one that has not changed for a second is idle.
 *
 *     WATCHED -> WATCHED  it was spent of, or filled, within the second
 *     WATCHED -> gone     it is idle, or empty; or the worker exits
 */


#include "ngx_http_apigw_ratelimit_ask.h"


#define NGX_HTTP_APIGW_RATELIMIT_IDLE_TIME     1000   /* ms */
#define NGX_HTTP_APIGW_RATELIMIT_WATCHED       4096   /* at most, by a worker */
#define NGX_HTTP_APIGW_RATELIMIT_WATCH_BUCKETS  64


typedef struct {
    ngx_queue_t                         queue;
    ngx_event_t                         event;
    ngx_pool_t                         *pool;
    ngx_http_apigw_ratelimit_item_t     item;
    uint64_t                            look;     /* of the pool, then */
} ngx_http_apigw_ratelimit_watch_t;


typedef struct {
    ngx_queue_t          buckets[NGX_HTTP_APIGW_RATELIMIT_WATCH_BUCKETS];
    ngx_uint_t           n;
    unsigned             ready:1;
} ngx_http_apigw_ratelimit_watches_t;


static ngx_queue_t *ngx_http_apigw_ratelimit_watch_bucket(
    ngx_http_apigw_ratelimit_item_t *item);
static ngx_uint_t ngx_http_apigw_ratelimit_watched(ngx_queue_t *bucket,
    ngx_http_apigw_ratelimit_item_t *item);
static void ngx_http_apigw_ratelimit_watch_handler(ngx_event_t *ev);
static void ngx_http_apigw_ratelimit_watch_return(
    ngx_http_apigw_ratelimit_item_t *item, uint64_t look);
static void ngx_http_apigw_ratelimit_watch_destroy(
    ngx_http_apigw_ratelimit_watch_t *watch);


static ngx_http_apigw_ratelimit_watches_t  ngx_http_apigw_ratelimit_watches;


void
ngx_http_apigw_ratelimit_lease_watch(ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_pool_t                        *pool;
    ngx_queue_t                       *bucket;
    ngx_http_apigw_ratelimit_watch_t  *watch;

    bucket = ngx_http_apigw_ratelimit_watch_bucket(item);

    /* one that is not watched dies with its time, which wastes it */

    if (ngx_http_apigw_ratelimit_watched(bucket, item)
        || ngx_http_apigw_ratelimit_watches.n
           >= NGX_HTTP_APIGW_RATELIMIT_WATCHED)
    {
        return;
    }

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return;
    }

    watch = ngx_pcalloc(pool, sizeof(ngx_http_apigw_ratelimit_watch_t));

    if (watch == NULL
        || ngx_http_apigw_ratelimit_lease_copy(pool, &watch->item, item)
           != NGX_OK)
    {
        ngx_destroy_pool(pool);
        return;
    }

    watch->pool = pool;
    watch->look = apigw_lease_look(&watch->item.take);
    watch->event.handler = ngx_http_apigw_ratelimit_watch_handler;
    watch->event.data = watch;
    watch->event.log = ngx_cycle->log;
    watch->event.cancelable = 1;

    ngx_queue_insert_head(bucket, &watch->queue);
    ngx_http_apigw_ratelimit_watches.n++;

    ngx_add_timer(&watch->event, NGX_HTTP_APIGW_RATELIMIT_IDLE_TIME);
}


static ngx_queue_t *
ngx_http_apigw_ratelimit_watch_bucket(ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_uint_t                           i;
    ngx_http_apigw_ratelimit_watches_t  *watches;

    watches = &ngx_http_apigw_ratelimit_watches;

    if (!watches->ready) {
        watches->ready = 1;

        for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_WATCH_BUCKETS; i++) {
            ngx_queue_init(&watches->buckets[i]);
        }
    }

    i = item->take.key.word[0] % NGX_HTTP_APIGW_RATELIMIT_WATCH_BUCKETS;

    return &watches->buckets[i];
}


static ngx_uint_t
ngx_http_apigw_ratelimit_watched(ngx_queue_t *bucket,
    ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_queue_t                       *q;
    ngx_http_apigw_ratelimit_watch_t  *watch;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        watch = ngx_queue_data(q, ngx_http_apigw_ratelimit_watch_t, queue);

        if (watch->item.take.key.word[0] == item->take.key.word[0]
            && watch->item.take.key.word[1] == item->take.key.word[1]
            && watch->item.policy == item->policy)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_apigw_ratelimit_watch_handler(ngx_event_t *ev)
{
    uint64_t                           look;
    ngx_http_apigw_ratelimit_item_t   *item;
    ngx_http_apigw_ratelimit_watch_t  *watch;

    watch = ev->data;
    item = &watch->item;

    ngx_http_apigw_ratelimit_item_time(item, ngx_http_apigw_ratelimit_ticks());

    look = apigw_lease_look(&item->take);

    if (look && look != watch->look) {
        watch->look = look;
        ngx_add_timer(&watch->event, NGX_HTTP_APIGW_RATELIMIT_IDLE_TIME);
        return;
    }

    ngx_http_apigw_ratelimit_watch_return(item, look);
    ngx_http_apigw_ratelimit_watch_destroy(watch);
}


static void
ngx_http_apigw_ratelimit_watch_return(ngx_http_apigw_ratelimit_item_t *item,
    uint64_t look)
{
    uint64_t                         units;
    apigw_lease_ask_t                lease;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    units = apigw_lease_collect(&item->take, look,
                                ngx_http_apigw_ratelimit_lease_timeout(item),
                                &lease);

    ngx_http_apigw_ratelimit_lease_count(item, -(units + lease.dead));

    if (units == 0) {
        return;
    }

    ask = ngx_http_apigw_ratelimit_create_ask(item->policy->store, "adjust",
                                              &item, 1);
    if (ask == NULL) {
        return;
    }

    if (ngx_http_apigw_ratelimit_lease_node(ask, item, lease.seq) == NULL) {
        ngx_destroy_pool(ask->pool);
        return;
    }

    ngx_http_apigw_ratelimit_send_adjust(ask);
}


static void
ngx_http_apigw_ratelimit_watch_destroy(ngx_http_apigw_ratelimit_watch_t *watch)
{
    if (watch->event.timer_set) {
        ngx_del_timer(&watch->event);
    }

    ngx_queue_remove(&watch->queue);
    ngx_http_apigw_ratelimit_watches.n--;

    ngx_destroy_pool(watch->pool);
}


void
ngx_http_apigw_ratelimit_lease_exit(void)
{
    ngx_uint_t    i;
    ngx_queue_t  *bucket;

    if (!ngx_http_apigw_ratelimit_watches.ready) {
        return;
    }

    for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_WATCH_BUCKETS; i++) {
        bucket = &ngx_http_apigw_ratelimit_watches.buckets[i];

        while (!ngx_queue_empty(bucket)) {
            ngx_http_apigw_ratelimit_watch_destroy(
                ngx_queue_data(ngx_queue_head(bucket),
                               ngx_http_apigw_ratelimit_watch_t, queue));
        }
    }
}
