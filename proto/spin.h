/* SPDX-License-Identifier: MIT */
/*
 * spin.h - how long to look at a word before sleeping on it.
 *
 * To sleep and to be woken costs several microseconds, more in a virtual machine
 * whose processor halts meanwhile; an answer often takes less. So the waiter looks
 * for a while first, and learns from what came of it: waits that end while it looks
 * make it look again, waits that last make it sleep almost at once. Between looks
 * it yields the processor, at every turn where there are few, so that whoever it
 * waits for can run there.
 *
 * Threading: a struct vocl_spin may be used by several threads at once; it holds
 * statistics, whose loss harms nobody.
 */
#ifndef VOCL_SPIN_H
#define VOCL_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* Between two looks: the processor's other thread may have it. */
static inline void vocl_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* The longest look, which is what a wait may last to be worth not sleeping for: some
 * times what sleep and wake-up cost together. */
#define VOCL_SPIN_LONG_NS 50000u
/* What a waiter that has learnt to sleep spends first: an answer that is on its way
 * comes within it. */
#define VOCL_SPIN_SHORT_NS 1500u

struct vocl_spin {
    unsigned looks;  /* between two yields */
    unsigned credit; /* 0: look briefly; up to VOCL_SPIN_CREDIT_MAX */
};

#define VOCL_SPIN_CREDIT_MAX 8u

void vocl_spin_init(struct vocl_spin *s);

/* Has the machine a core for each side and for the runtime's own thread, and one more
 * that may look? */
bool vocl_spin_has_cores(void);

/* Look until done(opaque) or for as long as is worth it. Returns whether it was done.
 * *start_ns receives the time of the first look, for vocl_spin_slept. */
bool vocl_spin(struct vocl_spin *s, bool (*done)(const void *opaque), const void *opaque,
               uint64_t *start_ns);

/* After a sleep: how long the whole wait has been tells whether to have looked on. */
void vocl_spin_slept(struct vocl_spin *s, uint64_t start_ns);

#endif
