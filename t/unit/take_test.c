
/*
 * The take: all limits or none, whatever their order; exact with processes
 * and threads side by side; and nothing is lost with a process killed inside.
 */


#include "apigw_take.h"
#include "apigw_test.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>


#define SIZE      (512 * 1024)
#define THREADS   4
#define PROCESSES 4
#define EACH      20000


static bool
alive(uint64_t owner)
{
    return kill((pid_t) owner, 0) == 0;
}


static bool
make(apigw_slots_t *slots)
{
    void           *memory;
    const uint8_t   secret[16] = { 1, 2, 3 };

    memory = mmap(NULL, SIZE, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS,
                  -1, 0);

    if (memory == MAP_FAILED
        || apigw_slots_create(slots, memory, SIZE, secret, 0) != APIGW_OK)
    {
        return false;
    }

    slots->owner = getpid();
    slots->alive = alive;

    return true;
}


/* Takes all of an array. */

static bool
take_all(apigw_take_t *takes, size_t n)
{
    size_t         i;
    apigw_take_t  *list[APIGW_TAKE_MAX];

    for (i = 0; i < n; i++) {
        list[i] = &takes[i];
    }

    return apigw_take(list, n);
}


static apigw_siphash_t
name(uint64_t n)
{
    apigw_siphash_t  key = { { 7, 9 } };

    return apigw_siphash(&key, &n, sizeof(n));
}


static apigw_take_t
limit(apigw_slots_t *slots, uint64_t n, uint64_t burst, uint64_t period)
{
    apigw_take_t  take;

    memset(&take, 0, sizeof(take));

    take.slots = slots;
    take.key = name(n);
    take.limit.gcra.burst = burst;
    take.limit.gcra.period = period;
    take.cost = 1;
    take.now = 1000;

    return take;
}


static uint64_t
value(apigw_slots_t *slots, uint64_t n)
{
    uint64_t         word;
    apigw_siphash_t  key = name(n);

    return apigw_slots_find(slots, &key, &word) ? word & APIGW_SLOTS_VALUE : 0;
}


TEST(one_limit_admits_its_burst_and_then_its_rate)
{
    unsigned       i;
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));
    take = limit(&slots, 1, 5, 100);

    for (i = 0; i < 5; i++) {
        EXPECT(take_all(&take, 1));
        EXPECT(!take.denied);
        EXPECT(take.report.remaining == 4 - i);
        EXPECT(take.until == 1000 + 100 * i);
    }

    EXPECT(!take_all(&take, 1));
    EXPECT(take.denied);
    EXPECT(take.report.retry == 100);

    take.now += 99;
    EXPECT(!take_all(&take, 1));
    take.now += 1;
    EXPECT(take_all(&take, 1));
    EXPECT(!take_all(&take, 1));
}


TEST(a_denial_and_no_cost_change_nothing)
{
    uint64_t       a, b;
    apigw_take_t   takes[2];
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    takes[0] = limit(&slots, 1, 10, 100);
    takes[1] = limit(&slots, 2, 1, 100);

    EXPECT(take_all(takes, 2));

    a = value(&slots, 1);
    b = value(&slots, 2);

    EXPECT(!take_all(takes, 2));
    EXPECT(!takes[0].denied && takes[1].denied);
    EXPECT(takes[0].report.remaining == 9 && takes[0].report.retry == 0);
    EXPECT(takes[1].report.retry == 100);
    EXPECT(value(&slots, 1) == a && value(&slots, 2) == b);

    takes[0].cost = takes[1].cost = 0;
    EXPECT(take_all(takes, 2));
    EXPECT(value(&slots, 1) == a && value(&slots, 2) == b);

    takes[0].cost = 11;
    EXPECT(!take_all(takes, 1));
    EXPECT(takes[0].report.retry == -1);
    EXPECT(value(&slots, 1) == a);

    /* of a key never seen, a denial leaves no entry */

    takes[0] = limit(&slots, 3, 10, 100);
    takes[1].cost = 1;
    EXPECT(!take_all(takes, 2));
    EXPECT(slots.shared->entries == 2);
}


