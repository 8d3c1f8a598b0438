
/*
 * Keys that Redis is asked for: once for each key and worker, however many
 * requests wait for it. A key has as many digests as its store has ways to make
 * one; all of them are asked for at once. A request that goes away leaves the
 * look-up going: what comes is kept for the next.
 */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_LOOKUPS_MAX  1024    /* of a store and worker */


static ngx_queue_t *ngx_http_apigw_auth_lookup_bucket(
    ngx_http_apigw_auth_store_t *store, ngx_http_apigw_auth_cache_key_t *key);
static ngx_http_apigw_auth_lookup_t *ngx_http_apigw_auth_lookup_create(
    ngx_http_apigw_auth_store_t *store, apigw_str_t text);
static ngx_int_t ngx_http_apigw_auth_lookup_send(
    ngx_http_apigw_auth_lookup_t *lookup);
static ngx_int_t ngx_http_apigw_auth_lookup_unsent(
    ngx_http_apigw_auth_store_t *store);
static void ngx_http_apigw_auth_lookup_handler(
    ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result);
static void ngx_http_apigw_auth_lookup_end(
    ngx_http_apigw_auth_lookup_t *lookup);
static void ngx_http_apigw_auth_lookup_keep(
    ngx_http_apigw_auth_lookup_t *lookup);
static void ngx_http_apigw_auth_lookup_free(
    ngx_http_apigw_auth_lookup_t *lookup);


static ngx_queue_t *
ngx_http_apigw_auth_lookup_bucket(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_cache_key_t *key)
{
    return &store->source.lookups[key->digest[0]
                                  % NGX_HTTP_APIGW_AUTH_LOOKUP_BUCKETS];
}


