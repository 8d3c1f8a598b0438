
/*
 * Is the one who sends a token the one to whom it was issued? What the token's
 * claim "cnf" names must be shown: the certificate of this connection, a proof
 * by a key, or both.
 */


#include "ngx_http_apigw_auth.h"


static ngx_int_t ngx_http_apigw_auth_binding_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    const apigw_claims_t *claims, ngx_http_apigw_auth_failure_t *failure);
static ngx_int_t ngx_http_apigw_auth_certificate_check(ngx_http_request_t *r,
    const u_char *digest, ngx_http_apigw_auth_failure_t *failure);
static ngx_int_t ngx_http_apigw_auth_certificate_digest(ngx_http_request_t *r,
    u_char *digest);


ngx_int_t
ngx_http_apigw_auth_binding_verify(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_result_t *result)
{
    ngx_int_t                       rc;
    ngx_http_apigw_auth_binding_t  *rules;

    rules = &result->provider->binding;

    if (result->proving) {
        rc = ngx_http_apigw_auth_once_again(ctx, rules->once,
                                            &result->failure);
    } else {
        rc = ngx_http_apigw_auth_binding_check(r, ctx, rules, result->claims,
                                               &result->failure);
    }

    result->proving = (rc == NGX_AGAIN && ctx->in_phase);

    if (rc == NGX_AGAIN || rc == NGX_ERROR) {
        return rc;
    }

    result->valid = (rc == NGX_OK);

    return NGX_OK;
}


/* NGX_DECLINED: *failure says why. */

static ngx_int_t
ngx_http_apigw_auth_binding_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx, ngx_http_apigw_auth_binding_t *rules,
    const apigw_claims_t *claims, ngx_http_apigw_auth_failure_t *failure)
{
    ngx_int_t      rc;
    apigw_cnf_t    cnf;
    apigw_error_t  err;

    ctx->binding = rules;
    ctx->nonce = 0;

    if (apigw_cnf_read(&cnf, claims, &rules->cnf,
                       ctx->token.scheme == APIGW_SCHEME_DPOP, &err)
        != APIGW_OK)
    {
        return ngx_http_apigw_auth_binding_fail(failure,
                                                NGX_HTTP_APIGW_AUTH_BAD_TOKEN,
                                                err.word);
    }

    if (cnf.methods & APIGW_CNF_MTLS) {
        rc = ngx_http_apigw_auth_certificate_check(r, cnf.x5t, failure);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (cnf.methods & APIGW_CNF_DPOP) {
        return ngx_http_apigw_auth_proof_check(r, ctx, rules, cnf.jkt, failure);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_apigw_auth_binding_fail(ngx_http_apigw_auth_failure_t *failure,
    ngx_http_apigw_auth_failure_e kind, const char *word)
{
    failure->kind = kind;
    failure->word = word;

    return NGX_DECLINED;
}


/* RFC 8705, 3: the certificate need not be one that nginx has verified. */

static ngx_int_t
ngx_http_apigw_auth_certificate_check(ngx_http_request_t *r,
    const u_char *digest, ngx_http_apigw_auth_failure_t *failure)
{
    u_char     own[APIGW_CNF_DIGEST];
    ngx_int_t  rc;

    rc = ngx_http_apigw_auth_certificate_digest(r, own);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_apigw_auth_binding_fail(failure,
                                                NGX_HTTP_APIGW_AUTH_BAD_TOKEN,
                                                "binding_missing");
    }

    if (ngx_memcmp(own, digest, APIGW_CNF_DIGEST) != 0) {
        return ngx_http_apigw_auth_binding_fail(failure,
                                                NGX_HTTP_APIGW_AUTH_BAD_TOKEN,
                                                "binding_mismatch");
    }

    return NGX_OK;
}


/* NGX_DECLINED: no TLS, or no certificate. */

static ngx_int_t
ngx_http_apigw_auth_certificate_digest(ngx_http_request_t *r, u_char *digest)
{
#if (NGX_HTTP_SSL)

    int        good;
    X509      *cert;
    unsigned   len;

    if (r->connection->ssl == NULL) {
        return NGX_DECLINED;
    }

    cert = SSL_get_peer_certificate(r->connection->ssl->connection);
    if (cert == NULL) {
        return NGX_DECLINED;
    }

    good = X509_digest(cert, EVP_sha256(), digest, &len);

    X509_free(cert);

    if (!good) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    return NGX_OK;

#else

    return NGX_DECLINED;

#endif
}
