/* SPDX-License-Identifier: MIT */
/*
 * backing.h - buffers in memory that both sides see, where the native runtime
 * works on host memory in place (a processor).
 *
 * There every buffer is made on memory of ours (CL_MEM_USE_HOST_PTR natively),
 * so that reading, writing and mapping it need not move anything between the two
 * processes. Small ones are pieces of slabs (slab.h), large ones regions.
 *
 * Threading: any thread.
 */
#ifndef GCL_BACKING_H
#define GCL_BACKING_H

#include "object.h"

/* Has the helper found that this context's devices are processors and use the
 * memory of a CL_MEM_USE_HOST_PTR buffer itself? Asked once per context. */
bool gcl_context_in_place(cl_context c);

/* Memory for a new buffer of m->size bytes: m->memory. *notice is for the helper
 * (slab.h), 0 if there is none. False: there is none to be had. */
bool gcl_backing_take(cl_mem m, uint64_t *notice);

/* Give back what gcl_backing_take() took; m->made tells whether a native buffer has been made of
 * it. */
void gcl_backing_give(cl_mem m);

/* Bytes of the buffer are about to be touched here: let huge pages be behind them
 * where that saves the faults of small ones, here and in the helper. */
void gcl_backing_touch(cl_mem m, size_t offset, size_t size);

#endif
