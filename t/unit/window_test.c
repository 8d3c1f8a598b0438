
/*
 * Windows: what any interval admits, when a denied request passes, what a
 * refund gives back, and where months begin. The differential test compares
 * every reply with a reference.
 */


#include "apigw_window.h"
#include "apigw_test.h"

#include <time.h>


#define ROUNDS  3000
#define EVENTS  400
#define DAY     (86400 * APIGW_GCRA_SECOND)


static const apigw_window_kind_e  kinds[] = {
    APIGW_WINDOW_CALENDAR, APIGW_WINDOW_MONTH, APIGW_WINDOW_FIRST,
    APIGW_WINDOW_SLIDING, APIGW_WINDOW_STRICT
};


static uint64_t
pick(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;

    return *seed >> 33;
}


static apigw_window_t
some(uint64_t *seed, apigw_window_kind_e kind)
{
    apigw_window_t  window;

    window.kind = kind;
    window.limit = 1 + pick(seed) % (pick(seed) % 2 ? 5 : 1000);
    window.length = kind == APIGW_WINDOW_MONTH ? 0 : 60 + pick(seed) % 100000;
    window.parts = kind == APIGW_WINDOW_STRICT
                   ? 2 + pick(seed) % (APIGW_WINDOW_MAX_PARTS - 1) : 0;

    return window;
}


static uint64_t
span(const apigw_window_t *window)
{
    return window->length ? window->length : 31 * DAY;
}


static uint64_t
shortest(const apigw_window_t *window)
{
    return window->length ? window->length : 28 * DAY;
}


/* Takes as many of `n` as pass. */

static uint64_t
take(const apigw_window_t *window, apigw_window_state_t *state, uint64_t now,
    uint64_t cost, uint64_t n, apigw_window_look_t *look)
{
    apigw_window_look(window, state, now, cost, n, look);
    apigw_window_charge(window, state, look, cost, look->fits);

    return look->fits;
}


/* Units admitted in any `length` ticks: 2L - 1 sliding, L strict, 2L else. */

static uint64_t
bound(const apigw_window_t *window)
{
    switch (window->kind) {

    case APIGW_WINDOW_SLIDING:
        return 2 * window->limit - 1;

    case APIGW_WINDOW_STRICT:
        return window->limit;

    default:
        return 2 * window->limit;
    }
}


TEST(no_interval_admits_more_than_its_bound)
{
    unsigned              i, k, first, round;
    uint64_t              seed, now, sum, when[EVENTS], units[EVENTS];
    apigw_window_t        window;
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    seed = 11;

    for (round = 0; round < 300; round++) {
        window = some(&seed, kinds[round % 5]);
        memset(&state, 0, sizeof(state));

        /* from near a window's end on: greedy, in steps of many sizes */

        now = 1000 * span(&window) - 1 - pick(&seed) % 3;

        for (i = 0; i < EVENTS; i++) {
            when[i] = now;
            k = 1 + pick(&seed) % 3;
            units[i] = k * take(&window, &state, now, k,
                                1 + pick(&seed) % window.limit, &look);
            now += pick(&seed) % (1 + span(&window)
                                      / (1 + pick(&seed) % 50));
        }

        sum = 0;
        first = 0;

        for (i = 0; i < EVENTS; i++) {
            sum += units[i];

            while (when[i] - when[first] >= shortest(&window)) {
                sum -= units[first++];
            }

            EXPECT(sum <= bound(&window));
        }
    }
}


TEST(a_quota_admits_exactly_its_limit_in_each_window)
{
    unsigned              i, round;
    uint64_t              seed, now, sum, end;
    apigw_window_t        window;
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    seed = 12;

    for (round = 0; round < 90; round++) {
        window = some(&seed, kinds[round % 3]);
        memset(&state, 0, sizeof(state));
        now = 1000 * span(&window);
        sum = end = 0;

        for (i = 0; i < EVENTS; i++) {
            apigw_window_look(&window, &state, now, 1, 1, &look);

            if (look.end != end) {
                EXPECT(end == 0 || sum == window.limit);
                EXPECT(now >= end);
                end = look.end;
                sum = 0;
            }

            sum += take(&window, &state, now, 1, 1000, &look);
            EXPECT(look.end == end && sum <= window.limit);
            now += pick(&seed) % (span(&window) / 3);
        }
    }
}


