
/* The locks of a take: of all its stripes, always in the same order. */


#include "apigw_take_step.h"


static int apigw_take_compare(const apigw_take_step_t *a,
    const apigw_take_step_t *b);


void
apigw_take_sort(const apigw_take_step_t *steps, size_t n, unsigned *order)
{
    size_t    i, k;
    unsigned  at;

    for (i = 0; i < n; i++) {

        for (k = i; k > 0; k--) {
            at = order[k - 1];

            if (apigw_take_compare(&steps[at], &steps[i]) <= 0) {
                break;
            }

            order[k] = at;
        }

        order[k] = i;
    }
}


/*
 * Tables are ordered by their shared memory, which all processes see at the
 * same address.
 */

static int
apigw_take_compare(const apigw_take_step_t *a, const apigw_take_step_t *b)
{
    uintptr_t  at, bt;

    at = (uintptr_t) a->take->slots->shared;
    bt = (uintptr_t) b->take->slots->shared;

    if (at != bt) {
        return at < bt ? -1 : 1;
    }

    return a->stripe < b->stripe ? -1 : a->stripe > b->stripe;
}


void
apigw_take_lock(apigw_take_step_t *steps, size_t n, const unsigned *order)
{
    size_t    i;
    unsigned  at, last;

    last = 0;

    for (i = 0; i < n; i++) {
        at = order[i];

        if (i == 0 || apigw_take_compare(&steps[last], &steps[at]) != 0) {
            apigw_slots_lock(steps[at].take->slots, steps[at].stripe);
        }

        last = at;
    }
}


void
apigw_take_unlock(apigw_take_step_t *steps, size_t n, const unsigned *order)
{
    size_t    i;
    unsigned  at, last;

    last = 0;

    for (i = 0; i < n; i++) {
        at = order[i];

        if (i == 0 || apigw_take_compare(&steps[last], &steps[at]) != 0) {
            apigw_slots_unlock(steps[at].take->slots, steps[at].stripe);
        }

        last = at;
    }
}
