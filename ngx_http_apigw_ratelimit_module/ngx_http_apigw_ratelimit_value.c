
/*
 * What a policy means to one request: its key, its limit, its cost. Limits
 * from variables are parsed once per text and worker.
 */


#include "ngx_http_apigw_ratelimit.h"


#define NGX_HTTP_APIGW_RATELIMIT_CACHED    64     /* limits per policy */
#define NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX  32     /* longer ones are bad */


/* A parsed limit; valid if `limit` came from exactly these texts. */

typedef struct {
    u_char           text[NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX];
    u_char           burst[NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX];
    uint8_t          text_len;
    uint8_t          burst_len;
    uint8_t          valid;
    apigw_limit_t    limit;
} ngx_http_apigw_ratelimit_cached_t;

struct ngx_http_apigw_ratelimit_cache_s {
    ngx_http_apigw_ratelimit_cached_t   limits[NGX_HTTP_APIGW_RATELIMIT_CACHED];
    unsigned                            told:1;   /* a bad one was logged */
};


static ngx_int_t ngx_http_apigw_ratelimit_item_limit(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, apigw_limit_t *limit);
static void ngx_http_apigw_ratelimit_limit_parse(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text,
    ngx_str_t *burst, apigw_limit_t *limit);
static ngx_int_t ngx_http_apigw_ratelimit_item_cost(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use, uint64_t *cost);
static ngx_int_t ngx_http_apigw_ratelimit_item_group(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_item_t *item, ngx_str_t *key);
static void ngx_http_apigw_ratelimit_bad_value(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, const char *what,
    ngx_str_t *text, const char *mend);


/* Configuration */

ngx_uint_t
ngx_http_apigw_ratelimit_has_variables(ngx_str_t *text)
{
    return ngx_strlchr(text->data, text->data + text->len, '$') != NULL;
}


ngx_int_t
ngx_http_apigw_ratelimit_value_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_apigw_ratelimit_value_t *value)
{
    size_t                            i;
    u_char                            ch;
    ngx_str_t                         name;
    ngx_http_compile_complex_value_t  ccv;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = &value->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_ERROR;
    }

    value->index = NGX_ERROR;

    /* a lone $name, but not a capture: $1 has no index */

    if (text->len < 2 || text->data[0] != '$'
        || (text->data[1] >= '0' && text->data[1] <= '9'))
    {
        return NGX_OK;
    }

    for (i = 1; i < text->len; i++) {
        ch = text->data[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
              || (ch >= '0' && ch <= '9') || ch == '_'))
        {
            return NGX_OK;
        }
    }

    name.data = text->data + 1;
    name.len = text->len - 1;

    value->index = ngx_http_get_variable_index(cf, &name);

    return value->index == NGX_ERROR ? NGX_ERROR : NGX_OK;
}


ngx_http_apigw_ratelimit_cache_t *
ngx_http_apigw_ratelimit_cache_create(ngx_pool_t *pool)
{
    return ngx_pcalloc(pool, sizeof(ngx_http_apigw_ratelimit_cache_t));
}


/* Requests */

