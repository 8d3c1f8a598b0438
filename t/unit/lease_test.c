
/*
 * Leases: pools, and fleets of them. Nodes spend, refill, put back, give back
 * and die, commands and replies get lost or overtake each other; whatever
 * happens, no more is admitted than the limit says, no node has more than its
 * record says, and all together no more than may be outstanding. Redis is the
 * model below, which does what the script does.
 */


#include "apigw_lease.h"
#include "apigw_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>


#define SIZE      (512 * 1024)
#define NODES     5
#define FLIGHTS   32
#define HELD      16
#define STEPS     4000
#define TIMEOUT   APIGW_GCRA_SECOND
#define THREADS   4
#define EACH      5000


static uint64_t  seed = 88172645463325252ull;


static uint64_t
below(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return seed % n;
}


static bool
alive(uint64_t owner)
{
    return kill((pid_t) owner, 0) == 0;
}


static bool
make(apigw_slots_t *slots)
{
    void           *memory;
    const uint8_t   secret[16] = { 4, 5, 6 };

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


static apigw_take_t
take_of(apigw_slots_t *slots, uint64_t n, uint64_t now, uint64_t cost)
{
    apigw_take_t     take;
    apigw_siphash_t  key = { { 3, 8 } };

    memset(&take, 0, sizeof(take));

    take.slots = slots;
    take.key = apigw_siphash(&key, &n, sizeof(n));
    take.limit.gcra.burst = 1000;
    take.limit.gcra.period = 100;
    take.cost = cost;
    take.now = now;

    return take;
}


static bool
fill(apigw_take_t *take, uint64_t units, uint64_t life, uint64_t until)
{
    apigw_lease_ask_t    ask;
    apigw_lease_grant_t  grant;

    if (!apigw_lease_begin(take, TIMEOUT, &ask)) {
        return false;
    }

    grant.units = units;
    grant.expiry = take->now + life;
    grant.until = until;
    grant.remaining = 50;

    return apigw_lease_grant(take, &ask, &grant);
}


TEST(what_was_granted_can_be_spent_until_its_time_is_over)
{
    bool           low;
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));

    take = take_of(&slots, 1, 1000, 1);
    EXPECT(!apigw_lease_spend(&take, TIMEOUT, &low));
    EXPECT(fill(&take, 10, APIGW_LEASE_LIFE, 77));

    take.cost = 4;
    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low) && !low);
    EXPECT(take.until == 77);
    EXPECT(take.report.remaining == 56);
    EXPECT(take.report.retry == 0);

    take.cost = 7;
    EXPECT(!apigw_lease_spend(&take, TIMEOUT, &low));

    take.cost = 4;
    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low) && low);

    take.cost = 1;
    take.now += APIGW_LEASE_LIFE;
    EXPECT(!apigw_lease_spend(&take, TIMEOUT, &low));
}


TEST(one_command_is_under_way_and_its_mark_lapses)
{
    bool               low;
    apigw_take_t       take;
    apigw_slots_t      slots;
    apigw_lease_ask_t  first, second;
    apigw_lease_grant_t  grant = { 5, 1ull << 40, 1, 1 };

    EXPECT(make(&slots));
    take = take_of(&slots, 2, 1000, 1);

    EXPECT(fill(&take, 4, APIGW_LEASE_LIFE, 1));
    EXPECT(apigw_lease_begin(&take, TIMEOUT, &first));
    EXPECT(first.told == 4);
    EXPECT(!apigw_lease_begin(&take, TIMEOUT, &second));

    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low) && !low);
    take.cost = 3;
    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low));
    EXPECT(!low);

    take.now += TIMEOUT;
    EXPECT(apigw_lease_begin(&take, TIMEOUT, &second));
    EXPECT(second.told == 0);

    /* what the first one brings is nobody's */

    EXPECT(!apigw_lease_grant(&take, &first, &grant));
    EXPECT(apigw_lease_look(&take) == 0);
    EXPECT(apigw_lease_grant(&take, &second, &grant));
    EXPECT((apigw_lease_look(&take) & APIGW_LEASE_UNITS) == 5);
}


