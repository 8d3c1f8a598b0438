
/*
 * A key file. If a table can be built of it, each of its keys is found there,
 * equal in every attribute.
 */


#include "apigw_arena.h"
#include "apigw_table.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static void
check_keys(apigw_arena_t *arena, apigw_str_t text, const void *image,
    size_t size)
{
    size_t            i, n;
    apigw_key_t       key, found;
    apigw_error_t     err;
    apigw_keyfile_t   file;

    n = 0;
    apigw_keyfile_open(&file, text);

    while (apigw_keyfile_next(&file, &key, &err) == APIGW_OK) {
        n++;

        CHECK(apigw_table_find(&found, arena, image, size, key.digest,
                               key.kind, &err)
              == APIGW_OK);
        CHECK(apigw_str_eq(found.id, key.id));
        CHECK(apigw_str_eq(found.consumer, key.consumer));
        CHECK(apigw_str_eq(found.plan, key.plan));
        CHECK(apigw_str_eq(found.groups, key.groups));
        CHECK(apigw_str_eq(found.scope, key.scope));
        CHECK(found.exp == key.exp && found.nbf == key.nbf);
        CHECK(found.disabled == key.disabled);
        CHECK(found.nnetworks == key.nnetworks);

        for (i = 0; i < key.nnetworks; i++) {
            CHECK(found.networks[i].len == key.networks[i].len);
            CHECK(found.networks[i].bits == key.networks[i].bits);
            CHECK(memcmp(found.networks[i].addr, key.networks[i].addr, 16)
                  == 0);
        }
    }

    CHECK(apigw_table_count(image, size) == n);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void           *image;
    size_t          i, lines, used, line;
    apigw_rc_t      rc;
    apigw_str_t     text = { data, size };
    apigw_heap_t    heap;
    apigw_arena_t   arena;
    apigw_error_t   err = { NULL, 0 };

    lines = 0;

    for (i = 0; i < size; i++) {
        lines += data[i] == '\n';
    }

    apigw_heap_arena(&heap, &arena);

    used = apigw_table_bound(lines, size);
    image = malloc(used);

    rc = apigw_table_build(image, &used, text, &arena, &line, &err);

    if (rc == APIGW_OK) {
        CHECK(used <= apigw_table_bound(lines, size));
        check_keys(&arena, text, image, used);

    } else {
        CHECK(err.word != NULL);
        CHECK(line > 0 && line <= lines + 1);    /* the bound is one */
    }

    free(image);
    apigw_heap_free(&heap);

    return 0;
}
