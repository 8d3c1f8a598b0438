
/* Where months begin and end: the Gregorian calendar, in UTC. */


#include "apigw_window.h"


#define APIGW_WINDOW_DAY  (86400 * APIGW_GCRA_SECOND)


static unsigned apigw_window_leap(unsigned year);
static unsigned apigw_window_days(unsigned year, unsigned month);


void
apigw_window_months(uint64_t wall, uint64_t starts[4])
{
    unsigned  i, year, month, length;
    uint64_t  day, start;

    /* from the first of January 2024, year by year, month by month */

    day = wall / APIGW_WINDOW_DAY;
    start = 0;
    year = 2024;
    month = 0;

    while (day - start >= 365 + apigw_window_leap(year)) {
        start += 365 + apigw_window_leap(year++);
    }

    for (length = 31; day - start >= length; ) {
        start += length;
        length = apigw_window_days(year, ++month);
    }

    /* December and January are equally long, as are no others that matter */

    i = month ? apigw_window_days(year, month - 1) : 31;
    starts[0] = (start > i ? start - i : 0) * APIGW_WINDOW_DAY;

    for (i = 1; i < 4; i++) {
        starts[i] = start * APIGW_WINDOW_DAY;
        start += apigw_window_days(year + month / 12, month % 12);
        month++;
    }
}


static unsigned
apigw_window_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}


/* `month` counts from 0. */

static unsigned
apigw_window_days(unsigned year, unsigned month)
{
    static const uint8_t  days[12] = { 31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31 };

    return days[month] + (month == 1 ? apigw_window_leap(year) : 0);
}
