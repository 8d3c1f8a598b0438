
/*
 * Keys and signatures for the tests, made by OpenSSL. A key is made once for a
 * program: cases run again for each allocation.
 */


#ifndef _APIGW_SIGN_H_INCLUDED_
#define _APIGW_SIGN_H_INCLUDED_


#include "apigw_base64url.h"
#include "apigw_jwa.h"
#include "apigw_jwk_write.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>


#define SIGN_SECRET  "0123456789abcdef0123456789abcdef"                      \
                     "0123456789abcdef0123456789abcdef"


typedef enum {
    SIGN_RSA = 0,
    SIGN_RSA_OTHER,
    SIGN_P256,
    SIGN_P384,
    SIGN_P521,
    SIGN_ED25519,
    SIGN_ED448,
    SIGN_OCT,
    SIGN_N
} sign_key_e;


static inline EVP_PKEY *
sign_key(sign_key_e kind)
{
    static EVP_PKEY  *keys[SIGN_N];

    if (keys[kind]) {
        return keys[kind];
    }

    switch (kind) {

    case SIGN_RSA:
    case SIGN_RSA_OTHER:
        keys[kind] = EVP_RSA_gen(2048);
        break;

    case SIGN_P256:
        keys[kind] = EVP_EC_gen("P-256");
        break;

    case SIGN_P384:
        keys[kind] = EVP_EC_gen("P-384");
        break;

    case SIGN_P521:
        keys[kind] = EVP_EC_gen("P-521");
        break;

    case SIGN_ED25519:
        keys[kind] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;

    default:
        keys[kind] = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    }

    return keys[kind];
}


static inline sign_key_e
sign_key_for(apigw_jwa_e alg)
{
    switch (alg) {

    case APIGW_JWA_ES256:
        return SIGN_P256;

    case APIGW_JWA_ES384:
        return SIGN_P384;

    case APIGW_JWA_ES512:
        return SIGN_P521;

    case APIGW_JWA_EDDSA:
    case APIGW_JWA_ED25519:
        return SIGN_ED25519;

    case APIGW_JWA_ED448:
        return SIGN_ED448;

    default:
        return alg < APIGW_JWA_ES256 ? SIGN_RSA : SIGN_OCT;
    }
}


static inline const EVP_MD *
sign_md(apigw_jwa_e alg)
{
    switch (apigw_jwa_digest_len(alg)) {

    case 32:
        return EVP_sha256();

    case 48:
        return EVP_sha384();

    case 64:
        return EVP_sha512();

    default:
        return NULL;
    }
}


/* Two coordinates out of ASN.1. */

static inline size_t
sign_raw(uint8_t *sig, size_t len, size_t half)
{
    ECDSA_SIG      *ec;
    const uint8_t  *p = sig;

    ec = d2i_ECDSA_SIG(NULL, &p, (long) len);

    BN_bn2binpad(ECDSA_SIG_get0_r(ec), sig, (int) half);
    BN_bn2binpad(ECDSA_SIG_get0_s(ec), sig + half, (int) half);
    ECDSA_SIG_free(ec);

    return half * 2;
}


/* Signs with a key of any kind; `salt` is for PS*, -1 the digest's length. */

static inline size_t
sign_bytes(uint8_t *sig, size_t size, apigw_jwa_e alg, EVP_PKEY *pkey,
    apigw_str_t in, int salt)
{
    size_t         len = size;
    unsigned       n;
    EVP_MD_CTX    *md;
    EVP_PKEY_CTX  *ctx;

    if (alg >= APIGW_JWA_HS256) {
        HMAC(sign_md(alg), SIGN_SECRET, sizeof(SIGN_SECRET) - 1, in.data,
             in.len, sig, &n);
        return n;
    }

    md = EVP_MD_CTX_new();
    EVP_DigestSignInit(md, &ctx, sign_md(alg), NULL, pkey);

    if (alg >= APIGW_JWA_PS256 && alg <= APIGW_JWA_PS512) {
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt);
    }

    if (EVP_DigestSign(md, sig, &len, in.data, in.len) != 1) {
        abort();
    }

    EVP_MD_CTX_free(md);

    if (alg >= APIGW_JWA_ES256 && alg <= APIGW_JWA_ES512) {
        len = sign_raw(sig, len, (EVP_PKEY_get_bits(pkey) + 7) / 8);
    }

    return len;
}


static inline void
sign_encode(char *out, const void *data, size_t len)
{
    apigw_str_t  in = { data, len };

    out[apigw_base64url_encode(in, (uint8_t *) out)] = '\0';
}


/* A token of that header and payload, signed; `token` has room enough. */

static inline void
sign_token(char *token, apigw_jwa_e alg, EVP_PKEY *pkey, const char *header,
    const char *payload)
{
    size_t       len;
    uint8_t      sig[1024];
    apigw_str_t  in;

    sign_encode(token, header, strlen(header));
    strcat(token, ".");
    sign_encode(token + strlen(token), payload, strlen(payload));

    in.data = (uint8_t *) token;
    in.len = strlen(token);

    len = sign_bytes(sig, sizeof(sig), alg, pkey, in, -1);

    strcat(token, ".");
    sign_encode(token + strlen(token), sig, len);
}


/* A JWK of that key; `more` are further members, each with a comma in front. */

static inline void
sign_jwk(char *jwk, sign_key_e kind, const char *more)
{
    char            k[128];
    apigw_str_t     members;
    apigw_heap_t    heap;
    apigw_arena_t   arena;

    if (kind == SIGN_OCT) {
        sign_encode(k, SIGN_SECRET, sizeof(SIGN_SECRET) - 1);
        sprintf(jwk, "{\"kty\":\"oct\",\"k\":\"%s\"%s}", k, more);
        return;
    }

    apigw_heap_arena(&heap, &arena);

    if (apigw_jwk_members(&members, &arena, sign_key(kind)) != APIGW_OK) {
        abort();
    }

    sprintf(jwk, "{%.*s%s}", (int) members.len, (char *) members.data, more);
    apigw_heap_free(&heap);
}


#endif /* _APIGW_SIGN_H_INCLUDED_ */
