
/*
 * Short-lived tokens by which the gateway tells a service who is calling, and
 * the keys that sign them. libjwt signs; it reads the key anew each time, so
 * what it may meet is checked here, once.
 */


#ifndef _APIGW_ASSERTION_H_INCLUDED_
#define _APIGW_ASSERTION_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_ASSERTION_KEY_FILE    16384        /* bytes, at most */
#define APIGW_ASSERTION_SECRET_MIN  32           /* of HS256 */
#define APIGW_ASSERTION_CLAIMS      16384        /* bytes, rendered */


typedef enum {
    APIGW_ASSERTION_RS256 = 0,
    APIGW_ASSERTION_ES256,
    APIGW_ASSERTION_HS256,
    APIGW_ASSERTION_ALG_N
} apigw_assertion_alg_e;


typedef struct {
    apigw_assertion_alg_e    alg;
    bool                     private_key;        /* the file holds one */
    apigw_str_t              secret; /* as libjwt takes it, to be wiped; */
                                     /* data is NULL for a public key */
    apigw_str_t              kid;    /* NUL-terminated; data is NULL: HS256 */
    apigw_str_t              jwk;    /* public, as JSON; len is 0: HS256 */
} apigw_assertion_key_t;


typedef struct {
    apigw_str_t              name;
    apigw_str_t              value;
} apigw_assertion_claim_t;


/* What every assertion says. */

typedef struct {
    apigw_str_t              issuer;
    apigw_str_t              audience;
    apigw_str_t              jti;
    int64_t                  iat;
    int64_t                  exp;
} apigw_assertion_frame_t;


/* The algorithm of that name; APIGW_ASSERTION_ALG_N: none of ours. */
apigw_assertion_alg_e apigw_assertion_alg(apigw_str_t name);


/*
 * Reads a file of the key that signs: an unencrypted private key in PEM, RSA
 * of 2048 to 8192 bits or EC on P-256; for HS256 one line of base64url, 32
 * bytes or more.
 * text  at most APIGW_ASSERTION_KEY_FILE bytes; need not outlive the call
 * *key  lives in the arena; untouched unless APIGW_OK
 * APIGW_EINPUT with err->word as the end of a sentence that begins with the
 * file ("holds no private key in PEM"), err->offset 0; APIGW_ENOMEM
 */
apigw_rc_t apigw_assertion_key(apigw_assertion_key_t *key,
    apigw_arena_t *arena, apigw_assertion_alg_e alg, apigw_str_t text,
    apigw_error_t *err);


/*
 * Reads a file of a key that is published only: public or private, RS256 or
 * ES256 by its kind; secret stays empty. Else as apigw_assertion_key().
 */
apigw_rc_t apigw_assertion_key_public(apigw_assertion_key_t *key,
    apigw_arena_t *arena, apigw_str_t text, apigw_error_t *err);


/*
 * The keys as a JWK Set (RFC 7517, 5); one that is there twice is told once.
 * *out  lives in the arena
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_assertion_jwks(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_key_t *keys, size_t nkeys);


/*
 * The claims as a JSON object; those with an empty value are left out.
 * *out  NUL-terminated, lives in the arena; untouched unless APIGW_OK
 * APIGW_EINPUT: not UTF-8; APIGW_ELIMIT: above APIGW_ASSERTION_CLAIMS;
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_assertion_claims(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_claim_t *claims, size_t nclaims);


/*
 * Signs.
 * claims  from apigw_assertion_claims(); the frame's claims win
 * *out    a compact JWS (RFC 7515, 7.1), NUL-terminated, in the arena;
 *         untouched unless APIGW_OK
 * APIGW_EINPUT: beyond libjwt, such as a value with a byte 0; APIGW_ENOMEM,
 * also if OpenSSL fails, whose error queue is left empty
 */
apigw_rc_t apigw_assertion_sign(apigw_str_t *out, apigw_arena_t *arena,
    const apigw_assertion_key_t *key, const apigw_assertion_frame_t *frame,
    apigw_str_t claims);


#pragma GCC visibility pop


#endif /* _APIGW_ASSERTION_H_INCLUDED_ */
