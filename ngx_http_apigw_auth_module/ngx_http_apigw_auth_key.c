
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_known.h"


static apigw_rc_t ngx_http_apigw_auth_key_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_store_t **store,
    apigw_key_t *key, apigw_error_t *err);
static ngx_uint_t ngx_http_apigw_auth_key_carries(
    ngx_http_apigw_auth_store_t *store, ngx_http_apigw_auth_carrier_t *carrier);
static void ngx_http_apigw_auth_key_hide(ngx_http_request_t *r);
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

    rc = ngx_http_apigw_auth_key_find(r, ctx, &store, &key, &err);

    if (rc == APIGW_OK) {
        result->name = store->name;

        if (ctx->carrier->in == NGX_HTTP_APIGW_AUTH_IN_BASIC) {
            ngx_http_apigw_auth_key_hide(r);
        }

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


static apigw_rc_t
ngx_http_apigw_auth_key_find(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_store_t **store,
    apigw_key_t *key, apigw_error_t *err)
{
    apigw_rc_t     rc;
    ngx_uint_t     i;
    apigw_arena_t  arena;

    ngx_http_apigw_arena_init(&arena, r->pool);

    rc = APIGW_EINPUT;
    err->word = "key_unknown";

    for (i = 0; rc == APIGW_EINPUT && i < ctx->policy->nstores; i++) {
        *store = ctx->policy->stores[i];

        if (ngx_http_apigw_auth_key_carries(*store, ctx->carrier)) {
            rc = ngx_http_apigw_auth_table_find(*store, &arena, ctx->key, key,
                                                err);
        }
    }

    return rc;
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
 * The user's name is a key: it is not for $remote_user, which access logs have.
 * A name that no store knows may be one of auth_basic's.
 */

static void
ngx_http_apigw_auth_key_hide(ngx_http_request_t *r)
{
    static ngx_str_t  remote_user = ngx_string("remote_user");

    ngx_str_set(&r->headers_in.user, "");
    ngx_str_set(&r->headers_in.passwd, "");

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
