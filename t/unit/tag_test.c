
/* The keyed hash of tokens: as UMAC's paper says, and no two texts alike. */


#include "apigw_tag.h"
#include "apigw_test.h"


static apigw_tag_key_t  key;
static uint8_t          data[2 * APIGW_TAG_BLOCK + 100];


static void
fill(void)
{
    size_t    i;
    uint64_t  state = 88172645463325252;

    for (i = 0; i < sizeof(key); i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((uint8_t *) &key)[i] = (uint8_t) state;
    }

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t) (31 * i + 7);
    }
}


static apigw_siphash_t
tag(size_t len)
{
    return apigw_tag(&key, (apigw_str_t) { data, len });
}


static bool
same(apigw_siphash_t a, apigw_siphash_t b)
{
    return a.word[0] == b.word[0] && a.word[1] == b.word[1];
}


/* Adds a * b to a number of 128 bits, in pieces of 32: no wide type. */

static void
add_product(uint64_t sum[2], uint64_t a, uint64_t b)
{
    uint64_t  low, high, mid[2], carry;

    low = (a & UINT32_MAX) * (b & UINT32_MAX);
    mid[0] = (a >> 32) * (b & UINT32_MAX);
    mid[1] = (a & UINT32_MAX) * (b >> 32);
    high = (a >> 32) * (b >> 32);

    carry = ((low >> 32) + (mid[0] & UINT32_MAX) + (mid[1] & UINT32_MAX)) >> 32;
    low += (mid[0] << 32) + (mid[1] << 32);
    high += (mid[0] >> 32) + (mid[1] >> 32) + carry;

    sum[0] += low;
    sum[1] += high + (sum[0] < low);
}


/* Written down from the definition; one block. */

static apigw_siphash_t
reference(size_t len)
{
    size_t    i;
    uint8_t   text[APIGW_TAG_BLOCK + 16] = { 0 };
    uint64_t  in[5] = { 0 }, words[sizeof(text) / 8];

    memcpy(text, data, len);
    memcpy(words, text, sizeof(text));

    for (i = 0; i < (len + 15) / 16; i++) {
        add_product(&in[0], words[2 * i] + key.nh[2 * i],
                    words[2 * i + 1] + key.nh[2 * i + 1]);
        add_product(&in[2], words[2 * i] + key.nh[2 * i + 2],
                    words[2 * i + 1] + key.nh[2 * i + 3]);
    }

    in[4] = len;

    return apigw_siphash(&key.sip, in, sizeof(in));
}


TEST(each_length_of_a_block_is_as_defined)
{
    size_t  len;

    fill();

    for (len = 0; len <= APIGW_TAG_BLOCK; len++) {
        EXPECT(same(tag(len), reference(len)));
    }

    EXPECT(same(apigw_tag(&key, (apigw_str_t) { NULL, 0 }), tag(0)));
}


TEST(no_two_lengths_are_alike)
{
    size_t           i, len;
    apigw_siphash_t  seen[300];

    fill();

    /* zeroes: what fills up a unit must not look like text */

    memset(data, 0, sizeof(data));

    for (len = 0; len < 300; len++) {
        seen[len] = tag(len + (len < 150 ? 0 : APIGW_TAG_BLOCK - 200));

        for (i = 0; i < len; i++) {
            EXPECT(!same(seen[i], seen[len]));
        }
    }
}


TEST(each_bit_counts)
{
    size_t           i, k, len;
    apigw_siphash_t  whole;

    static const size_t  lengths[] = {
        1, 15, 16, 17, 611, APIGW_TAG_BLOCK, APIGW_TAG_BLOCK + 1,
        2 * APIGW_TAG_BLOCK + 100
    };

    fill();

    for (k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        len = lengths[k];
        whole = tag(len);

        for (i = 0; i < len * 8; i++) {
            data[i / 8] ^= 1 << i % 8;
            EXPECT(!same(tag(len), whole));
            data[i / 8] ^= 1 << i % 8;
        }

        EXPECT(same(tag(len), whole));
    }
}


TEST(blocks_have_their_places)
{
    size_t           i;
    uint8_t          byte;
    apigw_siphash_t  before;

    fill();
    before = tag(2 * APIGW_TAG_BLOCK);

    for (i = 0; i < APIGW_TAG_BLOCK; i++) {
        byte = data[i];
        data[i] = (uint8_t) (data[i + APIGW_TAG_BLOCK] + (i == 0));
        data[i + APIGW_TAG_BLOCK] = byte;
    }

    EXPECT(!same(tag(2 * APIGW_TAG_BLOCK), before));
}


TEST(another_key_gives_other_tags)
{
    size_t           i;
    apigw_siphash_t  before;

    fill();
    before = tag(611);

    /* of the part that 611 bytes reach, and SipHash's own */

    for (i = 0; i < 2 + 612 / 8; i++) {
        ((uint64_t *) &key)[i] ^= 1;
        EXPECT(!same(tag(611), before));
        ((uint64_t *) &key)[i] ^= 1;
    }
}


TEST_MAIN(CASE(each_length_of_a_block_is_as_defined),
          CASE(no_two_lengths_are_alike),
          CASE(each_bit_counts),
          CASE(blocks_have_their_places),
          CASE(another_key_gives_other_tags))
