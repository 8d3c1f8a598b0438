
/*
 * A JSON Web Key Set (RFC 7517) as OpenSSL keys, parsed once. A set belongs to
 * one worker: verifying with a key uses scratch state that the set owns.
 */


#ifndef _APIGW_JWK_H_INCLUDED_
#define _APIGW_JWK_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_jwa.h"


#pragma GCC visibility push(hidden)


#define APIGW_JWKS_MAX_KEYS   100
#define APIGW_JWK_THUMBPRINT  32     /* SHA-256, RFC 7638 */


typedef struct apigw_jwk_s   apigw_jwk_t;
typedef struct apigw_jwks_s  apigw_jwks_t;


/* A key of the set that cannot be used, for one log line. */

typedef struct {
    size_t        index;             /* in "keys", from 0 */
    apigw_str_t   kid;               /* foreign text: escape it in a log */
    const char   *why;               /* such as "unknown \"crv\"" */
} apigw_jwk_skip_t;


typedef struct {
    apigw_jwk_skip_t  *skips;
    size_t             nskips;
} apigw_jwks_report_t;


/*
 * Parses a key set by the rules for a set of public keys, or, if `symmetric`,
 * for a file that may instead hold oct keys for HS256, HS384 and HS512.
 * Keys that no rule allows are skipped; that is no fault of the set unless
 * none is left.
 *
 * text    need not outlive the call
 * arena   holds the set; what OpenSSL holds needs apigw_jwks_free() as well
 * report  may be NULL; filled on success and refusal, lives in the arena
 * *out    untouched unless APIGW_OK
 * APIGW_EINPUT with err->word as the end of a sentence that begins "key set "
 * ("has no \"keys\" array"); APIGW_ELIMIT for more than 100 keys; APIGW_ENOMEM
 */
apigw_rc_t apigw_jwks_parse(apigw_jwks_t **out, apigw_arena_t *arena,
    apigw_str_t text, bool symmetric, apigw_jwks_report_t *report,
    apigw_error_t *err);


/* Releases what OpenSSL holds and wipes secrets; NULL is allowed. */
void apigw_jwks_free(apigw_jwks_t *set);


/* How many keys can be used. */
size_t apigw_jwks_count(const apigw_jwks_t *set);


/* The i-th usable key, i < apigw_jwks_count(). */
apigw_jwk_t *apigw_jwks_at(const apigw_jwks_t *set, size_t i);


/*
 * Finds the key for a token. With `kid` an exact match whose type, curve and
 * "alg" fit `alg`; without (NULL) the only key that fits.
 * *out  a key of the set; untouched unless APIGW_OK
 * APIGW_EINPUT kid_unknown: newer keys may know it;
 * APIGW_EUNSUPPORTED alg_not_allowed: the kid is there, its key does not fit
 */
apigw_rc_t apigw_jwks_find(apigw_jwk_t **out, const apigw_jwks_t *set,
    const apigw_str_t *kid, apigw_jwa_e alg, apigw_error_t *err);


/* The key of that thumbprint (32 bytes), or NULL. */
apigw_jwk_t *apigw_jwks_find_thumbprint(const apigw_jwks_t *set,
    const uint8_t *thumbprint);


/* The key's "kid"; data is NULL if it has none. Lives with the set. */
apigw_str_t apigw_jwk_kid(const apigw_jwk_t *key);


/* The 32 bytes of the key's RFC 7638 thumbprint. Lives with the set. */
const uint8_t *apigw_jwk_thumbprint(const apigw_jwk_t *key);


/* The algorithms that the key may be used with. */
apigw_jwa_set_t apigw_jwk_algorithms(const apigw_jwk_t *key);


/*
 * Verifies one signature. The first call per key and algorithm prepares a
 * context, which later calls reuse; call it only after fork().
 * input      the signing input, exactly as sent
 * signature  raw bytes: R || S for ECDSA, the MAC for HMAC
 * APIGW_EINPUT signature_invalid, also if `alg` does not fit the key;
 * APIGW_ENOMEM if OpenSSL could not prepare. Its error queue is left empty.
 */
apigw_rc_t apigw_jwk_verify(apigw_jwk_t *key, apigw_jwa_e alg,
    apigw_str_t input, apigw_str_t signature, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_JWK_H_INCLUDED_ */
