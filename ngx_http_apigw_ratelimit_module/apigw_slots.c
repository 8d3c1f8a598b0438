
#include "apigw_slots.h"


#define APIGW_SLOTS_USEFUL      1024  /* fewer are no table */
#define APIGW_SLOTS_STEPS       64    /* of a search without lock */
#define APIGW_SLOTS_SWEEP       64    /* entries looked at for an idle one */

#define APIGW_SLOTS_INDEX       0x0fffffffull
#define APIGW_SLOTS_TAG         0x10000000ull


_Static_assert(sizeof(apigw_slot_t) == 64, "a slot is a cache line");
_Static_assert(sizeof(apigw_slots_lock_t) == 64, "a lock is a cache line");
_Static_assert(sizeof(apigw_slots_shared_t) == 192, "the head is three");


static void apigw_slots_view(apigw_slots_t *slots, void *memory);
static uint32_t apigw_slots_bucket(const apigw_slots_t *slots,
    const apigw_siphash_t *key);
static uint32_t apigw_slots_pop(apigw_slots_t *slots);
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


static inline uint32_t
apigw_slots_load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}


static inline bool
apigw_slots_is(const apigw_slot_t *slot, const apigw_siphash_t *key)
{
    return __atomic_load_n(&slot->key.word[0], __ATOMIC_RELAXED)
           == key->word[0]
           && __atomic_load_n(&slot->key.word[1], __ATOMIC_RELAXED)
              == key->word[1];
}


apigw_rc_t
apigw_slots_create(apigw_slots_t *slots, void *memory, size_t size,
    const uint8_t secret[16], uint64_t epoch)
{
    size_t                 n;
    uint32_t               stripes;
    apigw_slots_shared_t  *shared;

    if (size < sizeof(apigw_slots_shared_t)) {
        return APIGW_ELIMIT;
    }

    n = (size - sizeof(apigw_slots_shared_t)) / sizeof(apigw_slot_t);

    for (stripes = 16; stripes < 1024 && stripes * 512 <= n; stripes *= 2) {
        /* void */
    }

    if (n < APIGW_SLOTS_USEFUL + stripes) {
        return APIGW_ELIMIT;
    }

    n -= stripes;

    shared = memory;
    shared->layout = APIGW_SLOTS_LAYOUT;
    shared->nslots = n < APIGW_SLOTS_MAX ? n : APIGW_SLOTS_MAX;
    shared->nstripes = stripes;
    shared->epoch = epoch;
    shared->fresh = 1;

    memcpy(shared->secret, secret, 16);

    apigw_slots_view(slots, memory);

    return APIGW_OK;
}


apigw_rc_t
apigw_slots_open(apigw_slots_t *slots, void *memory)
{
    apigw_slots_shared_t  *shared = memory;

    if (shared->layout != APIGW_SLOTS_LAYOUT) {
        return APIGW_EINPUT;
    }

    apigw_slots_view(slots, memory);

    return APIGW_OK;
}


static void
apigw_slots_view(apigw_slots_t *slots, void *memory)
{
    slots->shared = memory;
    slots->locks = (apigw_slots_lock_t *) (slots->shared + 1);
    slots->slots = (apigw_slot_t *) (slots->locks + slots->shared->nstripes);
    slots->nslots = slots->shared->nslots;
    slots->mask = slots->shared->nstripes - 1;
}


static uint32_t
apigw_slots_bucket(const apigw_slots_t *slots, const apigw_siphash_t *key)
{
    /* the upper half scaled to 1 ... nslots - 1 */

    return 1 + (uint32_t) ((key->word[0] >> 32) * (slots->nslots - 1) >> 32);
}


uint32_t
apigw_slots_stripe(const apigw_slots_t *slots, const apigw_siphash_t *key)
{
    return apigw_slots_bucket(slots, key) & slots->mask;
}