ngx_int_t
ngx_http_apigw_ratelimit_item_init(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use, ngx_http_apigw_ratelimit_item_t *item)
{
    ngx_int_t                           rc;
    ngx_str_t                           key;
    ngx_http_apigw_ratelimit_policy_t  *policy;

    policy = use->policy;

    if (ngx_http_apigw_ratelimit_value_get(r, &policy->key, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    if (key.len == 0) {
        return NGX_DECLINED;
    }

    rc = ngx_http_apigw_ratelimit_item_limit(r, policy, &item->limit);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_apigw_ratelimit_item_cost(r, use, &item->take.cost)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    item->policy = policy;
    item->state = NGX_HTTP_APIGW_RATELIMIT_OPEN;
    item->source = NGX_HTTP_APIGW_RATELIMIT_FROM_LOCAL;
    item->degraded = 0;
    item->charged = 0;
    item->admitted = 0;
    item->copied = 0;
    item->debit = 0;
    item->use = use;

    item->take.slots = &policy->zone->slots;
    item->take.key = apigw_siphash(&policy->hash, key.data, key.len);
    item->take.limit = apigw_take_limit(&item->limit);
    ngx_http_apigw_ratelimit_lease_init(item);
    item->take.shadow = policy->shadow;
    item->take.denied = false;
    item->take.until = 0;
    ngx_memzero(&item->take.report, sizeof(apigw_gcra_report_t));

    return policy->store ? ngx_http_apigw_ratelimit_item_group(r, item, &key)
                         : NGX_OK;
}


/*
 * A lone variable's bytes stay where they are; others are put together. An
 * empty text has an address too: memory functions want one.
 */

ngx_int_t
ngx_http_apigw_ratelimit_value_get(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_value_t *value, ngx_str_t *text)
{
    ngx_http_variable_value_t  *v;

    if (value->index == NGX_ERROR) {
        return ngx_http_complex_value(r, &value->value, text);
    }

    v = ngx_http_get_flushed_variable(r, value->index);

    if (v == NULL || v->not_found || v->len == 0) {
        ngx_str_set(text, "");
        return NGX_OK;
    }

    text->data = v->data;
    text->len = v->len;

    return NGX_OK;
}


/* NGX_DECLINED: unlimited */

static ngx_int_t
ngx_http_apigw_ratelimit_item_limit(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, apigw_limit_t *limit)
{
    uint32_t                            hash;
    ngx_str_t                           text, burst;
    ngx_http_apigw_ratelimit_cached_t  *cached;

    if (policy->variable == NULL && policy->burst == NULL) {
        *limit = policy->limit;
        return NGX_OK;
    }

    text = policy->limit_text;
    burst = policy->burst_text;

    if ((policy->variable && ngx_http_apigw_ratelimit_value_get(r,
                                                       policy->variable, &text)
                             != NGX_OK)
        || (policy->burst && ngx_http_apigw_ratelimit_value_get(r,
                                                         policy->burst, &burst)
                             != NGX_OK))
    {
        return NGX_ERROR;
    }

    if (text.len > NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX
        || burst.len > NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX)
    {
        ngx_http_apigw_ratelimit_limit_parse(r, policy, &text, &burst, limit);
        return limit->kind == APIGW_LIMIT_UNLIMITED ? NGX_DECLINED : NGX_OK;
    }

    hash = ngx_crc32_short(text.data, text.len)
           ^ ngx_crc32_short(burst.data, burst.len) << 1;

    cached = &policy->cache->limits[hash % NGX_HTTP_APIGW_RATELIMIT_CACHED];

    if (!cached->valid
        || cached->text_len != text.len || cached->burst_len != burst.len
        || ngx_memcmp(cached->text, text.data, text.len) != 0
        || ngx_memcmp(cached->burst, burst.data, burst.len) != 0)
    {
        ngx_http_apigw_ratelimit_limit_parse(r, policy, &text, &burst,
                                             &cached->limit);

        ngx_memcpy(cached->text, text.data, text.len);
        ngx_memcpy(cached->burst, burst.data, burst.len);
        cached->text_len = text.len;
        cached->burst_len = burst.len;
        cached->valid = 1;
    }

    *limit = cached->limit;

    return limit->kind == APIGW_LIMIT_UNLIMITED ? NGX_DECLINED : NGX_OK;
}


/*
 * A bad limit makes way for the default, a bad burst for the rate's own; an
 * empty one does so without a word.
 */

static void
ngx_http_apigw_ratelimit_limit_parse(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, ngx_str_t *text,
    ngx_str_t *burst, apigw_limit_t *limit)
{
    apigw_error_t  error;

    *limit = policy->limit;

    if (policy->variable && text->len
        && apigw_limit_read(&policy->form, ngx_http_apigw_str(text), limit,
                            &error)
           != APIGW_OK)
    {
        ngx_http_apigw_ratelimit_bad_value(r, policy,
                                   ngx_http_apigw_ratelimit_limit_name(policy),
                                   text, error.word);
    }

    if (burst->len == 0) {
        return;
    }

    if (apigw_limit_burst(ngx_http_apigw_str(burst), limit, &error)
        == APIGW_OK)
    {
        return;
    }

    ngx_http_apigw_ratelimit_bad_value(r, policy, "burst", burst, error.word);

    if (policy->burst == NULL) {

        /* a constant that this rate can't have: it fits the default */

        *limit = policy->limit;
    }
}


static ngx_int_t
ngx_http_apigw_ratelimit_item_cost(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use, uint64_t *cost)
{
    ngx_str_t      text;
    apigw_error_t  error;

    *cost = use->fixed_cost;

    if (use->cost == NULL) {
        return NGX_OK;
    }

    *cost = 1;

    if (ngx_http_apigw_ratelimit_value_get(r, use->cost, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    if (text.len
        && apigw_limit_cost(ngx_http_apigw_str(&text), cost, &error)
           != APIGW_OK)
    {
        ngx_http_apigw_ratelimit_bad_value(r, use->policy, "cost", &text,
                                           error.word);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_ratelimit_cost_after(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_use_t *use, uint64_t *cost)
{
    ngx_str_t      text;
    apigw_error_t  error;

    *cost = use->fixed_cost_after;

    if (use->cost_after == NULL) {
        return NGX_OK;
    }

    if (ngx_http_apigw_ratelimit_value_get(r, use->cost_after, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (text.len
        && apigw_limit_cost(ngx_http_apigw_str(&text), cost, &error)
           != APIGW_OK)
    {
        ngx_http_apigw_ratelimit_bad_value(r, use->policy, "cost_after", &text,
                                           error.word);
    }

    return NGX_OK;
}


/* What Redis's keys are made of; a wait must not depend on variables. */

static ngx_int_t
ngx_http_apigw_ratelimit_item_group(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_item_t *item, ngx_str_t *key)
{
    ngx_http_apigw_ratelimit_policy_t  *policy;

    policy = item->policy;

    item->key_text = *key;
    item->group_text = *key;

    if (policy->group) {
        if (ngx_http_apigw_ratelimit_value_get(r, policy->group,
                                               &item->group_text)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* without a group, the key is its own */

        if (item->group_text.len == 0) {
            item->group_text = *key;
        }
    }

    item->group = apigw_siphash(&policy->hash, item->group_text.data,
                                item->group_text.len);

    return NGX_OK;
}


/*
 * Logged once per policy and worker, as a client may be behind it. The value
 * is a plan's limit or a cost, not a key; control characters are the log's
 * reader's to fear, so only what can be a number's neighbour is shown.
 */

static void
ngx_http_apigw_ratelimit_bad_value(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_policy_t *policy, const char *what,
    ngx_str_t *text, const char *mend)
{
    size_t  i, len;
    u_char  shown[NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX];

    ngx_http_apigw_ratelimit_policy_count(policy,
                                         NGX_HTTP_APIGW_RATELIMIT_N_BAD_VALUE);

    if (policy->cache->told) {
        return;
    }

    policy->cache->told = 1;

    len = ngx_min(text->len, NGX_HTTP_APIGW_RATELIMIT_TEXT_MAX);

    for (i = 0; i < len; i++) {
        shown[i] = text->data[i] >= 0x20 && text->data[i] < 0x7f
                   ? text->data[i] : '?';
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "apigw_ratelimit: bad %s \"%*s\" of policy \"%V\"; %s; "
                  "this is logged once", what, len, shown, &policy->name,
                  mend);
}
