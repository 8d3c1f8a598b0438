
/*
 * Token introspection (RFC 7662): the request that asks, how its sender shows
 * who it is (RFC 6749, 2.3.1; RFC 8705, 2), and what the answer says.
 */


#ifndef _APIGW_INTROSPECTION_H_INCLUDED_
#define _APIGW_INTROSPECTION_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_claims.h"


#pragma GCC visibility push(hidden)


/* How the one who asks shows who it is. */

typedef enum {
    APIGW_INTROSPECTION_BASIC = 0,   /* Authorization: Basic */
    APIGW_INTROSPECTION_POST,        /* members of the form */
    APIGW_INTROSPECTION_TLS          /* a certificate; the id in the form */
} apigw_introspection_method_e;


/* The parts of a request that are the same for each token. */

typedef struct {
    apigw_str_t  headers;            /* lines, each with CRLF */
    apigw_str_t  form;               /* what follows the token; may be empty */
} apigw_introspection_client_t;


/*
 * Makes them. Both hold the secret, plain or encoded.
 * secret   not used with TLS
 * *client  lives in the arena; untouched unless APIGW_OK
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_introspection_client(apigw_introspection_client_t *client,
    apigw_arena_t *arena, apigw_introspection_method_e method, apigw_str_t id,
    apigw_str_t secret);


/*
 * The body that asks for a token (RFC 7662, 2.1).
 * *body  lives in the arena; untouched unless APIGW_OK
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_introspection_body(apigw_str_t *body, apigw_arena_t *arena,
    apigw_str_t token, const apigw_introspection_client_t *client);


/* Whether a Content-Type is application/json, whatever its parameters. */
bool apigw_introspection_is_json(apigw_str_t type);


/*
 * Reads an answer (RFC 7662, 2.2) by the strict rules of tokens.
 * json     must outlive *claims
 * *claims  lives in the arena; untouched unless APIGW_OK
 * *active  "active" is true, and no string that says so
 * APIGW_EINPUT with err->word as the end of a sentence that begins "the answer
 * "; APIGW_ENOMEM
 */
apigw_rc_t apigw_introspection_read(apigw_claims_t **claims, bool *active,
    apigw_arena_t *arena, apigw_str_t json, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_INTROSPECTION_H_INCLUDED_ */
