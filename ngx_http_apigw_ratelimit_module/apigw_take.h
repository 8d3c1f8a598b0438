
/*
 * The take: several limits, each with its state in a table of slots, decided
 * as one. All are charged, or none. A take of one limit is one CAS; of more,
 * the stripes are locked in ascending order (table, stripe).
 *
 * Besides, what belongs to a limit that is kept in Redis: a copy here that
 * follows it, and its last denial.
 */


#ifndef _APIGW_TAKE_H_INCLUDED_
#define _APIGW_TAKE_H_INCLUDED_


#include "apigw.h"
#include "apigw_gcra.h"
#include "apigw_slots.h"


#pragma GCC visibility push(hidden)


#define APIGW_TAKE_MAX   16          /* limits of one take */


typedef struct {
    apigw_slots_t        *slots;
    apigw_siphash_t       key;
    apigw_gcra_t          limit;
    uint64_t              cost;
    uint64_t              now;       /* ticks of the table's clock; above 0 */
    bool                  shadow;    /* charged, but holds back no other */

    /* the answer */
    bool                  denied;    /* no room here; a shadow's is told too */
    uint64_t              full;      /* ticks from full just before the take */
    apigw_gcra_report_t   report;    /* after it */
} apigw_take_t;


/*
 * Takes `n` limits, 1 to APIGW_TAKE_MAX, with different keys. true if they
 * are charged (shadows without room excepted); false, and nothing has
 * changed, if one that is no shadow has no room.
 */
bool apigw_take(apigw_take_t *const *takes, size_t n);


/* Reports without taking: what each says to such a request now. */
void apigw_take_peek(apigw_take_t *const *takes, size_t n);


/* Gives a charge back, at `now`; no effect if the entry has gone. */
void apigw_take_back(const apigw_take_t *take, uint64_t now);


/* Charges what was granted elsewhere: never refused, never into debt. */
void apigw_take_spend(const apigw_take_t *take);


/*
 * Remembers that somebody else denied `take`, to hold until `until`, and that
 * the wait really ends at `end`.
 */
void apigw_take_deny(const apigw_take_t *take, uint64_t until, uint64_t end);


/* true, with its report, if a remembered denial holds for take's cost. */
bool apigw_take_recall(apigw_take_t *take);


#pragma GCC visibility pop


#endif /* _APIGW_TAKE_H_INCLUDED_ */