TEST(denied_one_tick_before_retry_and_passed_at_it)
{
    unsigned              i, k, denied;
    uint64_t              seed, now, cost;
    apigw_window_t        window;
    apigw_window_look_t   look;
    apigw_gcra_report_t   report;
    apigw_window_state_t  state, later;

    seed = 13;
    denied = 0;

    for (i = 0; i < ROUNDS; i++) {
        window = some(&seed, kinds[i % 5]);
        memset(&state, 0, sizeof(state));
        now = 1000 * span(&window) + pick(&seed) % span(&window);

        for (k = 0; k < 20; k++) {
            cost = 1 + pick(&seed) % window.limit;
            (void) take(&window, &state, now, cost, 1, &look);
            apigw_window_report(&window, &state, &look, now, cost, &report);
            EXPECT(report.full == look.end - now);

            if (report.retry > 0) {
                denied++;
                later = state;
                apigw_window_look(&window, &later, now + report.retry - 1,
                                  cost, 1, &look);
                EXPECT(look.fits == 0);

                later = state;
                apigw_window_look(&window, &later, now + report.retry, cost,
                                  1, &look);
                EXPECT(look.fits == 1);
            }

            /* now and then a debit, and a clock that steps back */

            if (pick(&seed) % 8 == 0) {
                apigw_window_debit(&window, &state, pick(&seed) % 2000);
            }

            now += pick(&seed) % (span(&window) / 2);

            if (pick(&seed) % 8 == 0) {
                now -= pick(&seed) % (2 * span(&window));
            }
        }
    }

    EXPECT(denied > ROUNDS);
}


/*
 * A charge given back leaves the limit as it would be without the charge,
 * never better: run both. Where the charge opens the window itself there is
 * no such comparison.
 */

TEST(a_refund_never_gives_more_than_was_taken)
{
    unsigned              i, k;
    uint64_t              seed, now, cost, other, end;
    apigw_window_t        window;
    apigw_window_look_t   look, least;
    apigw_window_state_t  with, without;

    seed = 14;

    for (i = 0; i < ROUNDS; i++) {
        window = some(&seed, kinds[i % 5]);

        if (window.kind == APIGW_WINDOW_FIRST) {
            continue;
        }

        memset(&with, 0, sizeof(with));
        now = 1000 * span(&window) + pick(&seed) % span(&window);
        (void) take(&window, &with, now, 1, pick(&seed) % window.limit, &look);
        without = with;

        cost = 1 + pick(&seed) % window.limit;

        if (!take(&window, &with, now, cost, 1, &look)) {
            continue;
        }

        end = look.end;

        for (k = pick(&seed) % 4; k; k--) {
            now += pick(&seed) % span(&window);
            other = 1 + pick(&seed) % 3;

            if (take(&window, &with, now, other, 1, &look)) {
                EXPECT(take(&window, &without, now, other, 1, &look));
            }
        }

        apigw_window_look(&window, &with, now, 0, 1, &look);
        (void) apigw_window_give_back(&window, &with, &look, cost, end);

        for (k = 0; k < 5; k++) {
            apigw_window_look(&window, &with, now, 0, 1, &look);
            apigw_window_look(&window, &without, now, 0, 1, &least);
            EXPECT(look.room <= least.room);
            now += span(&window) / 2;
        }
    }
}


TEST(a_refund_at_once_restores_the_count_and_a_late_one_does_nothing)
{
    unsigned              i;
    apigw_window_t        window = { 0, 10, 600, 3 };
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    for (i = 0; i < 5; i++) {
        window.kind = kinds[i];
        window.length = kinds[i] == APIGW_WINDOW_MONTH ? 0 : 600;
        memset(&state, 0, sizeof(state));

        EXPECT(take(&window, &state, 6000, 3, 1, &look) == 1);
        EXPECT(apigw_window_give_back(&window, &state, &look, 2, look.end));
        EXPECT(state.count == 1);
        EXPECT(apigw_window_give_back(&window, &state, &look, 2, look.end));
        EXPECT(state.count == 0);

        EXPECT(!apigw_window_give_back(&window, &state, &look, 2,
                                       look.end + 600));
        EXPECT(!apigw_window_give_back(&window, &state, &look, 2,
                                       look.end - 1));
        EXPECT(!apigw_window_give_back(&window, &state, &look, 2, 0));
    }

    /* the older bucket of a sliding window counts, one before it does not */

    window.kind = APIGW_WINDOW_SLIDING;
    memset(&state, 0, sizeof(state));
    (void) take(&window, &state, 6000, 5, 1, &look);
    apigw_window_look(&window, &state, 6600, 0, 1, &look);
    EXPECT(apigw_window_give_back(&window, &state, &look, 2, 6600));
    EXPECT(state.older[0] == 3 && state.count == 0);
    apigw_window_look(&window, &state, 7200, 0, 1, &look);
    EXPECT(!apigw_window_give_back(&window, &state, &look, 2, 6600));
}


