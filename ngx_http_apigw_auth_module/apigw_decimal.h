
/*
 * Decimal numbers by their text (RFC 8259, 6): compared exactly, whatever
 * their size, never through a double.
 */


#ifndef _APIGW_DECIMAL_H_INCLUDED_
#define _APIGW_DECIMAL_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


/* A number split up: sign, digits without outer zeros, place of the point. */

typedef struct {
    const uint8_t  *digits;          /* a '.' may be among them */
    size_t          ndigits;         /* without that '.'; 0: the number is 0 */
    int64_t         point;           /* value is 0.DIGITS * 10^point */
    bool            negative;
} apigw_decimal_t;


/*
 * Reads a number of the JSON grammar; nothing may surround it.
 * text  must outlive *number
 * APIGW_EINPUT, also for an exponent of more than 15 digits
 */
apigw_rc_t apigw_decimal_parse(apigw_decimal_t *number, apigw_str_t text);


/* Less than, equal to or greater than 0, as `a` is to `b`. */
int apigw_decimal_cmp(const apigw_decimal_t *a, const apigw_decimal_t *b);


#pragma GCC visibility pop


#endif /* _APIGW_DECIMAL_H_INCLUDED_ */
