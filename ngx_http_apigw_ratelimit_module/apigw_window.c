
#include "apigw_window.h"


#define APIGW_WINDOW_WHOLE  65536    /* the weight of 1 */
#define APIGW_WINDOW_STEP   256      /* its root: products fit in two steps */


static void apigw_window_roll(const apigw_window_t *window,
    apigw_window_state_t *state, uint64_t now, apigw_window_look_t *look);
static void apigw_window_roll_first(const apigw_window_t *window,
    apigw_window_state_t *state, uint64_t now, apigw_window_look_t *look);
static void apigw_window_roll_month(apigw_window_state_t *state, uint64_t now,
    apigw_window_look_t *look);
static void apigw_window_shift(apigw_window_state_t *state, unsigned older,
    uint64_t by);
static void apigw_window_clear(apigw_window_state_t *state, unsigned older);
static uint64_t apigw_window_used(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now);
static uint64_t apigw_window_weight(uint64_t left, uint64_t length);
static uint64_t apigw_window_fitting(uint64_t count, uint64_t room,
    uint64_t length);
static uint64_t apigw_window_wait(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now, uint64_t cost);
static uint64_t apigw_window_wait_sliding(const apigw_window_t *window,
    const apigw_window_state_t *state, uint64_t left, uint64_t most);
static uint64_t apigw_window_wait_strict(const apigw_window_t *window,
    const apigw_window_state_t *state, uint64_t left, uint64_t most);


bool
apigw_window_valid(const apigw_window_t *window)
{
    uint64_t  limit, length;

    switch (window->kind) {

    case APIGW_WINDOW_SLIDING:
    case APIGW_WINDOW_STRICT:
        limit = APIGW_WINDOW_MAX_SLIDING;
        length = APIGW_WINDOW_MAX_SPAN;
        break;

    default:
        limit = APIGW_WINDOW_MAX_QUOTA;
        length = APIGW_WINDOW_MAX_QUOTA_SPAN;
    }

    if (window->limit == 0 || window->limit > limit) {
        return false;
    }

    if (window->kind == APIGW_WINDOW_MONTH) {
        return window->length == 0;
    }

    if (window->length < APIGW_GCRA_SECOND || window->length > length) {
        return false;
    }

    return window->kind != APIGW_WINDOW_STRICT
           || (window->parts >= APIGW_WINDOW_MIN_PARTS
               && window->parts <= APIGW_WINDOW_MAX_PARTS);
}


apigw_window_t
apigw_window_part(const apigw_window_t *window, uint64_t share)
{
    apigw_window_t  part = *window;

    part.limit = (unsigned __int128) part.limit * share / APIGW_GCRA_SHARE;

    if (part.limit == 0) {
        part.limit = 1;
    }

    return part;
}


uint64_t
apigw_window_bucket(const apigw_window_t *window)
{
    if (window->kind == APIGW_WINDOW_STRICT) {
        return (window->length + window->parts - 1) / window->parts;
    }

    return window->length;
}


unsigned
apigw_window_older(const apigw_window_t *window)
{
    switch (window->kind) {

    case APIGW_WINDOW_SLIDING:
        return 1;

    case APIGW_WINDOW_STRICT:
        return window->parts;

    default:
        return 0;
    }
}


void
apigw_window_look(const apigw_window_t *window, apigw_window_state_t *state,
    uint64_t now, uint64_t cost, uint64_t n, apigw_window_look_t *look)
{
    uint64_t  fits;

    apigw_window_roll(window, state, now, look);

    look->room = (int64_t) window->limit
                 - (int64_t) apigw_window_used(window, state, look, now);

    if (cost == 0) {
        look->fits = n;
        return;
    }

    if (cost > window->limit || look->room <= 0) {
        look->fits = 0;
        return;
    }

    fits = (uint64_t) look->room / cost;
    look->fits = fits < n ? fits : n;
}


/* Brings the state to the bucket that is counted in at `now`. */

