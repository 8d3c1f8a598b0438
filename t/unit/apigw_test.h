
/*
 * The unit tests' harness: TAP for prove, then "N passed, N failed".
 *
 *     TEST(an_empty_document_is_refused)
 *     {
 *         EXPECT(parse(&t->arena, "", 0) == APIGW_EINPUT);
 *     }
 *
 *     TEST_MAIN(CASE(an_empty_document_is_refused))
 *
 * Each case runs again with its 1st, 2nd ... allocation from t->arena failing.
 * There a failed EXPECT ends the case without counting: what is tested is that
 * nothing crashes, leaks or reports success with half a result, which the
 * sanitizers watch.
 */


#ifndef _APIGW_TEST_H_INCLUDED_
#define _APIGW_TEST_H_INCLUDED_


#include "apigw.h"
#include "apigw_arena.h"

#include <stdio.h>
#include <stdlib.h>


#define APIGW_TEST_FAULTS  256        /* allocations that are made to fail */


typedef struct {
    apigw_arena_t   arena;
    apigw_heap_t    heap;
    apigw_arena_t   source;           /* what arena takes from */
    size_t          allocs;           /* made in this run */
    size_t          fail_at;          /* 1-based; 0: none */
    bool            failed;
} apigw_test_t;


typedef struct {
    const char     *name;
    void          (*run)(apigw_test_t *t);
} apigw_test_case_t;


#define TEST(name)  static void name(apigw_test_t *t)
#define CASE(name)  { #name, name }


#define EXPECT(cond)                                                          \
    do {                                                                      \
        if (!(cond)) {                                                        \
            apigw_test_fail(t, #cond, __FILE__, __LINE__);                    \
            return;                                                           \
        }                                                                     \
    } while (0)


#define TEST_MAIN(...)                                                        \
    int                                                                       \
    main(void)                                                                \
    {                                                                         \
        static const apigw_test_case_t  cases[] = { __VA_ARGS__ };            \
                                                                              \
        return apigw_test_run(cases, sizeof(cases) / sizeof(cases[0]));       \
    }


static inline void
apigw_test_fail(apigw_test_t *t, const char *cond, const char *file, int line)
{
    t->failed = true;

    if (t->fail_at == 0) {
        printf("# %s:%d: %s\n", file, line, cond);
    }
}


static inline void *
apigw_test_alloc(void *ctx, size_t size)
{
    apigw_test_t  *t = ctx;

    if (++t->allocs == t->fail_at) {
        return NULL;
    }

    return apigw_arena_alloc(&t->source, size);
}


static inline bool
apigw_test_once(const apigw_test_case_t *c, size_t fail_at, size_t *allocs)
{
    apigw_test_t  t = { .fail_at = fail_at };

    apigw_heap_arena(&t.heap, &t.source);

    t.arena.alloc = apigw_test_alloc;
    t.arena.ctx = &t;

    c->run(&t);

    apigw_heap_free(&t.heap);
    *allocs = t.allocs;

    return !t.failed;
}


static inline int
apigw_test_run(const apigw_test_case_t *cases, size_t n)
{
    bool    ok;
    size_t  i, k, allocs, passed;

    passed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);

    for (i = 0; i < n; i++) {
        ok = apigw_test_once(&cases[i], 0, &allocs);

        for (k = 1; ok && k <= allocs && k <= APIGW_TEST_FAULTS; k++) {
            (void) apigw_test_once(&cases[i], k, &allocs);
        }

        passed += ok;
        printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, cases[i].name);
    }

    printf("1..%zu\n%zu passed, %zu failed\n", n, passed, n - passed);

    return passed == n ? 0 : 1;
}


#endif /* _APIGW_TEST_H_INCLUDED_ */
