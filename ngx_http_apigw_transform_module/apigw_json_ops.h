
/*
 * Operations that need the whole document: it is gathered, opened as a tree,
 * edited, and written. Untouched values keep their bytes.
 */


#ifndef _APIGW_JSON_OPS_H_INCLUDED_
#define _APIGW_JSON_OPS_H_INCLUDED_


#include "apigw_json_reader.h"
#include "apigw_transform_op.h"


#pragma GCC visibility push(hidden)


typedef struct apigw_json_ops_s  apigw_json_ops_t;


typedef struct {
    const apigw_transform_op_t  *ops;       /* in their order; set, add, move,
                                               copy; drop, replace with one
                                               pointer */
    size_t                       n;
    apigw_transform_values_t    *values;
    bool                         last;      /* of equal names in an object,
                                               leave the last */
    apigw_json_options_t         options;   /* for that */
    size_t                       max_size;  /* the document's; 0: any */
    size_t                       expect;    /* its length if known, or 0 */
} apigw_json_ops_params_t;


/* params->ops and ->values must outlive it. NULL: no memory. */
apigw_json_ops_t *apigw_json_ops_create(apigw_arena_t *arena,
    const apigw_json_ops_params_t *params);


/*
 * Where to put the next bytes of the document, which must be one that the
 * strict reader accepts, and how many have room; NULL: no memory.
 */
uint8_t *apigw_json_ops_room(apigw_json_ops_t *ops, size_t *size);


/* That many bytes were put there; `last`: that was all. */
void apigw_json_ops_commit(apigw_json_ops_t *ops, size_t n, bool last);


/*
 * As apigw_transform_run_read(): APIGW_AGAIN with *n < size before the last
 * byte of the document is there.
 * APIGW_EINPUT json_shape, value_invalid; APIGW_ELIMIT json_too_large: too many
 * nodes, or a result of more than four times max_size; APIGW_ENOMEM internal
 */
apigw_rc_t apigw_json_ops_read(apigw_json_ops_t *ops, uint8_t *out,
    size_t size, size_t *n, apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_JSON_OPS_H_INCLUDED_ */
