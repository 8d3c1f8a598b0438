
/*
 * Web origins (RFC 6454): what a browser says in Origin, and what the Host
 * field of a request makes its own.
 */


#ifndef _APIGW_ORIGIN_H_INCLUDED_
#define _APIGW_ORIGIN_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


typedef struct {
    apigw_str_t   host;              /* a slice of the text, in any case */
    unsigned      port;              /* the scheme's own if none is written */
    bool          secure;            /* https; else http */
} apigw_origin_t;


/*
 * Reads "scheme://host[:port]" (RFC 6454, 6.2), http or https, nothing behind.
 * "null", a list and other schemes are no origin that could be trusted.
 * *origin  points into text; untouched unless APIGW_OK
 * APIGW_EINPUT
 */
apigw_rc_t apigw_origin_parse(apigw_origin_t *origin, apigw_str_t text);


/*
 * The origin of a request: `authority` is its Host field (RFC 9110, 7.2).
 * *origin  points into authority; untouched unless APIGW_OK
 * APIGW_EINPUT
 */
apigw_rc_t apigw_origin_own(apigw_origin_t *origin, bool secure,
    apigw_str_t authority);


/* Equal in scheme, host (in any case) and port. */
bool apigw_origin_eq(const apigw_origin_t *a, const apigw_origin_t *b);


#pragma GCC visibility pop


#endif /* _APIGW_ORIGIN_H_INCLUDED_ */
