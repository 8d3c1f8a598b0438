
/*
 * Runs a document through a trie: bytes in, cut anywhere, bytes out.
 *
 * What is kept is copied from the input as it is read; between members only
 * "," and ":" are written. What is left out is checked as strictly. Memory is
 * bounded by the depth of the trie and the longest name.
 */


#ifndef _APIGW_JSON_PROJECT_H_INCLUDED_
#define _APIGW_JSON_PROJECT_H_INCLUDED_


#include "apigw_json_reader.h"
#include "apigw_json_trie.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_json_project_s  apigw_json_project_t;


/*
 * trie     finished; must outlive the projection, as must `values`
 * values   of the set the trie is from
 * options  for the reader
 * mention  refuse a name that occurs twice in one object, if the trie has it
 *          there: what the reader does for all names under DUP_REJECT, without
 *          its memory
 * APIGW_EUNSUPPORTED bad options, APIGW_ENOMEM
 */
apigw_rc_t apigw_json_project_create(apigw_arena_t *arena,
    const apigw_json_trie_t *trie, apigw_transform_values_t *values,
    const apigw_json_options_t *options, bool mention,
    apigw_json_project_t **project);


/* As apigw_transform_run_feed(). */
void apigw_json_project_feed(apigw_json_project_t *project,
    const uint8_t *data, size_t len, bool last);


/* As apigw_transform_run_read(). */
apigw_rc_t apigw_json_project_read(apigw_json_project_t *project,
    uint8_t *out, size_t size, size_t *n, apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_PROJECT_H_INCLUDED_ */