TEST(units_come_back_as_far_as_the_record_covers_them)
{
    bool           low;
    apigw_take_t   take;
    apigw_slots_t  slots;

    EXPECT(make(&slots));
    take = take_of(&slots, 3, 1000, 4);

    EXPECT(!apigw_lease_put(&take, take.now));
    EXPECT(fill(&take, 10, APIGW_LEASE_LIFE, 1));
    EXPECT(!apigw_lease_put(&take, take.now));

    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low));
    EXPECT(apigw_lease_put(&take, take.now));
    EXPECT(!apigw_lease_put(&take, take.now));
    EXPECT((apigw_lease_look(&take) & APIGW_LEASE_UNITS) == 10);

    /* a command tells what is there then: what was spent before stays spent */

    EXPECT(apigw_lease_spend(&take, TIMEOUT, &low));
    EXPECT(fill(&take, 2, APIGW_LEASE_LIFE, 1));
    EXPECT(!apigw_lease_put(&take, take.now));

    EXPECT(!apigw_lease_put(&take, take.now + APIGW_LEASE_LIFE));
}


TEST(an_idle_pool_is_collected_once)
{
    bool               low;
    uint64_t           look;
    apigw_take_t       take, other;
    apigw_slots_t      slots;
    apigw_lease_ask_t  ask;

    EXPECT(make(&slots));
    take = take_of(&slots, 4, 1000, 1);

    EXPECT(fill(&take, 10, APIGW_LEASE_LIFE, 5));
    look = apigw_lease_look(&take);

    other = take;
    EXPECT(apigw_lease_spend(&other, TIMEOUT, &low));
    EXPECT(apigw_lease_collect(&take, look, TIMEOUT, &ask) == 0);

    look = apigw_lease_look(&take);
    EXPECT(apigw_lease_collect(&take, look, TIMEOUT, &ask) == 9);
    EXPECT(take.cost == 9 && take.until == 5 && ask.told == 0);
    EXPECT(apigw_lease_collect(&take, look, TIMEOUT, &ask) == 0);

    EXPECT(!apigw_lease_spend(&other, TIMEOUT, &low));
    EXPECT(!apigw_lease_put(&other, other.now));

    EXPECT(fill(&take, 10, APIGW_LEASE_LIFE, 5));
    take.now += APIGW_LEASE_LIFE;
    EXPECT(apigw_lease_collect(&take, 0, TIMEOUT, &ask) == 0);
    EXPECT(ask.dead == 10);
}


/* Threads spend what each of them also grants and puts back. */

static uint64_t       spent, granted;
static apigw_slots_t  shared;


static void *
spend_many(void *data)
{
    bool                 low;
    uint64_t             mine = 0, given = 0;
    unsigned             i;
    apigw_take_t         take;
    apigw_slots_t        slots = shared;
    apigw_lease_ask_t    ask;
    apigw_lease_grant_t  grant = { 40, 1ull << 50, 1, 1 };

    slots.owner = (uintptr_t) data;
    take = take_of(&slots, 9, 5000, 1);

    for (i = 0; i < EACH; i++) {
        take.now++;

        if (apigw_lease_spend(&take, TIMEOUT, &low)) {
            mine++;

            if (i % 16 == 0 && apigw_lease_put(&take, take.now)) {
                mine--;
            }

            continue;
        }

        if (apigw_lease_begin(&take, TIMEOUT, &ask)
            && apigw_lease_grant(&take, &ask, &grant))
        {
            given += grant.units;
        }
    }

    __atomic_fetch_add(&spent, mine, __ATOMIC_RELAXED);
    __atomic_fetch_add(&granted, given, __ATOMIC_RELAXED);

    return NULL;
}


static bool
all_alive(uint64_t owner)
{
    return owner != 0;
}


TEST(threads_spend_each_unit_once)
{
    uint64_t      left;
    uintptr_t     i;
    pthread_t     threads[THREADS];
    apigw_take_t  take;

    EXPECT(make(&shared));
    shared.alive = all_alive;
    spent = 0;
    granted = 0;

    for (i = 0; i < THREADS; i++) {
        EXPECT(pthread_create(&threads[i], NULL, spend_many, (void *) (i + 1))
               == 0);
    }

    for (i = 0; i < THREADS; i++) {
        EXPECT(pthread_join(threads[i], NULL) == 0);
    }

    take = take_of(&shared, 9, 1ull << 40, 1);
    left = apigw_lease_look(&take) & APIGW_LEASE_UNITS;

    EXPECT(granted > 0);
    EXPECT(spent + left == granted);
}


