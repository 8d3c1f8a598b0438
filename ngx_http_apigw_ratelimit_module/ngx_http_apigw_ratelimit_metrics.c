
/* `apigw_ratelimit_metrics`: what has been counted, as Prometheus reads it. */


#include "ngx_http_apigw_ratelimit.h"
#include "ngx_http_apigw_compat.h"
#include "ngx_http_apigw_local.h"


#define NGX_HTTP_APIGW_RATELIMIT_METRICS_LOCAL   1
#define NGX_HTTP_APIGW_RATELIMIT_METRICS_PUBLIC  2


static ngx_int_t ngx_http_apigw_ratelimit_metrics_handler(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_apigw_ratelimit_metrics_refuse(
    ngx_http_request_t *r, ngx_http_apigw_ratelimit_loc_conf_t *rlcf);
static ngx_int_t ngx_http_apigw_ratelimit_metrics_send(ngx_http_request_t *r,
    apigw_prometheus_t *text);
static ngx_int_t ngx_http_apigw_ratelimit_metrics_field(ngx_http_request_t *r,
    const char *name, const char *value);
static ngx_chain_t *ngx_http_apigw_ratelimit_metrics_chain(
    ngx_http_request_t *r, apigw_prometheus_t *text);
static void ngx_http_apigw_ratelimit_metrics_policies(
    apigw_prometheus_t *text, ngx_http_apigw_ratelimit_main_conf_t *rmcf);
static void ngx_http_apigw_ratelimit_metrics_family(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, const char *label,
    const char *const *words, ngx_uint_t counter, ngx_uint_t n);
static uint64_t ngx_http_apigw_ratelimit_metrics_sum(
    ngx_http_apigw_ratelimit_zone_t *zone, uint32_t row, ngx_uint_t counter);
static void ngx_http_apigw_ratelimit_metrics_zones(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf);


static const char *const  ngx_http_apigw_ratelimit_results[] = {
    "passed", "rejected", "rejected_dry_run", "rejected_shadow",
    "not_charged", "allowed", "unavailable"
};

static const char *const  ngx_http_apigw_ratelimit_sources[] = {
    "local", "redis", "deny_cache", "lease"
};


/* Configuration */

char *
ngx_http_apigw_ratelimit_set_metrics(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_apigw_ratelimit_loc_conf_t  *rlcf = conf;

    ngx_str_t                             *value;
    ngx_http_core_loc_conf_t              *clcf;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    if (rlcf->metrics) {
        return "is duplicate";
    }

    rlcf->metrics = NGX_HTTP_APIGW_RATELIMIT_METRICS_LOCAL;

    if (cf->args->nelts == 2) {
        value = cf->args->elts;

        if (ngx_strcmp(value[1].data, "public") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of "
                               "apigw_ratelimit_metrics; use public, or none",
                               &value[1]);
            return NGX_CONF_ERROR;
        }

        rlcf->metrics = NGX_HTTP_APIGW_RATELIMIT_METRICS_PUBLIC;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is beside another handler; give it a location of its own";
    }

    clcf->handler = ngx_http_apigw_ratelimit_metrics_handler;

    rmcf = ngx_http_conf_get_module_main_conf(cf,
                                              ngx_http_apigw_ratelimit_module);
    rmcf->metrics = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_apigw_ratelimit_metrics_merge(ngx_conf_t *cf,
    ngx_http_apigw_ratelimit_loc_conf_t *prev,
    ngx_http_apigw_ratelimit_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && clcf->handler == NULL && prev->metrics) {

        /* "if" and "limit_except" are the same location */

        conf->metrics = prev->metrics;
        clcf->handler = ngx_http_apigw_ratelimit_metrics_handler;
    }

    if (conf->metrics == 0) {
        return NGX_CONF_OK;
    }

    if (clcf->handler == ngx_http_apigw_ratelimit_metrics_handler) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "location \"%V\" has apigw_ratelimit_metrics beside "
                       "another handler; give it a location of its own",
                       &clcf->name);

    return NGX_CONF_ERROR;
}


/* Requests */

