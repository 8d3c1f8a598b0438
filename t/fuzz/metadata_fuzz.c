
/*
 * What an issuer says of itself, what a state file says, and an issuer as the
 * configuration has it: the input is taken for each of them.
 */


#include "apigw_discovery.h"
#include "apigw_jwks_state.h"
#include "apigw_url.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t             fetched;
    apigw_str_t         input = { data, size }, out;
    apigw_url_t         url;
    apigw_heap_t        heap = { 0 };
    apigw_arena_t       arena;
    apigw_error_t       err;
    static apigw_str_t  issuer = apigw_str("a");

    apigw_heap_arena(&heap, &arena);

    if (apigw_discovery_url(&out, &arena, input, APIGW_DISCOVERY_OPENID)
        == APIGW_OK)
    {
        CHECK(apigw_url_parse(out, &url, &err) == APIGW_OK
              || out.len > APIGW_URL_MAX);
        CHECK(apigw_discovery_url(&out, &arena, input, APIGW_DISCOVERY_OAUTH)
              == APIGW_OK);
        CHECK(apigw_url_parse(out, &url, &err) == APIGW_OK
              || out.len > APIGW_URL_MAX);
    }

    (void) apigw_discovery_parse(&out, &arena, input, issuer, &err);

    if (apigw_jwks_state_read(&out, &fetched, &arena, input, issuer,
                              1800000000, &err)
        == APIGW_OK)
    {
        CHECK(fetched > 0 && fetched <= 1800000000);
        CHECK(out.len >= 2 && out.data[0] == '{');
    }

    apigw_heap_free(&heap);

    return 0;
}
