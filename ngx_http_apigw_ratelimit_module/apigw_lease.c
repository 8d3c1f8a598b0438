
#include "apigw_lease.h"
#include "apigw_take_slot.h"


/*
 * The slot of a pool, besides its word: `denied` is the last command's seq,
 * while it is under way; `denied_cost` what remained in Redis; wide[0] the
 * `until` of the oldest units; and these.
 */

#define APIGW_LEASE_RECORD  2        /* of rest[]: units that Redis knows of */
#define APIGW_LEASE_LAST    3        /* the size of the last grant */


static apigw_siphash_t apigw_lease_key(const apigw_take_t *take);
static apigw_slot_t *apigw_lease_hold(const apigw_take_t *take, bool create,
    uint64_t *word);
static void apigw_lease_drop(const apigw_take_t *take, apigw_slot_t *slot,
    uint64_t word, uint64_t value);
static uint64_t apigw_lease_units(uint64_t value, uint64_t now);
static bool apigw_lease_under_way(const apigw_slot_t *slot, uint64_t now,
    uint64_t timeout);
static void apigw_lease_report(apigw_take_t *take, uint64_t value,
    uint64_t remaining);


uint64_t
apigw_lease_outstanding(uint64_t most, uint64_t configured)
{
    if (configured == 0) {
        return most / 4;
    }

    return configured < most / 2 ? configured : most / 2;
}


uint64_t
apigw_lease_part(uint64_t remaining, uint64_t nodes, uint64_t outstanding,
    uint64_t held, uint64_t most)
{
    uint64_t  part, half;

    part = remaining / (2 * nodes);
    half = held < outstanding ? (outstanding - held) / 2 : 0;

    part = part < half ? part : half;

    return part < most ? part : most;
}


bool
apigw_lease_spend(apigw_take_t *take, uint64_t timeout, bool *low)
{
    uint32_t          index, remaining;
    uint64_t          word, value, units, until, last;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    *low = false;
    key = apigw_lease_key(take);

    for ( ;; ) {
        index = apigw_slots_find(take->slots, &key, &word);
        if (index == 0) {
            return false;
        }

        slot = &take->slots->slots[index];

        if (word & APIGW_SLOTS_BUSY) {

            /* whoever is at work is done when the lock can be had */

            slot = apigw_lease_hold(take, false, &word);

            if (slot) {
                apigw_lease_drop(take, slot, word, word & APIGW_SLOTS_VALUE);

            } else {
                apigw_lease_drop(take, NULL, 0, 0);
            }

            continue;
        }

        value = word & APIGW_SLOTS_VALUE;
        units = apigw_lease_units(value, take->now);

        if (units < take->cost) {
            return false;
        }

        /* true if the word, which changes with them, is still the same */

        until = __atomic_load_n(&slot->wide[0], __ATOMIC_RELAXED);
        remaining = __atomic_load_n(&slot->denied_cost, __ATOMIC_RELAXED);
        last = __atomic_load_n(&slot->rest[APIGW_LEASE_LAST],
                               __ATOMIC_RELAXED);

        if (apigw_slots_swap(slot, &word, value - take->cost)) {
            break;
        }
    }

    apigw_slots_touch(slot);

    take->denied = false;
    take->until = until;
    apigw_lease_report(take, value - take->cost, remaining);

    *low = last > 0 && (units - take->cost) * 4 <= last
           && !apigw_lease_under_way(slot, take->now, timeout);

    return true;
}


bool
apigw_lease_put(const apigw_take_t *take, uint64_t now)
{
    bool           fits;
    uint64_t       word, value, units;
    apigw_slot_t  *slot;

    slot = apigw_lease_hold(take, false, &word);

    if (slot == NULL) {
        apigw_lease_drop(take, NULL, 0, 0);
        return false;
    }

    value = word & APIGW_SLOTS_VALUE;
    units = apigw_lease_units(value, now);

    /* what the record covers, of a pool that lives, of the same window */

    fits = (value & ~APIGW_LEASE_UNITS) > now
           && units + take->cost <= slot->rest[APIGW_LEASE_RECORD]
           && units + take->cost <= APIGW_LEASE_UNITS
           && (!take->limit.windowed || slot->wide[0] == take->until);

    if (fits) {
        value += take->cost;
    }

    apigw_lease_drop(take, slot, word, value);

    return fits;
}


bool
apigw_lease_begin(const apigw_take_t *take, uint64_t timeout,
    apigw_lease_ask_t *ask)
{
    bool           free;
    uint64_t       word, value, units;
    apigw_slot_t  *slot;

    ask->seq = 0;
    ask->told = 0;
    ask->dead = 0;

    slot = apigw_lease_hold(take, true, &word);

    if (slot == NULL) {
        apigw_lease_drop(take, NULL, 0, 0);
        return false;
    }

    value = word & APIGW_SLOTS_VALUE;
    free = !apigw_lease_under_way(slot, take->now, timeout);

    if (free) {
        units = apigw_lease_units(value, take->now);

        ask->seq = take->now;
        ask->told = units;
        ask->dead = (value & APIGW_LEASE_UNITS) - units;

        __atomic_store_n(&slot->rest[APIGW_LEASE_RECORD], units,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&slot->denied, ask->seq, __ATOMIC_RELAXED);

        /* empty, but not idle: it must not be evicted before the answer */

        if (units == 0) {
            value = (take->now + timeout) & ~APIGW_LEASE_UNITS;
        }
    }

    apigw_lease_drop(take, slot, word, value);

    return free;
}


