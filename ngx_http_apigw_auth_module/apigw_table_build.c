
/* Building a table's image. */


#include "apigw_table_image.h"


static uint32_t apigw_table_slots(size_t records);
static uint32_t *apigw_table_image_slots(apigw_table_builder_t *builder);
static apigw_table_record_t *apigw_table_image_record(
    apigw_table_builder_t *builder, uint32_t number);
static apigw_rc_t apigw_table_place_id(apigw_table_builder_t *builder,
    apigw_str_t id, uint32_t **slot, apigw_error_t *err);
static apigw_rc_t apigw_table_place_digest(apigw_table_builder_t *builder,
    const uint8_t *digest, uint32_t **slot, apigw_error_t *err);
static apigw_rc_t apigw_table_networks(apigw_table_builder_t *builder,
    const apigw_key_t *key);
static apigw_rc_t apigw_table_full(apigw_table_builder_t *builder,
    const apigw_key_t *key, apigw_error_t *err);
static size_t apigw_table_lines(apigw_str_t text);


/* So many that the load stays at 0.7 or below; 0 if that overflows. */

static uint32_t
apigw_table_slots(size_t records)
{
    return records < UINT32_MAX / APIGW_TABLE_RECORD
           ? (uint32_t) (records + records * 3 / 7 + 1) : 0;
}


size_t
apigw_table_bound(size_t records, size_t text)
{
    size_t    size;
    uint32_t  nslots;

    nslots = apigw_table_slots(records);

    /* a network of 8 characters and a comma can take 18 bytes, all else less */

    if (nslots == 0 || text > UINT32_MAX / 3) {
        return SIZE_MAX;
    }

    size = sizeof(apigw_table_header_t) + (size_t) nslots * sizeof(uint32_t)
           + records * APIGW_TABLE_RECORD + text * 3;

    return size > UINT32_MAX ? SIZE_MAX : size;
}


apigw_rc_t
apigw_table_begin(apigw_table_builder_t *builder, void *memory, size_t size,
    size_t max_records, apigw_arena_t *arena)
{
    size_t  fixed;

    memset(builder, 0, sizeof(apigw_table_builder_t));

    fixed = apigw_table_bound(max_records, 0);
    builder->needed = fixed;

    if (fixed > size) {
        return APIGW_ELIMIT;
    }

    builder->image = memory;
    builder->size = size < UINT32_MAX ? size : UINT32_MAX;
    builder->used = fixed;
    builder->max_records = (uint32_t) max_records;
    builder->nslots = apigw_table_slots(max_records);
    builder->arena = arena;

    builder->ids = apigw_arena_array(arena, builder->nslots,
                                     sizeof(uint32_t));
    if (builder->ids == NULL) {
        return APIGW_ENOMEM;
    }

    memset(builder->ids, 0, builder->nslots * sizeof(uint32_t));

    memset(memory, 0, sizeof(apigw_table_header_t)
                      + builder->nslots * sizeof(uint32_t));

    return apigw_table_intern_grow(builder);
}


static uint32_t *
apigw_table_image_slots(apigw_table_builder_t *builder)
{
    return (uint32_t *) (builder->image + sizeof(apigw_table_header_t));
}


static apigw_table_record_t *
apigw_table_image_record(apigw_table_builder_t *builder, uint32_t number)
{
    return (apigw_table_record_t *)
               (apigw_table_image_slots(builder) + builder->nslots) + number;
}


apigw_rc_t
apigw_table_add(apigw_table_builder_t *builder, const apigw_key_t *key,
    apigw_error_t *err)
{
    uint32_t              *id, *digest;
    apigw_rc_t             rc;
    apigw_table_record_t   record;

    if (apigw_table_place_id(builder, key->id, &id, err) != APIGW_OK
        || apigw_table_place_digest(builder, key->digest, &digest, err)
           != APIGW_OK)
    {
        return APIGW_EINPUT;
    }

    if (builder->nrecords == builder->max_records
        || builder->needed > builder->size)
    {
        return apigw_table_full(builder, key, err);
    }

    memset(&record, 0, sizeof(record));
    memcpy(record.digest, key->digest, APIGW_KEY_DIGEST);

    record.nbf = key->nbf;
    record.exp = key->exp;
    record.flags = (key->kind == APIGW_KEY_HMAC_SHA256 ? APIGW_TABLE_HMAC : 0)
                   | (key->disabled ? APIGW_TABLE_DISABLED : 0)
                   | (key->nnetworks ? APIGW_TABLE_NETWORKS : 0);

    if ((rc = apigw_table_string(builder, key->id, &record.id))
        || (rc = apigw_table_networks(builder, key))
        || (rc = apigw_table_intern(builder, key->consumer, &record.consumer))
        || (rc = apigw_table_intern(builder, key->plan, &record.plan))
        || (rc = apigw_table_intern(builder, key->groups, &record.groups))
        || (rc = apigw_table_intern(builder, key->scope, &record.scope)))
    {
        return rc == APIGW_ELIMIT ? apigw_table_full(builder, key, err) : rc;
    }

    *apigw_table_image_record(builder, builder->nrecords) = record;

    *id = ++builder->nrecords;
    *digest = builder->nrecords;
    builder->needed = builder->used;

    return APIGW_OK;
}


/* Finds the free slot for an id, unless the id is there. */

