/* SPDX-License-Identifier: MIT */
/*
 * pinned.h - host memory that the native runtime knows.
 *
 * A device that is no processor moves data from and to memory that its driver has pinned,
 * several times as fast as from and to any other. The memory of a shared buffer is
 * such memory. So a transfer whose host pointer lies in one uses it as it is, and a
 * context gets a small shared buffer of our own to stage large transfers in.
 *
 * Threading: any thread.
 */
#ifndef GCL_PINNED_H
#define GCL_PINNED_H

#include "object.h"

/* A shared buffer's memory, m->memory, exists now; and no more. */
void gcl_pinned_add(cl_mem m);
void gcl_pinned_remove(cl_mem m);

/* Is [ptr, ptr + size) in one? *r is that part of it then. */
bool gcl_pinned_find(const void *ptr, size_t size, struct gcl_region *r);

/* A buffer of ours of that size, which the runtime has mapped, and with it pinned.
 * NULL: it could not be had. */
cl_mem gcl_pinned_buffer(cl_command_queue q, size_t size);

/*
 * Memory for the pieces of a large transfer: what gcl_staging_take() gives this
 * thread, as far as it goes, from here to gcl_pinned_end(). Only where the queue's
 * device does not work in place.
 */
void gcl_pinned_begin(cl_command_queue q);
void gcl_pinned_end(void);

/* What gcl_staging_take() and gcl_staging_give() ask first: a region of at least
 * size bytes; false if there is none. */
bool gcl_pinned_take(size_t size, struct gcl_region *r);
void gcl_pinned_give(const struct gcl_region *r);

/* The queue goes: it needs its context's no more. */
void gcl_pinned_leave(cl_command_queue q);

#endif
