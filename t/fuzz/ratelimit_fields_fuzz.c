
/*
 * The fields of a response, from any limit, state and name: an Item fits the
 * room its size promises and parses as RFC 9651 wants it, with the numbers
 * put in.
 */


#include "apigw_ratelimit_fields.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define MAX  999999999999999ull


static void
must(bool cond)
{
    if (!cond) {
        abort();
    }
}


static uint64_t
number(const uint8_t **data, size_t *size)
{
    uint64_t  n;

    n = 0;

    if (*size >= sizeof(n)) {
        memcpy(&n, *data, sizeof(n));
        *data += sizeof(n);
        *size -= sizeof(n);
    }

    return n;
}


/* sf-string (RFC 9651, 3.3.3) of bytes that need no escape; its end. */

static const uint8_t *
string(const uint8_t *p, const uint8_t *end, apigw_str_t name)
{
    must((size_t) (end - p) >= name.len + 2);
    must(p[0] == '"' && p[name.len + 1] == '"');
    must(memcmp(p + 1, name.data, name.len) == 0);

    return p + name.len + 2;
}


static const uint8_t *
parameter(const uint8_t *p, const uint8_t *end, char name, uint64_t value)
{
    uint64_t        n;
    const uint8_t  *start;

    must(end - p > 3 && p[0] == ';' && p[1] == name && p[2] == '=');
    p += 3;

    for (n = 0, start = p; p < end && *p >= '0' && *p <= '9'; p++) {
        n = 10 * n + (*p - '0');
    }

    must(p > start && p - start <= 15 && (*start != '0' || p - start == 1));
    must(n == (value < MAX ? value : MAX));

    return p;
}


static void
items(apigw_str_t name, uint64_t a, uint64_t b)
{
    size_t                    size;
    uint8_t                  *buf, *end;
    const uint8_t            *p;
    apigw_ratelimit_quota_t   quota = { a, b };

    size = 2 * apigw_ratelimit_item_size(name.len);
    buf = malloc(size);
    must(buf != NULL);

    end = apigw_ratelimit_write_policy(buf, true, name, &quota);
    must((size_t) (end - buf) <= size / 2);

    end = apigw_ratelimit_write_state(end, false, name, b, a);
    must((size_t) (end - buf) <= size);

    p = string(buf, end, name);
    p = parameter(p, end, 'q', a);
    p = parameter(p, end, 'w', b);
    must(end - p > 2 && p[0] == ',' && p[1] == ' ');
    p = string(p + 2, end, name);
    p = parameter(p, end, 'r', b);
    p = parameter(p, end, 't', a);
    must(p == end);

    free(buf);
}


/* q and w of a window; t is the end of its bucket, or the wait if later. */

static void
window(const uint8_t **data, size_t *size)
{
    uint64_t                 t, end, wall;
    apigw_limit_t            limit;
    apigw_gcra_report_t      report;
    apigw_ratelimit_quota_t  quota;

    memset(&limit, 0, sizeof(limit));

    limit.window.kind = number(data, size) % (APIGW_WINDOW_STRICT + 1);
    limit.kind = limit.window.kind < APIGW_WINDOW_SLIDING
                 ? APIGW_LIMIT_QUOTA : APIGW_LIMIT_SLIDING;
    limit.window.limit = 1 + number(data, size) % APIGW_WINDOW_MAX_QUOTA;
    limit.unit = 1 + number(data, size) % (366 * 86400);
    limit.window.length = limit.unit * APIGW_GCRA_SECOND;

    /* as long as ticks are below 2^53 */

    wall = number(data, size) & 0x1fffffffffffff;
    quota = apigw_ratelimit_quota(&limit, wall);

    must(quota.quota == limit.window.limit);

    if (limit.window.kind == APIGW_WINDOW_MONTH) {
        must(quota.window >= 28 * 86400 && quota.window <= 31 * 86400);

    } else {
        must(quota.window == limit.unit);
    }

    report.remaining = number(data, size);
    report.full = number(data, size);
    report.retry = (int64_t) (number(data, size) >> 1) - 1;

    end = apigw_ratelimit_seconds(report.full);
    must(apigw_ratelimit_reset(&limit, &quota, &report, false) == end);

    t = apigw_ratelimit_reset(&limit, &quota, &report, true);
    must(t >= end);
    must(report.retry == -1
         || t >= apigw_ratelimit_seconds((uint64_t) report.retry));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t                 now, seconds;
    apigw_str_t              name;
    apigw_limit_t            limit;
    apigw_gcra_look_t        look;
    apigw_gcra_report_t      report;
    apigw_ratelimit_quota_t  quota;

    static const uint64_t    units[] = { 1, 60, 3600, 86400 };

    limit.kind = APIGW_LIMIT_RATE;
    limit.unit = units[number(&data, &size) % 4];
    limit.count = number(&data, &size);
    limit.gcra.burst = number(&data, &size);

    if (apigw_gcra_period(limit.count, limit.unit, &limit.gcra.period)
        == APIGW_OK
        && apigw_gcra_valid(limit.gcra.burst, limit.gcra.period))
    {
        quota = apigw_ratelimit_quota(&limit, 0);
        must(quota.quota > 0 && quota.window > 0);

        now = number(&data, &size) & APIGW_GCRA_MAX_SPAN;
        apigw_gcra_look(&limit.gcra, number(&data, &size), now, 1, 1, &look);
        apigw_gcra_report(&limit.gcra, &look, now, 1, &report);

        seconds = apigw_ratelimit_reset(&limit, &quota, &report,
                                        look.fits == 0);
        must(seconds >= apigw_ratelimit_seconds(
                            look.fits ? report.full
                                      : (uint64_t) report.retry));
        must(look.fits || seconds > 0);
    }

    window(&data, &size);

    now = number(&data, &size);
    seconds = number(&data, &size);

    name.data = data;
    name.len = size;
    items(name, now, seconds);

    return 0;
}
