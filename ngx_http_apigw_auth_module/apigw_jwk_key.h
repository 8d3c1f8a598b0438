
/*
 * Inside of keys and sets, for the files that parse them and verify with them.
 */


#ifndef _APIGW_JWK_KEY_H_INCLUDED_
#define _APIGW_JWK_KEY_H_INCLUDED_


#include "apigw_jwk.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>


#pragma GCC visibility push(hidden)


#define APIGW_JWK_MD_N  3            /* SHA-256, SHA-384, SHA-512 */


typedef enum {
    APIGW_JWK_RSA = 0,
    APIGW_JWK_EC,
    APIGW_JWK_OKP,
    APIGW_JWK_OCT,
    APIGW_JWK_KTY_N
} apigw_jwk_kty_e;


struct apigw_jwk_s {
    apigw_jwks_t     *set;
    apigw_str_t       kid;           /* data is NULL if absent */
    apigw_jwk_kty_e   kty;
    apigw_jwa_e       alg;           /* as the JWK says; APIGW_JWA_N: nothing */
    apigw_jwa_set_t   algorithms;    /* that may be used with it */
    size_t            coordinate;    /* bytes, of EC */
    size_t            index;         /* in "keys" */
    bool              twin;          /* another is equal in kid, kty, alg */
    uint8_t           thumbprint[APIGW_JWK_THUMBPRINT];

    EVP_PKEY         *pkey;          /* NULL for oct */
    uint8_t          *secret;        /* oct */
    size_t            secret_len;

    /* prepared on first use: one initialised context for each algorithm */

    EVP_PKEY_CTX     *ctx[APIGW_JWA_N];
    EVP_MAC_CTX      *mac[APIGW_JWA_N];
};


struct apigw_jwks_s {
    apigw_jwk_t      *keys;
    size_t            nkeys;

    /* scratch of one verification, and what it takes, fetched once */

    EVP_MD           *md[APIGW_JWK_MD_N];
    EVP_MAC          *hmac;
    EVP_MD_CTX       *digest;
    EVP_MD_CTX       *eddsa;
};


/*
 * Makes a key of one JWK, of whatever kind.
 * key   zeroed; what OpenSSL holds is for apigw_jwk_release()
 * *why  set with APIGW_EINPUT: the fault, for a log
 * APIGW_EINPUT: not for us; APIGW_ENOMEM
 */
apigw_rc_t apigw_jwk_read(apigw_jwk_t *key, apigw_arena_t *arena,
    const cJSON *jwk, const char **why);


/* The same for one type each, once the common members are read. */
apigw_rc_t apigw_jwk_read_rsa(apigw_jwk_t *key, apigw_arena_t *arena,
    const cJSON *jwk, const char **why);
apigw_rc_t apigw_jwk_read_ec(apigw_jwk_t *key, apigw_arena_t *arena,
    const cJSON *jwk, const char **why);
apigw_rc_t apigw_jwk_read_okp(apigw_jwk_t *key, apigw_arena_t *arena,
    const cJSON *jwk, const char **why);
apigw_rc_t apigw_jwk_read_oct(apigw_jwk_t *key, apigw_arena_t *arena,
    const cJSON *jwk, const char **why);


/* Releases what OpenSSL holds and wipes the secret. */
void apigw_jwk_release(apigw_jwk_t *key);


/* A member that is a string, or NULL. */
const char *apigw_jwk_text(const cJSON *jwk, const char *name);


/* The kty of a JWK; APIGW_JWK_KTY_N if it is none of those we know. */
apigw_jwk_kty_e apigw_jwk_kty(const cJSON *jwk);


/*
 * Decodes a base64url member.
 * *text  its text, which lives with the JWK; *value lives in the arena
 * APIGW_EINPUT, APIGW_ENOMEM
 */
apigw_rc_t apigw_jwk_bytes(const cJSON *jwk, const char *name,
    apigw_arena_t *arena, apigw_str_t *text, apigw_str_t *value);


/*
 * Whether bytes encode a point of Ed25519 (32) or Ed448 (57) that may be a
 * public key: canonical, on the curve, and not of small order, for which one
 * signature fits many messages.
 * APIGW_EINPUT, APIGW_ENOMEM
 */
apigw_rc_t apigw_jwk_okp_check(apigw_str_t point);


#pragma GCC visibility pop


#endif /* _APIGW_JWK_KEY_H_INCLUDED_ */
