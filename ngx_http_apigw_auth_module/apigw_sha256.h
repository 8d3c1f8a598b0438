
/*
 * SHA-256 for whoever needs it with each request: OpenSSL's digest is fetched
 * once and one context used again, which halves the cost of a short input.
 */


#ifndef _APIGW_SHA256_H_INCLUDED_
#define _APIGW_SHA256_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


#define APIGW_SHA256_SIZE  32


/* Zeroed before its first use; the fields are private. For one thread. */

typedef struct {
    struct evp_md_st      *md;
    struct evp_md_ctx_st  *ctx;
} apigw_sha256_t;


/*
 * The digest of `n` pieces, one after the other; no length stands between them.
 * APIGW_ENOMEM if OpenSSL fails; its error queue is left empty
 */
apigw_rc_t apigw_sha256(apigw_sha256_t *sha, uint8_t *digest,
    const apigw_str_t *pieces, size_t n);


/* Releases what OpenSSL holds; it may be used again. */
void apigw_sha256_free(apigw_sha256_t *sha);


#pragma GCC visibility pop


#endif /* _APIGW_SHA256_H_INCLUDED_ */
