
/* The proof in a request's header "DPoP" (RFC 9449). */


#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_proof_header(
    ngx_http_apigw_auth_ctx_t *ctx, apigw_str_t *value);
static ngx_int_t ngx_http_apigw_auth_proof_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_t *proof, apigw_error_t *err);
static ngx_int_t ngx_http_apigw_auth_proof_request(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_request_t *request);
static apigw_rc_t ngx_http_apigw_auth_proof_nonce(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_str_t nonce, apigw_error_t *err);
static const u_char *ngx_http_apigw_auth_nonce_key(ngx_http_request_t *r,
    ngx_http_apigw_auth_binding_t *rules, ngx_uint_t i);
static ngx_int_t ngx_http_apigw_auth_proof_once(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_t *proof, ngx_http_apigw_auth_failure_t *failure);


ngx_int_t
ngx_http_apigw_auth_proof_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    const u_char *jkt, ngx_http_apigw_auth_failure_t *failure)
{
    apigw_rc_t                      rc;
    apigw_dpop_t                    proof;
    apigw_arena_t                   arena;
    apigw_error_t                   err;
    ngx_http_apigw_auth_failure_e   kind;

    /* a variable may be read when the request is over: too late to ask */

    if (rules->once && !ctx->in_phase) {
        return NGX_AGAIN;
    }

    kind = NGX_HTTP_APIGW_AUTH_BAD_PROOF;
    err.word = "dpop_invalid";

    rc = ngx_http_apigw_auth_proof_read(r, ctx, rules, &proof, &err);

    if (rc == APIGW_OK && rules->nonce) {
        rc = ngx_http_apigw_auth_proof_nonce(r, ctx, rules, proof.nonce, &err);

        if (rc == APIGW_EINPUT) {
            kind = NGX_HTTP_APIGW_AUTH_NEED_NONCE;
            proof.why = "has no current \"nonce\"";
        }
    }

    if (rc == APIGW_OK) {
        ngx_http_apigw_arena_init(&arena, r->pool);

        rc = apigw_dpop_verify(&proof, &arena, jkt, &err);

        if (rc == APIGW_EINPUT
            && ngx_strcmp(err.word, "binding_mismatch") == 0)
        {
            kind = NGX_HTTP_APIGW_AUTH_BAD_TOKEN;
        }
    }

    if (rc == APIGW_ENOMEM) {
        return NGX_ERROR;
    }

    if (rc != APIGW_OK) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "apigw_auth: client sent a DPoP proof that %s",
                      proof.why);

        return ngx_http_apigw_auth_binding_fail(failure, kind, err.word);
    }

    return ngx_http_apigw_auth_proof_once(r, ctx, rules, &proof, failure);
}


/* From the request as it came: lines may be gone from it since. */

static ngx_int_t
ngx_http_apigw_auth_proof_header(ngx_http_apigw_auth_ctx_t *ctx,
    apigw_str_t *value)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;

    for (part = &ctx->headers; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].key.len == 4
                && ngx_strncmp(h[i].lowcase_key, "dpop", 4) == 0)
            {
                *value = ngx_http_apigw_str(&h[i].value);
                n++;
            }
        }
    }

    return n == 1 ? NGX_OK : n ? NGX_DECLINED : NGX_DONE;
}


static ngx_int_t
ngx_http_apigw_auth_proof_read(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_t *proof, apigw_error_t *err)
{
    ngx_int_t             rc;
    apigw_str_t           value;
    apigw_arena_t         arena;
    apigw_dpop_request_t  request;

    rc = ngx_http_apigw_auth_proof_header(ctx, &value);

    if (rc != NGX_OK) {
        proof->why = (rc == NGX_DONE) ? "is not there"
                                      : "stands beside another";
        return APIGW_EINPUT;
    }

    rc = ngx_http_apigw_auth_proof_request(r, ctx, rules, &request);

    if (rc == NGX_ERROR) {
        return APIGW_ENOMEM;
    }

    if (rc == NGX_DECLINED) {
        proof->why = "came to a host that is none of \"server_name\"";
        return APIGW_EINPUT;
    }

    ngx_http_apigw_arena_init(&arena, r->pool);

    return apigw_dpop_parse(proof, &arena, value, &rules->dpop, &request,
                            ngx_time(), err);
}


