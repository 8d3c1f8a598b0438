
/* The dates of a key file (RFC 3339, 5.6). */


#include "apigw_keyfile.h"


static bool apigw_key_date_number(apigw_str_t text, size_t pos, size_t n,
    unsigned max, unsigned *value);
static int64_t apigw_key_date_days(unsigned year, unsigned month,
    unsigned day);
static bool apigw_key_date_zone(apigw_str_t zone, int64_t *seconds);
static bool apigw_key_date_parse(apigw_str_t text, int64_t *value);


apigw_rc_t
apigw_key_date(uint32_t *date, apigw_str_t text, apigw_error_t *err)
{
    int64_t  value;

    err->offset = 0;

    if (!apigw_key_date_parse(text, &value)) {
        err->word = "date is not like 2027-01-01T00:00:00Z";
        return APIGW_EINPUT;
    }

    if (value <= 0 || value > UINT32_MAX) {
        err->word = "date is not between 1970 and 2106";
        return APIGW_EINPUT;
    }

    *date = (uint32_t) value;

    return APIGW_OK;
}


static bool
apigw_key_date_parse(apigw_str_t text, int64_t *value)
{
    int64_t      zone;
    unsigned     year, month, day, hour, minute, second;
    apigw_str_t  rest;

    static const uint8_t  days[] = { 31, 28, 31, 30, 31, 30,
                                     31, 31, 30, 31, 30, 31 };

    if (text.len < 20
        || !apigw_key_date_number(text, 0, 4, 9999, &year)
        || text.data[4] != '-'
        || !apigw_key_date_number(text, 5, 2, 12, &month)
        || text.data[7] != '-'
        || !apigw_key_date_number(text, 8, 2, 31, &day)
        || (text.data[10] | 0x20) != 't'
        || !apigw_key_date_number(text, 11, 2, 23, &hour)
        || text.data[13] != ':'
        || !apigw_key_date_number(text, 14, 2, 59, &minute)
        || text.data[16] != ':'
        || !apigw_key_date_number(text, 17, 2, 60, &second)
        || month == 0 || day == 0)
    {
        return false;
    }

    if (day > days[month - 1]
        && !(month == 2 && day == 29 && year % 4 == 0
             && (year % 100 != 0 || year % 400 == 0)))
    {
        return false;
    }

    rest.data = text.data + 19;
    rest.len = text.len - 19;

    if (!apigw_key_date_zone(rest, &zone)) {
        return false;
    }

    *value = apigw_key_date_days(year, month, day) * 86400
             + hour * 3600 + minute * 60 + second - zone;

    return true;
}


static bool
apigw_key_date_number(apigw_str_t text, size_t pos, size_t n, unsigned max,
    unsigned *value)
{
    size_t  i;

    *value = 0;

    for (i = pos; i < pos + n; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }

        *value = *value * 10 + (text.data[i] - '0');
    }

    return *value <= max;
}


/* What follows the seconds: a fraction, which is dropped, and the zone. */

static bool
apigw_key_date_zone(apigw_str_t zone, int64_t *seconds)
{
    size_t    i;
    unsigned  hour, minute;

    i = 0;

    if (zone.data[0] == '.') {
        do {
            i++;
        } while (i < zone.len && zone.data[i] >= '0' && zone.data[i] <= '9');

        if (i == 1) {
            return false;
        }
    }

    zone.data += i;
    zone.len -= i;

    *seconds = 0;

    if (zone.len == 1) {
        return (zone.data[0] | 0x20) == 'z';
    }

    if (zone.len != 6 || (zone.data[0] != '+' && zone.data[0] != '-')
        || !apigw_key_date_number(zone, 1, 2, 23, &hour)
        || zone.data[3] != ':'
        || !apigw_key_date_number(zone, 4, 2, 59, &minute))
    {
        return false;
    }

    *seconds = hour * 3600 + minute * 60;

    if (zone.data[0] == '-') {
        *seconds = -*seconds;
    }

    return true;
}


/*
 * Days since 1970-01-01 in the Gregorian calendar. The year begins in March
 * here, so that the leap day is its last.
 */

static int64_t
apigw_key_date_days(unsigned year, unsigned month, unsigned day)
{
    int64_t  y, m;

    y = (int64_t) year - (month < 3);
    m = (month + 9) % 12;

    /* 719468 days lie between 0000-03-01 and 1970-01-01 */

    return y * 365 + (y >= 0 ? y : y - 3) / 4 - (y >= 0 ? y : y - 99) / 100
           + (y >= 0 ? y : y - 399) / 400
           + (m * 153 + 2) / 5 + day - 1 - 719468;
}
