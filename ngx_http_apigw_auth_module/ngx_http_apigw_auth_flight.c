
/*
 * Questions about tokens, on their way to an authorization server: one for each
 * token and worker, however many requests wait for it. A request that goes away
 * leaves its flight going: the answer is kept for the next.
 */


#include "ngx_http_apigw_auth.h"


#define NGX_HTTP_APIGW_AUTH_ANSWER_MAX  (64 * 1024)


static ngx_uint_t ngx_http_apigw_auth_flight_allowed(
    ngx_http_apigw_auth_introspection_t *in, ngx_uint_t *probe);
static ngx_http_apigw_auth_flight_t *ngx_http_apigw_auth_flight_create(
    ngx_http_apigw_auth_introspection_t *in, apigw_str_t token);
static void ngx_http_apigw_auth_flight_handler(ngx_http_apigw_fetch_t *fetch);
static const char *ngx_http_apigw_auth_flight_land(
    ngx_http_apigw_auth_flight_t *flight, apigw_arena_t *arena);
static void ngx_http_apigw_auth_flight_keep(
    ngx_http_apigw_auth_flight_t *flight, apigw_claims_t *claims);
static void ngx_http_apigw_auth_flight_outcome(
    ngx_http_apigw_auth_introspection_t *in, ngx_uint_t probe, ngx_uint_t ok,
    ngx_log_t *log);
static void ngx_http_apigw_auth_flight_free(
    ngx_http_apigw_auth_flight_t *flight);


ngx_http_apigw_auth_flight_t *
ngx_http_apigw_auth_flight_find(ngx_http_apigw_auth_introspection_t *in,
    ngx_http_apigw_auth_cache_key_t *key)
{
    ngx_queue_t                   *q;
    ngx_http_apigw_auth_flight_t  *flight;

    for (q = ngx_queue_head(&in->flights);
         q != ngx_queue_sentinel(&in->flights);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_apigw_auth_flight_t, queue);

        if (ngx_memcmp(&flight->key, key,
                       sizeof(ngx_http_apigw_auth_cache_key_t))
            == 0)
        {
            return flight;
        }
    }

    return NULL;
}


ngx_http_apigw_auth_flight_t *
ngx_http_apigw_auth_flight_start(ngx_http_apigw_auth_introspection_t *in,
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key,
    apigw_str_t token, ngx_uint_t *retry)
{
    ngx_uint_t                     probe;
    ngx_http_apigw_auth_flight_t  *flight;

    if (!ngx_http_apigw_auth_flight_allowed(in, &probe)) {
        *retry = ngx_http_apigw_auth_flight_retry(in);
        return NULL;
    }

    flight = ngx_http_apigw_auth_flight_create(in, token);

    if (flight == NULL
        || ngx_http_apigw_fetch_start(flight->fetch) != NGX_OK)
    {
        if (flight) {
            ngx_http_apigw_auth_flight_free(flight);
        }

        ngx_http_apigw_auth_flight_outcome(in, probe, 0, ngx_cycle->log);
        *retry = ngx_http_apigw_auth_flight_retry(in);

        return NULL;
    }

    flight->zone = zone;
    flight->key = *key;
    flight->probe = probe;

    ngx_queue_insert_tail(&in->flights, &flight->queue);
    in->asking++;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "apigw_auth: asking \"%V\" about a token, %ui on their way",
                   &in->provider.name, in->asking);

    return flight;
}


static ngx_uint_t
ngx_http_apigw_auth_flight_allowed(ngx_http_apigw_auth_introspection_t *in,
    ngx_uint_t *probe)
{
    *probe = 0;

    if (in->asking >= in->max_inflight) {
        return 0;
    }

    if (in->breaker.state == APIGW_RESP_BREAKER_CLOSED) {
        return 1;
    }

    *probe = apigw_resp_breaker_probe(&in->breaker, ngx_current_msec);

    return *probe;
}


