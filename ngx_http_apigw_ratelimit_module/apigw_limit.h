
/*
 * Limits, bursts, costs and shares as they are written, in the configuration
 * or in a variable's value:
 *
 *     rate      <n>r/<s|m|h|d>, such as 100r/m; or "unlimited"
 *     quota     <n>/[<k>]<s|m|h|d> or <n>/month, such as 10/15m; or "unlimited"
 *     sliding   <n>/[<k>]<s|m|h|d>, such as 100/m; or "unlimited"
 *     strict    <k>, 2 to 60
 *     burst     <n>
 *     cost      <n>, 0 to 10^9
 *     share     a decimal number above 0, at most 1, such as 0.25
 *
 * An error's word is the mend: what should stand there instead.
 */


#ifndef _APIGW_LIMIT_H_INCLUDED_
#define _APIGW_LIMIT_H_INCLUDED_


#include "apigw.h"
#include "apigw_gcra.h"
#include "apigw_window.h"


#pragma GCC visibility push(hidden)


typedef enum {
    APIGW_LIMIT_UNLIMITED = 0,       /* the policy is skipped */
    APIGW_LIMIT_RATE,
    APIGW_LIMIT_QUOTA,
    APIGW_LIMIT_SLIDING
} apigw_limit_kind_e;


typedef struct {
    apigw_limit_kind_e   kind;
    uint64_t             count;      /* n, as written */
    uint64_t             unit;       /* seconds of the rate's unit, or of the
                                        window; of a month 0 */
    apigw_gcra_t         gcra;       /* RATE */
    apigw_window_t       window;     /* QUOTA, SLIDING */
    bool                 rounded;    /* whole ticks change it by over 1 % */
} apigw_limit_t;


/* What a limit's text is to be read as. */

typedef struct {
    apigw_limit_kind_e   kind;       /* RATE, QUOTA or SLIDING */
    bool                 first;      /* QUOTA: from the first request on */
    unsigned             strict;     /* SLIDING: k parts; 0: by estimate */
} apigw_limit_form_t;


/*
 * Reads a limit; a rate's burst is n.
 * APIGW_EINPUT malformed, APIGW_ELIMIT out of bounds; *limit is untouched then
 */
apigw_rc_t apigw_limit_read(const apigw_limit_form_t *form, apigw_str_t text,
    apigw_limit_t *limit, apigw_error_t *error);


/* The most that can be had at once: burst, or n. */
static inline uint64_t
apigw_limit_most(const apigw_limit_t *limit)
{
    return limit->kind == APIGW_LIMIT_RATE ? limit->gcra.burst
                                           : limit->window.limit;
}


/* APIGW_EINPUT not digits, APIGW_ELIMIT not 2 to 60. */
apigw_rc_t apigw_limit_strict(apigw_str_t text, unsigned *strict,
    apigw_error_t *error);


/*
 * Gives a rate the burst that `text` says; no effect on other limits.
 * APIGW_EINPUT malformed, APIGW_ELIMIT out of bounds; *limit is untouched then
 */
apigw_rc_t apigw_limit_burst(apigw_str_t text, apigw_limit_t *limit,
    apigw_error_t *error);


/* APIGW_EINPUT not digits, APIGW_ELIMIT above APIGW_GCRA_MAX_COST. */
apigw_rc_t apigw_limit_cost(apigw_str_t text, uint64_t *cost,
    apigw_error_t *error);


/* In 1/APIGW_GCRA_SHARE. APIGW_EINPUT; APIGW_ELIMIT 0 or above 1. */
apigw_rc_t apigw_limit_share(apigw_str_t text, uint64_t *share,
    apigw_error_t *error);


#pragma GCC visibility pop


#endif /* _APIGW_LIMIT_H_INCLUDED_ */