static ngx_int_t
ngx_http_apigw_ratelimit_metrics_handler(ngx_http_request_t *r)
{
    ngx_int_t                              rc;
    apigw_arena_t                          arena;
    apigw_prometheus_t                     text;
    ngx_http_apigw_ratelimit_loc_conf_t   *rlcf;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_apigw_ratelimit_module);

    if (rlcf->metrics == NGX_HTTP_APIGW_RATELIMIT_METRICS_LOCAL
        && !ngx_http_apigw_client_is_local(r))
    {
        return ngx_http_apigw_ratelimit_metrics_refuse(r, rlcf);
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {

        if (ngx_http_apigw_ratelimit_metrics_field(r, "Allow", "GET, HEAD")
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    rmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_ratelimit_module);

    ngx_http_apigw_arena_init(&arena, r->pool);
    apigw_prometheus_init(&text, &arena);

    ngx_http_apigw_ratelimit_metrics_policies(&text, rmcf);
    ngx_http_apigw_ratelimit_metrics_stores(&text, rmcf);
    ngx_http_apigw_ratelimit_metrics_zones(&text, rmcf);

    if (text.rc != APIGW_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_apigw_ratelimit_metrics_send(r, &text);
}


static ngx_int_t
ngx_http_apigw_ratelimit_metrics_refuse(ngx_http_request_t *r,
    ngx_http_apigw_ratelimit_loc_conf_t *rlcf)
{
    ngx_http_apigw_ratelimit_ctx_t        *ctx;
    ngx_http_apigw_ratelimit_main_conf_t  *rmcf;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "apigw_ratelimit: not_local client asks for metrics");

    if (r != r->main) {
        return NGX_HTTP_FORBIDDEN;
    }

    ctx = ngx_http_apigw_ratelimit_need_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->rlcf = rlcf;

    rmcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_ratelimit_module);

    ngx_http_apigw_reject(&ctx->record, &rmcf->reject, NGX_HTTP_FORBIDDEN,
                          NGX_HTTP_APIGW_RATELIMIT_MODULE, "not_local");

    return NGX_HTTP_FORBIDDEN;
}


