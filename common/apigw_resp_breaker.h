
/*
 * When to leave a server alone: a circuit breaker over the outcomes of
 * commands, and the pause between two attempts to connect. Pure state: clock
 * (milliseconds) and random numbers are the caller's.
 *
 * CLOSED  -> OPEN     `failures` in a row, or half of at least 20 in 1 s
 * OPEN    -> PROBING  the open time is over: one probe may go
 * PROBING -> CLOSED   the probe came back
 * PROBING -> OPEN     it did not: twice as long, up to `max`
 */


#ifndef _APIGW_RESP_BREAKER_H_INCLUDED_
#define _APIGW_RESP_BREAKER_H_INCLUDED_


#include "apigw.h"


#pragma GCC visibility push(hidden)


#define APIGW_RESP_WINDOW_SLOTS   10           /* of 100 ms each */
#define APIGW_RESP_WINDOW_MIN     20           /* outcomes that tell a rate */

#define APIGW_RESP_BACKOFF_FIRST  50           /* ms */
#define APIGW_RESP_BACKOFF_MAX    5000


typedef enum {
    APIGW_RESP_BREAKER_CLOSED = 0,
    APIGW_RESP_BREAKER_OPEN,
    APIGW_RESP_BREAKER_PROBING
} apigw_resp_breaker_state_e;


typedef struct {
    uint32_t                    failures;      /* in a row, 1 or more */
    uint64_t                    open;          /* ms, 1 or more */
    uint64_t                    max;           /* not below open */
} apigw_resp_breaker_conf_t;


typedef struct {
    uint64_t                    slot;          /* now / 100 */
    uint32_t                    total;
    uint32_t                    failed;
} apigw_resp_window_t;


/* The fields are the core's, save that `state` may be read. */

typedef struct {
    apigw_resp_breaker_conf_t   conf;
    apigw_resp_breaker_state_e  state;
    uint32_t                    row;           /* failures in a row */
    uint64_t                    pause;         /* the next open time */
    uint64_t                    until;         /* end of the open time */
    apigw_resp_window_t         window[APIGW_RESP_WINDOW_SLOTS];
} apigw_resp_breaker_t;


typedef struct {
    uint32_t                    failed;        /* attempts since a good one */
} apigw_resp_backoff_t;


void apigw_resp_breaker_init(apigw_resp_breaker_t *breaker,
    const apigw_resp_breaker_conf_t *conf);


/*
 * Counts the outcome of a command; those that end while the breaker is not
 * closed say nothing new and are ignored. True when this one opened it.
 */
bool apigw_resp_breaker_count(apigw_resp_breaker_t *breaker, bool ok,
    uint64_t now);


/* OPEN and its time over: becomes PROBING, true. Else false. */
bool apigw_resp_breaker_probe(apigw_resp_breaker_t *breaker, uint64_t now);


/* The outcome of the probe, or of a handshake that stands for it. */
void apigw_resp_breaker_probed(apigw_resp_breaker_t *breaker, bool ok,
    uint64_t now);


/* Milliseconds until a probe may go; 0 unless OPEN. */
uint64_t apigw_resp_breaker_wait(const apigw_resp_breaker_t *breaker,
    uint64_t now);


/*
 * Milliseconds until the next attempt to connect: uniform in 0 .. 50 ms after
 * a connection that worked, doubling with each failure up to 5 s. `random` is
 * uniform over at least 16 bits.
 */
uint64_t apigw_resp_backoff_pause(const apigw_resp_backoff_t *backoff,
    uint64_t random);


/* An attempt came to nothing. */
void apigw_resp_backoff_failed(apigw_resp_backoff_t *backoff);


/* The connection has proven good. */
void apigw_resp_backoff_reset(apigw_resp_backoff_t *backoff);


#pragma GCC visibility pop


#endif /* _APIGW_RESP_BREAKER_H_INCLUDED_ */
