
/*
 * The names seen in each open object of a reader: how many, and whether one
 * comes a second time.
 *
 * Objects nest, so all share one stack of name hashes, and the object that
 * grows is always on top. Up to 16 names are compared one by one, more get a
 * table of slots on a second stack. A name is its 64-bit hash under the
 * caller's random seed: who does not know that cannot make two alike, and by
 * chance 100,000 names in one object meet once in a billion times.
 */


#ifndef _APIGW_JSON_NAMES_H_INCLUDED_
#define _APIGW_JSON_NAMES_H_INCLUDED_


#include "apigw_json_reader.h"


#pragma GCC visibility push(hidden)


/* NULL: out of memory. */
apigw_json_names_t *apigw_json_names_create(apigw_arena_t *arena,
    const apigw_json_options_t *options);


/* An object opens, or the innermost one closes. */
void apigw_json_names_open(apigw_json_names_t *names);
void apigw_json_names_close(apigw_json_names_t *names);


/*
 * A member of the innermost object, `at` its offset.
 * out  *previous, the offset of the one before it of that name, which `at` then
 *      replaces: only with APIGW_EINPUT, and only under DUP_LAST
 * APIGW_EINPUT: the name was there; APIGW_ELIMIT: too many; APIGW_ENOMEM
 */
apigw_rc_t apigw_json_names_add(apigw_json_names_t *names, apigw_str_t name,
    size_t at, size_t *previous);


/* A hash that only who knows the seed can foresee. */
uint64_t apigw_json_name_hash(const uint64_t seed[2], apigw_str_t name);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_NAMES_H_INCLUDED_ */
