
/* What the files of the response reader share. */


#ifndef _APIGW_HTTP_READER_H_INCLUDED_
#define _APIGW_HTTP_READER_H_INCLUDED_


#include "apigw_http.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_HTTP_STATUS = 0,
    APIGW_HTTP_FIELD,
    APIGW_HTTP_LENGTH,
    APIGW_HTTP_CLOSE,
    APIGW_HTTP_CHUNK_SIZE,
    APIGW_HTTP_CHUNK_DATA,
    APIGW_HTTP_CHUNK_END,
    APIGW_HTTP_TRAILER,
    APIGW_HTTP_DONE,
    APIGW_HTTP_FAILED
} apigw_http_state_e;


struct apigw_http_s {
    apigw_arena_t        arena;
    bool                 head;           /* the request was HEAD */
    size_t               max_body;

    apigw_http_state_e   state;
    size_t               offset;         /* bytes taken */
    size_t               heads;          /* of them, in heads and trailers */

    uint8_t             *line;
    size_t               line_len;
    size_t               line_size;
    bool                 cr;             /* the line's last byte was CR */

    /* of the answer being read */
    unsigned             status;
    unsigned             minor;          /* HTTP/1.minor */
    bool                 has_length;
    bool                 chunked;
    bool                 keep_alive;
    bool                 close;
    uint64_t             length;
    apigw_str_t          type;

    uint64_t             left;           /* of the body or chunk */
    uint8_t             *body;
    size_t               body_len;
    size_t               body_size;

    apigw_rc_t           rc;             /* of FAILED */
    apigw_error_t        error;
};


/* A line of each kind, in http->line; the state goes on. */
apigw_rc_t apigw_http_status(apigw_http_t *http);
apigw_rc_t apigw_http_field(apigw_http_t *http);
apigw_rc_t apigw_http_head_done(apigw_http_t *http);
apigw_rc_t apigw_http_chunk_size(apigw_http_t *http);


/* To FAILED, for good; returns `rc`. */
apigw_rc_t apigw_http_fail(apigw_http_t *http, apigw_rc_t rc,
    const char *word);


#pragma GCC visibility pop


#endif /* _APIGW_HTTP_READER_H_INCLUDED_ */