TEST(a_shadow_holds_nothing_back_and_is_charged_with_the_others)
{
    apigw_take_t   takes[2];
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    takes[0] = limit(&slots, 1, 3, 100);
    takes[1] = limit(&slots, 2, 1, 100);
    takes[1].shadow = true;

    EXPECT(take_all(takes, 2) && !takes[1].denied);
    EXPECT(take_all(takes, 2) && takes[1].denied);
    EXPECT(take_all(takes, 2) && takes[1].denied);
    EXPECT(!take_all(takes, 2) && takes[0].denied && takes[1].denied);
    EXPECT(value(&slots, 1) == 1300 && value(&slots, 2) == 1100);
}


/* Sixteen limits in two orders: the same verdicts, the same states. */

TEST(the_order_of_limits_changes_nothing)
{
    bool           first, second;
    uint64_t       seed;
    unsigned       i, k, at, round;
    apigw_take_t   a[16], b[16], swap;
    apigw_slots_t  one, two;

    EXPECT(make(&one));
    EXPECT(make(&two));

    seed = 5;

    for (round = 0; round < 500; round++) {
        for (i = 0; i < 16; i++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            a[i] = limit(&one, i, 1 + i * 3, 10 + i);
            a[i].cost = (seed >> 33) % 3;
            a[i].now = 1000 + round * 7;
            b[i] = a[i];
            b[i].slots = &two;
        }

        for (i = 15; i > 0; i--) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            k = (seed >> 33) % (i + 1);
            swap = b[i];
            b[i] = b[k];
            b[k] = swap;
        }

        first = take_all(a, 16);
        second = take_all(b, 16);
        EXPECT(first == second);

        for (i = 0; i < 16; i++) {
            for (at = 0; memcmp(&a[at].key, &b[i].key, 16) != 0; at++) {
                /* void */
            }

            EXPECT(memcmp(&a[at].report, &b[i].report,
                          sizeof(a[at].report)) == 0);
            EXPECT(value(&one, i) == value(&two, i));
        }
    }
}


TEST(a_refund_gives_the_charge_back)
{
    apigw_take_t   takes[2], before;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    takes[0] = limit(&slots, 1, 5, 100);
    takes[1] = limit(&slots, 2, 5, 100);

    EXPECT(take_all(takes, 2));
    EXPECT(take_all(takes, 2));
    EXPECT(value(&slots, 1) == 1200);

    apigw_take_back(&takes[0], 1000, 0);
    EXPECT(value(&slots, 1) == 1100 && value(&slots, 2) == 1200);

    /* of an entry that has gone: nothing */

    before = limit(&slots, 9, 5, 100);
    apigw_take_back(&before, 1000, 0);
    EXPECT(slots.shared->entries == 2);
}


TEST(a_copy_follows_what_was_granted_elsewhere)
{
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    take = limit(&slots, 1, 3, 100);

    apigw_take_spend(&take);
    EXPECT(value(&slots, 1) == 1100);

    apigw_take_spend(&take);
    apigw_take_spend(&take);
    apigw_take_spend(&take);
    EXPECT(value(&slots, 1) == 1300);

    EXPECT(!take_all(&take, 1));
    take.now = 1100;
    EXPECT(take_all(&take, 1));
}


/* What a copy was charged goes back; what it had no room for does not. */

TEST(a_copy_tells_what_a_refund_must_know)
{
    apigw_take_t   take, whole;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    take = limit(&slots, 1, 3, 100);

    apigw_take_spend(&take);
    EXPECT(!take.denied && take.until == 1000);

    apigw_take_spend(&take);
    EXPECT(!take.denied && take.until == 1100);
    whole = take;

    take.cost = 2;
    apigw_take_spend(&take);
    EXPECT(take.denied && value(&slots, 1) == 1300);

    apigw_take_back(&take, 1000, 0);
    EXPECT(value(&slots, 1) == 1300);

    apigw_take_back(&whole, 1000, 0);
    EXPECT(value(&slots, 1) == 1200);

    /* through a lock, as the key is new, and with a cost that never fits */

    take = limit(&slots, 2, 3, 100);
    take.cost = 4;
    apigw_take_spend(&take);
    EXPECT(take.denied && value(&slots, 2) == 1300);

    take.cost = 0;
    take.denied = false;
    apigw_take_spend(&take);
    EXPECT(take.denied);
}


