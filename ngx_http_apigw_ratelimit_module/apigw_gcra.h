
/*
 * The rate limit: GCRA over integers. A limit of B units, one more every T,
 * has one state, the theoretical arrival time (TAT): the moment at which all
 * B units are there again. It is idle, as if never used, once TAT <= now.
 *
 * Times are ticks of 1/8 microsecond on any one clock. T is rounded up, so
 * that no more than the configured rate ever passes; bounds on B * T and on
 * costs keep every product below 2^53, as the twin in Redis counts in
 * doubles: apigw_ratelimit.lua gives the same answer to every call.
 */


#ifndef _APIGW_GCRA_H_INCLUDED_
#define _APIGW_GCRA_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


#define APIGW_GCRA_SECOND     8000000ull           /* ticks */
#define APIGW_GCRA_MAX_SPAN   (31 * 86400 * APIGW_GCRA_SECOND)  /* of B * T */
#define APIGW_GCRA_MAX_RATE   1000000              /* units per second */
#define APIGW_GCRA_MAX_COST   1000000000           /* of one request */
#define APIGW_GCRA_SHARE      1000000000           /* a share of 1 */


typedef struct {
    uint64_t   burst;                /* B, 1 or more */
    uint64_t   period;               /* T, 1 or more; B * T <= MAX_SPAN */
} apigw_gcra_t;


/* The state on the way through one take. */

typedef struct {
    uint64_t   tat;                  /* clamped: now ... now + 2 * B * T */
    int64_t    room;                 /* ticks; negative in debt */
    uint64_t   fits;                 /* how many of the n requests */
} apigw_gcra_look_t;


/* What a take says about one limit, of whatever kind. */

typedef struct {
    uint64_t   remaining;            /* requests of cost 1 that pass now */
    uint64_t   full;                 /* ticks until all is there again; of a
                                        window, until its bucket ends */
    int64_t    retry;                /* ticks until one more such request
                                        passes; -1: its cost never does */
} apigw_gcra_report_t;


/*
 * T of `count` units per `unit` seconds.
 * APIGW_ELIMIT: 0, or above APIGW_GCRA_MAX_RATE; *period is untouched then
 */
apigw_rc_t apigw_gcra_period(uint64_t count, uint64_t unit, uint64_t *period);


/* Whether B * T is within APIGW_GCRA_MAX_SPAN; neither may be 0. */
bool apigw_gcra_valid(uint64_t burst, uint64_t period);


/*
 * A node's part of a limit, for the time when nodes can't agree:
 * B' = max(1, floor(share * B)), T' = ceil(T / share).
 * share  in 1/APIGW_GCRA_SHARE, 1 or more; T' is held so that B' * T' stays
 *        within APIGW_GCRA_MAX_SPAN
 */
apigw_gcra_t apigw_gcra_part(const apigw_gcra_t *limit, uint64_t share);


/*
 * Looks at a state, for `n` requests of `cost` each. A TAT too far ahead (a
 * clock that stepped back, a burst that was lowered) is brought down.
 */
void apigw_gcra_look(const apigw_gcra_t *limit, uint64_t tat, uint64_t now,
    uint64_t cost, uint64_t n, apigw_gcra_look_t *look);


/* Charges `n` requests of `cost`, n <= look->fits. */
void apigw_gcra_charge(const apigw_gcra_t *limit, apigw_gcra_look_t *look,
    uint64_t cost, uint64_t n);


/* Reports the state that `look` has come to. */
void apigw_gcra_report(const apigw_gcra_t *limit,
    const apigw_gcra_look_t *look, uint64_t now, uint64_t cost,
    apigw_gcra_report_t *report);


/*
 * The TAT after units were spent that somebody else granted: nothing is
 * refused, and what is not there is not owed.
 */
uint64_t apigw_gcra_spend(const apigw_gcra_t *limit, uint64_t tat,
    uint64_t now, uint64_t cost);


/*
 * The TAT after units were spent that nobody had granted: the debt ends at one
 * burst.
 */
uint64_t apigw_gcra_debit(const apigw_gcra_t *limit, uint64_t tat,
    uint64_t now, uint64_t cost);


/*
 * The TAT after a charge of `cost` is given back. What the limit would have
 * regained without the charge is not returned twice: just before the take it
 * was to be full at `full`.
 */
uint64_t apigw_gcra_give_back(const apigw_gcra_t *limit, uint64_t tat,
    uint64_t now, uint64_t cost, uint64_t full);


#pragma GCC visibility pop


#endif /* _APIGW_GCRA_H_INCLUDED_ */
