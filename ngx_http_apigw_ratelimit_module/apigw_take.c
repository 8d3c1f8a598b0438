
#include "apigw_take_step.h"


static bool apigw_take_one(apigw_take_t *take);
static bool apigw_take_many(apigw_take_t *const *takes, size_t n);
static void apigw_take_start(apigw_take_step_t *steps,
    apigw_take_t *const *takes, size_t n);
static bool apigw_take_fits(apigw_take_step_t *steps, size_t n);
static bool apigw_take_prepare(apigw_take_step_t *steps, size_t n);
static void apigw_take_release(apigw_take_step_t *steps, size_t n);
static apigw_rc_t apigw_take_decide(apigw_take_step_t *steps, size_t n,
    bool *passed);
static bool apigw_take_look(apigw_take_step_t *step);
static void apigw_take_look_rate(apigw_take_step_t *step);
static void apigw_take_look_window(apigw_take_step_t *step);
static void apigw_take_charge(apigw_take_step_t *step);
static void apigw_take_commit(apigw_take_step_t *step, bool charge);
static void apigw_take_report(const apigw_take_step_t *step);
static bool apigw_take_exhausted(apigw_take_step_t *steps, size_t n);


bool
apigw_take(apigw_take_t *const *takes, size_t n)
{
    return n == 1 && !takes[0]->limit.windowed ? apigw_take_one(takes[0])
                                               : apigw_take_many(takes, n);
}


/* One rate: its word is all there is. */

static bool
apigw_take_one(apigw_take_t *take)
{
    uint32_t           index;
    apigw_slot_t      *slot;
    apigw_take_step_t  step;

    step.take = take;

    for ( ;; ) {

        index = apigw_slots_find(take->slots, &take->key, &step.word);

        if (index == 0 || (step.word & APIGW_SLOTS_BUSY)) {
            return apigw_take_many(&take, 1);
        }

        slot = &take->slots->slots[index];

        apigw_take_look_rate(&step);

        if (take->denied || take->cost == 0) {
            apigw_slots_touch(slot);
            apigw_take_report(&step);
            return !take->denied || take->shadow;
        }

        apigw_gcra_charge(&take->limit.gcra, &step.rate, take->cost, 1);

        if (apigw_slots_swap(slot, &step.word, step.rate.tat)) {
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
            return apigw_take_exhausted(steps, n);
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
        steps[i].key = apigw_take_key(takes[i]);
        steps[i].spare = 0;
    }
}


/* false if a limit has no room; all are reported then. */

static bool
apigw_take_fits(apigw_take_step_t *steps, size_t n)
{
    bool                passed;
    size_t              i;
    apigw_take_t       *take;
    apigw_take_step_t  *step;

    passed = true;

    for (i = 0; i < n; i++) {
        step = &steps[i];
        take = step->take;
        step->spare = 0;

        if (take->limit.windowed) {
            step->index = apigw_take_peek_state(take, &step->key, &step->state,
                                                &step->word);

        } else {
            step->index = apigw_slots_find(take->slots, &step->key,
                                           &step->word);
        }

        if (step->index == 0) {
            step->word = 0;
        }

        if (!apigw_take_look(step)) {
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
        steps[i].stripe = apigw_slots_stripe(take->slots, &steps[i].key);

        if (steps[i].index || take->cost == 0) {
            continue;
        }

        steps[i].spare = apigw_slots_reserve(take->slots, take->now,
                                             apigw_take_extensions(take));

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

        step->index = apigw_slots_find_locked(take->slots, &step->key);

        if (step->index) {
            step->word = apigw_slots_hold(&take->slots->slots[step->index]);

        } else if (step->spare == 0) {
            again = true;
        }

        if (take->limit.windowed) {
            apigw_take_load(take, step->index, step->word, &step->state);
        }

        if (!apigw_take_look(step)) {
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
apigw_take_look(apigw_take_step_t *step)
{
    if (step->take->limit.windowed) {
        apigw_take_look_window(step);

    } else {
        apigw_take_look_rate(step);
    }

    return !step->take->denied || step->take->shadow;
}


static void
apigw_take_look_rate(apigw_take_step_t *step)
{
    apigw_take_t  *take = step->take;

    apigw_gcra_look(&take->limit.gcra, step->word & APIGW_SLOTS_VALUE,
                    take->now, take->cost, 1, &step->rate);

    take->denied = step->rate.fits == 0;
    take->until = step->rate.tat;
}


static void
apigw_take_look_window(apigw_take_step_t *step)
{
    apigw_take_t  *take = step->take;

    step->clock = apigw_take_time(take, step->word);

    apigw_window_look(&take->limit.window, &step->state, step->clock,
                      take->cost, 1, &step->window);

    take->denied = step->window.fits == 0;
    take->until = step->window.end;
}


static void
apigw_take_commit(apigw_take_step_t *step, bool charge)
{
    apigw_take_t  *take = step->take;
    apigw_slot_t  *slot;

    if (charge && !take->denied && take->cost) {
        apigw_take_charge(step);
        return;
    }

    if (step->index) {
        slot = &take->slots->slots[step->index];

        apigw_slots_drop(slot, step->word, step->word & APIGW_SLOTS_VALUE);
        apigw_slots_touch(slot);
    }
}


/* Into the slot that is held, or into the spare one. */

static void
apigw_take_charge(apigw_take_step_t *step)
{
    bool           fresh;
    uint64_t       value;
    apigw_take_t  *take = step->take;
    apigw_slot_t  *slot;

    fresh = step->index == 0;

    if (fresh) {
        apigw_slots_link(take->slots, step->spare, &step->key, 0);

        step->index = step->spare;
        step->spare = 0;
        step->word = apigw_slots_hold(&take->slots->slots[step->index]);
    }

    if (take->limit.windowed) {
        apigw_window_charge(&take->limit.window, &step->state, &step->window,
                            take->cost, 1);
        value = apigw_take_store(take, step->index, &step->state,
                                 &step->window);

    } else {
        apigw_gcra_charge(&take->limit.gcra, &step->rate, take->cost, 1);
        value = step->rate.tat;
    }

    slot = &take->slots->slots[step->index];

    apigw_slots_drop(slot, step->word, value);

    /* not yet for a new key: see the clock */

    if (!fresh) {
        apigw_slots_touch(slot);
    }
}


static void
apigw_take_report(const apigw_take_step_t *step)
{
    apigw_take_t  *take = step->take;

    if (take->limit.windowed) {
        apigw_window_report(&take->limit.window, &step->state, &step->window,
                            step->clock, take->cost, &take->report);
        return;
    }

    apigw_gcra_report(&take->limit.gcra, &step->rate, take->now, take->cost,
                      &take->report);
}


/*
 * Every slot is in another's hands, which a table of a thousand slots and
 * more can't come to. What can't be counted is not let through.
 */

static bool
apigw_take_exhausted(apigw_take_step_t *steps, size_t n)
{
    bool           passed;
    size_t         i;
    apigw_take_t  *take;

    passed = true;

    for (i = 0; i < n; i++) {
        take = steps[i].take;

        passed = passed && take->shadow;

        take->denied = true;
        take->report.remaining = 0;
        take->report.full = take->until - apigw_take_clock(take);
        take->report.retry = APIGW_GCRA_SECOND;
    }

    return passed;
}