TEST(a_cost_above_the_limit_never_passes_and_none_always)
{
    unsigned              i;
    apigw_window_t        window = { 0, 10, 600, 3 };
    apigw_window_look_t   look;
    apigw_gcra_report_t   report;
    apigw_window_state_t  state;

    for (i = 0; i < 5; i++) {
        window.kind = kinds[i];
        window.length = kinds[i] == APIGW_WINDOW_MONTH ? 0 : 600;
        memset(&state, 0, sizeof(state));

        apigw_window_look(&window, &state, 6000, 11, 5, &look);
        apigw_window_report(&window, &state, &look, 6000, 11, &report);
        EXPECT(look.fits == 0 && report.retry == -1);

        apigw_window_look(&window, &state, 6000, APIGW_GCRA_MAX_COST, 5,
                          &look);
        EXPECT(look.fits == 0);

        apigw_window_debit(&window, &state, 1000);
        apigw_window_look(&window, &state, 6000, 0, 5, &look);
        apigw_window_report(&window, &state, &look, 6000, 0, &report);
        EXPECT(look.fits == 5 && look.room == -990);
        EXPECT(report.retry == 0 && report.remaining == 0);
    }
}


TEST(debts_have_an_end)
{
    unsigned              i, k;
    uint64_t              most;
    apigw_window_t        window = { 0, 10, 600, 3 };
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    for (i = 0; i < 5; i++) {
        window.kind = kinds[i];
        window.length = kinds[i] == APIGW_WINDOW_MONTH ? 0 : 600;
        memset(&state, 0, sizeof(state));

        most = apigw_window_older(&window) ? APIGW_WINDOW_MAX_BUCKET
                                           : APIGW_WINDOW_MAX_COUNT;

        for (k = 0; k < 10; k++) {
            apigw_window_look(&window, &state, 6000, 0, 1, &look);
            apigw_window_debit(&window, &state, most / 4);
        }

        EXPECT(state.count == most);
        apigw_window_look(&window, &state, 6000, 1, 1, &look);
        EXPECT(look.fits == 0 && look.room < 0);
    }
}


TEST(a_window_never_goes_back_unless_the_clock_is_over_one_behind)
{
    unsigned              i;
    uint64_t              now, ahead;
    apigw_window_t        window = { 0, 10, 600, 3 };
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    for (i = 0; i < 5; i++) {
        window.kind = kinds[i];
        window.length = kinds[i] == APIGW_WINDOW_MONTH ? 0 : 600;
        memset(&state, 0, sizeof(state));

        now = 100 * span(&window);
        ahead = kinds[i] == APIGW_WINDOW_MONTH ? 62 * DAY : 1200;

        EXPECT(take(&window, &state, now, 10, 1, &look) == 1);

        apigw_window_look(&window, &state, now - 1, 1, 1, &look);
        EXPECT(look.fits == 0 && look.end > now);

        apigw_window_look(&window, &state, now - ahead, 1, 1, &look);
        EXPECT(look.fits == 1 && look.end < now);
    }
}


TEST(what_is_granted_elsewhere_is_counted_but_not_owed)
{
    apigw_window_t        window = { APIGW_WINDOW_SLIDING, 10, 600, 0 };
    apigw_window_look_t   look;
    apigw_window_state_t  state;

    memset(&state, 0, sizeof(state));
    apigw_window_look(&window, &state, 6000, 0, 1, &look);
    EXPECT(apigw_window_spend(&window, &state, &look, 7));
    EXPECT(apigw_window_spend(&window, &state, &look, 7));
    EXPECT(state.count == 10);
    EXPECT(!apigw_window_spend(&window, &state, &look, 7));
    EXPECT(state.count == 10);
}


/* The cores ask no libc; the test does. */

