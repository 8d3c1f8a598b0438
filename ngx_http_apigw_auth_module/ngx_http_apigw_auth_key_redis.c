
/*
 * What Redis says of a key, or has said lately. A record is judged anew each
 * time that it is used: it may be out of date by then, or revoked.
 *
 *     known, and not for longer than its time      that is it
 *     on its way                                   the request waits
 *     else                                         Redis is asked
 *     Redis fails                                  503, or within "stale" the
 *                                                  record that was known
 */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_LOOKUP_RETRY_MAX  60 /* seconds */


/* One key that is looked up, and for whom. */

typedef struct {
    ngx_http_apigw_auth_ctx_t       *ctx;
    ngx_http_apigw_auth_result_t    *result;
    ngx_http_apigw_auth_store_t     *store;
    ngx_http_apigw_auth_zone_t      *zone;
    ngx_http_apigw_auth_cache_key_t  cache_key;
    apigw_arena_t                    arena;
    apigw_key_t                     *key;
    apigw_error_t                   *err;
} ngx_http_apigw_auth_key_find_t;


static apigw_rc_t ngx_http_apigw_auth_key_redis_recall(
    ngx_http_apigw_auth_key_find_t *find, ngx_uint_t failing);
static apigw_rc_t ngx_http_apigw_auth_key_redis_ask(
    ngx_http_apigw_auth_key_find_t *find,
    ngx_http_apigw_auth_lookup_t **lookup);
static apigw_rc_t ngx_http_apigw_auth_key_redis_outcome(
    ngx_http_apigw_auth_key_find_t *find,
    ngx_http_apigw_auth_lookup_t *lookup);
static apigw_rc_t ngx_http_apigw_auth_key_redis_failing(
    ngx_http_apigw_auth_key_find_t *find);
static apigw_rc_t ngx_http_apigw_auth_key_redis_unavailable(
    ngx_http_apigw_auth_key_find_t *find);


apigw_rc_t
ngx_http_apigw_auth_key_redis_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t *store, apigw_key_t *key, apigw_error_t *err)
{
    apigw_rc_t                        rc;
    ngx_http_apigw_auth_lookup_t     *lookup;
    ngx_http_apigw_auth_key_find_t    find;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    find.ctx = ctx;
    find.result = result;
    find.store = store;
    find.zone = &amcf->zone;
    find.key = key;
    find.err = err;

    ngx_http_apigw_arena_init(&find.arena, r->pool);

    if (ngx_http_apigw_auth_cache_key(find.zone, store->source.fingerprint,
                                      ctx->key, &find.cache_key)
        != NGX_OK)
    {
        return APIGW_ENOMEM;
    }

    /* who was resumed by a look-up finds its outcome, kept or not */

    lookup = ngx_http_apigw_auth_lookup_find(store, &find.cache_key);

    if (lookup == NULL) {
        rc = ngx_http_apigw_auth_key_redis_recall(&find, 0);

        if (rc == APIGW_AGAIN) {
            rc = ngx_http_apigw_auth_key_redis_ask(&find, &lookup);
        }

        if (lookup == NULL) {
            return rc;
        }
    }

    return ngx_http_apigw_auth_key_redis_outcome(&find, lookup);
}


/* What is kept, old or not if Redis is `failing`. APIGW_AGAIN: nothing. */

