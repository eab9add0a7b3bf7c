// SPDX-License-Identifier: MIT
#include "count.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"

static _Alignas(VOCL_CACHE_LINE) uint64_t nobodys[VOCL_COUNTERS_MAX];

uint64_t *gcl_counters = nobodys;

static uint64_t *channels; /* NULL: there is no connection of ours */

void gcl_count_in_channel(void *channel)
{
    channels = vocl_channel_counters(channel);
    /* What came before is little and has one thread: the one that connects. */
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        vocl_count(&channels[i], (int64_t)nobodys[i]);
    __atomic_store_n(&gcl_counters, channels, __ATOMIC_RELAXED);
}

void gcl_count_alone(void)
{
    channels = NULL;
    gcl_counters = nobodys;
}

static bool wanted(void)
{
    const char *on = getenv("VOCL_STATS");
    return on && *on && strcmp(on, "0");
}

/* The program's end, by exit() or a return from main(). */
__attribute__((destructor)) static void print_counters(void)
{
    if (!channels || !wanted())
        return;
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        if (vocl_guest_counters[i].name)
            fprintf(stderr, "virtio-ocl: stats: %s %llu\n", vocl_guest_counters[i].name,
                    (unsigned long long)vocl_count_read(&channels[i]));
}
