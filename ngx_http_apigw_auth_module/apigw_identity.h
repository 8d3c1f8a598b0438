
/*
 * Who is calling: what every kind of credential is mapped to. An identity
 * lives in one arena and points nowhere else, so it can outlive its request.
 */


#ifndef _APIGW_IDENTITY_H_INCLUDED_
#define _APIGW_IDENTITY_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_claims.h"
#include "apigw_jwk.h"
#include "apigw_keyfile.h"


#pragma GCC visibility push(hidden)


/* How the caller was identified: bits, joined under `all`. */

#define APIGW_METHOD_JWT         0x01
#define APIGW_METHOD_INTROSPECT  0x02
#define APIGW_METHOD_KEY         0x04
#define APIGW_METHOD_ANONYMOUS   0x08


typedef struct {
    unsigned               methods;
    bool                   unsafe;   /* a value below was dropped: it held a */
                                     /* control byte */

    apigw_str_t            provider; /* name of the block that vouches */
    apigw_str_t            consumer; /* may be empty */
    apigw_str_t            plan;
    apigw_str_t            key_id;   /* of the API key */
    apigw_str_t            kid;      /* verified */

    apigw_str_list_t       scopes;   /* for comparison, whole */
    apigw_str_list_t       roles;
    apigw_str_list_t       groups;
    apigw_str_t            scope_text;       /* the lists, joined by spaces: */
    apigw_str_t            groups_text;      /* without elements that have a */
                                             /* blank of their own */

    apigw_claims_t        *claims;   /* NULL for an API key */
    apigw_claims_dates_t   dates;    /* of the token; of the key: exp, nbf */
    uint8_t                thumbprint[APIGW_JWK_THUMBPRINT];
} apigw_identity_t;


/* Which claims say what: a provider's mapping, read-only. */

typedef struct {
    apigw_claim_paths_t    consumer; /* the first non-empty string */
    apigw_str_t            consumer_prefix;
    apigw_claim_paths_t    scope;    /* the first that is there */
    apigw_claim_paths_t    roles;
    apigw_claim_paths_t    groups;
    apigw_claim_paths_t    plan;
} apigw_claims_map_t;


/*
 * Makes the identity of a verified token.
 * claims  copied
 * key     the verifying key, copied from; NULL after introspection
 * dates   from apigw_claims_check()
 * *out    lives in the arena; untouched unless APIGW_OK
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_identity_from_claims(apigw_identity_t **out,
    apigw_arena_t *arena, unsigned method, apigw_str_t provider,
    const apigw_claims_map_t *map, const apigw_claims_t *claims,
    const apigw_jwk_t *key, const apigw_claims_dates_t *dates);


/* Makes the identity of an API key, copied. APIGW_ENOMEM */
apigw_rc_t apigw_identity_from_key(apigw_identity_t **out,
    apigw_arena_t *arena, apigw_str_t provider, const apigw_key_t *key);


/* Makes the identity of a caller that presented nothing. APIGW_ENOMEM */
apigw_rc_t apigw_identity_anonymous(apigw_identity_t **out,
    apigw_arena_t *arena, apigw_str_t consumer);


#pragma GCC visibility pop


#endif /* _APIGW_IDENTITY_H_INCLUDED_ */
