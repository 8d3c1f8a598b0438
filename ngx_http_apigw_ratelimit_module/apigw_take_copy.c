
/* The local side of limits that are kept in Redis; and refunds. */


#include "apigw_take.h"


#define APIGW_TAKE_REST  16000       /* 2 ms, the unit of slot.rest[3] */


static uint32_t apigw_take_locked(const apigw_take_t *take, bool create);


void
apigw_take_back(const apigw_take_t *take, uint64_t now)
{
    uint32_t       index;
    uint64_t       word, value;
    apigw_slot_t  *slot;

    if (take->cost == 0 || take->denied) {
        return;
    }

    /* locked, lest a busy word or a slot just moved lose the refund */

    index = apigw_take_locked(take, false);

    if (index) {
        slot = &take->slots->slots[index];
        word = apigw_slots_hold(slot);
        value = apigw_gcra_give_back(&take->limit, word & APIGW_SLOTS_VALUE,
                                     now, take->cost, take->now, take->full);
        apigw_slots_drop(slot, word, value);
    }

    apigw_slots_unlock(take->slots,
                       apigw_slots_stripe(take->slots, &take->key));
}


void
apigw_take_spend(const apigw_take_t *take)
{
    uint32_t       index;
    uint64_t       word, value;
    apigw_slot_t  *slot;

    if (take->cost == 0) {
        return;
    }

    while ((index = apigw_slots_find(take->slots, &take->key, &word)) != 0
           && !(word & APIGW_SLOTS_BUSY))
    {
        slot = &take->slots->slots[index];
        value = apigw_gcra_spend(&take->limit, word & APIGW_SLOTS_VALUE,
                                 take->now, take->cost);

        if (apigw_slots_swap(slot, &word, value)) {
            apigw_slots_touch(slot);
            return;
        }
    }

    index = apigw_take_locked(take, true);

    if (index) {
        slot = &take->slots->slots[index];
        word = apigw_slots_hold(slot);
        value = apigw_gcra_spend(&take->limit, word & APIGW_SLOTS_VALUE,
                                 take->now, take->cost);
        apigw_slots_drop(slot, word, value);
    }

    apigw_slots_unlock(take->slots,
                       apigw_slots_stripe(take->slots, &take->key));
}


void
apigw_take_deny(const apigw_take_t *take, uint64_t until, uint64_t end)
{
    uint32_t       index;
    uint64_t       rest;
    apigw_slot_t  *slot;

    index = apigw_take_locked(take, true);

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

    apigw_slots_unlock(take->slots,
                       apigw_slots_stripe(take->slots, &take->key));
}


bool
apigw_take_recall(apigw_take_t *take)
{
    uint32_t            index, cost, rest;
    uint64_t            word, until, end;
    apigw_slot_t       *slot;
    apigw_gcra_look_t   look;

    index = apigw_slots_find(take->slots, &take->key, &word);
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
        || take->cost < cost || cost > take->limit.burst)
    {
        return false;
    }

    apigw_slots_touch(slot);

    /* the state that makes `cost` wait until `end` */

    end = until + (uint64_t) rest * APIGW_TAKE_REST
          + (take->limit.burst - cost) * take->limit.period;

    apigw_gcra_look(&take->limit, end, take->now, take->cost, 1, &look);
    apigw_gcra_report(&take->limit, &look, take->now, take->cost,
                      &take->report);

    take->denied = look.fits == 0;

    return take->denied;
}


/*
 * Locks the key's stripe and finds its slot, or makes one. 0: there is none;
 * the lock is held either way.
 */

static uint32_t
apigw_take_locked(const apigw_take_t *take, bool create)
{
    uint32_t  stripe, index, spare;
    uint64_t  word;

    spare = 0;

    if (create && apigw_slots_find(take->slots, &take->key, &word) == 0) {
        spare = apigw_slots_reserve(take->slots, take->now);
    }

    stripe = apigw_slots_stripe(take->slots, &take->key);

    apigw_slots_lock(take->slots, stripe);

    index = apigw_slots_find_locked(take->slots, &take->key);

    if (index == 0 && spare) {
        apigw_slots_link(take->slots, spare, &take->key, 0);
        return spare;
    }

    if (spare) {
        apigw_slots_release(take->slots, spare);
    }

    return index;
}
