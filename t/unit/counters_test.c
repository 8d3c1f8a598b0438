
/*
 * Counters that processes share: slots are handed on with their sums, rows
 * belong to names, and nothing is lost when either is short.
 */


#include "apigw_counters.h"
#include "apigw_test.h"

#include <pthread.h>


#define ROWS   8
#define SLOTS  4


typedef struct {
    apigw_counters_t   counters;
    void              *memory;
} table_t;


static uint64_t  dead;               /* the owner that is */


static bool
alive(uint64_t owner)
{
    return owner != dead;
}


static bool
make(apigw_test_t *t, table_t *table, uint32_t rows, uint32_t slots)
{
    size_t   size;
    uint8_t *p;

    dead = 0;
    size = apigw_counters_size(rows, slots);

    if (size % 64) {
        return false;
    }

    p = apigw_arena_zalloc(&t->arena, size + 63);
    if (p == NULL) {
        return false;
    }

    table->memory = (void *) (((uintptr_t) p + 63) & ~(uintptr_t) 63);
    apigw_counters_create(&table->counters, table->memory, rows, slots);

    return true;
}


static apigw_siphash_t
name(uint64_t n)
{
    apigw_siphash_t  s = { { n, ~n } };

    return s;
}


TEST(what_is_counted_is_summed)
{
    table_t           a;
    uint32_t          rows[2];
    apigw_counters_t  b;
    apigw_siphash_t   names[2] = { name(1), name(2) };

    EXPECT(make(t, &a, ROWS, SLOTS));
    EXPECT(apigw_counters_names(&a.counters, names, 2, rows) == 0);
    EXPECT(rows[0] && rows[1] && rows[0] != rows[1]);

    EXPECT(apigw_counters_open(&b, a.memory) == APIGW_OK);

    apigw_counters_join(&a.counters, 11, alive);
    apigw_counters_join(&b, 12, alive);
    EXPECT(a.counters.slot && b.slot && a.counters.slot != b.slot);

    apigw_counters_add(&a.counters, rows[0], 0, 1);
    apigw_counters_add(&a.counters, rows[0], 15, 5);
    apigw_counters_add(&b, rows[0], 0, 2);
    apigw_counters_add(&b, rows[1], 0, 100);

    EXPECT(apigw_counters_sum(&b, rows[0], 0) == 3);
    EXPECT(apigw_counters_sum(&b, rows[0], 15) == 5);
    EXPECT(apigw_counters_sum(&b, rows[1], 0) == 100);
    EXPECT(apigw_counters_sum(&b, rows[1], 15) == 0);
}


TEST(another_layout_is_refused)
{
    table_t           a;
    apigw_counters_t  b;

    EXPECT(make(t, &a, ROWS, SLOTS));
    a.counters.shared->layout++;
    EXPECT(apigw_counters_open(&b, a.memory) == APIGW_EINPUT);
}


TEST(a_slot_is_handed_on_with_its_sums)
{
    table_t   a;
    uint32_t  slot;

    EXPECT(make(t, &a, ROWS, 2));

    apigw_counters_join(&a.counters, 11, alive);
    slot = a.counters.slot;
    EXPECT(slot == 1);
    apigw_counters_add(&a.counters, 1, 3, 5);

    apigw_counters_leave(&a.counters);
    EXPECT(a.counters.slot == 0);
    apigw_counters_add(&a.counters, 1, 3, 1);

    apigw_counters_join(&a.counters, 12, alive);
    EXPECT(a.counters.slot == slot);
    apigw_counters_add(&a.counters, 1, 3, 2);

    EXPECT(apigw_counters_sum(&a.counters, 1, 3) == 8);
}


