
#include "ngx_http_apigw_auth.h"


/* What is asked of a list. */

typedef struct {
    apigw_revocation_t               what;
    int64_t                          iat;
} ngx_http_apigw_auth_revocation_ask_t;


static ngx_uint_t ngx_http_apigw_auth_revocation_asks(
    ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_revocation_ask_t *asks);
static ngx_uint_t ngx_http_apigw_auth_revocation_claim(
    apigw_claims_t *claims, const char *name, apigw_str_t *value);
static ngx_uint_t ngx_http_apigw_auth_revocation_listed(
    ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_revocation_ask_t *asks, ngx_uint_t n,
    ngx_uint_t *known);
static apigw_rc_t ngx_http_apigw_auth_revocation_read(const u_char *image,
    size_t size, void *data);
static ngx_uint_t ngx_http_apigw_auth_revocation_fresh(
    ngx_http_apigw_auth_revocation_t *revocation,
    ngx_http_apigw_auth_image_t *image);
static ngx_uint_t ngx_http_apigw_auth_revocation_retry(
    ngx_http_apigw_auth_revocation_t *revocation);


/*
 * What is in either list is revoked even if the other cannot be had. What is in
 * none may pass only if all are current.
 */

void
ngx_http_apigw_auth_revocation_check(ngx_http_request_t *r,
    ngx_http_apigw_auth_result_t *result)
{
    ngx_uint_t                             i, n, known;
    ngx_http_apigw_auth_image_t           *images[2];
    ngx_http_apigw_auth_main_conf_t       *amcf;
    ngx_http_apigw_auth_revocation_t      *revocation;
    ngx_http_apigw_auth_revocation_ask_t   asks[3];

    amcf = ngx_http_get_module_main_conf(r, ngx_http_apigw_auth_module);
    revocation = amcf->revocation;

    if (revocation == NULL || !result->valid) {
        return;
    }

    n = ngx_http_apigw_auth_revocation_asks(result, asks);

    images[0] = &revocation->file;
    images[1] = &revocation->set;
    known = 1;

    for (i = 0; i < 2; i++) {

        if (images[i]->halves == NULL) {
            continue;                    /* not configured */
        }

        if (ngx_http_apigw_auth_revocation_listed(images[i], asks, n, &known))
        {
            result->valid = 0;
            result->failure.kind = result->claims
                                   ? NGX_HTTP_APIGW_AUTH_BAD_TOKEN
                                   : NGX_HTTP_APIGW_AUTH_BAD_KEY;
            result->failure.word = result->claims ? "token_revoked"
                                                  : "key_revoked";
            return;
        }

        known &= ngx_http_apigw_auth_revocation_fresh(revocation, images[i]);
    }

    if (known) {
        return;
    }

    result->valid = 0;
    result->failure.kind = NGX_HTTP_APIGW_AUTH_UNAVAILABLE;
    result->failure.word = "revocation_unavailable";
    result->failure.retry = ngx_http_apigw_auth_revocation_retry(revocation);
}


/* A token goes by what its provider says of it, a key by its id. */

static ngx_uint_t
ngx_http_apigw_auth_revocation_asks(ngx_http_apigw_auth_result_t *result,
    ngx_http_apigw_auth_revocation_ask_t *asks)
{
    ngx_uint_t       i, n;
    apigw_str_t      kid;
    apigw_claims_t  *claims;

    n = 0;
    claims = result->claims;

    if (claims == NULL) {
        asks[n].what.kind = APIGW_REVOCATION_KEY;
        asks[n++].what.value = result->identity->key_id;

    } else {
        if (ngx_http_apigw_auth_revocation_claim(claims, "jti",
                                                 &asks[n].what.value))
        {
            asks[n++].what.kind = APIGW_REVOCATION_JTI;
        }

        if (ngx_http_apigw_auth_revocation_claim(claims, "sub",
                                                 &asks[n].what.value))
        {
            asks[n++].what.kind = APIGW_REVOCATION_SUB;
        }

        ngx_memzero(&kid, sizeof(apigw_str_t));

        if (result->key) {
            kid = apigw_jwk_kid(result->key);

        } else if (result->identity) {
            kid = result->identity->kid;
        }

        if (kid.len) {
            asks[n].what.value = kid;
            asks[n++].what.kind = APIGW_REVOCATION_KID;
        }
    }

    for (i = 0; i < n; i++) {
        asks[i].what.name = ngx_http_apigw_str(&result->name);
        asks[i].iat = claims ? result->dates.iat : -1;
    }

    return n;
}


static ngx_uint_t
ngx_http_apigw_auth_revocation_claim(apigw_claims_t *claims, const char *name,
    apigw_str_t *value)
{
    apigw_str_t    s;
    apigw_claim_t  claim;

    s.data = (const uint8_t *) name;
    s.len = ngx_strlen(name);

    if (!apigw_claims_get(claims, s, &claim)
        || (claim.type != APIGW_CLAIM_STRING
            && claim.type != APIGW_CLAIM_NUMBER))
    {
        return 0;
    }

    *value = claim.text;

    return 1;
}


/* *known is taken back if the list cannot tell. */

static ngx_uint_t
ngx_http_apigw_auth_revocation_listed(ngx_http_apigw_auth_image_t *image,
    ngx_http_apigw_auth_revocation_ask_t *asks, ngx_uint_t n,
    ngx_uint_t *known)
{
    apigw_rc_t  rc;
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        rc = ngx_http_apigw_auth_image_read(image,
                                        ngx_http_apigw_auth_revocation_read,
                                        &asks[i]);
        if (rc == APIGW_OK) {
            return 1;
        }

        if (rc != APIGW_EINPUT) {
            *known = 0;                  /* not read yet, or torn */
        }
    }

    return 0;
}


static apigw_rc_t
ngx_http_apigw_auth_revocation_read(const u_char *image, size_t size,
    void *data)
{
    ngx_http_apigw_auth_revocation_ask_t *ask = data;

    return apigw_revocation_find(image, size, &ask->what, ask->iat,
                                 ngx_time());
}


/* Another worker's clock may be ahead of ours. */

static ngx_uint_t
ngx_http_apigw_auth_revocation_fresh(
    ngx_http_apigw_auth_revocation_t *revocation,
    ngx_http_apigw_auth_image_t *image)
{
    ngx_msec_int_t  age;

    if (image->halves->used[image->halves->generation & 1] == 0) {
        return 0;                        /* not read yet */
    }

    age = (ngx_msec_int_t) (ngx_current_msec - image->halves->checked);

    return revocation->max_stale == 0
           || age <= (ngx_msec_int_t) revocation->max_stale;
}


/* Seconds until somebody looks again. */

static ngx_uint_t
ngx_http_apigw_auth_revocation_retry(
    ngx_http_apigw_auth_revocation_t *revocation)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) revocation->interval;

    if (revocation->set.halves) {
        left = (ngx_msec_int_t) (revocation->set.halves->due
                                 - ngx_current_msec);
    }

    left = (left + 999) / 1000;

    return ngx_max(1, ngx_min(left, 60));
}


ngx_uint_t
ngx_http_apigw_auth_revocation_generation(
    ngx_http_apigw_auth_main_conf_t *amcf)
{
    ngx_uint_t                         generation;
    ngx_http_apigw_auth_revocation_t  *revocation;

    generation = 0;
    revocation = amcf->revocation;

    if (revocation && revocation->file.halves) {
        generation += revocation->file.halves->generation;
    }

    if (revocation && revocation->set.halves) {
        generation += revocation->set.halves->generation;
    }

    return generation;
}
