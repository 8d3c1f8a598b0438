
/*
 * Verifying with a key. What OpenSSL needs is prepared on the first use of a
 * key with an algorithm and then reused: a verification costs little more than
 * its arithmetic.
 */


#include "apigw_jwk_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>


#define APIGW_JWK_DIGEST_MAX   64
#define APIGW_JWK_DER_MAX      (3 + 2 * (2 + 1 + 66))


static const char *const  apigw_jwk_md_names[APIGW_JWK_MD_N] = {
    "SHA2-256", "SHA2-384", "SHA2-512"
};


static bool apigw_jwk_verify_digest(apigw_jwk_t *key, apigw_jwa_e alg,
    apigw_str_t input, apigw_str_t signature, apigw_rc_t *rc);
static EVP_PKEY_CTX *apigw_jwk_context(apigw_jwk_t *key, apigw_jwa_e alg,
    const EVP_MD *md);
static EVP_PKEY_CTX *apigw_jwk_context_make(apigw_jwk_t *key, apigw_jwa_e alg,
    const EVP_MD *md);
static const EVP_MD *apigw_jwk_md(apigw_jwks_t *set, apigw_jwa_e alg);
static size_t apigw_jwk_der(uint8_t *der, apigw_str_t signature);
static uint8_t *apigw_jwk_der_integer(uint8_t *p, const uint8_t *value,
    size_t len);
static bool apigw_jwk_verify_eddsa(apigw_jwk_t *key, apigw_str_t input,
    apigw_str_t signature, apigw_rc_t *rc);
static bool apigw_jwk_verify_hmac(apigw_jwk_t *key, apigw_jwa_e alg,
    apigw_str_t input, apigw_str_t signature, apigw_rc_t *rc);
static EVP_MAC_CTX *apigw_jwk_mac(apigw_jwk_t *key, apigw_jwa_e alg);
static EVP_MAC_CTX *apigw_jwk_mac_make(apigw_jwk_t *key, apigw_jwa_e alg);


apigw_rc_t
apigw_jwk_verify(apigw_jwk_t *key, apigw_jwa_e alg, apigw_str_t input,
    apigw_str_t signature, apigw_error_t *err)
{
    bool             good;
    apigw_rc_t       rc;
    apigw_jwa_set_t  bit;

    rc = APIGW_EINPUT;
    good = false;
    bit = apigw_jwa_bit(alg) & key->algorithms;

    if (bit & (APIGW_JWA_RSA | APIGW_JWA_EC)) {
        good = apigw_jwk_verify_digest(key, alg, input, signature, &rc);

    } else if (bit & APIGW_JWA_OKP) {
        good = apigw_jwk_verify_eddsa(key, input, signature, &rc);

    } else if (bit & APIGW_JWA_SYMMETRIC) {
        good = apigw_jwk_verify_hmac(key, alg, input, signature, &rc);
    }

    if (good) {
        return APIGW_OK;
    }

    /* nginx would report what is left there on the next TLS connection */

    ERR_clear_error();

    err->word = "signature_invalid";
    err->offset = 0;

    return rc;
}


/* RSA and ECDSA sign a digest. *rc changes only if preparing fails. */

static bool
apigw_jwk_verify_digest(apigw_jwk_t *key, apigw_jwa_e alg, apigw_str_t input,
    apigw_str_t signature, apigw_rc_t *rc)
{
    uint8_t        digest[APIGW_JWK_DIGEST_MAX], der[APIGW_JWK_DER_MAX];
    const EVP_MD  *md;
    EVP_PKEY_CTX  *ctx;

    if (key->kty == APIGW_JWK_EC) {
        if (signature.len != 2 * key->coordinate) {
            return false;
        }

        signature.len = apigw_jwk_der(der, signature);
        signature.data = der;

    } else if (signature.len != (size_t) EVP_PKEY_get_size(key->pkey)) {
        return false;
    }

    md = apigw_jwk_md(key->set, alg);
    ctx = md ? apigw_jwk_context(key, alg, md) : NULL;

    if (ctx == NULL
        || EVP_DigestInit_ex2(key->set->digest, md, NULL) != 1
        || EVP_DigestUpdate(key->set->digest, input.data, input.len) != 1
        || EVP_DigestFinal_ex(key->set->digest, digest, NULL) != 1)
    {
        *rc = APIGW_ENOMEM;
        return false;
    }

    return EVP_PKEY_verify(ctx, signature.data, signature.len, digest,
                           apigw_jwa_digest_len(alg))
           == 1;
}


/* The digest, fetched once; with it the context that computes it. */

static const EVP_MD *
apigw_jwk_md(apigw_jwks_t *set, apigw_jwa_e alg)
{
    size_t  i;

    i = apigw_jwa_digest_len(alg) / 16 - 2;

    if (set->digest == NULL) {
        set->digest = EVP_MD_CTX_new();

        if (set->digest == NULL) {
            return NULL;
        }
    }

    if (set->md[i] == NULL) {
        set->md[i] = EVP_MD_fetch(NULL, apigw_jwk_md_names[i], NULL);
    }

    return set->md[i];
}


static EVP_PKEY_CTX *
apigw_jwk_context(apigw_jwk_t *key, apigw_jwa_e alg, const EVP_MD *md)
{
    if (key->ctx[alg] == NULL) {
        key->ctx[alg] = apigw_jwk_context_make(key, alg, md);
    }

    return key->ctx[alg];
}


