
#include "apigw_take.h"


/* One limit on its way through a take. */

typedef struct {
    apigw_take_t       *take;
    apigw_gcra_look_t   look;
    uint64_t            word;        /* of the slot held */
    uint32_t            index;       /* the slot held; 0: none */
    uint32_t            spare;       /* reserved for a key not there yet */
    uint32_t            stripe;
} apigw_take_step_t;


static bool apigw_take_one(apigw_take_t *take);
static bool apigw_take_many(apigw_take_t *const *takes, size_t n);
static void apigw_take_start(apigw_take_step_t *steps,
    apigw_take_t *const *takes, size_t n);
static bool apigw_take_fits(apigw_take_step_t *steps, size_t n);
static bool apigw_take_prepare(apigw_take_step_t *steps, size_t n);
static void apigw_take_release(apigw_take_step_t *steps, size_t n);
static void apigw_take_sort(const apigw_take_step_t *steps, size_t n,
    unsigned *order);
static int apigw_take_compare(const apigw_take_step_t *a,
    const apigw_take_step_t *b);
static void apigw_take_lock(apigw_take_step_t *steps, size_t n,
    const unsigned *order);
static void apigw_take_unlock(apigw_take_step_t *steps, size_t n,
    const unsigned *order);
static apigw_rc_t apigw_take_decide(apigw_take_step_t *steps, size_t n,
    bool *passed);
static bool apigw_take_look(apigw_take_step_t *step, uint64_t tat);
static void apigw_take_commit(apigw_take_step_t *step, bool charge);
static void apigw_take_report(const apigw_take_step_t *step);
static void apigw_take_exhausted(apigw_take_step_t *steps, size_t n);


bool
apigw_take(apigw_take_t *const *takes, size_t n)
{
    return n == 1 ? apigw_take_one(takes[0]) : apigw_take_many(takes, n);
}


static bool
apigw_take_one(apigw_take_t *take)
{
    uint64_t           word;
    uint32_t           index;
    apigw_slot_t      *slot;
    apigw_take_step_t  step;

    step.take = take;

    for ( ;; ) {

        index = apigw_slots_find(take->slots, &take->key, &word);

        if (index == 0 || (word & APIGW_SLOTS_BUSY)) {
            return apigw_take_many(&take, 1);
        }

        slot = &take->slots->slots[index];

        (void) apigw_take_look(&step, word & APIGW_SLOTS_VALUE);

        if (take->denied || take->cost == 0) {
            apigw_slots_touch(slot);
            apigw_take_report(&step);
            return !take->denied || take->shadow;
        }

        apigw_gcra_charge(&take->limit, &step.look, take->cost, 1);

        if (apigw_slots_swap(slot, &word, step.look.tat)) {
            apigw_slots_touch(slot);
            apigw_take_report(&step);
            return true;
        }
    }
}


static bool
apigw_take_many(apigw_take_t *const *takes, size_t n)
{
    bool               passed;
    unsigned           order[APIGW_TAKE_MAX];
    apigw_rc_t         rc;
    apigw_take_step_t  steps[APIGW_TAKE_MAX];

    apigw_take_start(steps, takes, n);

    for ( ;; ) {

        /* a denial needs no lock: it changes nothing */

        if (!apigw_take_fits(steps, n)) {
            return false;
        }

        if (!apigw_take_prepare(steps, n)) {
            apigw_take_release(steps, n);
            apigw_take_exhausted(steps, n);
            return false;
        }

        apigw_take_sort(steps, n, order);
        apigw_take_lock(steps, n, order);

        rc = apigw_take_decide(steps, n, &passed);

        apigw_take_unlock(steps, n, order);
        apigw_take_release(steps, n);

        if (rc == APIGW_OK) {
            return passed;
        }

        /* an entry was evicted between: it needs a spare slot now */
    }
}


void
apigw_take_peek(apigw_take_t *const *takes, size_t n)
{
    size_t             i;
    apigw_take_step_t  steps[APIGW_TAKE_MAX];

    apigw_take_start(steps, takes, n);

    if (!apigw_take_fits(steps, n)) {
        return;
    }

    for (i = 0; i < n; i++) {
        apigw_take_report(&steps[i]);
    }
}


static void
apigw_take_start(apigw_take_step_t *steps, apigw_take_t *const *takes,
    size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        steps[i].take = takes[i];
    }
}


/* false if a limit has no room; all are reported then. */

static bool
apigw_take_fits(apigw_take_step_t *steps, size_t n)
{
    bool           passed;
    size_t         i;
    uint64_t       word;
    apigw_take_t  *take;

    passed = true;

    for (i = 0; i < n; i++) {
        word = 0;
        take = steps[i].take;

        steps[i].spare = 0;
        steps[i].index = apigw_slots_find(take->slots, &take->key, &word);

        if (!apigw_take_look(&steps[i],
                             steps[i].index ? word & APIGW_SLOTS_VALUE : 0))
        {
            passed = false;
        }
    }

    for (i = 0; !passed && i < n; i++) {
        apigw_take_report(&steps[i]);
    }

    return passed;
}


/* Reserves slots for new keys, while no lock is held. */

