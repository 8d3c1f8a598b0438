
/*
 * What a hostile server tells about other servers: its reply as a map of
 * slots, as a master's address, as a redirection. Properties: nothing outside
 * the reply is read, what is taken is within bounds.
 */


#include "apigw_resp_slots.h"

#include <stdlib.h>


#define CHECK(cond)                                                           \
    do { if (!(cond)) { abort(); } } while (0)


static void
check_place(const apigw_resp_place_t *place)
{
    size_t  i;

    CHECK(place->port != 0 && place->host.len <= APIGW_RESP_MAX_HOST);

    for (i = 0; i < place->host.len; i++) {
        CHECK(place->host.data[i] > 0x20 && place->host.data[i] < 0x7f
              && place->host.data[i] != '/');
    }
}


static void
check_map(const redisReply *reply, apigw_resp_slots_t *slots)
{
    uint32_t  i, owned;

    if (apigw_resp_slots_read(reply, slots) != APIGW_OK) {
        return;
    }

    CHECK(slots->nnodes > 0 && slots->nnodes <= APIGW_RESP_MAX_NODES);
    owned = 0;

    for (i = 0; i < APIGW_RESP_SLOTS; i++) {
        CHECK(slots->owner[i] <= slots->nnodes);
        owned += slots->owner[i] != 0;
    }

    CHECK(owned > 0);

    for (i = 0; i < slots->nnodes; i++) {
        check_place(&slots->nodes[i]);
    }
}


static void
check_text(const uint8_t *data, size_t size)
{
    uint32_t             slot;
    apigw_resp_place_t   place;

    CHECK(apigw_resp_slot(data, size) < APIGW_RESP_SLOTS);

    if (apigw_resp_redirect((const char *) data, size, &slot, &place)
        == APIGW_OK)
    {
        CHECK(slot < APIGW_RESP_SLOTS);
        check_place(&place);
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                used;
    redisReply           *reply;
    apigw_heap_t          heap = { NULL };
    apigw_arena_t         arena;
    apigw_resp_place_t    place;
    apigw_resp_slots_t   *slots;
    apigw_resp_reader_t  *reader;

    check_text(data, size);

    apigw_heap_arena(&heap, &arena);
    reader = apigw_resp_reader_create(&arena);
    slots = apigw_arena_zalloc(&arena, sizeof(apigw_resp_slots_t));
    CHECK(reader != NULL && slots != NULL);

    if (apigw_resp_read(reader, data, size, &used, &reply) == APIGW_OK) {
        check_map(reply, slots);
        (void) apigw_resp_is_master(reply);

        if (apigw_resp_master(reply, &place) == APIGW_OK) {
            CHECK(place.host.len != 0);
            check_place(&place);
        }

        freeReplyObject(reply);
    }

    apigw_resp_reader_free(reader);
    apigw_heap_free(&heap);

    return 0;
}
