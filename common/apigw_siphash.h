
/*
 * SipHash-2-4 with a result of 128 bits (Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF"): names the entries of a table so that nobody without its
 * secret can make two keys meet.
 */


#ifndef _APIGW_SIPHASH_H_INCLUDED_
#define _APIGW_SIPHASH_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


/* 128 bits: a key, or a result. */

typedef struct {
    uint64_t   word[2];
} apigw_siphash_t;


/* Reads a key from 16 bytes, in the paper's (little-endian) order. */
apigw_siphash_t apigw_siphash_key(const uint8_t bytes[16]);


/* Any `len`, 0 included; `data` may be NULL then. */
apigw_siphash_t apigw_siphash(const apigw_siphash_t *key, const void *data,
    size_t len);


#pragma GCC visibility pop


#endif /* _APIGW_SIPHASH_H_INCLUDED_ */
