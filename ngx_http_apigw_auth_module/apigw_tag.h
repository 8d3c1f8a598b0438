
/*
 * A keyed hash of long texts, several times as fast as SHA-256, for a table in
 * which nobody without the key must find what he did not put there.
 *
 * Hash, then PRF: NH with words of 64 bits, two passes under a key moved by two
 * words (UMAC: Black, Halevi, Krawczyk, Krovetz, Rogaway, CRYPTO 1999), so that
 * two texts of one length meet by a chance of 2^-128 at most, whoever chose
 * them; then SipHash-2-4 over result and length, which are a few bytes. The
 * tag tells nothing about the text that could be computed without the key.
 */


#ifndef _APIGW_TAG_H_INCLUDED_
#define _APIGW_TAG_H_INCLUDED_


#include "apigw.h"
#include "apigw_siphash.h"


#pragma GCC visibility push(hidden)


#define APIGW_TAG_BLOCK  1024        /* bytes; longer texts take several */


/* Filled with random bytes by its owner; each process has its own. */

typedef struct {
    apigw_siphash_t  sip;
    uint64_t         nh[APIGW_TAG_BLOCK / 8 + 2];
} apigw_tag_key_t;


/* The 128 bits of a text's tag; any length. */
apigw_siphash_t apigw_tag(const apigw_tag_key_t *key, apigw_str_t text);


#pragma GCC visibility pop


#endif /* _APIGW_TAG_H_INCLUDED_ */
