
/* SHA-256 of pieces equals that of the whole; a context serves many times. */


#include "apigw_sha256.h"
#include "apigw_test.h"

#include <openssl/err.h>
#include <openssl/evp.h>


TEST(every_length_in_pieces_equals_the_whole)
{
    size_t          i, len;
    uint8_t         data[200], expected[APIGW_SHA256_SIZE];
    uint8_t         digest[APIGW_SHA256_SIZE];
    apigw_str_t     pieces[3];
    apigw_sha256_t  sha = { 0 };

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t) (31 * i + 1);
    }

    for (len = 0; len <= sizeof(data); len++) {
        pieces[0] = (apigw_str_t) { data, len / 3 };
        pieces[1] = (apigw_str_t) { NULL, 0 };
        pieces[2] = (apigw_str_t) { data + len / 3, len - len / 3 };

        EXPECT(EVP_Digest(data, len, expected, NULL, EVP_sha256(), NULL) == 1);
        EXPECT(apigw_sha256(&sha, digest, pieces, 3) == APIGW_OK);
        EXPECT(memcmp(digest, expected, sizeof(digest)) == 0);
    }

    apigw_sha256_free(&sha);
    EXPECT(ERR_peek_error() == 0);
}


TEST(it_may_be_used_after_it_was_freed)
{
    uint8_t         digest[APIGW_SHA256_SIZE], again[APIGW_SHA256_SIZE];
    apigw_str_t     abc = apigw_str("abc");
    apigw_sha256_t  sha = { 0 };

    /* FIPS 180-2, B.1 */

    static const uint8_t  expected[] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
        0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
        0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad
    };

    EXPECT(apigw_sha256(&sha, digest, &abc, 1) == APIGW_OK);
    EXPECT(memcmp(digest, expected, sizeof(expected)) == 0);

    apigw_sha256_free(&sha);
    apigw_sha256_free(&sha);

    EXPECT(apigw_sha256(&sha, again, &abc, 1) == APIGW_OK);
    EXPECT(memcmp(again, expected, sizeof(expected)) == 0);

    apigw_sha256_free(&sha);
}


TEST_MAIN(CASE(every_length_in_pieces_equals_the_whole),
          CASE(it_may_be_used_after_it_was_freed))
