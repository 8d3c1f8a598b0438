
/*
 * A request that passes gets a token by which the service knows who is calling
 * and that the gateway let it pass. In ACCESS: what is refused costs no
 * signature. One that was made for the same caller and claims serves for half
 * of its life.
 */


#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_headers_in.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>


#define NGX_HTTP_APIGW_AUTH_JTI  16      /* bytes */


/* An assertion in the making. */

typedef struct {
    ngx_http_apigw_auth_assertion_t  *assertion;
    apigw_identity_t                 *identity;
    apigw_arena_t                     arena;
    apigw_str_t                       claims;    /* rendered */
    time_t                            now;
    int64_t                           exp;
    int64_t                           caller_exp;        /* -1: not nearer */
    u_char                            digest[APIGW_SHA256_SIZE];
} ngx_http_apigw_auth_assert_t;


static apigw_rc_t ngx_http_apigw_auth_assert_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_assert_t *as, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *token);
static apigw_rc_t ngx_http_apigw_auth_assert_claims(ngx_http_request_t *r,
    ngx_http_apigw_auth_assert_t *as, ngx_http_apigw_auth_ctx_t *ctx);
static ngx_int_t ngx_http_apigw_auth_assert_say(
    ngx_http_apigw_auth_assert_t *as, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_uint_t say, apigw_assertion_claim_t *claim);
static void ngx_http_apigw_auth_assert_dates(ngx_http_apigw_auth_assert_t *as,
    ngx_http_apigw_auth_ctx_t *ctx);
static apigw_rc_t ngx_http_apigw_auth_assert_digest(
    ngx_http_apigw_auth_assert_t *as);
static apigw_rc_t ngx_http_apigw_auth_assert_sign(
    ngx_http_apigw_auth_assert_t *as, ngx_str_t *token);
static ngx_int_t ngx_http_apigw_auth_assert_header(ngx_http_request_t *r,
    ngx_http_apigw_auth_assertion_t *assertion, ngx_str_t *token);


ngx_int_t
ngx_http_apigw_auth_assertion_set(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx)
{
    apigw_rc_t                     rc;
    ngx_str_t                      token;
    ngx_http_apigw_auth_assert_t   as;

    if (alcf->assertion == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&as, sizeof(ngx_http_apigw_auth_assert_t));

    as.assertion = alcf->assertion->assertion;
    as.identity = ngx_http_apigw_auth_identity(ctx);

    if (as.identity == NULL) {
        return NGX_ERROR;
    }

    ngx_http_apigw_arena_init(&as.arena, r->pool);

    ctx->dropped = 0;

    rc = ngx_http_apigw_auth_assert_token(r, &as, ctx, &token);

    if (ctx->dropped) {
        ctx->unsafe = 1;                 /* a claim is not what it was */
        return NGX_OK;
    }

    if (rc == APIGW_OK) {
        return ngx_http_apigw_auth_assert_header(r, as.assertion, &token);
    }

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "apigw_auth: assertion \"%V\" cannot be signed: %s",
                  &as.assertion->name,
                  rc == APIGW_EINPUT ? "a claim is not valid UTF-8"
                  : rc == APIGW_ELIMIT ? "its claims are above 16k"
                  : "no memory, or OpenSSL fails");

    ctx->failure.kind = NGX_HTTP_APIGW_AUTH_NO_ASSERTION;
    ctx->failure.word = "assertion_failed";

    return NGX_DECLINED;
}


static apigw_rc_t
ngx_http_apigw_auth_assert_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_assert_t *as, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *token)
{
    apigw_rc_t                        rc;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    rc = ngx_http_apigw_auth_assert_claims(r, as, ctx);

    if (rc != APIGW_OK || ctx->dropped) {
        return rc;
    }

    ngx_http_apigw_auth_assert_dates(as, ctx);

    rc = ngx_http_apigw_auth_assert_digest(as);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (ngx_http_apigw_auth_assertion_cache_find(amcf->asserted, as->digest,
                                                 as->now, token)
        == NGX_OK)
    {
        return APIGW_OK;
    }

    /* a cache that workers share is asked here, and told below */

    rc = ngx_http_apigw_auth_assert_sign(as, token);

    if (rc == APIGW_OK) {
        ngx_http_apigw_auth_assertion_cache_keep(amcf->asserted, as->digest,
                                 as->now, as->now + (as->exp - as->now) / 2,
                                 token, r->connection->log);
    }

    return rc;
}


static apigw_rc_t
ngx_http_apigw_auth_assert_claims(ngx_http_request_t *r,
    ngx_http_apigw_auth_assert_t *as, ngx_http_apigw_auth_ctx_t *ctx)
{
    size_t                                  n;
    ngx_str_t                               value;
    ngx_uint_t                              i;
    apigw_assertion_claim_t                *claims;
    ngx_http_apigw_auth_assertion_claim_t  *own;

    own = as->assertion->claims.elts;

    claims = apigw_arena_array(&as->arena, NGX_HTTP_APIGW_AUTH_SAYS
                                           + as->assertion->claims.nelts,
                               sizeof(apigw_assertion_claim_t));
    if (claims == NULL) {
        return APIGW_ENOMEM;
    }

    n = 0;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_SAYS; i++) {
        if ((as->assertion->says & (1 << i))
            && ngx_http_apigw_auth_assert_say(as, ctx, i, &claims[n++])
               != NGX_OK)
        {
            return APIGW_ENOMEM;
        }
    }

    for (i = 0; i < as->assertion->claims.nelts; i++) {
        if (ngx_http_complex_value(r, &own[i].value, &value) != NGX_OK) {
            return APIGW_ENOMEM;
        }

        claims[n].name = ngx_http_apigw_str(&own[i].name);
        claims[n++].value = ngx_http_apigw_str(&value);
    }

    return apigw_assertion_claims(&as->claims, &as->arena, claims, n);
}


