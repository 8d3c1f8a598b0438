
/* When a Cluster is asked for its map of slots, and whom. */


#include "apigw_test.h"
#include "apigw_resp_refresh.h"


TEST(nothing_is_asked_without_a_reason)
{
    apigw_resp_refresh_t  r = { .begun = 0 };

    EXPECT(apigw_resp_refresh_wait(&r, 0) == UINT64_MAX);
    EXPECT(apigw_resp_refresh_wait(&r, 1000000) == UINT64_MAX);

    apigw_resp_refresh_want(&r);
    EXPECT(apigw_resp_refresh_wait(&r, 5) == 0);
    EXPECT(!r.known && !r.failed);
}


TEST(a_round_ends_with_a_map)
{
    uint32_t              who;
    apigw_resp_refresh_t  r = { .begun = 0 };

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_begin(&r, 3, 100);

    EXPECT(apigw_resp_refresh_wait(&r, 5000) == UINT64_MAX);
    EXPECT(apigw_resp_refresh_next(&r, 3, &who) && who == 0);
    EXPECT(apigw_resp_refresh_next(&r, 3, &who) && who == 1);

    apigw_resp_refresh_done(&r);
    EXPECT(r.known && !r.failed);
    EXPECT(apigw_resp_refresh_wait(&r, 5000) == UINT64_MAX);

    /* the next one begins with another candidate */

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_begin(&r, 3, 2000);
    EXPECT(apigw_resp_refresh_next(&r, 3, &who) && who == 2);
    EXPECT(apigw_resp_refresh_next(&r, 3, &who) && who == 0);
    EXPECT(apigw_resp_refresh_next(&r, 3, &who) && who == 1);
    EXPECT(!apigw_resp_refresh_next(&r, 3, &who));
}


TEST(rounds_begin_a_second_apart)
{
    uint32_t              who;
    apigw_resp_refresh_t  r = { .begun = 0 };

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_begin(&r, 1, 7000);
    EXPECT(apigw_resp_refresh_next(&r, 1, &who));
    EXPECT(!apigw_resp_refresh_next(&r, 1, &who));

    /* it came to nothing: that is a reason for the next one */

    EXPECT(r.failed && !r.known);
    EXPECT(apigw_resp_refresh_wait(&r, 7000) == 1000);
    EXPECT(apigw_resp_refresh_wait(&r, 7999) == 1);
    EXPECT(apigw_resp_refresh_wait(&r, 8000) == 0);

    apigw_resp_refresh_begin(&r, 1, 8000);
    EXPECT(apigw_resp_refresh_next(&r, 1, &who));
    apigw_resp_refresh_done(&r);
    EXPECT(r.known && !r.failed);

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_want(&r);
    EXPECT(apigw_resp_refresh_wait(&r, 8300) == 700);

    /* a round that fails later leaves the map known */

    apigw_resp_refresh_begin(&r, 0, 9000);
    EXPECT(!apigw_resp_refresh_next(&r, 0, &who));
    EXPECT(r.known && r.failed);
}


TEST(a_reason_during_a_round_is_for_the_next)
{
    uint32_t              who;
    apigw_resp_refresh_t  r = { .begun = 0 };

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_begin(&r, 2, 0);
    EXPECT(apigw_resp_refresh_next(&r, 2, &who));

    apigw_resp_refresh_want(&r);
    EXPECT(apigw_resp_refresh_wait(&r, 2000) == UINT64_MAX);

    apigw_resp_refresh_done(&r);
    EXPECT(apigw_resp_refresh_wait(&r, 400) == 600);

    apigw_resp_refresh_begin(&r, 2, 1000);
    EXPECT(apigw_resp_refresh_next(&r, 2, &who));
    apigw_resp_refresh_done(&r);
    EXPECT(apigw_resp_refresh_wait(&r, 9000) == UINT64_MAX);
}


TEST(a_cursor_may_wrap)
{
    uint32_t              i, who;
    apigw_resp_refresh_t  r = { .cursor = UINT32_MAX - 1 };

    apigw_resp_refresh_want(&r);
    apigw_resp_refresh_begin(&r, 5, 0);

    for (i = 0; i < 5; i++) {
        EXPECT(apigw_resp_refresh_next(&r, 5, &who) && who < 5);
    }

    EXPECT(!apigw_resp_refresh_next(&r, 5, &who));
}


TEST_MAIN(
    CASE(nothing_is_asked_without_a_reason),
    CASE(a_round_ends_with_a_map),
    CASE(rounds_begin_a_second_apart),
    CASE(a_reason_during_a_round_is_for_the_next),
    CASE(a_cursor_may_wrap)
)
