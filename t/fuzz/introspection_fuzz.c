
/*
 * An answer of an introspection endpoint, and a token in a form. What is active
 * says so by a member that is true; a token's body has no byte of its own that
 * could end it.
 */


#include "apigw_introspection.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool                          active;
    size_t                        i, n;
    apigw_str_t                   text = { data, size }, body;
    apigw_heap_t                  heap = { NULL };
    apigw_arena_t                 arena;
    apigw_error_t                 err;
    apigw_claim_t                 value;
    apigw_claims_t               *claims;
    apigw_introspection_client_t  client;

    static const apigw_str_t      name = apigw_str("active");

    apigw_heap_arena(&heap, &arena);

    (void) apigw_introspection_is_json(text);

    if (apigw_introspection_read(&claims, &active, &arena, text, &err)
        == APIGW_OK && active)
    {
        CHECK(apigw_claims_get(claims, name, &value)
              && value.type == APIGW_CLAIM_TRUE);
    }

    CHECK(apigw_introspection_client(&client, &arena, APIGW_INTROSPECTION_POST,
                                     text, text) == APIGW_OK);
    CHECK(apigw_introspection_body(&body, &arena, text, &client) == APIGW_OK);

    for (i = 0, n = 0; i < body.len; i++) {
        CHECK(body.data[i] > ' ' && body.data[i] < 0x7f);
        n += (body.data[i] == '&');
    }

    CHECK(n == 3);

    CHECK(apigw_introspection_client(&client, &arena, APIGW_INTROSPECTION_BASIC,
                                     text, text) == APIGW_OK);

    for (i = 0, n = 0; i < client.headers.len; i++) {
        n += (client.headers.data[i] == '\n');
    }

    CHECK(n == 2);

    apigw_heap_free(&heap);

    return 0;
}
