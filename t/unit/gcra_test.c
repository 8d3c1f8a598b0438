
/*
 * The rate limit against a reference in 128-bit integers that follows the
 * definition word by word; and its promises: never above the rate in any
 * interval, denied one tick before `retry` and passed at it, refunds that
 * never give more than was taken.
 */


#include "apigw_gcra.h"
#include "apigw_test.h"


#define ROUNDS  200000


typedef __int128  wide_t;

typedef struct {
    wide_t      tat;
    wide_t      room;
    wide_t      fits;
} reference_t;


static uint64_t
pick(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;

    return *seed;
}


static wide_t
clamp(wide_t v, wide_t low, wide_t high)
{
    return v < low ? low : v > high ? high : v;
}


static reference_t
reference(const apigw_gcra_t *limit, wide_t tat, wide_t now, wide_t cost,
    wide_t n)
{
    wide_t       span;
    reference_t  r;

    span = (wide_t) limit->burst * limit->period;

    r.tat = clamp(tat, now, now + 2 * span);
    r.room = now + span - r.tat;

    if (cost == 0) {
        r.fits = n;

    } else if (r.room <= 0) {
        r.fits = 0;

    } else {
        r.fits = clamp(r.room / (cost * limit->period), 0, n);
    }

    return r;
}


/* Any valid limit, small and large ones alike. */

static apigw_gcra_t
any_limit(uint64_t *seed)
{
    apigw_gcra_t  limit;

    limit.period = 8 + pick(seed) % (1ull << (4 + pick(seed) % 38));
    limit.burst = 1 + pick(seed) % (1ull << (1 + pick(seed) % 38));

    if (!apigw_gcra_valid(limit.burst, limit.period)) {
        limit.burst = APIGW_GCRA_MAX_SPAN / limit.period;
    }

    if (limit.burst == 0) {
        limit.period = APIGW_GCRA_MAX_SPAN;
        limit.burst = 1;
    }

    return limit;
}


TEST(every_take_equals_the_reference)
{
    unsigned             i;
    uint64_t             seed, now, tat, cost, n;
    reference_t          r;
    apigw_gcra_t         limit;
    apigw_gcra_look_t    look;
    apigw_gcra_report_t  report;

    seed = 88172645463325252ull;

    for (i = 0; i < ROUNDS; i++) {
        limit = any_limit(&seed);
        now = 1 + pick(&seed) % (1ull << 51);
        tat = pick(&seed) % 3 ? now + pick(&seed)
                                      % (3 * limit.burst * limit.period)
                              : pick(&seed) % (1ull << 52);
        cost = pick(&seed) % 4 ? pick(&seed) % 9
                               : pick(&seed) % (APIGW_GCRA_MAX_COST + 1);
        n = 1 + pick(&seed) % (pick(&seed) % 2 ? 1 : 10000);

        r = reference(&limit, tat, now, cost, n);
        apigw_gcra_look(&limit, tat, now, cost, n, &look);

        EXPECT(look.tat == r.tat);
        EXPECT(look.room == r.room);
        EXPECT(look.fits == r.fits);

        apigw_gcra_charge(&limit, &look, cost, look.fits);

        r.tat += r.fits * (wide_t) cost * limit.period;
        r.room -= r.fits * (wide_t) cost * limit.period;

        EXPECT(look.tat == r.tat);
        EXPECT(look.tat < (1ull << 53));
        EXPECT(look.room == r.room);

        apigw_gcra_report(&limit, &look, now, cost, &report);

        EXPECT(report.remaining == (r.room > 0 ? r.room / limit.period : 0));
        EXPECT(report.full == r.tat - now);

        if (cost > limit.burst) {
            EXPECT(report.retry == -1);

        } else if (cost == 0) {
            EXPECT(report.retry == 0);

        } else {
            EXPECT(report.retry == clamp((wide_t) cost * limit.period - r.room,
                                         0, (wide_t) 1 << 62));
        }
    }
}


