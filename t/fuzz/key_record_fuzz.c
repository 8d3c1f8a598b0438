
/*
 * The bytes twice: as lines, names and values in turn, which make a record; one
 * that is good is packed and read again, equal in every attribute. And as what
 * a cache gives back.
 */


#include "apigw_key_record.h"

#include <stdlib.h>


#define MAX_FIELDS  64


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CHECK(cond)  do { if (!(cond)) abort(); } while (0)


static size_t
split(apigw_str_t *fields, apigw_str_t text)
{
    size_t          n;
    const uint8_t  *nl;

    for (n = 0; n < MAX_FIELDS && text.len; n++) {
        nl = memchr(text.data, '\n', text.len);

        fields[n].data = text.data;
        fields[n].len = nl ? (size_t) (nl - text.data) : text.len;

        text.data += fields[n].len + (nl != NULL);
        text.len -= fields[n].len + (nl != NULL);
    }

    return n;
}


static void
check_packed(const apigw_key_t *key)
{
    apigw_key_t    again;
    apigw_str_t    packed;
    apigw_heap_t   heap = { NULL };
    apigw_arena_t  arena;

    apigw_heap_arena(&heap, &arena);

    CHECK(apigw_key_record_pack(&packed, &arena, key) == APIGW_OK);
    CHECK(apigw_key_record_unpack(&again, packed) == APIGW_OK);

    CHECK(apigw_str_eq(again.id, key->id));
    CHECK(apigw_str_eq(again.consumer, key->consumer));
    CHECK(apigw_str_eq(again.plan, key->plan));
    CHECK(apigw_str_eq(again.groups, key->groups));
    CHECK(apigw_str_eq(again.scope, key->scope));
    CHECK(again.exp == key->exp && again.nbf == key->nbf);
    CHECK(again.disabled == key->disabled);
    CHECK(again.nnetworks == key->nnetworks);
    CHECK(memcmp(again.networks, key->networks,
                 key->nnetworks * sizeof(apigw_key_network_t)) == 0);

    apigw_heap_free(&heap);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t              n;
    apigw_rc_t          rc;
    apigw_str_t         text = { data, size };
    apigw_str_t         addr = { (const uint8_t *) "\x0a\0\0\1", 4 };
    apigw_str_t         fields[MAX_FIELDS];
    apigw_key_t         key;
    apigw_error_t       err = { NULL, 0 };
    apigw_key_digest_e  kind;

    n = split(fields, text);

    for (kind = APIGW_KEY_SHA256; kind <= APIGW_KEY_HMAC_SHA256; kind++) {
        rc = apigw_key_record_read(&key, fields, n, kind, &err);

        if (rc == APIGW_OK) {
            CHECK(n <= 2 * APIGW_KEY_RECORD_FIELDS);
            CHECK(apigw_key_id_ok(key.id) && key.consumer.len);
            check_packed(&key);

        } else {
            CHECK(rc == APIGW_EINPUT || rc == APIGW_ELIMIT);
            CHECK(err.word != NULL);
            CHECK(key.id.len == 0 || apigw_key_id_ok(key.id));
        }
    }

    if (apigw_key_record_unpack(&key, text) == APIGW_OK) {
        (void) apigw_key_check(&key, 1700000000, addr, &err);
    }

    return 0;
}
