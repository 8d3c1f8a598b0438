
/* The command of an ask: keys and arguments of the script. */


#include "ngx_http_apigw_ratelimit_ask.h"


#define NGX_HTTP_APIGW_RATELIMIT_FIELDS    6      /* arguments per policy */

/* a shape: kind and window, such as r, q3600, qmonth, k60.6 */
#define NGX_HTTP_APIGW_RATELIMIT_SHAPE_LEN                                    \
    (sizeof("k.60") - 1 + NGX_INT64_LEN)

/* prefix and name aside: ":1:{", "}:", ":", shape, ":" and two tags */
#define NGX_HTTP_APIGW_RATELIMIT_KEY_MORE                                     \
    (sizeof(":1:{}:::") + NGX_HTTP_APIGW_RATELIMIT_SHAPE_LEN                  \
     + 2 * NGX_HTTP_APIGW_REDIS_TAG_LEN)

#define NGX_HTTP_APIGW_RATELIMIT_MONTHS_LEN  (4 * (NGX_INT64_LEN + 1))


/* What makes two asks the same. */

typedef struct {
    uint64_t                            policy;
    apigw_siphash_t                     key;
    apigw_siphash_t                     group;
    uint64_t                            kind;
    uint64_t                            most;
    uint64_t                            period;
    uint64_t                            parts;
    uint64_t                            cost;
} ngx_http_apigw_ratelimit_same_t;


static ngx_int_t ngx_http_apigw_ratelimit_ask_key(
    ngx_http_apigw_ratelimit_ask_t *ask, ngx_http_apigw_ratelimit_item_t *item,
    ngx_str_t *key);
static u_char *ngx_http_apigw_ratelimit_ask_shape(u_char *p,
    apigw_take_limit_t *limit);
static ngx_int_t ngx_http_apigw_ratelimit_ask_policy(ngx_pool_t *pool,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t back, ngx_str_t *argv);
static ngx_int_t ngx_http_apigw_ratelimit_ask_kind(ngx_pool_t *pool,
    apigw_take_limit_t *limit, ngx_str_t *arg);
static ngx_int_t ngx_http_apigw_ratelimit_ask_period(ngx_pool_t *pool,
    apigw_take_t *take, ngx_str_t *arg);
static uint64_t ngx_http_apigw_ratelimit_period(apigw_take_limit_t *limit);


apigw_siphash_t
ngx_http_apigw_ratelimit_ask_digest(ngx_http_apigw_ratelimit_item_t **items,
    ngx_uint_t n)
{
    ngx_uint_t                       i;
    apigw_take_limit_t              *limit;
    ngx_http_apigw_ratelimit_same_t  same[NGX_HTTP_APIGW_RATELIMIT_MAX];

    for (i = 0; i < n; i++) {
        same[i].policy = items[i]->policy->index;
        same[i].key = items[i]->take.key;
        same[i].group = items[i]->group;

        limit = &items[i]->take.limit;

        same[i].kind = limit->windowed ? 1 + limit->window.kind : 0;
        same[i].most = apigw_take_most(limit);
        same[i].period = ngx_http_apigw_ratelimit_period(limit);
        same[i].parts = limit->windowed ? apigw_window_older(&limit->window)
                                        : 0;
        same[i].cost = items[i]->take.cost;
    }

    return apigw_siphash(&items[0]->policy->hash, same, n * sizeof(same[0]));
}


/* Everything but the number of requests, which is known when it is sent. */

ngx_http_apigw_ratelimit_ask_t *
ngx_http_apigw_ratelimit_create_ask(ngx_http_apigw_ratelimit_store_t *store,
    const char *operation, ngx_http_apigw_ratelimit_item_t **items,
    ngx_uint_t n)
{
    ngx_str_t                       *argv;
    ngx_uint_t                       i, back;
    ngx_pool_t                      *pool;
    ngx_http_apigw_ratelimit_ask_t  *ask;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    ask = ngx_pcalloc(pool, sizeof(ngx_http_apigw_ratelimit_ask_t));
    if (ask == NULL) {
        goto failed;
    }

    ask->pool = pool;
    ask->store = store;
    ask->npolicies = n;
    ngx_queue_init(&ask->waits);

    ask->cmd.script = store->script;
    ask->cmd.nkeys = n;
    ask->cmd.argc = n + 2 + n * NGX_HTTP_APIGW_RATELIMIT_FIELDS;
    ask->cmd.data = ask;

    argv = ngx_pcalloc(pool, (ask->cmd.argc
                              + NGX_HTTP_APIGW_RATELIMIT_LEASE_FIELDS)
                             * sizeof(ngx_str_t));
    if (argv == NULL) {
        goto failed;
    }

    ask->cmd.argv = argv;

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_ask_key(ask, items[i], argv++)
            != NGX_OK)
        {
            goto failed;
        }
    }

    ask->cmd.slot_key = ask->cmd.argv[0];

    argv->data = (u_char *) operation;
    argv->len = ngx_strlen(operation);
    back = argv->data[0] == 'a';
    argv++;

    ask->count = argv++;

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_ask_policy(pool, items[i], back, argv)
            != NGX_OK)
        {
            goto failed;
        }

        argv += NGX_HTTP_APIGW_RATELIMIT_FIELDS;
    }

    return ask;

failed:

    ngx_destroy_pool(pool);

    return NULL;
}


/* <prefix>:1:{<tag of group>}:<policy>:<shape>[:<tag of key>] */

