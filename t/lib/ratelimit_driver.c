
/*
 * Runs takes for t/ratelimit/differential.t: by the integer cores alone, and
 * in a table of slots. A line of words on standard input, over and over:
 *
 *     ENGINE take NOW WALL N {KEY KIND SHADOW COST LIMIT LENGTH}...
 *     ENGINE adjust NOW WALL 0 {KEY KIND MODE COST LIMIT LENGTH UNTIL}...
 *
 * ENGINE  "core" or "zone"
 * NOW     the table's clock, for the core the only one
 * KEY     0 to 99; one key has one kind and length
 * KIND    as the script in Redis has it; LENGTH is of the whole window
 * MODE    "-" back, "+" a debit
 *
 * Answers j, then remaining, full, retry and fits per limit (of the zone, fits
 * is 0); of the core, states follow as the script writes them. An adjustment
 * is answered by the states.
 */


#include "apigw_take.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>


#define KEYS   100
#define WORDS  200
#define SIZE   (512 * 1024)


typedef struct {
    unsigned              key;
    char                  mode;
    uint64_t              cost;
    uint64_t              until;
    apigw_take_limit_t    limit;

    uint64_t              fits;
    apigw_gcra_look_t     rate;
    apigw_window_look_t   window;
    apigw_gcra_report_t   report;
} part_t;


typedef struct {
    bool                  known;
    uint64_t              tat;
    apigw_window_state_t  window;
} state_t;


static state_t        states[KEYS];
static apigw_slots_t  slots;


static bool
alive(uint64_t owner)
{
    (void) owner;

    return true;
}


static uint64_t
number(const char *word)
{
    return strtoull(word, NULL, 10);
}


static void
read_limit(apigw_take_limit_t *limit, const char *kind, uint64_t most,
    uint64_t length)
{
    memset(limit, 0, sizeof(*limit));

    if (kind[0] == 'r') {
        limit->gcra.burst = most;
        limit->gcra.period = length;
        return;
    }

    limit->windowed = true;
    limit->window.limit = most;
    limit->window.length = length;

    switch (kind[0]) {

    case 'q':
        limit->window.kind = APIGW_WINDOW_CALENDAR;
        break;

    case 'm':
        limit->window.kind = APIGW_WINDOW_MONTH;
        break;

    case 'f':
        limit->window.kind = APIGW_WINDOW_FIRST;
        break;

    case 's':
        limit->window.kind = APIGW_WINDOW_SLIDING;
        break;

    default:
        limit->window.kind = APIGW_WINDOW_STRICT;
        limit->window.parts = number(kind + 1);
    }

    if (!apigw_window_valid(&limit->window)) {
        abort();
    }
}


/* The cores, as the pseudo code of the take has it */

static void
core_look(part_t *part, uint64_t now, uint64_t n)
{
    state_t  *state = &states[part->key];

    if (part->limit.windowed) {
        apigw_window_look(&part->limit.window, &state->window, now,
                          part->cost, n, &part->window);
        part->fits = part->window.fits;
        return;
    }

    apigw_gcra_look(&part->limit.gcra, state->tat, now, part->cost, n,
                    &part->rate);
    part->fits = part->rate.fits;
}


static void
core_commit(part_t *part, uint64_t now, uint64_t n)
{
    state_t  *state = &states[part->key];

    if (n > 0 && part->cost > 0) {
        state->known = true;
    }

    if (part->limit.windowed) {
        apigw_window_charge(&part->limit.window, &state->window,
                            &part->window, part->cost, n);
        apigw_window_report(&part->limit.window, &state->window,
                            &part->window, now, part->cost, &part->report);
        return;
    }

    apigw_gcra_charge(&part->limit.gcra, &part->rate, part->cost, n);
    apigw_gcra_report(&part->limit.gcra, &part->rate, now, part->cost,
                      &part->report);

    if (n > 0 && part->cost > 0) {
        state->tat = part->rate.tat;
    }
}


static uint64_t
core_take(part_t *parts, unsigned np, uint64_t now, uint64_t n)
{
    uint64_t  j, g;
    unsigned  i;
    state_t   before[KEYS];

    memcpy(before, states, sizeof(states));

    for (j = n, i = 0; i < np; i++) {
        core_look(&parts[i], now, n);

        if (parts[i].mode != '1' && parts[i].fits < j) {
            j = parts[i].fits;
        }
    }

    for (i = 0; i < np; i++) {
        g = parts[i].fits < j ? parts[i].fits : j;
        core_commit(&parts[i], now, g);

        /* what is not charged is not written */

        if (g == 0 || parts[i].cost == 0) {
            states[parts[i].key] = before[parts[i].key];
        }
    }

    return j;
}