TEST(parts_and_caps)
{
    EXPECT(apigw_lease_outstanding(8, 0) == 2);
    EXPECT(apigw_lease_outstanding(100, 70) == 50);
    EXPECT(apigw_lease_outstanding(100, 7) == 7);

    EXPECT(apigw_lease_part(1000, 1, 250, 0, 1000) == 125);
    EXPECT(apigw_lease_part(100, 5, 250, 0, 1000) == 10);
    EXPECT(apigw_lease_part(1000, 1, 250, 249, 1000) == 0);
    EXPECT(apigw_lease_part(1000, 1, 250, 300, 1000) == 0);
    EXPECT(apigw_lease_part(1000, 1, 250, 0, 3) == 3);
}


/* The model of Redis */

typedef struct {
    uint64_t              node;
    uint64_t              seq;
    uint64_t              units;
    uint64_t              expiry;
} record_t;

typedef struct {
    apigw_take_limit_t    limit;         /* of a rate: what Redis keeps */
    uint64_t              outstanding;
    uint64_t              now;
    uint64_t              tat;
    apigw_window_state_t  state;
    record_t              records[64];
    unsigned              nrecords;
} model_t;

typedef struct {
    uint64_t              passed;
    uint64_t              units;
    uint64_t              full;
    uint64_t              remaining;
} reply_t;


static record_t *
model_record(model_t *m, uint64_t node)
{
    unsigned  i;

    for (i = 0; i < m->nrecords; i++) {
        if (m->records[i].node == node) {
            return &m->records[i];
        }
    }

    return NULL;
}


static void
model_forget(model_t *m, uint64_t node, uint64_t seq)
{
    record_t  *record;

    record = model_record(m, node);

    if (record && record->seq < seq) {
        *record = m->records[--m->nrecords];
    }
}


/* As operation "lease" of the script. */

static reply_t
model_lease(model_t *m, uint64_t node, const apigw_lease_ask_t *ask,
    uint64_t n, uint64_t cost)
{
    bool                  late;
    uint64_t              ends, held, nodes, need, part, fits, room;
    reply_t               reply;
    unsigned              i, k;
    record_t             *record;
    apigw_gcra_look_t     look;
    apigw_window_look_t   window;

    if (m->limit.windowed) {
        apigw_window_look(&m->limit.window, &m->state, m->now, cost, n,
                          &window);
        fits = window.fits;
        room = window.room > 0 ? window.room : 0;
        ends = window.end;

    } else {
        apigw_gcra_look(&m->limit.gcra, m->tat, m->now, cost, n, &look);
        fits = look.fits;
        room = look.room > 0 ? look.room / m->limit.gcra.period : 0;
        ends = m->now + APIGW_LEASE_LIFE;
    }

    late = fits < n;
    held = ask->told;
    nodes = 1;

    for (i = 0, k = 0; i < m->nrecords; i++) {
        record = &m->records[i];

        if (record->node == node) {
            late |= record->seq >= ask->seq;

        } else if (record->expiry > m->now) {
            held += record->units;
            nodes++;
        }
    }

    need = fits * cost;
    reply.units = 0;

    if (!late) {
        part = apigw_lease_part(room, nodes, m->outstanding, held,
                                APIGW_LEASE_UNITS - ask->told);
        reply.units = part > need ? part - need : 0;

        if (need + reply.units) {
            for (i = 0, k = 0; i < m->nrecords; i++) {
                if (m->records[i].node != node
                    && m->records[i].expiry > m->now)
                {
                    m->records[k++] = m->records[i];
                }
            }

            record = &m->records[k++];
            record->node = node;
            record->seq = ask->seq;
            record->units = ask->told + reply.units;
            record->expiry = ends;
            m->nrecords = k;
        }
    }

    reply.passed = fits;

    if (m->limit.windowed) {
        apigw_window_charge(&m->limit.window, &m->state, &window,
                            need + reply.units, 1);
        reply.full = window.end - m->now;
        reply.remaining = window.room > 0 ? window.room : 0;
        return reply;
    }

    apigw_gcra_charge(&m->limit.gcra, &look, need + reply.units, 1);

    if (need + reply.units) {
        m->tat = look.tat;
    }

    reply.full = look.tat - m->now;
    reply.remaining = look.room > 0 ? look.room / m->limit.gcra.period : 0;

    return reply;
}


