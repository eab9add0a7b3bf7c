// SPDX-License-Identifier: MIT
#include "count.h"

#include <time.h>

#include "channel.h"
#include "defer.h"
#include "regions.h"

_Static_assert(HCL_N_PLATFORMS + HCL_TYPE_LAST - 1 == HCL_N_MUTABLE_COMMANDS,
               "a counter for each type, in their order");
_Static_assert(HCL_N_MUTABLE_COMMANDS < VOCL_COUNTERS_MAX, "there are places for all");

static void store(struct hcl_worker *w, unsigned c, uint64_t n)
{
    __atomic_store_n(&w->tally->host[c], n, __ATOMIC_RELAXED);
}

static void look_at_objects(struct hcl_worker *w)
{
    uint32_t live[HCL_TYPE_LAST + 1];
    if (!w->objects)
        return;
    hcl_objects_usage(w->objects, live);
    for (unsigned type = 1; type <= HCL_TYPE_LAST; type++)
        store(w, HCL_N_PLATFORMS + type - 1, live[type]);
}

static void look_at_regions(struct hcl_worker *w)
{
    uint32_t count;
    uint64_t bytes;
    hcl_regions_usage(w->t->regions, &count, &bytes);
    store(w, HCL_N_REGIONS, count);
    store(w, HCL_N_REGION_BYTES, bytes);
}

static void look_at_waiters(struct hcl_worker *w)
{
    unsigned threads, most;
    if (!w->defer)
        return;
    hcl_defer_usage(w->defer, &threads, &most);
    store(w, HCL_N_WAITERS, threads);
    store(w, HCL_N_DEFERRED_MOST, most);
}

/* Rates are differences of counts by differences of this. */
static void look_at_clock(struct hcl_worker *w)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    store(w, HCL_N_PUBLISHED, (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

void hcl_count_publish(struct hcl_worker *w)
{
    const uint64_t *guest = vocl_channel_counters(w->t->channel);
    if (!w->tally)
        return;
    look_at_objects(w);
    look_at_clock(w);
    look_at_regions(w);
    look_at_waiters(w);
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        __atomic_store_n(&w->tally->guest[i], __atomic_load_n(&guest[i], __ATOMIC_RELAXED),
                         __ATOMIC_RELAXED);
}
