
/* Limits are read as written, or refused with the mend; never guessed at. */


#include "apigw_limit.h"
#include "apigw_test.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


static apigw_rc_t
read_limit(apigw_limit_kind_e kind, const char *s, apigw_limit_t *limit,
    apigw_error_t *error)
{
    apigw_limit_form_t  form = { .kind = kind };

    return apigw_limit_read(&form, text(s), limit, error);
}


static apigw_rc_t
rate(const char *s, apigw_limit_t *limit, apigw_error_t *error)
{
    return read_limit(APIGW_LIMIT_RATE, s, limit, error);
}


static apigw_rc_t
quota(const char *s, apigw_limit_t *limit, apigw_error_t *error)
{
    return read_limit(APIGW_LIMIT_QUOTA, s, limit, error);
}


static apigw_rc_t
sliding(const char *s, apigw_limit_t *limit, apigw_error_t *error)
{
    return read_limit(APIGW_LIMIT_SLIDING, s, limit, error);
}


TEST(a_rate_is_read)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(rate("100r/m", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_RATE);
    EXPECT(limit.count == 100 && limit.unit == 60);
    EXPECT(limit.gcra.burst == 100 && limit.gcra.period == 4800000);
    EXPECT(!limit.rounded);

    EXPECT(rate("1r/d", &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 86400 && limit.gcra.burst == 1);

    EXPECT(rate("5r/h", &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 3600);

    EXPECT(rate("1000000r/s", &limit, &error) == APIGW_OK);
    EXPECT(limit.gcra.period == 8);

    EXPECT(rate("unlimited", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_UNLIMITED);
}


TEST(a_coarse_rate_is_told)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(rate("700000r/s", &limit, &error) == APIGW_OK);
    EXPECT(limit.rounded);

    EXPECT(rate("7r/m", &limit, &error) == APIGW_OK);
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
        EXPECT(rate(bad[i], &limit, &error) == APIGW_EINPUT);
        EXPECT(strcmp(error.word, "use <n>r/<s|m|h|d>, such as 100r/m") == 0);
        EXPECT(memcmp(&limit, &before, sizeof(limit)) == 0);
    }
}


TEST(a_rate_out_of_bounds_is_refused)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(rate("0r/m", &limit, &error) == APIGW_ELIMIT);
    EXPECT(strcmp(error.word, "use 1 to 1000000 requests per second") == 0);
    EXPECT(rate("1000001r/s", &limit, &error) == APIGW_ELIMIT);
    EXPECT(rate("18446744073709551615r/d", &limit, &error)
           == APIGW_ELIMIT);
}


