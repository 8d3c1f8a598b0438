
#include "apigw_sha256.h"

#include <openssl/err.h>
#include <openssl/evp.h>


static bool apigw_sha256_begin(apigw_sha256_t *sha);


apigw_rc_t
apigw_sha256(apigw_sha256_t *sha, uint8_t *digest, const apigw_str_t *pieces,
    size_t n)
{
    bool    good;
    size_t  i;

    good = apigw_sha256_begin(sha);

    for (i = 0; good && i < n; i++) {
        good = pieces[i].len == 0
               || EVP_DigestUpdate(sha->ctx, pieces[i].data, pieces[i].len)
                  == 1;
    }

    if (good && EVP_DigestFinal_ex(sha->ctx, digest, NULL) == 1) {
        return APIGW_OK;
    }

    ERR_clear_error();

    return APIGW_ENOMEM;
}


/* Without a type, OpenSSL begins anew with that of the last time. */

static bool
apigw_sha256_begin(apigw_sha256_t *sha)
{
    if (sha->ctx) {
        return EVP_DigestInit_ex2(sha->ctx, NULL, NULL) == 1;
    }

    sha->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    sha->ctx = EVP_MD_CTX_new();

    if (sha->md == NULL || sha->ctx == NULL
        || EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) != 1)
    {
        apigw_sha256_free(sha);
        return false;
    }

    return true;
}


void
apigw_sha256_free(apigw_sha256_t *sha)
{
    EVP_MD_CTX_free(sha->ctx);
    EVP_MD_free(sha->md);

    sha->ctx = NULL;
    sha->md = NULL;
}
