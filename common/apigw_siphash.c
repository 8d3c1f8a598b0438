
#include "apigw_siphash.h"

#include <endian.h>


#define apigw_siphash_rotate(x, n)  (((x) << (n)) | ((x) >> (64 - (n))))


static inline void
apigw_siphash_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = apigw_siphash_rotate(v[1], 13) ^ v[0];
    v[3] = apigw_siphash_rotate(v[3], 16) ^ v[2];
    v[0] = apigw_siphash_rotate(v[0], 32);

    v[2] += v[1];
    v[0] += v[3];
    v[1] = apigw_siphash_rotate(v[1], 17) ^ v[2];
    v[3] = apigw_siphash_rotate(v[3], 21) ^ v[0];
    v[2] = apigw_siphash_rotate(v[2], 32);
}


static inline uint64_t
apigw_siphash_load(const uint8_t *p, size_t n)
{
    size_t    i;
    uint64_t  word;

    word = 0;

    for (i = 0; i < n; i++) {
        word |= (uint64_t) p[i] << (8 * i);
    }

    return word;
}


static inline void
apigw_siphash_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    apigw_siphash_round(v);
    apigw_siphash_round(v);
    v[0] ^= word;
}


static inline uint64_t
apigw_siphash_squeeze(uint64_t v[4])
{
    unsigned  i;

    for (i = 0; i < 4; i++) {
        apigw_siphash_round(v);
    }

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


apigw_siphash_t
apigw_siphash_key(const uint8_t bytes[16])
{
    apigw_siphash_t  key;

    key.word[0] = apigw_siphash_load(bytes, 8);
    key.word[1] = apigw_siphash_load(bytes + 8, 8);

    return key;
}


apigw_siphash_t
apigw_siphash(const apigw_siphash_t *key, const void *data, size_t len)
{
    size_t           left;
    uint64_t         v[4], word;
    const uint8_t   *p;
    apigw_siphash_t  out;

    /* the paper's constants; 0xee and 0xdd tell 128 bits from 64 */

    v[0] = key->word[0] ^ 0x736f6d6570736575;
    v[1] = key->word[1] ^ 0x646f72616e646f6d ^ 0xee;
    v[2] = key->word[0] ^ 0x6c7967656e657261;
    v[3] = key->word[1] ^ 0x7465646279746573;

    p = data;

    for (left = len; left >= 8; left -= 8) {
        memcpy(&word, p, 8);
        apigw_siphash_absorb(v, le64toh(word));
        p += 8;
    }

    apigw_siphash_absorb(v, ((uint64_t) (len & 0xff) << 56)
                            | apigw_siphash_load(p, left));

    v[2] ^= 0xee;
    out.word[0] = apigw_siphash_squeeze(v);

    v[1] ^= 0xdd;
    out.word[1] = apigw_siphash_squeeze(v);

    return out;
}