static apigw_rc_t
ngx_http_apigw_auth_key_redis_recall(ngx_http_apigw_auth_key_find_t *find,
    ngx_uint_t failing)
{
    ngx_int_t                          rc;
    ngx_msec_t                         age;
    ngx_http_apigw_auth_cache_entry_t  entry;

    if (!failing) {
        find->ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_MISS;
    }

    rc = ngx_http_apigw_auth_cache_get(find->zone, &find->cache_key,
                                       &find->arena, &entry);
    if (rc == NGX_ERROR) {
        return APIGW_ENOMEM;
    }

    if (rc != NGX_OK) {
        return APIGW_AGAIN;
    }

    if (entry.kind == NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE) {
        find->ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_NEGATIVE;
        find->err->word = "key_unknown";
        return APIGW_EINPUT;
    }

    age = ngx_current_msec - entry.verified;

    if (!failing && age >= (ngx_msec_t) find->store->source.ttl * 1000) {
        return APIGW_AGAIN;
    }

    if (apigw_key_record_unpack(find->key, entry.data) != APIGW_OK) {
        return APIGW_AGAIN;
    }

    find->ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_L2;

    return APIGW_OK;
}


static apigw_rc_t
ngx_http_apigw_auth_key_redis_ask(ngx_http_apigw_auth_key_find_t *find,
    ngx_http_apigw_auth_lookup_t **lookup)
{
    switch (ngx_http_apigw_auth_lookup_start(find->store, find->zone,
                                             &find->cache_key, find->ctx->key,
                                             lookup))
    {
    case NGX_OK:
        return APIGW_OK;

    case NGX_DECLINED:
        return ngx_http_apigw_auth_key_redis_failing(find);

    case NGX_BUSY:

        /* whoever floods us does not thereby lengthen the life of keys */

        return ngx_http_apigw_auth_key_redis_unavailable(find);

    default:
        return APIGW_ENOMEM;
    }
}


static apigw_rc_t
ngx_http_apigw_auth_key_redis_outcome(ngx_http_apigw_auth_key_find_t *find,
    ngx_http_apigw_auth_lookup_t *lookup)
{
    apigw_str_t  record;

    switch (lookup->state) {

    case NGX_HTTP_APIGW_AUTH_LOOKUP_ASKING:

        if (lookup->waiters.n >= NGX_HTTP_APIGW_AUTH_WAITERS_MAX) {
            return ngx_http_apigw_auth_key_redis_unavailable(find);
        }

        find->ctx->waiters = &lookup->waiters;
        return APIGW_AGAIN;

    case NGX_HTTP_APIGW_AUTH_LOOKUP_FOUND:

        record.len = lookup->record.len;
        record.data = apigw_arena_dup(&find->arena, lookup->record.data,
                                      record.len);
        if (record.data == NULL) {
            return APIGW_ENOMEM;
        }

        return apigw_key_record_unpack(find->key, record);

    case NGX_HTTP_APIGW_AUTH_LOOKUP_NONE:

        find->err->word = "key_unknown";
        return APIGW_EINPUT;

    case NGX_HTTP_APIGW_AUTH_LOOKUP_FAILED:

        return ngx_http_apigw_auth_key_redis_failing(find);

    default: /* NGX_HTTP_APIGW_AUTH_LOOKUP_FAULTY */

        /* it was changed, if only wrongly: what was known counts no more */

        return ngx_http_apigw_auth_key_redis_unavailable(find);
    }
}


static apigw_rc_t
ngx_http_apigw_auth_key_redis_failing(ngx_http_apigw_auth_key_find_t *find)
{
    apigw_rc_t  rc;

    if (find->store->source.stale) {
        rc = ngx_http_apigw_auth_key_redis_recall(find, 1);

        if (rc != APIGW_AGAIN) {
            return rc;
        }
    }

    return ngx_http_apigw_auth_key_redis_unavailable(find);
}


static apigw_rc_t
ngx_http_apigw_auth_key_redis_unavailable(ngx_http_apigw_auth_key_find_t *find)
{
    ngx_msec_t  wait;

    wait = ngx_http_apigw_redis_retry_after(find->store->source.redis);
    wait = (wait + 999) / 1000;

    find->result->failure.retry = wait
                          ? ngx_min(wait, NGX_HTTP_APIGW_AUTH_LOOKUP_RETRY_MAX)
                          : 1;
    find->err->word = "key_store_unavailable";

    return APIGW_EUNSUPPORTED;
}