static ngx_int_t
ngx_http_apigw_auth_assert_say(ngx_http_apigw_auth_assert_t *as,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_uint_t say,
    apigw_assertion_claim_t *claim)
{
    bool                      unsafe;
    apigw_claim_t             found;
    apigw_claims_t           *claims;

    static const apigw_str_t  names[] = {
        apigw_str("consumer"), apigw_str("sub"), apigw_str("scope"),
        apigw_str("plan")
    };

    claim->name = names[say];
    claim->value.data = NULL;
    claim->value.len = 0;

    switch (say) {

    case NGX_HTTP_APIGW_AUTH_SAY_CONSUMER:
        claim->value = as->identity->consumer;
        return NGX_OK;

    case NGX_HTTP_APIGW_AUTH_SAY_SCOPE:
        claim->value = as->identity->scope_text;
        return NGX_OK;

    case NGX_HTTP_APIGW_AUTH_SAY_PLAN:
        claim->value = as->identity->plan;
        return NGX_OK;

    default:
        claims = ngx_http_apigw_auth_claims(ctx);

        if (claims == NULL || !apigw_claims_get(claims, names[say], &found)) {
            return NGX_OK;
        }

        if (apigw_claims_render_mark(&claim->value, &as->arena, claims, &found,
                                     APIGW_CLAIM_JSON, &unsafe)
            != APIGW_OK)
        {
            return NGX_ERROR;
        }

        ctx->dropped |= unsafe;

        return NGX_OK;
    }
}


/* No assertion outlives what it stands for. */

static void
ngx_http_apigw_auth_assert_dates(ngx_http_apigw_auth_assert_t *as,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_uint_t         i;
    apigw_identity_t  *identity;

    as->now = ngx_time();
    as->exp = as->now + as->assertion->ttl;
    as->caller_exp = -1;

    for (i = 0; i < NGX_HTTP_APIGW_AUTH_KINDS; i++) {
        identity = ngx_http_apigw_auth_identity_of(ctx, i);

        if (identity && identity->dates.exp >= 0
            && identity->dates.exp < as->exp)
        {
            as->exp = identity->dates.exp;
            as->caller_exp = as->exp;
        }
    }
}


/*
 * What makes two assertions the same: block, key, consumer, claims, and the
 * caller's exp where that is what bounds them.
 */

static apigw_rc_t
ngx_http_apigw_auth_assert_digest(ngx_http_apigw_auth_assert_t *as)
{
    int          good;
    uint64_t     numbers[3];
    EVP_MD_CTX  *md;

    numbers[0] = as->assertion->name.len;
    numbers[1] = as->identity->consumer.len;
    numbers[2] = as->caller_exp;

    md = EVP_MD_CTX_new();

    good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL)
           && EVP_DigestUpdate(md, numbers, sizeof(numbers))
           && EVP_DigestUpdate(md, as->assertion->name.data,
                               as->assertion->name.len)
           && EVP_DigestUpdate(md, as->identity->consumer.data,
                               as->identity->consumer.len)
           && EVP_DigestUpdate(md, as->assertion->keys[0].kid.data,
                               as->assertion->keys[0].kid.len)
           && EVP_DigestUpdate(md, as->claims.data, as->claims.len)
           && EVP_DigestFinal_ex(md, as->digest, NULL);

    EVP_MD_CTX_free(md);

    if (!good) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    return APIGW_OK;
}


static apigw_rc_t
ngx_http_apigw_auth_assert_sign(ngx_http_apigw_auth_assert_t *as,
    ngx_str_t *token)
{
    u_char                    random[NGX_HTTP_APIGW_AUTH_JTI];
    u_char                    jti[2 * NGX_HTTP_APIGW_AUTH_JTI];
    apigw_rc_t                rc;
    apigw_str_t               out;
    apigw_assertion_frame_t   frame;

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    ngx_hex_dump(jti, random, sizeof(random));

    frame.issuer = ngx_http_apigw_str(&as->assertion->issuer);
    frame.audience = ngx_http_apigw_str(&as->assertion->audience);
    frame.jti.data = jti;
    frame.jti.len = sizeof(jti);
    frame.iat = as->now;
    frame.exp = as->exp;

    rc = apigw_assertion_sign(&out, &as->arena, &as->assertion->keys[0],
                              &frame, as->claims);
    if (rc == APIGW_OK) {
        token->data = (u_char *) out.data;
        token->len = out.len;
    }

    return rc;
}


/* Copied: the cache may drop its own while the request goes on. */

static ngx_int_t
ngx_http_apigw_auth_assert_header(ngx_http_request_t *r,
    ngx_http_apigw_auth_assertion_t *assertion, ngx_str_t *token)
{
    u_char     *p;
    ngx_str_t   value;

    p = ngx_pnalloc(r->pool, assertion->scheme.len + 1 + token->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;

    if (assertion->scheme.len) {
        p = ngx_cpymem(p, assertion->scheme.data, assertion->scheme.len);
        *p++ = ' ';
    }

    p = ngx_cpymem(p, token->data, token->len);
    value.len = p - value.data;

    return ngx_http_apigw_headers_in_set(r, &assertion->header, &value);
}
