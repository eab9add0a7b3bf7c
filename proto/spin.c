// SPDX-License-Identifier: MIT
#include "spin.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

/* A look takes some tens of nanoseconds: with cores to spare the processor is
 * offered to others every few microseconds, without every half. */
#define LOOKS_MANY 128u
#define LOOKS_FEW 16u
#define MANY_CORES 4

/* A yield that takes so long has let others run, and if what we wait for is not done
 * even then, they are strangers: among many who want the processor, one who sleeps is
 * run sooner when he is woken than one who keeps asking. */
#define CROWDED_NS 20000u

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

bool vocl_spin_has_cores(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN) >= MANY_CORES;
}

void vocl_spin_init(struct vocl_spin *s)
{
    s->looks = vocl_spin_has_cores() ? LOOKS_MANY : LOOKS_FEW;
    s->credit = VOCL_SPIN_CREDIT_MAX;
}

static void earn(struct vocl_spin *s)
{
    unsigned c = __atomic_load_n(&s->credit, __ATOMIC_RELAXED);
    if (c < VOCL_SPIN_CREDIT_MAX)
        __atomic_store_n(&s->credit, c + 1, __ATOMIC_RELAXED);
}

static void spend(struct vocl_spin *s)
{
    unsigned c = __atomic_load_n(&s->credit, __ATOMIC_RELAXED);
    if (c)
        __atomic_store_n(&s->credit, c - 1, __ATOMIC_RELAXED);
}

bool vocl_spin(struct vocl_spin *s, bool (*done)(const void *opaque), const void *opaque,
               uint64_t *start_ns)
{
    bool willing = __atomic_load_n(&s->credit, __ATOMIC_RELAXED);
    uint64_t now, start = *start_ns = now_ns();
    bool crowded;
    uint64_t limit = willing ? VOCL_SPIN_LONG_NS : VOCL_SPIN_SHORT_NS;
    do {
        for (unsigned i = 0; i < s->looks; i++) {
            if (done(opaque)) {
                earn(s);
                return true;
            }
            vocl_relax();
        }
        uint64_t before = now_ns();
        sched_yield();
        now = now_ns();
        crowded = now - before > CROWDED_NS;
    } while (!crowded && now - start < limit);
    if (done(opaque))
        return true;
    spend(s);
    return false;
}

void vocl_spin_slept(struct vocl_spin *s, uint64_t start_ns)
{
    if (now_ns() - start_ns < VOCL_SPIN_LONG_NS)
        earn(s);
}
