
/* Reading a table's image, which may be overwritten at any moment. */


#include "apigw_table_image.h"

#include <openssl/crypto.h>


/* An image as a reader sees it: its header copied, then believed no more. */

typedef struct {
    const uint8_t         *image;
    size_t                 size;
    apigw_table_header_t   header;
} apigw_table_reader_t;


static bool apigw_table_open(apigw_table_reader_t *reader, const void *image,
    size_t size);
static bool apigw_table_search(const apigw_table_reader_t *reader,
    const uint8_t *digest, uint32_t kind, apigw_table_record_t *record);
static apigw_rc_t apigw_table_key(const apigw_table_reader_t *reader,
    const apigw_table_record_t *record, apigw_arena_t *arena,
    apigw_key_t *key);
static bool apigw_table_string_at(const apigw_table_reader_t *reader,
    uint32_t offset, apigw_str_t *s);
static bool apigw_table_networks_at(const apigw_table_reader_t *reader,
    const uint8_t *p, apigw_key_t *key);


size_t
apigw_table_count(const void *image, size_t size)
{
    apigw_table_reader_t  reader;

    return apigw_table_open(&reader, image, size) ? reader.header.nrecords : 0;
}


static bool
apigw_table_open(apigw_table_reader_t *reader, const void *image, size_t size)
{
    uint64_t               end;
    apigw_table_header_t  *header = &reader->header;

    if (size < sizeof(apigw_table_header_t)) {
        return false;
    }

    reader->image = image;
    memcpy(header, image, sizeof(apigw_table_header_t));

    if (header->magic != APIGW_TABLE_MAGIC
        || header->version != APIGW_TABLE_VERSION
        || header->size > size
        || header->nslots == 0)
    {
        return false;
    }

    reader->size = header->size;

    end = sizeof(apigw_table_header_t)
          + (uint64_t) header->nslots * sizeof(uint32_t);

    if (header->records != end) {
        return false;
    }

    end += (uint64_t) header->nrecords * APIGW_TABLE_RECORD;

    return header->strings >= end && header->strings <= header->size;
}


apigw_rc_t
apigw_table_find(apigw_key_t *key, apigw_arena_t *arena, const void *image,
    size_t size, const uint8_t *digest, apigw_key_digest_e kind,
    apigw_error_t *err)
{
    apigw_table_record_t  record;
    apigw_table_reader_t  reader;

    err->word = "key_unknown";
    err->offset = 0;

    if (!apigw_table_open(&reader, image, size)) {
        return APIGW_ELIMIT;
    }

    if (!apigw_table_search(&reader, digest,
                            kind == APIGW_KEY_HMAC_SHA256 ? APIGW_TABLE_HMAC
                                                          : 0,
                            &record))
    {
        return APIGW_EINPUT;
    }

    return apigw_table_key(&reader, &record, arena, key);
}


/*
 * Follows the slots from the digest's own to the first empty one. The digest
 * of a presented key is no secret of ours and cannot be chosen, yet the last
 * word is a comparison in constant time.
 */

static bool
apigw_table_search(const apigw_table_reader_t *reader, const uint8_t *digest,
    uint32_t kind, apigw_table_record_t *record)
{
    uint32_t        i, n, hash, slot;
    const uint8_t  *slots, *records;

    slots = reader->image + sizeof(apigw_table_header_t);
    records = reader->image + reader->header.records;

    memcpy(&hash, digest, sizeof(hash));
    i = apigw_table_slot(hash, reader->header.nslots);

    for (n = 0; n < reader->header.nslots; n++) {
        memcpy(&slot, slots + (size_t) i * sizeof(slot), sizeof(slot));

        if (slot == 0 || slot > reader->header.nrecords) {
            return false;
        }

        memcpy(record, records + (size_t) (slot - 1) * APIGW_TABLE_RECORD,
               APIGW_TABLE_RECORD);

        if (CRYPTO_memcmp(record->digest, digest, APIGW_KEY_DIGEST) == 0) {
            return (record->flags & APIGW_TABLE_HMAC) == kind;
        }

        i = i + 1 < reader->header.nslots ? i + 1 : 0;
    }

    return false;
}