uint32_t
apigw_slots_find(const apigw_slots_t *slots, const apigw_siphash_t *key,
    uint64_t *word)
{
    uint32_t       index;
    uint64_t       before;
    unsigned       i;
    apigw_slot_t  *slot;

    slot = &slots->slots[apigw_slots_bucket(slots, key)];
    index = apigw_slots_load(&slot->head);

    for (i = 0; index && i < APIGW_SLOTS_STEPS; i++) {

        slot = &slots->slots[index];
        before = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);

        if (apigw_slots_is(slot, key)) {

            /*
             * Whoever gives the slot another key changes the generation
             * first: equal generations, then it was this key's between.
             */

            __atomic_thread_fence(__ATOMIC_ACQUIRE);
            *word = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);

            return ((*word ^ before) & APIGW_SLOTS_GENERATION) ? 0 : index;
        }

        index = apigw_slots_load(&slot->next);
    }

    return 0;
}


uint32_t
apigw_slots_find_locked(const apigw_slots_t *slots, const apigw_siphash_t *key)
{
    uint32_t       index, i;
    apigw_slot_t  *slot;

    index = slots->slots[apigw_slots_bucket(slots, key)].head;

    for (i = 0; index && i < slots->nslots; i++) {
        slot = &slots->slots[index];

        if (apigw_slots_is(slot, key)) {
            return index;
        }

        index = slot->next;
    }

    return 0;
}


uint32_t
apigw_slots_reserve(apigw_slots_t *slots, uint64_t now)
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

        next = apigw_slots_load(&slots->slots[index].next);
        next |= (top + APIGW_SLOTS_TAG) & ~APIGW_SLOTS_INDEX;

    } while (!__atomic_compare_exchange_n(&slots->shared->free, &top, next,
                                          false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));

    return index;
}


void
apigw_slots_release(apigw_slots_t *slots, uint32_t index)
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

    index = apigw_slots_load(&slots->shared->fresh);

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
    uint32_t       index, i;
    apigw_slot_t  *slot;

    for (i = 0; i < 2 * slots->nslots; i++) {
        index = apigw_slots_advance(slots, &slots->shared->clock_hand);

        slot = &slots->slots[index];

        if (__atomic_load_n(&slot->used, __ATOMIC_RELAXED)) {
            __atomic_store_n(&slot->used, 0, __ATOMIC_RELAXED);
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
 * Takes a slot from its key: the caller has it reserved afterwards. false if
 * it belongs to no key, or if a live one is not to be had.
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


void
apigw_slots_link(apigw_slots_t *slots, uint32_t index,
    const apigw_siphash_t *key, uint64_t value)
{
    uint32_t      *head;
    uint64_t       word;
    apigw_slot_t  *slot;

    slot = &slots->slots[index];
    head = &slots->slots[apigw_slots_bucket(slots, key)].head;

    /* the busy bit, set before, must be seen by whoever sees the new key */

    __atomic_thread_fence(__ATOMIC_RELEASE);

    __atomic_store_n(&slot->key.word[0], key->word[0], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->key.word[1], key->word[1], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->denied, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->used, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->next, *head, __ATOMIC_RELAXED);

    word = slot->word & APIGW_SLOTS_GENERATION;

    __atomic_store_n(&slot->word, word | value, __ATOMIC_RELEASE);
    __atomic_store_n(head, index, __ATOMIC_RELEASE);

    (void) __atomic_fetch_add(&slots->shared->entries, 1, __ATOMIC_RELAXED);
}


uint64_t
apigw_slots_hold(apigw_slot_t *slot)
{
    return __atomic_fetch_or(&slot->word, APIGW_SLOTS_BUSY, __ATOMIC_ACQ_REL)
           & ~APIGW_SLOTS_BUSY;
}


void
apigw_slots_drop(apigw_slot_t *slot, uint64_t word, uint64_t value)
{
    __atomic_store_n(&slot->word, (word & APIGW_SLOTS_GENERATION) | value,
                     __ATOMIC_RELEASE);
}
