
/*
 * What a response says about limits, in one place:
 *
 *     RateLimit-Policy: "per_user";q=100;w=60, "hourly";q=1000;w=3600
 *     RateLimit: "per_user";r=42;t=35, "hourly";r=0;t=1533
 *
 * are Lists of Items with parameters (RFC 9651) as in draft-ietf-httpapi-
 * ratelimit-headers-11. Integers are held to the 15 digits RFC 9651 allows.
 */


#ifndef _APIGW_RATELIMIT_FIELDS_H_INCLUDED_
#define _APIGW_RATELIMIT_FIELDS_H_INCLUDED_


#include "apigw.h"
#include "apigw_limit.h"


#pragma GCC visibility push(hidden)


/* How long an Item of the given name may become, ", " included. */
#define apigw_ratelimit_item_size(name_len)                                   \
    ((name_len) + sizeof(", \"\";q=999999999999999;w=999999999999999"))


/* A limit as it is told: q units per w seconds. */

typedef struct {
    uint64_t   quota;
    uint64_t   window;
} apigw_ratelimit_quota_t;


/*
 * q and w. Of a rate: its burst and the seconds that restore it; its own count
 * and unit where that takes less than a second. Of a window: its limit and
 * length; of a month the length of that at `wall`, in ticks.
 */
apigw_ratelimit_quota_t apigw_ratelimit_quota(const apigw_limit_t *limit,
    uint64_t wall);


/* Ticks to seconds, rounded up. */
uint64_t apigw_ratelimit_seconds(uint64_t ticks);


/*
 * t. Of a rate: for a denied request, when to come again; else when all is
 * there again, but not before r * w / q, so that r requests in t seconds are
 * not above the rate. Of a window: when it, or the bucket of it that counts
 * now, ends; for a denied request, when to come again if that is later.
 */
uint64_t apigw_ratelimit_reset(const apigw_limit_t *limit,
    const apigw_ratelimit_quota_t *quota, const apigw_gcra_report_t *report,
    bool denied);


/*
 * Each writes an Item at `p`, ", " first unless it is the `first` of its List,
 * and returns where it ends. There must be room for
 * apigw_ratelimit_item_size(name.len) bytes. `name` is of letters, digits,
 * "_", "." and "-" alone: a String as it stands.
 */
uint8_t *apigw_ratelimit_write_policy(uint8_t *p, bool first, apigw_str_t name,
    const apigw_ratelimit_quota_t *quota);
uint8_t *apigw_ratelimit_write_state(uint8_t *p, bool first, apigw_str_t name,
    uint64_t remaining, uint64_t reset);


/* Writes `n` in decimal, up to 20 digits. */
uint8_t *apigw_ratelimit_write_number(uint8_t *p, uint64_t n);


#pragma GCC visibility pop


#endif /* _APIGW_RATELIMIT_FIELDS_H_INCLUDED_ */
