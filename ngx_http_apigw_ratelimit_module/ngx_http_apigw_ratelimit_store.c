
/* What is counted of stores: commands, errors, times, open breakers. */


#include "ngx_http_apigw_ratelimit.h"


/* Buckets have upper bounds, but the last. */
#define NGX_HTTP_APIGW_RATELIMIT_BOUNDS  12

/* Errors: classes of replies, and what are none; over two rows. */
#define NGX_HTTP_APIGW_RATELIMIT_ERRORS  (2 * APIGW_COUNTERS_ROW)
#define NGX_HTTP_APIGW_RATELIMIT_DOWN    (NGX_HTTP_APIGW_RATELIMIT_ERRORS - 2)
#define NGX_HTTP_APIGW_RATELIMIT_LOST    (NGX_HTTP_APIGW_RATELIMIT_ERRORS - 1)


/* The first row of a store. */

typedef enum {
    NGX_HTTP_APIGW_RATELIMIT_N_COMMANDS = 0,
    NGX_HTTP_APIGW_RATELIMIT_N_BREAKERS,    /* open ones: goes down too */
    NGX_HTTP_APIGW_RATELIMIT_N_USEC,
    NGX_HTTP_APIGW_RATELIMIT_N_BUCKETS
} ngx_http_apigw_ratelimit_store_counter_e;


_Static_assert(NGX_HTTP_APIGW_RATELIMIT_N_BUCKETS
               + NGX_HTTP_APIGW_RATELIMIT_BOUNDS + 1 <= APIGW_COUNTERS_ROW,
               "a store's counters fit into their row");
_Static_assert(APIGW_RESP_CLASS_N <= NGX_HTTP_APIGW_RATELIMIT_DOWN,
               "classes of errors fit into their rows");


static void ngx_http_apigw_ratelimit_store_sent(void *data);
static void ngx_http_apigw_ratelimit_store_ended(void *data,
    const ngx_http_apigw_redis_result_t *result, uint64_t usec);
static void ngx_http_apigw_ratelimit_store_breaker(void *data,
    ngx_int_t change);
static void ngx_http_apigw_ratelimit_store_error(
    ngx_http_apigw_ratelimit_store_t *store, ngx_uint_t error);
static ngx_uint_t ngx_http_apigw_ratelimit_store_label(
    ngx_http_apigw_ratelimit_store_t *store, apigw_prometheus_label_t *label);
static uint64_t ngx_http_apigw_ratelimit_store_sum(
    ngx_http_apigw_ratelimit_store_t *store, ngx_uint_t row, ngx_uint_t i);
static void ngx_http_apigw_ratelimit_store_errors(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_store_t *store, apigw_prometheus_label_t *labels);
static void ngx_http_apigw_ratelimit_store_seconds(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_store_t *store, apigw_prometheus_label_t *label);


static const ngx_http_apigw_redis_observer_t
    ngx_http_apigw_ratelimit_store_observer = {
    ngx_http_apigw_ratelimit_store_sent,
    ngx_http_apigw_ratelimit_store_ended,
    ngx_http_apigw_ratelimit_store_breaker
};


/* Microseconds, and the same as text. */

static const uint64_t  ngx_http_apigw_ratelimit_usecs[] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
    1000000
};

static const char *const  ngx_http_apigw_ratelimit_bounds[] = {
    "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01",
    "0.025", "0.05", "0.1", "0.25", "1"
};


static const char *const
    ngx_http_apigw_ratelimit_errors[NGX_HTTP_APIGW_RATELIMIT_ERRORS] = {
    [APIGW_RESP_CLASS_NOSCRIPT] = "noscript",
    [APIGW_RESP_CLASS_MOVED] = "moved",
    [APIGW_RESP_CLASS_ASK] = "ask",
    [APIGW_RESP_CLASS_TRYAGAIN] = "tryagain",
    [APIGW_RESP_CLASS_LOADING] = "loading",
    [APIGW_RESP_CLASS_CLUSTERDOWN] = "clusterdown",
    [APIGW_RESP_CLASS_MASTERDOWN] = "masterdown",
    [APIGW_RESP_CLASS_BUSY] = "busy",
    [APIGW_RESP_CLASS_READONLY] = "readonly",
    [APIGW_RESP_CLASS_OOM] = "oom",
    [APIGW_RESP_CLASS_MISCONF] = "misconf",
    [APIGW_RESP_CLASS_NOAUTH] = "noauth",
    [APIGW_RESP_CLASS_WRONGPASS] = "wrongpass",
    [APIGW_RESP_CLASS_NOPERM] = "noperm",
    [APIGW_RESP_CLASS_OTHER] = "other",
    [NGX_HTTP_APIGW_RATELIMIT_DOWN] = "down",
    [NGX_HTTP_APIGW_RATELIMIT_LOST] = "lost"
};


