
/*
 * Of members with the same name in one object, leaves the last one.
 */


#ifndef _APIGW_JSON_DEDUP_H_INCLUDED_
#define _APIGW_JSON_DEDUP_H_INCLUDED_


#include "apigw_json_reader.h"


#pragma GCC visibility push(hidden)


/*
 * Cuts the earlier members out of `doc`, a document that the strict reader has
 * accepted; everything else stays byte for byte.
 * options  the depth and the seed that the reader shall use
 * doc      changed in place
 * APIGW_ENOMEM; else as apigw_json_reader_next()
 */
apigw_rc_t apigw_json_dedup(apigw_arena_t *arena,
    const apigw_json_options_t *options, uint8_t *doc, size_t *len,
    apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_DEDUP_H_INCLUDED_ */
