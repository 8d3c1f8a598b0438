
/*
 * A table of a fixed number of 64-byte slots in memory that processes share.
 * It never grows and takes nothing per key: when it is full an idle entry
 * goes, else a live one that was not used lately.
 *
 * A slot's state is one 64-bit word, changed by compare-and-swap:
 *
 *     63      53 52 51                                   0
 *     generation  B  value (a rate's TAT; 0 is a fresh key)
 *
 * A window's value is when all its counts are over, by the table's clock; the
 * counts are changed under the lock of the stripe. Those that don't fit into
 * the slot are in slots of their own, its extensions, linked by `next`: they
 * are in no chain, and busy.
 *
 * The generation changes when a slot gets another key, so that a CAS meant
 * for the old key fails. B, busy: somebody who holds the lock of the key's
 * stripe is at work; a CAS that meets it takes that lock. Links and keys are
 * changed under the stripe's lock and read without it; a reader led astray by
 * a slot's reuse finds nothing, and looks again under the lock.
 *
 * A lock's word names its owner. Whoever waits on a dead owner takes over:
 * every change inside is one store, so nothing is left half done but busy
 * bits, which the next holder of the lock knows to be stale.
 *
 * Bucket i's chain starts in slot i. Slot 0 is no slot: index 0 ends chains.
 */


#ifndef _APIGW_SLOTS_H_INCLUDED_
#define _APIGW_SLOTS_H_INCLUDED_


#include "apigw.h"
#include "apigw_siphash.h"


#pragma GCC visibility push(hidden)


#define APIGW_SLOTS_LAYOUT       2   /* changes with any structure here */

#define APIGW_SLOTS_VALUE        0x000fffffffffffffull
#define APIGW_SLOTS_BUSY         0x0010000000000000ull
#define APIGW_SLOTS_GENERATION   0xffe0000000000000ull
#define APIGW_SLOTS_NEXT         0x0020000000000000ull   /* a generation */

#define APIGW_SLOTS_MAX          0x0fffffff  /* 28-bit indexes */

/* in apigw_slot_t.more, besides an index */
#define APIGW_SLOTS_USED         0x80000000u /* since the clock was here */
#define APIGW_SLOTS_EXTENSION    0x40000000u /* belongs to another slot */

#define APIGW_SLOTS_COUNTS       3           /* of a slot */
#define APIGW_SLOTS_MORE         10          /* of an extension */


typedef struct {
    uint64_t          word;

    uint32_t          head;          /* of the chain of bucket i */
    uint32_t          next;          /* in this slot's chain, or on the stack */
    uint32_t          more;          /* the first extension, and flags */

    /* a denial by Redis, repeated here until `denied` (ticks) */
    uint32_t          denied_cost;

    union {
        struct {
            apigw_siphash_t   key;
            uint64_t          denied;

            /*
             * [3] is how long after `denied` the denial really ends, in 2 ms,
             * as `denied` is a second at most. A quota: wide[0] is its count,
             * [2] the window. Other windows: [0] to [2] are counts.
             */
            union {
                uint32_t      rest[4];
                uint64_t      wide[2];
            };
        };

        uint32_t      counts[APIGW_SLOTS_MORE];     /* of an extension */
    };
} apigw_slot_t;


typedef struct {
    uint64_t          owner;         /* 0: free */
    uint64_t          padding[7];
} apigw_slots_lock_t;


/* The start of the shared memory. */

typedef struct {
    uint32_t          layout;
    uint32_t          nslots;        /* slot 0 included */
    uint32_t          nstripes;      /* a power of 2 */
    uint32_t          reserved;
    uint64_t          epoch;         /* the caller's: when ticks began */
    uint8_t           secret[16];
    uint64_t          padding0[3];

    uint64_t          free;          /* stack: 36 bits tag, 28 bits index */
    uint32_t          fresh;         /* slots below it have been used */
    uint32_t          dead_hand;     /* looks for idle entries */
    uint32_t          clock_hand;    /* for those not used lately */
    uint32_t          padding1[11];

    uint64_t          entries;
    uint64_t          evicted_dead;
    uint64_t          evicted_live;
    uint64_t          steals;        /* locks taken from dead owners */

    /* the caller's: the last live eviction that it saw, and when */
    uint64_t          live_seen;
    uint64_t          live_time;
    uint64_t          padding2[2];
} apigw_slots_shared_t;


/* Whether the process that `owner` names may still run. */
typedef bool (*apigw_slots_alive_pt)(uint64_t owner);


