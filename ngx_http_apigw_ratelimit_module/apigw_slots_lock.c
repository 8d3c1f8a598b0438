
/* The table's locks: short spins, then the owner's life is looked at. */


#include "apigw_slots.h"

#include <sched.h>


#define APIGW_SLOTS_SPINS  1024       /* some tens of microseconds */


static inline void
apigw_slots_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile ("yield");
#endif
}


static bool
apigw_slots_try(uint64_t *lock, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(lock, &from, to, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}


void
apigw_slots_lock(apigw_slots_t *slots, uint32_t stripe)
{
    uint64_t  *lock, owner;
    unsigned   i;

    lock = &slots->locks[stripe].owner;

    for ( ;; ) {

        for (i = 0; i < APIGW_SLOTS_SPINS; i++) {

            owner = __atomic_load_n(lock, __ATOMIC_RELAXED);

            if (owner == 0 && apigw_slots_try(lock, 0, slots->owner)) {
                return;
            }

            apigw_slots_pause();
        }

        if (owner && !slots->alive(owner)
            && apigw_slots_try(lock, owner, slots->owner))
        {
            (void) __atomic_fetch_add(&slots->shared->steals, 1,
                                      __ATOMIC_RELAXED);
            return;
        }

        (void) sched_yield();
    }
}


void
apigw_slots_unlock(apigw_slots_t *slots, uint32_t stripe)
{
    __atomic_store_n(&slots->locks[stripe].owner, 0, __ATOMIC_RELEASE);
}