/* The first line as it was sent: error_page may have changed the method. */

static ngx_int_t
ngx_http_apigw_auth_proof_request(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_request_t *request)
{
    u_char  *p;

    p = ngx_strlchr(r->request_line.data,
                    r->request_line.data + r->request_line.len, ' ');

    request->method.data = r->request_line.data;
    request->method.len = p ? (size_t) (p - r->request_line.data) : 0;
    request->path = ngx_http_apigw_str(&r->unparsed_uri);
    request->token = ctx->token.text;

    if (rules->origins.nelts) {
        request->origins = rules->origins.elts;
        request->norigins = rules->origins.nelts;
        return NGX_OK;
    }

    return ngx_http_apigw_auth_origins(r, request);
}


static apigw_rc_t
ngx_http_apigw_auth_proof_nonce(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_str_t nonce, apigw_error_t *err)
{
    bool           old;
    apigw_rc_t     rc;
    ngx_uint_t     i;
    const u_char  *key;

    for (i = 0; /* void */; i++) {
        key = ngx_http_apigw_auth_nonce_key(r, rules, i);

        if (key == NULL) {
            ctx->nonce = 1;
            return APIGW_EINPUT;
        }

        rc = apigw_dpop_nonce_check(nonce, key, ngx_time(), &old, err);

        if (rc == APIGW_OK) {
            ctx->nonce = (old || i > 0);
        }

        if (rc != APIGW_EINPUT) {
            return rc;
        }
    }
}


/* The first one makes nonces; NULL behind the last. */

static const u_char *
ngx_http_apigw_auth_nonce_key(ngx_http_request_t *r,
    ngx_http_apigw_auth_binding_t *rules, ngx_uint_t i)
{
    ngx_http_apigw_auth_main_conf_t  *amcf;

    if (rules->nkeys) {
        return i < rules->nkeys ? rules->keys[i] : NULL;
    }

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    return i == 0 ? amcf->zone.shared->nonce_key : NULL;
}


ngx_int_t
ngx_http_apigw_auth_nonce_make(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_str_t *value)
{
    value->len = APIGW_DPOP_NONCE;

    value->data = ngx_pnalloc(r->pool, value->len);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    return apigw_dpop_nonce_make(value->data,
                                 ngx_http_apigw_auth_nonce_key(r, ctx->binding,
                                                               0),
                                 ngx_time())
           == APIGW_OK ? NGX_OK : NGX_ERROR;
}


/*
 * Last, when all else has passed: a proof that fails is not used up. A request
 * that identifies anew after an internal redirect has used its own already.
 */

static ngx_int_t
ngx_http_apigw_auth_proof_once(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    apigw_dpop_t *proof, ngx_http_apigw_auth_failure_t *failure)
{
    int64_t                           expiry;
    apigw_rc_t                        rc;
    apigw_error_t                     err;
    ngx_http_apigw_auth_main_conf_t  *amcf;

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);

    expiry = proof->iat + amcf->proof_age + APIGW_DPOP_SKEW;

    if (ctx->proven
        && ngx_memcmp(ctx->proof, proof->digest, APIGW_DPOP_DIGEST) == 0)
    {
        return ngx_http_apigw_auth_once(r, ctx, rules->once, proof, expiry,
                                        failure);
    }

    rc = ngx_http_apigw_auth_replay_add(r, proof, expiry, &err);

    if (rc == APIGW_ELIMIT) {
        return ngx_http_apigw_auth_binding_fail(failure,
                                            NGX_HTTP_APIGW_AUTH_UNAVAILABLE,
                                            err.word);
    }

    if (rc != APIGW_OK) {
        return ngx_http_apigw_auth_binding_fail(failure,
                                            NGX_HTTP_APIGW_AUTH_BAD_PROOF,
                                            err.word);
    }

    ctx->proven = 1;
    ngx_memcpy(ctx->proof, proof->digest, APIGW_DPOP_DIGEST);

    return ngx_http_apigw_auth_once(r, ctx, rules->once, proof, expiry,
                                    failure);
}
