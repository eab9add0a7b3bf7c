/* SPDX-License-Identifier: MIT */
/*
 * scatter.h - what to do about memory of the application's whose pages lie
 * singly: each is a mapping on the host, and so dearer to share than to copy,
 * unless it is shared for long.
 *
 * Threading: any thread.
 */
#ifndef GCL_SCATTER_H
#define GCL_SCATTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Ranges that are remembered: a program that cycles through more scattered
 * arrays than this goes on copying them. */
#define GCL_SCATTER_RANGES 16u
/* Copies of a range before it is mapped all the same. At worst, a run per page,
 * mapping costs what 15 to 20 copies cost. */
#define GCL_SCATTER_COPIES 16u

struct gcl_scatter {
    pthread_mutex_t lock;
    struct {
        const void *addr;
        size_t len;
        unsigned copies;
    } range[GCL_SCATTER_RANGES];
    unsigned next; /* to be replaced */
    bool maps_do_not_last;
    unsigned collapses_failed; /* one after another */
    unsigned collapses_to_skip;
};

void gcl_scatter_init(struct gcl_scatter *s);

/*
 * Try to move the pages into huge ones, of which the host maps hundreds of pages
 * at once. A copy, but one that need not be made again. Only what lies whole in
 * the range is touched, and not what the application has taken out by
 * MADV_NOHUGEPAGE. Returns whether the range may be less scattered now.
 */
bool gcl_scatter_collapse(struct gcl_scatter *s, void *addr, size_t len);

/* The range is about to be copied. Returns whether it has been so often enough
 * that it had better be mapped instead, as scattered as it is. */
bool gcl_scatter_map_anyway(struct gcl_scatter *s, const void *addr, size_t len);

/* The driver does not keep what is mapped from one use to the next. */
void gcl_scatter_maps_do_not_last(struct gcl_scatter *s);

#endif
