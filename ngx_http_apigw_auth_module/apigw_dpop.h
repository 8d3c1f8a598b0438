
/*
 * DPoP proofs (RFC 9449): a client shows with each request that it holds the
 * key to which its access token is bound. The order of use, after the token's
 * signature was verified:
 *
 *     apigw_dpop_parse()        form, header, claims, against the request
 *     apigw_dpop_nonce_check()  where a nonce is asked for
 *     apigw_dpop_verify()       the key against the token's jkt, the signature
 *     apigw_replay_add()        has proof->digest been used before
 */


#ifndef _APIGW_DPOP_H_INCLUDED_
#define _APIGW_DPOP_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_jwk.h"
#include "apigw_jws.h"


#pragma GCC visibility push(hidden)


#define APIGW_DPOP_MAX       8192    /* bytes of a proof */
#define APIGW_DPOP_JTI_MAX   256     /* bytes, decoded */
#define APIGW_DPOP_SKEW      5       /* seconds that iat may be ahead */
#define APIGW_DPOP_DIGEST    16

#define APIGW_DPOP_BUCKET    300     /* seconds of a nonce */
#define APIGW_DPOP_KEY       32      /* bytes of a nonce's key */
#define APIGW_DPOP_NONCE     54      /* characters of a nonce */


/* ES256 PS256 EdDSA */

#define APIGW_DPOP_DEFAULT                                                    \
    (apigw_jwa_bit(APIGW_JWA_ES256) | apigw_jwa_bit(APIGW_JWA_PS256)          \
     | apigw_jwa_bit(APIGW_JWA_EDDSA))


typedef struct {
    apigw_jwa_set_t     algorithms;  /* none of them symmetric */
    int64_t             max_age;     /* seconds */
} apigw_dpop_rules_t;


/* The request that a proof must be for. */

typedef struct {
    apigw_str_t         method;
    apigw_str_t         path;        /* raw; a query may follow */
    apigw_str_t         token;       /* the access token as it was sent */
    const apigw_str_t  *origins;     /* as apigw_dpop_origin() gives them */
    size_t              norigins;
} apigw_dpop_request_t;


typedef struct {
    const char         *why;         /* a fault, for a log: static text that
                                        ends a sentence about the proof */
    int64_t             iat;
    apigw_str_t         nonce;       /* data is NULL if absent */

    /* by apigw_dpop_verify() */
    uint8_t             thumbprint[APIGW_JWK_THUMBPRINT];
    uint8_t             digest[APIGW_DPOP_DIGEST];   /* of key and jti */

    /* private */
    apigw_jws_t         jws;
    apigw_str_t         jwk;
    apigw_str_t         jti;
} apigw_dpop_t;


/*
 * Reads one proof and compares all of it that needs no key (RFC 9449, 4.3: 2 to
 * 5, 8, 9, 11, 12): typ, alg, a jwk that is an object, htm, htu, ath, iat from
 * now - max_age to now + 5, jti of 1 to 256 bytes.
 * text    must outlive *proof, whose slices live as long as the arena
 * *proof  undefined unless APIGW_OK, but for `why`
 * APIGW_EINPUT dpop_invalid; APIGW_ENOMEM
 */
apigw_rc_t apigw_dpop_parse(apigw_dpop_t *proof, apigw_arena_t *arena,
    apigw_str_t text, const apigw_dpop_rules_t *rules,
    const apigw_dpop_request_t *request, int64_t now, apigw_error_t *err);


/*
 * Verifies a parsed proof with the key in its header, which must be a public
 * one, fit to verify, and have the thumbprint `jkt` (32 bytes).
 * *proof  thumbprint and digest are set when APIGW_OK
 * APIGW_EINPUT dpop_invalid, binding_mismatch: another key; APIGW_ENOMEM
 */
apigw_rc_t apigw_dpop_verify(apigw_dpop_t *proof, apigw_arena_t *arena,
    const uint8_t *jkt, apigw_error_t *err);


/*
 * The normal form of an absolute http or https URI (RFC 3986, 6.2.2 and 6.2.3):
 * scheme and host in lower case, no default port; unreserved characters not
 * encoded, other codes in upper case, no dot segments, "/" for an empty path.
 * Query and fragment are cut off. Both may be NULL. They live in the arena.
 * APIGW_EINPUT with err->word as a fault for people; APIGW_ENOMEM
 */
apigw_rc_t apigw_dpop_uri(apigw_str_t *origin, apigw_str_t *path,
    apigw_arena_t *arena, apigw_str_t uri, apigw_error_t *err);


/* The same of an origin alone: nothing but "/" may follow the authority. */
apigw_rc_t apigw_dpop_origin(apigw_str_t *origin, apigw_arena_t *arena,
    apigw_str_t text, apigw_error_t *err);


/* The same of a request's raw path. */
apigw_rc_t apigw_dpop_path(apigw_str_t *path, apigw_arena_t *arena,
    apigw_str_t raw, apigw_error_t *err);


/*
 * Makes the nonce of the 5 minutes around `now` (RFC 9449, 9): APIGW_DPOP_NONCE
 * characters, no NUL. Everyone with the key makes the same.
 * APIGW_ENOMEM if OpenSSL fails
 */
apigw_rc_t apigw_dpop_nonce_make(uint8_t *out, const uint8_t *key,
    int64_t now);


/*
 * Whether a nonce is that of these 5 minutes or of those before.
 * *old  it is that of those before: time for a fresh one
 * APIGW_EINPUT dpop_nonce_required; APIGW_ENOMEM
 */
apigw_rc_t apigw_dpop_nonce_check(apigw_str_t nonce, const uint8_t *key,
    int64_t now, bool *old, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_DPOP_H_INCLUDED_ */