bool
apigw_lease_grant(const apigw_take_t *take, const apigw_lease_ask_t *ask,
    const apigw_lease_grant_t *grant)
{
    bool           known;
    uint64_t       word, value, units;
    apigw_slot_t  *slot;

    slot = apigw_lease_hold(take, false, &word);

    if (slot == NULL) {
        apigw_lease_drop(take, NULL, 0, 0);
        return false;
    }

    value = word & APIGW_SLOTS_VALUE;
    known = slot->denied == ask->seq;

    if (known) {
        __atomic_store_n(&slot->denied, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->denied_cost,
                         grant->remaining < UINT32_MAX ? grant->remaining
                                                       : UINT32_MAX,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&slot->rest[APIGW_LEASE_LAST], grant->units,
                         __ATOMIC_RELAXED);
    }

    if (known && grant->units
        && (grant->expiry & ~APIGW_LEASE_UNITS) > take->now)
    {
        units = apigw_lease_units(value, take->now);

        /* units of the window before must be over; and they are, by then */

        if (take->limit.windowed && slot->wide[0] != grant->until) {
            units = 0;
        }

        if (units == 0) {
            __atomic_store_n(&slot->wide[0], grant->until, __ATOMIC_RELAXED);
        }

        units += grant->units;

        if (units > APIGW_LEASE_UNITS) {
            units = APIGW_LEASE_UNITS;
        }

        __atomic_store_n(&slot->rest[APIGW_LEASE_RECORD],
                         ask->told + grant->units, __ATOMIC_RELEASE);

        value = (grant->expiry & ~APIGW_LEASE_UNITS) | units;
    }

    apigw_lease_drop(take, slot, word, value);

    return known;
}


uint64_t
apigw_lease_look(const apigw_take_t *take)
{
    uint32_t         index;
    uint64_t         word;
    apigw_siphash_t  key;

    key = apigw_lease_key(take);
    index = apigw_slots_find(take->slots, &key, &word);

    if (index == 0
        || apigw_lease_units(word & APIGW_SLOTS_VALUE, take->now) == 0)
    {
        return 0;
    }

    return word & APIGW_SLOTS_VALUE;
}


uint64_t
apigw_lease_collect(apigw_take_t *take, uint64_t look, uint64_t timeout,
    apigw_lease_ask_t *ask)
{
    uint64_t       word, value, units;
    apigw_slot_t  *slot;

    ask->dead = 0;

    slot = apigw_lease_hold(take, false, &word);

    if (slot == NULL) {
        apigw_lease_drop(take, NULL, 0, 0);
        return 0;
    }

    value = word & APIGW_SLOTS_VALUE;
    units = apigw_lease_units(value, take->now);

    if (units == 0) {
        ask->dead = value & APIGW_LEASE_UNITS;
        value &= ~APIGW_LEASE_UNITS;

    } else if (value != look
               || apigw_lease_under_way(slot, take->now, timeout))
    {
        units = 0;
    }

    if (units) {
        ask->seq = take->now;
        ask->told = 0;
        take->cost = units;
        take->until = slot->wide[0];

        __atomic_store_n(&slot->denied, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->rest[APIGW_LEASE_RECORD], 0, __ATOMIC_RELAXED);

        value &= ~APIGW_LEASE_UNITS;
    }

    apigw_lease_drop(take, slot, word, value);

    return units;
}


/* The pool is apart from the limit's copy: another key, another stripe. */

static apigw_siphash_t
apigw_lease_key(const apigw_take_t *take)
{
    apigw_siphash_t  key;

    key = apigw_take_key(take);
    key.word[0] = ~key.word[0];

    return key;
}


/* Locks; NULL: there is no slot. Ends with apigw_lease_drop(), either way. */

static apigw_slot_t *
apigw_lease_hold(const apigw_take_t *take, bool create, uint64_t *word)
{
    uint32_t          index;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    key = apigw_lease_key(take);
    index = apigw_take_locked(take, &key, create, 0);

    if (index == 0) {
        return NULL;
    }

    slot = &take->slots->slots[index];
    *word = apigw_slots_hold(slot);

    return slot;
}


static void
apigw_lease_drop(const apigw_take_t *take, apigw_slot_t *slot, uint64_t word,
    uint64_t value)
{
    apigw_siphash_t  key;

    key = apigw_lease_key(take);

    if (slot) {
        apigw_slots_drop(slot, word, value);
    }

    apigw_slots_unlock(take->slots, apigw_slots_stripe(take->slots, &key));
}


static uint64_t
apigw_lease_units(uint64_t value, uint64_t now)
{
    return (value & ~APIGW_LEASE_UNITS) > now ? value & APIGW_LEASE_UNITS : 0;
}


static bool
apigw_lease_under_way(const apigw_slot_t *slot, uint64_t now, uint64_t timeout)
{
    uint64_t  seq;

    seq = __atomic_load_n(&slot->denied, __ATOMIC_RELAXED);

    return seq != 0 && now < seq + timeout;
}


/* What can be had now is here and in Redis, which last said so at the grant. */

static void
apigw_lease_report(apigw_take_t *take, uint64_t value, uint64_t remaining)
{
    uint64_t              most;
    apigw_gcra_report_t  *report = &take->report;

    most = apigw_take_most(&take->limit);
    remaining += value & APIGW_LEASE_UNITS;

    report->remaining = remaining < most ? remaining : most;
    report->retry = 0;

    if (take->limit.windowed) {
        report->full = (value & ~APIGW_LEASE_UNITS) - take->now;

    } else {
        report->full = (most - report->remaining) * take->limit.gcra.period;
    }
}
