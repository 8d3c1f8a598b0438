
/* Limits are read as written, or refused with the mend; never guessed at. */


#include "apigw_limit.h"
#include "apigw_test.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


TEST(a_rate_is_read)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(apigw_limit_rate(text("100r/m"), &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_RATE);
    EXPECT(limit.count == 100 && limit.unit == 60);
    EXPECT(limit.gcra.burst == 100 && limit.gcra.period == 4800000);
    EXPECT(!limit.rounded);

    EXPECT(apigw_limit_rate(text("1r/d"), &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 86400 && limit.gcra.burst == 1);

    EXPECT(apigw_limit_rate(text("5r/h"), &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 3600);

    EXPECT(apigw_limit_rate(text("1000000r/s"), &limit, &error) == APIGW_OK);
    EXPECT(limit.gcra.period == 8);

    EXPECT(apigw_limit_rate(text("unlimited"), &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_UNLIMITED);
}


TEST(a_coarse_rate_is_told)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(apigw_limit_rate(text("700000r/s"), &limit, &error) == APIGW_OK);
    EXPECT(limit.rounded);

    EXPECT(apigw_limit_rate(text("7r/m"), &limit, &error) == APIGW_OK);
    EXPECT(!limit.rounded);
}


TEST(a_malformed_rate_is_refused_and_changes_nothing)
{
    size_t         i;
    apigw_error_t  error;
    apigw_limit_t  limit, before;

    static const char  *bad[] = {
        "", "r/m", "100", "100r", "100r/", "100r/x", "100r/mm", "100 r/m",
        "-1r/m", "+1r/m", "1.5r/m", " 1r/m", "1r/m ", "0x10r/m", "100R/m",
        "100r/M", "Unlimited", "unlimited ", "100r/w", "99999999999999999999r/m"
    };

    memset(&before, 0x55, sizeof(before));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        limit = before;
        EXPECT(apigw_limit_rate(text(bad[i]), &limit, &error) == APIGW_EINPUT);
        EXPECT(strcmp(error.word, "use <n>r/<s|m|h|d>, such as 100r/m") == 0);
        EXPECT(memcmp(&limit, &before, sizeof(limit)) == 0);
    }
}


TEST(a_rate_out_of_bounds_is_refused)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(apigw_limit_rate(text("0r/m"), &limit, &error) == APIGW_ELIMIT);
    EXPECT(strcmp(error.word, "use 1 to 1000000 requests per second") == 0);
    EXPECT(apigw_limit_rate(text("1000001r/s"), &limit, &error)
           == APIGW_ELIMIT);
    EXPECT(apigw_limit_rate(text("18446744073709551615r/d"), &limit, &error)
           == APIGW_ELIMIT);
}


TEST(a_burst_is_read_within_31_days)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(apigw_limit_rate(text("1r/d"), &limit, &error) == APIGW_OK);
    EXPECT(apigw_limit_burst(text("31"), &limit, &error) == APIGW_OK);
    EXPECT(limit.gcra.burst == 31);

    EXPECT(apigw_limit_burst(text("32"), &limit, &error) == APIGW_ELIMIT);
    EXPECT(apigw_limit_burst(text("0"), &limit, &error) == APIGW_ELIMIT);
    EXPECT(apigw_limit_burst(text("99999999999999999999"), &limit, &error)
           == APIGW_ELIMIT);
    EXPECT(apigw_limit_burst(text(""), &limit, &error) == APIGW_EINPUT);
    EXPECT(apigw_limit_burst(text("1x"), &limit, &error) == APIGW_EINPUT);
    EXPECT(apigw_limit_burst(text("-1"), &limit, &error) == APIGW_EINPUT);
    EXPECT(limit.gcra.burst == 31);

    EXPECT(apigw_limit_rate(text("unlimited"), &limit, &error) == APIGW_OK);
    EXPECT(apigw_limit_burst(text("5"), &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_UNLIMITED);
}


TEST(a_cost_is_digits_up_to_a_billion)
{
    uint64_t       cost;
    apigw_error_t  error;

    cost = 7;

    EXPECT(apigw_limit_cost(text(""), &cost, &error) == APIGW_EINPUT);
    EXPECT(apigw_limit_cost(text("-1"), &cost, &error) == APIGW_EINPUT);
    EXPECT(apigw_limit_cost(text("1.0"), &cost, &error) == APIGW_EINPUT);
    EXPECT(apigw_limit_cost(text("1000000001"), &cost, &error)
           == APIGW_ELIMIT);
    EXPECT(apigw_limit_cost(text("12345678901234567890"), &cost, &error)
           == APIGW_ELIMIT);
    EXPECT(apigw_limit_cost(text("99999999999999999999"), &cost, &error)
           == APIGW_ELIMIT);
    EXPECT(cost == 7);

    EXPECT(apigw_limit_cost(text("0"), &cost, &error) == APIGW_OK);
    EXPECT(cost == 0);
    EXPECT(apigw_limit_cost(text("1000000000"), &cost, &error) == APIGW_OK);
    EXPECT(cost == 1000000000);
}


TEST(a_share_is_above_0_and_at_most_1)
{
    size_t         i;
    uint64_t       share;
    apigw_error_t  error;

    static const char  *bad[] = {
        "", "0", "0.0", "0.000000000", "1.1", "2", "-1", "0.", ".5", "1.",
        "0.5x", "0,5", "0.0000000001", "1.000000001", "01"
    };

    share = 7;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_limit_share(text(bad[i]), &share, &error) != APIGW_OK);
    }

    EXPECT(share == 7);

    EXPECT(apigw_limit_share(text("1"), &share, &error) == APIGW_OK);
    EXPECT(share == APIGW_GCRA_SHARE);
    EXPECT(apigw_limit_share(text("1.0"), &share, &error) == APIGW_OK);
    EXPECT(share == APIGW_GCRA_SHARE);
    EXPECT(apigw_limit_share(text("0.25"), &share, &error) == APIGW_OK);
    EXPECT(share == APIGW_GCRA_SHARE / 4);
    EXPECT(apigw_limit_share(text("0.000000001"), &share, &error) == APIGW_OK);
    EXPECT(share == 1);
}


TEST_MAIN(CASE(a_rate_is_read),
          CASE(a_coarse_rate_is_told),
          CASE(a_malformed_rate_is_refused_and_changes_nothing),
          CASE(a_rate_out_of_bounds_is_refused),
          CASE(a_burst_is_read_within_31_days),
          CASE(a_cost_is_digits_up_to_a_billion),
          CASE(a_share_is_above_0_and_at_most_1))
