
/*
 * Policies with leases: units that this node has debited in Redis ahead of
 * need are spent here by all its workers.
 *
 *     enough in the pool      spent, by one CAS
 *     and few are left        more are asked for, nobody waits for them
 *     too few                 the request asks Redis for its own cost and for
 *                             a lease; who comes later in this worker joins
 *     a lease is under way    in another worker: the request asks for its cost
 *                             alone
 *
 * Where Redis can't answer, what is in the pool is spent first.
 */


#include "ngx_http_apigw_ratelimit_ask.h"


#define NGX_HTTP_APIGW_RATELIMIT_NODE  0x001fffffffffffffull  /* below 2^53 */


static uint64_t ngx_http_apigw_ratelimit_node(
    ngx_http_apigw_ratelimit_zone_t *zone);


void
ngx_http_apigw_ratelimit_take_leases(ngx_http_apigw_ratelimit_ctx_t *ctx)
{
    ngx_uint_t                        i;
    ngx_http_apigw_ratelimit_item_t  *item;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        /* a request that costs nothing changes nothing */

        if (item->leased
            && item->take.cost
            && item->state == NGX_HTTP_APIGW_RATELIMIT_OPEN
            && ngx_http_apigw_ratelimit_take_lease(item) != NGX_OK)
        {
            item->granting = 1;
        }
    }
}


ngx_int_t
ngx_http_apigw_ratelimit_take_lease(ngx_http_apigw_ratelimit_item_t *item)
{
    bool  low;

    if (!apigw_lease_spend(&item->take,
                           ngx_http_apigw_ratelimit_lease_timeout(item), &low))
    {
        return NGX_DECLINED;
    }

    item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;
    item->source = NGX_HTTP_APIGW_RATELIMIT_FROM_LEASE;
    item->charged = 1;

    ngx_http_apigw_ratelimit_lease_count(item, -item->take.cost);

    if (low) {
        ngx_http_apigw_ratelimit_refill(item);
    }

    return NGX_OK;
}


void
ngx_http_apigw_ratelimit_change(ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t debit, uint64_t ticks)
{
    apigw_take_t  *take;

    take = &item->take;

    if (!item->leased) {
        ngx_http_apigw_ratelimit_adjust(item, debit);
        return;
    }

    if (debit) {
        if (ngx_http_apigw_ratelimit_take_lease(item) != NGX_OK) {
            ngx_http_apigw_ratelimit_adjust(item, debit);
        }

        return;
    }

    if (apigw_lease_put(take, ngx_http_apigw_ratelimit_zone_time(item, ticks)))
    {
        ngx_http_apigw_ratelimit_lease_count(item, take->cost);
        return;
    }

    ngx_http_apigw_ratelimit_adjust(item, debit);
}