ngx_uint_t
ngx_http_apigw_auth_flight_retry(ngx_http_apigw_auth_introspection_t *in)
{
    uint64_t  wait;

    wait = apigw_resp_breaker_wait(&in->breaker, ngx_current_msec);

    return wait > 1000 ? (ngx_uint_t) ((wait + 999) / 1000) : 1;
}


/* All of it lives in the fetch's pool. */

static ngx_http_apigw_auth_flight_t *
ngx_http_apigw_auth_flight_create(ngx_http_apigw_auth_introspection_t *in,
    apigw_str_t token)
{
    apigw_str_t                    body;
    apigw_arena_t                  arena;
    ngx_http_apigw_fetch_t        *fetch;
    ngx_http_apigw_auth_flight_t  *flight;

    fetch = ngx_http_apigw_fetch_create(in->provider.remote.client,
                                        ngx_cycle->log);
    if (fetch == NULL) {
        return NULL;
    }

    ngx_http_apigw_arena_init(&arena, fetch->pool);

    flight = ngx_pcalloc(fetch->pool, sizeof(ngx_http_apigw_auth_flight_t));

    if (flight == NULL
        || apigw_introspection_body(&body, &arena, token, &in->client)
           != APIGW_OK)
    {
        ngx_http_apigw_fetch_free(fetch);
        return NULL;
    }

    ngx_http_apigw_auth_waiters_init(&flight->waiters);

    flight->in = in;
    flight->fetch = fetch;

    ngx_str_set(&fetch->method, "POST");
    ngx_str_set(&fetch->accept, "application/json");

    fetch->url = in->url;
    fetch->headers.data = (u_char *) in->client.headers.data;
    fetch->headers.len = in->client.headers.len;
    fetch->body.data = (u_char *) body.data;
    fetch->body.len = body.len;
    fetch->max_body = NGX_HTTP_APIGW_AUTH_ANSWER_MAX;
    fetch->timeout = in->timeout;
    fetch->handler = ngx_http_apigw_auth_flight_handler;
    fetch->data = flight;

    return flight;
}


static void
ngx_http_apigw_auth_flight_handler(ngx_http_apigw_fetch_t *fetch)
{
    ngx_log_t                            *log;
    const char                           *fault;
    apigw_heap_t                          heap;
    apigw_arena_t                         arena;
    ngx_http_apigw_auth_flight_t         *flight;
    ngx_http_apigw_auth_introspection_t  *in;

    flight = fetch->data;
    in = flight->in;
    log = ngx_cycle->log;

    ngx_memzero(&heap, sizeof(apigw_heap_t));
    apigw_heap_arena(&heap, &arena);

    fault = ngx_http_apigw_auth_flight_land(flight, &arena);

    apigw_heap_free(&heap);

    if (fault) {
        flight->state = NGX_HTTP_APIGW_AUTH_FLIGHT_FAILED;

        ngx_log_error(NGX_LOG_ERR, log, fetch->err,
                      "apigw_auth: apigw_introspection \"%V\": \"%V\" could "
                      "not be asked, %s%s%s; opaque tokens cannot be checked",
                      &in->provider.name, &in->endpoint, fault,
                      fetch->detail ? ": " : "",
                      fetch->detail ? fetch->detail : "");
    }

    in->asking--;

    ngx_http_apigw_auth_flight_outcome(in, flight->probe, fault == NULL, log);
    ngx_http_apigw_auth_wake(&flight->waiters);

    ngx_queue_remove(&flight->queue);
    ngx_http_apigw_auth_flight_free(flight);
}


/* Sets the state, and keeps the answer. NULL, or why it is none. */