static apigw_rc_t
apigw_table_key(const apigw_table_reader_t *reader,
    const apigw_table_record_t *record, apigw_arena_t *arena,
    apigw_key_t *key)
{
    size_t        i;
    apigw_str_t  *strings[5];

    memset(key, 0, sizeof(apigw_key_t));

    if (!apigw_table_string_at(reader, record->id, &key->id)
        || !apigw_table_string_at(reader, record->consumer, &key->consumer)
        || !apigw_table_string_at(reader, record->plan, &key->plan)
        || !apigw_table_string_at(reader, record->groups, &key->groups)
        || !apigw_table_string_at(reader, record->scope, &key->scope))
    {
        return APIGW_ELIMIT;
    }

    if ((record->flags & APIGW_TABLE_NETWORKS)
        && !apigw_table_networks_at(reader, key->id.data + key->id.len, key))
    {
        return APIGW_ELIMIT;
    }

    strings[0] = &key->id;
    strings[1] = &key->consumer;
    strings[2] = &key->plan;
    strings[3] = &key->groups;
    strings[4] = &key->scope;

    for (i = 0; i < 5; i++) {
        if (strings[i]->len == 0) {
            strings[i]->data = NULL;
            continue;
        }

        strings[i]->data = apigw_arena_dup(arena, strings[i]->data,
                                           strings[i]->len);
        if (strings[i]->data == NULL) {
            return APIGW_ENOMEM;
        }
    }

    memcpy(key->digest, record->digest, APIGW_KEY_DIGEST);

    key->kind = record->flags & APIGW_TABLE_HMAC ? APIGW_KEY_HMAC_SHA256
                                                 : APIGW_KEY_SHA256;
    key->disabled = (record->flags & APIGW_TABLE_DISABLED) != 0;
    key->nbf = record->nbf;
    key->exp = record->exp;

    return APIGW_OK;
}


/* A string of the image; *s is empty for offset 0. */

static bool
apigw_table_string_at(const apigw_table_reader_t *reader, uint32_t offset,
    apigw_str_t *s)
{
    uint16_t  len;

    s->data = reader->image;
    s->len = 0;

    if (offset == 0) {
        return true;
    }

    if (offset < reader->header.strings
        || reader->size < sizeof(len)
        || offset > reader->size - sizeof(len))
    {
        return false;
    }

    memcpy(&len, reader->image + offset, sizeof(len));

    if (len > APIGW_KEY_LINE || len > reader->size - sizeof(len) - offset) {
        return false;
    }

    s->data = reader->image + offset + sizeof(len);
    s->len = len;

    return true;
}


static bool
apigw_table_networks_at(const apigw_table_reader_t *reader, const uint8_t *p,
    apigw_key_t *key)
{
    size_t                i, n, bytes;
    const uint8_t        *end;
    apigw_key_network_t  *network;

    end = reader->image + reader->size;

    if (p >= end) {
        return false;
    }

    n = *p++;

    if (n == 0 || n > APIGW_KEY_NETWORKS) {
        return false;
    }

    for (i = 0; i < n; i++) {
        network = &key->networks[i];

        if (end - p < 2) {
            return false;
        }

        network->len = p[0];
        network->bits = p[1];
        p += 2;

        bytes = (network->bits + 7u) / 8;

        if ((network->len != 4 && network->len != 16)
            || bytes > network->len
            || (size_t) (end - p) < bytes)
        {
            return false;
        }

        memset(network->addr, 0, sizeof(network->addr));
        memcpy(network->addr, p, bytes);
        p += bytes;
    }

    key->nnetworks = n;

    return true;
}
