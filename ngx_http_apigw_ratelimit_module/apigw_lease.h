
/*
 * Leases: units that a node has debited in Redis ahead of need. They lie in a
 * pool in the table, one slot per key, and all its workers spend them, by one
 * CAS each. The word's value is
 *
 *     51                            20 19          0
 *     expiry, in 2^20 ticks, rounded down   units
 *
 * so that a dead pool is an idle entry like any other. Redis records what the
 * node has; at any time it has no more than that:
 *
 *     begin   a command is about to go: it tells the units that are there
 *     grant   its answer: units are added, unless a later command has begun,
 *             whose record may stand without them
 *     put     units come back only as far as the record covers them
 *
 * So a lost answer, a dead worker or a late command lose units, and never make
 * one. Only one command is under way at a time; the mark of one that has no
 * answer lapses.
 */


#ifndef _APIGW_LEASE_H_INCLUDED_
#define _APIGW_LEASE_H_INCLUDED_


#include "apigw_take.h"


#pragma GCC visibility push(hidden)


#define APIGW_LEASE_UNITS  0xfffffull            /* the most in a pool */
#define APIGW_LEASE_LIFE   (10 * APIGW_GCRA_SECOND)     /* of a rate's */
#define APIGW_LEASE_MIN    8                     /* limits below it are exact */


/* A command, between its sending and its answer. */

typedef struct {
    uint64_t   seq;                  /* when it began; 0: it has not */
    uint64_t   told;                 /* units that the node had then */
    uint64_t   dead;                 /* and these it had no longer */
} apigw_lease_ask_t;


typedef struct {
    uint64_t   units;
    uint64_t   expiry;               /* by the table's clock */
    uint64_t   until;                /* as take.until, of their debit */
    uint64_t   remaining;            /* in Redis, without them */
} apigw_lease_grant_t;


/*
 * How many units all nodes together may have of a limit of `most`: what was
 * configured, at most half; if nothing (0) was, a quarter.
 */
uint64_t apigw_lease_outstanding(uint64_t most, uint64_t configured);


/*
 * What a node may have of what remains: its part, as one of `nodes`, of a
 * half, half of the room that the records, `held`, leave; at most `most`.
 */
uint64_t apigw_lease_part(uint64_t remaining, uint64_t nodes,
    uint64_t outstanding, uint64_t held, uint64_t most);


/*
 * Spends take's cost, which is above 0, from the pool and reports; false if it
 * has too little. `low` says that it's time to ask for more, and that nobody
 * does: a command without an answer counts for `timeout` ticks.
 */
bool apigw_lease_spend(apigw_take_t *take, uint64_t timeout, bool *low);


/* Gives back what was spent; false if the pool may not have it any more. */
bool apigw_lease_put(const apigw_take_t *take, uint64_t now);


/* A command is to be sent, at take's time; false if one is under way. */
bool apigw_lease_begin(const apigw_take_t *take, uint64_t timeout,
    apigw_lease_ask_t *ask);


/* Its answer, at take's time; false: it came too late, nothing is added. */
bool apigw_lease_grant(const apigw_take_t *take, const apigw_lease_ask_t *ask,
    const apigw_lease_grant_t *grant);


/* What the pool looks like: it changes if a unit is spent. 0: it is empty. */
uint64_t apigw_lease_look(const apigw_take_t *take);


/*
 * Empties a pool that still looks the same, to give its units, the number
 * returned, back to Redis: take->cost, take->until and ask->seq say how. One
 * that is dead is emptied too, but has nothing to give: ask->dead.
 */
uint64_t apigw_lease_collect(apigw_take_t *take, uint64_t look,
    uint64_t timeout, apigw_lease_ask_t *ask);


#pragma GCC visibility pop


#endif /* _APIGW_LEASE_H_INCLUDED_ */
