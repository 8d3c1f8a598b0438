
/*
 * What is counted: by policy and by store, in the zones, by each worker for
 * itself. A reload keeps what has been counted.
 */


#include "ngx_http_apigw_ratelimit.h"


/* Counters have at most this part of a zone; the rest is for keys. */
#define NGX_HTTP_APIGW_RATELIMIT_COUNTERS_PART  8

/* Rows at least, and workers at most, that get counters of their own. */
#define NGX_HTTP_APIGW_RATELIMIT_COUNTERS_ROWS  16
#define NGX_HTTP_APIGW_RATELIMIT_COUNTERS_SLOTS 129


static ngx_uint_t ngx_http_apigw_ratelimit_counters_rows(
    ngx_http_apigw_ratelimit_zone_t *zone);
static ngx_uint_t ngx_http_apigw_ratelimit_has_stores(
    ngx_http_apigw_ratelimit_zone_t *zone);
static apigw_siphash_t ngx_http_apigw_ratelimit_counters_digest(
    ngx_http_apigw_ratelimit_zone_t *zone, const char *kind, ngx_uint_t n,
    ngx_str_t *name);
static void ngx_http_apigw_ratelimit_counters_assign(
    ngx_http_apigw_ratelimit_zone_t *zone, uint32_t *rows);
static ngx_uint_t ngx_http_apigw_ratelimit_item_result(
    ngx_http_apigw_ratelimit_ctx_t *ctx, ngx_http_apigw_ratelimit_item_t *item,
    ngx_uint_t passed);


/*
 * Room for as much again as is needed now: workers of before and after a
 * reload run side by side, and policies come and go.
 */

size_t
ngx_http_apigw_ratelimit_counters_create(ngx_http_apigw_ratelimit_zone_t *zone,
    void *memory, size_t size)
{
    uint32_t          need, rows, slots;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(zone->rmcf->cycle->conf_ctx,
                                           ngx_core_module);
    size /= NGX_HTTP_APIGW_RATELIMIT_COUNTERS_PART;

    need = 1 + ngx_http_apigw_ratelimit_counters_rows(zone);
    rows = ngx_max(2 * need, NGX_HTTP_APIGW_RATELIMIT_COUNTERS_ROWS);
    slots = ngx_min(1 + 2 * ccf->worker_processes,
                    NGX_HTTP_APIGW_RATELIMIT_COUNTERS_SLOTS);

    /* what is short first: room for others, slots of workers, rows */

    if (apigw_counters_size(rows, slots) > size) {
        rows = need;
    }

    while (slots > 1 && apigw_counters_size(rows, slots) > size) {
        slots--;
    }

    while (rows > 1 && apigw_counters_size(rows, slots) > size) {
        rows--;
    }

    apigw_counters_create(&zone->counters, memory, rows, slots);

    return zone->counters.shared->size;
}


/* The rows that the configuration asks for; the stores' are the first. */

static ngx_uint_t
ngx_http_apigw_ratelimit_counters_rows(ngx_http_apigw_ratelimit_zone_t *zone)
{
    ngx_uint_t                           i, n;
    ngx_http_apigw_ratelimit_policy_t  **policies;

    n = 0;

    if (ngx_http_apigw_ratelimit_has_stores(zone)) {
        n = zone->rmcf->stores.nelts * NGX_HTTP_APIGW_RATELIMIT_STORE_ROWS;
    }

    policies = zone->rmcf->policies.elts;

    for (i = 0; i < zone->rmcf->policies.nelts; i++) {
        n += policies[i]->zone == zone;
    }

    return n;
}


/* Stores belong to no zone: they are counted in the first. */

static ngx_uint_t
ngx_http_apigw_ratelimit_has_stores(ngx_http_apigw_ratelimit_zone_t *zone)
{
    return zone == ((ngx_http_apigw_ratelimit_zone_t **)
                    zone->rmcf->zones.elts)[0];
}


ngx_int_t
ngx_http_apigw_ratelimit_counters_name(ngx_http_apigw_ratelimit_zone_t *zone,
    ngx_log_t *log)
{
    uint32_t                             *rows;
    ngx_uint_t                            i, k, n, without;
    apigw_siphash_t                      *names;
    ngx_http_apigw_ratelimit_store_t    **stores;
    ngx_http_apigw_ratelimit_policy_t   **policies;

    n = ngx_http_apigw_ratelimit_counters_rows(zone);

    names = ngx_alloc(n * (sizeof(apigw_siphash_t) + sizeof(uint32_t)) + 1,
                      log);
    if (names == NULL) {
        return NGX_ERROR;
    }

    rows = (uint32_t *) (names + n);
    n = 0;

    if (ngx_http_apigw_ratelimit_has_stores(zone)) {
        stores = zone->rmcf->stores.elts;

        for (i = 0; i < zone->rmcf->stores.nelts; i++) {
            for (k = 0; k < NGX_HTTP_APIGW_RATELIMIT_STORE_ROWS; k++) {
                names[n++] = ngx_http_apigw_ratelimit_counters_digest(zone,
                                                 "store", k, &stores[i]->name);
            }
        }
    }

    policies = zone->rmcf->policies.elts;

    for (i = 0; i < zone->rmcf->policies.nelts; i++) {
        if (policies[i]->zone == zone) {
            names[n++] = ngx_http_apigw_ratelimit_counters_digest(zone,
                                              "policy", 0, &policies[i]->name);
        }
    }

    without = apigw_counters_names(&zone->counters, names, n, rows);

    ngx_http_apigw_ratelimit_counters_assign(zone, rows);
    ngx_free(names);

    if (without) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "apigw_ratelimit: zone \"%V\" has no room to count %ui "
                      "policies and stores apart; make it larger",
                      &zone->name, without);
    }

    return NGX_OK;
}


