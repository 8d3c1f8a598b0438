
#include "apigw_decimal.h"


#define APIGW_DECIMAL_EXPONENT  15    /* digits; far below int64_t's 18 */


static const uint8_t *apigw_decimal_run(const uint8_t *p, const uint8_t *end);
static void apigw_decimal_trim(apigw_decimal_t *number, const uint8_t *p,
    const uint8_t *dot, const uint8_t *end);
static const uint8_t *apigw_decimal_exponent(const uint8_t *p,
    const uint8_t *end, int64_t *value);
static int apigw_decimal_digit(const uint8_t **p);


apigw_rc_t
apigw_decimal_parse(apigw_decimal_t *number, apigw_str_t text)
{
    int64_t         exponent;
    const uint8_t  *p, *end, *start, *dot, *stop;

    if (text.len == 0) {
        return APIGW_EINPUT;
    }

    p = text.data;
    end = p + text.len;

    number->negative = (*p == '-');
    p += number->negative;

    start = p;
    p = apigw_decimal_run(p, end);
    dot = p;

    if (p == start || (*start == '0' && p - start > 1)) {
        return APIGW_EINPUT;
    }

    if (p < end && *p == '.') {
        p = apigw_decimal_run(p + 1, end);

        if (p == dot + 1) {
            return APIGW_EINPUT;
        }
    }

    stop = p;
    exponent = 0;

    if (p < end && (*p == 'e' || *p == 'E')) {
        p = apigw_decimal_exponent(p + 1, end, &exponent);
    }

    if (p != end) {
        return APIGW_EINPUT;
    }

    apigw_decimal_trim(number, start, dot, stop);

    number->point += exponent;

    if (number->ndigits == 0) {
        number->negative = false;            /* -0 is 0 */
        number->point = 0;
    }

    return APIGW_OK;
}


static const uint8_t *
apigw_decimal_run(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}


/* Returns where the exponent ends, NULL if there is no proper one. */

static const uint8_t *
apigw_decimal_exponent(const uint8_t *p, const uint8_t *end, int64_t *value)
{
    bool            minus;
    size_t          digits;
    const uint8_t  *start;

    minus = (p < end && *p == '-');

    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }

    start = p;
    digits = 0;

    for ( /* void */ ; p < end && *p >= '0' && *p <= '9'; p++) {
        digits += (digits || *p != '0');

        if (digits > APIGW_DECIMAL_EXPONENT) {
            return NULL;
        }

        *value = *value * 10 + (*p - '0');
    }

    if (minus) {
        *value = -*value;
    }

    return p == start ? NULL : p;
}


/* Drops zeros at both ends, so that equal numbers have equal digits. */

static void
apigw_decimal_trim(apigw_decimal_t *number, const uint8_t *p,
    const uint8_t *dot, const uint8_t *end)
{
    while (p < end && (*p == '0' || *p == '.')) {
        p++;
    }

    while (end > p && (end[-1] == '0' || end[-1] == '.')) {
        end--;
    }

    number->digits = p;
    number->ndigits = end - p - (p < dot && dot < end);
    number->point = p < dot ? dot - p : -(p - dot - 1);
}


static int
apigw_decimal_digit(const uint8_t **p)
{
    if (**p == '.') {
        (*p)++;
    }

    return *(*p)++;
}


int
apigw_decimal_cmp(const apigw_decimal_t *a, const apigw_decimal_t *b)
{
    int             sign, x, y;
    size_t          i;
    const uint8_t  *pa, *pb;

    if (a->negative != b->negative) {
        return a->negative ? -1 : 1;
    }

    sign = a->negative ? -1 : 1;

    if (a->ndigits == 0 || b->ndigits == 0) {
        return sign * ((a->ndigits != 0) - (b->ndigits != 0));
    }

    if (a->point != b->point) {
        return a->point < b->point ? -sign : sign;
    }

    pa = a->digits;
    pb = b->digits;

    for (i = 0; i < a->ndigits && i < b->ndigits; i++) {
        x = apigw_decimal_digit(&pa);
        y = apigw_decimal_digit(&pb);

        if (x != y) {
            return x < y ? -sign : sign;
        }
    }

    if (a->ndigits == b->ndigits) {
        return 0;
    }

    return a->ndigits < b->ndigits ? -sign : sign;
}