TEST(a_copy_of_a_window_tells_it_too)
{
    apigw_take_t   take, whole;
    apigw_slots_t  slots;
    const uint64_t s = APIGW_GCRA_SECOND;

    EXPECT(make(&slots));

    take = limit(&slots, 1, 1, 1);
    memset(&take.limit, 0, sizeof(take.limit));
    take.limit.windowed = true;
    take.limit.window.kind = APIGW_WINDOW_FIRST;
    take.limit.window.limit = 5;
    take.limit.window.length = 10 * s;
    take.now = s;
    take.cost = 3;

    apigw_take_spend(&take);
    EXPECT(!take.denied && take.until == 11 * s);
    whole = take;

    apigw_take_spend(&take);
    EXPECT(take.denied);

    /* 5 of 5, of which 3 go back */

    apigw_take_back(&take, 2 * s, 0);
    apigw_take_back(&whole, 2 * s, 0);

    take.denied = false;
    EXPECT(take_all(&take, 1));
    EXPECT(!take_all(&take, 1));
}


TEST(a_denial_is_repeated_until_it_lapses_for_no_lower_cost)
{
    apigw_take_t   take;
    apigw_slots_t  slots;
    const uint64_t s = APIGW_GCRA_SECOND;

    EXPECT(make(&slots));

    take = limit(&slots, 1, 10, 60 * s);
    take.now = s;
    take.cost = 3;

    EXPECT(!apigw_take_recall(&take));

    /* denied for 100 s, remembered for 1 s */

    apigw_take_deny(&take, 2 * s, 101 * s);
    EXPECT(value(&slots, 1) == 0);

    EXPECT(apigw_take_recall(&take));
    EXPECT(take.denied);
    EXPECT((uint64_t) take.report.retry >= 100 * s);
    EXPECT((uint64_t) take.report.retry < 100 * s + 16000);

    /* 3 units in 100 s at one a minute: 1 is there now, 2 in 40 s */

    EXPECT(take.report.remaining == 1);

    take.cost = 4;
    EXPECT(apigw_take_recall(&take));
    EXPECT((uint64_t) take.report.retry >= 160 * s);

    take.cost = 2;
    EXPECT(!apigw_take_recall(&take));

    take.cost = 3;
    take.now = 2 * s - 1;
    EXPECT(apigw_take_recall(&take));

    take.now = 2 * s;
    EXPECT(!apigw_take_recall(&take));
}


/* Windows */

static const apigw_window_t  shapes[] = {
    { APIGW_WINDOW_CALENDAR, 10, 8000000, 0 },
    { APIGW_WINDOW_MONTH, 10, 0, 0 },
    { APIGW_WINDOW_FIRST, 10, 8000000, 0 },
    { APIGW_WINDOW_SLIDING, 10, 8000000, 0 },
    { APIGW_WINDOW_STRICT, 10, 8000000, 2 },
    { APIGW_WINDOW_STRICT, 10, 8000000, 6 },
    { APIGW_WINDOW_STRICT, 10, 8000000, 60 }
};

#define SHAPES  (sizeof(shapes) / sizeof(shapes[0]))


static apigw_take_t
window(apigw_slots_t *slots, uint64_t n, unsigned shape)
{
    apigw_take_t  take = limit(slots, n, 1, 1);

    take.limit.windowed = true;
    take.limit.window = shapes[shape];
    take.now = 80000000;
    take.wall = 7200000000000000ull;

    return take;
}


/* All of the table, but for what the clock has touched. */

static uint64_t
digest(const apigw_slots_t *slots)
{
    uint32_t         i;
    uint64_t         sum;
    apigw_slot_t     slot;
    apigw_siphash_t  key = { { 1, 2 } };

    for (sum = 0, i = 0; i < slots->nslots; i++) {
        slot = slots->slots[i];
        slot.more &= ~APIGW_SLOTS_USED;
        sum = sum * 31 + apigw_siphash(&key, &slot, sizeof(slot)).word[0];
    }

    return sum;
}


