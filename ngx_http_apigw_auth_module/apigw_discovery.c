
#include "apigw_discovery.h"
#include "apigw_claims.h"
#include "apigw_url.h"

#include <string.h>


static const apigw_str_t  apigw_discovery_openid =
    apigw_str("/.well-known/openid-configuration");

static const apigw_str_t  apigw_discovery_oauth =
    apigw_str("/.well-known/oauth-authorization-server");


static apigw_rc_t apigw_discovery_fault(apigw_error_t *err, const char *word);


apigw_rc_t
apigw_discovery_url(apigw_str_t *url, apigw_arena_t *arena, apigw_str_t issuer,
    apigw_discovery_e form)
{
    size_t               at;
    uint8_t             *p;
    apigw_str_t          insert;
    apigw_url_t          parsed;
    apigw_error_t        err;
    const apigw_str_t   *well_known;

    if (apigw_url_parse(issuer, &parsed, &err) != APIGW_OK
        || memchr(parsed.path.data, '?', parsed.path.len) != NULL)
    {
        return APIGW_EINPUT;
    }

    /* a slash at the end is dropped: both forms say so */

    if (issuer.data[issuer.len - 1] == '/') {
        issuer.len--;
    }

    well_known = (form == APIGW_DISCOVERY_OPENID) ? &apigw_discovery_openid
                                                  : &apigw_discovery_oauth;
    insert = *well_known;
    at = issuer.len;

    if (form == APIGW_DISCOVERY_OAUTH && parsed.path.len) {
        at = parsed.path.data - issuer.data;

        if (at > issuer.len) {
            at = issuer.len;
        }
    }

    p = apigw_arena_alloc(arena, issuer.len + insert.len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    memcpy(p, issuer.data, at);
    memcpy(p + at, insert.data, insert.len);
    memcpy(p + at + insert.len, issuer.data + at, issuer.len - at);

    url->data = p;
    url->len = issuer.len + insert.len;

    return APIGW_OK;
}


apigw_rc_t
apigw_discovery_parse(apigw_str_t *jwks_uri, apigw_arena_t *arena,
    apigw_str_t text, apigw_str_t issuer, apigw_error_t *err)
{
    apigw_rc_t                rc;
    apigw_claim_t             value;
    apigw_claims_t           *claims;
    static const apigw_str_t  iss = apigw_str("issuer");
    static const apigw_str_t  uri = apigw_str("jwks_uri");

    rc = apigw_claims_parse(&claims, arena, text, err);

    if (rc == APIGW_ENOMEM) {
        return rc;
    }

    if (rc != APIGW_OK) {
        return apigw_discovery_fault(err,
                                     "is not strict JSON with an object at its "
                                     "root");
    }

    if (!apigw_claims_get(claims, iss, &value)
        || value.type != APIGW_CLAIM_STRING
        || !apigw_str_eq(value.text, issuer))
    {
        return apigw_discovery_fault(err, "names another issuer");
    }

    if (!apigw_claims_get(claims, uri, &value)
        || value.type != APIGW_CLAIM_STRING)
    {
        return apigw_discovery_fault(err, "has no \"jwks_uri\"");
    }

    *jwks_uri = value.text;

    return APIGW_OK;
}


static apigw_rc_t
apigw_discovery_fault(apigw_error_t *err, const char *word)
{
    err->word = word;
    err->offset = 0;

    return APIGW_EINPUT;
}