static bool
apigw_take_prepare(apigw_take_step_t *steps, size_t n)
{
    size_t         i;
    apigw_take_t  *take;

    for (i = 0; i < n; i++) {
        take = steps[i].take;
        steps[i].stripe = apigw_slots_stripe(take->slots, &take->key);

        if (steps[i].index || take->cost == 0) {
            continue;
        }

        steps[i].spare = apigw_slots_reserve(take->slots, take->now);

        if (steps[i].spare == 0) {
            return false;
        }
    }

    return true;
}


static void
apigw_take_release(apigw_take_step_t *steps, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (steps[i].spare) {
            apigw_slots_release(steps[i].take->slots, steps[i].spare);
        }
    }
}


/* Into ascending (table, stripe); n is small. */

static void
apigw_take_sort(const apigw_take_step_t *steps, size_t n, unsigned *order)
{
    size_t    i, k;
    unsigned  at;

    for (i = 0; i < n; i++) {

        for (k = i; k > 0; k--) {
            at = order[k - 1];

            if (apigw_take_compare(&steps[at], &steps[i]) <= 0) {
                break;
            }

            order[k] = at;
        }

        order[k] = i;
    }
}


/*
 * Tables are ordered by their shared memory, which all processes see at the
 * same address.
 */

static int
apigw_take_compare(const apigw_take_step_t *a, const apigw_take_step_t *b)
{
    uintptr_t  at, bt;

    at = (uintptr_t) a->take->slots->shared;
    bt = (uintptr_t) b->take->slots->shared;

    if (at != bt) {
        return at < bt ? -1 : 1;
    }

    return a->stripe < b->stripe ? -1 : a->stripe > b->stripe;
}


static void
apigw_take_lock(apigw_take_step_t *steps, size_t n, const unsigned *order)
{
    size_t    i;
    unsigned  at, last;

    last = 0;

    for (i = 0; i < n; i++) {
        at = order[i];

        if (i == 0 || apigw_take_compare(&steps[last], &steps[at]) != 0) {
            apigw_slots_lock(steps[at].take->slots, steps[at].stripe);
        }

        last = at;
    }
}


static void
apigw_take_unlock(apigw_take_step_t *steps, size_t n, const unsigned *order)
{
    size_t    i;
    unsigned  at, last;

    last = 0;

    for (i = 0; i < n; i++) {
        at = order[i];

        if (i == 0 || apigw_take_compare(&steps[last], &steps[at]) != 0) {
            apigw_slots_unlock(steps[at].take->slots, steps[at].stripe);
        }

        last = at;
    }
}


/* All locks are held. APIGW_AGAIN: a slot is missing, nothing has changed. */

static apigw_rc_t
apigw_take_decide(apigw_take_step_t *steps, size_t n, bool *passed)
{
    bool                again;
    size_t              i;
    apigw_take_t       *take;
    apigw_take_step_t  *step;

    *passed = true;
    again = false;

    for (i = 0; i < n; i++) {
        step = &steps[i];
        take = step->take;
        step->word = 0;

        /* no cost, no change: what the peek saw is as true as anything */

        if (take->cost == 0) {
            step->index = 0;
            continue;
        }

        step->index = apigw_slots_find_locked(take->slots, &take->key);

        if (step->index) {
            step->word = apigw_slots_hold(&take->slots->slots[step->index]);

        } else if (step->spare == 0) {
            again = true;
        }

        if (!apigw_take_look(step, step->word & APIGW_SLOTS_VALUE)) {
            *passed = false;
        }
    }

    for (i = 0; i < n; i++) {
        apigw_take_commit(&steps[i], *passed && !again);
        apigw_take_report(&steps[i]);
    }

    return again ? APIGW_AGAIN : APIGW_OK;
}


/* false if this limit holds back the whole take. */

static bool
apigw_take_look(apigw_take_step_t *step, uint64_t tat)
{
    apigw_take_t  *take = step->take;

    apigw_gcra_look(&take->limit, tat, take->now, take->cost, 1, &step->look);

    take->denied = step->look.fits == 0;
    take->full = step->look.tat - take->now;

    return !take->denied || take->shadow;
}


static void
apigw_take_commit(apigw_take_step_t *step, bool charge)
{
    uint64_t       value;
    apigw_take_t  *take = step->take;
    apigw_slot_t  *slot;

    value = step->word & APIGW_SLOTS_VALUE;

    if (charge && !take->denied && take->cost) {
        apigw_gcra_charge(&take->limit, &step->look, take->cost, 1);
        value = step->look.tat;

        if (step->index == 0) {
            apigw_slots_link(take->slots, step->spare, &take->key, value);
            step->spare = 0;
        }
    }

    if (step->index) {
        slot = &take->slots->slots[step->index];

        apigw_slots_drop(slot, step->word, value);
        apigw_slots_touch(slot);
    }
}


static void
apigw_take_report(const apigw_take_step_t *step)
{
    apigw_take_t  *take = step->take;

    apigw_gcra_report(&take->limit, &step->look, take->now, take->cost,
                      &take->report);
}


/*
 * Every slot is in another's hands, which a table of a thousand slots and
 * more can't come to. What can't be counted is not let through.
 */

static void
apigw_take_exhausted(apigw_take_step_t *steps, size_t n)
{
    size_t         i;
    apigw_take_t  *take;

    for (i = 0; i < n; i++) {
        take = steps[i].take;

        take->denied = true;
        take->report.remaining = 0;
        take->report.full = take->full;
        take->report.retry = take->limit.period;
    }
}