static void
core_adjust(part_t *part, uint64_t now)
{
    bool      changed;
    state_t  *state = &states[part->key], before = *state;

    if (part->cost == 0 || (part->mode == '-' && !state->known)) {
        return;
    }

    if (!part->limit.windowed) {
        state->tat = part->mode == '-'
                     ? apigw_gcra_give_back(&part->limit.gcra, state->tat, now,
                                            part->cost, part->until)
                     : apigw_gcra_debit(&part->limit.gcra, state->tat, now,
                                        part->cost);
        state->known = true;
        return;
    }

    apigw_window_look(&part->limit.window, &state->window, now, 0, 1,
                      &part->window);
    changed = true;

    if (part->mode == '-') {
        changed = apigw_window_give_back(&part->limit.window, &state->window,
                                         &part->window, part->cost,
                                         part->until);
    } else {
        apigw_window_debit(&part->limit.window, &state->window, part->cost);
    }

    if (changed) {
        state->known = true;

    } else {
        *state = before;
    }
}


static void
core_print(const part_t *part)
{
    unsigned        i, older;
    const state_t  *state = &states[part->key];

    if (!state->known) {
        printf(" -");
        return;
    }

    if (!part->limit.windowed) {
        printf(" %" PRIu64, state->tat);
        return;
    }

    printf(" %" PRIu64 ":%" PRIu64, state->window.id, state->window.count);

    older = apigw_window_older(&part->limit.window);

    for (i = 0; i < older; i++) {
        printf("%c%" PRIu32,
               part->limit.window.kind == APIGW_WINDOW_SLIDING ? ':' : ',',
               state->window.older[i]);
    }
}


/* The table: n takes of one request each */

static apigw_take_t
zone_part(const part_t *part, uint64_t now, uint64_t wall)
{
    uint64_t         key;
    apigw_take_t     take;
    apigw_siphash_t  secret = { { 3, 4 } };

    memset(&take, 0, sizeof(take));

    key = part->key;

    take.slots = &slots;
    take.key = apigw_siphash(&secret, &key, sizeof(key));
    take.limit = part->limit;
    take.cost = part->cost;
    take.now = now;
    take.wall = wall;
    take.shadow = part->mode == '1';
    take.until = part->until;

    return take;
}


static uint64_t
zone_take(part_t *parts, unsigned np, uint64_t now, uint64_t wall, uint64_t n)
{
    uint64_t       j;
    unsigned       i;
    apigw_take_t   takes[APIGW_TAKE_MAX], *list[APIGW_TAKE_MAX];

    for (i = 0; i < np; i++) {
        takes[i] = zone_part(&parts[i], now, wall);
        list[i] = &takes[i];
    }

    for (j = 0; n > 0; n--) {
        j += apigw_take(list, np);
    }

    for (i = 0; i < np; i++) {
        parts[i].fits = 0;
        parts[i].report = takes[i].report;
    }

    return j;
}


static void
zone_adjust(part_t *part, uint64_t now, uint64_t wall)
{
    apigw_take_t  take;

    take = zone_part(part, now, wall);

    if (part->mode == '-') {
        apigw_take_back(&take, now, wall);

    } else {
        apigw_take_debit(&take);
    }
}


static void
run(char **words, unsigned nwords)
{
    bool       core, adjust;
    part_t     parts[APIGW_TAKE_MAX];
    uint64_t   now, wall, n;
    unsigned   i, np, size;

    core = strcmp(words[0], "core") == 0;
    adjust = strcmp(words[1], "adjust") == 0;
    now = number(words[2]);
    wall = number(words[3]);
    n = number(words[4]);
    size = adjust ? 7 : 6;
    np = (nwords - 5) / size;

    for (i = 0, words += 5; i < np; i++, words += size) {
        parts[i].key = number(words[0]);
        parts[i].mode = words[2][0];
        parts[i].cost = number(words[3]);
        parts[i].until = adjust ? number(words[6]) : 0;
        read_limit(&parts[i].limit, words[1], number(words[4]),
                   number(words[5]));
    }

    if (adjust) {
        for (i = 0; i < np; i++) {
            if (core) {
                core_adjust(&parts[i], now);

            } else {
                zone_adjust(&parts[i], now, wall);
            }
        }

    } else {
        n = core ? core_take(parts, np, now, n)
                 : zone_take(parts, np, now, wall, n);
        printf("%" PRIu64, n);

        for (i = 0; i < np; i++) {
            printf(" %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu64,
                   parts[i].report.remaining, parts[i].report.full,
                   parts[i].report.retry, parts[i].fits);
        }
    }

    for (i = 0; core && i < np; i++) {
        core_print(&parts[i]);
    }

    printf("\n");
    (void) fflush(stdout);
}


int
main(void)
{
    char                         line[8192], *words[WORDS], *word;
    unsigned                     n;
    const uint8_t                secret[16] = { 1, 2, 3 };
    static _Alignas(64) uint8_t  memory[SIZE];

    if (apigw_slots_create(&slots, memory, SIZE, secret, 0) != APIGW_OK) {
        return 1;
    }

    slots.owner = 1;
    slots.alive = alive;

    while (fgets(line, sizeof(line), stdin)) {
        n = 0;

        for (word = strtok(line, " \n"); word && n < WORDS;
             word = strtok(NULL, " \n"))
        {
            words[n++] = word;
        }

        run(words, n);
    }

    return 0;
}
