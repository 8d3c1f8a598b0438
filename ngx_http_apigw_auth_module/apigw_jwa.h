
/*
 * The signature algorithms of RFC 7518, 8037 and 9864 that we verify, as
 * numbers and sets of bits. "none" is not among them and cannot be named.
 */


#ifndef _APIGW_JWA_H_INCLUDED_
#define _APIGW_JWA_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_JWA_RS256 = 0,
    APIGW_JWA_RS384,
    APIGW_JWA_RS512,
    APIGW_JWA_PS256,
    APIGW_JWA_PS384,
    APIGW_JWA_PS512,
    APIGW_JWA_ES256,
    APIGW_JWA_ES384,
    APIGW_JWA_ES512,
    APIGW_JWA_EDDSA,                 /* Ed25519 or Ed448, as the key says */
    APIGW_JWA_ED25519,
    APIGW_JWA_ED448,
    APIGW_JWA_HS256,
    APIGW_JWA_HS384,
    APIGW_JWA_HS512,
    APIGW_JWA_N                      /* how many; also "none of them" */
} apigw_jwa_e;


/* A set of algorithms: one bit each. */

typedef uint32_t  apigw_jwa_set_t;

#define apigw_jwa_bit(alg)   ((apigw_jwa_set_t) 1 << (alg))

#define APIGW_JWA_RSA        ((apigw_jwa_set_t) 0x003f)
#define APIGW_JWA_EC         ((apigw_jwa_set_t) 0x01c0)
#define APIGW_JWA_OKP        ((apigw_jwa_set_t) 0x0e00)
#define APIGW_JWA_SYMMETRIC  ((apigw_jwa_set_t) 0x7000)

/* What a provider takes unless told: RS256 PS256 ES256 EdDSA. */

#define APIGW_JWA_DEFAULT                                                     \
    (apigw_jwa_bit(APIGW_JWA_RS256) | apigw_jwa_bit(APIGW_JWA_PS256)          \
     | apigw_jwa_bit(APIGW_JWA_ES256) | apigw_jwa_bit(APIGW_JWA_EDDSA))


/* The algorithm of that exact name, case included, or APIGW_JWA_N. */
apigw_jwa_e apigw_jwa_find(apigw_str_t name);


/* The registered name; "" for APIGW_JWA_N. Static storage. */
const char *apigw_jwa_name(apigw_jwa_e alg);


/* Bytes of the algorithm's digest: 32, 48, 64; 0 for EdDSA. */
size_t apigw_jwa_digest_len(apigw_jwa_e alg);


#pragma GCC visibility pop


#endif /* _APIGW_JWA_H_INCLUDED_ */
