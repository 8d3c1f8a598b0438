
/* A proof against the request that carries it. */


#include "apigw_dpop.h"

#include "apigw_base64url.h"
#include "apigw_claims.h"
#include "apigw_json_value.h"

#include <openssl/err.h>
#include <openssl/evp.h>


#define APIGW_DPOP_SHA256  32


static apigw_rc_t apigw_dpop_header(apigw_dpop_t *proof,
    const apigw_dpop_rules_t *rules, apigw_error_t *err);
static apigw_rc_t apigw_dpop_claims(apigw_dpop_t *proof, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_dpop_request_t *request,
    apigw_error_t *err);
static bool apigw_dpop_string(const apigw_claims_t *claims, const char *name,
    apigw_str_t *value);
static apigw_rc_t apigw_dpop_target(apigw_dpop_t *proof, apigw_arena_t *arena,
    apigw_str_t htu, const apigw_dpop_request_t *request, apigw_error_t *err);
static apigw_rc_t apigw_dpop_dates(apigw_dpop_t *proof,
    const apigw_claims_t *claims, const apigw_dpop_rules_t *rules, int64_t now,
    apigw_error_t *err);
static apigw_rc_t apigw_dpop_token(apigw_dpop_t *proof, apigw_str_t ath,
    apigw_str_t token, apigw_error_t *err);
static apigw_rc_t apigw_dpop_key(apigw_dpop_t *proof, apigw_jwks_t *set,
    const uint8_t *jkt, apigw_error_t *err);
static apigw_rc_t apigw_dpop_digest(apigw_dpop_t *proof);
static apigw_rc_t apigw_dpop_fault(apigw_dpop_t *proof, const char *why,
    apigw_error_t *err);


