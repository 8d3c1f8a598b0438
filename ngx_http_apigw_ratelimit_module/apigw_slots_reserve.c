
/* How slots of the table become free: by those that go, idle ones first. */


#include "apigw_slots.h"


#define APIGW_SLOTS_SWEEP  64        /* entries looked at for an idle one */

#define APIGW_SLOTS_INDEX  0x0fffffffull
#define APIGW_SLOTS_TAG    0x10000000ull


static uint32_t apigw_slots_reserve_one(apigw_slots_t *slots, uint64_t now);
static uint32_t apigw_slots_pop(apigw_slots_t *slots);
static void apigw_slots_release_more(apigw_slots_t *slots,
    apigw_slot_t *slot);
static void apigw_slots_push(apigw_slots_t *slots, uint32_t index);
static uint32_t apigw_slots_fresh(apigw_slots_t *slots);
static uint32_t apigw_slots_sweep(apigw_slots_t *slots, uint64_t now);
static uint32_t apigw_slots_clock(apigw_slots_t *slots, uint64_t now);
static uint32_t apigw_slots_advance(apigw_slots_t *slots, uint32_t *hand);
static bool apigw_slots_dead(const apigw_slot_t *slot, uint64_t word,
    uint64_t now);
static bool apigw_slots_evict(apigw_slots_t *slots, uint32_t index,
    bool live, uint64_t now);
static uint32_t *apigw_slots_find_link(const apigw_slots_t *slots,
    uint32_t bucket, uint32_t index);
static bool apigw_slots_disown(apigw_slots_t *slots, apigw_slot_t *slot,
    bool live, uint64_t now);


uint32_t
apigw_slots_reserve(apigw_slots_t *slots, uint64_t now, unsigned extensions)
{
    uint32_t       index, more;
    apigw_slot_t  *slot;

    index = apigw_slots_reserve_one(slots, now);

    if (index == 0) {
        return 0;
    }

    slot = &slots->slots[index];
    __atomic_store_n(&slot->more, 0, __ATOMIC_RELAXED);

    while (extensions--) {
        more = apigw_slots_reserve_one(slots, now);

        if (more == 0) {
            apigw_slots_release(slots, index);
            return 0;
        }

        /* busy from here on, as it is in nobody's chain */

        __atomic_store_n(&slots->slots[more].next,
                         slot->more & APIGW_SLOTS_MAX, __ATOMIC_RELAXED);
        __atomic_store_n(&slots->slots[more].more, APIGW_SLOTS_EXTENSION,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&slot->more, more, __ATOMIC_RELAXED);
    }

    return index;
}


static uint32_t
apigw_slots_reserve_one(apigw_slots_t *slots, uint64_t now)
{
    uint32_t  index;

    index = apigw_slots_pop(slots);

    if (index == 0) {
        index = apigw_slots_fresh(slots);
    }

    if (index == 0) {
        index = apigw_slots_sweep(slots, now);
    }

    if (index == 0) {
        index = apigw_slots_clock(slots, now);
    }

    return index;
}


static uint32_t
apigw_slots_pop(apigw_slots_t *slots)
{
    uint32_t  index;
    uint64_t  top, next;

    top = __atomic_load_n(&slots->shared->free, __ATOMIC_ACQUIRE);

    do {
        index = top & APIGW_SLOTS_INDEX;

        if (index == 0) {
            return 0;
        }

        /* another may have it by now; then the tag differs and the CAS fails */

        next = __atomic_load_n(&slots->slots[index].next, __ATOMIC_RELAXED);
        next |= (top + APIGW_SLOTS_TAG) & ~APIGW_SLOTS_INDEX;

    } while (!__atomic_compare_exchange_n(&slots->shared->free, &top, next,
                                          false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));

    return index;
}


void
apigw_slots_release(apigw_slots_t *slots, uint32_t index)
{
    apigw_slots_release_more(slots, &slots->slots[index]);
    apigw_slots_push(slots, index);
}


static void
apigw_slots_release_more(apigw_slots_t *slots, apigw_slot_t *slot)
{
    uint32_t  more;

    while ((more = slot->more & APIGW_SLOTS_MAX) != 0) {
        __atomic_store_n(&slot->more, slots->slots[more].next,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&slots->slots[more].more, 0, __ATOMIC_RELAXED);
        apigw_slots_push(slots, more);
    }
}


