
/*
 * base64url without padding (RFC 4648, 5; RFC 7515, 2), canonical forms only:
 * each text decodes to one value and each value has one text.
 */


#ifndef _APIGW_BASE64URL_H_INCLUDED_
#define _APIGW_BASE64URL_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* Bytes that `len` characters decode to; characters that `len` bytes need. */
#define apigw_base64url_decoded_len(len)                                      \
    ((len) / 4 * 3 + ((len) % 4 ? (len) % 4 - 1 : 0))
#define apigw_base64url_encoded_len(len)                                      \
    ((len) / 3 * 4 + ((len) % 3 ? (len) % 3 + 1 : 0))


/*
 * Decodes `in`: no padding, no white space, no "+" or "/", no set bits behind
 * the last byte.
 * out  `out` has room for apigw_base64url_decoded_len(in.len) bytes; *len is
 *      their number
 * APIGW_EINPUT; `out` may then hold a part
 */
apigw_rc_t apigw_base64url_decode(apigw_str_t in, uint8_t *out, size_t *len);


/*
 * The same into memory of the arena, with one NUL behind it that *out does not
 * count.
 * APIGW_EINPUT, APIGW_ENOMEM
 */
apigw_rc_t apigw_base64url_decode_dup(apigw_arena_t *arena, apigw_str_t in,
    apigw_str_t *out);


/*
 * Encodes into `out`, which has room for apigw_base64url_encoded_len(in.len);
 * returns that number. No NUL is added.
 */
size_t apigw_base64url_encode(apigw_str_t in, uint8_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_BASE64URL_H_INCLUDED_ */
