
/*
 * Limits by windows: at most L units in each. Units are counted in buckets of
 * time, the newest first; a window is one bucket or several:
 *
 *     CALENDAR, MONTH   one, from one UTC boundary to the next
 *     FIRST             one, from the first request on
 *     SLIDING           two: what is left of the older one weighs in
 *     STRICT            k + 1 of W / k each, the oldest counted whole
 *
 * Times are ticks of 1/8 microsecond: of the wall clock, since
 * 2024-01-01T00:00:00Z, for CALENDAR and MONTH, of any clock for the others.
 * A bucket's id is its number since the clock began, for FIRST and MONTH the
 * tick it starts at. It never goes back, though the clock may, unless it is
 * over one window ahead: what is counted then counts for nothing.
 *
 * Bounds on limits and counts keep every product below 2^53, as the twin in
 * Redis counts in doubles: apigw_ratelimit.lua gives the same answer to every
 * call.
 */


#ifndef _APIGW_WINDOW_H_INCLUDED_
#define _APIGW_WINDOW_H_INCLUDED_


#include "apigw.h"
#include "apigw_gcra.h"


#pragma GCC visibility push(hidden)


#define APIGW_WINDOW_EPOCH        1704067200ull     /* 2024-01-01, Unix time */

#define APIGW_WINDOW_MAX_QUOTA    1000000000000ull  /* L of a quota */
#define APIGW_WINDOW_MAX_SLIDING  1000000000ull     /* L of the others */
#define APIGW_WINDOW_MAX_SPAN     APIGW_GCRA_MAX_SPAN   /* of SLIDING, STRICT */
#define APIGW_WINDOW_MAX_QUOTA_SPAN                                           \
    (366 * 86400 * APIGW_GCRA_SECOND)
#define APIGW_WINDOW_MIN_PARTS    2
#define APIGW_WINDOW_MAX_PARTS    60

/* no count, debt included, goes above */
#define APIGW_WINDOW_MAX_COUNT    0x0007ffffffffffffull
#define APIGW_WINDOW_MAX_BUCKET   0xffffffffull         /* SLIDING, STRICT */


typedef enum {
    APIGW_WINDOW_CALENDAR = 0,
    APIGW_WINDOW_MONTH,
    APIGW_WINDOW_FIRST,
    APIGW_WINDOW_SLIDING,
    APIGW_WINDOW_STRICT
} apigw_window_kind_e;


typedef struct {
    apigw_window_kind_e   kind;
    uint64_t              limit;     /* L, 1 or more */
    uint64_t              length;    /* W, a second or more; MONTH: 0 */
    unsigned              parts;     /* STRICT: k */
} apigw_window_t;


/* What has been counted; none yet: all is 0. */

typedef struct {
    uint64_t   id;                   /* of the newest bucket */
    uint64_t   count;                /* in it */
    uint32_t   older[APIGW_WINDOW_MAX_PARTS];   /* the newest of them first */
} apigw_window_state_t;


/* The state on the way through one take. */

typedef struct {
    uint64_t   start;                /* of the newest bucket */
    uint64_t   end;
    int64_t    room;                 /* units; negative in debt */
    uint64_t   fits;                 /* how many of the n requests */
} apigw_window_look_t;


/* Whether all is within bounds. */
bool apigw_window_valid(const apigw_window_t *window);


/* A node's part of a limit: L' = max(1, floor(share * L)). */
apigw_window_t apigw_window_part(const apigw_window_t *window, uint64_t share);


/* Ticks in one bucket, rounded up; MONTH: 0. */
uint64_t apigw_window_bucket(const apigw_window_t *window);


/* How many buckets besides the newest one count: 0, 1 or k. */
unsigned apigw_window_older(const apigw_window_t *window);


/* Whether the window goes by the wall clock. */
static inline bool
apigw_window_by_wall(const apigw_window_t *window)
{
    return window->kind <= APIGW_WINDOW_MONTH;
}


/*
 * The starts, in ticks, of the month before that of `wall`, of its own and of
 * the two after it.
 */
void apigw_window_months(uint64_t wall, uint64_t starts[4]);


/*
 * Rolls a state to `now` and looks at it, for `n` requests of `cost` each.
 */
void apigw_window_look(const apigw_window_t *window,
    apigw_window_state_t *state, uint64_t now, uint64_t cost, uint64_t n,
    apigw_window_look_t *look);


/* Charges `n` requests of `cost`, n <= look->fits, to the newest bucket. */
void apigw_window_charge(const apigw_window_t *window,
    apigw_window_state_t *state, apigw_window_look_t *look, uint64_t cost,
    uint64_t n);


/*
 * Reports the state that `look` has come to; `full` is the ticks until the
 * newest bucket ends.
 */
void apigw_window_report(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now, uint64_t cost, apigw_gcra_report_t *report);


/*
 * Counts, in a state that was looked at, units that somebody else granted:
 * nothing is refused, and what is not there is not owed. Whether there was any.
 */
bool apigw_window_spend(const apigw_window_t *window,
    apigw_window_state_t *state, apigw_window_look_t *look, uint64_t cost);


/* Charges what was spent already, into debt if need be. */
void apigw_window_debit(const apigw_window_t *window,
    apigw_window_state_t *state, uint64_t cost);


/*
 * Gives a charge back, in a state that was looked at, if the bucket that was
 * charged, known by its end, still counts. Whether it did.
 */
bool apigw_window_give_back(const apigw_window_t *window,
    apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t cost, uint64_t end);


#pragma GCC visibility pop


#endif /* _APIGW_WINDOW_H_INCLUDED_ */
