
/*
 * What changes a limit besides a take: refunds, debits, and the local side of
 * limits that are kept in Redis.
 */


#include "apigw_take_slot.h"


#define APIGW_TAKE_REST  16000       /* 2 ms, the unit of slot.rest[3] */


typedef enum {
    APIGW_TAKE_BACK,
    APIGW_TAKE_SPEND,
    APIGW_TAKE_DEBIT
} apigw_take_change_e;


static void apigw_take_change(apigw_take_t *take, apigw_take_change_e change);
static uint64_t apigw_take_change_rate(apigw_take_t *take, uint64_t tat,
    apigw_take_change_e change);
static uint64_t apigw_take_change_window(apigw_take_t *take, uint32_t index,
    uint64_t word, apigw_take_change_e change);
static void apigw_take_recalled(apigw_take_t *take, uint64_t end,
    uint32_t cost);


void
apigw_take_back(const apigw_take_t *take, uint64_t now, uint64_t wall)
{
    apigw_take_t  back;

    if (take->denied) {
        return;
    }

    back = *take;
    back.now = now;
    back.wall = wall;

    /* locked, lest a busy word or a slot just moved lose the refund */

    apigw_take_change(&back, APIGW_TAKE_BACK);
}


void
apigw_take_debit(const apigw_take_t *take)
{
    apigw_take_t  debit;

    debit = *take;

    apigw_take_change(&debit, APIGW_TAKE_DEBIT);
}


void
apigw_take_spend(apigw_take_t *take)
{
    uint32_t       index;
    uint64_t       word, value;
    apigw_slot_t  *slot;

    take->denied = true;             /* until it is known */

    if (take->cost == 0) {
        return;
    }

    while (!take->limit.windowed
           && (index = apigw_slots_find(take->slots, &take->key, &word)) != 0
           && !(word & APIGW_SLOTS_BUSY))
    {
        slot = &take->slots->slots[index];
        value = apigw_take_change_rate(take, word & APIGW_SLOTS_VALUE,
                                       APIGW_TAKE_SPEND);

        if (apigw_slots_swap(slot, &word, value)) {
            apigw_slots_touch(slot);
            return;
        }
    }

    apigw_take_change(take, APIGW_TAKE_SPEND);
}


static void
apigw_take_change(apigw_take_t *take, apigw_take_change_e change)
{
    uint32_t          index;
    uint64_t          word, value;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    if (take->cost == 0) {
        return;
    }

    key = apigw_take_key(take);
    index = apigw_take_locked(take, &key, change != APIGW_TAKE_BACK,
                              apigw_take_extensions(take));

    if (index) {
        slot = &take->slots->slots[index];
        word = apigw_slots_hold(slot);

        if (take->limit.windowed) {
            value = apigw_take_change_window(take, index, word, change);

        } else {
            value = apigw_take_change_rate(take, word & APIGW_SLOTS_VALUE,
                                           change);
        }

        apigw_slots_drop(slot, word, value);
        apigw_slots_touch(slot);
    }

    apigw_slots_unlock(take->slots, apigw_slots_stripe(take->slots, &key));
}


static uint64_t
apigw_take_change_rate(apigw_take_t *take, uint64_t tat,
    apigw_take_change_e change)
{
    uint64_t             spent;
    const apigw_gcra_t  *limit = &take->limit.gcra;

    switch (change) {

    case APIGW_TAKE_BACK:
        return apigw_gcra_give_back(limit, tat, take->now, take->cost,
                                    take->until);

    case APIGW_TAKE_SPEND:
        spent = apigw_gcra_spend(limit, tat, take->now, take->cost);

        take->until = tat > take->now ? tat : take->now;
        take->denied = take->cost > limit->burst
                       || spent - take->until < take->cost * limit->period;
        return spent;

    default: /* APIGW_TAKE_DEBIT */
        return apigw_gcra_debit(limit, tat, take->now, take->cost);
    }
}