static EVP_PKEY_CTX *
apigw_jwk_context_make(apigw_jwk_t *key, apigw_jwa_e alg, const EVP_MD *md)
{
    bool           good, pss;
    EVP_PKEY_CTX  *ctx;

    pss = (alg >= APIGW_JWA_PS256 && alg <= APIGW_JWA_PS512);

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (ctx == NULL) {
        return NULL;
    }

    good = EVP_PKEY_verify_init(ctx) == 1;

    if (good && key->kty == APIGW_JWK_RSA) {
        good = EVP_PKEY_CTX_set_rsa_padding(ctx, pss ? RSA_PKCS1_PSS_PADDING
                                                     : RSA_PKCS1_PADDING)
               == 1;
    }

    good = good && EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;

    /* RFC 7518, 3.5: the salt is as long as the digest, MGF1 uses the same */

    if (good && pss) {
        good = EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST)
               == 1
               && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1;
    }

    if (!good) {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}


/*
 * R || S as the ASN.1 that OpenSSL takes; `signature` is two coordinates. It
 * is made here, so what OpenSSL parses is canonical whatever a client sends.
 */

static size_t
apigw_jwk_der(uint8_t *der, apigw_str_t signature)
{
    size_t    half, len;
    uint8_t  *p, body[APIGW_JWK_DER_MAX];

    half = signature.len / 2;

    p = apigw_jwk_der_integer(body, signature.data, half);
    p = apigw_jwk_der_integer(p, signature.data + half, half);
    len = p - body;

    p = der;
    *p++ = 0x30;                             /* SEQUENCE */

    if (len > 127) {
        *p++ = 0x81;
    }

    *p++ = (uint8_t) len;
    memcpy(p, body, len);

    return p + len - der;
}


static uint8_t *
apigw_jwk_der_integer(uint8_t *p, const uint8_t *value, size_t len)
{
    bool  high;

    while (len > 1 && *value == 0) {
        value++;
        len--;
    }

    high = (*value & 0x80) != 0;             /* would make it negative */

    *p++ = 0x02;                             /* INTEGER */
    *p++ = (uint8_t) (len + high);

    if (high) {
        *p++ = 0;
    }

    memcpy(p, value, len);

    return p + len;
}


/* EdDSA hashes the message itself and has no context to keep. */

static bool
apigw_jwk_verify_eddsa(apigw_jwk_t *key, apigw_str_t input,
    apigw_str_t signature, apigw_rc_t *rc)
{
    apigw_jwks_t  *set = key->set;

    if (signature.len != (size_t) EVP_PKEY_get_size(key->pkey)) {
        return false;
    }

    if (set->eddsa == NULL) {
        set->eddsa = EVP_MD_CTX_new();
    }

    if (set->eddsa == NULL
        || EVP_MD_CTX_reset(set->eddsa) != 1
        || EVP_DigestVerifyInit(set->eddsa, NULL, NULL, NULL, key->pkey) != 1)
    {
        *rc = APIGW_ENOMEM;
        return false;
    }

    return EVP_DigestVerify(set->eddsa, signature.data, signature.len,
                            input.data, input.len)
           == 1;
}


static bool
apigw_jwk_verify_hmac(apigw_jwk_t *key, apigw_jwa_e alg, apigw_str_t input,
    apigw_str_t signature, apigw_rc_t *rc)
{
    bool          good;
    size_t        len;
    uint8_t       mac[APIGW_JWK_DIGEST_MAX];
    EVP_MAC_CTX  *ctx;

    if (signature.len != apigw_jwa_digest_len(alg)) {
        return false;
    }

    ctx = apigw_jwk_mac(key, alg);

    if (ctx == NULL
        || EVP_MAC_init(ctx, key->secret, key->secret_len, NULL) != 1
        || EVP_MAC_update(ctx, input.data, input.len) != 1
        || EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1)
    {
        *rc = APIGW_ENOMEM;
        return false;
    }

    good = len == signature.len
           && CRYPTO_memcmp(mac, signature.data, len) == 0;

    OPENSSL_cleanse(mac, sizeof(mac));       /* it would sign the input */

    return good;
}


static EVP_MAC_CTX *
apigw_jwk_mac(apigw_jwk_t *key, apigw_jwa_e alg)
{
    if (key->mac[alg] == NULL) {
        key->mac[alg] = apigw_jwk_mac_make(key, alg);
    }

    return key->mac[alg];
}


static EVP_MAC_CTX *
apigw_jwk_mac_make(apigw_jwk_t *key, apigw_jwa_e alg)
{
    OSSL_PARAM     params[2];
    EVP_MAC_CTX   *ctx;
    apigw_jwks_t  *set = key->set;

    if (set->hmac == NULL) {
        set->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

        if (set->hmac == NULL) {
            return NULL;
        }
    }

    ctx = EVP_MAC_CTX_new(set->hmac);
    if (ctx == NULL) {
        return NULL;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(
                    OSSL_MAC_PARAM_DIGEST,
                    (char *) apigw_jwk_md_names[apigw_jwa_digest_len(alg) / 16
                                                - 2],
                    0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_CTX_set_params(ctx, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }

    return ctx;
}
