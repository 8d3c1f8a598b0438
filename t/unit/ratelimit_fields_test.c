
/* The fields of a response: what they say, byte for byte. */


#include "apigw_ratelimit_fields.h"
#include "apigw_test.h"


static apigw_limit_t
rate(const char *s, const char *burst)
{
    apigw_str_t         text;
    apigw_error_t       error;
    apigw_limit_t       limit;
    apigw_limit_form_t  form = { .kind = APIGW_LIMIT_RATE };

    memset(&limit, 0, sizeof(limit));

    text.data = (const uint8_t *) s;
    text.len = strlen(s);
    (void) apigw_limit_read(&form, text, &limit, &error);

    if (burst) {
        text.data = (const uint8_t *) burst;
        text.len = strlen(burst);
        (void) apigw_limit_burst(text, &limit, &error);
    }

    return limit;
}


static apigw_limit_t
window(apigw_limit_kind_e kind, unsigned strict, const char *s)
{
    apigw_str_t         text = { (const uint8_t *) s, strlen(s) };
    apigw_error_t       error;
    apigw_limit_t       limit;
    apigw_limit_form_t  form = { .kind = kind, .strict = strict };

    memset(&limit, 0, sizeof(limit));
    (void) apigw_limit_read(&form, text, &limit, &error);

    return limit;
}


static bool
quota_is(const char *s, const char *burst, uint64_t q, uint64_t w)
{
    apigw_limit_t            limit = rate(s, burst);
    apigw_ratelimit_quota_t  quota = apigw_ratelimit_quota(&limit, 0);

    return quota.quota == q && quota.window == w;
}


TEST(a_rate_is_told_as_its_burst_and_the_time_that_restores_it)
{
    EXPECT(quota_is("100r/m", NULL, 100, 60));
    EXPECT(quota_is("7r/m", NULL, 7, 60));
    EXPECT(quota_is("1000r/h", NULL, 1000, 3600));
    EXPECT(quota_is("100r/m", "10", 10, 6));
    EXPECT(quota_is("100r/m", "1", 100, 60));
    EXPECT(quota_is("100r/m", "2", 2, 2));
    EXPECT(quota_is("50r/s", "10", 50, 1));
    EXPECT(quota_is("50r/s", NULL, 50, 1));
    EXPECT(quota_is("1000000r/s", "1000001", 1000001, 2));
    EXPECT(quota_is("1r/d", "31", 31, 31 * 86400));
}


TEST(a_window_is_told_as_its_limit_and_length)
{
    size_t                   i;
    uint64_t                 wall;
    apigw_limit_t            limit;
    apigw_ratelimit_quota_t  quota;

    static const struct { uint64_t day; uint64_t days; } months[] = {
        { 0, 31 }, { 30, 31 },       /* January 2024 */
        { 31, 29 }, { 59, 29 },      /* February, a leap year's */
        { 60, 31 }, { 91, 30 },
        { 365, 31 },                 /* 31 December */
        { 366, 31 }, { 397, 28 },    /* 2025 */
    };

    limit = window(APIGW_LIMIT_QUOTA, 0, "1000/7d");
    quota = apigw_ratelimit_quota(&limit, 0);
    EXPECT(quota.quota == 1000 && quota.window == 7 * 86400);

    limit = window(APIGW_LIMIT_SLIDING, 6, "100/15m");
    quota = apigw_ratelimit_quota(&limit, 12345);
    EXPECT(quota.quota == 100 && quota.window == 900);

    limit = window(APIGW_LIMIT_QUOTA, 0, "1000/month");

    for (i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
        wall = months[i].day * 86400 * APIGW_GCRA_SECOND;

        quota = apigw_ratelimit_quota(&limit, wall);
        EXPECT(quota.quota == 1000);
        EXPECT(quota.window == months[i].days * 86400);

        wall += 86400 * APIGW_GCRA_SECOND - 1;
        quota = apigw_ratelimit_quota(&limit, wall);
        EXPECT(quota.window == months[i].days * 86400);
    }
}


