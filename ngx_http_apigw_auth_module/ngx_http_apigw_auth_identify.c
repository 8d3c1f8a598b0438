
#include "ngx_http_apigw_auth.h"


typedef ngx_int_t (*ngx_http_apigw_auth_verify_pt)(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result);


static ngx_int_t ngx_http_apigw_auth_identify_all(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_conclude(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_auth_conclude_failure(
    ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_conclude_consumer(
    ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_conclude_anonymous(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx);
static void ngx_http_apigw_auth_results_clear(ngx_http_apigw_auth_ctx_t *ctx);
static ngx_uint_t ngx_http_apigw_auth_preflight(ngx_http_request_t *r);


ngx_int_t
ngx_http_apigw_auth_prepare(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t **found)
{
    ngx_int_t                         rc;
    ngx_http_apigw_auth_ctx_t        *ctx;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    ctx = NULL;

    if (alcf->policy) {
        ctx = ngx_http_apigw_auth_ctx(r, 1);
        if (ctx == NULL) {
            return NGX_ERROR;
        }

        ctx->in_phase = 1;
        rc = ngx_http_apigw_auth_identify(r, alcf, ctx);
        ctx->in_phase = 0;

        if (rc == NGX_AGAIN) {
            return ngx_http_apigw_auth_wait(r, ctx);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (amcf->names.nelts
        && ngx_http_apigw_auth_headers_strip(r, amcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ctx && ctx->identified
        && ngx_http_apigw_auth_headers_set(r, alcf, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *found = ctx;

    return NGX_OK;
}


ngx_uint_t
ngx_http_apigw_auth_time_wanted(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;
    static ngx_str_t            name = ngx_string("apigw_auth_time");

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len == name.len
            && ngx_strncmp(v[i].name.data, name.data, name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_http_apigw_auth_identify(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    uint64_t                          start;
    ngx_int_t                         rc;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    start = amcf->timed ? ngx_http_apigw_auth_clock() : 0;

    ctx->preflight = (alcf->preflight && ngx_http_apigw_auth_preflight(r));

    if (ctx->preflight) {
        ngx_http_apigw_auth_results_clear(ctx);
        ctx->status = NGX_HTTP_APIGW_AUTH_OFF;
        return NGX_OK;
    }

    rc = NGX_OK;

    if (!ngx_http_apigw_auth_credential_same(alcf, ctx)) {
        ngx_http_apigw_auth_results_clear(ctx);

        rc = ngx_http_apigw_auth_credential_read(r, alcf, ctx);

        if (rc == NGX_OK) {
            ctx->state = NGX_HTTP_APIGW_AUTH_CREDENTIAL;
            ctx->policy = alcf->policy;
            ctx->token_from = alcf->token_from;
            ctx->cookie_origins = alcf->cookie_origins;
        }
    }

    if (rc == NGX_OK && ctx->state != NGX_HTTP_APIGW_AUTH_DONE) {
        rc = ngx_http_apigw_auth_identify_all(r, ctx);
    }

    if (rc == NGX_OK) {
        ctx->state = NGX_HTTP_APIGW_AUTH_DONE;
        rc = ngx_http_apigw_auth_conclude(r, alcf, ctx);
    }

    if (amcf->timed) {
        ctx->usec += ngx_http_apigw_auth_clock() - start;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "apigw_auth: identified, status %d, %s", ctx->status,
                   ctx->failure.word ? ctx->failure.word : "no failure");

    return rc;
}


static ngx_int_t
ngx_http_apigw_auth_identify_all(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_int_t                      rc;
    ngx_uint_t                     i;
    ngx_http_apigw_auth_result_t  *result;

    static ngx_http_apigw_auth_verify_pt  verify[] = {
        ngx_http_apigw_auth_jwt_verify,
        ngx_http_apigw_auth_key_verify,
        ngx_http_apigw_auth_opaque_verify
    };

    /* a request that cannot be read is not worth a verification */

    for (i = 0; i < ctx->policy->nkinds; i++) {
        if (ctx->results[ctx->policy->kinds[i]].failure.kind) {
            return NGX_OK;
        }
    }

    for (i = 0; i < ctx->policy->nkinds; i++) {
        result = &ctx->results[ctx->policy->kinds[i]];

        if (!result->presented || result->decided) {
            continue;
        }

        rc = verify[ctx->policy->kinds[i]](r, ctx, result);

        if (rc != NGX_OK) {
            return rc;
        }

        ngx_http_apigw_auth_revocation_check(r, result);
        result->decided = 1;
    }

    return NGX_OK;
}


/* One verdict out of one result for each kind. */

static ngx_int_t
ngx_http_apigw_auth_conclude(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t                     i, presented;
    ngx_http_apigw_auth_policy_t  *policy;

    policy = ctx->policy;
    presented = 0;

    ngx_memzero(&ctx->failure, sizeof(ngx_http_apigw_auth_failure_t));

    ctx->identified = 0;
    ctx->anonymous = NULL;
    ctx->primary = NGX_HTTP_APIGW_AUTH_KINDS;

    if (ngx_http_apigw_auth_conclude_failure(ctx)) {
        return NGX_OK;
    }

    for (i = 0; i < policy->nkinds; i++) {
        if (ctx->results[policy->kinds[i]].presented) {
            presented++;

            if (ctx->primary == NGX_HTTP_APIGW_AUTH_KINDS) {
                ctx->primary = policy->kinds[i];
            }
        }
    }

    if (presented == 0 && alcf->anonymous) {
        return ngx_http_apigw_auth_conclude_anonymous(r, alcf, ctx);
    }

    /* a token is of one kind: two that are listed ask for one */

    if (presented == 0
        || (policy->all && presented + (policy->nproviders
                                        && policy->introspection)
                           < policy->nkinds))
    {
        ctx->primary = NGX_HTTP_APIGW_AUTH_KINDS;
        ctx->status = NGX_HTTP_APIGW_AUTH_NOTHING;
        ctx->failure.kind = NGX_HTTP_APIGW_AUTH_MISSING;
        ctx->failure.word = "token_missing";
        return NGX_OK;
    }

    ctx->identified = 1;
    ctx->status = NGX_HTTP_APIGW_AUTH_OK;

    return presented > 1 ? ngx_http_apigw_auth_conclude_consumer(ctx) : NGX_OK;
}


/* One that is invalid fails the request, whatever else passes. */

static ngx_uint_t
ngx_http_apigw_auth_conclude_failure(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t                     i;
    ngx_http_apigw_auth_result_t  *result;

    for (i = 0; i < ctx->policy->nkinds; i++) {
        result = &ctx->results[ctx->policy->kinds[i]];

        if (result->failure.kind == NGX_HTTP_APIGW_AUTH_NO_FAILURE) {
            continue;
        }

        ctx->failure = result->failure;
        ctx->status = (result->failure.kind == NGX_HTTP_APIGW_AUTH_UNAVAILABLE)
                      ? NGX_HTTP_APIGW_AUTH_NO_ANSWER
                      : NGX_HTTP_APIGW_AUTH_REJECTED;
        return 1;
    }

    return 0;
}


static ngx_int_t
ngx_http_apigw_auth_conclude_consumer(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t         i;
    apigw_identity_t  *first, *other;

    first = ngx_http_apigw_auth_identity(ctx);
    if (first == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < ctx->policy->nkinds; i++) {

        if (!ctx->results[ctx->policy->kinds[i]].presented) {
            continue;
        }

        other = ngx_http_apigw_auth_identity_of(ctx, ctx->policy->kinds[i]);
        if (other == NULL) {
            return NGX_ERROR;
        }

        if (!apigw_str_eq(first->consumer, other->consumer)) {
            ctx->identified = 0;
            ctx->status = NGX_HTTP_APIGW_AUTH_REJECTED;
            ctx->failure.kind = NGX_HTTP_APIGW_AUTH_DENIED;
            ctx->failure.word = "consumer_mismatch";
            return NGX_OK;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_conclude_anonymous(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    apigw_arena_t  arena;

    ngx_http_apigw_arena_init(&arena, r->pool);

    if (apigw_identity_anonymous(&ctx->anonymous, &arena,
                                 ngx_http_apigw_str(alcf->anonymous))
        != APIGW_OK)
    {
        return NGX_ERROR;
    }

    ctx->identified = 1;
    ctx->status = NGX_HTTP_APIGW_AUTH_ANONYMOUS;

    return NGX_OK;
}


apigw_identity_t *
ngx_http_apigw_auth_identity(ngx_http_apigw_auth_ctx_t *ctx)
{
    if (ctx->anonymous) {
        return ctx->anonymous;
    }

    return ngx_http_apigw_auth_identity_of(ctx, ctx->primary);
}


apigw_identity_t *
ngx_http_apigw_auth_identity_of(ngx_http_apigw_auth_ctx_t *ctx,
    ngx_http_apigw_auth_kind_e kind)
{
    apigw_arena_t                  arena;
    ngx_http_apigw_auth_result_t  *result;

    if (!ctx->identified || kind == NGX_HTTP_APIGW_AUTH_KINDS) {
        return NULL;
    }

    result = &ctx->results[kind];

    if (result->identity || !result->valid) {
        return result->identity;
    }

    ngx_http_apigw_arena_init(&arena, ctx->record.request->pool);

    if (apigw_identity_from_claims(&result->identity, &arena,
                                   kind == NGX_HTTP_APIGW_AUTH_INTROSPECT
                                   ? APIGW_METHOD_INTROSPECT
                                   : APIGW_METHOD_JWT,
                                   ngx_http_apigw_str(&result->name),
                                   &result->provider->map, result->claims,
                                   result->key, &result->dates)
        != APIGW_OK)
    {
        return NULL;
    }

    return result->identity;
}


void
ngx_http_apigw_auth_results_release(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_KINDS; i++) {
        ngx_http_apigw_auth_keys_release(ctx->results[i].keys);
        ngx_http_apigw_auth_cached_release(ctx->results[i].cached);
    }
}


static void
ngx_http_apigw_auth_results_clear(ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_http_apigw_auth_results_release(ctx);

    ngx_memzero(ctx->results, sizeof(ctx->results));
    ngx_memzero(&ctx->failure, sizeof(ngx_http_apigw_auth_failure_t));

    ctx->policy = NULL;
    ctx->store = 0;
    ctx->binding = NULL;
    ctx->nonce = 0;
    ctx->anonymous = NULL;
    ctx->identified = 0;
    ctx->found = NGX_HTTP_APIGW_AUTH_FOUND_NOT;
    ctx->primary = NGX_HTTP_APIGW_AUTH_KINDS;
}


/* What a browser sends before a request that carries credentials. */

static ngx_uint_t
ngx_http_apigw_auth_preflight(ngx_http_request_t *r)
{
    ngx_uint_t         i, seen;
    ngx_list_part_t   *part;
    ngx_table_elt_t   *h;
    static ngx_str_t   origin = ngx_string("Origin");
    static ngx_str_t   method = ngx_string("Access-Control-Request-Method");

    if (r->method != NGX_HTTP_OPTIONS) {
        return 0;
    }

    seen = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_apigw_header_name_is(&h[i].key, &origin)) {
                seen |= 1;

            } else if (ngx_http_apigw_header_name_is(&h[i].key, &method)) {
                seen |= 2;
            }
        }
    }

    return seen == 3;
}