/* Counting */

void
ngx_http_apigw_ratelimit_store_observe(ngx_http_apigw_ratelimit_store_t *store)
{
    ngx_http_apigw_redis_observe(store->redis,
                              &ngx_http_apigw_ratelimit_store_observer, store);
}


void
ngx_http_apigw_ratelimit_store_reset(ngx_http_apigw_ratelimit_store_t *store)
{
    if (store->zone) {
        apigw_counters_reset(&store->zone->counters, store->rows[0],
                             NGX_HTTP_APIGW_RATELIMIT_N_BREAKERS);
    }
}


static void
ngx_http_apigw_ratelimit_store_sent(void *data)
{
    ngx_http_apigw_ratelimit_store_t  *store = data;

    if (store->zone) {
        apigw_counters_add(&store->zone->counters, store->rows[0],
                           NGX_HTTP_APIGW_RATELIMIT_N_COMMANDS, 1);
    }
}


/* Only replies tell how long Redis takes. */

static void
ngx_http_apigw_ratelimit_store_ended(void *data,
    const ngx_http_apigw_redis_result_t *result, uint64_t usec)
{
    ngx_http_apigw_ratelimit_store_t  *store = data;

    ngx_uint_t  i;

    if (store->zone == NULL) {
        return;
    }

    switch (result->outcome) {

    case NGX_HTTP_APIGW_REDIS_DOWN:
        ngx_http_apigw_ratelimit_store_error(store,
                                             NGX_HTTP_APIGW_RATELIMIT_DOWN);
        return;

    case NGX_HTTP_APIGW_REDIS_INDETERMINATE:
        ngx_http_apigw_ratelimit_store_error(store,
                                             NGX_HTTP_APIGW_RATELIMIT_LOST);
        return;

    case NGX_HTTP_APIGW_REDIS_ERROR:
        ngx_http_apigw_ratelimit_store_error(store, result->class);
        break;

    default: /* NGX_HTTP_APIGW_REDIS_OK */
        break;
    }

    for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_BOUNDS; i++) {
        if (usec <= ngx_http_apigw_ratelimit_usecs[i]) {
            break;
        }
    }

    apigw_counters_add(&store->zone->counters, store->rows[0],
                       NGX_HTTP_APIGW_RATELIMIT_N_BUCKETS + i, 1);
    apigw_counters_add(&store->zone->counters, store->rows[0],
                       NGX_HTTP_APIGW_RATELIMIT_N_USEC, usec);
}


static void
ngx_http_apigw_ratelimit_store_error(ngx_http_apigw_ratelimit_store_t *store,
    ngx_uint_t error)
{
    apigw_counters_add(&store->zone->counters,
                       store->rows[1 + error / APIGW_COUNTERS_ROW],
                       error % APIGW_COUNTERS_ROW, 1);
}


static void
ngx_http_apigw_ratelimit_store_breaker(void *data, ngx_int_t change)
{
    ngx_http_apigw_ratelimit_store_t  *store = data;

    if (store->zone) {
        apigw_counters_add(&store->zone->counters, store->rows[0],
                           NGX_HTTP_APIGW_RATELIMIT_N_BREAKERS,
                           (uint64_t) change);
    }
}


/* Telling */