TEST(without_a_slot_the_common_one_counts)
{
    table_t           a;
    apigw_counters_t  b;

    EXPECT(make(t, &a, ROWS, 2));
    EXPECT(apigw_counters_open(&b, a.memory) == APIGW_OK);

    apigw_counters_join(&a.counters, 11, alive);
    apigw_counters_join(&b, 12, alive);
    EXPECT(a.counters.slot == 1 && b.slot == 0);

    apigw_counters_add(&a.counters, 2, 0, 1);
    apigw_counters_add(&b, 2, 0, 2);
    EXPECT(apigw_counters_sum(&b, 2, 0) == 3);

    /* leaving it takes nothing from the other */

    apigw_counters_leave(&b);
    apigw_counters_add(&a.counters, 2, 0, 1);
    EXPECT(apigw_counters_sum(&b, 2, 0) == 4);

    EXPECT(make(t, &a, 1, 1));
    apigw_counters_join(&a.counters, 11, alive);
    EXPECT(a.counters.slot == 0);
    apigw_counters_add(&a.counters, 0, 0, 1);
    EXPECT(apigw_counters_sum(&a.counters, 0, 0) == 1);
}


TEST(a_dead_owner_s_slot_is_taken)
{
    table_t           a;
    apigw_counters_t  b;

    EXPECT(make(t, &a, ROWS, 2));
    EXPECT(apigw_counters_open(&b, a.memory) == APIGW_OK);

    apigw_counters_join(&a.counters, 11, alive);
    apigw_counters_add(&a.counters, 1, 0, 7);
    apigw_counters_add(&a.counters, 1, 1, 1);
    EXPECT(apigw_counters_sum_alive(&b, 1, 1, alive) == 1);

    dead = 11;
    EXPECT(apigw_counters_sum_alive(&b, 1, 1, alive) == 0);

    apigw_counters_join(&b, 12, alive);
    EXPECT(b.slot == 1);
    apigw_counters_reset(&b, 1, 1);
    apigw_counters_add(&b, 1, 0, 1);

    EXPECT(apigw_counters_sum(&b, 1, 0) == 8);
    EXPECT(apigw_counters_sum(&b, 1, 1) == 0);
    EXPECT(apigw_counters_sum_alive(&b, 1, 0, alive) == 8);
}


TEST(the_common_slot_is_nobody_s)
{
    table_t  a;

    EXPECT(make(t, &a, ROWS, 1));

    apigw_counters_add(&a.counters, 1, 0, 3);
    apigw_counters_reset(&a.counters, 1, 0);

    EXPECT(apigw_counters_sum(&a.counters, 1, 0) == 3);
    EXPECT(apigw_counters_sum_alive(&a.counters, 1, 0, alive) == 0);
}


TEST(names_keep_their_rows)
{
    table_t          a;
    uint32_t         first[3], again[3];
    apigw_siphash_t  names[3] = { name(1), name(2), name(3) };
    apigw_siphash_t  other[3] = { name(3), name(4), name(1) };

    EXPECT(make(t, &a, ROWS, SLOTS));
    EXPECT(apigw_counters_names(&a.counters, names, 3, first) == 0);
    apigw_counters_add(&a.counters, first[1], 0, 9);

    EXPECT(apigw_counters_names(&a.counters, other, 3, again) == 0);
    EXPECT(again[0] == first[2] && again[2] == first[0]);
    EXPECT(again[1] != first[1]);

    /* gone for a while: while rows are there, it goes on */

    EXPECT(apigw_counters_names(&a.counters, names, 3, again) == 0);
    EXPECT(again[1] == first[1]);
    EXPECT(apigw_counters_sum(&a.counters, again[1], 0) == 9);
}


TEST(a_name_of_zeroes_is_a_name)
{
    table_t          a;
    uint32_t         rows[2];
    apigw_siphash_t  names[2] = { { { 0, 0 } }, { { 0, 1 } } };

    EXPECT(make(t, &a, ROWS, SLOTS));
    EXPECT(apigw_counters_names(&a.counters, names, 2, rows) == 0);
    EXPECT(rows[0] && rows[1] && rows[0] != rows[1]);
    EXPECT(apigw_counters_names(&a.counters, names, 0, rows) == 0);
}


