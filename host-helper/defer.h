/* SPDX-License-Identifier: MIT */
/*
 * defer.h - native calls that block, on threads of their own.
 *
 * The decoder must never wait, or a second thread of the program could not set
 * the user event that the first waits for. Threads are made when all others
 * are busy, up to one per reply slot: a well-behaved guest has no more calls
 * waiting than that. On a machine with cores to spare the waiter that was busy last
 * looks for its next call for a while before it sleeps.
 */
#ifndef HCL_DEFER_H
#define HCL_DEFER_H

#include <stdbool.h>

struct hcl_defer;

/* Runs on a waiter thread; owns its argument. */
typedef void (*hcl_defer_fn)(void *arg);

/* Calls that may wait for a thread; more is a guest that does not wait for its
 * answers. */
#define HCL_DEFER_QUEUE_MAX 1024

struct hcl_defer *hcl_defer_create(void);

/* Do so many waiters wait that the rest should be left for calls which cannot do
 * without one? */
bool hcl_defer_is_busy(struct hcl_defer *d);

/* Run fn(arg) soon. 0, -ENOSPC (too many waiting) or -ENOMEM. */
int hcl_defer(struct hcl_defer *d, hcl_defer_fn fn, void *arg);

/* For the counters: threads now, and the most that ever waited for one. */
void hcl_defer_usage(struct hcl_defer *d, unsigned *threads, unsigned *most);

#endif
