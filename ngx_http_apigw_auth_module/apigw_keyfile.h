
/*
 * API keys: their form, their digests, and the file that lists them.
 *
 *     gw_<id>_<secret>_<crc>     id      8-32 of [A-Za-z0-9]
 *                                secret  27 base62 digits, 160 bits
 *                                crc     CRC-32 of all before its underscore,
 *                                        6 base62 digits
 *
 *     # id      digest           attributes
 *     k7Qp2mXa  sha256:<64 hex>  consumer=acme plan=gold scope="a b"
 */


#ifndef _APIGW_KEYFILE_H_INCLUDED_
#define _APIGW_KEYFILE_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_KEY_DIGEST     32
#define APIGW_KEY_MIN        16      /* bytes of an imported key */
#define APIGW_KEY_MAX        256
#define APIGW_KEY_ID_MIN     8
#define APIGW_KEY_ID_MAX     32
#define APIGW_KEY_SECRET     27
#define APIGW_KEY_ENTROPY    20      /* random bytes that make a secret */
#define APIGW_KEY_PREFIX     16      /* longest prefix */
#define APIGW_KEY_LINE       1024    /* longest line, without its newline */
#define APIGW_KEY_NETWORKS   16      /* in one cidr= */
#define APIGW_KEY_PEPPER     32

/* Longest key of our form, a terminating NUL included. */

#define APIGW_KEY_TEXT       (APIGW_KEY_PREFIX + 1 + APIGW_KEY_ID_MAX + 1     \
                              + APIGW_KEY_SECRET + 1 + 6 + 1)


typedef enum {
    APIGW_KEY_SHA256 = 0,
    APIGW_KEY_HMAC_SHA256
} apigw_key_digest_e;


/* A network of cidr=: the address's bytes, host bits zero. */

typedef struct {
    uint8_t              len;        /* 4 or 16 */
    uint8_t              bits;       /* of the prefix */
    uint8_t              addr[16];
} apigw_key_network_t;


/* What a store says about one key; from a file's line or a table. */

typedef struct {
    apigw_str_t          id;
    apigw_str_t          consumer;
    apigw_str_t          plan;
    apigw_str_t          groups;     /* separated by commas */
    apigw_str_t          scope;      /* separated by spaces */

    uint8_t              digest[APIGW_KEY_DIGEST];
    apigw_key_digest_e   kind;
    bool                 disabled;
    uint32_t             nbf;        /* seconds since the epoch; 0: none */
    uint32_t             exp;

    apigw_key_network_t  networks[APIGW_KEY_NETWORKS];
    size_t               nnetworks;  /* 0: from anywhere */
    unsigned             seen;       /* private: attributes set so far */
} apigw_key_t;


/* Where a walk through a file is. */

typedef struct {
    apigw_str_t          text;       /* the whole file */
    size_t               pos;
    size_t               line;       /* number of the line last read, from 1 */
} apigw_keyfile_t;


/* Begins a walk; `text` must outlive it and the keys it yields. */
void apigw_keyfile_open(apigw_keyfile_t *file, apigw_str_t text);


/*
 * Reads up to the next line that holds a key; comments and empty lines are
 * passed over. Duplicates are for the table to find.
 * *key  points into the file's text; undefined unless APIGW_OK
 * APIGW_AGAIN at the end; APIGW_EINPUT, APIGW_ELIMIT: the line file->line is
 * at fault, err->word says how and never quotes it, err->offset is the byte
 * in the line
 */
apigw_rc_t apigw_keyfile_next(apigw_keyfile_t *file, apigw_key_t *key,
    apigw_error_t *err);


/*
 * Reads one line, without its newline. APIGW_AGAIN: it holds no key.
 * Otherwise as apigw_keyfile_next().
 */
apigw_rc_t apigw_keyfile_line(apigw_key_t *key, apigw_str_t line,
    apigw_error_t *err);


/*
 * Sets one attribute, such as "plan": the words of a file's line, or the
 * fields of a stored record. Not "id"; "digest" is none either.
 * APIGW_EINPUT: unknown name or unfit value
 */
apigw_rc_t apigw_key_attribute(apigw_key_t *key, apigw_str_t name,
    apigw_str_t value, apigw_error_t *err);


/*
 * Reads a date of RFC 3339 as seconds since the epoch; a fraction is dropped.
 * APIGW_EINPUT: no such date, or none between 1970 and 2106
 */
apigw_rc_t apigw_key_date(uint32_t *date, apigw_str_t text,
    apigw_error_t *err);


/* Whether `prefix` may begin keys: 1-16 of [A-Za-z0-9]. */
bool apigw_key_prefix_ok(apigw_str_t prefix);


/* Whether `id` is 8-32 of [A-Za-z0-9]. */
bool apigw_key_id_ok(apigw_str_t id);


/* Reads `n` bytes from exactly 2n hex digits of either case. */
bool apigw_key_unhex(uint8_t *out, size_t n, apigw_str_t text);


/*
 * Makes the text of a new key.
 * entropy  20 bytes from a cryptographic generator; the caller wipes them
 * text     room for APIGW_KEY_TEXT bytes; NUL-terminated
 * Returns the length; 0 if prefix or id is unfit.
 */
size_t apigw_key_make(char *text, apigw_str_t prefix, apigw_str_t id,
    const uint8_t *entropy);


/*
 * Whether a presented key is worth a look-up: 16-256 visible ASCII bytes, and
 * if it begins with `prefix` and an underscore, of our form with its CRC.
 * *id  may be NULL; the id within a key of our form, else empty
 * APIGW_EINPUT key_unknown
 */
apigw_rc_t apigw_key_form_check(apigw_str_t key, apigw_str_t prefix,
    apigw_str_t *id, apigw_error_t *err);


/* SHA-256 of a presented key. APIGW_ENOMEM if OpenSSL fails */
apigw_rc_t apigw_key_digest(uint8_t *digest, apigw_str_t key);


/* HMAC-SHA-256 under a pepper of 32 bytes. APIGW_ENOMEM if OpenSSL fails */
apigw_rc_t apigw_key_digest_hmac(uint8_t *digest, apigw_str_t key,
    const uint8_t *pepper);


/*
 * Reads a pepper file: one or two lines of 64 hex digits, the current pepper
 * and the previous one.
 * peppers  room for 2; *n is how many
 * APIGW_EINPUT with err->word as a fault, err->offset as the line from 1
 */
apigw_rc_t apigw_key_pepper_parse(
    uint8_t peppers[2][APIGW_KEY_PEPPER], size_t *n, apigw_str_t text,
    apigw_error_t *err);


/*
 * Whether a key that was found is good now and for a client of that address.
 * now   wall time, seconds
 * addr  4 or 16 bytes in network order; len 0: unknown (a unix socket), which
 *       no cidr= allows. IPv4 mapped into IPv6 counts as IPv4.
 * APIGW_EINPUT key_disabled (also for a wrong network), key_expired,
 * key_not_yet_valid
 */
apigw_rc_t apigw_key_check(const apigw_key_t *key, int64_t now,
    apigw_str_t addr, apigw_error_t *err);


#pragma GCC visibility pop


#endif /* _APIGW_KEYFILE_H_INCLUDED_ */