TEST(a_row_is_used_again_from_zero)
{
    table_t          a, b;
    uint32_t         rows[7], again[7];
    unsigned         i;
    apigw_siphash_t  names[7];

    EXPECT(make(t, &a, ROWS, SLOTS));
    EXPECT(apigw_counters_open(&b.counters, a.memory) == APIGW_OK);

    apigw_counters_join(&b.counters, 12, alive);

    for (i = 0; i < 7; i++) {
        names[i] = name(i);
    }

    EXPECT(apigw_counters_names(&a.counters, names, 7, rows) == 0);

    for (i = 0; i < 7; i++) {
        apigw_counters_add(&a.counters, rows[i], 2, 10 + i);
        apigw_counters_add(&b.counters, rows[i], 2, 1);
    }

    /* two go, two come */

    names[2] = name(100);
    names[5] = name(101);

    EXPECT(apigw_counters_names(&a.counters, names, 7, again) == 0);

    for (i = 0; i < 7; i++) {
        if (i == 2 || i == 5) {
            EXPECT(again[i] == rows[2] || again[i] == rows[5]);
            EXPECT(apigw_counters_sum(&a.counters, again[i], 2) == 0);

        } else {
            EXPECT(again[i] == rows[i]);
            EXPECT(apigw_counters_sum(&a.counters, again[i], 2) == 11 + i);
        }
    }

    EXPECT(again[2] != again[5]);

    apigw_counters_add(&b.counters, again[2], 2, 3);
    EXPECT(apigw_counters_sum(&a.counters, again[2], 2) == 3);
}


TEST(names_without_a_row_share_one)
{
    table_t          a;
    uint32_t         rows[20];
    unsigned         i, n;
    apigw_siphash_t  names[20];

    EXPECT(make(t, &a, ROWS, SLOTS));

    for (i = 0; i < 20; i++) {
        names[i] = name(i);
    }

    EXPECT(apigw_counters_names(&a.counters, names, 20, rows) == 13);

    for (i = 0, n = 0; i < 20; i++) {
        apigw_counters_add(&a.counters, rows[i], 0, 1);
        n += rows[i] == 0;
    }

    EXPECT(n == 13 && apigw_counters_sum(&a.counters, 0, 0) == 13);

    /* the same again: nobody loses its row to another */

    EXPECT(apigw_counters_names(&a.counters, names, 20, rows) == 13);
    EXPECT(apigw_counters_sum(&a.counters, rows[0], 0) == 1);

    EXPECT(make(t, &a, 1, 1));
    EXPECT(apigw_counters_names(&a.counters, names, 20, rows) == 20);
}


/* Threads stand for processes: four of them, two slots and the common one. */

static void *
count(void *data)
{
    unsigned           i;
    apigw_counters_t   counters;
    static uint64_t    owners;

    if (apigw_counters_open(&counters, data) != APIGW_OK) {
        return NULL;
    }

    for (i = 0; i < 50000; i++) {

        if (i % 1000 == 0) {
            apigw_counters_leave(&counters);
            apigw_counters_join(&counters,
                         __atomic_add_fetch(&owners, 1, __ATOMIC_RELAXED),
                         alive);
        }

        apigw_counters_add(&counters, 1, 0, 1);
    }

    apigw_counters_leave(&counters);

    return NULL;
}


TEST(nothing_is_lost_between_processes)
{
    table_t    a;
    unsigned   i;
    pthread_t  threads[4];

    EXPECT(make(t, &a, 2, 3));

    for (i = 0; i < 4; i++) {
        EXPECT(pthread_create(&threads[i], NULL, count, a.memory) == 0);
    }

    for (i = 0; i < 4; i++) {
        (void) pthread_join(threads[i], NULL);
    }

    EXPECT(apigw_counters_sum(&a.counters, 1, 0) == 200000);
}


TEST_MAIN(
    CASE(what_is_counted_is_summed),
    CASE(another_layout_is_refused),
    CASE(a_slot_is_handed_on_with_its_sums),
    CASE(without_a_slot_the_common_one_counts),
    CASE(a_dead_owner_s_slot_is_taken),
    CASE(the_common_slot_is_nobody_s),
    CASE(names_keep_their_rows),
    CASE(a_name_of_zeroes_is_a_name),
    CASE(a_row_is_used_again_from_zero),
    CASE(names_without_a_row_share_one),
    CASE(nothing_is_lost_between_processes)
)