static void
model_back(model_t *m, uint64_t units, uint64_t until)
{
    apigw_window_look_t  look;

    if (m->limit.windowed) {
        apigw_window_look(&m->limit.window, &m->state, m->now, 0, 1, &look);
        (void) apigw_window_give_back(&m->limit.window, &m->state, &look,
                                      units, until);
        return;
    }

    m->tat = apigw_gcra_give_back(&m->limit.gcra, m->tat, m->now, units,
                                  until);
}


/* A fleet */

typedef struct {
    bool                  used;
    bool                  done;          /* by Redis */
    bool                  back;          /* the pool's units, given back */
    unsigned              node;
    uint64_t              id;
    uint64_t              n;
    apigw_take_t          take;
    apigw_lease_ask_t     ask;
    reply_t               reply;
    uint64_t              at;            /* Redis's time */
} flight_t;

typedef struct {
    uint64_t              time;
    uint64_t              cost;
    uint64_t              until;
} admission_t;

typedef struct {
    bool                  used;
    unsigned              node;
    apigw_take_t          take;
    size_t                admission;
} held_t;

typedef struct {
    model_t               model;
    uint64_t              time;          /* real; all clocks are off by some */
    uint64_t              ids[NODES];    /* of the nodes that live now */
    uint64_t              offsets[NODES];
    flight_t              flights[FLIGHTS];
    held_t                held[HELD];
    admission_t           admissions[2 * STEPS * 4];
    size_t                nadmissions;
    uint64_t              next;
    uint64_t              key;
    uint64_t              over;          /* worst, by any check */
} fleet_t;


static apigw_slots_t  tables[NODES];
static fleet_t        fleet;


static apigw_take_t
fleet_take(unsigned node, uint64_t cost)
{
    apigw_take_t  take;

    take = take_of(&tables[node], fleet.ids[node],
                   fleet.time + fleet.offsets[node], cost);
    take.limit = fleet.model.limit;
    take.wall = take.now;

    return take;
}


static size_t
admit(uint64_t time, uint64_t cost, uint64_t until)
{
    admission_t  *admission;

    admission = &fleet.admissions[fleet.nadmissions];
    admission->time = time;
    admission->cost = cost;
    admission->until = until;

    return fleet.nadmissions++;
}


static void
fleet_request(unsigned node)
{
    bool          low;
    size_t        admission;
    unsigned      i;
    flight_t     *flight;
    apigw_take_t  take;

    take = fleet_take(node, 1 + below(4) * below(2));
    low = false;

    if (apigw_lease_spend(&take, TIMEOUT, &low)) {
        if (fleet.model.limit.windowed && fleet.model.now >= take.until) {
            fleet.over = 1;              /* it outlived its window */
        }

        admission = admit(fleet.time, take.cost, take.until);

        for (i = 0; i < HELD && below(4) == 0; i++) {
            if (!fleet.held[i].used) {
                fleet.held[i].used = true;
                fleet.held[i].node = node;
                fleet.held[i].take = take;
                fleet.held[i].admission = admission;
                break;
            }
        }

        if (!low) {
            return;
        }
    }

    for (i = 0; i < FLIGHTS; i++) {
        flight = &fleet.flights[i];

        if (flight->used) {
            continue;
        }

        if (!apigw_lease_begin(&take, TIMEOUT, &flight->ask)) {
            return;
        }

        flight->used = true;
        flight->done = false;
        flight->back = false;
        flight->node = node;
        flight->id = fleet.ids[node];
        flight->take = take;
        flight->n = low ? 0 : 1 + below(3);

        return;
    }
}


/* Some command arrives at Redis, or its reply at the node, or is lost. */

