
/*
 * What is revoked: lines of text, and an image of them that can be built in
 * any memory and read there by every worker.
 *
 *     jti PROVIDER VALUE                      one token
 *     sub PROVIDER VALUE before=UNIXTIME      a subject's, issued till then
 *     kid PROVIDER VALUE                      all that a key has signed
 *     key STORE ID                            one API key
 *
 * Each may have until=UNIXTIME, after which it counts no more. VALUE is a word,
 * or stands in quotes and has blanks; '#' begins a comment line.
 *
 *     header, 64 bytes | slots: entries of 32 bytes, an empty one zero
 *
 * An entry holds a keyed digest of kind, provider and value. Probing is linear
 * and the load at most 0.7.
 */


#ifndef _APIGW_REVOCATION_H_INCLUDED_
#define _APIGW_REVOCATION_H_INCLUDED_


#include "apigw.h"
#include "apigw_siphash.h"


#pragma GCC visibility push(hidden)


#define APIGW_REVOCATION_ENTRY  32
#define APIGW_REVOCATION_LINE   4096     /* longest, without its newline */
#define APIGW_REVOCATION_NAME   64       /* longest PROVIDER or STORE */
#define APIGW_REVOCATION_SEED   16

#define APIGW_REVOCATION_TIME   ((uint64_t) 1 << 53)     /* latest UNIXTIME */


typedef enum {
    APIGW_REVOCATION_JTI = 0,
    APIGW_REVOCATION_SUB,
    APIGW_REVOCATION_KID,
    APIGW_REVOCATION_KEY
} apigw_revocation_kind_e;


/* What is revoked, or what is asked about. */

typedef struct {
    apigw_revocation_kind_e  kind;
    apigw_str_t              name;       /* of the provider or store */
    apigw_str_t              value;
} apigw_revocation_t;


/* One line. */

typedef struct {
    apigw_revocation_t       what;
    uint64_t                 before;     /* of a subject's: the iat, included */
    uint64_t                 until;      /* 0: for good */
} apigw_revocation_line_t;


/* An image that is being built; the fields are private. */

typedef struct {
    uint8_t                 *image;
    size_t                   size;
    size_t                   cleared;
    uint32_t                 nslots;
    uint32_t                 nentries;
    uint32_t                 max_entries;
    int64_t                  now;
    apigw_siphash_t          seed;
} apigw_revocation_builder_t;


/*
 * Reads one line, without its newline.
 * *line  points into the text; undefined unless APIGW_OK
 * APIGW_AGAIN: it revokes nothing; APIGW_EINPUT, APIGW_ELIMIT: err->word says
 * what is wrong and never quotes it, err->offset is the byte in the line
 */
apigw_rc_t apigw_revocation_read(apigw_revocation_line_t *line,
    apigw_str_t text, apigw_error_t *err);


/* The bytes of an image of so many entries; SIZE_MAX: there is none. */
size_t apigw_revocation_bound(size_t entries);


/* How many entries an image of so many bytes can take. */
size_t apigw_revocation_room(size_t size);


/*
 * Begins an image for up to `entries` entries in the caller's memory, which
 * must be aligned for uint64_t.
 * seed  APIGW_REVOCATION_SEED random bytes: nobody can choose values that meet
 * now   wall time, seconds: what is past its `until` is left out
 * APIGW_ELIMIT: the memory is less than apigw_revocation_bound()
 */
apigw_rc_t apigw_revocation_begin(apigw_revocation_builder_t *builder,
    void *memory, size_t size, size_t entries, const uint8_t *seed,
    int64_t now);


/*
 * Clears up to so many bytes of the image, which is to be done before the first
 * line is added; false: all are cleared.
 */
bool apigw_revocation_clear(apigw_revocation_builder_t *builder, size_t bytes);


/*
 * Adds a line. May be called in slices, between other work. One that a line of
 * the same value makes needless takes no room.
 * APIGW_ELIMIT: full
 */
apigw_rc_t apigw_revocation_add(apigw_revocation_builder_t *builder,
    const apigw_revocation_line_t *line);


/* Ends the image, which is readable only from now on; returns its size. */
size_t apigw_revocation_finish(apigw_revocation_builder_t *builder);


/*
 * Builds the image of a whole file.
 * *size  of the memory; then the bytes used, with APIGW_ELIMIT and *line 0
 *        what it would take
 * *line  the line at fault; 0: none
 * Otherwise as apigw_revocation_begin() and apigw_revocation_read(); the final
 * newline must be there, as a file that was cut short may lack it.
 */
apigw_rc_t apigw_revocation_build(void *memory, size_t *size, apigw_str_t text,
    const uint8_t *seed, int64_t now, size_t *line, apigw_error_t *err);


/* How many lines the text has. */
size_t apigw_revocation_lines(apigw_str_t text);


/* How many entries the image holds; 0 if it is none of ours. */
size_t apigw_revocation_count(const void *image, size_t size);


/*
 * Whether it is revoked. Every offset is checked against `size`, so that an
 * image overwritten meanwhile gives a wrong answer at worst, which the caller
 * discards by looking at its generation before and after.
 * iat  when the token was issued; -1: it does not say. Of a subject alone.
 * now  wall time, seconds
 * APIGW_OK: it is; APIGW_EINPUT: it is not; APIGW_ELIMIT: not an image
 */
apigw_rc_t apigw_revocation_find(const void *image, size_t size,
    const apigw_revocation_t *what, int64_t iat, int64_t now);


#pragma GCC visibility pop


#endif /* _APIGW_REVOCATION_H_INCLUDED_ */