static void
apigw_slots_push(apigw_slots_t *slots, uint32_t index)
{
    uint64_t  top, next;

    top = __atomic_load_n(&slots->shared->free, __ATOMIC_ACQUIRE);

    do {
        __atomic_store_n(&slots->slots[index].next, top & APIGW_SLOTS_INDEX,
                         __ATOMIC_RELAXED);

        next = ((top + APIGW_SLOTS_TAG) & ~APIGW_SLOTS_INDEX) | index;

    } while (!__atomic_compare_exchange_n(&slots->shared->free, &top, next,
                                          false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
}


/* Slots are first used in order, so that an unused zone costs no memory. */

static uint32_t
apigw_slots_fresh(apigw_slots_t *slots)
{
    uint32_t  index;

    index = __atomic_load_n(&slots->shared->fresh, __ATOMIC_RELAXED);

    do {
        if (index >= slots->nslots) {
            return 0;
        }

    } while (!__atomic_compare_exchange_n(&slots->shared->fresh, &index,
                                          index + 1, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));

    __atomic_store_n(&slots->slots[index].word, APIGW_SLOTS_BUSY,
                     __ATOMIC_RELEASE);

    return index;
}


static uint32_t
apigw_slots_sweep(apigw_slots_t *slots, uint64_t now)
{
    uint32_t       index;
    uint64_t       word;
    unsigned       i;
    apigw_slot_t  *slot;

    for (i = 0; i < APIGW_SLOTS_SWEEP; i++) {
        index = apigw_slots_advance(slots, &slots->shared->dead_hand);

        slot = &slots->slots[index];
        word = __atomic_load_n(&slot->word, __ATOMIC_RELAXED);

        if (!(word & APIGW_SLOTS_BUSY)
            && apigw_slots_dead(slot, word, now)
            && apigw_slots_evict(slots, index, false, now))
        {
            return index;
        }
    }

    return 0;
}


/*
 * The second-chance clock: two rounds, as the first may only clear marks. A
 * new entry has none before its second use, so that a flood of keys that
 * come once passes by those that come again.
 */

static uint32_t
apigw_slots_clock(apigw_slots_t *slots, uint64_t now)
{
    uint32_t       index, more, i;
    apigw_slot_t  *slot;

    for (i = 0; i < 2 * slots->nslots; i++) {
        index = apigw_slots_advance(slots, &slots->shared->clock_hand);

        slot = &slots->slots[index];
        more = __atomic_load_n(&slot->more, __ATOMIC_RELAXED);

        if (more & APIGW_SLOTS_USED) {
            (void) __atomic_fetch_and(&slot->more, ~APIGW_SLOTS_USED,
                                      __ATOMIC_RELAXED);
            continue;
        }

        if (more & APIGW_SLOTS_EXTENSION) {
            continue;
        }

        if (apigw_slots_evict(slots, index, true, now)) {
            return index;
        }
    }

    return 0;
}


static uint32_t
apigw_slots_advance(apigw_slots_t *slots, uint32_t *hand)
{
    return 1 + __atomic_fetch_add(hand, 1, __ATOMIC_RELAXED)
               % (slots->nslots - 1);
}


static bool
apigw_slots_dead(const apigw_slot_t *slot, uint64_t word, uint64_t now)
{
    return (word & APIGW_SLOTS_VALUE) <= now
           && __atomic_load_n(&slot->denied, __ATOMIC_RELAXED) <= now;
}


/*
 * Takes a slot from its key: the caller has it reserved afterwards, its
 * extensions are free. false if it belongs to no key, or if a live one is not
 * to be had.
 */

static bool
apigw_slots_evict(apigw_slots_t *slots, uint32_t index, bool live,
    uint64_t now)
{
    bool              done;
    uint32_t          stripe, *link;
    apigw_slot_t     *slot;
    apigw_siphash_t   key;

    slot = &slots->slots[index];

    /* read without the lock: if it's another's, the chain won't have it */

    key.word[0] = __atomic_load_n(&slot->key.word[0], __ATOMIC_RELAXED);
    key.word[1] = 0;

    stripe = apigw_slots_stripe(slots, &key);
    apigw_slots_lock(slots, stripe);

    link = apigw_slots_find_link(slots, apigw_slots_bucket(slots, &key), index);

    done = link != NULL && apigw_slots_disown(slots, slot, live, now);

    if (done) {
        __atomic_store_n(link, slot->next, __ATOMIC_RELEASE);
    }

    apigw_slots_unlock(slots, stripe);

    if (done) {
        apigw_slots_release_more(slots, slot);
    }

    return done;
}


static uint32_t *
apigw_slots_find_link(const apigw_slots_t *slots, uint32_t bucket,
    uint32_t index)
{
    uint32_t  i, *link;

    link = &slots->slots[bucket].head;

    for (i = 0; *link && i < slots->nslots; i++) {
        if (*link == index) {
            return link;
        }

        link = &slots->slots[*link].next;
    }

    return NULL;
}


/* From here on no CAS meant for the old key succeeds. */

static bool
apigw_slots_disown(apigw_slots_t *slots, apigw_slot_t *slot, bool live,
    uint64_t now)
{
    bool      dead;
    uint64_t  word, next, *counter;

    word = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);

    do {
        dead = apigw_slots_dead(slot, word, now);

        if (!dead && !live) {
            return false;
        }

        next = ((word + APIGW_SLOTS_NEXT) & APIGW_SLOTS_GENERATION)
               | APIGW_SLOTS_BUSY;

    } while (!__atomic_compare_exchange_n(&slot->word, &word, next, false,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));

    counter = dead ? &slots->shared->evicted_dead
                   : &slots->shared->evicted_live;

    (void) __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    (void) __atomic_fetch_sub(&slots->shared->entries, 1, __ATOMIC_RELAXED);

    return true;
}
