/* SPDX-License-Identifier: MIT */
/*
 * count.h - what the library counts (proto/counters.h), one line where it
 * happens. VOCL_STATS prints it at exit.
 *
 * Ownership: the words are the channel's once there is one, and the process's own
 * before and in a forked child.
 * Threading: gcl_count() any thread; gcl_count_held() under a lock that every
 * writer of that counter holds.
 */
#ifndef GCL_COUNT_H
#define GCL_COUNT_H

#include "counters.h"

extern uint64_t *gcl_counters; /* VOCL_COUNTERS_MAX words */

static inline void gcl_count(enum vocl_guest_counter c, int64_t n)
{
    vocl_count(&__atomic_load_n(&gcl_counters, __ATOMIC_RELAXED)[c], n);
}

static inline void gcl_count_held(enum vocl_guest_counter c, int64_t n)
{
    vocl_count_alone(&__atomic_load_n(&gcl_counters, __ATOMIC_RELAXED)[c], n);
}

/* From now on count in the channel, so that the host sees it. */
void gcl_count_in_channel(void *channel);

/* In a forked child, whose channel is its parent's: count for nobody. */
void gcl_count_alone(void);

#endif
