
#include "apigw_slots.h"


#define APIGW_SLOTS_USEFUL      1024  /* fewer are no table */
#define APIGW_SLOTS_STEPS       64    /* of a search without lock */


_Static_assert(sizeof(apigw_slot_t) == 64, "a slot is a cache line");
_Static_assert(sizeof(apigw_slots_lock_t) == 64, "a lock is a cache line");
_Static_assert(sizeof(apigw_slots_shared_t) == 192, "the head is three");


static void apigw_slots_view(apigw_slots_t *slots, void *memory);


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


uint32_t *
apigw_slots_count(const apigw_slots_t *slots, apigw_slot_t *slot, unsigned i)
{
    uint32_t  index;

    if (i < APIGW_SLOTS_COUNTS) {
        return &slot->rest[i];
    }

    index = apigw_slots_load(&slot->more) & APIGW_SLOTS_MAX;

    for (i -= APIGW_SLOTS_COUNTS; i >= APIGW_SLOTS_MORE; i -= APIGW_SLOTS_MORE)
    {
        index = apigw_slots_load(&slots->slots[index].next);
    }

    return &slots->slots[index].counts[i];
}


void
apigw_slots_link(apigw_slots_t *slots, uint32_t index,
    const apigw_siphash_t *key, uint64_t value)
{
    uint32_t      *head, more;
    uint64_t       word;
    unsigned       i;
    apigw_slot_t  *slot;

    slot = &slots->slots[index];
    head = &slots->slots[apigw_slots_bucket(slots, key)].head;

    /* the busy bit, set before, must be seen by whoever sees the new key */

    __atomic_thread_fence(__ATOMIC_RELEASE);

    __atomic_store_n(&slot->key.word[0], key->word[0], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->key.word[1], key->word[1], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->denied, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->more, slot->more & APIGW_SLOTS_MAX,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&slot->next, *head, __ATOMIC_RELAXED);

    __atomic_store_n(&slot->wide[0], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->wide[1], 0, __ATOMIC_RELAXED);

    for (more = slot->more & APIGW_SLOTS_MAX; more;
         more = slots->slots[more].next)
    {
        for (i = 0; i < APIGW_SLOTS_MORE; i++) {
            __atomic_store_n(&slots->slots[more].counts[i], 0,
                             __ATOMIC_RELAXED);
        }
    }

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
