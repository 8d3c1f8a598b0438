
/*
 * A digest and the bytes of an image, which may be torn by a writer: what is
 * found has that digest, and nothing is read beyond the image.
 */


#include "apigw_arena.h"
#include "apigw_table.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int             kind;
    void           *image;
    apigw_key_t     key;
    apigw_heap_t    heap;
    apigw_arena_t   arena;
    apigw_error_t   err;
    const uint8_t  *digest = data;

    if (size < APIGW_KEY_DIGEST) {
        return 0;
    }

    data += APIGW_KEY_DIGEST;
    size -= APIGW_KEY_DIGEST;

    image = malloc(size ? size : 1);
    memcpy(image, data, size);

    apigw_heap_arena(&heap, &arena);

    for (kind = 0; kind < 2; kind++) {
        if (apigw_table_find(&key, &arena, image, size, digest, kind, &err)
            == APIGW_OK)
        {
            CHECK(memcmp(key.digest, digest, APIGW_KEY_DIGEST) == 0);
            CHECK((int) key.kind == kind);
            CHECK(key.nnetworks <= APIGW_KEY_NETWORKS);
        }
    }

    (void) apigw_table_count(image, size);

    free(image);
    apigw_heap_free(&heap);

    return 0;
}
