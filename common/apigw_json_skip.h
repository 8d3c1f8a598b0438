
/*
 * Over values that the strict reader has accepted, without another look at
 * them. Other bytes give some place up to `end`.
 */


#ifndef _APIGW_JSON_SKIP_H_INCLUDED_
#define _APIGW_JSON_SKIP_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


/* Behind the string whose quote is at `p`. */
const uint8_t *apigw_json_skip_string(const uint8_t *p, const uint8_t *end);


/* Behind the value at `p`, which is not `end`. */
const uint8_t *apigw_json_skip_value(const uint8_t *p, const uint8_t *end);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_SKIP_H_INCLUDED_ */