TEST(denied_one_tick_before_retry_and_passed_at_it)
{
    unsigned             i;
    uint64_t             seed, now, tat, cost;
    apigw_gcra_t         limit;
    apigw_gcra_look_t    look;
    apigw_gcra_report_t  report;

    seed = 1234567;

    for (i = 0; i < ROUNDS; i++) {
        limit = any_limit(&seed);
        now = 1 + pick(&seed) % (1ull << 50);
        tat = now + pick(&seed) % (2 * limit.burst * limit.period);
        cost = 1 + pick(&seed) % limit.burst;

        apigw_gcra_look(&limit, tat, now, cost, 1, &look);
        apigw_gcra_report(&limit, &look, now, cost, &report);

        EXPECT((report.retry == 0) == (look.fits == 1));

        if (report.retry > 0) {
            apigw_gcra_look(&limit, tat, now + report.retry - 1, cost, 1,
                            &look);
            EXPECT(look.fits == 0);

            apigw_gcra_look(&limit, tat, now + report.retry, cost, 1, &look);
            EXPECT(look.fits == 1);
        }
    }
}


/* Random arrivals; every interval between two passes is checked. */

TEST(no_interval_admits_more_than_burst_and_rate)
{
    unsigned           i, k, n, round;
    uint64_t           seed, now, tat, at[400];
    apigw_gcra_t       limit;
    apigw_gcra_look_t  look;

    seed = 42;

    for (round = 0; round < 50; round++) {
        limit.period = 1 + pick(&seed) % 1000;
        limit.burst = 1 + pick(&seed) % 20;
        now = 1000;
        tat = 0;
        n = 0;

        while (n < 400) {
            apigw_gcra_look(&limit, tat, now, 1, 1, &look);

            if (look.fits) {
                apigw_gcra_charge(&limit, &look, 1, 1);
                tat = look.tat;
                at[n++] = now;
            }

            now += pick(&seed) % (limit.period / 2 + 1);
        }

        for (i = 0; i < n; i++) {
            for (k = i; k < n; k++) {
                EXPECT(k - i + 1
                       <= limit.burst + (at[k] - at[i]) / limit.period);
            }
        }
    }
}


TEST(a_period_is_rounded_up_and_bounded)
{
    uint64_t  period;

    EXPECT(apigw_gcra_period(100, 60, &period) == APIGW_OK);
    EXPECT(period == 4800000);

    EXPECT(apigw_gcra_period(7, 60, &period) == APIGW_OK);
    EXPECT(period == 68571429);

    EXPECT(apigw_gcra_period(1000000, 1, &period) == APIGW_OK);
    EXPECT(period == 8);

    EXPECT(apigw_gcra_period(86400000000ull, 86400, &period) == APIGW_OK);
    EXPECT(period == 8);

    EXPECT(apigw_gcra_period(0, 60, &period) == APIGW_ELIMIT);
    EXPECT(apigw_gcra_period(1000001, 1, &period) == APIGW_ELIMIT);
    EXPECT(apigw_gcra_period(UINT64_MAX, 86400, &period) == APIGW_ELIMIT);
}


TEST(a_span_is_31_days_at_most)
{
    EXPECT(apigw_gcra_valid(31, 86400 * APIGW_GCRA_SECOND));
    EXPECT(!apigw_gcra_valid(32, 86400 * APIGW_GCRA_SECOND));
    EXPECT(!apigw_gcra_valid(0, 8));
    EXPECT(!apigw_gcra_valid(8, 0));
    EXPECT(!apigw_gcra_valid(UINT64_MAX, UINT64_MAX));
}


TEST(a_part_is_the_nodes_share)
{
    apigw_gcra_t  limit = { 100, 4800000 };
    apigw_gcra_t  part;

    part = apigw_gcra_part(&limit, APIGW_GCRA_SHARE);
    EXPECT(part.burst == 100 && part.period == 4800000);

    part = apigw_gcra_part(&limit, APIGW_GCRA_SHARE / 4);
    EXPECT(part.burst == 25 && part.period == 19200000);

    part = apigw_gcra_part(&limit, 333333333);
    EXPECT(part.burst == 33 && part.period == 14400001);

    part = apigw_gcra_part(&limit, 1);
    EXPECT(part.burst == 1);
    EXPECT(part.period == APIGW_GCRA_MAX_SPAN);
}


/* What was granted elsewhere empties a copy, but leaves no debt. */

