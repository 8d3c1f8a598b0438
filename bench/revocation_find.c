
/*
 * One look-up among a million revoked tokens, half of them found: nanoseconds,
 * the best of some rounds, against the microsecond that it may take.
 *
 *     revocation_find [ROUNDS]
 *
 * Prints both, then BENCH name ratio target ok|short.
 */


#include "apigw_revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define ENTRIES  1000000
#define NAMES    (2 * ENTRIES)
#define JTI      36
#define GOAL     1000.0              /* nanoseconds */
#define TARGET   1.0


static char  names[NAMES][JTI + 1];


static double
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec + t.tv_nsec / 1e9;
}


/* A number that looks random, but is the same in each run. */

static uint64_t
mix(uint64_t n)
{
    n = (n ^ (n >> 31)) * 0x7fb5d329728ea185;
    n = (n ^ (n >> 27)) * 0x81dadef4bc2dd44d;

    return n ^ (n >> 33);
}


static void
tell(apigw_revocation_t *what, size_t i)
{
    what->kind = APIGW_REVOCATION_JTI;
    what->name.data = (const uint8_t *) "bench";
    what->name.len = 5;
    what->value.data = (const uint8_t *) names[i];
    what->value.len = JTI;
}


/* Every second name is revoked. */

static void *
build(size_t *size)
{
    void                        *image;
    size_t                       i;
    apigw_revocation_line_t      line;
    apigw_revocation_builder_t   builder;

    static const uint8_t  seed[APIGW_REVOCATION_SEED] = { 1, 2, 3 };

    *size = apigw_revocation_bound(ENTRIES);
    image = malloc(*size);

    if (image == NULL
        || apigw_revocation_begin(&builder, image, *size, ENTRIES, seed, 0)
           != APIGW_OK)
    {
        abort();
    }

    while (apigw_revocation_clear(&builder, *size)) { /* void */ }

    memset(&line, 0, sizeof(line));

    for (i = 0; i < NAMES; i++) {
        snprintf(names[i], JTI + 1, "%08zx-4bd1-7f33-9c1e-%012llx", i,
                 (unsigned long long) mix(i) & 0xffffffffffff);

        tell(&line.what, i);

        if (i % 2 == 0 && apigw_revocation_add(&builder, &line) != APIGW_OK) {
            abort();
        }
    }

    *size = apigw_revocation_finish(&builder);

    return image;
}


/* Digests have no order: each look goes to another place of the image. */

static double
look(const void *image, size_t size, size_t *found)
{
    double              start;
    size_t              i;
    apigw_revocation_t  what;

    start = now();

    for (i = 0; i < NAMES; i++) {
        tell(&what, i);

        *found += apigw_revocation_find(image, size, &what, -1, 1) == APIGW_OK;
    }

    return (now() - start) * 1e9 / NAMES;
}


int
main(int argc, char **argv)
{
    int      round, rounds;
    void    *image;
    double   took, best;
    size_t   size, found;

    rounds = argc > 1 ? atoi(argv[1]) : 10;
    image = build(&size);
    best = 1e9;
    found = 0;

    for (round = 0; round < rounds; round++) {
        found = 0;
        took = look(image, size, &found);
        best = took < best ? took : best;
    }

    printf("%zu entries in %zu bytes, %zu of %d found\n",
           apigw_revocation_count(image, size), size, found, NAMES);
    printf("core %.0f ns, goal %.0f ns\n", best, GOAL);
    printf("BENCH revocation_find %.3f %.2f %s\n", GOAL / best, TARGET,
           GOAL / best >= TARGET ? "ok" : "short");

    free(image);

    return 0;
}
