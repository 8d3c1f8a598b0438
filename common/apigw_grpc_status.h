
/*
 * A refusal as a gRPC client reads it: the code of an HTTP status, and the
 * values of its header fields.
 */


#ifndef _APIGW_GRPC_STATUS_H_INCLUDED_
#define _APIGW_GRPC_STATUS_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"


#pragma GCC visibility push(hidden)


/* Whether a Content-Type is application/grpc, or that with a "+suffix". */
bool apigw_grpc_type(apigw_str_t content_type);


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


#pragma GCC visibility pop


#endif /* _APIGW_GRPC_STATUS_H_INCLUDED_ */
