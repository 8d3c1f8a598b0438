
/*
 * Opaque tokens: what their authorization server says of them (RFC 7662), or
 * has said lately. An answer is judged anew each time that it is used.
 */


#include "ngx_http_apigw_auth.h"


static apigw_rc_t ngx_http_apigw_auth_introspect_answer(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_str_t *answer, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_introspect_recall(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_zone_t *zone,
    ngx_http_apigw_auth_cache_key_t *key, apigw_arena_t *arena,
    apigw_str_t *answer, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_introspect_flight(
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_flight_t *flight, apigw_arena_t *arena,
    apigw_str_t *answer, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_introspect_unavailable(
    ngx_http_apigw_auth_result_t *result, ngx_uint_t retry,
    apigw_error_t *err);


/* The token itself, by its server's word. */

apigw_rc_t
ngx_http_apigw_auth_introspect(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_error_t *err)
{
    bool           active;
    apigw_rc_t     rc;
    apigw_str_t    answer;
    apigw_arena_t  arena;

    result->provider = &ctx->policy->introspection->provider;
    result->name = result->provider->name;

    rc = ngx_http_apigw_auth_token_form(ctx, result, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (ctx->token.text.len > result->provider->max_token_size) {
        err->word = "token_too_large";
        return APIGW_ELIMIT;
    }

    rc = ngx_http_apigw_auth_introspect_answer(r, ctx, result, &answer, err);

    if (rc != APIGW_OK) {
        return rc;
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    /* it was read when it came: what fails now is memory */

    if (apigw_introspection_read(&result->claims, &active, &arena, answer, err)
        != APIGW_OK)
    {
        return APIGW_ENOMEM;
    }

    return apigw_claims_check(result->claims, &result->provider->claims,
                              ngx_time(), &result->dates, err);
}


/*
 * The answer about an active token. A question that is on its way comes first:
 * who was resumed by it finds its outcome, kept or not.
 */

static apigw_rc_t
ngx_http_apigw_auth_introspect_answer(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    apigw_str_t *answer, apigw_error_t *err)
{
    ngx_uint_t                            retry;
    apigw_rc_t                            rc;
    apigw_arena_t                         arena;
    ngx_http_apigw_auth_flight_t         *flight;
    ngx_http_apigw_auth_cache_key_t       key;
    ngx_http_apigw_auth_main_conf_t      *amcf;
    ngx_http_apigw_auth_introspection_t  *in;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    in = ctx->policy->introspection;

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (ngx_http_apigw_auth_cache_key(&amcf->zone, in->provider.fingerprint,
                                      ctx->token.text, &key)
        != NGX_OK)
    {
        return APIGW_ENOMEM;
    }

    flight = ngx_http_apigw_auth_flight_find(in, &key);

    if (flight == NULL) {
        rc = ngx_http_apigw_auth_introspect_recall(ctx, &amcf->zone, &key,
                                                   &arena, answer, err);
        if (rc != APIGW_AGAIN) {
            return rc;
        }

        flight = ngx_http_apigw_auth_flight_start(in, &amcf->zone, &key,
                                                  ctx->token.text, &retry);
        if (flight == NULL) {
            return ngx_http_apigw_auth_introspect_unavailable(result, retry,
                                                              err);
        }
    }

    return ngx_http_apigw_auth_introspect_flight(ctx, result, flight, &arena,
                                                 answer, err);
}


/* What is kept. APIGW_AGAIN: nothing. */

static apigw_rc_t
ngx_http_apigw_auth_introspect_recall(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_zone_t *zone, ngx_http_apigw_auth_cache_key_t *key,
    apigw_arena_t *arena, apigw_str_t *answer, apigw_error_t *err)
{
    ngx_int_t                          rc;
    ngx_http_apigw_auth_cache_entry_t  entry;

    ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_MISS;

    rc = ngx_http_apigw_auth_cache_get(zone, key, arena, &entry);

    if (rc == NGX_ERROR) {
        return APIGW_ENOMEM;
    }

    if (rc != NGX_OK) {
        return APIGW_AGAIN;
    }

    if (entry.kind == NGX_HTTP_APIGW_AUTH_CACHE_NEGATIVE) {
        ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_NEGATIVE;
        err->word = "token_inactive";
        return APIGW_EINPUT;
    }

    ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_L2;
    *answer = entry.data;

    return APIGW_OK;
}


static apigw_rc_t
ngx_http_apigw_auth_introspect_flight(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_result_t *result, ngx_http_apigw_auth_flight_t *flight,
    apigw_arena_t *arena, apigw_str_t *answer, apigw_error_t *err)
{
    ngx_str_t  *text;

    switch (flight->state) {

    case NGX_HTTP_APIGW_AUTH_FLIGHT_ASKING:

        if (flight->waiters.n >= NGX_HTTP_APIGW_AUTH_WAITERS_MAX) {
            return ngx_http_apigw_auth_introspect_unavailable(result, 1, err);
        }

        ctx->waiters = &flight->waiters;
        return APIGW_AGAIN;

    case NGX_HTTP_APIGW_AUTH_FLIGHT_ACTIVE:

        text = &flight->fetch->answer;

        answer->data = apigw_arena_dup(arena, text->data, text->len);
        answer->len = text->len;

        return answer->data ? APIGW_OK : APIGW_ENOMEM;

    case NGX_HTTP_APIGW_AUTH_FLIGHT_INACTIVE:

        err->word = "token_inactive";
        return APIGW_EINPUT;

    default: /* NGX_HTTP_APIGW_AUTH_FLIGHT_FAILED */

        return ngx_http_apigw_auth_introspect_unavailable(result,
                          ngx_http_apigw_auth_flight_retry(flight->in), err);
    }
}


static apigw_rc_t
ngx_http_apigw_auth_introspect_unavailable(
    ngx_http_apigw_auth_result_t *result, ngx_uint_t retry,
    apigw_error_t *err)
{
    result->failure.kind = NGX_HTTP_APIGW_AUTH_UNAVAILABLE;
    result->failure.retry = retry;
    err->word = "introspection_unavailable";

    return APIGW_EUNSUPPORTED;
}
