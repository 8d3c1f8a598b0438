
/*
 * The insides of strings and numbers, byte by byte: machines that stop at a
 * window's end and go on in the next.
 */


#ifndef _APIGW_JSON_LEX_H_INCLUDED_
#define _APIGW_JSON_LEX_H_INCLUDED_


#include "apigw_json_reader.h"


#pragma GCC visibility push(hidden)


/* Makes `lex` stand behind an opening quote, or in front of a number. */

static inline void
apigw_json_lex_begin(apigw_json_lex_t *lex)
{
    memset(lex, 0, sizeof(apigw_json_lex_t));
}


/*
 * Goes on within a string.
 * out  *pos: behind the closing quote, at `end`, or at the offending byte
 * APIGW_OK the string is over, APIGW_AGAIN, APIGW_EINPUT
 */
apigw_rc_t apigw_json_lex_string(apigw_json_lex_t *lex, const uint8_t **pos,
    const uint8_t *end, const apigw_json_options_t *options);


/*
 * Goes on within a number. Only the byte behind it tells that it is over.
 * out  *pos: at that byte, at `end`, or at the offending byte
 * APIGW_OK, APIGW_AGAIN, APIGW_EINPUT
 */
apigw_rc_t apigw_json_lex_number(apigw_json_lex_t *lex, const uint8_t **pos,
    const uint8_t *end);


/* Whether the number may end here. */
bool apigw_json_lex_number_ends(const apigw_json_lex_t *lex);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_LEX_H_INCLUDED_ */