TEST(a_copy_is_never_in_debt)
{
    apigw_gcra_t  limit = { 10, 100 };

    EXPECT(apigw_gcra_spend(&limit, 0, 5000, 3) == 5300);
    EXPECT(apigw_gcra_spend(&limit, 5300, 5000, 7) == 6000);
    EXPECT(apigw_gcra_spend(&limit, 6000, 5000, 1) == 6000);
    EXPECT(apigw_gcra_spend(&limit, 5950, 5000, 1) == 6000);
    EXPECT(apigw_gcra_spend(&limit, 0, 5000, APIGW_GCRA_MAX_COST) == 6000);
    EXPECT(apigw_gcra_spend(&limit, 9000, 5000, 1) == 9000);
}


/*
 * A charge given back leaves the limit as it would be without the charge,
 * never better: run both, and compare their states.
 */

TEST(a_refund_never_gives_more_than_was_taken)
{
    unsigned           i, k;
    uint64_t           seed, now, full, with, without, cost, other;
    apigw_gcra_t       limit;
    apigw_gcra_look_t  look;

    seed = 777;

    for (i = 0; i < ROUNDS; i++) {
        limit.burst = 1 + pick(&seed) % 50;
        limit.period = 1 + pick(&seed) % 1000;
        now = 1000000;

        without = now + pick(&seed) % (limit.burst * limit.period);
        cost = 1 + pick(&seed) % limit.burst;

        apigw_gcra_look(&limit, without, now, cost, 1, &look);

        if (!look.fits) {
            continue;
        }

        full = look.tat;
        apigw_gcra_charge(&limit, &look, cost, 1);
        with = look.tat;

        for (k = pick(&seed) % 4; k; k--) {
            now += pick(&seed) % (limit.burst * limit.period);
            other = 1 + pick(&seed) % 3;

            apigw_gcra_look(&limit, with, now, other, 1, &look);

            if (look.fits) {
                apigw_gcra_charge(&limit, &look, other, 1);
                with = look.tat;

                apigw_gcra_look(&limit, without, now, other, 1, &look);
                EXPECT(look.fits);
                apigw_gcra_charge(&limit, &look, other, 1);
                without = look.tat;
            }
        }

        now += pick(&seed) % (limit.burst * limit.period);

        with = apigw_gcra_give_back(&limit, with, now, cost, full);

        EXPECT((with > now ? with : now) >= (without > now ? without : now));
    }
}


TEST(a_refund_at_once_restores_the_state)
{
    apigw_gcra_t  limit = { 10, 100 };

    EXPECT(apigw_gcra_give_back(&limit, 5500, 5000, 3, 5200) == 5200);

    /* 400 ticks later a full bucket has dropped 200 of the 300 */
    EXPECT(apigw_gcra_give_back(&limit, 5500, 5400, 3, 5200) == 5400);

    EXPECT(apigw_gcra_give_back(&limit, 100, 5000, 3, 5200) == 0);
    EXPECT(apigw_gcra_give_back(&limit, 5500, 5000, 11, 5000) == 5500);
}


TEST(a_debit_ends_at_one_burst_of_debt)
{
    apigw_gcra_t  limit = { 10, 100 };

    EXPECT(apigw_gcra_debit(&limit, 0, 5000, 3) == 5300);
    EXPECT(apigw_gcra_debit(&limit, 5500, 5000, 3) == 5800);
    EXPECT(apigw_gcra_debit(&limit, 5500, 5000, 15) == 7000);
    EXPECT(apigw_gcra_debit(&limit, 5500, 5000, 16) == 7000);
    EXPECT(apigw_gcra_debit(&limit, 5500, 5000, 1000000000) == 7000);
    EXPECT(apigw_gcra_debit(&limit, 9000, 5000, 1) == 7000);
    EXPECT(apigw_gcra_debit(&limit, 5500, 5000, 0) == 5500);
}


TEST_MAIN(CASE(every_take_equals_the_reference),
          CASE(denied_one_tick_before_retry_and_passed_at_it),
          CASE(no_interval_admits_more_than_burst_and_rate),
          CASE(a_period_is_rounded_up_and_bounded),
          CASE(a_span_is_31_days_at_most),
          CASE(a_part_is_the_nodes_share),
          CASE(a_copy_is_never_in_debt),
          CASE(a_refund_never_gives_more_than_was_taken),
          CASE(a_refund_at_once_restores_the_state),
          CASE(a_debit_ends_at_one_burst_of_debt))
