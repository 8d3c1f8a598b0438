
/*
 * A compact JWS (RFC 7515) as it came from a client: hostile until its
 * signature is verified. The order of use, cheap before dear:
 *
 *     apigw_jws_kind()      which kind of token is it at all
 *     apigw_jws_parse()     form, header
 *     apigw_claims_parse()  payload; its "iss" chooses the provider
 *     apigw_jws_check()     header against the provider's rules
 *     apigw_claims_check()  claims against the provider's rules and the clock
 *     apigw_jwks_find()     the key
 *     apigw_jws_verify()    the signature
 *     apigw_identity_from_claims()
 */


#ifndef _APIGW_JWS_H_INCLUDED_
#define _APIGW_JWS_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_jwa.h"
#include "apigw_jwk.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_TOKEN_OPAQUE = 0,          /* for introspection, else malformed */
    APIGW_TOKEN_JWS,
    APIGW_TOKEN_JWE
} apigw_token_kind_e;


typedef struct {
    apigw_str_t   input;             /* signing input, a slice of the token */
    apigw_str_t   signature;         /* decoded */
    apigw_str_t   header;            /* decoded JSON */
    apigw_str_t   payload;           /* decoded, not yet looked at */

    apigw_str_t   typ;               /* data is NULL if absent */
    apigw_str_t   kid;               /* data is NULL if absent */
    apigw_jwa_e   alg;
} apigw_jws_t;


/* What a provider accepts in a header; made once, read-only afterwards. */

typedef struct {
    apigw_jwa_set_t     algorithms;
    const apigw_str_t  *typ;         /* as apigw_jws_typ() gave them */
    size_t              ntyp;
    bool                no_typ;      /* "none" was listed: may be absent */
} apigw_jws_rules_t;


/*
 * Tells kinds apart: five parts make a JWE, three parts of which the first
 * decodes to the beginning of a JSON object a JWS, all else is opaque.
 */
apigw_token_kind_e apigw_jws_kind(apigw_str_t token);


/*
 * Splits and decodes a token and reads its header strictly.
 * token  at most `max` bytes; must outlive *jws, whose `input` points into it
 * *jws   its other slices live as long as the arena; undefined unless APIGW_OK
 * APIGW_ELIMIT token_too_large; APIGW_EINPUT token_malformed, alg_not_allowed;
 * APIGW_EUNSUPPORTED jwe_unsupported, header_unsupported; APIGW_ENOMEM
 */
apigw_rc_t apigw_jws_parse(apigw_jws_t *jws, apigw_arena_t *arena,
    apigw_str_t token, size_t max, apigw_error_t *err);


/* APIGW_EINPUT alg_not_allowed, typ_not_allowed */
apigw_rc_t apigw_jws_check(const apigw_jws_t *jws,
    const apigw_jws_rules_t *rules, apigw_error_t *err);


/*
 * The type to compare, for a rule: without "application/". Comparison ignores
 * ASCII case. The result is a slice of `typ`.
 */
apigw_str_t apigw_jws_typ(apigw_str_t typ);


/* Verifies the signature with `key`: see apigw_jwk_verify(). */
apigw_rc_t apigw_jws_verify(const apigw_jws_t *jws, apigw_jwk_t *key,
    apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_JWS_H_INCLUDED_ */