ngx_http_apigw_auth_lookup_t *
ngx_http_apigw_auth_lookup_find(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_cache_key_t *key)
{
    ngx_queue_t                   *q, *bucket;
    ngx_http_apigw_auth_lookup_t  *lookup;

    bucket = ngx_http_apigw_auth_lookup_bucket(store, key);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        lookup = ngx_queue_data(q, ngx_http_apigw_auth_lookup_t, queue);

        if (ngx_memcmp(&lookup->key, key,
                       sizeof(ngx_http_apigw_auth_cache_key_t))
            == 0)
        {
            return lookup;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_apigw_auth_lookup_start(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key,
    apigw_str_t text, ngx_http_apigw_auth_lookup_t **started)
{
    ngx_http_apigw_auth_lookup_t  *lookup;

    if (store->source.asking >= NGX_HTTP_APIGW_AUTH_LOOKUPS_MAX) {
        ngx_http_apigw_auth_lookup_say(store,
                                       NGX_HTTP_APIGW_AUTH_LOOKUP_MANY);
        return NGX_BUSY;
    }

    lookup = ngx_http_apigw_auth_lookup_create(store, text);
    if (lookup == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_apigw_auth_lookup_send(lookup) != NGX_OK) {
        ngx_http_apigw_auth_lookup_free(lookup);
        return ngx_http_apigw_auth_lookup_unsent(store);
    }

    lookup->zone = zone;
    lookup->key = *key;

    ngx_queue_insert_tail(ngx_http_apigw_auth_lookup_bucket(store, key),
                          &lookup->queue);
    store->source.asking++;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "apigw_auth: asking redis \"%V\" for a key, %ui on their "
                   "way", &store->source.name, store->source.asking);

    *started = lookup;

    return NGX_OK;
}


/* One piece of memory; the names of hashes are behind the look-up. */

static ngx_http_apigw_auth_lookup_t *
ngx_http_apigw_auth_lookup_create(ngx_http_apigw_auth_store_t *store,
    apigw_str_t text)
{
    size_t                         len;
    u_char                        *p, digest[APIGW_KEY_DIGEST];
    ngx_uint_t                     i;
    ngx_http_apigw_auth_ask_t     *ask;
    ngx_http_apigw_auth_lookup_t  *lookup;

    len = store->source.prefix.len + 2 * APIGW_KEY_DIGEST;

    lookup = ngx_calloc(sizeof(ngx_http_apigw_auth_lookup_t)
                        + (1 + store->npeppers) * len, ngx_cycle->log);
    if (lookup == NULL) {
        return NULL;
    }

    p = (u_char *) (lookup + 1);

    lookup->store = store;
    lookup->nasks = 1 + store->npeppers;

    ngx_http_apigw_auth_waiters_init(&lookup->waiters);

    for (i = 0; i < lookup->nasks; i++) {
        ask = &lookup->asks[i];

        if (ngx_http_apigw_auth_key_digest(store, text, i, digest, &ask->kind)
            != NGX_OK)
        {
            ngx_http_apigw_auth_lookup_free(lookup);
            return NULL;
        }

        ngx_str_set(&ask->argv[0], "HGETALL");
        ask->argv[1].data = p;
        ask->argv[1].len = len;

        p = ngx_cpymem(p, store->source.prefix.data, store->source.prefix.len);
        p = ngx_hex_dump(p, digest, APIGW_KEY_DIGEST);

        ask->lookup = lookup;
        ask->cmd.argv = ask->argv;
        ask->cmd.argc = 2;
        ask->cmd.slot_key = ask->argv[1];
        ask->cmd.handler = ngx_http_apigw_auth_lookup_handler;
        ask->cmd.data = ask;
        ask->cmd.idempotent = 1;
    }

    return lookup;
}


/* All of them or none. */

static ngx_int_t
ngx_http_apigw_auth_lookup_send(ngx_http_apigw_auth_lookup_t *lookup)
{
    ngx_uint_t  i;

    for (i = 0; i < lookup->nasks; i++) {

        if (ngx_http_apigw_redis_send(lookup->store->source.redis,
                                      &lookup->asks[i].cmd)
            != NGX_OK)
        {
            return NGX_DECLINED;         /* free() takes back the others */
        }
    }

    lookup->pending = lookup->nasks;

    return NGX_OK;
}


/* One that could be used has a full queue: that is not Redis' failing. */

static ngx_int_t
ngx_http_apigw_auth_lookup_unsent(ngx_http_apigw_auth_store_t *store)
{
    if (ngx_http_apigw_redis_retry_after(store->source.redis) == 0) {
        ngx_http_apigw_auth_lookup_say(store,
                                       NGX_HTTP_APIGW_AUTH_LOOKUP_MANY);
        return NGX_BUSY;
    }

    ngx_http_apigw_auth_lookup_say(store, NGX_HTTP_APIGW_AUTH_LOOKUP_SILENT);

    return NGX_DECLINED;
}


static void
ngx_http_apigw_auth_lookup_handler(ngx_http_apigw_redis_cmd_t *cmd,
    const ngx_http_apigw_redis_result_t *result)
{
    ngx_http_apigw_auth_ask_t *ask = cmd->data;

    ngx_http_apigw_auth_lookup_answer(ask, result);

    if (--ask->lookup->pending == 0) {
        ngx_http_apigw_auth_lookup_end(ask->lookup);
    }
}


/*
 * The digests count in their order: the first that Redis has decides. One that
 * could not be had might have been it.
 */

static void
ngx_http_apigw_auth_lookup_end(ngx_http_apigw_auth_lookup_t *lookup)
{
    ngx_uint_t                  i;
    ngx_http_apigw_auth_ask_t  *ask;

    for (i = 0; i < lookup->nasks; i++) {
        ask = &lookup->asks[i];

        lookup->state = ask->state;
        lookup->record = ask->record;

        if (ask->state != NGX_HTTP_APIGW_AUTH_LOOKUP_NONE) {
            break;
        }
    }

    ngx_http_apigw_auth_lookup_keep(lookup);

    lookup->store->source.asking--;

    ngx_http_apigw_auth_wake(&lookup->waiters);

    ngx_queue_remove(&lookup->queue);
    ngx_http_apigw_auth_lookup_free(lookup);
}


/*
 * A key that is out of date is kept too: its dates are looked at with each use,
 * and whoever holds it does not make us ask each time. What Redis has no more,
 * or has spoilt, must not come back when Redis fails.
 */

static void
ngx_http_apigw_auth_lookup_keep(ngx_http_apigw_auth_lookup_t *lookup)
{
    time_t                             life;
    ngx_http_apigw_auth_source_t      *source;
    ngx_http_apigw_auth_cache_entry_t  entry;

    source = &lookup->store->source;

    ngx_memzero(&entry, sizeof(ngx_http_apigw_auth_cache_entry_t));

    switch (lookup->state) {

    case NGX_HTTP_APIGW_AUTH_LOOKUP_FOUND:
        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_KEY;
        entry.data = lookup->record;
        life = source->ttl + source->stale;
        break;

    case NGX_HTTP_APIGW_AUTH_LOOKUP_NONE:
        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE;
        life = source->negative_ttl;
        break;

    case NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTY:
        ngx_http_apigw_auth_cache_drop(lookup->zone, &lookup->key);
        return;

    default: /* NGX_HTTP_APIGW_AUTH_LOOKUP_FAILED */
        return;
    }

    entry.verified = ngx_current_msec;
    entry.until = ngx_http_apigw_auth_cache_until(life, -1, 0);
    entry.dates.exp = -1;
    entry.dates.nbf = -1;
    entry.dates.iat = -1;

    if (ngx_http_apigw_auth_cache_put(lookup->zone, &lookup->key, &entry)
        != NGX_OK)
    {
        ngx_http_apigw_auth_cache_drop(lookup->zone, &lookup->key);
    }
}


static void
ngx_http_apigw_auth_lookup_free(ngx_http_apigw_auth_lookup_t *lookup)
{
    ngx_uint_t  i;

    for (i = 0; i < lookup->nasks; i++) {
        ngx_http_apigw_redis_cancel(&lookup->asks[i].cmd);
    }

    apigw_heap_free(&lookup->heap);
    ngx_free(lookup);
}


void
ngx_http_apigw_auth_lookups_stop(ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                     i;
    ngx_http_apigw_auth_store_t  **stores;

    stores = amcf->stores.elts;

    for (i = 0; i < amcf->stores.nelts; i++) {
        ngx_http_apigw_auth_lookups_drop(stores[i]);
    }
}


void
ngx_http_apigw_auth_lookups_drop(ngx_http_apigw_auth_store_t *store)
{
    ngx_uint_t    i;
    ngx_queue_t  *q, *bucket;

    for (i = 0;
         store->source.asking && i < NGX_HTTP_APIGW_AUTH_LOOKUP_BUCKETS;
         i++)
    {
        bucket = &store->source.lookups[i];

        while (!ngx_queue_empty(bucket)) {
            q = ngx_queue_head(bucket);
            ngx_queue_remove(q);

            ngx_http_apigw_auth_lookup_free(
                      ngx_queue_data(q, ngx_http_apigw_auth_lookup_t, queue));
        }
    }

    store->source.asking = 0;
}
