
/*
 * Writes JSON: commas, colons and escapes are put here, white space is not.
 *
 *     apigw_json_writer_init(&w, arena);
 *     apigw_json_write_object(&w);
 *     apigw_json_write_key(&w, name);
 *     apigw_json_write_string(&w, text);
 *     apigw_json_write_close(&w);
 *     rc = apigw_json_writer_finish(&w, &out);
 *
 * The first failure stays: later calls do nothing and return it, so only the
 * last one needs a look. What is not one well-formed document (a value without
 * its key, a second root, an open container at the end) is APIGW_EINPUT.
 */


#ifndef _APIGW_JSON_WRITER_H_INCLUDED_
#define _APIGW_JSON_WRITER_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_JSON_WRITER_DEPTH  576     /* the reader's 512 and a pointer */


/* Takes bytes that stay only for this call; anything but APIGW_OK stops. */

typedef apigw_rc_t (*apigw_json_sink_pt)(void *ctx, const uint8_t *data,
    size_t len);


typedef struct apigw_json_chunk_s  apigw_json_chunk_t;

struct apigw_json_chunk_s {
    apigw_json_chunk_t   *next;
    size_t                len;       /* bytes used of data[] */
    size_t                size;
    uint8_t               data[];
};


/* Fields are the writer's own; `rc` and `total` may be read. */

typedef struct {
    apigw_json_sink_pt    sink;      /* NULL: chunks from the arena */
    void                 *ctx;
    apigw_arena_t        *arena;
    apigw_json_chunk_t   *chunks;
    apigw_json_chunk_t   *tail;
    size_t                total;     /* bytes written */
    size_t                limit;     /* of total; SIZE_MAX at first */
    apigw_rc_t            rc;
    uint8_t               state;
    uint32_t              depth;
    uint64_t              nest[APIGW_JSON_WRITER_DEPTH / 64];
} apigw_json_writer_t;


/* A writer into chunks of the arena. */
void apigw_json_writer_init(apigw_json_writer_t *w, apigw_arena_t *arena);


/* A writer that gives every piece to `sink` at once. */
void apigw_json_writer_init_sink(apigw_json_writer_t *w,
    apigw_json_sink_pt sink, void *ctx);


/* From here on more than `limit` bytes in all are APIGW_ELIMIT. */
void apigw_json_writer_limit(apigw_json_writer_t *w, size_t limit);


/* Opens an object or an array; APIGW_ELIMIT when nested too deeply. */
apigw_rc_t apigw_json_write_object(apigw_json_writer_t *w);
apigw_rc_t apigw_json_write_array(apigw_json_writer_t *w);


/* Closes the innermost object or array. */
apigw_rc_t apigw_json_write_close(apigw_json_writer_t *w);


/*
 * A member's name: escaped from UTF-8 (APIGW_EINPUT when that is invalid), or
 * as source with its quotes, which the caller answers for.
 */
apigw_rc_t apigw_json_write_key(apigw_json_writer_t *w, apigw_str_t name);
apigw_rc_t apigw_json_write_key_raw(apigw_json_writer_t *w, apigw_str_t source);


/*
 * A string: valid UTF-8, else APIGW_EINPUT. Escaped are '"', '\', bytes below
 * 0x20 and 0x7f; a byte 0 becomes \u0000.
 */
apigw_rc_t apigw_json_write_string(apigw_json_writer_t *w, apigw_str_t text);


/* The same in pieces of whole characters: open, any number of parts, close. */
apigw_rc_t apigw_json_write_string_open(apigw_json_writer_t *w);
apigw_rc_t apigw_json_write_string_part(apigw_json_writer_t *w,
    apigw_str_t text);
apigw_rc_t apigw_json_write_string_close(apigw_json_writer_t *w);


apigw_rc_t apigw_json_write_null(apigw_json_writer_t *w);
apigw_rc_t apigw_json_write_bool(apigw_json_writer_t *w, bool value);
apigw_rc_t apigw_json_write_int(apigw_json_writer_t *w, int64_t value);
apigw_rc_t apigw_json_write_uint(apigw_json_writer_t *w, uint64_t value);


/* A whole value as source text, which the caller answers for. */
apigw_rc_t apigw_json_write_raw(apigw_json_writer_t *w, apigw_str_t source);


/* Members of the open object as source: names, values and their commas. */
apigw_rc_t apigw_json_write_members_raw(apigw_json_writer_t *w,
    apigw_str_t source);


/*
 * A value whose source comes in pieces: `first` puts the comma it may need,
 * `last` ends the value. Pieces may be empty. For apigw_json_token_t.
 */
apigw_rc_t apigw_json_write_piece(apigw_json_writer_t *w, apigw_str_t source,
    bool first, bool last);


/*
 * Ends the document.
 * out  *out, the bytes in one slice of the arena; with a sink it is left alone
 *      and may be NULL. w->chunks holds them uncopied, for who can use a chain.
 */
apigw_rc_t apigw_json_writer_finish(apigw_json_writer_t *w, apigw_str_t *out);


/* The length of the longest valid UTF-8 prefix; `len` when all of it is. */
size_t apigw_utf8_valid(const uint8_t *data, size_t len);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_WRITER_H_INCLUDED_ */
