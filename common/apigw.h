
/*
 * What every core shares: return codes, slices, errors.
 *
 * Cores are plain C11 with no nginx header. They take bytes, lengths, a clock
 * value and an arena; they never log, never read the time, keep no globals.
 */


#ifndef _APIGW_H_INCLUDED_
#define _APIGW_H_INCLUDED_


#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_OK = 0,
    APIGW_AGAIN = 1,                 /* needs more bytes */
    APIGW_ENOMEM = -1,
    APIGW_EINPUT = -2,               /* the input is wrong */
    APIGW_ELIMIT = -3,               /* a configured bound was met */
    APIGW_EUNSUPPORTED = -4          /* well-formed, but not for us */
} apigw_rc_t;


/* Bytes that somebody else owns; never NUL-terminated. */

typedef struct {
    const uint8_t  *data;
    size_t          len;
} apigw_str_t;


/* Why a call failed: the reject reason, and where in the input. */

typedef struct {
    const char     *word;            /* static storage */
    size_t          offset;
} apigw_error_t;


#define apigw_str(text)  { (const uint8_t *) text, sizeof(text) - 1 }


static inline bool
apigw_str_eq(apigw_str_t a, apigw_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


static inline bool
apigw_str_is(apigw_str_t s, const char *text)
{
    size_t  len = strlen(text);

    return s.len == len && (len == 0 || memcmp(s.data, text, len) == 0);
}


#pragma GCC visibility pop


#endif /* _APIGW_H_INCLUDED_ */
