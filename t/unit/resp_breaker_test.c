
/* The circuit breaker and the pause between attempts to connect. */


#include "apigw_test.h"
#include "apigw_resp_breaker.h"


static const apigw_resp_breaker_conf_t  conf = { 5, 1000, 10000 };


static void
close_at(apigw_resp_breaker_t *br, uint64_t now)
{
    (void) apigw_resp_breaker_probe(br, now);
    apigw_resp_breaker_probed(br, true, now);
}


TEST(failures_in_a_row_open_it)
{
    unsigned              i;
    apigw_resp_breaker_t  br;

    apigw_resp_breaker_init(&br, &conf);

    for (i = 0; i < 4; i++) {
        EXPECT(!apigw_resp_breaker_count(&br, false, 100));
    }

    /* a success between them starts the row again */

    EXPECT(!apigw_resp_breaker_count(&br, true, 100));

    for (i = 0; i < 4; i++) {
        EXPECT(!apigw_resp_breaker_count(&br, false, 5000 + i));
    }

    EXPECT(br.state == APIGW_RESP_BREAKER_CLOSED);
    EXPECT(apigw_resp_breaker_count(&br, false, 9000));
    EXPECT(br.state == APIGW_RESP_BREAKER_OPEN);
    EXPECT(apigw_resp_breaker_wait(&br, 9000) == 1000);

    /* what ends while it is open is not counted */

    EXPECT(!apigw_resp_breaker_count(&br, true, 9001));
    EXPECT(!apigw_resp_breaker_count(&br, false, 9001));
    EXPECT(br.state == APIGW_RESP_BREAKER_OPEN);
}


TEST(half_of_twenty_in_a_second_open_it)
{
    unsigned              i;
    apigw_resp_breaker_t  br;

    apigw_resp_breaker_init(&br, &conf);

    for (i = 0; i < 9; i++) {
        EXPECT(!apigw_resp_breaker_count(&br, true, 1000 + i * 10));
        EXPECT(!apigw_resp_breaker_count(&br, false, 1500 + i * 10));
    }

    EXPECT(!apigw_resp_breaker_count(&br, true, 1900));
    EXPECT(apigw_resp_breaker_count(&br, false, 1900));
}


TEST(failures_a_second_apart_do_not_add_up)
{
    unsigned              i;
    apigw_resp_breaker_t  br;

    apigw_resp_breaker_init(&br, &conf);

    /* half of them fail, but only 16 end in any second */

    for (i = 0; i < 100; i++) {
        EXPECT(!apigw_resp_breaker_count(&br, true, i * 130));
        EXPECT(!apigw_resp_breaker_count(&br, false, i * 130));
    }
}


TEST(fewer_than_half_keep_it_closed)
{
    unsigned              i;
    apigw_resp_breaker_t  br;

    apigw_resp_breaker_init(&br, &conf);

    for (i = 0; i < 10000; i++) {
        EXPECT(!apigw_resp_breaker_count(&br, true, i));
        EXPECT(!apigw_resp_breaker_count(&br, true, i));
        EXPECT(!apigw_resp_breaker_count(&br, false, i));
    }
}


static void
fail_until_open(apigw_resp_breaker_t *br, uint64_t now)
{
    unsigned  i;

    for (i = 0; i < 5; i++) {
        (void) apigw_resp_breaker_count(br, false, now);
    }
}


