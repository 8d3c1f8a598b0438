
/*
 * A reader of one HTTP/1.x answer (RFC 9112), fed with any pieces of it.
 * Strict: what two readers could take in two ways is refused.
 *
 * HEAD -> HEAD      an interim answer (1xx) is over
 * HEAD -> LENGTH, CHUNK_SIZE, CLOSE or DONE       by the framing
 * CHUNK_SIZE -> CHUNK_DATA -> CHUNK_END -> CHUNK_SIZE
 * CHUNK_SIZE -> TRAILER -> DONE                   after the last chunk
 * LENGTH, CLOSE -> DONE
 */


#ifndef _APIGW_HTTP_H_INCLUDED_
#define _APIGW_HTTP_H_INCLUDED_


#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* Bytes of heads and trailers together, interim ones too. */
#define APIGW_HTTP_HEAD_MAX  16384


typedef struct apigw_http_s  apigw_http_t;


/* A whole answer; slices live as long as the arena. */

typedef struct {
    unsigned     status;             /* 200 to 599 */
    apigw_str_t  content_type;       /* empty: none */
    apigw_str_t  body;
    bool         keep;               /* the connection may be reused */
} apigw_http_answer_t;


/*
 * Makes a reader.
 *
 * head      the request was HEAD: the answer has no body
 * max_body  bytes of the body, chunk framing not counted
 * NULL: no memory
 */
apigw_http_t *apigw_http_create(apigw_arena_t *arena, bool head,
    size_t max_body);


/*
 * Reads the next bytes of the stream.
 *
 * APIGW_OK      the answer is whole: apigw_http_answer() has it. Bytes after
 *               it were sent unasked, so `keep` is false then
 * APIGW_AGAIN   more is needed
 * APIGW_EINPUT, APIGW_ELIMIT, APIGW_EUNSUPPORTED, APIGW_ENOMEM
 *               for good; word is a text for the log, offset counts from the
 *               beginning of the answer
 */
apigw_rc_t apigw_http_read(apigw_http_t *http, const uint8_t *data, size_t len,
    apigw_error_t *error);


/* The peer has closed. APIGW_OK: this ended the body; else as above. */
apigw_rc_t apigw_http_close(apigw_http_t *http, apigw_error_t *error);


/* Whether the final answer's head is read. */
bool apigw_http_in_body(const apigw_http_t *http);


/* The answer, once APIGW_OK was returned. */
void apigw_http_answer(const apigw_http_t *http, apigw_http_answer_t *answer);


#pragma GCC visibility pop


#endif /* _APIGW_HTTP_H_INCLUDED_ */