TEST(a_window_admits_its_limit_until_it_is_over)
{
    unsigned       i, k;
    uint64_t       retry;
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (k = 0; k < SHAPES; k++) {
        take = window(&slots, k, k);

        for (i = 0; i < 10; i++) {
            EXPECT(take_all(&take, 1) && !take.denied);
            EXPECT(take.report.remaining == 9 - i);
            EXPECT(take.until == apigw_take_clock(&take) + take.report.full);
        }

        EXPECT(!take_all(&take, 1) && take.denied);
        retry = take.report.retry;

        take.now += retry - 1;
        take.wall += retry - 1;
        EXPECT(!take_all(&take, 1) && take.report.retry == 1);

        take.now++;
        take.wall++;
        EXPECT(take_all(&take, 1));
    }

    EXPECT(slots.shared->entries == SHAPES);
}


TEST(no_denial_and_no_take_without_cost_changes_a_bit)
{
    unsigned       k;
    uint64_t       before;
    apigw_take_t   takes[SHAPES + 1];
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (k = 0; k < SHAPES; k++) {
        takes[k] = window(&slots, k, k);
    }

    takes[k] = limit(&slots, 77, 3, 100);
    takes[k].now = takes[0].now;

    EXPECT(take_all(takes, SHAPES + 1));
    EXPECT(take_all(takes, SHAPES + 1));
    EXPECT(take_all(takes, SHAPES + 1));
    before = digest(&slots);

    EXPECT(!take_all(takes, SHAPES + 1));
    EXPECT(digest(&slots) == before);

    for (k = 0; k < SHAPES; k++) {
        EXPECT(takes[k].report.remaining == 7 && !takes[k].denied);

        takes[k].cost = 11;
        EXPECT(!take_all(&takes[k], 1) && takes[k].report.retry == -1);
        takes[k].now += 4000000;
        takes[k].wall += 4000000;
        takes[k].cost = 0;
        EXPECT(take_all(&takes[k], 1));
        EXPECT(digest(&slots) == before);
    }
}


/* Rates and windows in two orders: the same verdicts, the same reports. */

TEST(the_order_of_windows_changes_nothing)
{
    bool           passed;
    uint64_t       seed;
    unsigned       i, k, at, round, order[15], denied;
    apigw_take_t   a[15], b[15];
    apigw_slots_t  one, two;

    EXPECT(make(&one));
    EXPECT(make(&two));

    seed = 6;
    denied = 0;

    for (round = 0; round < 2000; round++) {
        for (i = 0; i < 15; i++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            a[i] = i < 14 ? window(&one, i, i % SHAPES)
                          : limit(&one, i, 30, 100000);
            a[i].now = 80000000 + round * 150000;
            a[i].wall += round * 150000;
            a[i].limit.window.limit += i < 14 ? i : 0;
            a[i].cost = (seed >> 33) % 3;
            a[i].shadow = (seed >> 40) % 7 == 0;
            order[i] = i;
        }

        for (i = 14; i > 0; i--) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            k = (seed >> 33) % (i + 1);
            at = order[i];
            order[i] = order[k];
            order[k] = at;
        }

        for (i = 0; i < 15; i++) {
            b[i] = a[order[i]];
            b[i].slots = &two;
        }

        passed = take_all(a, 15);
        EXPECT(take_all(b, 15) == passed);
        denied += !passed;

        for (i = 0; i < 15; i++) {
            EXPECT(memcmp(&a[order[i]].report, &b[i].report,
                          sizeof(b[i].report)) == 0);
            EXPECT(a[order[i]].denied == b[i].denied);
            EXPECT(a[order[i]].until == b[i].until);
        }
    }

    EXPECT(denied > 100 && denied < 1900);
}


TEST(another_length_starts_afresh_and_another_limit_does_not)
{
    unsigned       k;
    apigw_take_t   take, other;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (k = 0; k < SHAPES; k++) {
        take = window(&slots, k, k);
        take.cost = 10;
        EXPECT(take_all(&take, 1));

        other = take;
        other.limit.window.limit = 12;
        other.cost = 3;
        EXPECT(!take_all(&other, 1) && other.report.remaining == 2);
        other.cost = 2;
        EXPECT(take_all(&other, 1));
        other.limit.window.limit = 5;
        other.cost = 1;
        EXPECT(!take_all(&other, 1) && other.report.remaining == 0);

        other = take;
        other.limit.window = shapes[(k + 1) % SHAPES];
        EXPECT(take_all(&other, 1));
        EXPECT(!take_all(&take, 1));
    }
}


