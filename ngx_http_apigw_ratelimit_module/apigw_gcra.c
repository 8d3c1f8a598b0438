
#include "apigw_gcra.h"


apigw_rc_t
apigw_gcra_period(uint64_t count, uint64_t unit, uint64_t *period)
{
    /* unit is a day at most: no product here leaves 64 bits */

    if (count == 0 || count > APIGW_GCRA_MAX_RATE * unit) {
        return APIGW_ELIMIT;
    }

    *period = (APIGW_GCRA_SECOND * unit + count - 1) / count;

    return APIGW_OK;
}


bool
apigw_gcra_valid(uint64_t burst, uint64_t period)
{
    return burst && period && burst <= APIGW_GCRA_MAX_SPAN / period;
}


apigw_gcra_t
apigw_gcra_part(const apigw_gcra_t *limit, uint64_t share)
{
    uint64_t      most;
    apigw_gcra_t  part;

    /* B and T reach 2^45: times 10^9 they don't fit 64 bits */

    part.burst = (unsigned __int128) limit->burst * share / APIGW_GCRA_SHARE;

    if (part.burst == 0) {
        part.burst = 1;
    }

    most = APIGW_GCRA_MAX_SPAN / part.burst;

    if ((unsigned __int128) limit->period * APIGW_GCRA_SHARE
        > (unsigned __int128) most * share)
    {
        part.period = most;

    } else {
        part.period = ((unsigned __int128) limit->period * APIGW_GCRA_SHARE
                       + share - 1) / share;
    }

    return part;
}


void
apigw_gcra_look(const apigw_gcra_t *limit, uint64_t tat, uint64_t now,
    uint64_t cost, uint64_t n, apigw_gcra_look_t *look)
{
    uint64_t  span, fits;

    span = limit->burst * limit->period;

    if (tat < now) {
        tat = now;

    } else if (tat > now + 2 * span) {
        tat = now + 2 * span;
    }

    look->tat = tat;
    look->room = (int64_t) (now + span) - (int64_t) tat;

    if (cost == 0) {
        look->fits = n;
        return;
    }

    if (cost > limit->burst || look->room <= 0) {
        look->fits = 0;
        return;
    }

    if (n == 1) {
        look->fits = (uint64_t) look->room >= cost * limit->period;
        return;
    }

    fits = (uint64_t) look->room / (cost * limit->period);
    look->fits = fits < n ? fits : n;
}


void
apigw_gcra_charge(const apigw_gcra_t *limit, apigw_gcra_look_t *look,
    uint64_t cost, uint64_t n)
{
    uint64_t  used;

    if (n == 0 || cost == 0) {
        return;
    }

    used = n * cost * limit->period;

    look->tat += used;
    look->room -= (int64_t) used;
}


void
apigw_gcra_report(const apigw_gcra_t *limit, const apigw_gcra_look_t *look,
    uint64_t now, uint64_t cost, apigw_gcra_report_t *report)
{
    int64_t  missing;

    report->remaining = look->room > 0
                        ? (uint64_t) look->room / limit->period : 0;
    report->full = look->tat - now;

    if (cost == 0) {
        report->retry = 0;
        return;
    }

    if (cost > limit->burst) {
        report->retry = -1;
        return;
    }

    missing = (int64_t) (cost * limit->period) - look->room;
    report->retry = missing > 0 ? missing : 0;
}


uint64_t
apigw_gcra_spend(const apigw_gcra_t *limit, uint64_t tat, uint64_t now,
    uint64_t cost)
{
    uint64_t  span, room;

    span = limit->burst * limit->period;

    if (tat < now) {
        tat = now;
    }

    if (tat >= now + span) {
        return tat;
    }

    room = now + span - tat;

    if (cost > room / limit->period) {
        return now + span;
    }

    return tat + cost * limit->period;
}


uint64_t
apigw_gcra_debit(const apigw_gcra_t *limit, uint64_t tat, uint64_t now,
    uint64_t cost)
{
    uint64_t  most;

    most = now + 2 * limit->burst * limit->period;

    if (tat < now) {
        tat = now;
    }

    if (tat >= most || cost > (most - tat) / limit->period) {
        return most;
    }

    return tat + cost * limit->period;
}


uint64_t
apigw_gcra_give_back(const apigw_gcra_t *limit, uint64_t tat, uint64_t now,
    uint64_t cost, uint64_t full)
{
    uint64_t  back, lost;

    if (cost > limit->burst) {
        return tat;
    }

    lost = now > full ? now - full : 0;

    back = cost * limit->period;
    back = back > lost ? back - lost : 0;

    return tat > back ? tat - back : 0;
}