static void
apigw_window_roll(const apigw_window_t *window, apigw_window_state_t *state,
    uint64_t now, apigw_window_look_t *look)
{
    unsigned  older, ahead;
    uint64_t  id, length;

    if (window->kind == APIGW_WINDOW_FIRST) {
        apigw_window_roll_first(window, state, now, look);
        return;
    }

    if (window->kind == APIGW_WINDOW_MONTH) {
        apigw_window_roll_month(state, now, look);
        return;
    }

    length = apigw_window_bucket(window);
    older = apigw_window_older(window);
    id = now / length;
    ahead = older ? older : 1;

    if (state->id < id) {
        apigw_window_shift(state, older, id - state->id);
        state->id = id;

    } else if (state->id > id + ahead) {
        apigw_window_clear(state, older);
        state->id = id;
    }

    look->start = state->id * length;
    look->end = look->start + length;
}


static void
apigw_window_roll_first(const apigw_window_t *window,
    apigw_window_state_t *state, uint64_t now, apigw_window_look_t *look)
{
    /* 0 is a window that nobody has opened */

    if (state->id == 0 || state->id + window->length <= now
        || state->id > now + window->length)
    {
        apigw_window_clear(state, 0);
        state->id = now;
    }

    look->start = state->id;
    look->end = state->id + window->length;
}


static void
apigw_window_roll_month(apigw_window_state_t *state, uint64_t now,
    apigw_window_look_t *look)
{
    uint64_t  starts[4];

    apigw_window_months(now, starts);

    if (state->id == starts[2]) {
        look->start = starts[2];
        look->end = starts[3];
        return;
    }

    if (state->id != starts[1]) {
        apigw_window_clear(state, 0);
        state->id = starts[1];
    }

    look->start = starts[1];
    look->end = starts[2];
}


/* Buckets become older; the newest ones are empty. */

static void
apigw_window_shift(apigw_window_state_t *state, unsigned older, uint64_t by)
{
    unsigned  i;

    if (by > older) {
        apigw_window_clear(state, older);
        return;
    }

    for (i = older; i > by; i--) {
        state->older[i - 1] = state->older[i - 1 - by];
    }

    state->older[by - 1] = state->count;
    state->count = 0;

    for (i = by - 1; i > 0; i--) {
        state->older[i - 1] = 0;
    }
}


static void
apigw_window_clear(apigw_window_state_t *state, unsigned older)
{
    state->count = 0;
    memset(state->older, 0, older * sizeof(state->older[0]));
}


static uint64_t
apigw_window_used(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now)
{
    uint64_t  used, weight;
    unsigned  i;

    used = state->count;

    if (window->kind == APIGW_WINDOW_SLIDING) {
        weight = apigw_window_weight(look->end - now, window->length);
        return used + (state->older[0] * weight + APIGW_WINDOW_WHOLE - 1)
                      / APIGW_WINDOW_WHOLE;
    }

    for (i = 0; i < apigw_window_older(window); i++) {
        used += state->older[i];
    }

    return used;
}


/*
 * ceil(65536 * left / length), at most 65536: the part of the window that is
 * still in the older bucket. In two steps, as left and length reach 2^45.
 */

static uint64_t
apigw_window_weight(uint64_t left, uint64_t length)
{
    uint64_t  high, rest;

    if (left >= length) {
        return APIGW_WINDOW_WHOLE;
    }

    high = left * APIGW_WINDOW_STEP / length;
    rest = left * APIGW_WINDOW_STEP % length;

    return high * APIGW_WINDOW_STEP
           + (rest * APIGW_WINDOW_STEP + length - 1) / length;
}


/*
 * The inverse: the most ticks left to the end of the bucket at which an older
 * `count` weighs no more than `room`, at most `length`.
 */

static uint64_t
apigw_window_fitting(uint64_t count, uint64_t room, uint64_t length)
{
    uint64_t  weight;

    if (count <= room) {
        return length;
    }

    weight = room * APIGW_WINDOW_WHOLE / count;

    return weight * (length / APIGW_WINDOW_WHOLE)
           + weight * (length % APIGW_WINDOW_WHOLE) / APIGW_WINDOW_WHOLE;
}


