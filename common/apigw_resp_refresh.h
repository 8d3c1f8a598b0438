
/*
 * When to ask a Cluster for its map of slots, and whom. Pure state: the clock
 * (milliseconds) is the caller's, and so are the candidates, of whom this
 * knows but the number.
 *
 * REST   -> WANTED  somebody has a reason: no map yet, a redirection, a lost
 *                   node, CLUSTERDOWN
 * WANTED -> ASKING  a round begins, a second or more after the last one did
 * ASKING -> REST    a candidate gave a map
 * ASKING -> WANTED  none did: the round came to nothing
 *
 * A reason that comes while ASKING is for the next round, as the map under way
 * may be older.
 */


#ifndef _APIGW_RESP_REFRESH_H_INCLUDED_
#define _APIGW_RESP_REFRESH_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


#define APIGW_RESP_REFRESH_PAUSE  1000         /* ms */


/* All zeroes is its start; `known` and `failed` may be read. */

typedef struct {
    uint64_t  begun;                 /* when the last round began */
    uint32_t  cursor;                /* the next candidate, any number */
    uint32_t  left;                  /* candidates of this round */
    bool      wanted;
    bool      asking;
    bool      again;                 /* wanted since this round began */
    bool      once;                  /* a round has begun */
    bool      known;                 /* a map has come */
    bool      failed;                /* the last round came to nothing */
} apigw_resp_refresh_t;


void apigw_resp_refresh_want(apigw_resp_refresh_t *refresh);


/* Milliseconds until a round may begin; UINT64_MAX: none is to. */
uint64_t apigw_resp_refresh_wait(const apigw_resp_refresh_t *refresh,
    uint64_t now);


/* Begins a round among `n` candidates. */
void apigw_resp_refresh_begin(apigw_resp_refresh_t *refresh, uint32_t n,
    uint64_t now);


/*
 * The next of `n` candidates, beginning behind the one that gave the last map:
 * a node that knows of no trouble is not asked for ever. False: all have been
 * tried, the round came to nothing.
 */
bool apigw_resp_refresh_next(apigw_resp_refresh_t *refresh, uint32_t n,
    uint32_t *candidate);


/* The candidate gave a map. */
void apigw_resp_refresh_done(apigw_resp_refresh_t *refresh);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_REFRESH_H_INCLUDED_ */
