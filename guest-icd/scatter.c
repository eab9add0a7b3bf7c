// SPDX-License-Identifier: MIT
#include "scatter.h"

#include <errno.h>
#include <stdint.h>

#include "reserve.h"

/* At most 2^this - 1 tries to collapse are left out after failures: huge pages
 * may have become free in the meantime. */
#define BACKOFF_MAX 6u

void gcl_scatter_init(struct gcl_scatter *s)
{
    *s = (struct gcl_scatter){.lock = PTHREAD_MUTEX_INITIALIZER};
}

/* Is it worth trying? Where it has failed, for want of huge pages, it soon will
 * again. */
static bool collapse_may_work(struct gcl_scatter *s)
{
    pthread_mutex_lock(&s->lock);
    bool may = !s->collapses_to_skip;
    if (!may)
        s->collapses_to_skip--;
    pthread_mutex_unlock(&s->lock);
    return may;
}

static void collapse_was(struct gcl_scatter *s, bool good)
{
    pthread_mutex_lock(&s->lock);
    if (good)
        s->collapses_failed = 0;
    else if (s->collapses_failed < BACKOFF_MAX)
        s->collapses_failed++;
    s->collapses_to_skip = (1u << s->collapses_failed) - 1;
    pthread_mutex_unlock(&s->lock);
}

bool gcl_scatter_collapse(struct gcl_scatter *s, void *addr, size_t len)
{
    uintptr_t first = ((uintptr_t)addr + VOCL_HUGE_PAGE - 1) & ~(uintptr_t)(VOCL_HUGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)addr + len) & ~(uintptr_t)(VOCL_HUGE_PAGE - 1);

    if (first >= end || !collapse_may_work(s))
        return false;
    int rc = madvise((void *)first, end - first, MADV_COLLAPSE);
    int err = errno;
    collapse_was(s, !rc);
    return !rc || err == EAGAIN; /* EAGAIN: some pages could not be moved now */
}

bool gcl_scatter_map_anyway(struct gcl_scatter *s, const void *addr, size_t len)
{
    bool often = false;
    unsigned i;

    pthread_mutex_lock(&s->lock);
    for (i = 0; i < GCL_SCATTER_RANGES; i++)
        if (s->range[i].addr == addr && s->range[i].len == len)
            break;
    if (i < GCL_SCATTER_RANGES) {
        often = !s->maps_do_not_last && ++s->range[i].copies > GCL_SCATTER_COPIES;
        if (often)
            s->range[i].copies = 0; /* should it not stay mapped, that begins anew */
    } else {
        i = s->next;
        s->next = (i + 1) % GCL_SCATTER_RANGES;
        s->range[i].addr = addr;
        s->range[i].len = len;
        s->range[i].copies = 1;
    }
    pthread_mutex_unlock(&s->lock);
    return often;
}

void gcl_scatter_maps_do_not_last(struct gcl_scatter *s)
{
    pthread_mutex_lock(&s->lock);
    s->maps_do_not_last = true;
    pthread_mutex_unlock(&s->lock);
}
