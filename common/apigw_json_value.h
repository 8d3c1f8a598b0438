
/*
 * Values inside a document that the strict reader has accepted: look up, walk,
 * decode, compare. No tree, and no memory but for decoded strings.
 *
 *     rc = apigw_json_check(arena, &options, payload, &error);
 *     ...
 *     if (apigw_json_member(payload, "exp", &v)
 *         && v.kind == APIGW_JSON_NUMBER
 *         && apigw_json_date(v.text, &exp) == APIGW_OK)
 *
 * Unchecked bytes are no danger to memory here, yet give answers of no meaning.
 */


#ifndef _APIGW_JSON_VALUE_H_INCLUDED_
#define _APIGW_JSON_VALUE_H_INCLUDED_


#include "apigw_json_reader.h"


#pragma GCC visibility push(hidden)


#define APIGW_JSON_DATE_MAX  9007199254740992      /* 2^53 */


typedef struct {
    apigw_json_kind_e  kind;         /* NULL to ARRAY */
    apigw_str_t        text;         /* source, without white space around */
    apigw_str_t        name;         /* source of its name, with the quotes;
                                        empty for an element or the root */
} apigw_json_value_t;


typedef struct {
    const uint8_t     *pos;
    const uint8_t     *end;
    apigw_json_kind_e  kind;         /* of the container; else nothing is in */
} apigw_json_walk_t;


/*
 * The document's root value: its kind and span, a BOM and white space cut off.
 * Kind APIGW_JSON_END when there is none.
 */
apigw_json_value_t apigw_json_root(apigw_str_t doc);


/*
 * Walks the members of an object or the elements of an array in their order.
 *
 *     apigw_json_walk(&walk, aud.text);
 *     while (apigw_json_walk_next(&walk, &v)) { ... }
 *
 * in   `text`, a document or a value's span; a scalar has no members
 * apigw_json_walk_next() is false behind the last one.
 */
void apigw_json_walk(apigw_json_walk_t *walk, apigw_str_t text);
bool apigw_json_walk_next(apigw_json_walk_t *walk, apigw_json_value_t *value);


/*
 * Finds the member `name` (NUL-terminated, decoded) of the object `text`, the
 * last one of that name. False when there is none, or `text` is no object.
 */
bool apigw_json_member(apigw_str_t text, const char *name,
    apigw_json_value_t *value);


/*
 * Follows names from the object `text` inward: path[0], in it path[1], ...; an
 * array's element by its index in decimal. False when a step leads nowhere.
 */
bool apigw_json_find(apigw_str_t text, const apigw_str_t *path, size_t n,
    apigw_json_value_t *value);


/* Whether a string's or name's source, quotes included, decodes to `s`. */
bool apigw_json_string_eq(apigw_str_t source, apigw_str_t s);


/*
 * Decodes a string's source, quotes included, to UTF-8. U+0000 becomes a byte
 * 0; *out has one NUL more behind it, which its length does not count.
 * out  lives as long as the arena; untouched unless APIGW_OK
 * APIGW_EINPUT json_invalid: no string, or a lone surrogate; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_string_decode(apigw_arena_t *arena, apigw_str_t source,
    apigw_str_t *out);


/*
 * Undoes the escapes of `len` bytes between quotes. `out` has room for `len`.
 * A lone surrogate becomes its three bytes ED xx xx and sets *lone, which may
 * be NULL. Returns the bytes written.
 */
size_t apigw_json_unescape(const uint8_t *in, size_t len, uint8_t *out,
    bool *lone);


/*
 * A NumericDate (RFC 7519, 2): a JSON number in 0 ... 2^53, exact, without
 * doubles. Exponents are honoured (1.7e9 is 1700000000). A fraction is rounded
 * up, which leaves "nbf <= now" and "now < exp" as they are for every whole
 * `now`. "-0" is 0.
 * APIGW_EINPUT json_invalid: no number; APIGW_ELIMIT json_too_large: negative,
 * or above 2^53
 */
apigw_rc_t apigw_json_date(apigw_str_t source, uint64_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_VALUE_H_INCLUDED_ */
