
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
rewrite(const apigw_limit_form_t *form, const apigw_limit_t *limit)
{
    int            n;
    char           text[64];
    apigw_str_t    s;
    apigw_error_t  error;
    apigw_limit_t  again;

    if (limit->kind == APIGW_LIMIT_RATE) {
        n = snprintf(text, sizeof(text), "%llur/%c",
                     (unsigned long long) limit->count,
                     limit->unit == 1 ? 's' : limit->unit == 60 ? 'm'
                     : limit->unit == 3600 ? 'h' : 'd');

    } else if (limit->unit == 0) {
        n = snprintf(text, sizeof(text), "%llu/month",
                     (unsigned long long) limit->count);

    } else {
        n = snprintf(text, sizeof(text), "%llu/%llus",
                     (unsigned long long) limit->count,
                     (unsigned long long) limit->unit);
    }

    s.data = (const uint8_t *) text;
    s.len = n;

    must(apigw_limit_read(form, s, &again, &error) == APIGW_OK);
    must(memcmp(&again.gcra, &limit->gcra, sizeof(again.gcra)) == 0);
    must(memcmp(&again.window, &limit->window, sizeof(again.window)) == 0);
    must(again.count == limit->count && again.unit == limit->unit);
}


static void
rate(const apigw_limit_t *limit)
{
    must(limit->gcra.period >= 8);
    must(apigw_gcra_valid(limit->gcra.burst, limit->gcra.period));

    /* T is the smallest number of ticks that does not admit more */

    must(limit->gcra.period * limit->count >= APIGW_GCRA_SECOND * limit->unit);
    must((limit->gcra.period - 1) * limit->count
         < APIGW_GCRA_SECOND * limit->unit);
}


static void
window(const apigw_limit_form_t *form, const apigw_limit_t *limit)
{
    const apigw_window_t  *w = &limit->window;

    must(apigw_window_valid(w));
    must(w->limit == limit->count);
    must(w->length == limit->unit * APIGW_GCRA_SECOND);
    must((w->length == 0) == (w->kind == APIGW_WINDOW_MONTH));

    if (form->kind == APIGW_LIMIT_SLIDING) {
        must(w->kind == (form->strict ? APIGW_WINDOW_STRICT
                                      : APIGW_WINDOW_SLIDING));
        must(w->parts == form->strict);
        return;
    }

    must((w->kind == APIGW_WINDOW_FIRST) == form->first);
}


static void
limits(const apigw_limit_form_t *form, apigw_str_t s)
{
    apigw_error_t  error;
    apigw_limit_t  limit;

    if (apigw_limit_read(form, s, &limit, &error) != APIGW_OK) {
        must(error.word != NULL);
        return;
    }

    if (limit.kind == APIGW_LIMIT_UNLIMITED) {
        return;
    }

    must(limit.kind == form->kind);
    must(limit.count > 0 && apigw_limit_most(&limit) == limit.count);

    if (limit.kind == APIGW_LIMIT_RATE) {
        rate(&limit);

    } else {
        window(form, &limit);
    }

    rewrite(form, &limit);

    s.len++;

    must(s.data[s.len - 1] == '\0');
    must(apigw_limit_read(form, s, &limit, &error) != APIGW_OK);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         i;
    uint8_t       *copy;
    uint64_t       n;
    unsigned       strict;
    apigw_str_t    s;
    apigw_error_t  error;
    apigw_limit_t  limit;

    static const apigw_limit_form_t  forms[] = {
        { .kind = APIGW_LIMIT_RATE },
        { .kind = APIGW_LIMIT_QUOTA },
        { .kind = APIGW_LIMIT_QUOTA, .first = true },
        { .kind = APIGW_LIMIT_SLIDING },
        { .kind = APIGW_LIMIT_SLIDING, .strict = 60 }
    };

    copy = malloc(size + 1);
    if (copy == NULL) {
        return 0;
    }

    memcpy(copy, data, size);
    copy[size] = '\0';

    s.data = copy;
    s.len = size;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        limits(&forms[i], s);
    }

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

    if (apigw_limit_strict(s, &strict, &error) == APIGW_OK) {
        must(strict >= 2 && strict <= 60);
    }

    if (apigw_limit_share(s, &n, &error) == APIGW_OK) {
        must(n > 0 && n <= APIGW_GCRA_SHARE);
    }

    free(copy);

    return 0;
}
