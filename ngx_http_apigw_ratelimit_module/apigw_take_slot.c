
#include "apigw_take_slot.h"


#define APIGW_TAKE_DAY  (86400 * APIGW_GCRA_SECOND)


static uint64_t apigw_take_state_id(const apigw_take_t *take,
    const apigw_slot_t *slot, uint64_t value);
static uint32_t *apigw_take_place(const apigw_take_t *take,
    apigw_slot_t *slot, uint64_t bucket);
static void apigw_take_put(uint32_t *place, uint32_t count);


apigw_take_limit_t
apigw_take_limit(const apigw_limit_t *limit)
{
    apigw_take_limit_t  made;

    made.windowed = limit->kind != APIGW_LIMIT_RATE;

    if (made.windowed) {
        made.window = limit->window;

    } else {
        made.gcra = limit->gcra;
    }

    return made;
}


apigw_take_limit_t
apigw_take_part(const apigw_take_limit_t *limit, uint64_t share)
{
    apigw_take_limit_t  part;

    part.windowed = limit->windowed;

    if (part.windowed) {
        part.window = apigw_window_part(&limit->window, share);

    } else {
        part.gcra = apigw_gcra_part(&limit->gcra, share);
    }

    return part;
}


apigw_siphash_t
apigw_take_key(const apigw_take_t *take)
{
    apigw_siphash_t        key = take->key;
    const apigw_window_t  *window = &take->limit.window;

    /* the key is a keyed digest: what is added keeps apart, and no more */

    if (take->limit.windowed) {
        key.word[1] ^= (window->length << 16)
                       | (uint64_t) apigw_window_older(window) << 8
                       | (window->kind + 1);
    }

    return key;
}


unsigned
apigw_take_extensions(const apigw_take_t *take)
{
    unsigned  counts;

    if (!take->limit.windowed) {
        return 0;
    }

    counts = 1 + apigw_window_older(&take->limit.window);

    if (counts <= APIGW_SLOTS_COUNTS) {
        return 0;
    }

    return (counts - APIGW_SLOTS_COUNTS + APIGW_SLOTS_MORE - 1)
           / APIGW_SLOTS_MORE;
}


void
apigw_take_load(const apigw_take_t *take, uint32_t index, uint64_t word,
    apigw_window_state_t *state)
{
    uint64_t               value;
    unsigned               i, older;
    apigw_slot_t          *slot;
    const apigw_window_t  *window = &take->limit.window;

    value = word & APIGW_SLOTS_VALUE;
    older = apigw_window_older(window);

    state->id = 0;
    state->count = 0;

    if (index == 0 || value == 0) {
        memset(state->older, 0, older * sizeof(state->older[0]));
        return;
    }

    slot = &take->slots->slots[index];
    state->id = apigw_take_state_id(take, slot, value);

    if (older == 0) {
        state->count = __atomic_load_n(&slot->wide[0], __ATOMIC_RELAXED);
        return;
    }

    state->count = __atomic_load_n(apigw_take_place(take, slot, state->id),
                                   __ATOMIC_RELAXED);

    for (i = 0; i < older; i++) {
        state->older[i] = __atomic_load_n(
                apigw_take_place(take, slot, state->id + older - i),
                __ATOMIC_RELAXED);
    }
}


static uint64_t
apigw_take_state_id(const apigw_take_t *take, const apigw_slot_t *slot,
    uint64_t value)
{
    unsigned               older;
    uint32_t               stored;
    const apigw_window_t  *window = &take->limit.window;

    stored = __atomic_load_n(&slot->rest[2], __ATOMIC_RELAXED);

    switch (window->kind) {

    case APIGW_WINDOW_CALENDAR:
        return stored;

    case APIGW_WINDOW_MONTH:
        return stored * APIGW_TAKE_DAY;

    case APIGW_WINDOW_FIRST:
        return value - window->length;

    default:
        older = apigw_window_older(window);
        return value / apigw_window_bucket(window) - older - 1;
    }
}


/* Buckets b and b + older + 1 have the same place. */

static uint32_t *
apigw_take_place(const apigw_take_t *take, apigw_slot_t *slot, uint64_t bucket)
{
    return apigw_slots_count(take->slots, slot,
                       bucket % (apigw_window_older(&take->limit.window) + 1));
}


