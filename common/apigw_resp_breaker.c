
#include "apigw_resp_breaker.h"


#define APIGW_RESP_WINDOW_SLOT  100            /* ms */


static void apigw_resp_breaker_open(apigw_resp_breaker_t *breaker,
    uint64_t now);
static bool apigw_resp_breaker_half_failed(const apigw_resp_breaker_t *breaker,
    uint64_t slot);


void
apigw_resp_breaker_init(apigw_resp_breaker_t *breaker,
    const apigw_resp_breaker_conf_t *conf)
{
    memset(breaker, 0, sizeof(apigw_resp_breaker_t));

    breaker->conf = *conf;
    breaker->pause = conf->open;
}


bool
apigw_resp_breaker_count(apigw_resp_breaker_t *breaker, bool ok, uint64_t now)
{
    uint64_t              slot;
    apigw_resp_window_t  *w;

    if (breaker->state != APIGW_RESP_BREAKER_CLOSED) {
        return false;
    }

    slot = now / APIGW_RESP_WINDOW_SLOT;
    w = &breaker->window[slot % APIGW_RESP_WINDOW_SLOTS];

    if (w->slot != slot) {
        w->slot = slot;
        w->total = 0;
        w->failed = 0;
    }

    w->total++;

    if (ok) {
        breaker->row = 0;
        breaker->pause = breaker->conf.open;
        return false;
    }

    w->failed++;

    if (++breaker->row < breaker->conf.failures
        && !apigw_resp_breaker_half_failed(breaker, slot))
    {
        return false;
    }

    apigw_resp_breaker_open(breaker, now);

    return true;
}


static void
apigw_resp_breaker_open(apigw_resp_breaker_t *breaker, uint64_t now)
{
    breaker->state = APIGW_RESP_BREAKER_OPEN;
    breaker->row = 0;
    breaker->until = now + breaker->pause;

    if (breaker->pause > breaker->conf.max / 2) {
        breaker->pause = breaker->conf.max;

    } else {
        breaker->pause *= 2;
    }

    memset(breaker->window, 0, sizeof(breaker->window));
}


static bool
apigw_resp_breaker_half_failed(const apigw_resp_breaker_t *breaker,
    uint64_t slot)
{
    uint64_t                    total, failed;
    unsigned                    i;
    const apigw_resp_window_t  *w;

    total = 0;
    failed = 0;

    for (i = 0; i < APIGW_RESP_WINDOW_SLOTS; i++) {
        w = &breaker->window[i];

        if (slot - w->slot < APIGW_RESP_WINDOW_SLOTS) {
            total += w->total;
            failed += w->failed;
        }
    }

    return total >= APIGW_RESP_WINDOW_MIN && failed * 2 >= total;
}


bool
apigw_resp_breaker_probe(apigw_resp_breaker_t *breaker, uint64_t now)
{
    if (breaker->state != APIGW_RESP_BREAKER_OPEN || now < breaker->until) {
        return false;
    }

    breaker->state = APIGW_RESP_BREAKER_PROBING;

    return true;
}


void
apigw_resp_breaker_probed(apigw_resp_breaker_t *breaker, bool ok, uint64_t now)
{
    if (breaker->state != APIGW_RESP_BREAKER_PROBING) {
        return;
    }

    if (ok) {
        breaker->state = APIGW_RESP_BREAKER_CLOSED;
        return;
    }

    apigw_resp_breaker_open(breaker, now);
}


uint64_t
apigw_resp_breaker_wait(const apigw_resp_breaker_t *breaker, uint64_t now)
{
    if (breaker->state != APIGW_RESP_BREAKER_OPEN || now >= breaker->until) {
        return 0;
    }

    return breaker->until - now;
}


uint64_t
apigw_resp_backoff_pause(const apigw_resp_backoff_t *backoff, uint64_t random)
{
    uint64_t  max;
    unsigned  doublings;

    doublings = backoff->failed < 7 ? backoff->failed : 7;

    max = (uint64_t) APIGW_RESP_BACKOFF_FIRST << doublings;
    if (max > APIGW_RESP_BACKOFF_MAX) {
        max = APIGW_RESP_BACKOFF_MAX;
    }

    return random % (max + 1);
}


void
apigw_resp_backoff_failed(apigw_resp_backoff_t *backoff)
{
    if (backoff->failed < UINT32_MAX) {
        backoff->failed++;
    }
}


void
apigw_resp_backoff_reset(apigw_resp_backoff_t *backoff)
{
    backoff->failed = 0;
}
