// SPDX-License-Identifier: MIT
#include "huge.h"

#include <time.h>

/* Where it fails or takes as long as the faults of small pages do, because memory is
 * in fragments or the kernel is older, so many times one after another, it is not
 * tried again. */
#define COLLAPSE_SLOW_NS 2000000
#define COLLAPSE_TRIES 4

static int failures; /* atomic; COLLAPSE_TRIES: no more */

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool gcl_huge_page(void *block)
{
    if (__atomic_load_n(&failures, __ATOMIC_RELAXED) >= COLLAPSE_TRIES)
        return false;
    int64_t start = now_ns();
    /* It takes at least one page to be there; or-ing nothing changes nothing,
     * whatever a kernel writes at the same time. */
    __atomic_fetch_or((char *)block, 0, __ATOMIC_RELAXED);
    if (!madvise(block, VOCL_HUGE_PAGE, MADV_COLLAPSE) && now_ns() - start < COLLAPSE_SLOW_NS)
        __atomic_store_n(&failures, 0, __ATOMIC_RELAXED);
    else
        __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
    return true;
}

void gcl_huge_pages(void *addr, size_t len)
{
    size_t before = -(uintptr_t)addr % VOCL_HUGE_PAGE;
    for (size_t at = before; at <= len && len - at >= VOCL_HUGE_PAGE; at += VOCL_HUGE_PAGE)
        if (!gcl_huge_page((char *)addr + at))
            return;
}
