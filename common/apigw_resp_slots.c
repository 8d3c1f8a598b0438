
#include "apigw_resp_slots.h"


static uint32_t apigw_resp_crc16(const uint8_t *data, size_t len);
static apigw_rc_t apigw_resp_slots_range(const redisReply *range,
    apigw_resp_slots_t *slots);
static apigw_rc_t apigw_resp_slots_place(const redisReply *node,
    apigw_resp_place_t *place);
static uint32_t apigw_resp_slots_node(apigw_resp_slots_t *slots,
    const apigw_resp_place_t *place);


uint32_t
apigw_resp_slot(const uint8_t *key, size_t len)
{
    const uint8_t  *open, *close;

    open = len ? memchr(key, '{', len) : NULL;

    if (open != NULL) {
        open++;
        close = memchr(open, '}', len - (size_t) (open - key));

        if (close != NULL && close != open) {
            key = open;
            len = (size_t) (close - open);
        }
    }

    return apigw_resp_crc16(key, len) % APIGW_RESP_SLOTS;
}


/* Polynomial 0x1021, by half bytes. */

static uint32_t
apigw_resp_crc16(const uint8_t *data, size_t len)
{
    size_t    i;
    uint32_t  crc;

    static const uint16_t  table[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef
    };

    crc = 0;

    for (i = 0; i < len; i++) {
        crc = (crc << 4) ^ table[((crc >> 12) ^ (data[i] >> 4)) & 15];
        crc = (crc << 4) ^ table[((crc >> 12) ^ data[i]) & 15];
    }

    return crc & 0xffff;
}


apigw_rc_t
apigw_resp_slots_read(const redisReply *reply, apigw_resp_slots_t *slots)
{
    size_t      i;
    apigw_rc_t  rc;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return APIGW_EINPUT;
    }

    memset(slots, 0, sizeof(apigw_resp_slots_t));

    for (i = 0; i < reply->elements; i++) {
        rc = apigw_resp_slots_range(reply->element[i], slots);

        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return slots->nnodes ? APIGW_OK : APIGW_EINPUT;
}


static apigw_rc_t
apigw_resp_slots_range(const redisReply *range, apigw_resp_slots_t *slots)
{
    int64_t             slot, first, last;
    uint32_t            owner;
    apigw_rc_t          rc;
    apigw_resp_place_t  place;

    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3
        || range->element[0]->type != REDIS_REPLY_INTEGER
        || range->element[1]->type != REDIS_REPLY_INTEGER)
    {
        return APIGW_EINPUT;
    }

    first = range->element[0]->integer;
    last = range->element[1]->integer;

    if (first < 0 || last < first || last >= APIGW_RESP_SLOTS) {
        return APIGW_EINPUT;
    }

    rc = apigw_resp_slots_place(range->element[2], &place);

    if (rc == APIGW_EUNSUPPORTED) {
        return APIGW_OK;
    }

    if (rc != APIGW_OK) {
        return rc;
    }

    owner = apigw_resp_slots_node(slots, &place);

    if (owner == 0) {
        return APIGW_ELIMIT;
    }

    for (slot = first; slot <= last; slot++) {

        /* ends what would else cost the square of the reply's length */

        if (slots->owner[slot]) {
            return APIGW_EINPUT;
        }

        slots->owner[slot] = (uint16_t) owner;
    }

    return APIGW_OK;
}


/* A host of NULL is the one that was asked, as an empty one is. */

static apigw_rc_t
apigw_resp_slots_place(const redisReply *node, apigw_resp_place_t *place)
{
    const redisReply  *host, *port;

    if (node->type != REDIS_REPLY_ARRAY || node->elements < 2) {
        return APIGW_EINPUT;
    }

    host = node->element[0];
    port = node->element[1];

    if (port->type != REDIS_REPLY_INTEGER) {
        return APIGW_EINPUT;
    }

    if (host->type == REDIS_REPLY_NIL) {
        return apigw_resp_place("", 0, port->integer, place);
    }

    if (host->type != REDIS_REPLY_STRING) {
        return APIGW_EINPUT;
    }

    return apigw_resp_place(host->str, (size_t) host->len, port->integer,
                            place);
}


/* 1 + the index of a node, a new one if there is none yet; 0: no room. */

static uint32_t
apigw_resp_slots_node(apigw_resp_slots_t *slots,
    const apigw_resp_place_t *place)
{
    uint32_t  i;

    for (i = 0; i < slots->nnodes; i++) {
        if (slots->nodes[i].port == place->port
            && apigw_str_eq(slots->nodes[i].host, place->host))
        {
            return i + 1;
        }
    }

    if (i == APIGW_RESP_MAX_NODES) {
        return 0;
    }

    slots->nodes[i] = *place;

    return ++slots->nnodes;
}
