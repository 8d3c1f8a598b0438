
/*
 * Nonces without a store: a number of 5 minutes and a MAC of it. They tell
 * that a proof was made lately; that it was made once is the replay table's.
 */


#include "apigw_dpop.h"

#include "apigw_base64url.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>


#define APIGW_DPOP_NUMBER  8
#define APIGW_DPOP_MAC     32


static apigw_rc_t apigw_dpop_nonce_of(uint8_t *out, const uint8_t *key,
    int64_t bucket);


apigw_rc_t
apigw_dpop_nonce_make(uint8_t *out, const uint8_t *key, int64_t now)
{
    return apigw_dpop_nonce_of(out, key, now / APIGW_DPOP_BUCKET);
}


static apigw_rc_t
apigw_dpop_nonce_of(uint8_t *out, const uint8_t *key, int64_t bucket)
{
    int          i;
    uint8_t      bytes[APIGW_DPOP_NUMBER + APIGW_DPOP_MAC];
    uint64_t     n;
    apigw_str_t  in;

    n = (uint64_t) bucket;

    for (i = APIGW_DPOP_NUMBER - 1; i >= 0; i--) {
        bytes[i] = (uint8_t) n;
        n >>= 8;
    }

    if (HMAC(EVP_sha256(), key, APIGW_DPOP_KEY, bytes, APIGW_DPOP_NUMBER,
             bytes + APIGW_DPOP_NUMBER, NULL)
        == NULL)
    {
        ERR_clear_error();
        return APIGW_ENOMEM;
    }

    in.data = bytes;
    in.len = sizeof(bytes);

    (void) apigw_base64url_encode(in, out);

    return APIGW_OK;
}


apigw_rc_t
apigw_dpop_nonce_check(apigw_str_t nonce, const uint8_t *key, int64_t now,
    bool *old, apigw_error_t *err)
{
    int      i;
    uint8_t  own[APIGW_DPOP_NONCE];

    err->word = "dpop_nonce_required";
    err->offset = 0;

    if (nonce.len != APIGW_DPOP_NONCE) {
        return APIGW_EINPUT;
    }

    for (i = 0; i < 2; i++) {
        if (apigw_dpop_nonce_of(own, key, now / APIGW_DPOP_BUCKET - i)
            != APIGW_OK)
        {
            return APIGW_ENOMEM;
        }

        if (CRYPTO_memcmp(own, nonce.data, APIGW_DPOP_NONCE) == 0) {
            *old = (i == 1);
            return APIGW_OK;
        }
    }

    return APIGW_EINPUT;
}
