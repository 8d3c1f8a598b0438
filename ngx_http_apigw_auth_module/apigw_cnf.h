
/*
 * To whom a token is bound (RFC 7800): its claim "cnf" against the rules of the
 * one who issued it.
 */


#ifndef _APIGW_CNF_H_INCLUDED_
#define _APIGW_CNF_H_INCLUDED_


#include "apigw.h"
#include "apigw_claims.h"


#pragma GCC visibility push(hidden)


/* Methods: bits. */

#define APIGW_CNF_MTLS    0x01       /* "x5t#S256", RFC 8705 */
#define APIGW_CNF_DPOP    0x02       /* "jkt", RFC 9449 */

#define APIGW_CNF_DIGEST  32         /* SHA-256 */


typedef struct {
    bool      off;                   /* the claim is not looked at */
    bool      required;              /* a token without one is refused */
    unsigned  methods;               /* that may be used */
} apigw_cnf_rules_t;


typedef struct {
    unsigned  methods;               /* all of which must be shown */
    uint8_t   x5t[APIGW_CNF_DIGEST];
    uint8_t   jkt[APIGW_CNF_DIGEST];
} apigw_cnf_t;


/*
 * Reads what must be shown with a token, for it to be good.
 * dpop  it was sent under the scheme DPoP, so must be bound to a key; a token
 *       that is bound to a key must be sent so (RFC 9449, 7)
 * *cnf  methods is 0: nothing; undefined unless APIGW_OK
 * APIGW_EINPUT binding_missing: not bound and must be, bound by a method that
 * is unknown or not among the rules', or sent under the other scheme;
 * claim_invalid: "cnf" is no object, or a value no SHA-256
 */
apigw_rc_t apigw_cnf_read(apigw_cnf_t *cnf, const apigw_claims_t *claims,
    const apigw_cnf_rules_t *rules, bool dpop, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_CNF_H_INCLUDED_ */
