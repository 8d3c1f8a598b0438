
#include "apigw_limit.h"


static size_t apigw_limit_number(apigw_str_t text, uint64_t *number);
static apigw_rc_t apigw_limit_whole(apigw_str_t text, uint64_t *number);
static uint64_t apigw_limit_unit(apigw_str_t text);
static apigw_rc_t apigw_limit_fail(apigw_rc_t rc, const char *word,
    apigw_error_t *error);


apigw_rc_t
apigw_limit_rate(apigw_str_t text, apigw_limit_t *limit, apigw_error_t *error)
{
    size_t         n;
    uint64_t       exact;
    apigw_str_t    unit;
    apigw_limit_t  made;

    if (apigw_str_is(text, "unlimited")) {
        memset(limit, 0, sizeof(apigw_limit_t));
        limit->kind = APIGW_LIMIT_UNLIMITED;
        return APIGW_OK;
    }

    n = apigw_limit_number(text, &made.count);

    unit.data = text.data + n;
    unit.len = text.len - n;

    made.unit = apigw_limit_unit(unit);

    if (n == 0 || made.unit == 0) {
        return apigw_limit_fail(APIGW_EINPUT, "use <n>r/<s|m|h|d>, such as "
                                "100r/m", error);
    }

    if (apigw_gcra_period(made.count, made.unit, &made.gcra.period)
        != APIGW_OK)
    {
        return apigw_limit_fail(APIGW_ELIMIT, "use 1 to 1000000 requests per "
                                "second", error);
    }

    made.kind = APIGW_LIMIT_RATE;
    made.gcra.burst = made.count;

    exact = APIGW_GCRA_SECOND * made.unit;
    made.rounded = made.gcra.period * made.count - exact > exact / 100;

    *limit = made;

    return APIGW_OK;
}


apigw_rc_t
apigw_limit_burst(apigw_str_t text, apigw_limit_t *limit, apigw_error_t *error)
{
    uint64_t    burst;
    apigw_rc_t  rc;

    rc = apigw_limit_whole(text, &burst);

    if (rc == APIGW_EINPUT) {
        return apigw_limit_fail(rc, "use a whole number above 0", error);
    }

    if (limit->kind == APIGW_LIMIT_UNLIMITED) {
        return APIGW_OK;
    }

    if (rc != APIGW_OK || !apigw_gcra_valid(burst, limit->gcra.period)) {
        return apigw_limit_fail(APIGW_ELIMIT, "use at least 1, and no more "
                                "than the rate grants in 31 days", error);
    }

    limit->gcra.burst = burst;

    return APIGW_OK;
}


apigw_rc_t
apigw_limit_cost(apigw_str_t text, uint64_t *cost, apigw_error_t *error)
{
    uint64_t    number;
    apigw_rc_t  rc;

    rc = apigw_limit_whole(text, &number);

    if (rc == APIGW_OK && number > APIGW_GCRA_MAX_COST) {
        rc = APIGW_ELIMIT;
    }

    if (rc != APIGW_OK) {
        return apigw_limit_fail(rc, "use a whole number from 0 to 1000000000",
                                error);
    }

    *cost = number;

    return APIGW_OK;
}


apigw_rc_t
apigw_limit_share(apigw_str_t text, uint64_t *share, apigw_error_t *error)
{
    size_t             i;
    uint64_t           scale, value;
    static const char  mend[] = "use a number above 0, at most 1, such as 0.25";

    /* one digit, then up to nine decimals */

    if (text.len == 0 || text.len > 11 || text.len == 2
        || text.data[0] < '0' || text.data[0] > '9'
        || (text.len > 1 && text.data[1] != '.'))
    {
        return apigw_limit_fail(APIGW_EINPUT, mend, error);
    }

    scale = APIGW_GCRA_SHARE;
    value = (text.data[0] - '0') * scale;

    for (i = 2; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return apigw_limit_fail(APIGW_EINPUT, mend, error);
        }

        scale /= 10;
        value += (text.data[i] - '0') * scale;
    }

    if (value == 0 || value > APIGW_GCRA_SHARE) {
        return apigw_limit_fail(APIGW_ELIMIT, mend, error);
    }

    *share = value;

    return APIGW_OK;
}


/* Reads leading digits; how many, or 0 if there are none or too many. */

static size_t
apigw_limit_number(apigw_str_t text, uint64_t *number)
{
    size_t    i;
    uint64_t  n;

    n = 0;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            break;
        }

        if (__builtin_mul_overflow(n, 10, &n)
            || __builtin_add_overflow(n, text.data[i] - '0', &n))
        {
            return 0;
        }
    }

    *number = n;

    return i;
}


static apigw_rc_t
apigw_limit_whole(apigw_str_t text, uint64_t *number)
{
    size_t  i;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return APIGW_EINPUT;
        }
    }

    if (text.len == 0) {
        return APIGW_EINPUT;
    }

    return apigw_limit_number(text, number) ? APIGW_OK : APIGW_ELIMIT;
}


/* The seconds of "r/m" and its like; 0 if it is none. */

static uint64_t
apigw_limit_unit(apigw_str_t text)
{
    if (text.len != 3 || memcmp(text.data, "r/", 2) != 0) {
        return 0;
    }

    switch (text.data[2]) {

    case 's':
        return 1;

    case 'm':
        return 60;

    case 'h':
        return 3600;

    case 'd':
        return 86400;

    default:
        return 0;
    }
}


static apigw_rc_t
apigw_limit_fail(apigw_rc_t rc, const char *word, apigw_error_t *error)
{
    error->word = word;
    error->offset = 0;

    return rc;
}