void
ngx_http_apigw_ratelimit_metrics_stores(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    ngx_uint_t                          i, n;
    apigw_prometheus_label_t            labels[2];
    ngx_http_apigw_ratelimit_store_t  **stores;

    n = rmcf->stores.nelts;

    if (n == 0 || rmcf->zones.nelts == 0) {
        return;
    }

    stores = rmcf->stores.elts;

    apigw_prometheus_family(text, "apigw_ratelimit_redis_commands_total",
                            "counter",
                            "Commands for a store, sent or not.");

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_store_label(stores[i], labels)) {
            apigw_prometheus_sample(text, labels, 1,
                      ngx_http_apigw_ratelimit_store_sum(stores[i], 0,
                                         NGX_HTTP_APIGW_RATELIMIT_N_COMMANDS));
        }
    }

    apigw_prometheus_family(text, "apigw_ratelimit_redis_errors_total",
                            "counter",
                            "Commands that a store did not execute, or "
                            "perhaps did not.");

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_store_label(stores[i], labels)) {
            ngx_http_apigw_ratelimit_store_errors(text, stores[i], labels);
        }
    }

    apigw_prometheus_family(text, "apigw_ratelimit_redis_seconds", "histogram",
                            "Time from a command to its reply.");

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_store_label(stores[i], labels)) {
            ngx_http_apigw_ratelimit_store_seconds(text, stores[i], labels);
        }
    }

    apigw_prometheus_family(text, "apigw_ratelimit_breaker_open", "gauge",
                            "Workers' breakers that are not closed.");

    for (i = 0; i < n; i++) {
        if (ngx_http_apigw_ratelimit_store_label(stores[i], labels)) {
            apigw_prometheus_sample(text, labels, 1,
                   apigw_counters_sum_alive(&stores[i]->zone->counters,
                                            stores[i]->rows[0],
                                           NGX_HTTP_APIGW_RATELIMIT_N_BREAKERS,
                                            ngx_http_apigw_ratelimit_alive));
        }
    }
}


/* 0: the store is not counted. */

static ngx_uint_t
ngx_http_apigw_ratelimit_store_label(ngx_http_apigw_ratelimit_store_t *store,
    apigw_prometheus_label_t *label)
{
    label->name = "store";
    label->value = ngx_http_apigw_str(&store->name);

    return store->zone != NULL;
}


static uint64_t
ngx_http_apigw_ratelimit_store_sum(ngx_http_apigw_ratelimit_store_t *store,
    ngx_uint_t row, ngx_uint_t i)
{
    return apigw_counters_sum(&store->zone->counters, store->rows[row], i);
}


static void
ngx_http_apigw_ratelimit_store_errors(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_store_t *store, apigw_prometheus_label_t *labels)
{
    ngx_uint_t   i;
    const char  *word;

    labels[1].name = "class";

    for (i = 0; i < NGX_HTTP_APIGW_RATELIMIT_ERRORS; i++) {
        word = ngx_http_apigw_ratelimit_errors[i];

        if (word) {
            labels[1].value.data = (const uint8_t *) word;
            labels[1].value.len = ngx_strlen(word);

            apigw_prometheus_sample(text, labels, 2,
                      ngx_http_apigw_ratelimit_store_sum(store,
                                                   1 + i / APIGW_COUNTERS_ROW,
                                                   i % APIGW_COUNTERS_ROW));
        }
    }
}


static void
ngx_http_apigw_ratelimit_store_seconds(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_store_t *store, apigw_prometheus_label_t *label)
{
    uint64_t                      counts[NGX_HTTP_APIGW_RATELIMIT_BOUNDS + 1];
    ngx_uint_t                    i;
    apigw_prometheus_histogram_t  histogram;

    for (i = 0; i <= NGX_HTTP_APIGW_RATELIMIT_BOUNDS; i++) {
        counts[i] = ngx_http_apigw_ratelimit_store_sum(store, 0,
                                      NGX_HTTP_APIGW_RATELIMIT_N_BUCKETS + i);
    }

    histogram.bounds = ngx_http_apigw_ratelimit_bounds;
    histogram.nbounds = NGX_HTTP_APIGW_RATELIMIT_BOUNDS;
    histogram.counts = counts;
    histogram.sum = ngx_http_apigw_ratelimit_store_sum(store, 0,
                                              NGX_HTTP_APIGW_RATELIMIT_N_USEC);

    apigw_prometheus_histogram(text, label, 1, &histogram);
}
