
/*
 * The table of slots: finds what it was given, never grows, lets idle entries
 * go first and keeps those in use; and its locks outlive their owners.
 */


#include "apigw_slots.h"
#include "apigw_test.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define SIZE  (512 * 1024)


static bool
alive(uint64_t owner)
{
    return kill((pid_t) owner, 0) == 0;
}


static bool
make(apigw_slots_t *slots, size_t size)
{
    void           *memory;
    const uint8_t   secret[16] = { 1, 2, 3 };

    memory = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                  -1, 0);

    if (memory == MAP_FAILED
        || apigw_slots_create(slots, memory, size, secret, 0) != APIGW_OK)
    {
        return false;
    }

    slots->owner = getpid();
    slots->alive = alive;

    return true;
}


static void
drop(apigw_slots_t *slots, size_t size)
{
    (void) munmap(slots->shared, size);
}


static apigw_siphash_t
name(uint64_t n)
{
    apigw_siphash_t  key = { { 7, 9 } };

    return apigw_siphash(&key, &n, sizeof(n));
}


static uint32_t
add(apigw_slots_t *slots, uint64_t n, uint64_t value, uint64_t now)
{
    uint32_t         index, stripe;
    apigw_siphash_t  key = name(n);

    index = apigw_slots_reserve(slots, now, 0);
    stripe = apigw_slots_stripe(slots, &key);

    if (index) {
        apigw_slots_lock(slots, stripe);
        apigw_slots_link(slots, index, &key, value);
        apigw_slots_unlock(slots, stripe);
    }

    return index;
}


static bool
has(apigw_slots_t *slots, uint64_t n, uint64_t value)
{
    uint64_t         word;
    apigw_siphash_t  key = name(n);

    return apigw_slots_find(slots, &key, &word) != 0
           && (word & APIGW_SLOTS_VALUE) == value;
}


TEST(a_table_needs_room)
{
    static _Alignas(64) uint8_t  small[1024 * 64];
    apigw_slots_t                slots;
    const uint8_t                secret[16] = { 0 };

    EXPECT(apigw_slots_create(&slots, small, 0, secret, 0) == APIGW_ELIMIT);
    EXPECT(apigw_slots_create(&slots, small, sizeof(small), secret, 0)
           == APIGW_ELIMIT);
}


TEST(another_layout_is_not_opened)
{
    apigw_slots_t  slots, other;

    EXPECT(make(&slots, SIZE));
    EXPECT(apigw_slots_open(&other, slots.shared) == APIGW_OK);
    EXPECT(other.slots == slots.slots && other.nslots == slots.nslots);

    slots.shared->layout++;
    EXPECT(apigw_slots_open(&other, slots.shared) == APIGW_EINPUT);

    drop(&slots, SIZE);
}


TEST(a_key_costs_64_bytes_and_locks_64_kib_at_most)
{
    apigw_slots_t  slots;
    const size_t   size = 16 * 1024 * 1024;

    EXPECT(make(&slots, size));
    EXPECT(slots.shared->nstripes == 512 || slots.shared->nstripes == 1024);
    EXPECT(size / 64 - slots.nslots <= slots.shared->nstripes + 3);

    drop(&slots, size);

    EXPECT(make(&slots, SIZE));
    EXPECT(slots.shared->nstripes >= 16);
    EXPECT((uint8_t *) &slots.slots[slots.nslots]
           <= (uint8_t *) slots.shared + SIZE);

    drop(&slots, SIZE);
}


TEST(what_was_added_is_found)
{
    uint64_t         word;
    unsigned         i;
    apigw_siphash_t  key;
    apigw_slots_t    slots;

    EXPECT(make(&slots, SIZE));

    for (i = 0; i < 5000; i++) {
        EXPECT(add(&slots, i, 1000 + i, 1) != 0);
    }

    for (i = 0; i < 5000; i++) {
        EXPECT(has(&slots, i, 1000 + i));
    }

    key = name(5000);
    EXPECT(apigw_slots_find(&slots, &key, &word) == 0);
    EXPECT(apigw_slots_find_locked(&slots, &key) == 0);
    EXPECT(slots.shared->entries == 5000);

    drop(&slots, SIZE);
}