TEST(one_probe_goes_when_the_time_is_over)
{
    apigw_resp_breaker_t  br;

    apigw_resp_breaker_init(&br, &conf);
    EXPECT(!apigw_resp_breaker_probe(&br, 0));

    fail_until_open(&br, 100);
    EXPECT(!apigw_resp_breaker_probe(&br, 1099));
    EXPECT(apigw_resp_breaker_wait(&br, 1099) == 1);
    EXPECT(apigw_resp_breaker_wait(&br, 1100) == 0);
    EXPECT(apigw_resp_breaker_probe(&br, 1100));
    EXPECT(br.state == APIGW_RESP_BREAKER_PROBING);
    EXPECT(!apigw_resp_breaker_probe(&br, 1100));
    EXPECT(apigw_resp_breaker_wait(&br, 1100) == 0);

    apigw_resp_breaker_probed(&br, true, 1110);
    EXPECT(br.state == APIGW_RESP_BREAKER_CLOSED);

    /* an answer that nobody waits for changes nothing */

    apigw_resp_breaker_probed(&br, false, 1110);
    EXPECT(br.state == APIGW_RESP_BREAKER_CLOSED);
}


TEST(failed_probes_double_the_time_to_its_maximum)
{
    unsigned              i;
    uint64_t              now;
    apigw_resp_breaker_t  br;

    static const uint64_t  open[] = { 1000, 2000, 4000, 8000, 10000, 10000 };

    apigw_resp_breaker_init(&br, &conf);

    now = 0;
    fail_until_open(&br, now);

    for (i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        EXPECT(apigw_resp_breaker_wait(&br, now) == open[i]);

        now += open[i];
        EXPECT(apigw_resp_breaker_probe(&br, now));
        apigw_resp_breaker_probed(&br, false, now);
    }

    /* a probe that comes back is not yet a good command */

    now += 10000;
    close_at(&br, now);
    fail_until_open(&br, now);
    EXPECT(apigw_resp_breaker_wait(&br, now) == 10000);

    now += 10000;
    close_at(&br, now);
    EXPECT(!apigw_resp_breaker_count(&br, true, now));
    fail_until_open(&br, now + 2000);
    EXPECT(apigw_resp_breaker_wait(&br, now + 2000) == 1000);
}


TEST(a_single_failure_may_be_enough)
{
    apigw_resp_breaker_t             br;
    const apigw_resp_breaker_conf_t  one = { 1, 7, 7 };

    apigw_resp_breaker_init(&br, &one);

    EXPECT(apigw_resp_breaker_count(&br, false, 0));
    EXPECT(apigw_resp_breaker_probe(&br, 7));
    apigw_resp_breaker_probed(&br, false, 7);
    EXPECT(apigw_resp_breaker_wait(&br, 7) == 7);
}


TEST(attempts_pause_longer_and_jitter_fully)
{
    unsigned              i;
    uint64_t              random, max;
    apigw_resp_backoff_t  backoff = { 0 };

    for (i = 0; i < 40; i++) {
        max = i < 7 ? 50u << i : 5000;
        max = max > 5000 ? 5000 : max;

        EXPECT(apigw_resp_backoff_pause(&backoff, 0) == 0);
        EXPECT(apigw_resp_backoff_pause(&backoff, max) == max);
        EXPECT(apigw_resp_backoff_pause(&backoff, max + 1) == 0);

        for (random = 0; random < 70000; random += 997) {
            EXPECT(apigw_resp_backoff_pause(&backoff, random) <= max);
        }

        apigw_resp_backoff_failed(&backoff);
    }

    backoff.failed = UINT32_MAX;
    apigw_resp_backoff_failed(&backoff);
    EXPECT(apigw_resp_backoff_pause(&backoff, 5000) == 5000);

    apigw_resp_backoff_reset(&backoff);
    EXPECT(apigw_resp_backoff_pause(&backoff, 5000) <= 50);
}


TEST_MAIN(
    CASE(failures_in_a_row_open_it),
    CASE(half_of_twenty_in_a_second_open_it),
    CASE(failures_a_second_apart_do_not_add_up),
    CASE(fewer_than_half_keep_it_closed),
    CASE(one_probe_goes_when_the_time_is_over),
    CASE(failed_probes_double_the_time_to_its_maximum),
    CASE(a_single_failure_may_be_enough),
    CASE(attempts_pause_longer_and_jitter_fully)
)