static const char *
ngx_http_apigw_auth_flight_land(ngx_http_apigw_auth_flight_t *flight,
    apigw_arena_t *arena)
{
    bool                     active;
    apigw_rc_t               rc;
    apigw_error_t            err;
    apigw_claims_t          *claims;
    ngx_http_apigw_fetch_t  *fetch;

    fetch = flight->fetch;

    if (fetch->rc != NGX_OK) {
        return fetch->fault;
    }

    if (fetch->status == NGX_HTTP_UNAUTHORIZED) {
        return "it does not know this client; look at \"client\"";
    }

    if (fetch->status != NGX_HTTP_OK) {
        return "the status is not 200";
    }

    if (!apigw_introspection_is_json(
                                 ngx_http_apigw_str(&fetch->content_type)))
    {
        return "the answer is not application/json";
    }

    rc = apigw_introspection_read(&claims, &active, arena,
                                  ngx_http_apigw_str(&fetch->answer), &err);

    if (rc == APIGW_ENOMEM) {
        return "memory is out";
    }

    if (rc != APIGW_OK) {
        return "the answer is not strict JSON with an object at its root";
    }

    flight->state = active ? NGX_HTTP_APIGW_AUTH_FLIGHT_ACTIVE
                           : NGX_HTTP_APIGW_AUTH_FLIGHT_INACTIVE;

    ngx_http_apigw_auth_flight_keep(flight, claims);

    return NULL;
}


/*
 * An answer that our rules refuse is kept too: it is looked at with each use.
 * One whose dates cannot be read is good for nobody.
 */

static void
ngx_http_apigw_auth_flight_keep(ngx_http_apigw_auth_flight_t *flight,
    apigw_claims_t *claims)
{
    apigw_error_t                      err;
    ngx_http_apigw_auth_cache_entry_t  entry;

    ngx_memzero(&entry, sizeof(ngx_http_apigw_auth_cache_entry_t));

    entry.verified = ngx_current_msec;

    if (flight->state == NGX_HTTP_APIGW_AUTH_FLIGHT_INACTIVE) {
        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE;
        entry.until = ngx_http_apigw_auth_cache_until(flight->in->negative_ttl,
                                                      -1, 0);
        entry.dates.exp = -1;
        entry.dates.nbf = -1;
        entry.dates.iat = -1;

    } else {
        if (apigw_claims_dates(claims, &entry.dates, &err) != APIGW_OK) {
            return;
        }

        entry.kind = NGX_HTTP_APIGW_AUTH_CACHE_INTROSPECTION;
        entry.until = ngx_http_apigw_auth_cache_until(flight->in->ttl,
                                      entry.dates.exp,
                                      flight->in->provider.claims.leeway);
        entry.data = ngx_http_apigw_str(&flight->fetch->answer);
    }

    (void) ngx_http_apigw_auth_cache_put(flight->zone, &flight->key, &entry);
}


static void
ngx_http_apigw_auth_flight_outcome(ngx_http_apigw_auth_introspection_t *in,
    ngx_uint_t probe, ngx_uint_t ok, ngx_log_t *log)
{
    if (probe) {
        apigw_resp_breaker_probed(&in->breaker, ok, ngx_current_msec);

        if (ok) {
            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "apigw_auth: apigw_introspection \"%V\": \"%V\" "
                          "answers again", &in->provider.name, &in->endpoint);
        }

    } else if (apigw_resp_breaker_count(&in->breaker, ok, ngx_current_msec)) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "apigw_auth: apigw_introspection \"%V\": \"%V\" keeps "
                      "failing and is left alone for a while",
                      &in->provider.name, &in->endpoint);
    }
}


static void
ngx_http_apigw_auth_flight_free(ngx_http_apigw_auth_flight_t *flight)
{
    ngx_http_apigw_fetch_t  *fetch;

    fetch = flight->fetch;

    /* the token, and perhaps our secret */

    ngx_explicit_memzero(fetch->body.data, fetch->body.len);

    ngx_http_apigw_fetch_free(fetch);
}


void
ngx_http_apigw_auth_flights_stop(ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                             i;
    ngx_queue_t                           *q;
    ngx_http_apigw_auth_introspection_t  **all;

    all = amcf->introspections.elts;

    for (i = 0; i < amcf->introspections.nelts; i++) {

        while (!ngx_queue_empty(&all[i]->flights)) {
            q = ngx_queue_head(&all[i]->flights);
            ngx_queue_remove(q);

            ngx_http_apigw_auth_flight_free(
                      ngx_queue_data(q, ngx_http_apigw_auth_flight_t, queue));
        }
    }
}
