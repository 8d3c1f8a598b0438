
/*
 * The body of a rejection: a problem document (RFC 9457) on one line.
 *
 * {"type":"about:blank","title":"Bad Request","status":400,"detail":"...",
 *  "instance":"6f1c...","reason":"json_invalid"}
 */


#ifndef _APIGW_PROBLEM_H_INCLUDED_
#define _APIGW_PROBLEM_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


#define APIGW_PROBLEM_TYPE  "application/problem+json"


typedef struct {
    apigw_str_t   type;              /* a URI; empty: about:blank */
    apigw_str_t   title;             /* empty: left out, as the two below */
    unsigned      status;            /* 0: left out */
    apigw_str_t   detail;
    apigw_str_t   instance;          /* the request id */
    apigw_str_t   members;           /* ready JSON, "\"reason\":\"x\",..." with
                                        no comma at either end; may be empty */
    apigw_str_t   reason;            /* a word that a gRPC client gets; empty:
                                        none. Not part of the document */
} apigw_problem_t;


/*
 * Writes the document. Texts are escaped; `members` is taken as it is.
 * out  *out lives as long as the arena
 * APIGW_EINPUT: a text is not valid UTF-8; APIGW_ENOMEM
 */
apigw_rc_t apigw_problem_write(apigw_arena_t *arena,
    const apigw_problem_t *problem, apigw_str_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_PROBLEM_H_INCLUDED_ */