TEST(refunds_debits_and_copies_of_windows)
{
    unsigned       k;
    apigw_take_t   take, later;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (k = 0; k < SHAPES; k++) {
        take = window(&slots, k, k);

        /* of a key that has no entry: nothing */

        take.until = take.now;
        apigw_take_back(&take, take.now, take.wall);
        EXPECT(slots.shared->entries == k);

        take.cost = 4;
        EXPECT(take_all(&take, 1) && take_all(&take, 1));
        apigw_take_back(&take, take.now, take.wall);
        EXPECT(take_all(&take, 1) && take.report.remaining == 2);

        /* granted elsewhere: no more than there is */

        later = take;
        apigw_take_spend(&later);
        apigw_take_peek(&(apigw_take_t *) { &later }, 1);
        EXPECT(later.report.remaining == 0 && later.denied);
        apigw_take_back(&take, take.now, take.wall);
        apigw_take_peek(&(apigw_take_t *) { &later }, 1);
        EXPECT(later.report.remaining == 4);

        /* a debit is owed */

        later.cost = 1000;
        apigw_take_debit(&later);
        later.cost = 1;
        EXPECT(!take_all(&later, 1));
        apigw_take_back(&take, take.now, take.wall);
        EXPECT(!take_all(&later, 1));
    }
}


TEST(a_denial_of_a_window_is_repeated)
{
    unsigned        k;
    apigw_take_t    take;
    apigw_slots_t   slots;
    const uint64_t  s = APIGW_GCRA_SECOND;

    EXPECT(make(&slots));

    for (k = 0; k < SHAPES; k++) {
        take = window(&slots, k, k);
        take.cost = 3;

        EXPECT(!apigw_take_recall(&take));
        apigw_take_deny(&take, take.now + s, take.now + 50 * s);

        EXPECT(apigw_take_recall(&take) && take.denied);
        EXPECT((uint64_t) take.report.retry >= 50 * s);
        EXPECT((uint64_t) take.report.retry < 50 * s + 16000);
        EXPECT(take.report.remaining == 0);

        take.cost = 2;
        EXPECT(!apigw_take_recall(&take));

        /* the copy is a state of its own */

        EXPECT(take_all(&take, 1) && take.report.remaining == 8);

        take.cost = 3;
        take.now += s;
        EXPECT(!apigw_take_recall(&take));
    }
}


TEST(windows_that_are_over_go_first)
{
    uint64_t       i, n;
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (n = 0; slots.shared->fresh < slots.nslots; n++) {
        take = window(&slots, n, n % SHAPES);

        /* a third of them a minute ago */

        if (n % 3 == 0) {
            take.now -= 8000000 * 8;
            take.wall -= 8000000 * 8;
        }

        EXPECT(take_all(&take, 1));
    }

    for (i = 0; i < 100; i++) {
        take = window(&slots, 1000000 + i, i % SHAPES);
        EXPECT(take_all(&take, 1));
    }

    EXPECT(slots.shared->evicted_live == 0);
    EXPECT(slots.shared->evicted_dead > 50);
}


/* Threads and processes */

typedef struct {
    apigw_slots_t   slots;
    unsigned        nlimits;
    unsigned        keys;
    unsigned        passed;
} worker_t;


static void *
work(void *data)
{
    unsigned       i, k;
    worker_t      *w = data;
    apigw_take_t   takes[3];

    for (i = 0; i < EACH; i++) {
        for (k = 0; k < w->nlimits; k++) {
            takes[k] = limit(&w->slots, k ? EACH * k + i % w->keys : 1,
                             k ? 1000000 : 30000, 1000000);
        }

        w->passed += take_all(takes, w->nlimits);
    }

    return NULL;
}


