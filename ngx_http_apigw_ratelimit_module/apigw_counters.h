
/*
 * Counters in memory that processes share, summed when somebody asks. Each
 * process that counts has a slot of its own, in cache lines of its own: no
 * lock, no atomic operation. A slot's sums stay when its process ends, and the
 * next one goes on with them.
 *
 * Slot 0 is for all processes that found no slot free: there they count by
 * atomic additions. Row 0 is for all names that found no row.
 *
 *     slot  a process's row after row
 *     row   16 counters of one name
 *
 * The table never grows; sums are modulo 2^64.
 */


#ifndef _APIGW_COUNTERS_H_INCLUDED_
#define _APIGW_COUNTERS_H_INCLUDED_


#include "apigw.h"
#include "apigw_siphash.h"


#pragma GCC visibility push(hidden)


#define APIGW_COUNTERS_LAYOUT  1     /* changes with any structure here */
#define APIGW_COUNTERS_ROW     16    /* counters; two cache lines */


typedef struct {
    apigw_siphash_t           name;
    uint64_t                  named;      /* in which call; 0: never */
    uint64_t                  padding;
} apigw_counters_name_t;


/* The start of the shared memory. */

typedef struct {
    uint32_t                  layout;
    uint32_t                  nrows;
    uint32_t                  nslots;
    uint32_t                  reserved;
    uint64_t                  size;       /* of all, a multiple of 64 */
    uint64_t                  names;      /* calls of apigw_counters_names() */
    uint64_t                  padding[4];
} apigw_counters_shared_t;


/* Whether the process that `owner` names may still run. */
typedef bool (*apigw_counters_alive_pt)(uint64_t owner);


/* One process's view. */

typedef struct {
    apigw_counters_shared_t  *shared;
    uint64_t                 *owners;     /* of slots; 0: free */
    apigw_counters_name_t    *names;      /* of rows */
    uint64_t                 *counts;
    uint64_t                 *own;        /* this process's slot */
    uint32_t                  slot;       /* its number; 0: the common one */
} apigw_counters_t;


/* Bytes of a table. rows, slots  1 or more, those with number 0 included */
size_t apigw_counters_size(uint32_t rows, uint32_t slots);


/* Lays a table out in apigw_counters_size() zeroed bytes, aligned to 64. */
void apigw_counters_create(apigw_counters_t *counters, void *memory,
    uint32_t rows, uint32_t slots);


/* Finds a table in memory laid out before. APIGW_EINPUT: another layout. */
apigw_rc_t apigw_counters_open(apigw_counters_t *counters, void *memory);


/*
 * Finds the rows of all names that matter from now on, in one process at a
 * time. What a name has counted stays; a row whose name is not among them is
 * another's, from zero, once rows are short.
 * rows     gets the row of each name; 0: there is none left
 * Returns how many got none.
 */
size_t apigw_counters_names(apigw_counters_t *counters,
    const apigw_siphash_t *names, size_t n, uint32_t *rows);


/* Takes a slot for the process `owner`, not 0; the common one if need be. */
void apigw_counters_join(apigw_counters_t *counters, uint64_t owner,
    apigw_counters_alive_pt alive);


/* Leaves the slot to others, and counts in the common one. */
void apigw_counters_leave(apigw_counters_t *counters);


/* The sum over all slots. */
uint64_t apigw_counters_sum(const apigw_counters_t *counters, uint32_t row,
    unsigned i);


/* Over the slots of processes that live; those in the common one are none. */
uint64_t apigw_counters_sum_alive(const apigw_counters_t *counters,
    uint32_t row, unsigned i, apigw_counters_alive_pt alive);


static inline void
apigw_counters_add(const apigw_counters_t *counters, uint32_t row, unsigned i,
    uint64_t n)
{
    uint64_t  *p;

    p = counters->own + (size_t) row * APIGW_COUNTERS_ROW + i;

    if (counters->slot) {
        __atomic_store_n(p, __atomic_load_n(p, __ATOMIC_RELAXED) + n,
                         __ATOMIC_RELAXED);

    } else {
        (void) __atomic_fetch_add(p, n, __ATOMIC_RELAXED);
    }
}


/* What this process has counted itself; nothing in the common slot. */
static inline void
apigw_counters_reset(const apigw_counters_t *counters, uint32_t row,
    unsigned i)
{
    if (counters->slot) {
        __atomic_store_n(counters->own + (size_t) row * APIGW_COUNTERS_ROW + i,
                         0, __ATOMIC_RELAXED);
    }
}


#pragma GCC visibility pop


#endif /* _APIGW_COUNTERS_H_INCLUDED_ */