TEST(a_reset_of_a_window_is_its_end_or_the_wait)
{
    apigw_limit_t            limit = window(APIGW_LIMIT_SLIDING, 0, "100/m");
    apigw_ratelimit_quota_t  quota = { 100, 60 };
    apigw_gcra_report_t      report = { 99, 10 * APIGW_GCRA_SECOND, 0 };

    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 10);

    report.full++;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 11);

    /* denied: the later of the two; never: the end */
    report.remaining = 0;
    report.retry = 5 * APIGW_GCRA_SECOND;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, true) == 11);
    report.retry = 20 * APIGW_GCRA_SECOND + 1;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, true) == 21);
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 11);
    report.retry = -1;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, true) == 11);
}


TEST(seconds_are_rounded_up)
{
    EXPECT(apigw_ratelimit_seconds(0) == 0);
    EXPECT(apigw_ratelimit_seconds(1) == 1);
    EXPECT(apigw_ratelimit_seconds(APIGW_GCRA_SECOND) == 1);
    EXPECT(apigw_ratelimit_seconds(APIGW_GCRA_SECOND + 1) == 2);
    EXPECT(apigw_ratelimit_seconds(UINT64_MAX) == 2305843009214);
}


TEST(a_reset_is_the_wait_or_the_fair_time)
{
    apigw_limit_t            limit = rate("100r/m", NULL);
    apigw_ratelimit_quota_t  quota = { 100, 60 };
    apigw_gcra_report_t      report = { 0, 0, 0 };

    report.retry = APIGW_GCRA_SECOND + 1;
    report.full = 60 * APIGW_GCRA_SECOND;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, true) == 2);
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 60);

    /* 99 left: not before 99 * 60 / 100 s */
    report.remaining = 99;
    report.retry = 0;
    report.full = 1;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 60);

    report.remaining = 50;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, false) == 30);

    report.retry = -1;
    report.remaining = 0;
    report.full = 5 * APIGW_GCRA_SECOND;
    EXPECT(apigw_ratelimit_reset(&limit, &quota, &report, true) == 5);
}


TEST(items_are_written_as_a_list)
{
    uint8_t                  buf[256], *p;
    apigw_str_t              a = apigw_str("per_user"), b = apigw_str("b");
    apigw_ratelimit_quota_t  quota = { 100, 60 };
    static const char        policies[] =
                                    "\"per_user\";q=100;w=60, \"b\";q=100;w=60";
    static const char        states[] = "\"per_user\";r=42;t=35, \"b\";r=0;t=0";

    p = apigw_ratelimit_write_policy(buf, true, a, &quota);
    p = apigw_ratelimit_write_policy(p, false, b, &quota);

    EXPECT((size_t) (p - buf) == sizeof(policies) - 1);
    EXPECT(memcmp(buf, policies, sizeof(policies) - 1) == 0);

    p = apigw_ratelimit_write_state(buf, true, a, 42, 35);
    p = apigw_ratelimit_write_state(p, false, b, 0, 0);

    EXPECT((size_t) (p - buf) == sizeof(states) - 1);
    EXPECT(memcmp(buf, states, sizeof(states) - 1) == 0);
}


TEST(integers_are_held_to_fifteen_digits)
{
    uint8_t            buf[256], *p;
    apigw_str_t        name = apigw_str("a.b-c_1");
    static const char  item[] =
                            "\"a.b-c_1\";r=999999999999999;t=999999999999999";

    p = apigw_ratelimit_write_state(buf, true, name, UINT64_MAX, UINT64_MAX);

    EXPECT((size_t) (p - buf) == sizeof(item) - 1);
    EXPECT(memcmp(buf, item, sizeof(item) - 1) == 0);
    EXPECT(sizeof(item) - 1 < apigw_ratelimit_item_size(name.len));
}


TEST(numbers_reach_64_bits)
{
    uint8_t  buf[20];

    EXPECT(apigw_ratelimit_write_number(buf, UINT64_MAX) == buf + 20);
    EXPECT(memcmp(buf, "18446744073709551615", 20) == 0);
    EXPECT(apigw_ratelimit_write_number(buf, 0) == buf + 1);
    EXPECT(buf[0] == '0');
}


TEST_MAIN(CASE(a_rate_is_told_as_its_burst_and_the_time_that_restores_it),
          CASE(a_window_is_told_as_its_limit_and_length),
          CASE(a_reset_of_a_window_is_its_end_or_the_wait),
          CASE(seconds_are_rounded_up),
          CASE(a_reset_is_the_wait_or_the_fair_time),
          CASE(items_are_written_as_a_list),
          CASE(integers_are_held_to_fifteen_digits),
          CASE(numbers_reach_64_bits))
