
#include "apigw_tag.h"


#define APIGW_TAG_UNIT  16           /* bytes: two words */


typedef unsigned __int128  apigw_tag_wide_t;


/* What the PRF takes of a block: of the first one, up to the length. */

typedef struct {
    apigw_tag_wide_t  nh[2];
    uint64_t          len;           /* of the whole text */
    uint64_t          chain[2];      /* the tag of the blocks before */
} apigw_tag_block_t;


#define APIGW_TAG_FIRST  offsetof(apigw_tag_block_t, chain)
#define APIGW_TAG_NEXT   (APIGW_TAG_FIRST + 2 * sizeof(uint64_t))


static void apigw_tag_nh(const apigw_tag_key_t *key, const uint8_t *p,
    size_t len, apigw_tag_wide_t nh[2]);
static inline void apigw_tag_unit(const uint64_t *key, const uint8_t *p,
    apigw_tag_wide_t nh[2]);


apigw_siphash_t
apigw_tag(const apigw_tag_key_t *key, apigw_str_t text)
{
    size_t             n, left, size;
    const uint8_t     *p;
    apigw_siphash_t    tag;
    apigw_tag_block_t  block;

    block.len = text.len;

    p = text.data;
    left = text.len;
    size = APIGW_TAG_FIRST;

    for ( ;; ) {
        n = left < APIGW_TAG_BLOCK ? left : APIGW_TAG_BLOCK;

        apigw_tag_nh(key, p, n, block.nh);
        tag = apigw_siphash(&key->sip, &block, size);

        p += n;
        left -= n;

        if (left == 0) {
            return tag;
        }

        memcpy(block.chain, tag.word, sizeof(tag.word));
        size = APIGW_TAG_NEXT;
    }
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
