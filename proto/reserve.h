/* SPDX-License-Identifier: MIT */
/*
 * reserve.h - addresses for memory that both sides see, where huge pages can be.
 */
#ifndef VOCL_RESERVE_H
#define VOCL_RESERVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* As x86-64 and arm64 with 4 KiB pages have them. */
#define VOCL_HUGE_PAGE ((size_t)2 << 20)

#ifndef MADV_COLLAPSE /* Linux 6.1; glibc 2.37 names it */
#define MADV_COLLAPSE 25
#endif

/*
 * Reserve len bytes of address space without memory, aligned to huge pages if that
 * is long enough for one: only then can the kernel put them there. Returns the
 * address, or MAP_FAILED with errno set.
 */
static inline void *vocl_reserve(size_t len)
{
    size_t slack = len >= VOCL_HUGE_PAGE ? VOCL_HUGE_PAGE : 0;
    char *p = (char *)mmap(NULL, len + slack, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED || !slack)
        return p;
    size_t before = -(uintptr_t)p & (VOCL_HUGE_PAGE - 1);
    if (before)
        munmap(p, before);
    munmap(p + before + len, slack - before);
    return p + before;
}

#endif