TEST(a_quota_is_read)
{
    apigw_error_t       error;
    apigw_limit_t       limit;
    apigw_limit_form_t  first = { .kind = APIGW_LIMIT_QUOTA, .first = true };

    EXPECT(quota("1000/d", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_QUOTA);
    EXPECT(limit.count == 1000 && limit.unit == 86400);
    EXPECT(limit.window.kind == APIGW_WINDOW_CALENDAR);
    EXPECT(limit.window.limit == 1000);
    EXPECT(limit.window.length == 86400 * APIGW_GCRA_SECOND);
    EXPECT(apigw_window_valid(&limit.window));
    EXPECT(apigw_limit_most(&limit) == 1000 && !limit.rounded);

    EXPECT(quota("10/15m", &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 900);
    EXPECT(quota("10/0015m", &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 900);
    EXPECT(quota("1/s", &limit, &error) == APIGW_OK);
    EXPECT(limit.unit == 1);
    EXPECT(quota("1000000000000/366d", &limit, &error) == APIGW_OK);
    EXPECT(apigw_window_valid(&limit.window));

    EXPECT(quota("100000/month", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_QUOTA);
    EXPECT(limit.window.kind == APIGW_WINDOW_MONTH);
    EXPECT(limit.unit == 0 && limit.window.length == 0);
    EXPECT(apigw_window_valid(&limit.window));

    EXPECT(apigw_limit_read(&first, text("10/15m"), &limit, &error)
           == APIGW_OK);
    EXPECT(limit.window.kind == APIGW_WINDOW_FIRST);
    EXPECT(apigw_limit_read(&first, text("10/month"), &limit, &error)
           == APIGW_EINPUT);
    EXPECT(strcmp(error.word, "a month is the calendar's: remove align=first, "
                              "or count days, such as 1000/30d") == 0);
    EXPECT(limit.window.kind == APIGW_WINDOW_FIRST);

    EXPECT(quota("unlimited", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_UNLIMITED);
}


TEST(a_sliding_limit_is_read)
{
    apigw_error_t       error;
    apigw_limit_t       limit;
    apigw_limit_form_t  strict = { .kind = APIGW_LIMIT_SLIDING, .strict = 6 };

    EXPECT(sliding("100/m", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_SLIDING);
    EXPECT(limit.window.kind == APIGW_WINDOW_SLIDING);
    EXPECT(limit.window.limit == 100 && limit.unit == 60);
    EXPECT(limit.window.length == 60 * APIGW_GCRA_SECOND);
    EXPECT(sliding("1000000000/31d", &limit, &error) == APIGW_OK);
    EXPECT(apigw_window_valid(&limit.window));

    EXPECT(apigw_limit_read(&strict, text("100/2h"), &limit, &error)
           == APIGW_OK);
    EXPECT(limit.window.kind == APIGW_WINDOW_STRICT);
    EXPECT(limit.window.parts == 6 && limit.unit == 7200);
    EXPECT(apigw_window_valid(&limit.window));

    /* a burst is of rates alone */
    EXPECT(apigw_limit_burst(text("5"), &limit, &error) == APIGW_OK);
    EXPECT(apigw_limit_most(&limit) == 100);

    EXPECT(sliding("unlimited", &limit, &error) == APIGW_OK);
    EXPECT(limit.kind == APIGW_LIMIT_UNLIMITED);
}


TEST(a_malformed_window_is_refused_and_changes_nothing)
{
    size_t         i;
    apigw_error_t  error;
    apigw_limit_t  limit, before;

    static const char  *bad[] = {
        "", "/d", "100", "100/", "100/15", "100/x", "100/dd", "100/15md",
        "100 /d", "100/ d", "100/d ", " 100/d", "-1/d", "+1/d", "1.5/d",
        "1/1.5d", "1/-1d", "1/+1d", "0x10/d", "100/D", "100/w", "100r/d",
        "100//d", "100/d/d", "Unlimited", "100/Month", "100/months",
        "100/1month", "100/mont", "99999999999999999999/d",
        "1/99999999999999999999d"
    };

    memset(&before, 0x55, sizeof(before));

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        limit = before;
        EXPECT(quota(bad[i], &limit, &error) == APIGW_EINPUT);
        EXPECT(strcmp(error.word, "use <n>/<k><s|m|h|d> or <n>/month, such as "
                                  "1000/d") == 0);
        EXPECT(sliding(bad[i], &limit, &error) == APIGW_EINPUT);
        EXPECT(strcmp(error.word, "use <n>/<k><s|m|h|d>, such as 100/m")
               == 0);
        EXPECT(memcmp(&limit, &before, sizeof(limit)) == 0);
    }

    EXPECT(sliding("100/month", &limit, &error) == APIGW_EINPUT);
    EXPECT(memcmp(&limit, &before, sizeof(limit)) == 0);
}


TEST(a_window_out_of_bounds_is_refused)
{
    size_t         i;
    apigw_error_t  error;
    apigw_limit_t  limit, before;

    static const char  *both[] = {
        "0/d", "1/0d", "0/0d", "1/367d", "1/4294967296s", "1/4294967297d",
        "1/18446744073709551615s", "18446744073709551615/d",
        "1000000000001/d"
    };
    static const char  *slides[] = { "1000000001/m", "1/32d", "1/2678401s" };

    memset(&before, 0x55, sizeof(before));
    limit = before;

    for (i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        EXPECT(quota(both[i], &limit, &error) == APIGW_ELIMIT);
        EXPECT(strcmp(error.word, "use 1 to 1000000000000 in at most 366 days")
               == 0);
        EXPECT(sliding(both[i], &limit, &error) == APIGW_ELIMIT);
    }

    for (i = 0; i < sizeof(slides) / sizeof(slides[0]); i++) {
        EXPECT(sliding(slides[i], &limit, &error) == APIGW_ELIMIT);
        EXPECT(strcmp(error.word, "use 1 to 1000000000 in at most 31 days")
               == 0);
    }

    EXPECT(quota("0/month", &limit, &error) == APIGW_ELIMIT);
    EXPECT(quota("1000000000001/month", &limit, &error) == APIGW_ELIMIT);
    EXPECT(memcmp(&limit, &before, sizeof(limit)) == 0);
}


TEST(strict_is_2_to_60)
{
    size_t         i;
    unsigned       strict;
    apigw_error_t  error;

    static const char  *bad[] = {
        "", "0", "1", "61", "-2", "+2", "2.0", "2x", " 2", "4294967298",
        "18446744073709551618", "99999999999999999999"
    };

    strict = 7;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_limit_strict(text(bad[i]), &strict, &error) != APIGW_OK);
        EXPECT(strcmp(error.word, "use a whole number from 2 to 60") == 0);
    }

    EXPECT(strict == 7);
    EXPECT(apigw_limit_strict(text("2"), &strict, &error) == APIGW_OK);
    EXPECT(strict == 2);
    EXPECT(apigw_limit_strict(text("60"), &strict, &error) == APIGW_OK);
    EXPECT(strict == 60);
}


TEST(a_burst_is_read_within_31_days)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    EXPECT(rate("1r/d", &limit, &error) == APIGW_OK);
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

    EXPECT(rate("unlimited", &limit, &error) == APIGW_OK);
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
          CASE(a_quota_is_read),
          CASE(a_sliding_limit_is_read),
          CASE(a_malformed_window_is_refused_and_changes_nothing),
          CASE(a_window_out_of_bounds_is_refused),
          CASE(strict_is_2_to_60),
          CASE(a_burst_is_read_within_31_days),
          CASE(a_cost_is_digits_up_to_a_billion),
          CASE(a_share_is_above_0_and_at_most_1))
