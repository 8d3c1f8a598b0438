
/*
 * How a slot of the table holds the counts of a window. The word's value is
 * when all of them are over, by the table's clock; what it tells, besides, of
 * windows by that clock is which one they belong to.
 *
 * Buckets have their places in turn, bucket b in place b mod their number: a
 * new bucket takes the place of one that is over, and no count ever moves. So
 * a process killed between two stores leaves a state that says what it said
 * before, its own charge at most excepted.
 */


#ifndef _APIGW_TAKE_SLOT_H_INCLUDED_
#define _APIGW_TAKE_SLOT_H_INCLUDED_


#include "apigw_take.h"


#pragma GCC visibility push(hidden)


/* The key of take's slot: windows of another shape have another. */
apigw_siphash_t apigw_take_key(const apigw_take_t *take);


/* How many extensions its slot needs. */
unsigned apigw_take_extensions(const apigw_take_t *take);


/*
 * Locks the key's stripe and finds its slot, or makes one, with so many
 * extensions. 0: there is none; the lock is held either way.
 */
uint32_t apigw_take_locked(const apigw_take_t *take,
    const apigw_siphash_t *key, bool create, unsigned extensions);


/*
 * Reads the state from a slot that is held, with its word; of index 0 it is
 * that of a new key.
 */
void apigw_take_load(const apigw_take_t *take, uint32_t index, uint64_t word,
    apigw_window_state_t *state);


/*
 * The take's time by the limit's clock, for a state that was read with `word`.
 * A clock that steps back by over a window frees the state; a process that
 * read the table's clock, which never does, and was held up since must not:
 * for it the state's newest bucket has just begun.
 */
uint64_t apigw_take_time(const apigw_take_t *take, uint64_t word);


/*
 * Finds and reads, as one, while no lock is held. The slot's index; 0: there
 * is none, and the state is that of a new key, *word 0.
 */
uint32_t apigw_take_peek_state(const apigw_take_t *take,
    const apigw_siphash_t *key, apigw_window_state_t *state, uint64_t *word);


/* Writes the state into a slot that is held; returns its word's value. */
uint64_t apigw_take_store(const apigw_take_t *take, uint32_t index,
    const apigw_window_state_t *state, const apigw_window_look_t *look);


#pragma GCC visibility pop


#endif /* _APIGW_TAKE_SLOT_H_INCLUDED_ */
