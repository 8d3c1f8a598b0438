
/*
 * A refusal as a gRPC client reads it: the code of an HTTP status, and the
 * values of its header fields.
 */


#ifndef _APIGW_GRPC_STATUS_H_INCLUDED_
#define _APIGW_GRPC_STATUS_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* How a client speaks gRPC. */

typedef enum {
    APIGW_GRPC_NONE = 0,
    APIGW_GRPC_NATIVE,               /* application/grpc: over HTTP/2 */
    APIGW_GRPC_WEB,                  /* application/grpc-web */
    APIGW_GRPC_WEB_TEXT              /* application/grpc-web-text: in base64 */
} apigw_grpc_kind_e;


/* A field of a response's trailers; its name is in lower case. */

typedef struct {
    apigw_str_t   name;
    apigw_str_t   value;
} apigw_grpc_field_t;


/*
 * Tells it by a Content-Type: one of the above, or that with a "+suffix".
 * out  *type, the type without its parameters, is part of content_type; not
 *      set for APIGW_GRPC_NONE
 */
apigw_grpc_kind_e apigw_grpc_kind(apigw_str_t content_type, apigw_str_t *type);


/* The code of gRPC for an HTTP status of 400 or more. */
unsigned apigw_grpc_code(unsigned status);


/*
 * Writes grpc-message: percent-encoded but for visible ASCII and space.
 * out  *out lives as long as the arena
 * APIGW_ENOMEM
 */
apigw_rc_t apigw_grpc_message(apigw_arena_t *arena, apigw_str_t text,
    apigw_str_t *out);


/*
 * Writes grpc-status-details-bin: a google.rpc.Status that holds an ErrorInfo
 * with the reason and the domain "apigw", in base64 without padding.
 * out  *out lives as long as the arena
 * APIGW_ELIMIT: a text above 1024 bytes; APIGW_ENOMEM
 */
apigw_rc_t apigw_grpc_details(apigw_arena_t *arena, unsigned code,
    apigw_str_t message, apigw_str_t reason, apigw_str_t *out);


/*
 * Writes a gRPC-Web body of trailers alone: one frame with the fields, which
 * hold no control bytes; in base64 if `text`.
 * out  *out lives as long as the arena
 * APIGW_ELIMIT: more than 64k of fields; APIGW_ENOMEM
 */
apigw_rc_t apigw_grpc_web_trailers(apigw_arena_t *arena,
    const apigw_grpc_field_t *fields, size_t n, bool text, apigw_str_t *out);


#pragma GCC visibility pop


#endif /* _APIGW_GRPC_STATUS_H_INCLUDED_ */
