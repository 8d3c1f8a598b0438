
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_known.h"


static apigw_rc_t ngx_http_apigw_auth_key_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t **store, apigw_key_t *key, apigw_error_t *err);
static apigw_rc_t ngx_http_apigw_auth_key_look(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t *store, apigw_key_t *key, apigw_error_t *err);
static ngx_uint_t ngx_http_apigw_auth_key_carries(
    ngx_http_apigw_auth_store_t *store, ngx_http_apigw_auth_carrier_t *carrier);
static void ngx_http_apigw_auth_key_hide(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_rc_t rc);
static apigw_str_t ngx_http_apigw_auth_key_address(ngx_http_request_t *r);


ngx_int_t
ngx_http_apigw_auth_key_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result)
{
    apigw_rc_t                    rc;
    apigw_key_t                   key;
    apigw_arena_t                 arena;
    apigw_error_t                 err;
    ngx_http_apigw_auth_store_t  *store;

    rc = ngx_http_apigw_auth_key_find(r, ctx, result, &store, &key, &err);

    if (ctx->carrier->in == NGX_HTTP_APIGW_AUTH_IN_BASIC) {
        ngx_http_apigw_auth_key_hide(r, ctx, rc);
    }

    if (rc == APIGW_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc == APIGW_OK) {
        result->name = store->name;

        rc = apigw_key_check(&key, ngx_time(),
                             ngx_http_apigw_auth_key_address(r), &err);
    }

    if (rc == APIGW_OK) {
        ngx_http_apigw_arena_init(&arena, r->pool);

        rc = apigw_identity_from_key(&result->identity, &arena,
                                     ngx_http_apigw_str(&store->name), &key);
    }

    if (rc == APIGW_OK) {
        result->valid = 1;
        return NGX_OK;
    }

    if (rc == APIGW_ENOMEM) {
        return NGX_ERROR;
    }

    result->failure.kind = (rc == APIGW_EUNSUPPORTED)
                           ? NGX_HTTP_APIGW_AUTH_UNAVAILABLE
                           : NGX_HTTP_APIGW_AUTH_BAD_KEY;
    result->failure.word = err.word;

    return NGX_OK;
}


/* The first store that has it decides; one that cannot tell might have it. */

static apigw_rc_t
ngx_http_apigw_auth_key_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t **store, apigw_key_t *key, apigw_error_t *err)
{
    apigw_rc_t  rc;

    rc = APIGW_EINPUT;
    err->word = "key_unknown";

    for ( /* void */ ; ctx->store < ctx->policy->nstores; ctx->store++) {
        *store = ctx->policy->stores[ctx->store];

        if (!ngx_http_apigw_auth_key_carries(*store, ctx->carrier)) {
            continue;
        }

        rc = ngx_http_apigw_auth_key_look(r, ctx, result, *store, key, err);

        if (rc != APIGW_EINPUT) {
            break;
        }
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_auth_key_look(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_store_t *store, apigw_key_t *key, apigw_error_t *err)
{
    apigw_rc_t     rc;
    apigw_arena_t  arena;

    rc = apigw_key_form_check(ctx->key, ngx_http_apigw_str(&store->prefix),
                              NULL, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = APIGW_EINPUT;

    if (store->image.halves) {
        ngx_http_apigw_arena_init(&arena, r->pool);

        rc = ngx_http_apigw_auth_table_find(store, &arena, ctx->key, key, err);
    }

    if (rc == APIGW_EINPUT && store->source.redis) {
        rc = ngx_http_apigw_auth_key_redis_find(r, ctx, result, store, key,
                                                err);
    }

    return rc;
}


ngx_int_t
ngx_http_apigw_auth_key_digest(ngx_http_apigw_auth_store_t *store,
    apigw_str_t text, ngx_uint_t i, u_char *digest, apigw_key_digest_e *kind)
{
    if (i == 0) {
        *kind = APIGW_KEY_SHA256;
        return ngx_http_apigw_auth_digest(digest, &text, 1);
    }

    *kind = APIGW_KEY_HMAC_SHA256;

    return apigw_key_digest_hmac(digest, text, store->peppers[i - 1])
           == APIGW_OK ? NGX_OK : NGX_ERROR;
}


/* Whether the store's keys may come from where this one was found. */

static ngx_uint_t
ngx_http_apigw_auth_key_carries(ngx_http_apigw_auth_store_t *store,
    ngx_http_apigw_auth_carrier_t *carrier)
{
    ngx_uint_t                      i;
    ngx_http_apigw_auth_carrier_t  *own;

    own = store->carriers->elts;

    for (i = 0; i < store->carriers->nelts; i++) {
        if (ngx_http_apigw_auth_carrier_is(&own[i], carrier)) {
            return 1;
        }
    }

    return 0;
}


/*
 * The user's name is a key, or may be one as long as nobody can tell: it is not
 * for $remote_user, which access logs have, also those of requests that end
 * while they wait. A name that no store knows may be one of auth_basic's, which
 * then reads it anew.
 */

static void
ngx_http_apigw_auth_key_hide(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, apigw_rc_t rc)
{
    static ngx_str_t  remote_user = ngx_string("remote_user");

    if (rc == APIGW_EINPUT) {

        if (!ctx->hidden) {
            return;
        }

        ctx->hidden = 0;

        ngx_str_null(&r->headers_in.user);
        ngx_str_null(&r->headers_in.passwd);

    } else {

        /* while it waits, unless another policy has hidden it for good */

        ctx->hidden |= (r->headers_in.user.len
                        || r->headers_in.user.data == NULL);
        ctx->hidden &= (rc == APIGW_AGAIN);

        ngx_str_set(&r->headers_in.user, "");
        ngx_str_set(&r->headers_in.passwd, "");
    }

    ngx_http_apigw_variable_forget(r, &remote_user);
}


static apigw_str_t
ngx_http_apigw_auth_key_address(ngx_http_request_t *r)
{
    apigw_str_t           addr;
    struct sockaddr      *sa;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    sa = r->connection->sockaddr;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        addr.data = (uint8_t *) &sin->sin_addr;
        addr.len = 4;
        break;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        addr.data = sin6->sin6_addr.s6_addr;
        addr.len = 16;
        break;
#endif

    default:
        addr.data = NULL;
        addr.len = 0;
        break;
    }

    return addr;
}
