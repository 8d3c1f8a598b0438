
/*
 * The reader's inside, shared by apigw_json_reader.c (the grammar) and
 * apigw_json_token.c (tokens that a window's end may cut).
 */


#ifndef _APIGW_JSON_TOKEN_H_INCLUDED_
#define _APIGW_JSON_TOKEN_H_INCLUDED_


#include "apigw_json_reader.h"


#pragma GCC visibility push(hidden)


enum {
    APIGW_JSON_AT_ROOT = 0,          /* a value */
    APIGW_JSON_AT_ROOT_OBJECT,       /* "{" */
    APIGW_JSON_AT_VALUE,             /* a value, behind ":" or "," */
    APIGW_JSON_AT_ELEMENT,           /* a value or "]" */
    APIGW_JSON_AT_NAME,              /* a name, behind "," */
    APIGW_JSON_AT_NAME_OR_END,       /* a name or "}" */
    APIGW_JSON_AT_COLON,
    APIGW_JSON_IN_OBJECT,            /* "," or "}" */
    APIGW_JSON_IN_ARRAY,             /* "," or "]" */
    APIGW_JSON_AT_END,               /* nothing more */

    APIGW_JSON_IN_BOM,               /* from here on: inside of something */
    APIGW_JSON_IN_SCALAR,
    APIGW_JSON_IN_WORD,
    APIGW_JSON_IN_NAME,
    APIGW_JSON_FAILED
};


static inline size_t
apigw_json_token_at(const apigw_json_reader_t *r, const uint8_t *p)
{
    return r->base + (p - r->start);
}


/* Sets a whole token, and the reader behind it. */

static inline void
apigw_json_token_set(apigw_json_reader_t *r, apigw_json_token_t *token,
    apigw_json_kind_e kind, const uint8_t *from, const uint8_t *to)
{
    token->kind = kind;
    token->first = true;
    token->last = true;
    token->escaped = false;
    token->duplicate = false;
    token->depth = r->depth;
    token->offset = apigw_json_token_at(r, from);
    token->raw.data = from;
    token->raw.len = to - from;

    r->pos = to;
}


/* Begins a string or a number at r->pos. */
apigw_rc_t apigw_json_token_scalar(apigw_json_reader_t *r,
    apigw_json_token_t *token, apigw_json_kind_e kind);


/* Begins true, false or null at r->pos. */
apigw_rc_t apigw_json_token_word(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/* Begins a name at r->pos. */
apigw_rc_t apigw_json_token_name(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/* Goes on with what is open; gives the failure again after one. */
apigw_rc_t apigw_json_token_resume(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/* Counts a member, looks for its double. */
apigw_rc_t apigw_json_token_member(apigw_json_reader_t *r,
    apigw_json_token_t *token);


/* The bytes up to r->pos as the next piece of the span. */
apigw_rc_t apigw_json_token_span(apigw_json_reader_t *r,
    apigw_json_token_t *token, bool last);


apigw_rc_t apigw_json_token_fail(apigw_json_reader_t *r, apigw_rc_t rc,
    const char *word, size_t offset);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_TOKEN_H_INCLUDED_ */