static ngx_int_t
ngx_http_apigw_ratelimit_metrics_send(ngx_http_request_t *r,
    apigw_prometheus_t *text)
{
    ngx_int_t     rc;
    ngx_chain_t  *out;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text->len;

    ngx_str_set(&r->headers_out.content_type,
                "text/plain; version=0.0.4; charset=utf-8");
    r->headers_out.content_type_len = sizeof("text/plain") - 1;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_apigw_ratelimit_metrics_field(r, "Cache-Control", "no-store")
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out = ngx_http_apigw_ratelimit_metrics_chain(r, text);
    if (out == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_output_filter(r, out);
}


static ngx_int_t
ngx_http_apigw_ratelimit_metrics_field(ngx_http_request_t *r,
    const char *name, const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return ngx_http_apigw_headers_out_multi_add(r, h);
}


static ngx_chain_t *
ngx_http_apigw_ratelimit_metrics_chain(ngx_http_request_t *r,
    apigw_prometheus_t *text)
{
    ngx_buf_t                *b;
    ngx_chain_t              *out, **last;
    apigw_prometheus_part_t  *part;

    out = NULL;
    last = &out;
    part = text->first;

    do {
        *last = ngx_alloc_chain_link(r->pool);
        b = ngx_calloc_buf(r->pool);

        if (*last == NULL || b == NULL) {
            return NULL;
        }

        (*last)->buf = b;
        (*last)->next = NULL;
        last = &(*last)->next;

        if (part) {
            b->pos = part->data;
            b->last = part->data + part->len;
            b->memory = 1;
            part = part->next;

        } else {
            b->sync = 1;
        }

    } while (part);

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    return out;
}


/* Families */

static void
ngx_http_apigw_ratelimit_metrics_policies(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    if (rmcf->policies.nelts == 0) {
        return;
    }

    apigw_prometheus_family(text, "apigw_ratelimit_requests_total", "counter",
                            "Decisions by policy and what they came to.");
    ngx_http_apigw_ratelimit_metrics_family(text, rmcf, "result",
                       ngx_http_apigw_ratelimit_results,
                       NGX_HTTP_APIGW_RATELIMIT_N_PASSED,
                       sizeof(ngx_http_apigw_ratelimit_results)
                       / sizeof(ngx_http_apigw_ratelimit_results[0]));

    apigw_prometheus_family(text, "apigw_ratelimit_source_total", "counter",
                            "Decisions by policy and who made them.");
    ngx_http_apigw_ratelimit_metrics_family(text, rmcf, "source",
                       ngx_http_apigw_ratelimit_sources,
                       NGX_HTTP_APIGW_RATELIMIT_N_SOURCE,
                       sizeof(ngx_http_apigw_ratelimit_sources)
                       / sizeof(ngx_http_apigw_ratelimit_sources[0]));

    apigw_prometheus_family(text, "apigw_ratelimit_bad_value_total", "counter",
                            "Limits and costs that were no number.");
    ngx_http_apigw_ratelimit_metrics_family(text, rmcf, NULL, NULL,
                                     NGX_HTTP_APIGW_RATELIMIT_N_BAD_VALUE, 1);

    apigw_prometheus_family(text, "apigw_ratelimit_adjust_lost_total",
                            "counter",
                            "Adjustments after a response that never "
                            "reached Redis, or perhaps did not.");
    ngx_http_apigw_ratelimit_metrics_family(text, rmcf, NULL, NULL,
                                     NGX_HTTP_APIGW_RATELIMIT_N_ADJUST_LOST, 1);

    apigw_prometheus_family(text, "apigw_ratelimit_lease_units", "gauge",
                            "Units of leases that were not spent yet.");
    ngx_http_apigw_ratelimit_metrics_family(text, rmcf, NULL, NULL,
                                     NGX_HTTP_APIGW_RATELIMIT_N_LEASE_UNITS, 1);
}


/*
 * All policies' samples of `n` counters, told apart by a label; policies that
 * found no row in their zone are one.
 */

static void
ngx_http_apigw_ratelimit_metrics_family(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf, const char *label,
    const char *const *words, ngx_uint_t counter, ngx_uint_t n)
{
    uint64_t                              others;
    ngx_uint_t                            i, k;
    ngx_http_apigw_ratelimit_zone_t     **zones;
    ngx_http_apigw_ratelimit_policy_t   **policies;
    apigw_prometheus_label_t              labels[2];

    zones = rmcf->zones.elts;
    policies = rmcf->policies.elts;

    labels[1].name = label;

    for (k = 0; k < n; k++) {

        if (label) {
            labels[1].value.data = (const uint8_t *) words[k];
            labels[1].value.len = ngx_strlen(words[k]);
        }

        labels[0].name = "policy";

        for (i = 0; i < rmcf->policies.nelts; i++) {

            if (policies[i]->row == 0) {
                continue;
            }

            labels[0].value = ngx_http_apigw_str(&policies[i]->name);

            apigw_prometheus_sample(text, labels, label ? 2 : 1,
                  ngx_http_apigw_ratelimit_metrics_sum(policies[i]->zone,
                                             policies[i]->row, counter + k));
        }

        others = 0;

        for (i = 0; i < rmcf->zones.nelts; i++) {
            others += ngx_http_apigw_ratelimit_metrics_sum(zones[i], 0,
                                                           counter + k);
        }

        if (others) {
            labels[0].name = "otel_metric_overflow";
            labels[0].value.data = (const uint8_t *) "true";
            labels[0].value.len = 4;

            apigw_prometheus_sample(text, labels, label ? 2 : 1, others);
        }
    }
}


/*
 * What goes up and down may be below nothing for a moment: a unit is spent
 * before the worker that brought it has counted it, or was killed in between.
 */

static uint64_t
ngx_http_apigw_ratelimit_metrics_sum(ngx_http_apigw_ratelimit_zone_t *zone,
    uint32_t row, ngx_uint_t counter)
{
    uint64_t  sum;

    sum = apigw_counters_sum(&zone->counters, row, counter);

    return counter == NGX_HTTP_APIGW_RATELIMIT_N_LEASE_UNITS
           && sum > INT64_MAX ? 0 : sum;
}


static void
ngx_http_apigw_ratelimit_metrics_zones(apigw_prometheus_t *text,
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    ngx_uint_t                         i, k, n;
    const size_t                      *offsets;
    ngx_http_apigw_ratelimit_zone_t  **zones;
    apigw_prometheus_label_t           labels[2];

    static const struct {
        const char  *name;
        const char  *type;
        const char  *help;
        size_t       offsets[2];     /* of them, if two, the first is "true" */
        ngx_uint_t   n;
    } families[] = {
        { "apigw_ratelimit_zone_entries", "gauge",
          "Keys that a zone holds.",
          { offsetof(apigw_slots_shared_t, entries), 0 }, 1 },
        { "apigw_ratelimit_zone_evictions_total", "counter",
          "Entries that made way for others, by whether they were in use.",
          { offsetof(apigw_slots_shared_t, evicted_live),
            offsetof(apigw_slots_shared_t, evicted_dead) }, 2 },
        { "apigw_ratelimit_lock_steals_total", "counter",
          "Locks taken over from workers that had died.",
          { offsetof(apigw_slots_shared_t, steals), 0 }, 1 }
    };

    static const apigw_str_t  live[] = {
        apigw_str("true"), apigw_str("false")
    };

    if (rmcf->zones.nelts == 0) {
        return;
    }

    zones = rmcf->zones.elts;

    labels[0].name = "zone";
    labels[1].name = "live";

    for (n = 0; n < sizeof(families) / sizeof(families[0]); n++) {

        apigw_prometheus_family(text, families[n].name, families[n].type,
                                families[n].help);

        offsets = families[n].offsets;

        for (i = 0; i < rmcf->zones.nelts; i++) {
            labels[0].value = ngx_http_apigw_str(&zones[i]->name);

            for (k = 0; k < families[n].n; k++) {
                labels[1].value = live[k];

                apigw_prometheus_sample(text, labels, families[n].n,
                    __atomic_load_n((uint64_t *)
                                    ((u_char *) zones[i]->slots.shared
                                     + offsets[k]), __ATOMIC_RELAXED));
            }
        }
    }
}