void
apigw_window_charge(const apigw_window_t *window, apigw_window_state_t *state,
    apigw_window_look_t *look, uint64_t cost, uint64_t n)
{
    uint64_t  used;

    if (n == 0 || cost == 0) {
        return;
    }

    used = n * cost;

    apigw_window_debit(window, state, used);
    look->room -= (int64_t) used;
}


bool
apigw_window_spend(const apigw_window_t *window, apigw_window_state_t *state,
    apigw_window_look_t *look, uint64_t cost)
{
    if (look->room <= 0) {
        return false;
    }

    if (cost > (uint64_t) look->room) {
        cost = (uint64_t) look->room;
    }

    apigw_window_charge(window, state, look, cost, 1);

    return true;
}


void
apigw_window_debit(const apigw_window_t *window, apigw_window_state_t *state,
    uint64_t cost)
{
    uint64_t  most;

    most = apigw_window_older(window) ? APIGW_WINDOW_MAX_BUCKET
                                      : APIGW_WINDOW_MAX_COUNT;

    state->count = cost < most - state->count ? state->count + cost : most;
}


bool
apigw_window_give_back(const apigw_window_t *window,
    apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t cost, uint64_t end)
{
    uint32_t  *older;
    uint64_t   length, age;

    if (end == look->end) {
        state->count = cost < state->count ? state->count - cost : 0;
        return true;
    }

    length = apigw_window_bucket(window);

    if (end > look->end || length == 0 || (look->end - end) % length != 0) {
        return false;
    }

    age = (look->end - end) / length;

    if (age > apigw_window_older(window)) {
        return false;
    }

    older = &state->older[age - 1];
    *older = cost < *older ? *older - cost : 0;

    return true;
}


void
apigw_window_report(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now, uint64_t cost, apigw_gcra_report_t *report)
{
    report->remaining = look->room > 0 ? (uint64_t) look->room : 0;
    report->full = look->end - now;

    if (cost > window->limit) {
        report->retry = -1;

    } else if (cost == 0 || (int64_t) cost <= look->room) {
        report->retry = 0;

    } else {
        report->retry = (int64_t) apigw_window_wait(window, state, look, now,
                                                    cost);
    }
}


/* The ticks until `cost` fits, which it does not now, if nothing else comes. */

static uint64_t
apigw_window_wait(const apigw_window_t *window,
    const apigw_window_state_t *state, const apigw_window_look_t *look,
    uint64_t now, uint64_t cost)
{
    uint64_t  left, most;

    left = look->end - now;
    most = window->limit - cost;

    switch (window->kind) {

    case APIGW_WINDOW_SLIDING:
        return apigw_window_wait_sliding(window, state, left, most);

    case APIGW_WINDOW_STRICT:
        return apigw_window_wait_strict(window, state, left, most);

    default:
        return left;
    }
}


/* `most` may be used when it fits; `left` ticks are to the bucket's end. */

static uint64_t
apigw_window_wait_sliding(const apigw_window_t *window,
    const apigw_window_state_t *state, uint64_t left, uint64_t most)
{
    if (state->count <= most) {
        return left - apigw_window_fitting(state->older[0],
                                           most - state->count,
                                           window->length);
    }

    /* not in this bucket: when it is the older one itself */

    return left + window->length
           - apigw_window_fitting(state->count, most, window->length);
}


static uint64_t
apigw_window_wait_strict(const apigw_window_t *window,
    const apigw_window_state_t *state, uint64_t left, uint64_t most)
{
    unsigned  i;
    uint64_t  used;

    used = state->count;

    for (i = 0; i < window->parts && used <= most; i++) {
        used += state->older[i];
    }

    /* buckets end oldest first; number i, by age, must be over */

    return left + (window->parts - i) * apigw_window_bucket(window);
}
