
#include "apigw_tag.h"


#define APIGW_TAG_UNIT  16           /* bytes: two words */


typedef unsigned __int128  apigw_tag_wide_t;


/* What the PRF takes of one block; no padding between its members. */

typedef struct {
    apigw_siphash_t   chain;         /* of the blocks before */
    apigw_tag_wide_t  nh[2];
    uint64_t          len[2];        /* of the whole text; 0 */
} apigw_tag_block_t;


static void apigw_tag_nh(const apigw_tag_key_t *key, const uint8_t *p,
    size_t len, apigw_tag_wide_t nh[2]);
static inline void apigw_tag_unit(const uint64_t *key, const uint8_t *p,
    apigw_tag_wide_t nh[2]);


apigw_siphash_t
apigw_tag(const apigw_tag_key_t *key, apigw_str_t text)
{
    size_t             n, left;
    const uint8_t     *p;
    apigw_tag_block_t  block;

    memset(&block, 0, sizeof(apigw_tag_block_t));

    block.len[0] = text.len;

    p = text.data;
    left = text.len;

    do {
        n = left < APIGW_TAG_BLOCK ? left : APIGW_TAG_BLOCK;

        apigw_tag_nh(key, p, n, block.nh);
        block.chain = apigw_siphash(&key->sip, &block, sizeof(block));

        p += n;
        left -= n;

    } while (left);

    return block.chain;
}


/* A last unit is filled up with zeroes; the length tells it from theirs. */

static void
apigw_tag_nh(const apigw_tag_key_t *key, const uint8_t *p, size_t len,
    apigw_tag_wide_t nh[2])
{
    size_t   i;
    uint8_t  last[APIGW_TAG_UNIT];

    nh[0] = 0;
    nh[1] = 0;

    for (i = 0; len - i >= APIGW_TAG_UNIT; i += APIGW_TAG_UNIT) {
        apigw_tag_unit(&key->nh[i / 8], p + i, nh);
    }

    if (i < len) {
        memset(last, 0, sizeof(last));
        memcpy(last, p + i, len - i);

        apigw_tag_unit(&key->nh[i / 8], last, nh);
    }
}


static inline void
apigw_tag_unit(const uint64_t *key, const uint8_t *p, apigw_tag_wide_t nh[2])
{
    uint64_t  word[2];

    memcpy(word, p, sizeof(word));

    nh[0] += (apigw_tag_wide_t) (word[0] + key[0]) * (word[1] + key[1]);
    nh[1] += (apigw_tag_wide_t) (word[0] + key[2]) * (word[1] + key[3]);
}
