
#include "ngx_http_apigw_auth.h"
#include "ngx_http_apigw_compat.h"


#define NGX_HTTP_APIGW_AUTH_ALGS  (APIGW_JWA_N * sizeof("Ed25519 "))


typedef struct {
    ngx_uint_t    status;
    apigw_str_t   detail;
    apigw_str_t   member;
} ngx_http_apigw_auth_answer_t;


static ngx_int_t ngx_http_apigw_auth_failure_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_http_apigw_auth_challenge(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_apigw_auth_challenge_missing(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_apigw_auth_challenge_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value, const char *error);
static u_char *ngx_http_apigw_auth_challenge_algs(u_char *p,
    apigw_jwa_set_t set);
static ngx_int_t ngx_http_apigw_auth_challenge_acr(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_apigw_auth_challenge_print(ngx_http_request_t *r,
    ngx_str_t *value, size_t len, const char *fmt, ...);


/* One row for each ngx_http_apigw_auth_failure_e. */

static ngx_http_apigw_auth_answer_t  ngx_http_apigw_auth_answers[] = {

    { NGX_HTTP_OK, apigw_str(""), apigw_str("") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The request carries no credentials."), apigw_str("") },

    { NGX_HTTP_BAD_REQUEST,
      apigw_str("The request's credentials cannot be read."),
      apigw_str("\"error\":\"invalid_request\"") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The access token is not valid."),
      apigw_str("\"error\":\"invalid_token\"") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The DPoP proof is not valid."),
      apigw_str("\"error\":\"invalid_dpop_proof\"") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The DPoP proof needs a current nonce."),
      apigw_str("\"error\":\"use_dpop_nonce\"") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The API key is not valid."), apigw_str("") },

    { NGX_HTTP_FORBIDDEN,
      apigw_str("The credentials do not cover what this request needs."),
      apigw_str("\"error\":\"insufficient_scope\"") },

    { NGX_HTTP_UNAUTHORIZED,
      apigw_str("The user must log in anew, or in a stronger way."),
      apigw_str("\"error\":\"insufficient_user_authentication\"") },

    { NGX_HTTP_FORBIDDEN,
      apigw_str("The caller may not do this."), apigw_str("") },

    { NGX_HTTP_SERVICE_UNAVAILABLE,
      apigw_str("The credentials cannot be checked at the moment."),
      apigw_str("") },

    { NGX_HTTP_INTERNAL_SERVER_ERROR,
      apigw_str("The caller cannot be told to the service."), apigw_str("") }
};


ngx_uint_t
ngx_http_apigw_auth_failure_status(ngx_http_apigw_auth_failure_t *failure)
{
    return failure->status ? failure->status
                           : ngx_http_apigw_auth_answers[failure->kind].status;
}


void
ngx_http_apigw_auth_failure_problem(ngx_http_apigw_auth_failure_t *failure,
    apigw_problem_t *problem)
{
    apigw_str_t  *code;

    ngx_memzero(problem, sizeof(apigw_problem_t));

    problem->detail = ngx_http_apigw_auth_answers[failure->kind].detail;
    problem->members = ngx_http_apigw_auth_answers[failure->kind].member;

    /* clients of whatever kind learn the code alone, never the reason */

    code = &problem->members;

    if (code->len) {
        problem->reason.data = code->data + sizeof("\"error\":\"") - 1;
        problem->reason.len = code->len - sizeof("\"error\":\"\"") + 1;
    }
}


ngx_int_t
ngx_http_apigw_auth_failure_headers(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_str_t  value;

    ngx_str_null(&value);

    if (ctx->failure.kind == NGX_HTTP_APIGW_AUTH_UNAVAILABLE) {

        if (ngx_http_apigw_auth_challenge_print(r, &value, 0, "%ui",
                                           ngx_max(ctx->failure.retry, 1))
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_apigw_auth_failure_header(r, "Retry-After", &value);
    }

    if (ngx_http_apigw_auth_challenge(r, ctx->refused_by, ctx, &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    return ngx_http_apigw_auth_failure_header(r, "WWW-Authenticate", &value);
}


ngx_int_t
ngx_http_apigw_auth_failure_nonce(ngx_http_request_t *r,
    ngx_http_apigw_auth_ctx_t *ctx)
{
    ngx_str_t  value;

    if (!ctx->nonce || ctx->binding == NULL) {
        return NGX_OK;
    }

    ctx->nonce = 0;                      /* once, if filters run again */

    if (ngx_http_apigw_auth_nonce_make(r, ctx, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_apigw_auth_failure_header(r, "DPoP-Nonce", &value);
}


static ngx_int_t
ngx_http_apigw_auth_failure_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_apigw_header_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_apigw_auth_challenge(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value)
{
    switch (ctx->failure.kind) {

    case NGX_HTTP_APIGW_AUTH_MISSING:
        return ngx_http_apigw_auth_challenge_missing(r, alcf, ctx, value);

    case NGX_HTTP_APIGW_AUTH_BAD_REQUEST:

        if (!alcf->policy->tokens) {
            return ngx_http_apigw_auth_challenge_missing(r, alcf, ctx, value);
        }

        return ngx_http_apigw_auth_challenge_print(r, value, alcf->realm.len,
                              "Bearer error=\"invalid_request\", "
                              "error_description=\"credentials cannot be read\""
                              ", realm=\"%V\"", &alcf->realm);

    case NGX_HTTP_APIGW_AUTH_BAD_TOKEN:
        return ngx_http_apigw_auth_challenge_token(r, alcf, ctx, value,
                              "error=\"invalid_token\", "
                              "error_description=\"the access token is not "
                              "valid\"");

    case NGX_HTTP_APIGW_AUTH_BAD_PROOF:
        return ngx_http_apigw_auth_challenge_token(r, alcf, ctx, value,
                              "error=\"invalid_dpop_proof\", "
                              "error_description=\"the DPoP proof is not "
                              "valid\"");

    case NGX_HTTP_APIGW_AUTH_NEED_NONCE:
        return ngx_http_apigw_auth_challenge_token(r, alcf, ctx, value,
                              "error=\"use_dpop_nonce\", "
                              "error_description=\"the DPoP proof needs a "
                              "current nonce\"");

    case NGX_HTTP_APIGW_AUTH_BAD_KEY:
        return ngx_http_apigw_auth_challenge_print(r, value, alcf->realm.len,
                              "ApiKey realm=\"%V\"", &alcf->realm);

    case NGX_HTTP_APIGW_AUTH_NO_SCOPE:
        return ngx_http_apigw_auth_challenge_print(r, value,
                              alcf->realm.len + alcf->scope.len,
                              "%s error=\"insufficient_scope\", "
                              "scope=\"%V\", realm=\"%V\"",
                              ctx->token.scheme == APIGW_SCHEME_DPOP
                              ? "DPoP" : "Bearer", &alcf->scope, &alcf->realm);

    case NGX_HTTP_APIGW_AUTH_NO_ACR:
        return ngx_http_apigw_auth_challenge_acr(r, alcf, ctx, value);

    default:

        /* an "apigw_require ... error=401", which needs a challenge too */

        if (ctx->failure.status == NGX_HTTP_UNAUTHORIZED) {
            return ngx_http_apigw_auth_challenge_missing(r, alcf, ctx, value);
        }

        return NGX_OK;
    }
}


/* Schemes that would do: under "all" those whose credential is lacking. */

static ngx_int_t
ngx_http_apigw_auth_challenge_missing(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value)
{
    u_char                        *p;
    ngx_uint_t                     bearer, key;
    ngx_http_apigw_auth_policy_t  *policy;

    policy = alcf->policy;

    bearer = policy->tokens && ngx_http_apigw_auth_token(ctx) == NULL;
    key = policy->nstores && !ctx->results[NGX_HTTP_APIGW_AUTH_KEY].valid;

    if (!bearer && !key) {
        bearer = policy->tokens;
        key = policy->nstores;
    }

    p = ngx_pnalloc(r->pool, sizeof("DPoP realm=\"\", scope=\"\", algs=\"\", "
                                    "Bearer realm=\"\", scope=\"\", "
                                    "resource_metadata=\"\", ApiKey "
                                    "realm=\"\"")
                             + 3 * alcf->realm.len + 2 * alcf->scope.len
                             + alcf->resource.len + NGX_HTTP_APIGW_AUTH_ALGS);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value->data = p;

    if (bearer && policy->proofs) {
        p = ngx_sprintf(p, "DPoP realm=\"%V\"", &alcf->realm);

        if (alcf->scope.len) {
            p = ngx_sprintf(p, ", scope=\"%V\"", &alcf->scope);
        }

        p = ngx_cpymem(p, ", algs=\"", sizeof(", algs=\"") - 1);
        p = ngx_http_apigw_auth_challenge_algs(p, policy->proofs);
        p = ngx_cpymem(p, "\", ", sizeof("\", ") - 1);
    }

    if (bearer) {
        p = ngx_sprintf(p, "Bearer realm=\"%V\"", &alcf->realm);
    }

    if (bearer && alcf->scope.len) {
        p = ngx_sprintf(p, ", scope=\"%V\"", &alcf->scope);
    }

    if (bearer && alcf->resource.len) {
        p = ngx_sprintf(p, ", resource_metadata=\"%V\"", &alcf->resource);
    }

    if (key) {
        p = ngx_sprintf(p, "%sApiKey realm=\"%V\"", bearer ? ", " : "",
                        &alcf->realm);
    }

    value->len = p - value->data;

    return NGX_OK;
}


/* Under the scheme that the token came with; for DPoP with its algorithms. */

static ngx_int_t
ngx_http_apigw_auth_challenge_token(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value, const char *error)
{
    u_char  *last, algs[NGX_HTTP_APIGW_AUTH_ALGS];

    if (ctx->token.scheme != APIGW_SCHEME_DPOP) {
        return ngx_http_apigw_auth_challenge_print(r, value, alcf->realm.len,
                                                   "Bearer %s, realm=\"%V\"",
                                                   error, &alcf->realm);
    }

    if (ctx->binding == NULL) {
        return ngx_http_apigw_auth_challenge_print(r, value, alcf->realm.len,
                                                   "DPoP %s, realm=\"%V\"",
                                                   error, &alcf->realm);
    }

    last = ngx_http_apigw_auth_challenge_algs(algs,
                                              ctx->binding->dpop.algorithms);

    return ngx_http_apigw_auth_challenge_print(r, value, alcf->realm.len,
                          "DPoP %s, algs=\"%*s\", realm=\"%V\"", error,
                          (size_t) (last - algs), algs, &alcf->realm);
}


/* All of them fit into NGX_HTTP_APIGW_AUTH_ALGS bytes. */

static u_char *
ngx_http_apigw_auth_challenge_algs(u_char *p, apigw_jwa_set_t set)
{
    u_char       *start;
    apigw_jwa_e   alg;

    start = p;

    for (alg = 0; alg < APIGW_JWA_N; alg++) {
        if (set & apigw_jwa_bit(alg)) {
            p = ngx_sprintf(p, "%s%s", p == start ? "" : " ",
                            apigw_jwa_name(alg));
        }
    }

    return p;
}


/* What would do, for the client to ask its user for (RFC 9470, 3). */

static ngx_int_t
ngx_http_apigw_auth_challenge_acr(ngx_http_request_t *r,
    ngx_http_apigw_auth_loc_conf_t *alcf, ngx_http_apigw_auth_ctx_t *ctx,
    ngx_str_t *value)
{
    size_t                          i, len;
    u_char                         *p;
    ngx_http_apigw_auth_require_t  *need;

    if (!alcf->policy->tokens) {
        return ngx_http_apigw_auth_challenge_missing(r, alcf, ctx, value);
    }

    need = ctx->failure.need;
    len = alcf->realm.len + NGX_TIME_T_LEN;

    for (i = 0; i < need->list.nelts; i++) {
        len += need->list.elts[i].len + 1;
    }

    if (ngx_http_apigw_auth_challenge_print(r, value, len,
                              "%s error=\"insufficient_user_"
                              "authentication\", error_description=\"another "
                              "authentication is required\", acr_values=\"",
                              ctx->token.scheme == APIGW_SCHEME_DPOP
                              ? "DPoP" : "Bearer")
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = value->data + value->len;

    for (i = 0; i < need->list.nelts; i++) {
        if (i) {
            *p++ = ' ';
        }

        p = ngx_cpymem(p, need->list.elts[i].data, need->list.elts[i].len);
    }

    *p++ = '"';

    if (need->max_age >= 0) {
        p = ngx_sprintf(p, ", max_age=%T", need->max_age);
    }

    p = ngx_sprintf(p, ", realm=\"%V\"", &alcf->realm);

    value->len = p - value->data;

    return NGX_OK;
}


/* `len` is that of the arguments; the rest of a challenge is below 256. */

static ngx_int_t
ngx_http_apigw_auth_challenge_print(ngx_http_request_t *r, ngx_str_t *value,
    size_t len, const char *fmt, ...)
{
    va_list  args;

    value->data = ngx_pnalloc(r->pool, len + 256);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    va_start(args, fmt);
    value->len = ngx_vslprintf(value->data, value->data + len + 256, fmt, args)
                 - value->data;
    va_end(args);

    return NGX_OK;
}