uint64_t
apigw_take_time(const apigw_take_t *take, uint64_t word)
{
    uint64_t               value, clock, length, ahead;
    unsigned               older;
    const apigw_window_t  *window = &take->limit.window;

    clock = apigw_take_clock(take);
    value = word & APIGW_SLOTS_VALUE;

    /* nobody is held up for a month */

    if (window->kind == APIGW_WINDOW_MONTH) {
        return clock;
    }

    older = apigw_window_older(window);
    length = (older + 1) * apigw_window_bucket(window);
    ahead = (older ? older : 1) * apigw_window_bucket(window);

    if (take->now + ahead + length < value) {
        clock += value - length - take->now;
    }

    return clock;
}


uint32_t
apigw_take_peek_state(const apigw_take_t *take, const apigw_siphash_t *key,
    apigw_window_state_t *state, uint64_t *word)
{
    uint32_t        index, stripe;
    apigw_slots_t  *slots = take->slots;

    index = apigw_slots_find(slots, key, word);

    if (index == 0) {
        *word = 0;
        apigw_take_load(take, 0, 0, state);
        return 0;
    }

    if (!(*word & APIGW_SLOTS_BUSY)) {
        apigw_take_load(take, index, *word, state);

        /* counts that change while the word stays are in the same buckets */

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (__atomic_load_n(&slots->slots[index].word, __ATOMIC_RELAXED)
            == *word)
        {
            return index;
        }
    }

    stripe = apigw_slots_stripe(slots, key);
    apigw_slots_lock(slots, stripe);

    index = apigw_slots_find_locked(slots, key);
    *word = index ? slots->slots[index].word : 0;
    apigw_take_load(take, index, *word, state);

    apigw_slots_unlock(slots, stripe);

    return index;
}


uint64_t
apigw_take_store(const apigw_take_t *take, uint32_t index,
    const apigw_window_state_t *state, const apigw_window_look_t *look)
{
    uint64_t               over;
    unsigned               i, older;
    apigw_slot_t          *slot;
    const apigw_window_t  *window = &take->limit.window;

    slot = &take->slots->slots[index];
    older = apigw_window_older(window);
    over = look->end + older * apigw_window_bucket(window);

    if (older == 0) {
        __atomic_store_n(&slot->wide[0], state->count, __ATOMIC_RELEASE);
    }

    switch (window->kind) {

    case APIGW_WINDOW_CALENDAR:
        __atomic_store_n(&slot->rest[2], state->id, __ATOMIC_RELEASE);
        break;

    case APIGW_WINDOW_MONTH:
        __atomic_store_n(&slot->rest[2], state->id / APIGW_TAKE_DAY,
                         __ATOMIC_RELEASE);
        break;

    default:
        break;
    }

    for (i = 0; i < older; i++) {
        apigw_take_put(apigw_take_place(take, slot, state->id + older - i),
                       state->older[i]);
    }

    if (older) {
        apigw_take_put(apigw_take_place(take, slot, state->id), state->count);
    }

    /* by the table's clock, where the other is not that one */

    return apigw_window_by_wall(window) ? take->now + over - take->wall : over;
}


static void
apigw_take_put(uint32_t *place, uint32_t count)
{
    if (*place != count) {
        __atomic_store_n(place, count, __ATOMIC_RELEASE);
    }
}


uint32_t
apigw_take_locked(const apigw_take_t *take, const apigw_siphash_t *key,
    bool create, unsigned extensions)
{
    uint32_t  stripe, index, spare;
    uint64_t  word;

    spare = 0;

    if (create && apigw_slots_find(take->slots, key, &word) == 0) {
        spare = apigw_slots_reserve(take->slots, take->now, extensions);
    }

    stripe = apigw_slots_stripe(take->slots, key);

    apigw_slots_lock(take->slots, stripe);

    index = apigw_slots_find_locked(take->slots, key);

    if (index == 0 && spare) {
        apigw_slots_link(take->slots, spare, key, 0);
        return spare;
    }

    if (spare) {
        apigw_slots_release(take->slots, spare);
    }

    return index;
}
