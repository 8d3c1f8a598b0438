
/*
 * A token from a client: parsed, classified, verified with a key that did not
 * sign it. What is accepted splits and encodes back to the very same text.
 */


#include "apigw_arena.h"
#include "apigw_base64url.h"
#include "apigw_jws.h"

#include <openssl/err.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static apigw_jwks_t *
keys(void)
{
    apigw_error_t         err;
    static apigw_heap_t   heap;
    static apigw_arena_t  arena;
    static apigw_jwks_t  *set;

    static const apigw_str_t  text = apigw_str(
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8v"
        "ub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pC"
        "yStikYjKIWI5a0\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYA"
        "YKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");

    if (set == NULL) {
        apigw_heap_arena(&heap, &arena);
        CHECK(apigw_jwks_parse(&set, &arena, text, false, NULL, &err)
              == APIGW_OK);
    }

    return set;
}


static void
check_encoding(apigw_arena_t *arena, apigw_str_t value, const uint8_t *text,
    size_t len)
{
    uint8_t  *again;

    again = apigw_arena_alloc(arena, apigw_base64url_encoded_len(value.len));

    CHECK(apigw_base64url_encode(value, again) == len);
    CHECK(memcmp(again, text, len) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_rc_t      rc;
    apigw_jws_t     jws;
    apigw_str_t     token = { data, size };
    apigw_jwk_t    *key;
    apigw_heap_t    heap;
    apigw_arena_t   arena;
    apigw_error_t   err = { NULL, 0 };
    const uint8_t  *dot;

    apigw_heap_arena(&heap, &arena);

    rc = apigw_jws_parse(&jws, &arena, token, 65536, &err);

    if (rc == APIGW_OK) {
        CHECK(apigw_jws_kind(token) == APIGW_TOKEN_JWS);
        CHECK(jws.alg < APIGW_JWA_N);
        CHECK(jws.input.data == data && jws.input.len < size);

        dot = memchr(data, '.', size);
        check_encoding(&arena, jws.header, data, dot - data);
        check_encoding(&arena, jws.payload, dot + 1,
                       data + jws.input.len - dot - 1);
        check_encoding(&arena, jws.signature, data + jws.input.len + 1,
                       size - jws.input.len - 1);

        if (apigw_jwks_find(&key, keys(), NULL, jws.alg, &err) == APIGW_OK) {
            (void) apigw_jws_verify(&jws, key, &err);
        }

    } else {
        CHECK(err.word != NULL);
    }

    CHECK(ERR_peek_error() == 0);

    apigw_heap_free(&heap);

    return 0;
}
