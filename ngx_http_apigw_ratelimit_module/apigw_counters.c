
#include "apigw_counters.h"


#define APIGW_COUNTERS_LINE  64      /* bytes of a cache line */


_Static_assert(sizeof(apigw_counters_shared_t) == APIGW_COUNTERS_LINE,
               "the head is a line");
_Static_assert(APIGW_COUNTERS_ROW * sizeof(uint64_t) % APIGW_COUNTERS_LINE
               == 0, "a row is whole lines");


static size_t apigw_counters_lines(size_t size);
static void apigw_counters_view(apigw_counters_t *counters, void *memory);
static uint32_t apigw_counters_find(const apigw_counters_t *counters,
    const apigw_siphash_t *name);
static uint32_t apigw_counters_fresh(const apigw_counters_t *counters,
    uint32_t *from);
static uint32_t apigw_counters_reuse(apigw_counters_t *counters,
    uint32_t *from);
static void apigw_counters_use(apigw_counters_t *counters, uint32_t slot);


static size_t
apigw_counters_lines(size_t size)
{
    return (size + APIGW_COUNTERS_LINE - 1) / APIGW_COUNTERS_LINE
           * APIGW_COUNTERS_LINE;
}


size_t
apigw_counters_size(uint32_t rows, uint32_t slots)
{
    return sizeof(apigw_counters_shared_t)
           + apigw_counters_lines(slots * sizeof(uint64_t))
           + apigw_counters_lines(rows * sizeof(apigw_counters_name_t))
           + (size_t) slots * rows * APIGW_COUNTERS_ROW * sizeof(uint64_t);
}


void
apigw_counters_create(apigw_counters_t *counters, void *memory, uint32_t rows,
    uint32_t slots)
{
    apigw_counters_shared_t  *shared = memory;

    shared->layout = APIGW_COUNTERS_LAYOUT;
    shared->nrows = rows;
    shared->nslots = slots;
    shared->size = apigw_counters_size(rows, slots);

    apigw_counters_view(counters, memory);
}


apigw_rc_t
apigw_counters_open(apigw_counters_t *counters, void *memory)
{
    apigw_counters_shared_t  *shared = memory;

    if (shared->layout != APIGW_COUNTERS_LAYOUT) {
        return APIGW_EINPUT;
    }

    apigw_counters_view(counters, memory);

    return APIGW_OK;
}


static void
apigw_counters_view(apigw_counters_t *counters, void *memory)
{
    uint8_t                  *p;
    apigw_counters_shared_t  *shared = memory;

    p = (uint8_t *) (shared + 1);

    counters->shared = shared;
    counters->owners = (uint64_t *) p;

    p += apigw_counters_lines(shared->nslots * sizeof(uint64_t));
    counters->names = (apigw_counters_name_t *) p;

    p += apigw_counters_lines(shared->nrows * sizeof(apigw_counters_name_t));
    counters->counts = (uint64_t *) p;

    apigw_counters_use(counters, 0);
}


static void
apigw_counters_use(apigw_counters_t *counters, uint32_t slot)
{
    counters->slot = slot;
    counters->own = counters->counts + (size_t) slot * counters->shared->nrows
                                       * APIGW_COUNTERS_ROW;
}


size_t
apigw_counters_names(apigw_counters_t *counters, const apigw_siphash_t *names,
    size_t n, uint32_t *rows)
{
    size_t    i, without;
    uint32_t  fresh, old;

    counters->shared->names++;

    /* first those that are known: their rows are not to be had */

    for (i = 0; i < n; i++) {
        rows[i] = apigw_counters_find(counters, &names[i]);
        counters->names[rows[i]].named = counters->shared->names;
    }

    fresh = 1;
    old = 1;
    without = 0;

    for (i = 0; i < n; i++) {

        if (rows[i]) {
            continue;
        }

        rows[i] = apigw_counters_fresh(counters, &fresh);

        if (rows[i] == 0) {
            rows[i] = apigw_counters_reuse(counters, &old);
        }

        if (rows[i]) {
            counters->names[rows[i]].name = names[i];
            counters->names[rows[i]].named = counters->shared->names;

        } else {
            without++;
        }
    }

    return without;
}


