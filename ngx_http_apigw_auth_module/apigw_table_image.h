
/*
 * The layout of a table's image, for the two files that build and read it.
 * A flipped byte order shows in the magic.
 */


#ifndef _APIGW_TABLE_IMAGE_H_INCLUDED_
#define _APIGW_TABLE_IMAGE_H_INCLUDED_


#include "apigw_table.h"


#pragma GCC visibility push(hidden)


#define APIGW_TABLE_MAGIC    0x54575041      /* "APWT" where read as bytes */
#define APIGW_TABLE_VERSION  1

#define APIGW_TABLE_HMAC      0x01
#define APIGW_TABLE_DISABLED  0x02
#define APIGW_TABLE_NETWORKS  0x04


typedef struct {
    uint32_t        magic;
    uint32_t        version;
    uint32_t        size;
    uint32_t        nslots;
    uint32_t        nrecords;
    uint32_t        records;         /* offset */
    uint32_t        strings;         /* offset */
    uint32_t        reserved;
} apigw_table_header_t;


typedef struct {
    uint8_t         digest[APIGW_KEY_DIGEST];
    uint32_t        nbf;
    uint32_t        exp;
    uint32_t        id;              /* offsets of strings; 0: none */
    uint32_t        consumer;
    uint32_t        plan;
    uint32_t        groups;
    uint32_t        scope;
    uint32_t        flags;
} apigw_table_record_t;

_Static_assert(sizeof(apigw_table_record_t) == APIGW_TABLE_RECORD,
               "a record is 64 bytes");


/* A slot for a hash, spread over all of them. */

static inline uint32_t
apigw_table_slot(uint32_t hash, uint32_t nslots)
{
    return (uint32_t) ((uint64_t) hash * nslots >> 32);
}


/* FNV-1a; only the configuration's author chooses what is hashed. */
uint32_t apigw_table_hash(const uint8_t *p, size_t len);


/* The string at an offset that the builder itself gave out. */
apigw_str_t apigw_table_image_string(apigw_table_builder_t *builder,
    uint32_t offset);


/* Adds bytes behind the others. APIGW_ELIMIT: no room */
apigw_rc_t apigw_table_append(apigw_table_builder_t *builder,
    const void *data, size_t len);


/* Adds a string. APIGW_ELIMIT: no room */
apigw_rc_t apigw_table_string(apigw_table_builder_t *builder, apigw_str_t s,
    uint32_t *offset);


/* Adds a string unless it is there; 0 is the offset of the empty one. */
apigw_rc_t apigw_table_intern(apigw_table_builder_t *builder, apigw_str_t s,
    uint32_t *offset);


/* Doubles the scratch that finds equal strings, or makes it. APIGW_ENOMEM */
apigw_rc_t apigw_table_intern_grow(apigw_table_builder_t *builder);


#pragma GCC visibility pop


#endif /* _APIGW_TABLE_IMAGE_H_INCLUDED_ */