static void
fleet_fly(void)
{
    uint64_t              used;
    flight_t             *flight;
    apigw_take_t         *take;
    apigw_lease_grant_t   grant;

    flight = &fleet.flights[below(FLIGHTS)];
    take = &flight->take;

    if (!flight->used) {
        return;
    }

    if (below(12) == 0) {
        flight->used = false;
        return;
    }

    if (flight->back) {
        model_back(&fleet.model, take->cost, take->until);
        model_forget(&fleet.model, flight->id, flight->ask.seq);
        flight->used = false;
        return;
    }

    if (!flight->done) {
        flight->done = true;
        flight->at = fleet.model.now;
        flight->reply = model_lease(&fleet.model, flight->id, &flight->ask,
                                    flight->n, take->cost);
        used = flight->reply.passed * take->cost;

        if (used) {
            (void) admit(fleet.time, used,
                         flight->at + flight->reply.full);
        }

        return;
    }

    flight->used = false;

    if (fleet.ids[flight->node] != flight->id) {
        return;
    }

    used = flight->reply.passed * take->cost + flight->reply.units;
    grant.units = flight->reply.units;
    grant.remaining = flight->reply.remaining;
    grant.until = flight->at + flight->reply.full;
    grant.expiry = flight->ask.seq + APIGW_LEASE_LIFE;

    if (fleet.model.limit.windowed) {
        grant.expiry = flight->ask.seq + flight->reply.full;

    } else {
        grant.until -= used * take->limit.gcra.period < flight->reply.full
                       ? used * take->limit.gcra.period : flight->reply.full;
    }

    take->now = fleet.time + fleet.offsets[flight->node];
    (void) apigw_lease_grant(take, &flight->ask, &grant);
}


/* A request that another policy denied puts back, or Redis gives back. */

static void
fleet_put(void)
{
    held_t  *held;

    held = &fleet.held[below(HELD)];

    if (!held->used) {
        return;
    }

    held->used = false;

    if (below(2)) {
        return;
    }

    if (fleet.ids[held->node] == 0
        || !apigw_lease_put(&held->take,
                            fleet.time + fleet.offsets[held->node]))
    {
        model_back(&fleet.model, held->take.cost, held->take.until);
    }

    fleet.admissions[held->admission].cost = 0;
}


static void
fleet_collect(unsigned node)
{
    unsigned      i;
    flight_t     *flight;
    apigw_take_t  take;

    for (i = 0; i < FLIGHTS; i++) {
        flight = &fleet.flights[i];

        if (flight->used) {
            continue;
        }

        take = fleet_take(node, 1);

        if (apigw_lease_collect(&take, apigw_lease_look(&take), TIMEOUT,
                                &flight->ask))
        {
            flight->used = true;
            flight->done = false;
            flight->back = true;
            flight->node = node;
            flight->id = fleet.ids[node];
            flight->take = take;
        }

        return;
    }
}


/* Whether records cover what nodes have, and the cap both. */

static bool
fleet_sound(void)
{
    uint64_t       sum, units;
    unsigned       i;
    record_t      *record;
    apigw_take_t   take;

    sum = 0;

    for (i = 0; i < NODES; i++) {
        take = fleet_take(i, 1);
        units = apigw_lease_look(&take) & APIGW_LEASE_UNITS;
        sum += units;

        record = model_record(&fleet.model, fleet.ids[i]);

        if (units && (record == NULL || record->units < units)) {
            return false;
        }
    }

    return sum <= fleet.model.outstanding;
}


static bool
fleet_bounded_rate(apigw_gcra_t *whole)
{
    size_t              i;
    uint64_t            tat;
    admission_t        *admission;
    apigw_gcra_look_t   look;

    /* conforming to GCRA is having no interval with more than B + tau / T */

    tat = 0;

    for (i = 0; i < fleet.nadmissions; i++) {
        admission = &fleet.admissions[i];

        apigw_gcra_look(whole, tat, admission->time, admission->cost, 1,
                        &look);

        if (admission->cost && look.fits == 0) {
            return false;
        }

        apigw_gcra_charge(whole, &look, admission->cost, 1);
        tat = look.tat;
    }

    return true;
}


