/* SPDX-License-Identifier: MIT */
/*
 * info_cache.h - answers of the runtime's that do not change, kept with the object
 * that they are about. The first query asks for the whole value; later ones, of any
 * size, are answered here.
 *
 * Ownership: an answer lives as long as its object. Threading: any thread; reading
 * takes no lock.
 */
#ifndef GCL_INFO_CACHE_H
#define GCL_INFO_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "object.h"
#include "wire.h"

/* Does the query of this name have one answer for as long as its object lives? The
 * numbers of all clGet*Info calls are distinct. Unknown ones may change. */
bool gcl_info_constant(cl_uint name);

/* What an answer depends on besides its object and name: the call that asks, and an
 * argument's index or a device's number. */
static inline uint64_t gcl_info_about(uint16_t op, uint32_t what)
{
    return (uint64_t)op << 32 | what;
}

/*
 * Answer from what is kept. about: gcl_info_about(). False: nothing is kept; else
 * *err is the call's result.
 */
bool gcl_info_kept(struct gcl_object *o, cl_uint name, uint64_t about, size_t size, void *value,
                   size_t *ret, cl_int *err);

/* Keep a copy of an answer if its name is constant; without memory for it, nothing
 * happens. */
void gcl_info_keep(struct gcl_object *o, cl_uint name, uint64_t about, struct vocl_bytes data);

/* The first answer, which was asked for whole: keep it, and answer the program. */
cl_int gcl_info_first(struct gcl_object *o, cl_uint name, uint64_t about, uint64_t size_ret,
                      struct vocl_bytes data, size_t size, void *value, size_t *ret);

/* Free what is kept; the object goes. */
void gcl_info_drop(struct gcl_object *o);

#endif
