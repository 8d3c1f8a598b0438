
/*
 * Limits, bursts, costs and shares from any text: what is accepted is within
 * bounds, means what its digits say, and is refused with one byte more.
 */


#include "apigw_limit.h"

#include <stdio.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool cond)
{
    if (!cond) {
        abort();
    }
}


/* Written again from what was read, it means the same. */

static void
rewrite(const apigw_limit_t *limit)
{
    int            n;
    char           text[64];
    apigw_str_t    s;
    apigw_error_t  error;
    apigw_limit_t  again;

    n = snprintf(text, sizeof(text), "%llur/%c",
                 (unsigned long long) limit->count,
                 limit->unit == 1 ? 's' : limit->unit == 60 ? 'm'
                 : limit->unit == 3600 ? 'h' : 'd');

    s.data = (const uint8_t *) text;
    s.len = n;

    must(apigw_limit_rate(s, &again, &error) == APIGW_OK);
    must(again.gcra.period == limit->gcra.period);
    must(again.count == limit->count);
}


static void
rate(apigw_str_t s)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    if (apigw_limit_rate(s, &limit, &error) != APIGW_OK) {
        must(error.word != NULL);
        return;
    }

    if (limit.kind == APIGW_LIMIT_UNLIMITED) {
        return;
    }

    must(limit.count > 0);
    must(limit.gcra.period >= 8);
    must(apigw_gcra_valid(limit.gcra.burst, limit.gcra.period));

    /* T is the smallest number of ticks that does not admit more */

    must(limit.gcra.period * limit.count >= APIGW_GCRA_SECOND * limit.unit);
    must((limit.gcra.period - 1) * limit.count
         < APIGW_GCRA_SECOND * limit.unit);

    rewrite(&limit);

    s.len++;

    if (s.data[s.len - 1] != '\0') {
        return;
    }

    must(apigw_limit_rate(s, &limit, &error) != APIGW_OK);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t       *copy;
    uint64_t       n;
    apigw_str_t    s;
    apigw_error_t  error;
    apigw_limit_t  limit;

    copy = malloc(size + 1);
    if (copy == NULL) {
        return 0;
    }

    memcpy(copy, data, size);
    copy[size] = '\0';

    s.data = copy;
    s.len = size;

    rate(s);

    memset(&limit, 0, sizeof(limit));
    limit.kind = APIGW_LIMIT_RATE;
    limit.gcra.burst = 1;
    limit.gcra.period = 4800000;

    if (apigw_limit_burst(s, &limit, &error) == APIGW_OK) {
        must(apigw_gcra_valid(limit.gcra.burst, limit.gcra.period));
    }

    if (apigw_limit_cost(s, &n, &error) == APIGW_OK) {
        must(n <= APIGW_GCRA_MAX_COST);
    }

    if (apigw_limit_share(s, &n, &error) == APIGW_OK) {
        must(n > 0 && n <= APIGW_GCRA_SHARE);
    }

    free(copy);

    return 0;
}