apigw_rc_t
apigw_dpop_parse(apigw_dpop_t *proof, apigw_arena_t *arena, apigw_str_t text,
    const apigw_dpop_rules_t *rules, const apigw_dpop_request_t *request,
    int64_t now, apigw_error_t *err)
{
    apigw_rc_t       rc;
    apigw_claims_t  *claims;

    memset(proof, 0, sizeof(apigw_dpop_t));

    rc = apigw_jws_parse(&proof->jws, arena, text, APIGW_DPOP_MAX, err);
    if (rc != APIGW_OK) {
        return rc == APIGW_ENOMEM ? rc
                                  : apigw_dpop_fault(proof, "is no JWT for us",
                                                     err);
    }

    rc = apigw_dpop_header(proof, rules, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    rc = apigw_claims_parse(&claims, arena, proof->jws.payload, err);
    if (rc != APIGW_OK) {
        return rc == APIGW_ENOMEM ? rc
                                  : apigw_dpop_fault(proof, "has no claims",
                                                     err);
    }

    rc = apigw_dpop_dates(proof, claims, rules, now, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    return apigw_dpop_claims(proof, arena, claims, request, err);
}


/* apigw_jws_parse() has refused "crit", "b64" and "enc". */

static apigw_rc_t
apigw_dpop_header(apigw_dpop_t *proof, const apigw_dpop_rules_t *rules,
    apigw_error_t *err)
{
    apigw_jws_rules_t         header;
    apigw_json_value_t        jwk;
    static const apigw_str_t  typ = apigw_str("dpop+jwt");

    memset(&header, 0, sizeof(apigw_jws_rules_t));

    header.algorithms = rules->algorithms & ~APIGW_JWA_SYMMETRIC;
    header.typ = &typ;
    header.ntyp = 1;

    if (apigw_jws_check(&proof->jws, &header, err) != APIGW_OK) {
        return apigw_dpop_fault(proof, "has another \"typ\" or \"alg\"", err);
    }

    if (!apigw_json_member(proof->jws.header, "jwk", &jwk)
        || jwk.kind != APIGW_JSON_OBJECT)
    {
        return apigw_dpop_fault(proof, "has no \"jwk\"", err);
    }

    proof->jwk = jwk.text;

    return APIGW_OK;
}


static apigw_rc_t
apigw_dpop_dates(apigw_dpop_t *proof, const apigw_claims_t *claims,
    const apigw_dpop_rules_t *rules, int64_t now, apigw_error_t *err)
{
    uint64_t                  date;
    apigw_claim_t             iat;
    static const apigw_str_t  name = apigw_str("iat");

    if (!apigw_claims_get(claims, name, &iat)
        || iat.type != APIGW_CLAIM_NUMBER
        || apigw_json_date(iat.text, &date) != APIGW_OK)
    {
        return apigw_dpop_fault(proof, "has no \"iat\"", err);
    }

    proof->iat = (int64_t) date;

    if (proof->iat < now - rules->max_age) {
        return apigw_dpop_fault(proof, "is too old", err);
    }

    if (proof->iat > now + APIGW_DPOP_SKEW) {
        return apigw_dpop_fault(proof, "is of the future", err);
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_dpop_claims(apigw_dpop_t *proof, apigw_arena_t *arena,
    const apigw_claims_t *claims, const apigw_dpop_request_t *request,
    apigw_error_t *err)
{
    apigw_rc_t                rc;
    apigw_str_t               htm, htu, ath;
    apigw_claim_t             claim;
    static const apigw_str_t  nonce = apigw_str("nonce");

    if (!apigw_dpop_string(claims, "jti", &proof->jti)
        || proof->jti.len == 0 || proof->jti.len > APIGW_DPOP_JTI_MAX)
    {
        return apigw_dpop_fault(proof, "has no \"jti\" of 1 to 256 bytes", err);
    }

    if (apigw_claims_get(claims, nonce, &claim)) {
        if (claim.type != APIGW_CLAIM_STRING) {
            return apigw_dpop_fault(proof, "has a \"nonce\" that is no string",
                                    err);
        }

        proof->nonce = claim.text;
    }

    if (!apigw_dpop_string(claims, "htm", &htm)
        || !apigw_str_eq(htm, request->method))
    {
        return apigw_dpop_fault(proof, "has another \"htm\"", err);
    }

    if (!apigw_dpop_string(claims, "htu", &htu)) {
        return apigw_dpop_fault(proof, "has no \"htu\"", err);
    }

    rc = apigw_dpop_target(proof, arena, htu, request, err);
    if (rc != APIGW_OK) {
        return rc;
    }

    if (!apigw_dpop_string(claims, "ath", &ath)) {
        return apigw_dpop_fault(proof, "has no \"ath\"", err);
    }

    return apigw_dpop_token(proof, ath, request->token, err);
}


static bool
apigw_dpop_string(const apigw_claims_t *claims, const char *name,
    apigw_str_t *value)
{
    apigw_str_t    s;
    apigw_claim_t  claim;

    s.data = (const uint8_t *) name;
    s.len = strlen(name);

    if (!apigw_claims_get(claims, s, &claim)
        || claim.type != APIGW_CLAIM_STRING)
    {
        return false;
    }

    *value = claim.text;

    return true;
}


static apigw_rc_t
apigw_dpop_target(apigw_dpop_t *proof, apigw_arena_t *arena, apigw_str_t htu,
    const apigw_dpop_request_t *request, apigw_error_t *err)
{
    size_t       i;
    apigw_rc_t   rc;
    apigw_str_t  origin, path, own;

    rc = apigw_dpop_uri(&origin, &path, arena, htu, err);

    if (rc == APIGW_OK) {
        rc = apigw_dpop_path(&own, arena, request->path, err);
    }

    if (rc != APIGW_OK) {
        return rc == APIGW_ENOMEM ? rc
                                  : apigw_dpop_fault(proof,
                                                     "has an invalid \"htu\"",
                                                     err);
    }

    if (!apigw_str_eq(path, own)) {
        return apigw_dpop_fault(proof, "has an \"htu\" of another path", err);
    }

    for (i = 0; i < request->norigins; i++) {
        if (apigw_str_eq(origin, request->origins[i])) {
            return APIGW_OK;
        }
    }

    return apigw_dpop_fault(proof, "has an \"htu\" of another origin", err);
}


/* RFC 9449, 4.2: base64url of the SHA-256 of the token's ASCII. */

static apigw_rc_t
apigw_dpop_token(apigw_dpop_t *proof, apigw_str_t ath, apigw_str_t token,
    apigw_error_t *err)
{
    uint8_t      digest[APIGW_DPOP_SHA256];
    uint8_t      text[apigw_base64url_encoded_len(APIGW_DPOP_SHA256)];
    apigw_str_t  own;

    if (EVP_Digest(token.data, token.len, digest, NULL, EVP_sha256(), NULL)
        != 1)
    {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    own.data = digest;
    own.len = sizeof(digest);

    own.len = apigw_base64url_encode(own, text);
    own.data = text;

    if (!apigw_str_eq(ath, own)) {
        return apigw_dpop_fault(proof, "has an \"ath\" of another token", err);
    }

    return APIGW_OK;
}


/* A set of one key, so that a set's rules hold for it: see apigw_jwk_read(). */

apigw_rc_t
apigw_dpop_verify(apigw_dpop_t *proof, apigw_arena_t *arena,
    const uint8_t *jkt, apigw_error_t *err)
{
    uint8_t                  *p;
    apigw_rc_t                rc;
    apigw_str_t               text;
    apigw_jwks_t             *set;
    static const apigw_str_t  head = apigw_str("{\"keys\":[");
    static const apigw_str_t  tail = apigw_str("]}");

    text.len = head.len + proof->jwk.len + tail.len;

    p = apigw_arena_alloc(arena, text.len);
    if (p == NULL) {
        return APIGW_ENOMEM;
    }

    text.data = p;

    memcpy(p, head.data, head.len);
    memcpy(p + head.len, proof->jwk.data, proof->jwk.len);
    memcpy(p + head.len + proof->jwk.len, tail.data, tail.len);

    rc = apigw_jwks_parse(&set, arena, text, false, NULL, err);
    if (rc != APIGW_OK) {
        return rc == APIGW_ENOMEM ? rc
                                  : apigw_dpop_fault(proof,
                                                     "has an unfit \"jwk\"",
                                                     err);
    }

    rc = apigw_dpop_key(proof, set, jkt, err);

    apigw_jwks_free(set);

    return rc == APIGW_OK ? apigw_dpop_digest(proof) : rc;
}


static apigw_rc_t
apigw_dpop_key(apigw_dpop_t *proof, apigw_jwks_t *set, const uint8_t *jkt,
    apigw_error_t *err)
{
    apigw_rc_t    rc;
    apigw_jwk_t  *key;

    if (apigw_jwks_find(&key, set, NULL, proof->jws.alg, err) != APIGW_OK) {
        return apigw_dpop_fault(proof, "has a \"jwk\" unfit for its \"alg\"",
                                err);
    }

    memcpy(proof->thumbprint, apigw_jwk_thumbprint(key), APIGW_JWK_THUMBPRINT);

    if (memcmp(proof->thumbprint, jkt, APIGW_JWK_THUMBPRINT) != 0) {
        (void) apigw_dpop_fault(proof, "is by another key than the token's",
                                err);
        err->word = "binding_mismatch";
        return APIGW_EINPUT;
    }

    rc = apigw_jws_verify(&proof->jws, key, err);

    if (rc == APIGW_EINPUT) {
        return apigw_dpop_fault(proof, "has a bad signature", err);
    }

    return rc;
}


static apigw_rc_t
apigw_dpop_digest(apigw_dpop_t *proof)
{
    int          good;
    uint8_t      digest[APIGW_DPOP_SHA256];
    EVP_MD_CTX  *md;

    md = EVP_MD_CTX_new();

    good = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL)
           && EVP_DigestUpdate(md, proof->thumbprint, APIGW_JWK_THUMBPRINT)
           && EVP_DigestUpdate(md, proof->jti.data, proof->jti.len)
           && EVP_DigestFinal_ex(md, digest, NULL);

    EVP_MD_CTX_free(md);

    if (!good) {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    memcpy(proof->digest, digest, APIGW_DPOP_DIGEST);

    return APIGW_OK;
}


static apigw_rc_t
apigw_dpop_fault(apigw_dpop_t *proof, const char *why, apigw_error_t *err)
{
    proof->why = why;

    err->word = "dpop_invalid";
    err->offset = 0;

    return APIGW_EINPUT;
}
