
/*
 * Content codings gzip (RFC 1952, several members too) and deflate (zlib as in
 * RFC 9110, 8.4.1.2, or raw as some send it), undone piece by piece with zlib,
 * whose memory comes from the arena.
 */


#ifndef _APIGW_INFLATE_H_INCLUDED_
#define _APIGW_INFLATE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_INFLATE_GZIP = 0,
    APIGW_INFLATE_DEFLATE
} apigw_inflate_coding_e;


typedef struct apigw_inflate_s  apigw_inflate_t;


/*
 * Finds the coding of a Content-Encoding value: gzip, x-gzip or deflate in any
 * case.
 * APIGW_EUNSUPPORTED  another one, or several; *coding is untouched
 */
apigw_rc_t apigw_inflate_coding(apigw_str_t name,
    apigw_inflate_coding_e *coding);


/* Makes an inflater that gives at most `max` bytes in all; NULL: no memory. */
apigw_inflate_t *apigw_inflate_create(apigw_arena_t *arena,
    apigw_inflate_coding_e coding, uint64_t max);


/*
 * Hands in the next bytes; `last` with the final ones, which may be none.
 * Only when apigw_inflate_read() has used up those before. They are not
 * copied: they must stay until they are used up.
 */
void apigw_inflate_feed(apigw_inflate_t *inflate, const uint8_t *data,
    size_t len, bool last);


/*
 * Writes up to `size` (at least 1) inflated bytes to `out`, their number to
 * *n.
 * APIGW_OK      that was all of it; no bytes at all are an empty body
 * APIGW_AGAIN   *n == size: more room is needed; *n < size: more input is
 * APIGW_EINPUT  inflate_failed: damaged, cut short, or bytes after the end
 * APIGW_ELIMIT  inflate_too_large: more than `max` bytes
 * APIGW_ENOMEM  internal
 * The offset counts bytes handed in. A failed inflater fails again; *n is
 * valid all the same.
 */
apigw_rc_t apigw_inflate_read(apigw_inflate_t *inflate, uint8_t *out,
    size_t size, size_t *n, apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_INFLATE_H_INCLUDED_ */
