
/*
 * Our own keys as JSON Web Keys, for those who verify what we sign.
 */


#ifndef _APIGW_JWK_WRITE_H_INCLUDED_
#define _APIGW_JWK_WRITE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_jwk.h"

#include <openssl/evp.h>


#pragma GCC visibility push(hidden)


/*
 * The members of an RSA, EC or OKP key that make its thumbprint, in order and
 * without blanks or braces: "e":"AQAB","kty":"RSA","n":"...". Public ones only.
 * *members  lives in the arena
 * APIGW_EUNSUPPORTED: another kind or curve; APIGW_ENOMEM
 */
apigw_rc_t apigw_jwk_members(apigw_str_t *members, apigw_arena_t *arena,
    EVP_PKEY *pkey);


/* The same of a secret: the result is one, too. APIGW_ENOMEM */
apigw_rc_t apigw_jwk_members_oct(apigw_str_t *members, apigw_arena_t *arena,
    apigw_str_t secret);


/* Their RFC 7638 thumbprint, 32 bytes. APIGW_ENOMEM if OpenSSL fails */
apigw_rc_t apigw_jwk_members_thumbprint(uint8_t *thumbprint,
    apigw_str_t members);


#pragma GCC visibility pop


#endif /* _APIGW_JWK_WRITE_H_INCLUDED_ */