static uint32_t
apigw_counters_find(const apigw_counters_t *counters,
    const apigw_siphash_t *name)
{
    uint32_t                      row;
    const apigw_counters_name_t  *names = counters->names;

    for (row = 1; row < counters->shared->nrows; row++) {
        if (names[row].named && names[row].name.word[0] == name->word[0]
            && names[row].name.word[1] == name->word[1])
        {
            return row;
        }
    }

    return 0;
}


/* A row that nobody has had, at `from` or behind; 0: none. */

static uint32_t
apigw_counters_fresh(const apigw_counters_t *counters, uint32_t *from)
{
    uint32_t  row;

    for (row = *from; row < counters->shared->nrows; row++) {
        if (counters->names[row].named == 0) {
            *from = row + 1;
            return row;
        }
    }

    *from = row;

    return 0;
}


/* The same of one whose name is gone. */

static uint32_t
apigw_counters_reuse(apigw_counters_t *counters, uint32_t *from)
{
    uint32_t   row;
    uint64_t  *common;
    unsigned   i;

    for (row = *from; row < counters->shared->nrows; row++) {

        if (counters->names[row].named == counters->shared->names) {
            continue;
        }

        *from = row + 1;

        /* others may still count there: the sum goes, not the parts */

        common = counters->counts + (size_t) row * APIGW_COUNTERS_ROW;

        for (i = 0; i < APIGW_COUNTERS_ROW; i++) {
            (void) __atomic_fetch_sub(&common[i],
                                      apigw_counters_sum(counters, row, i),
                                      __ATOMIC_RELAXED);
        }

        return row;
    }

    *from = row;

    return 0;
}


void
apigw_counters_join(apigw_counters_t *counters, uint64_t owner,
    apigw_counters_alive_pt alive)
{
    bool      dead;
    uint32_t  slot;
    uint64_t  other;

    for (dead = false; /* void */ ; dead = true) {

        for (slot = 1; slot < counters->shared->nslots; slot++) {

            other = __atomic_load_n(&counters->owners[slot], __ATOMIC_RELAXED);

            if (other && !(dead && !alive(other))) {
                continue;
            }

            if (__atomic_compare_exchange_n(&counters->owners[slot], &other,
                                            owner, false, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED))
            {
                apigw_counters_use(counters, slot);
                return;
            }
        }

        if (dead) {
            return;
        }
    }
}


void
apigw_counters_leave(apigw_counters_t *counters)
{
    if (counters->slot) {
        __atomic_store_n(&counters->owners[counters->slot], 0,
                         __ATOMIC_RELEASE);
        apigw_counters_use(counters, 0);
    }
}


uint64_t
apigw_counters_sum(const apigw_counters_t *counters, uint32_t row, unsigned i)
{
    size_t     step;
    uint32_t   slot;
    uint64_t  *p, sum;

    sum = 0;
    step = (size_t) counters->shared->nrows * APIGW_COUNTERS_ROW;
    p = counters->counts + (size_t) row * APIGW_COUNTERS_ROW + i;

    for (slot = 0; slot < counters->shared->nslots; slot++) {
        sum += __atomic_load_n(p, __ATOMIC_RELAXED);
        p += step;
    }

    return sum;
}


uint64_t
apigw_counters_sum_alive(const apigw_counters_t *counters, uint32_t row,
    unsigned i, apigw_counters_alive_pt alive)
{
    size_t     step;
    uint32_t   slot;
    uint64_t  *p, n, sum, owner;

    sum = 0;
    step = (size_t) counters->shared->nrows * APIGW_COUNTERS_ROW;
    p = counters->counts + (size_t) row * APIGW_COUNTERS_ROW + i;

    for (slot = 1; slot < counters->shared->nslots; slot++) {

        p += step;
        n = __atomic_load_n(p, __ATOMIC_RELAXED);
        owner = __atomic_load_n(&counters->owners[slot], __ATOMIC_RELAXED);

        if (n && owner && alive(owner)) {
            sum += n;
        }
    }

    return sum;
}
