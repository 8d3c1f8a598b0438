
/*
 * A stage of a run: a projection, or edits of a tree. It reads what the stage
 * before writes.
 */


#ifndef _APIGW_TRANSFORM_STAGE_H_INCLUDED_
#define _APIGW_TRANSFORM_STAGE_H_INCLUDED_


#include "apigw_json_ops.h"
#include "apigw_json_project.h"


#pragma GCC visibility push(hidden)


#define APIGW_TRANSFORM_PIPE  4096


typedef struct {
    apigw_json_project_t  *project;
    apigw_json_ops_t      *ops;       /* one of the two */
    uint8_t               *pipe;      /* what a projection is fed from, unless
                                         it is the first stage */
} apigw_transform_stage_t;


/*
 * Where the stage before shall write, and how much at most, once this one has
 * used up what it was given; NULL: no memory.
 */
static inline uint8_t *
apigw_transform_stage_room(apigw_transform_stage_t *stage, size_t *size)
{
    if (stage->ops != NULL) {
        return apigw_json_ops_room(stage->ops, size);
    }

    *size = APIGW_TRANSFORM_PIPE;

    return stage->pipe;
}


/* That many bytes were written there; `last`: no more come. */

static inline void
apigw_transform_stage_give(apigw_transform_stage_t *stage, size_t n, bool last)
{
    if (stage->ops != NULL) {
        apigw_json_ops_commit(stage->ops, n, last);

    } else {
        apigw_json_project_feed(stage->project, stage->pipe, n, last);
    }
}


/* As apigw_transform_run_read(). */

static inline apigw_rc_t
apigw_transform_stage_read(apigw_transform_stage_t *stage, uint8_t *out,
    size_t size, size_t *n, apigw_error_t *error)
{
    if (stage->ops != NULL) {
        return apigw_json_ops_read(stage->ops, out, size, n, error);
    }

    return apigw_json_project_read(stage->project, out, size, n, error);
}


#pragma GCC visibility pop


#endif /* _APIGW_TRANSFORM_STAGE_H_INCLUDED_ */
