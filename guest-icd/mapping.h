/* SPDX-License-Identifier: MIT */
/*
 * mapping.h - the outstanding maps of a memory object.
 *
 * Threading: any thread; each object has a lock of its own for its list.
 */
#ifndef GCL_MAPPING_H
#define GCL_MAPPING_H

#include "object.h"

#define GCL_MAP_WRITES (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)

/* OpenCL 3.0 §5.4.2: WRITE_INVALIDATE_REGION stands alone. */
bool gcl_map_flags_ok(cl_map_flags flags);

/* Enter a copy of *map. CL_SUCCESS or CL_OUT_OF_HOST_MEMORY. */
cl_int gcl_mapping_add(cl_mem m, const struct gcl_mapping *map);

/* Unlink the newest mapping at ptr into *out; false if there is none. */
bool gcl_mapping_take(cl_mem m, const void *ptr, struct gcl_mapping *out);

/* The object's own lock, for what it covers besides the list. */
void gcl_mem_lock(cl_mem m);
void gcl_mem_unlock(cl_mem m);

#endif
