
/* What decodes encodes back to itself; what was encoded decodes. */


#include "apigw_base64url.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
require(bool condition)
{
    if (!condition) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         n;
    uint8_t       *text;
    apigw_str_t    in, out;
    apigw_heap_t   heap;
    apigw_arena_t  arena;

    in.data = data;
    in.len = size;

    apigw_heap_arena(&heap, &arena);

    text = apigw_arena_alloc(&arena, apigw_base64url_encoded_len(size));
    require(text != NULL);

    if (apigw_base64url_decode_dup(&arena, in, &out) == APIGW_OK) {
        require(out.len == apigw_base64url_decoded_len(size));
        n = apigw_base64url_encode(out, text);
        require(n == size && (n == 0 || memcmp(text, data, n) == 0));
    }

    n = apigw_base64url_encode(in, text);
    require(n == apigw_base64url_encoded_len(size));
    require(apigw_base64url_decode_dup(&arena, (apigw_str_t) { text, n }, &out)
            == APIGW_OK);
    require(apigw_str_eq(in, out));

    apigw_heap_free(&heap);

    return 0;
}