static unsigned
run_threads(apigw_slots_t *slots, unsigned nlimits, unsigned keys)
{
    unsigned   i, passed;
    worker_t   workers[THREADS];
    pthread_t  threads[THREADS];

    passed = 0;

    for (i = 0; i < THREADS; i++) {
        workers[i] = (worker_t) { *slots, nlimits, keys, 0 };
        (void) pthread_create(&threads[i], NULL, work, &workers[i]);
    }

    for (i = 0; i < THREADS; i++) {
        (void) pthread_join(threads[i], NULL);
        passed += workers[i].passed;
    }

    return passed;
}


TEST(threads_share_one_limit_exactly)
{
    apigw_slots_t  slots;

    EXPECT(make(&slots));
    EXPECT(run_threads(&slots, 1, 1) == 30000);
}


TEST(threads_share_three_limits_exactly_and_charge_them_alike)
{
    unsigned       i;
    uint64_t       sum;
    apigw_slots_t  slots;

    EXPECT(make(&slots));
    EXPECT(run_threads(&slots, 3, 7) == 30000);

    EXPECT(value(&slots, 1) == 1000 + 30000ull * 1000000);

    for (sum = 0, i = 0; i < 7; i++) {
        sum += (value(&slots, EACH + i) - 1000) / 1000000;
    }

    EXPECT(sum == 30000);
}


/*
 * More keys than slots, as one thread at least passes a quarter of the 30,000:
 * nothing hangs, the hot limit stays exact.
 */

TEST(threads_share_a_full_table)
{
    apigw_slots_t  slots;

    EXPECT(make(&slots));
    EXPECT(run_threads(&slots, 3, EACH) == 30000);
    EXPECT(slots.shared->evicted_live > 0);
    EXPECT(slots.shared->entries <= slots.nslots);
}


TEST(processes_killed_inside_stop_nobody)
{
    int            status;
    pid_t          pids[PROCESSES];
    unsigned       i, k;
    uint64_t       used;
    worker_t       w;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    for (k = 0; k < 20; k++) {

        for (i = 0; i < PROCESSES; i++) {
            pids[i] = fork();

            if (pids[i] == 0) {
                w = (worker_t) { slots, 3, 50, 0 };
                w.slots.owner = getpid();

                for ( ;; ) {
                    (void) work(&w);
                }
            }
        }

        (void) usleep(2000);

        for (i = 0; i < PROCESSES; i++) {
            (void) kill(pids[i], SIGKILL);
            EXPECT(waitpid(pids[i], &status, 0) == pids[i]);
        }
    }

    w = (worker_t) { slots, 3, 50, 0 };
    (void) work(&w);

    /* the hot limit was never overdrawn, and its end is reached now */

    used = (value(&slots, 1) - 1000) / 1000000;
    EXPECT(used == 30000);
}


/* Windows of all shapes, as they roll: what passes is written down. */

#define TRACE  65536                 /* buckets, from the first one on */


typedef struct {
    uint64_t   clock;
    unsigned   passed[SHAPES][TRACE];
} trace_t;


static void
roll(apigw_slots_t slots, trace_t *trace, unsigned n)
{
    unsigned       k;
    uint64_t       at, bucket, base;
    apigw_take_t   take;

    slots.owner = getpid();

    while (n--) {
        k = n % SHAPES;
        take = window(&slots, k, k);
        base = apigw_take_clock(&take);
        at = __atomic_fetch_add(&trace->clock, 5000, __ATOMIC_RELAXED);
        take.now += at;
        take.wall += at;

        if (k != 1 && take_all(&take, 1)) {

            /* by the bucket that it says it has charged */

            bucket = apigw_window_bucket(&take.limit.window);
            at = (take.until - bucket) / bucket - base / bucket;

            if (at < TRACE) {
                (void) __atomic_fetch_add(&trace->passed[k][at], 1,
                                          __ATOMIC_RELAXED);
            }
        }
    }
}


/* The most in any so many buckets. */

static unsigned
most(const unsigned *passed, unsigned buckets)
{
    unsigned  i, sum, max;

    for (sum = max = 0, i = 0; i < TRACE; i++) {
        sum += passed[i];
        sum -= i >= buckets ? passed[i - buckets] : 0;
        max = sum > max ? sum : max;
    }

    return max;
}


