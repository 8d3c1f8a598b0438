
#include "apigw_ratelimit_fields.h"


#define APIGW_RATELIMIT_MAX  999999999999999ull   /* RFC 9651, 3.3.1 */


static apigw_ratelimit_quota_t apigw_ratelimit_rate_quota(
    const apigw_limit_t *limit);
static uint8_t *apigw_ratelimit_write_name(uint8_t *p, bool first,
    apigw_str_t name);
static uint8_t *apigw_ratelimit_write_parameter(uint8_t *p, char name,
    uint64_t n);


uint64_t
apigw_ratelimit_seconds(uint64_t ticks)
{
    return ticks / APIGW_GCRA_SECOND + (ticks % APIGW_GCRA_SECOND != 0);
}


apigw_ratelimit_quota_t
apigw_ratelimit_quota(const apigw_limit_t *limit, uint64_t wall)
{
    uint64_t                 starts[4];
    apigw_ratelimit_quota_t  quota;

    if (limit->kind == APIGW_LIMIT_RATE) {
        return apigw_ratelimit_rate_quota(limit);
    }

    quota.quota = limit->window.limit;
    quota.window = limit->unit;

    if (limit->window.kind == APIGW_WINDOW_MONTH) {
        apigw_window_months(wall, starts);
        quota.window = (starts[2] - starts[1]) / APIGW_GCRA_SECOND;
    }

    return quota;
}


static apigw_ratelimit_quota_t
apigw_ratelimit_rate_quota(const apigw_limit_t *limit)
{
    uint64_t                 burst;
    apigw_ratelimit_quota_t  quota;

    /* of the interval as written: T's rounding must not add a second */

    burst = limit->gcra.burst * limit->unit;

    if (burst < limit->count) {
        quota.quota = limit->count;
        quota.window = limit->unit;
        return quota;
    }

    quota.quota = limit->gcra.burst;
    quota.window = (burst + limit->count - 1) / limit->count;

    return quota;
}


uint64_t
apigw_ratelimit_reset(const apigw_limit_t *limit,
    const apigw_ratelimit_quota_t *quota, const apigw_gcra_report_t *report,
    bool denied)
{
    uint64_t           full, retry;
    unsigned __int128  fair;

    full = apigw_ratelimit_seconds(report->full);
    retry = denied && report->retry > 0
            ? apigw_ratelimit_seconds(report->retry) : 0;

    if (limit->kind != APIGW_LIMIT_RATE) {
        return retry > full ? retry : full;
    }

    if (retry) {
        return retry;
    }

    fair = (unsigned __int128) report->remaining * quota->window;
    fair = (fair + quota->quota - 1) / quota->quota;

    return fair > full ? (uint64_t) fair : full;
}


uint8_t *
apigw_ratelimit_write_policy(uint8_t *p, bool first, apigw_str_t name,
    const apigw_ratelimit_quota_t *quota)
{
    p = apigw_ratelimit_write_name(p, first, name);
    p = apigw_ratelimit_write_parameter(p, 'q', quota->quota);

    return apigw_ratelimit_write_parameter(p, 'w', quota->window);
}


uint8_t *
apigw_ratelimit_write_state(uint8_t *p, bool first, apigw_str_t name,
    uint64_t remaining, uint64_t reset)
{
    p = apigw_ratelimit_write_name(p, first, name);
    p = apigw_ratelimit_write_parameter(p, 'r', remaining);

    return apigw_ratelimit_write_parameter(p, 't', reset);
}


static uint8_t *
apigw_ratelimit_write_name(uint8_t *p, bool first, apigw_str_t name)
{
    if (!first) {
        *p++ = ',';
        *p++ = ' ';
    }

    *p++ = '"';

    memcpy(p, name.data, name.len);
    p += name.len;

    *p++ = '"';

    return p;
}


static uint8_t *
apigw_ratelimit_write_parameter(uint8_t *p, char name, uint64_t n)
{
    *p++ = ';';
    *p++ = name;
    *p++ = '=';

    return apigw_ratelimit_write_number(p, n < APIGW_RATELIMIT_MAX
                                           ? n : APIGW_RATELIMIT_MAX);
}


uint8_t *
apigw_ratelimit_write_number(uint8_t *p, uint64_t n)
{
    uint8_t  digits[20];
    size_t   i;

    i = sizeof(digits);

    do {
        digits[--i] = '0' + n % 10;
        n /= 10;
    } while (n);

    memcpy(p, digits + i, sizeof(digits) - i);

    return p + sizeof(digits) - i;
}