TEST(a_released_slot_is_used_again)
{
    uint32_t       a, b;
    apigw_slots_t  slots;

    EXPECT(make(&slots, SIZE));

    a = apigw_slots_reserve(&slots, 1, 0);
    b = apigw_slots_reserve(&slots, 1, 0);
    EXPECT(a && b && a != b);

    apigw_slots_release(&slots, a);
    apigw_slots_release(&slots, b);
    EXPECT(apigw_slots_reserve(&slots, 1, 0) == b);
    EXPECT(apigw_slots_reserve(&slots, 1, 0) == a);

    drop(&slots, SIZE);
}


TEST(idle_entries_go_first)
{
    uint64_t       i;
    apigw_slots_t  slots;

    EXPECT(make(&slots, SIZE));

    /* all live but every 16th, which is idle from 1000 on */

    for (i = 0; i < slots.nslots - 1; i++) {
        EXPECT(add(&slots, i, i % 16 ? 5000 : 1000, 1));
    }

    for (i = 0; i < slots.nslots / 20; i++) {
        EXPECT(add(&slots, 1000000 + i, 5000, 2000));
    }

    EXPECT(slots.shared->evicted_live == 0);
    EXPECT(slots.shared->evicted_dead == slots.nslots / 20);
    EXPECT(slots.shared->entries == slots.nslots - 1);

    for (i = 0; i < slots.nslots - 1; i++) {
        EXPECT(i % 16 == 0 || has(&slots, i, 5000));
    }

    drop(&slots, SIZE);
}


TEST(a_hot_key_survives_a_hundred_tables_full_of_others)
{
    uint64_t         i, word;
    uint32_t         index;
    apigw_slots_t    slots;
    apigw_siphash_t  hot = name(0);

    EXPECT(make(&slots, SIZE));
    EXPECT(add(&slots, 0, 77, 1));

    for (i = 1; i < 100 * (uint64_t) slots.nslots; i++) {
        EXPECT(add(&slots, i, 5000, 1));

        if (i % 1000 == 0) {
            index = apigw_slots_find(&slots, &hot, &word);
            EXPECT(index && (word & APIGW_SLOTS_VALUE) == 77);
            apigw_slots_touch(&slots.slots[index]);
        }
    }

    EXPECT(slots.shared->evicted_live + slots.shared->entries == i);
    EXPECT(slots.shared->entries == slots.nslots - 1);

    drop(&slots, SIZE);
}


/* A CAS meant for a key that was evicted meanwhile must not hit the next. */

TEST(a_swap_fails_once_the_slot_has_another_key)
{
    uint64_t         word, i;
    uint32_t         index;
    apigw_siphash_t  key = name(0);
    apigw_slots_t    slots;

    EXPECT(make(&slots, SIZE));
    EXPECT(add(&slots, 0, 5000, 1));

    index = apigw_slots_find(&slots, &key, &word);
    EXPECT(index);

    for (i = 1; has(&slots, 0, 5000); i++) {
        EXPECT(add(&slots, i, 5000, 1));
    }

    EXPECT((slots.slots[index].word & APIGW_SLOTS_VALUE)
           == (word & APIGW_SLOTS_VALUE));
    EXPECT(!apigw_slots_swap(&slots.slots[index], &word, 6000));

    drop(&slots, SIZE);
}


TEST(a_held_word_cannot_be_swapped)
{
    uint64_t         word, held;
    uint32_t         index;
    apigw_siphash_t  key = name(0);
    apigw_slots_t    slots;

    EXPECT(make(&slots, SIZE));
    EXPECT(add(&slots, 0, 5000, 1));

    index = apigw_slots_find(&slots, &key, &word);
    held = apigw_slots_hold(&slots.slots[index]);

    EXPECT(held == word);
    EXPECT(!apigw_slots_swap(&slots.slots[index], &word, 6000));
    EXPECT(word & APIGW_SLOTS_BUSY);

    apigw_slots_drop(&slots.slots[index], held, 7000);
    EXPECT(has(&slots, 0, 7000));

    drop(&slots, SIZE);
}


static double
seconds(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec + t.tv_nsec / 1e9;
}


