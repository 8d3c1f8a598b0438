
/*
 * The take: several limits, each with its state in a table of slots, decided
 * as one. All are charged, or none. A take of one rate is one CAS; of a window
 * or of more limits, the stripes are locked in ascending order (table,
 * stripe).
 *
 * Besides, what belongs to a limit that is kept in Redis: a copy here that
 * follows it, and its last denial.
 */


#ifndef _APIGW_TAKE_H_INCLUDED_
#define _APIGW_TAKE_H_INCLUDED_


#include "apigw.h"
#include "apigw_limit.h"
#include "apigw_slots.h"


#pragma GCC visibility push(hidden)


#define APIGW_TAKE_MAX   16          /* limits of one take */


typedef struct {
    bool                  windowed;
    union {
        apigw_gcra_t      gcra;
        apigw_window_t    window;
    };
} apigw_take_limit_t;


typedef struct {
    apigw_slots_t        *slots;
    apigw_siphash_t       key;       /* windows of other shapes are apart */
    apigw_take_limit_t    limit;
    uint64_t              cost;
    uint64_t              now;       /* ticks of the table's clock; above 0 */
    uint64_t              wall;      /* ticks since APIGW_WINDOW_EPOCH */
    bool                  shadow;    /* charged, but holds back no other */

    /* the answer */
    bool                  denied;    /* no room here; a shadow's is told too */
    uint64_t              until;     /* what a refund must know, in ticks of the
                                        limit's clock. Rate: when it would be
                                        full, if nothing had been charged;
                                        window: when the bucket charged ends */
    apigw_gcra_report_t   report;    /* after the take */
} apigw_take_t;


/* Of any limit but an unlimited one. */
apigw_take_limit_t apigw_take_limit(const apigw_limit_t *limit);


/* A node's part, for the time when nodes can't agree. */
apigw_take_limit_t apigw_take_part(const apigw_take_limit_t *limit,
    uint64_t share);


/* The most that can be had at once: B, or L. No higher cost ever passes. */
static inline uint64_t
apigw_take_most(const apigw_take_limit_t *limit)
{
    return limit->windowed ? limit->window.limit : limit->gcra.burst;
}


/* The take's time by the clock that its limit goes by. */
static inline uint64_t
apigw_take_clock(const apigw_take_t *take)
{
    return take->limit.windowed && apigw_window_by_wall(&take->limit.window)
           ? take->wall : take->now;
}


/*
 * Takes `n` limits, 1 to APIGW_TAKE_MAX, with different keys. true if they
 * are charged (shadows without room excepted); false, and nothing has
 * changed, if one that is no shadow has no room.
 */
bool apigw_take(apigw_take_t *const *takes, size_t n);


/* Reports without taking: what each says to such a request now. */
void apigw_take_peek(apigw_take_t *const *takes, size_t n);


/*
 * Gives a charge back, at `now` and `wall`; no effect if the entry has gone,
 * or the bucket that was charged.
 */
void apigw_take_back(const apigw_take_t *take, uint64_t now, uint64_t wall);


/*
 * Charges what turned out later, at take's time, into debt if need be: a rate
 * at most one burst of it, a window until it ends.
 */
void apigw_take_debit(const apigw_take_t *take);


/*
 * Charges what was granted elsewhere: never refused, never into debt. Tells
 * what a refund must know; `denied` if not all of it could be charged.
 */
void apigw_take_spend(apigw_take_t *take);


/*
 * Remembers that somebody else denied `take`, to hold until `until`, and that
 * the wait really ends at `end`.
 */
void apigw_take_deny(const apigw_take_t *take, uint64_t until, uint64_t end);


/* true, with its report, if a remembered denial holds for take's cost. */
bool apigw_take_recall(apigw_take_t *take);


#pragma GCC visibility pop


#endif /* _APIGW_TAKE_H_INCLUDED_ */