TEST(processes_killed_while_windows_roll_lose_no_count)
{
    int            status;
    pid_t          pids[PROCESSES];
    trace_t       *trace;
    unsigned       i, k;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    trace = mmap(NULL, sizeof(trace_t), PROT_READ|PROT_WRITE,
                 MAP_SHARED|MAP_ANONYMOUS, -1, 0);
    EXPECT(trace != MAP_FAILED);

    for (k = 0; k < 40; k++) {

        for (i = 0; i < PROCESSES; i++) {
            pids[i] = fork();

            if (pids[i] == 0) {
                roll(slots, trace, UINT_MAX);
                _exit(0);
            }
        }

        (void) usleep(1000 + k * 50);

        for (i = 0; i < PROCESSES; i++) {
            (void) kill(pids[i], SIGKILL);
            EXPECT(waitpid(pids[i], &status, 0) == pids[i]);
        }
    }

    roll(slots, trace, 10000);

    EXPECT(most(trace->passed[0], 1) <= 10);
    EXPECT(most(trace->passed[2], 1) <= 10);
    EXPECT(most(trace->passed[3], 2) <= 19);
    EXPECT(most(trace->passed[4], 3) <= 10);
    EXPECT(most(trace->passed[5], 7) <= 10);
    EXPECT(most(trace->passed[6], 61) <= 10);

    EXPECT(most(trace->passed[6], 61) == 10);

    (void) munmap(trace, sizeof(trace_t));
}


typedef struct {
    apigw_slots_t   slots;
    unsigned        shape;
    unsigned        passed;
} hot_t;


static void *
hot(void *data)
{
    unsigned      i;
    hot_t        *h = data;
    apigw_take_t  takes[2];

    for (i = 0; i < EACH; i++) {
        takes[0] = window(&h->slots, 1, h->shape);
        takes[0].limit.window.limit = 30000;
        takes[1] = limit(&h->slots, 2 + i % 7, 1000000, 1000);
        takes[1].now = takes[0].now;
        h->passed += take_all(takes, 1 + i % 2);
    }

    return NULL;
}


TEST(threads_share_a_window_exactly)
{
    unsigned        i, k, passed;
    hot_t           hots[THREADS];
    pthread_t       threads[THREADS];
    apigw_slots_t   slots;

    for (k = 0; k < SHAPES; k++) {
        EXPECT(make(&slots));

        for (i = 0; i < THREADS; i++) {
            hots[i] = (hot_t) { slots, k, 0 };
            (void) pthread_create(&threads[i], NULL, hot, &hots[i]);
        }

        for (passed = 0, i = 0; i < THREADS; i++) {
            (void) pthread_join(threads[i], NULL);
            passed += hots[i].passed;
        }

        EXPECT(passed == 30000);
    }
}


TEST_MAIN(CASE(one_limit_admits_its_burst_and_then_its_rate),
          CASE(a_denial_and_no_cost_change_nothing),
          CASE(a_shadow_holds_nothing_back_and_is_charged_with_the_others),
          CASE(the_order_of_limits_changes_nothing),
          CASE(a_refund_gives_the_charge_back),
          CASE(a_copy_follows_what_was_granted_elsewhere),
    CASE(a_copy_tells_what_a_refund_must_know),
    CASE(a_copy_of_a_window_tells_it_too),
          CASE(a_denial_is_repeated_until_it_lapses_for_no_lower_cost),
          CASE(a_window_admits_its_limit_until_it_is_over),
          CASE(no_denial_and_no_take_without_cost_changes_a_bit),
          CASE(the_order_of_windows_changes_nothing),
          CASE(another_length_starts_afresh_and_another_limit_does_not),
          CASE(refunds_debits_and_copies_of_windows),
          CASE(a_denial_of_a_window_is_repeated),
          CASE(windows_that_are_over_go_first),
          CASE(threads_share_one_limit_exactly),
          CASE(threads_share_three_limits_exactly_and_charge_them_alike),
          CASE(threads_share_a_full_table),
          CASE(processes_killed_inside_stop_nobody),
          CASE(threads_share_a_window_exactly),
          CASE(processes_killed_while_windows_roll_lose_no_count))