static apigw_siphash_t
ngx_http_apigw_ratelimit_counters_digest(ngx_http_apigw_ratelimit_zone_t *zone,
    const char *kind, ngx_uint_t n, ngx_str_t *name)
{
    u_char           text[sizeof("policy") + NGX_INT_T_LEN + 64 + 1], *p;
    apigw_siphash_t  secret;

    secret = apigw_siphash_key(zone->slots.shared->secret);
    p = ngx_sprintf(text, "%s%ui:%V", kind, n, name);

    return apigw_siphash(&secret, text, p - text);
}


/* A store without all of its rows is not counted: row 0 is the policies'. */

static void
ngx_http_apigw_ratelimit_counters_assign(ngx_http_apigw_ratelimit_zone_t *zone,
    uint32_t *rows)
{
    ngx_uint_t                            i, k;
    ngx_http_apigw_ratelimit_store_t    **stores;
    ngx_http_apigw_ratelimit_policy_t   **policies;

    if (ngx_http_apigw_ratelimit_has_stores(zone)) {
        stores = zone->rmcf->stores.elts;

        for (i = 0; i < zone->rmcf->stores.nelts; i++) {
            stores[i]->zone = zone;

            for (k = 0; k < NGX_HTTP_APIGW_RATELIMIT_STORE_ROWS; k++) {
                stores[i]->rows[k] = *rows++;

                if (stores[i]->rows[k] == 0) {
                    stores[i]->zone = NULL;
                }
            }
        }
    }

    policies = zone->rmcf->policies.elts;

    for (i = 0; i < zone->rmcf->policies.nelts; i++) {
        if (policies[i]->zone == zone) {
            policies[i]->row = *rows++;
        }
    }
}


/* nginx's helpers count nothing */

void
ngx_http_apigw_ratelimit_counters_join(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    ngx_uint_t                          i;
    ngx_http_apigw_ratelimit_zone_t   **zones;
    ngx_http_apigw_ratelimit_store_t  **stores;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    zones = rmcf->zones.elts;

    for (i = 0; i < rmcf->zones.nelts; i++) {
        apigw_counters_join(&zones[i]->counters, zones[i]->slots.owner,
                            ngx_http_apigw_ratelimit_alive);
    }

    stores = rmcf->stores.elts;

    for (i = 0; i < rmcf->stores.nelts; i++) {
        ngx_http_apigw_ratelimit_store_reset(stores[i]);
    }
}


void
ngx_http_apigw_ratelimit_counters_leave(
    ngx_http_apigw_ratelimit_main_conf_t *rmcf)
{
    ngx_uint_t                         i;
    ngx_http_apigw_ratelimit_zone_t  **zones;

    zones = rmcf->zones.elts;

    for (i = 0; i < rmcf->zones.nelts; i++) {
        apigw_counters_leave(&zones[i]->counters);
    }
}


/* What passed may cost more after the response: noted on the way. */

void
ngx_http_apigw_ratelimit_count(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_uint_t passed)
{
    ngx_uint_t                        i, result;
    ngx_http_apigw_ratelimit_item_t  *item;

    for (i = ctx->first; i < ctx->nitems; i++) {
        item = &ctx->items[i];

        result = ngx_http_apigw_ratelimit_item_result(ctx, item, passed);
        ngx_http_apigw_ratelimit_policy_count(item->policy, result);

        item->admitted = (result == NGX_HTTP_APIGW_RATELIMIT_N_PASSED);

        if (result <= NGX_HTTP_APIGW_RATELIMIT_N_REJECTED_SHADOW) {
            ngx_http_apigw_ratelimit_policy_count(item->policy,
                            NGX_HTTP_APIGW_RATELIMIT_N_SOURCE + item->source);
        }
    }
}


static ngx_uint_t
ngx_http_apigw_ratelimit_item_result(ngx_http_apigw_ratelimit_ctx_t *ctx,
    ngx_http_apigw_ratelimit_item_t *item, ngx_uint_t passed)
{
    switch (item->state) {

    case NGX_HTTP_APIGW_RATELIMIT_DECIDED:
        break;

    case NGX_HTTP_APIGW_RATELIMIT_SKIPPED:
        return NGX_HTTP_APIGW_RATELIMIT_N_ALLOWED;

    case NGX_HTTP_APIGW_RATELIMIT_FAILED:
        if (item->degraded
            && item->policy->on_error == NGX_HTTP_APIGW_RATELIMIT_DENY)
        {
            return NGX_HTTP_APIGW_RATELIMIT_N_UNAVAILABLE;
        }

        /* fall through */

    default: /* NGX_HTTP_APIGW_RATELIMIT_OPEN */
        return NGX_HTTP_APIGW_RATELIMIT_N_NOT_CHARGED;
    }

    if (!item->take.denied) {
        return passed ? NGX_HTTP_APIGW_RATELIMIT_N_PASSED
                      : NGX_HTTP_APIGW_RATELIMIT_N_NOT_CHARGED;
    }

    if (item->take.shadow) {
        return NGX_HTTP_APIGW_RATELIMIT_N_REJECTED_SHADOW;
    }

    return ctx->rlcf->dry_run ? NGX_HTTP_APIGW_RATELIMIT_N_REJECTED_DRY_RUN
                              : NGX_HTTP_APIGW_RATELIMIT_N_REJECTED;
}