TEST(months_begin_as_the_calendar_says)
{
    struct tm  tm;
    unsigned   day, i;
    uint64_t   starts[4], want;
    time_t     now;

    for (day = 0; day < 36 * 365; day++) {
        now = APIGW_WINDOW_EPOCH + day * 86400ull;
        apigw_window_months(day * DAY + day % DAY, starts);

        for (i = 0; i < 4; i++) {
            (void) gmtime_r(&now, &tm);
            tm.tm_mday = 1;
            tm.tm_mon += (int) i - 1;
            tm.tm_isdst = 0;

            want = day < 31 && i == 0 ? APIGW_WINDOW_EPOCH
                                      : (uint64_t) timegm(&tm);

            EXPECT(starts[i] == (want - APIGW_WINDOW_EPOCH)
                                * APIGW_GCRA_SECOND);
        }
    }

    /* the last tick of a February, and the first of March */

    apigw_window_months(60 * DAY - 1, starts);
    EXPECT(starts[1] == 31 * DAY && starts[2] == 60 * DAY);
    apigw_window_months(60 * DAY, starts);
    EXPECT(starts[1] == 60 * DAY && starts[2] == 91 * DAY);

    /* 2100 is no leap year */

    apigw_window_months((76 * 365 + 19 + 58) * DAY, starts);
    EXPECT(starts[2] - starts[1] == 28 * DAY);
}


TEST(limits_have_bounds)
{
    apigw_window_t  window = { APIGW_WINDOW_CALENDAR, 1, APIGW_GCRA_SECOND, 0 };

    EXPECT(apigw_window_valid(&window));
    window.limit = APIGW_WINDOW_MAX_QUOTA;
    EXPECT(apigw_window_valid(&window));
    window.limit++;
    EXPECT(!apigw_window_valid(&window));
    window.limit = 0;
    EXPECT(!apigw_window_valid(&window));

    window.limit = APIGW_WINDOW_MAX_SLIDING;
    window.kind = APIGW_WINDOW_SLIDING;
    window.length = APIGW_WINDOW_MAX_SPAN;
    EXPECT(apigw_window_valid(&window));
    window.length++;
    EXPECT(!apigw_window_valid(&window));
    window.length = APIGW_GCRA_SECOND - 1;
    EXPECT(!apigw_window_valid(&window));

    window.length = APIGW_GCRA_SECOND;
    window.limit++;
    EXPECT(!apigw_window_valid(&window));

    window.limit = 5;
    window.kind = APIGW_WINDOW_STRICT;
    window.parts = 1;
    EXPECT(!apigw_window_valid(&window));
    window.parts = 2;
    EXPECT(apigw_window_valid(&window));
    window.parts = 60;
    EXPECT(apigw_window_valid(&window));
    window.parts = 61;
    EXPECT(!apigw_window_valid(&window));

    window.kind = APIGW_WINDOW_MONTH;
    EXPECT(!apigw_window_valid(&window));
    window.length = 0;
    EXPECT(apigw_window_valid(&window));
}


TEST(a_part_is_the_nodes_share)
{
    apigw_window_t  window = { APIGW_WINDOW_CALENDAR, 0, 600, 0 };

    window.limit = 1000000000000ull;

    EXPECT(apigw_window_part(&window, APIGW_GCRA_SHARE).limit
           == 1000000000000ull);
    EXPECT(apigw_window_part(&window, APIGW_GCRA_SHARE / 4).limit
           == 250000000000ull);
    EXPECT(apigw_window_part(&window, 1).limit == 1000);
    window.limit = 3;
    EXPECT(apigw_window_part(&window, APIGW_GCRA_SHARE / 2).limit == 1);
    EXPECT(apigw_window_part(&window, 1).limit == 1);
    EXPECT(apigw_window_part(&window, 1).length == 600);
}


TEST_MAIN(CASE(no_interval_admits_more_than_its_bound),
          CASE(a_quota_admits_exactly_its_limit_in_each_window),
          CASE(denied_one_tick_before_retry_and_passed_at_it),
          CASE(a_refund_never_gives_more_than_was_taken),
          CASE(a_refund_at_once_restores_the_count_and_a_late_one_does_nothing),
          CASE(a_cost_above_the_limit_never_passes_and_none_always),
          CASE(debts_have_an_end),
          CASE(a_window_never_goes_back_unless_the_clock_is_over_one_behind),
          CASE(what_is_granted_elsewhere_is_counted_but_not_owed),
          CASE(months_begin_as_the_calendar_says),
          CASE(limits_have_bounds),
          CASE(a_part_is_the_nodes_share))