TEST(the_lock_of_a_killed_process_is_taken_over_within_100_ms)
{
    int            status;
    pid_t          pid;
    double         start;
    uint64_t       word;
    apigw_slots_t  slots;

    EXPECT(make(&slots, SIZE));
    EXPECT(add(&slots, 0, 5000, 1));

    pid = fork();

    if (pid == 0) {
        apigw_siphash_t  key = name(0);

        slots.owner = getpid();
        apigw_slots_lock(&slots, apigw_slots_stripe(&slots, &key));
        (void) apigw_slots_hold(
                       &slots.slots[apigw_slots_find(&slots, &key, &word)]);
        (void) raise(SIGKILL);
    }

    EXPECT(pid > 0);
    EXPECT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));

    start = seconds();

    {
        apigw_siphash_t  key = name(0);
        uint32_t         index;

        apigw_slots_lock(&slots, apigw_slots_stripe(&slots, &key));
        index = apigw_slots_find_locked(&slots, &key);

        EXPECT(index);
        EXPECT(slots.slots[index].word & APIGW_SLOTS_BUSY);

        word = apigw_slots_hold(&slots.slots[index]);
        EXPECT((word & APIGW_SLOTS_VALUE) == 5000);

        apigw_slots_drop(&slots.slots[index], word, 5000);
        apigw_slots_unlock(&slots, apigw_slots_stripe(&slots, &key));
    }

    EXPECT(seconds() - start < 0.1);
    EXPECT(slots.shared->steals == 1);
    EXPECT(has(&slots, 0, 5000));

    drop(&slots, SIZE);
}


static uint32_t
add_long(apigw_slots_t *slots, uint64_t n, uint64_t value, uint64_t now)
{
    uint32_t         index, stripe;
    apigw_siphash_t  key = name(n);

    index = apigw_slots_reserve(slots, now, 6);
    stripe = apigw_slots_stripe(slots, &key);

    if (index) {
        apigw_slots_lock(slots, stripe);
        apigw_slots_link(slots, index, &key, value);
        apigw_slots_unlock(slots, stripe);
    }

    return index;
}


TEST(an_entry_has_counts_of_its_own_and_starts_afresh)
{
    uint32_t       index;
    unsigned       i, k, round;
    apigw_slots_t  slots;

    EXPECT(make(&slots, SIZE));

    /* three rounds: what was one's becomes another's */

    for (round = 0; round < 3; round++) {
        for (k = 0; k < slots.nslots / 7; k++) {
            index = add_long(&slots, round * 10000 + k, 5000, 1);
            EXPECT(index);

            for (i = 0; i < 61; i++) {
                EXPECT(*apigw_slots_count(&slots, &slots.slots[index], i)
                       == 0);
                *apigw_slots_count(&slots, &slots.slots[index], i)
                    = k * 100 + i;
            }
        }

        for (k = 0; k < slots.nslots / 7; k++) {
            apigw_siphash_t  key = name(round * 10000 + k);

            index = apigw_slots_find_locked(&slots, &key);

            for (i = 0; index && i < 61; i++) {
                EXPECT(*apigw_slots_count(&slots, &slots.slots[index], i)
                       == k * 100 + i);
            }
        }
    }

    EXPECT(slots.shared->entries * 7 <= slots.nslots);
    EXPECT(slots.shared->entries > slots.nslots / 7 - 10);

    drop(&slots, SIZE);
}


TEST(long_and_short_entries_share_a_full_table)
{
    uint64_t       i;
    apigw_slots_t  slots;

    EXPECT(make(&slots, SIZE));

    for (i = 0; i < 20 * (uint64_t) slots.nslots; i++) {
        EXPECT(i % 3 ? add(&slots, i, 5000, 1) : add_long(&slots, i, 5000, 1));
    }

    EXPECT(slots.shared->evicted_live + slots.shared->entries == i);

    /* all idle now: no live one goes any more */

    for (i = 0; i < slots.nslots / 100; i++) {
        EXPECT(add_long(&slots, i + 1000000, 9000, 6000));
    }

    EXPECT(slots.shared->evicted_dead > 0);

    drop(&slots, SIZE);
}


TEST_MAIN(CASE(a_table_needs_room),
          CASE(another_layout_is_not_opened),
          CASE(a_key_costs_64_bytes_and_locks_64_kib_at_most),
          CASE(what_was_added_is_found),
          CASE(a_released_slot_is_used_again),
          CASE(idle_entries_go_first),
          CASE(a_hot_key_survives_a_hundred_tables_full_of_others),
          CASE(a_swap_fails_once_the_slot_has_another_key),
          CASE(a_held_word_cannot_be_swapped),
          CASE(an_entry_has_counts_of_its_own_and_starts_afresh),
          CASE(long_and_short_entries_share_a_full_table),
          CASE(the_lock_of_a_killed_process_is_taken_over_within_100_ms))