static bool
fleet_bounded_quota(uint64_t limit)
{
    size_t    i, k;
    uint64_t  sum;

    for (i = 0; i < fleet.nadmissions; i++) {
        sum = 0;

        for (k = 0; k < fleet.nadmissions; k++) {
            if (fleet.admissions[k].until == fleet.admissions[i].until) {
                sum += fleet.admissions[k].cost;
            }
        }

        if (sum > limit) {
            return false;
        }
    }

    return true;
}


static const char *
fleet_run(const apigw_take_limit_t *whole, uint64_t outstanding,
    uint64_t pace, unsigned run)
{
    uint64_t  pass;
    unsigned  step, node;

    memset(&fleet, 0, sizeof(fleet));

    fleet.time = 1ull << 40;
    fleet.model.now = 1ull << 45;
    fleet.model.limit = *whole;
    fleet.model.outstanding = outstanding;
    fleet.next = 1 + run * 100000;

    if (!whole->windowed) {
        fleet.model.limit.gcra.burst -= outstanding;
    }

    for (node = 0; node < NODES; node++) {
        fleet.ids[node] = fleet.next++;
        fleet.offsets[node] = below(1ull << 36);
    }

    for (step = 0; step < STEPS; step++) {
        /* storms, and time between them, in which pools lie full */

        pass = below(step / 256 % 2 ? 200 : pace);

        fleet.time += pass;
        fleet.model.now += pass;

        node = below(NODES);

        switch (below(16)) {

        case 0:
            fleet_put();
            break;

        case 1:
            if (below(20) == 0) {
                fleet_collect(node);
            }

            break;

        case 2:
            if (below(40) == 0) {
                fleet.ids[node] = fleet.next++;      /* dead, and another */
            }

            if (run % 3 == 0 && below(100) == 0) {
                fleet.model.now -= below(APIGW_GCRA_SECOND);
            }

            break;

        case 3: case 4: case 5: case 6: case 7:
            fleet_fly();
            break;

        default:
            fleet_request(node);
        }

        if (!fleet_sound()) {
            return "a node has more than it may";
        }
    }

    if (fleet.over) {
        return "a unit outlived its window";
    }

    if (whole->windowed) {
        return fleet_bounded_quota(whole->window.limit)
               ? NULL : "a window admitted too much";
    }

    return fleet_bounded_rate((apigw_gcra_t *) &whole->gcra)
           ? NULL : "some interval admitted too much";
}


TEST(fleets_admit_no_more_than_the_limit)
{
    const char          *fault;
    uint64_t             most;
    unsigned             run, node;
    apigw_take_limit_t   limit;

    for (node = 0; node < NODES; node++) {
        EXPECT(make(&tables[node]));
    }

    for (run = 0; run < 200; run++) {
        memset(&limit, 0, sizeof(limit));
        most = 8 + below(run % 4 < 2 ? 60 : 500);

        if (run % 2) {
            limit.windowed = true;
            limit.window.kind = APIGW_WINDOW_FIRST;
            limit.window.limit = most;
            limit.window.length = (1 + below(60)) * APIGW_GCRA_SECOND;

        } else {
            limit.gcra.burst = most;
            limit.gcra.period = 1 + below(APIGW_GCRA_SECOND
                                          / (run % 4 < 2 ? most / 4 : 1));
        }

        fault = fleet_run(&limit,
                          apigw_lease_outstanding(most, below(2) ? 0
                                                        : 1 + below(most)),
                          1 + below(APIGW_GCRA_SECOND / 4), run);

        if (fault) {
            printf("# run %u: %s\n", run, fault);
        }

        EXPECT(fault == NULL);
        EXPECT(fleet.nadmissions > 0);
    }
}


TEST_MAIN(CASE(what_was_granted_can_be_spent_until_its_time_is_over),
          CASE(one_command_is_under_way_and_its_mark_lapses),
          CASE(units_come_back_as_far_as_the_record_covers_them),
          CASE(an_idle_pool_is_collected_once),
          CASE(threads_spend_each_unit_once),
          CASE(parts_and_caps),
          CASE(fleets_admit_no_more_than_the_limit))