static ngx_int_t
ngx_http_apigw_ratelimit_ask_key(ngx_http_apigw_ratelimit_ask_t *ask,
    ngx_http_apigw_ratelimit_item_t *item, ngx_str_t *key)
{
    u_char                   *p;
    ngx_str_t                *name;
    const ngx_str_t          *prefix;
    ngx_http_apigw_redis_t   *redis;

    redis = ask->store->redis;
    name = &item->policy->name;
    prefix = ngx_http_apigw_redis_prefix(redis);

    p = ngx_pnalloc(ask->pool, prefix->len + name->len
                               + NGX_HTTP_APIGW_RATELIMIT_KEY_MORE);
    if (p == NULL) {
        return NGX_ERROR;
    }

    key->data = p;

    p = ngx_cpymem(p, prefix->data, prefix->len);
    p = ngx_cpymem(p, ":1:{", sizeof(":1:{") - 1);

    if (ngx_http_apigw_redis_tag(redis, item->group_text.data,
                                 item->group_text.len, p)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p += NGX_HTTP_APIGW_REDIS_TAG_LEN;

    *p++ = '}';
    *p++ = ':';
    p = ngx_cpymem(p, name->data, name->len);
    *p++ = ':';
    p = ngx_http_apigw_ratelimit_ask_shape(p, &item->take.limit);

    if (item->group.word[0] != item->take.key.word[0]
        || item->group.word[1] != item->take.key.word[1])
    {
        *p++ = ':';

        if (ngx_http_apigw_redis_tag(redis, item->key_text.data,
                                     item->key_text.len, p)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        p += NGX_HTTP_APIGW_REDIS_TAG_LEN;
    }

    key->len = p - key->data;

    return NGX_OK;
}


/* States of other shapes are other states. */

static u_char *
ngx_http_apigw_ratelimit_ask_shape(u_char *p, apigw_take_limit_t *limit)
{
    apigw_window_t  *window;

    if (!limit->windowed) {
        *p++ = 'r';
        return p;
    }

    window = &limit->window;

    if (window->kind == APIGW_WINDOW_MONTH) {
        return ngx_cpymem(p, "qmonth", sizeof("qmonth") - 1);
    }

    *p++ = "q?fsk"[window->kind];
    p = apigw_ratelimit_write_number(p, window->length / APIGW_GCRA_SECOND);

    if (window->kind == APIGW_WINDOW_STRICT) {
        *p++ = '.';
        p = apigw_ratelimit_write_number(p, window->parts);
    }

    return p;
}


static ngx_int_t
ngx_http_apigw_ratelimit_ask_policy(ngx_pool_t *pool,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t back, ngx_str_t *argv)
{
    apigw_take_t  *take;

    take = &item->take;

    if (back && item->debit) {
        ngx_str_set(&argv[1], "+");

    } else if (back) {
        ngx_str_set(&argv[1], "-");

    } else if (take->shadow) {
        ngx_str_set(&argv[1], "1");

    } else {
        ngx_str_set(&argv[1], "0");
    }

    if (ngx_http_apigw_ratelimit_ask_kind(pool, &take->limit, &argv[0])
        != NGX_OK
        || ngx_http_apigw_ratelimit_ask_number(pool, &argv[2], take->cost)
           != NGX_OK
        || ngx_http_apigw_ratelimit_ask_number(pool, &argv[3],
                                               apigw_take_most(&take->limit))
           != NGX_OK
        || ngx_http_apigw_ratelimit_ask_period(pool, take, &argv[4]) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (back) {
        return ngx_http_apigw_ratelimit_ask_number(pool, &argv[5],
                                                   take->until);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_ask_kind(ngx_pool_t *pool, apigw_take_limit_t *limit,
    ngx_str_t *arg)
{
    static u_char  kinds[] = "rqmfs";

    if (limit->windowed && limit->window.kind == APIGW_WINDOW_STRICT) {
        arg->data = ngx_pnalloc(pool, 1 + NGX_INT64_LEN);
        if (arg->data == NULL) {
            return NGX_ERROR;
        }

        arg->data[0] = 'k';
        arg->len = apigw_ratelimit_write_number(arg->data + 1,
                                                limit->window.parts)
                   - arg->data;
        return NGX_OK;
    }

    arg->data = &kinds[limit->windowed ? 1 + limit->window.kind : 0];
    arg->len = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_ratelimit_ask_period(ngx_pool_t *pool, apigw_take_t *take,
    ngx_str_t *arg)
{
    u_char      *p;
    uint64_t     starts[4];
    ngx_uint_t   i;

    if (!take->limit.windowed
        || take->limit.window.kind != APIGW_WINDOW_MONTH)
    {
        return ngx_http_apigw_ratelimit_ask_number(pool, arg,
                              ngx_http_apigw_ratelimit_period(&take->limit));
    }

    /* Redis has no calendar, nginx perhaps another time: it picks */

    p = ngx_pnalloc(pool, NGX_HTTP_APIGW_RATELIMIT_MONTHS_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    arg->data = p;

    apigw_window_months(take->wall, starts);

    for (i = 0; i < 4; i++) {
        if (i) {
            *p++ = ':';
        }

        p = apigw_ratelimit_write_number(p, starts[i]);
    }

    arg->len = p - arg->data;

    return NGX_OK;
}


static uint64_t
ngx_http_apigw_ratelimit_period(apigw_take_limit_t *limit)
{
    return limit->windowed ? apigw_window_bucket(&limit->window)
                           : limit->gcra.period;
}


ngx_int_t
ngx_http_apigw_ratelimit_ask_number(ngx_pool_t *pool, ngx_str_t *arg,
    uint64_t n)
{
    arg->data = ngx_pnalloc(pool, NGX_INT64_LEN);
    if (arg->data == NULL) {
        return NGX_ERROR;
    }

    arg->len = apigw_ratelimit_write_number(arg->data, n) - arg->data;

    return NGX_OK;
}
