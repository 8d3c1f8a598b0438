
#include "apigw_limit.h"


static apigw_rc_t apigw_limit_rate(apigw_str_t text, apigw_limit_t *limit,
    apigw_error_t *error);
static apigw_rc_t apigw_limit_quota(const apigw_limit_form_t *form,
    apigw_str_t text, apigw_limit_t *limit, apigw_error_t *error);
static apigw_rc_t apigw_limit_sliding(const apigw_limit_form_t *form,
    apigw_str_t text, apigw_limit_t *limit, apigw_error_t *error);
static void apigw_limit_windowed(apigw_limit_t *limit, apigw_limit_kind_e kind,
    uint64_t count, uint64_t seconds);
static apigw_rc_t apigw_limit_window(apigw_str_t text, uint64_t *count,
    uint64_t *seconds);
static size_t apigw_limit_number(apigw_str_t text, uint64_t *number);
static apigw_rc_t apigw_limit_whole(apigw_str_t text, uint64_t *number);
static uint64_t apigw_limit_unit(uint8_t ch);
static apigw_rc_t apigw_limit_fail(apigw_rc_t rc, const char *word,
    apigw_error_t *error);


apigw_rc_t
apigw_limit_read(const apigw_limit_form_t *form, apigw_str_t text,
    apigw_limit_t *limit, apigw_error_t *error)
{
    if (apigw_str_is(text, "unlimited")) {
        memset(limit, 0, sizeof(apigw_limit_t));
        limit->kind = APIGW_LIMIT_UNLIMITED;
        return APIGW_OK;
    }

    switch (form->kind) {

    case APIGW_LIMIT_QUOTA:
        return apigw_limit_quota(form, text, limit, error);

    case APIGW_LIMIT_SLIDING:
        return apigw_limit_sliding(form, text, limit, error);

    default:
        return apigw_limit_rate(text, limit, error);
    }
}


static apigw_rc_t
apigw_limit_rate(apigw_str_t text, apigw_limit_t *limit, apigw_error_t *error)
{
    size_t         n;
    uint64_t       exact;
    apigw_limit_t  made;

    memset(&made, 0, sizeof(apigw_limit_t));

    n = apigw_limit_number(text, &made.count);

    if (n && text.len - n == 3 && memcmp(text.data + n, "r/", 2) == 0) {
        made.unit = apigw_limit_unit(text.data[n + 2]);
    }

    if (made.unit == 0) {
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


static apigw_rc_t
apigw_limit_quota(const apigw_limit_form_t *form, apigw_str_t text,
    apigw_limit_t *limit, apigw_error_t *error)
{
    uint64_t    count, seconds;
    apigw_rc_t  rc;

    rc = apigw_limit_window(text, &count, &seconds);

    if (rc == APIGW_EINPUT) {
        return apigw_limit_fail(rc, "use <n>/<k><s|m|h|d> or <n>/month, such "
                                "as 1000/d", error);
    }

    if (rc != APIGW_OK || count > APIGW_WINDOW_MAX_QUOTA
        || seconds > APIGW_WINDOW_MAX_QUOTA_SPAN / APIGW_GCRA_SECOND)
    {
        return apigw_limit_fail(APIGW_ELIMIT, "use 1 to 1000000000000 in at "
                                "most 366 days", error);
    }

    if (seconds == 0 && form->first) {
        return apigw_limit_fail(APIGW_EINPUT, "a month is the calendar's: "
                                "remove align=first, or count days, such as "
                                "1000/30d", error);
    }

    apigw_limit_windowed(limit, form->kind, count, seconds);

    if (seconds == 0) {
        limit->window.kind = APIGW_WINDOW_MONTH;

    } else {
        limit->window.kind = form->first ? APIGW_WINDOW_FIRST
                                         : APIGW_WINDOW_CALENDAR;
    }

    return APIGW_OK;
}


static apigw_rc_t
apigw_limit_sliding(const apigw_limit_form_t *form, apigw_str_t text,
    apigw_limit_t *limit, apigw_error_t *error)
{
    uint64_t    count, seconds;
    apigw_rc_t  rc;

    rc = apigw_limit_window(text, &count, &seconds);

    if (rc == APIGW_EINPUT || (rc == APIGW_OK && seconds == 0)) {
        return apigw_limit_fail(APIGW_EINPUT, "use <n>/<k><s|m|h|d>, such as "
                                "100/m", error);
    }

    if (rc != APIGW_OK || count > APIGW_WINDOW_MAX_SLIDING
        || seconds > APIGW_WINDOW_MAX_SPAN / APIGW_GCRA_SECOND)
    {
        return apigw_limit_fail(APIGW_ELIMIT, "use 1 to 1000000000 in at most "
                                "31 days", error);
    }

    apigw_limit_windowed(limit, form->kind, count, seconds);

    limit->window.kind = form->strict ? APIGW_WINDOW_STRICT
                                      : APIGW_WINDOW_SLIDING;
    limit->window.parts = form->strict;

    return APIGW_OK;
}


static void
apigw_limit_windowed(apigw_limit_t *limit, apigw_limit_kind_e kind,
    uint64_t count, uint64_t seconds)
{
    memset(limit, 0, sizeof(apigw_limit_t));

    limit->kind = kind;
    limit->count = count;
    limit->unit = seconds;
    limit->window.limit = count;
    limit->window.length = seconds * APIGW_GCRA_SECOND;
}


/*
 * Reads "<n>/[<k>]<s|m|h|d>", or "<n>/month" as 0 seconds.
 * APIGW_EINPUT malformed, APIGW_ELIMIT 0, or beyond all bounds
 */

static apigw_rc_t
apigw_limit_window(apigw_str_t text, uint64_t *count, uint64_t *seconds)
{
    size_t       n, digits;
    uint64_t     unit, times;
    apigw_str_t  rest;

    n = apigw_limit_number(text, count);

    if (n == 0 || n == text.len || text.data[n] != '/') {
        return APIGW_EINPUT;
    }

    rest.data = text.data + n + 1;
    rest.len = text.len - n - 1;

    if (apigw_str_is(rest, "month")) {
        *seconds = 0;
        return *count ? APIGW_OK : APIGW_ELIMIT;
    }

    times = 1;
    digits = apigw_limit_number(rest, &times);

    if (rest.len != digits + 1) {
        return APIGW_EINPUT;
    }

    if (digits == 0) {
        times = 1;
    }

    unit = apigw_limit_unit(rest.data[digits]);

    if (unit == 0) {
        return APIGW_EINPUT;
    }

    if (*count == 0 || times == 0 || times > UINT32_MAX) {
        return APIGW_ELIMIT;
    }

    *seconds = times * unit;

    return APIGW_OK;
}


apigw_rc_t
apigw_limit_strict(apigw_str_t text, unsigned *strict, apigw_error_t *error)
{
    uint64_t    number;
    apigw_rc_t  rc;

    rc = apigw_limit_whole(text, &number);

    if (rc == APIGW_OK && (number < APIGW_WINDOW_MIN_PARTS
                           || number > APIGW_WINDOW_MAX_PARTS))
    {
        rc = APIGW_ELIMIT;
    }

    if (rc != APIGW_OK) {
        return apigw_limit_fail(rc, "use a whole number from 2 to 60", error);
    }

    *strict = number;

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

    if (limit->kind != APIGW_LIMIT_RATE) {
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


/* The seconds of a unit; 0 if it is none. */

static uint64_t
apigw_limit_unit(uint8_t ch)
{
    switch (ch) {

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
