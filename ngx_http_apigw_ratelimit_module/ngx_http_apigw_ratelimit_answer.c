
/* Replies of the script: read as if by an enemy, then told to who asked. */


#include "ngx_http_apigw_ratelimit_ask.h"


/* no clock of a server that counts in doubles tells more */
#define NGX_HTTP_APIGW_RATELIMIT_LAST  0x1fffffffffffff


static ngx_int_t ngx_http_apigw_ratelimit_answer_item(
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t position, int64_t *head,
    int64_t *values);
static int64_t ngx_http_apigw_ratelimit_span(apigw_take_limit_t *limit);


ngx_uint_t
ngx_http_apigw_ratelimit_read_reply(ngx_http_apigw_ratelimit_ask_t *ask,
    const ngx_http_apigw_redis_result_t *result, int64_t *values)
{
    ngx_uint_t  n;

    if (result->outcome != NGX_HTTP_APIGW_REDIS_OK) {
        return 0;
    }

    n = NGX_HTTP_APIGW_RATELIMIT_HEAD
        + ask->npolicies * NGX_HTTP_APIGW_RATELIMIT_ANSWER
        + (ask->lease != NULL);

    if (apigw_resp_integers(result->reply, values, n) != APIGW_OK
        || values[1] < 0 || values[1] > (int64_t) ask->n
        || values[2] < 0 || values[2] > NGX_HTTP_APIGW_RATELIMIT_LAST
        || (ask->lease
            && ngx_http_apigw_ratelimit_lease_granted(ask, values) != NGX_OK))
    {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "apigw_ratelimit: store \"%V\" sent a reply that is no "
                      "verdict", &ask->store->name);
        return 0;
    }

    return 1;
}


void
ngx_http_apigw_ratelimit_answer(ngx_http_apigw_ratelimit_wait_t *wait,
    int64_t *values)
{
    int64_t                           passed;
    ngx_uint_t                        i, denied;
    ngx_http_apigw_ratelimit_item_t  *item;

    passed = values[1];
    denied = 0;

    for (i = 0; i < wait->nitems; i++) {
        item = &wait->ctx->items[wait->items[i]];

        if (ngx_http_apigw_ratelimit_answer_item(item, wait->position, values,
                values + NGX_HTTP_APIGW_RATELIMIT_HEAD
                + i * NGX_HTTP_APIGW_RATELIMIT_ANSWER)
            != NGX_OK)
        {
            break;
        }

        if (item->take.denied && !item->take.shadow) {
            denied = 1;
        }
    }

    if (i < wait->nitems || denied != (wait->position >= (ngx_uint_t) passed)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "apigw_ratelimit: a store sent a verdict that "
                      "contradicts itself");
        return;
    }

    for (i = 0; i < wait->nitems; i++) {
        item = &wait->ctx->items[wait->items[i]];
        item->state = NGX_HTTP_APIGW_RATELIMIT_DECIDED;
        item->source = NGX_HTTP_APIGW_RATELIMIT_FROM_REDIS;
        item->charged = !denied && !item->take.denied && item->take.cost;
    }
}


static ngx_int_t
ngx_http_apigw_ratelimit_answer_item(ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t position, int64_t *head, int64_t *values)
{
    int64_t        span, later, passed, remaining, full, retry, fits;
    apigw_take_t  *take;

    take = &item->take;
    passed = head[1];

    remaining = values[0];
    full = values[1];
    retry = values[2];
    fits = values[3];

    span = ngx_http_apigw_ratelimit_span(&take->limit);

    if (remaining < 0 || remaining > (int64_t) apigw_take_most(&take->limit)
        || full < 0 || full > 3 * span
        || retry < 0 || retry > 3 * span
        || fits < 0)
    {
        return NGX_ERROR;
    }

    take->report.remaining = remaining;
    take->report.full = full;
    take->report.retry = retry;

    if ((int64_t) position < passed) {
        take->denied = fits <= (int64_t) position;

    } else {
        take->denied = retry != 0;
    }

    /* just before this request's charge, those of later ones not counted */

    later = ngx_min(passed, fits) - (int64_t) position;

    if (!take->limit.windowed && !take->denied && later > 0) {
        full -= later * (int64_t) take->cost
                * (int64_t) take->limit.gcra.period;
        full = ngx_max(full, 0);
    }

    take->until = head[2] + full;

    return NGX_OK;
}


/* No wait is longer than three of them. */

static int64_t
ngx_http_apigw_ratelimit_span(apigw_take_limit_t *limit)
{
    uint64_t         bucket;
    apigw_window_t  *window;

    if (!limit->windowed) {
        return limit->gcra.burst * limit->gcra.period;
    }

    window = &limit->window;

    if (window->kind == APIGW_WINDOW_MONTH) {
        return 31 * 86400 * APIGW_GCRA_SECOND;
    }

    bucket = apigw_window_bucket(window);

    return window->kind == APIGW_WINDOW_STRICT ? bucket * window->parts
                                               : bucket;
}
