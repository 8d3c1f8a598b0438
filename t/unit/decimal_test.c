
/* Numbers compare by their digits, whatever their size and way of writing. */


#include "apigw_test.h"

#include "apigw_decimal.h"


static apigw_str_t
text(const char *s)
{
    apigw_str_t  str = { (const uint8_t *) s, strlen(s) };

    return str;
}


/* In ascending order; those between bars are equal. */

static const char *const  order[] = {
    "-1e999999999999999", "|", "-9007199254740993", "-9.007199254740993E15",
    "|", "-9007199254740992", "|", "-10", "-1e1", "-10.00", "|", "-1.5", "|",
    "-0.0001", "-1e-4", "|", "0", "-0", "0.000", "0e5", "-0.0e-9", "|",
    "1e-999999999999999", "|", "0.0009999", "|", "0.001", "1e-3", "0.00100",
    "100e-5", "|", "0.1", "|", "0.12", "|", "0.2", "|", "1", "1.0", "10e-1",
    "0.1e1", "1e000", "|", "1.1", "|", "9.99", "|", "10", "1E+1", "|", "99",
    "|", "100", "1e2", "|", "101", "|", "9007199254740992", "|",
    "9007199254740993", "|", "123456789012345678901234567890", "|",
    "123456789012345678901234567891", "|", "1e400", "|",
    "1e000000000000000999999999999999"
};

#define N  (sizeof(order) / sizeof(order[0]))


TEST(numbers_are_in_order)
{
    size_t           i, k, a_class, b_class;
    apigw_decimal_t  a, b;

    a_class = 0;

    for (i = 0; i < N; i++) {
        if (order[i][0] == '|') {
            a_class++;
            continue;
        }

        EXPECT(apigw_decimal_parse(&a, text(order[i])) == APIGW_OK);
        b_class = 0;

        for (k = 0; k < N; k++) {
            if (order[k][0] == '|') {
                b_class++;
                continue;
            }

            EXPECT(apigw_decimal_parse(&b, text(order[k])) == APIGW_OK);
            EXPECT((apigw_decimal_cmp(&a, &b) > 0) == (a_class > b_class));
            EXPECT((apigw_decimal_cmp(&a, &b) < 0) == (a_class < b_class));
        }
    }
}


TEST(other_text_is_no_number)
{
    size_t           i;
    apigw_decimal_t  a;

    static const char *const  bad[] = {
        "", "-", "+1", " 1", "1 ", "01", "-01", "00", ".5", "5.", "5.e1",
        "1e", "1e+", "1e-", "1e1.5", "0x10", "1,5", "NaN", "Infinity", "1a",
        "--1", "1e1000000000000000", "1e-1000000000000000"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        EXPECT(apigw_decimal_parse(&a, text(bad[i])) == APIGW_EINPUT);
    }
}


TEST_MAIN(CASE(numbers_are_in_order),
          CASE(other_text_is_no_number))