static apigw_rc_t
apigw_table_place_id(apigw_table_builder_t *builder, apigw_str_t id,
    uint32_t **slot, apigw_error_t *err)
{
    uint32_t               i;
    apigw_table_record_t  *record;

    i = apigw_table_slot(apigw_table_hash(id.data, id.len), builder->nslots);

    while (builder->ids[i]) {
        record = apigw_table_image_record(builder, builder->ids[i] - 1);

        if (apigw_str_eq(apigw_table_image_string(builder, record->id), id)) {
            err->word = "duplicate id";
            err->offset = 0;
            return APIGW_EINPUT;
        }

        i = i + 1 < builder->nslots ? i + 1 : 0;
    }

    *slot = &builder->ids[i];

    return APIGW_OK;
}


static apigw_rc_t
apigw_table_place_digest(apigw_table_builder_t *builder,
    const uint8_t *digest, uint32_t **slot, apigw_error_t *err)
{
    uint32_t               i, hash, *slots;
    apigw_table_record_t  *record;

    slots = apigw_table_image_slots(builder);

    memcpy(&hash, digest, sizeof(hash));
    i = apigw_table_slot(hash, builder->nslots);

    while (slots[i]) {
        record = apigw_table_image_record(builder, slots[i] - 1);

        if (memcmp(record->digest, digest, APIGW_KEY_DIGEST) == 0) {
            err->word = "duplicate digest";
            err->offset = 0;
            return APIGW_EINPUT;
        }

        i = i + 1 < builder->nslots ? i + 1 : 0;
    }

    *slot = &slots[i];

    return APIGW_OK;
}


/* A count, then of each network its kind, its prefix and as many bytes. */

static apigw_rc_t
apigw_table_networks(apigw_table_builder_t *builder, const apigw_key_t *key)
{
    size_t                      i;
    uint8_t                     head[2];
    apigw_rc_t                  rc;
    const apigw_key_network_t  *network;

    if (key->nnetworks == 0) {
        return APIGW_OK;
    }

    head[0] = (uint8_t) key->nnetworks;

    rc = apigw_table_append(builder, head, 1);
    if (rc != APIGW_OK) {
        return rc;
    }

    for (i = 0; i < key->nnetworks; i++) {
        network = &key->networks[i];

        head[0] = network->len;
        head[1] = network->bits;

        rc = apigw_table_append(builder, head, 2);
        if (rc != APIGW_OK) {
            return rc;
        }

        rc = apigw_table_append(builder, network->addr,
                                (network->bits + 7) / 8);
        if (rc != APIGW_OK) {
            return rc;
        }
    }

    return APIGW_OK;
}


/* Counts on, as if nothing were interned, for the size to ask for. */

static apigw_rc_t
apigw_table_full(apigw_table_builder_t *builder, const apigw_key_t *key,
    apigw_error_t *err)
{
    if (builder->needed <= builder->size) {
        builder->needed = builder->size;
    }

    builder->needed += APIGW_TABLE_RECORD + 2 * sizeof(uint32_t)
                       + 5 * sizeof(uint16_t) + key->id.len
                       + key->consumer.len + key->plan.len + key->groups.len
                       + key->scope.len + 1
                       + key->nnetworks * sizeof(apigw_key_network_t);

    err->word = "table is full";
    err->offset = 0;

    return APIGW_ELIMIT;
}


size_t
apigw_table_finish(apigw_table_builder_t *builder)
{
    apigw_table_header_t  *header;

    header = (apigw_table_header_t *) builder->image;

    header->magic = APIGW_TABLE_MAGIC;
    header->version = APIGW_TABLE_VERSION;
    header->size = (uint32_t) builder->used;
    header->nslots = builder->nslots;
    header->nrecords = builder->nrecords;
    header->records = (uint32_t) ((uint8_t *)
                          apigw_table_image_record(builder, 0)
                          - builder->image);
    header->strings = header->records
                      + builder->max_records * APIGW_TABLE_RECORD;

    return builder->used;
}


apigw_rc_t
apigw_table_build(void *memory, size_t *size, apigw_str_t text,
    apigw_arena_t *arena, size_t *line, apigw_error_t *err)
{
    size_t                  lines;
    apigw_rc_t              rc;
    apigw_key_t             key;
    apigw_keyfile_t         file;
    apigw_table_builder_t   builder;

    *line = 0;
    lines = apigw_table_lines(text);

    rc = apigw_table_begin(&builder, memory, *size, lines, arena);

    if (rc != APIGW_OK) {
        err->word = rc == APIGW_ELIMIT ? "key file too large"
                                       : "out of memory";
        err->offset = 0;
        *size = apigw_table_bound(lines, text.len);
        return rc;
    }

    apigw_keyfile_open(&file, text);

    while ((rc = apigw_keyfile_next(&file, &key, err)) == APIGW_OK) {
        rc = apigw_table_add(&builder, &key, err);

        if (rc != APIGW_OK && rc != APIGW_ELIMIT) {
            break;
        }
    }

    if (rc != APIGW_AGAIN) {
        *line = file.line;
        return rc;
    }

    if (builder.needed > builder.size) {
        err->word = "key file too large";
        err->offset = 0;
        *size = builder.needed;
        return APIGW_ELIMIT;
    }

    *size = apigw_table_finish(&builder);

    return APIGW_OK;
}


static size_t
apigw_table_lines(apigw_str_t text)
{
    size_t          n;
    const uint8_t  *p, *end;

    n = 0;
    p = text.data;
    end = p + text.len;

    while (p < end && (p = memchr(p, '\n', end - p)) != NULL) {
        n++;
        p++;
    }

    return n;
}
