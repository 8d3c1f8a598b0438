
/*
 * Percent-encoding (RFC 3986, 2.1) of names and values in a query string.
 */


#ifndef _APIGW_QUERY_TEXT_H_INCLUDED_
#define _APIGW_QUERY_TEXT_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/*
 * Compares a raw name, decoded as it is read, with one of the configuration.
 * "+" is a space; a broken escape stands for itself. `prefix`: `name` only has
 * to be its beginning.
 */
bool apigw_query_matches(apigw_str_t raw, apigw_str_t name, bool prefix);


/*
 * Writes `before` as it is and `text` with all but unreserved characters
 * (RFC 3986, 2.3) as %XX. APIGW_ENOMEM
 */
apigw_rc_t apigw_query_encode(apigw_arena_t *arena, const char *before,
    apigw_str_t text, apigw_str_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_QUERY_TEXT_H_INCLUDED_ */