/* One process's view. */

typedef struct {
    apigw_slots_shared_t  *shared;
    apigw_slots_lock_t    *locks;
    apigw_slot_t          *slots;
    uint32_t               nslots;
    uint32_t               mask;     /* of stripes */
    uint64_t               owner;    /* this process; not 0 */
    apigw_slots_alive_pt   alive;
} apigw_slots_t;


/*
 * Lays a table out in `size` zeroed bytes, aligned to 64. `owner` and `alive`
 * are left to the caller, as they are by apigw_slots_open().
 * APIGW_ELIMIT: no room for a useful table
 */
apigw_rc_t apigw_slots_create(apigw_slots_t *slots, void *memory, size_t size,
    const uint8_t secret[16], uint64_t epoch);


/* Finds a table in memory laid out before. APIGW_EINPUT: another layout. */
apigw_rc_t apigw_slots_open(apigw_slots_t *slots, void *memory);


/*
 * Looks for a key, without a lock. Its slot's index, with the word read while
 * the slot was the key's; 0 if it was not found, which only
 * apigw_slots_find_locked() makes certain.
 */
uint32_t apigw_slots_find(const apigw_slots_t *slots,
    const apigw_siphash_t *key, uint64_t *word);


/* As above; the lock of the key's stripe is held. */
uint32_t apigw_slots_find_locked(const apigw_slots_t *slots,
    const apigw_siphash_t *key);


/* Marks a slot as in use, for the clock. */
static inline void
apigw_slots_touch(apigw_slot_t *slot)
{
    if (!(__atomic_load_n(&slot->more, __ATOMIC_RELAXED) & APIGW_SLOTS_USED)) {
        (void) __atomic_fetch_or(&slot->more, APIGW_SLOTS_USED,
                                 __ATOMIC_RELAXED);
    }
}


/*
 * Replaces the word if it still is `*word`, else reads it into *word. `value`
 * is within APIGW_SLOTS_VALUE; generation and busy bit stay.
 */
static inline bool
apigw_slots_swap(apigw_slot_t *slot, uint64_t *word, uint64_t value)
{
    uint64_t  next;

    next = (*word & ~APIGW_SLOTS_VALUE) | value;

    return __atomic_compare_exchange_n(&slot->word, word, next, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}


/*
 * Takes a slot, with so many extensions, off the table's free ones, or makes
 * some free: entries whose value and denial are at or before `now` first. It
 * belongs to the caller until apigw_slots_link() or _release(). No lock may be
 * held. 0: none to be had, as all that were tried are in the hands of others.
 */
uint32_t apigw_slots_reserve(apigw_slots_t *slots, uint64_t now,
    unsigned extensions);


/* Returns a reserved slot, and its extensions. */
void apigw_slots_release(apigw_slots_t *slots, uint32_t index);


/* Makes a reserved slot the key's; the stripe's lock is held, no other has. */
void apigw_slots_link(apigw_slots_t *slots, uint32_t index,
    const apigw_siphash_t *key, uint64_t value);


/* The place of count `i` of a slot that has as many. */
uint32_t *apigw_slots_count(const apigw_slots_t *slots, apigw_slot_t *slot,
    unsigned i);


/* Where a key's chain starts. */
static inline uint32_t
apigw_slots_bucket(const apigw_slots_t *slots, const apigw_siphash_t *key)
{
    /* the upper half scaled to 1 ... nslots - 1 */

    return 1 + (uint32_t) ((key->word[0] >> 32) * (slots->nslots - 1) >> 32);
}


/* Where a key belongs: the stripe to lock. */
uint32_t apigw_slots_stripe(const apigw_slots_t *slots,
    const apigw_siphash_t *key);


/* Waits for the stripe's lock; takes it from a dead owner. */
void apigw_slots_lock(apigw_slots_t *slots, uint32_t stripe);
void apigw_slots_unlock(apigw_slots_t *slots, uint32_t stripe);


/*
 * Sets the busy bit, the stripe's lock being held: from here on no CAS
 * succeeds. Returns the word, its busy bit cleared; a bit that was set is a
 * dead owner's.
 */
uint64_t apigw_slots_hold(apigw_slot_t *slot);


/* Ends apigw_slots_hold(): the word gets `value`. */
void apigw_slots_drop(apigw_slot_t *slot, uint64_t word, uint64_t value);


#pragma GCC visibility pop


#endif /* _APIGW_SLOTS_H_INCLUDED_ */
