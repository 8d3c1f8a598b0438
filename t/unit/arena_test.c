
/* An arena gives what was asked for, or NULL; never less. */


#include "apigw_test.h"


TEST(a_copy_is_terminated_and_equal)
{
    uint8_t  *p;

    p = apigw_arena_dup(&t->arena, "abc", 3);

    EXPECT(p != NULL);
    EXPECT(memcmp(p, "abc", 4) == 0);
}


TEST(an_empty_copy_is_valid)
{
    uint8_t  *p;

    p = apigw_arena_dup(&t->arena, NULL, 0);

    EXPECT(p != NULL);
    EXPECT(p[0] == '\0');
}


TEST(an_array_that_overflows_is_refused)
{
    EXPECT(apigw_arena_array(&t->arena, SIZE_MAX / 2, 3) == NULL);
    EXPECT(apigw_arena_dup(&t->arena, "", SIZE_MAX) == NULL);
}


TEST(memory_is_aligned_and_zeroed_on_demand)
{
    size_t          i;
    unsigned char  *p;

    p = apigw_arena_zalloc(&t->arena, 100);

    EXPECT(p != NULL);
    EXPECT(((uintptr_t) p % _Alignof(max_align_t)) == 0);

    for (i = 0; i < 100; i++) {
        EXPECT(p[i] == 0);
    }
}


TEST_MAIN(CASE(a_copy_is_terminated_and_equal),
          CASE(an_empty_copy_is_valid),
          CASE(an_array_that_overflows_is_refused),
          CASE(memory_is_aligned_and_zeroed_on_demand))
