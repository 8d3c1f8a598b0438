
/*
 * A claim of any bytes, name and value apart at the first byte 0: what is
 * signed says exactly that, else nothing is signed.
 */


#include "apigw_arena.h"
#include "apigw_assertion.h"
#include "apigw_claims.h"
#include "apigw_jws.h"

#include <openssl/err.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
check_token(apigw_arena_t *arena, apigw_str_t token,
    const apigw_assertion_claim_t *claim)
{
    apigw_jws_t      jws;
    apigw_claim_t    found;
    apigw_error_t    err;
    apigw_claims_t  *claims;

    CHECK(apigw_jws_parse(&jws, arena, token, 1 << 20, &err) == APIGW_OK);
    CHECK(jws.alg == APIGW_JWA_HS256 && jws.kid.data == NULL);
    CHECK(apigw_claims_parse(&claims, arena, jws.payload, &err) == APIGW_OK);

    if (apigw_str_is(claim->name, "iss") || apigw_str_is(claim->name, "aud")
        || apigw_str_is(claim->name, "iat") || apigw_str_is(claim->name, "exp")
        || apigw_str_is(claim->name, "jti"))
    {
        return;
    }

    if (claim->value.len == 0) {
        CHECK(!apigw_claims_get(claims, claim->name, &found));
        return;
    }

    CHECK(apigw_claims_get(claims, claim->name, &found));
    CHECK(apigw_str_eq(found.text, claim->value));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apigw_rc_t                rc;
    apigw_str_t               claims, token;
    apigw_heap_t              heap;
    apigw_arena_t             arena;
    const uint8_t            *end;
    apigw_assertion_claim_t   claim;

    static const apigw_assertion_key_t  key = {
        .alg = APIGW_ASSERTION_HS256,
        .secret = apigw_str("0123456789abcdef0123456789abcdef")
    };
    static const apigw_assertion_frame_t  frame = {
        apigw_str("i"), apigw_str("a"), apigw_str("j"), 1, 2
    };

    end = size ? memchr(data, 0, size) : NULL;

    claim.name.data = data;
    claim.name.len = end ? (size_t) (end - data) : size;
    claim.value.data = end ? end + 1 : data;
    claim.value.len = end ? size - claim.name.len - 1 : 0;

    apigw_heap_arena(&heap, &arena);

    rc = apigw_assertion_claims(&claims, &arena, &claim, 1);

    if (rc == APIGW_OK) {
        rc = apigw_assertion_sign(&token, &arena, &key, &frame, claims);
    }

    if (rc == APIGW_OK) {
        check_token(&arena, token, &claim);
    }

    CHECK(ERR_peek_error() == 0);

    apigw_heap_free(&heap);

    return 0;
}
