
/*
 * API keys by digest, in one position-independent image: it can be built in
 * any memory, copied into a shared zone and read there by every worker.
 *
 *     header | slots: uint32 each | records: 64 bytes each | strings
 *
 * Offsets count from the image's start. A slot is 0 or a record's number plus
 * 1; probing is linear and the load at most 0.7. Strings are a uint16 length
 * and the bytes, equal ones stored once; networks follow their key's id.
 */


#ifndef _APIGW_TABLE_H_INCLUDED_
#define _APIGW_TABLE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"
#include "apigw_keyfile.h"


#pragma GCC visibility push(hidden)


#define APIGW_TABLE_RECORD  64


/* An image that is being built; the fields are private. */

typedef struct {
    uint8_t        *image;
    size_t          size;            /* of the memory */
    size_t          used;
    size_t          needed;          /* beyond size once that was too small */

    uint32_t        nslots;
    uint32_t        nrecords;
    uint32_t        max_records;

    uint32_t       *ids;             /* scratch: record number + 1 by id */
    uint32_t       *interned;        /* scratch: string offset */
    uint32_t        ninterned;
    uint32_t        mask;            /* of interned[] */
    apigw_arena_t  *arena;
} apigw_table_builder_t;


/*
 * An upper bound of an image's size, for a file of `text` bytes that holds
 * `records` keys. SIZE_MAX if no image can hold them.
 */
size_t apigw_table_bound(size_t records, size_t text);


/*
 * Begins an image in the caller's memory, which must be aligned for uint64_t.
 * The key count is an upper bound (a file's newlines will do); each costs 6
 * bytes of slots. Scratch memory comes from `arena`, which may be freed after
 * apigw_table_finish() and must not be the memory itself.
 * APIGW_ELIMIT: `size` is too small for header, slots and records, and
 * builder->needed says what these take; APIGW_ENOMEM
 */
apigw_rc_t apigw_table_begin(apigw_table_builder_t *builder, void *memory,
    size_t size, size_t max_records, apigw_arena_t *arena);


/*
 * Adds a key, copied. May be called in slices, between other work.
 * APIGW_EINPUT: "duplicate id", "duplicate digest"; APIGW_ELIMIT: full, and
 * builder->needed grows with each further key; APIGW_ENOMEM
 */
apigw_rc_t apigw_table_add(apigw_table_builder_t *builder,
    const apigw_key_t *key, apigw_error_t *err);


/* Ends the image; returns its size in bytes. Readable only from now on. */
size_t apigw_table_finish(apigw_table_builder_t *builder);


/*
 * Builds the image of a whole key file.
 * *size  bytes used; with APIGW_ELIMIT and err->word "key file too large"
 *        what it would take
 * *line  the line at fault with APIGW_EINPUT and with APIGW_ELIMIT of a line
 * Otherwise as apigw_table_begin(), apigw_keyfile_next(), apigw_table_add().
 */
apigw_rc_t apigw_table_build(void *memory, size_t *size, apigw_str_t text,
    apigw_arena_t *arena, size_t *line, apigw_error_t *err);


/* How many keys the image holds; 0 if it is none of ours. */
size_t apigw_table_count(const void *image, size_t size);


/*
 * Finds a key by digest and kind. Every offset is checked against `size`, so
 * that an image overwritten meanwhile gives a wrong answer at worst, which the
 * caller discards by looking at its generation before and after.
 * *key   its strings live in the arena; undefined unless APIGW_OK
 * APIGW_EINPUT key_unknown; APIGW_ELIMIT: not an image, or damaged;
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_table_find(apigw_key_t *key, apigw_arena_t *arena,
    const void *image, size_t size, const uint8_t *digest,
    apigw_key_digest_e kind, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_TABLE_H_INCLUDED_ */