ngx_int_t
ngx_http_apigw_ratelimit_lease_copy(ngx_pool_t *pool,
    ngx_http_apigw_ratelimit_item_t *to,
    const ngx_http_apigw_ratelimit_item_t *from)
{
    ngx_str_t  key, group;

    key = from->key_text;
    group = from->group_text;

    *to = *from;

    to->key_text.data = ngx_pstrdup(pool, &key);
    to->group_text.data = ngx_pstrdup(pool, &group);

    return to->key_text.data && to->group_text.data ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_apigw_ratelimit_lease_begin(ngx_http_apigw_ratelimit_ask_t *ask)
{
    uint64_t                            most;
    ngx_str_t                          *argv;
    apigw_lease_ask_t                  *lease;
    ngx_http_apigw_ratelimit_item_t    *item;

    item = &ask->lease->item;
    lease = &ask->lease->ask;

    ngx_http_apigw_ratelimit_item_time(item, ngx_http_apigw_ratelimit_ticks());

    if (!apigw_lease_begin(&item->take,
                           ngx_http_apigw_ratelimit_lease_timeout(item), lease))
    {
        ask->lease = NULL;
        ngx_str_set(&ask->count[-1], "take");
        return NGX_DECLINED;
    }

    ngx_http_apigw_ratelimit_lease_count(item, -lease->dead);

    most = ngx_min(item->policy->lease, APIGW_LEASE_UNITS - lease->told);
    argv = ngx_http_apigw_ratelimit_lease_node(ask, item, lease->seq);

    if (argv == NULL
        || ngx_http_apigw_ratelimit_ask_number(ask->pool, &argv[0],
                                               lease->told)
           != NGX_OK
        || ngx_http_apigw_ratelimit_ask_number(ask->pool, &argv[1],
                                               item->outstanding)
           != NGX_OK
        || ngx_http_apigw_ratelimit_ask_number(ask->pool, &argv[2], most)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ask->cmd.argc += 3;

    return NGX_OK;
}


ngx_str_t *
ngx_http_apigw_ratelimit_lease_node(ngx_http_apigw_ratelimit_ask_t *ask,
    ngx_http_apigw_ratelimit_item_t *item, uint64_t seq)
{
    ngx_str_t  *argv;

    argv = ask->cmd.argv + ask->cmd.argc;

    if (ngx_http_apigw_ratelimit_ask_number(ask->pool, &argv[0],
                         ngx_http_apigw_ratelimit_node(item->policy->zone))
        != NGX_OK
        || ngx_http_apigw_ratelimit_ask_number(ask->pool, &argv[1], seq)
           != NGX_OK)
    {
        return NULL;
    }

    ask->cmd.argc += 2;

    return argv + 2;
}


/* A node is a zone: it keeps its name as long as it keeps its leases. */

static uint64_t
ngx_http_apigw_ratelimit_node(ngx_http_apigw_ratelimit_zone_t *zone)
{
    apigw_siphash_t  secret;

    secret = apigw_siphash_key(zone->slots.shared->secret);

    return apigw_siphash(&secret, "node", sizeof("node") - 1).word[0]
           & NGX_HTTP_APIGW_RATELIMIT_NODE;
}


ngx_int_t
ngx_http_apigw_ratelimit_lease_granted(ngx_http_apigw_ratelimit_ask_t *ask,
    int64_t *values)
{
    int64_t                           *v, most, units, back, used;
    apigw_take_t                      *take;
    apigw_lease_grant_t                grant;
    ngx_http_apigw_ratelimit_lease_t  *lease;

    lease = ask->lease;
    take = &lease->item.take;
    most = apigw_take_most(&take->limit);

    v = values + NGX_HTTP_APIGW_RATELIMIT_HEAD;
    units = v[4];
    used = ngx_min(values[1], v[3]);

    if (units < 0 || units > (int64_t) APIGW_LEASE_UNITS || units > most
        || v[0] < 0 || v[0] > most - units
        || v[1] < 0 || v[1] > (int64_t) APIGW_SLOTS_VALUE
        || used < 0 || used > most / (int64_t) take->cost)
    {
        return NGX_ERROR;
    }

    grant.units = units;
    grant.remaining = v[0];

    if (take->limit.windowed) {
        grant.expiry = lease->ask.seq + v[1];
        grant.until = values[2] + v[1];

    } else {

        /* when it would be full without this command, and for those who
         * asked, without the lease */

        back = units * (int64_t) take->limit.gcra.period;
        v[1] = ngx_max(v[1] - back, 0);

        back = used * (int64_t) (take->cost * take->limit.gcra.period);
        grant.until = values[2] + ngx_max(v[1] - back, 0);
        grant.expiry = lease->ask.seq + APIGW_LEASE_LIFE;
    }

    v[0] += units;

    ngx_http_apigw_ratelimit_item_time(&lease->item,
                                       ngx_http_apigw_ratelimit_ticks());

    if (apigw_lease_grant(take, &lease->ask, &grant) && units) {
        ngx_http_apigw_ratelimit_lease_count(&lease->item, units);
        ngx_http_apigw_ratelimit_lease_watch(&lease->item);
    }

    return NGX_OK;
}


uint64_t
ngx_http_apigw_ratelimit_lease_timeout(ngx_http_apigw_ratelimit_item_t *item)
{
    return ngx_http_apigw_redis_reply_timeout(item->policy->store->redis)
           * (APIGW_GCRA_SECOND / 1000);
}
