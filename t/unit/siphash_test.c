
/* SipHash-2-4-128 equals OpenSSL's, at every length. */


#include "apigw_siphash.h"
#include "apigw_test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>


static bool
reference(const uint8_t key[16], const uint8_t *data, size_t len,
    uint8_t out[16])
{
    bool          ok;
    size_t        n, size;
    EVP_MAC      *mac;
    OSSL_PARAM    params[2];
    EVP_MAC_CTX  *ctx;

    size = 16;
    params[0] = OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size);
    params[1] = OSSL_PARAM_construct_end();

    mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    ctx = EVP_MAC_CTX_new(mac);

    ok = ctx && EVP_MAC_init(ctx, key, 16, params)
         && EVP_MAC_update(ctx, data, len)
         && EVP_MAC_final(ctx, out, &n, 16) && n == 16;

    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);

    return ok;
}


TEST(every_length_equals_openssl)
{
    size_t           i, len;
    uint8_t          key[16], data[300], expected[16];
    apigw_siphash_t  k, out;

    for (i = 0; i < sizeof(key); i++) {
        key[i] = 251 * i + 7;
    }

    for (i = 0; i < sizeof(data); i++) {
        data[i] = 31 * i + 1;
    }

    k = apigw_siphash_key(key);

    for (len = 0; len <= sizeof(data); len++) {
        EXPECT(reference(key, data, len, expected));
        out = apigw_siphash(&k, data, len);
        EXPECT(memcmp(&out, expected, 16) == 0);
    }
}


TEST(nothing_has_a_hash)
{
    uint8_t          key[16] = { 0 };
    uint8_t          expected[16];
    apigw_siphash_t  k, out;

    k = apigw_siphash_key(key);
    out = apigw_siphash(&k, NULL, 0);

    EXPECT(reference(key, (const uint8_t *) "", 0, expected));
    EXPECT(memcmp(&out, expected, 16) == 0);
}


TEST_MAIN(CASE(every_length_equals_openssl),
          CASE(nothing_has_a_hash))
