/* SPDX-License-Identifier: MIT */
/*
 * count.h - what a worker counts (proto/counters.h), one line where it happens.
 *
 * Threading: hcl_count() any thread; hcl_count_alone() where one thread writes
 * that counter, or under a lock that every writer holds.
 */
#ifndef HCL_COUNT_H
#define HCL_COUNT_H

#include "tally.h"
#include "worker.h"

/* A worker always has a tally; a test's need not. */
static inline void hcl_count(struct hcl_worker *w, enum vocl_host_counter c, int64_t n)
{
    if (w->tally)
        vocl_count(&w->tally->host[c], n);
}

static inline void hcl_count_alone(struct hcl_worker *w, enum vocl_host_counter c, int64_t n)
{
    if (w->tally)
        vocl_count_alone(&w->tally->host[c], n);
}

/*
 * Look at what there is now, and copy the guest's words. Called at every heartbeat
 * and at the end, so that they are at most half a second old.
 */
void hcl_count_publish(struct hcl_worker *w);

#endif
