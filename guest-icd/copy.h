/* SPDX-License-Identifier: MIT */
/*
 * copy.h - large copies between staging memory that a device reads and writes
 * itself, and the program's.
 *
 * There one thread's copy is what the transfer waits for: the device moves 50 GB/s,
 * memcpy() of a piece some 6. So the bytes of a read go past the caches,
 * which would have to fetch first what is overwritten; and where there are processors to
 * spare a second thread copies one half.
 *
 * Threading: any thread; the second one helps one of them at a time.
 */
#ifndef GCL_COPY_H
#define GCL_COPY_H

#include <stdbool.h>
#include <stddef.h>

enum gcl_copy_way {
    GCL_COPY_IN,  /* to staging memory */
    GCL_COPY_OUT, /* from it */
};

/* memcpy(to, from, n). */
void gcl_copy(enum gcl_copy_way way, void *to, const void *from, size_t n);

/* The same with or without the second thread, whatever the machine: for tests. */
void gcl_copy_with(bool helper, enum gcl_copy_way way, void *to, const void *from, size_t n);

#endif
