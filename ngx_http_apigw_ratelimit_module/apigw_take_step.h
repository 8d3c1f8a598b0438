
/* What the files of the take share: limits on their way through one. */


#ifndef _APIGW_TAKE_STEP_H_INCLUDED_
#define _APIGW_TAKE_STEP_H_INCLUDED_


#include "apigw_take_slot.h"


#pragma GCC visibility push(hidden)


typedef struct {
    apigw_take_t              *take;
    apigw_siphash_t            key;
    uint64_t                   word;     /* of the slot */
    uint32_t                   index;    /* the slot; 0: none */
    uint32_t                   spare;    /* reserved for a key not there yet */
    uint32_t                   stripe;

    apigw_gcra_look_t          rate;

    apigw_window_look_t        window;
    uint64_t                   clock;    /* of a window */
    apigw_window_state_t       state;
} apigw_take_step_t;


/* Into ascending (table, stripe); n is small. */
void apigw_take_sort(const apigw_take_step_t *steps, size_t n,
    unsigned *order);


void apigw_take_lock(apigw_take_step_t *steps, size_t n,
    const unsigned *order);
void apigw_take_unlock(apigw_take_step_t *steps, size_t n,
    const unsigned *order);


#pragma GCC visibility pop


#endif /* _APIGW_TAKE_STEP_H_INCLUDED_ */