static uint64_t
apigw_take_change_window(apigw_take_t *take, uint32_t index, uint64_t word,
    apigw_take_change_e change)
{
    bool                   changed;
    uint64_t               before;
    apigw_window_look_t    look;
    apigw_window_state_t   state;
    const apigw_window_t  *window = &take->limit.window;

    apigw_take_load(take, index, word, &state);
    apigw_window_look(window, &state, apigw_take_time(take, word), 0, 1,
                      &look);

    switch (change) {

    case APIGW_TAKE_BACK:
        changed = apigw_window_give_back(window, &state, &look, take->cost,
                                         take->until);
        break;

    case APIGW_TAKE_SPEND:
        before = state.count;
        changed = apigw_window_spend(window, &state, &look, take->cost);

        take->until = look.end;
        take->denied = state.count - before < take->cost;
        break;

    default: /* APIGW_TAKE_DEBIT */
        apigw_window_debit(window, &state, take->cost);
        changed = true;
    }

    return changed ? apigw_take_store(take, index, &state, &look)
                   : word & APIGW_SLOTS_VALUE;
}


void
apigw_take_deny(const apigw_take_t *take, uint64_t until, uint64_t end)
{
    uint32_t          index;
    uint64_t          rest;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    key = apigw_take_key(take);
    index = apigw_take_locked(take, &key, true, apigw_take_extensions(take));

    if (index) {
        slot = &take->slots->slots[index];

        rest = end > until ? (end - until + APIGW_TAKE_REST - 1)
                             / APIGW_TAKE_REST : 0;

        /* readers hold no lock: they believe the parts only if `denied`, read
         * before and after them, is the same */

        __atomic_store_n(&slot->denied, 0, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_RELEASE);
        __atomic_store_n(&slot->denied_cost, take->cost, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->rest[3], rest < UINT32_MAX ? rest : UINT32_MAX,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&slot->denied, until, __ATOMIC_RELEASE);
    }

    apigw_slots_unlock(take->slots, apigw_slots_stripe(take->slots, &key));
}


bool
apigw_take_recall(apigw_take_t *take)
{
    uint32_t          index, cost, rest;
    uint64_t          word, until;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    key = apigw_take_key(take);
    index = apigw_slots_find(take->slots, &key, &word);
    if (index == 0) {
        return false;
    }

    slot = &take->slots->slots[index];

    until = __atomic_load_n(&slot->denied, __ATOMIC_ACQUIRE);
    if (until <= take->now) {
        return false;
    }

    cost = __atomic_load_n(&slot->denied_cost, __ATOMIC_RELAXED);
    rest = __atomic_load_n(&slot->rest[3], __ATOMIC_RELAXED);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    if (__atomic_load_n(&slot->denied, __ATOMIC_RELAXED) != until
        || ((__atomic_load_n(&slot->word, __ATOMIC_RELAXED) ^ word)
            & APIGW_SLOTS_GENERATION)
        || take->cost < cost || cost > apigw_take_most(&take->limit))
    {
        return false;
    }

    apigw_slots_touch(slot);

    apigw_take_recalled(take, until + (uint64_t) rest * APIGW_TAKE_REST, cost);

    return take->denied;
}


static void
apigw_take_recalled(apigw_take_t *take, uint64_t end, uint32_t cost)
{
    apigw_gcra_look_t    look;
    const apigw_gcra_t  *limit = &take->limit.gcra;

    if (take->limit.windowed) {

        /* of the rest nothing is known but that it was too little */

        take->denied = true;
        take->report.remaining = 0;
        take->report.full = end - take->now;
        take->report.retry = take->cost > take->limit.window.limit
                             ? -1 : (int64_t) (end - take->now);
        return;
    }

    /* the state that makes `cost` wait until `end` */

    end += (limit->burst - cost) * limit->period;

    apigw_gcra_look(limit, end, take->now, take->cost, 1, &look);
    apigw_gcra_report(limit, &look, take->now, take->cost, &take->report);

    take->denied = look.fits == 0;
}
