
/*
 * A key set from a foreign server. Each key it yields can be published and
 * read again, with the same thumbprint, and rejects a signature of zeros.
 */


#include "apigw_arena.h"
#include "apigw_jwk_key.h"
#include "apigw_jwk_write.h"

#include <openssl/err.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
check_key(apigw_arena_t *arena, apigw_jwk_t *key)
{
    uint8_t        digest[APIGW_JWK_THUMBPRINT];
    apigw_jwa_e    alg;
    apigw_str_t    members, input, zeros;
    apigw_error_t  err;

    static const uint8_t  nothing[8192 / 8];

    CHECK(apigw_jwk_algorithms(key) != 0);

    input.data = nothing;
    input.len = 3;
    zeros.data = nothing;
    zeros.len = key->pkey ? key->coordinate ? key->coordinate * 2
                                : (size_t) EVP_PKEY_get_size(key->pkey)
                          : 32;

    for (alg = 0; alg < APIGW_JWA_N; alg++) {
        CHECK(apigw_jwk_verify(key, alg, input, zeros, &err)
              == APIGW_EINPUT);
    }

    if (key->pkey) {
        CHECK(apigw_jwk_members(&members, arena, key->pkey) == APIGW_OK);

    } else {
        input.data = key->secret;
        input.len = key->secret_len;
        CHECK(apigw_jwk_members_oct(&members, arena, input) == APIGW_OK);
    }

    CHECK(apigw_jwk_members_thumbprint(digest, members) == APIGW_OK);
    CHECK(memcmp(digest, apigw_jwk_thumbprint(key), sizeof(digest)) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                i;
    apigw_rc_t            rc;
    apigw_str_t           text = { data, size };
    apigw_heap_t          heap;
    apigw_jwks_t         *set;
    apigw_arena_t         arena;
    apigw_error_t         err = { NULL, 0 };
    apigw_jwks_report_t   report;

    apigw_heap_arena(&heap, &arena);

    rc = apigw_jwks_parse(&set, &arena, text, size & 1, &report, &err);

    for (i = 0; i < report.nskips; i++) {
        CHECK(report.skips[i].why != NULL);
    }

    if (rc == APIGW_OK) {
        CHECK(apigw_jwks_count(set) > 0);
        CHECK(apigw_jwks_count(set) + report.nskips <= APIGW_JWKS_MAX_KEYS);

        for (i = 0; i < apigw_jwks_count(set); i++) {
            check_key(&arena, apigw_jwks_at(set, i));
        }

        apigw_jwks_free(set);

    } else {
        CHECK(err.word != NULL);
    }

    CHECK(ERR_peek_error() == 0);

    apigw_heap_free(&heap);

    return 0;
}
