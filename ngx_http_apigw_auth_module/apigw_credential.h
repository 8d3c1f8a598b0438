
/*
 * What a client presented: the value of an Authorization header (RFC 9110,
 * 11.6.2; RFC 6750, 2.1), a cookie, an argument.
 */


#ifndef _APIGW_CREDENTIAL_H_INCLUDED_
#define _APIGW_CREDENTIAL_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


/* Schemes: bits, so that the caller can say which count at all. */

#define APIGW_SCHEME_NONE    0x00
#define APIGW_SCHEME_BEARER  0x01
#define APIGW_SCHEME_DPOP    0x02
#define APIGW_SCHEME_APIKEY  0x04


typedef struct {
    unsigned      scheme;            /* one of them */
    apigw_str_t   text;              /* the token or key, a slice of value */
} apigw_credential_t;


/*
 * Reads the value of an Authorization header.
 * schemes      those that count; any other is nothing presented
 * *credential  set in every case: scheme is APIGW_SCHEME_NONE if nothing was
 *              presented, and names the scheme of a malformed one
 * APIGW_EINPUT credential_malformed: nothing after Bearer or DPoP. What follows
 * is yet to be looked at, by apigw_credential_is_token. An API key's form is
 * checked where keys are (apigw_key_form_check), as its faults answer 401.
 */
apigw_rc_t apigw_credential_parse(apigw_credential_t *credential,
    apigw_str_t value, unsigned schemes, apigw_error_t *err);


/* Whether `text` is one token of RFC 6750, 2.1. */
bool apigw_credential_is_token(apigw_str_t text);


#pragma GCC visibility pop


#endif /* _APIGW_CREDENTIAL_H_INCLUDED_ */
