/* SPDX-License-Identifier: MIT */
/*
 * memory.h - buffers in the guest: what backs them and who may touch them.
 *
 * A buffer is *shared* when the native buffer lives in memory that both sides
 * see (CL_MEM_ALLOC_HOST_PTR, and CL_MEM_USE_HOST_PTR where the transport can
 * share the application's pages): a map then moves nothing. Otherwise it is
 * plain, and a map reads it into a shadow of the same size.
 *
 * Threading: any thread.
 */
#ifndef GCL_MEMORY_H
#define GCL_MEMORY_H

#include "object.h"
#include "wire.h"

/* CL_MEM_HOST_* as given at creation: may the host map it so, or read
 * (CL_MAP_READ) or write (CL_MAP_WRITE) it? The native buffer does not carry
 * these flags, since a plain map must be able to read what it maps. */
bool gcl_mem_host_may(cl_mem mem, cl_map_flags access);

/* CL_DEVICE_MAX_MEM_ALLOC_SIZE over the context's devices; 0: unknown. */
cl_ulong gcl_context_max_alloc(cl_context context);

/* CL_INVALID_VALUE if the flags about the host contradict one another. The native
 * object does not get them, so the runtime cannot tell. */
cl_int gcl_mem_check_flags(cl_mem_flags flags);

/* A new shadow that holds its context. NULL: no memory or numbers. */
cl_mem gcl_mem_create(cl_context context, cl_mem_flags flags, size_t size);

/* The flags with CL_MEM_READ_WRITE if there are none (§5.2.1). Runtimes add it to
 * no others, and CL_MEM_FLAGS tells. */
cl_mem_flags gcl_mem_default_access(cl_mem_flags flags);

/* The flags of a plain native object: host access is checked here, and the
 * application's memory is copied. */
cl_mem_flags gcl_mem_native_flags(cl_mem_flags flags, const void *host);

/* Keep what CL_MEM_PROPERTIES answers. list NULL: nothing. */
cl_int gcl_mem_keep_properties(cl_mem m, const cl_mem_properties *list, struct vocl_words words);

#endif
