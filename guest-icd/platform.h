/* SPDX-License-Identifier: MIT */
/*
 * platform.h - platforms and devices: the helper's objects, with ids that the
 * helper gave them and shadows that live until exit.
 *
 * Threading: any thread.
 */
#ifndef GCL_PLATFORM_H
#define GCL_PLATFORM_H

#include "object.h"

/* The shadow of a platform or root device that the helper named; made if it
 * is new. NULL: no memory, or not an id that a helper gives. */
cl_platform_id gcl_platform_of(uint64_t id);
cl_device_id gcl_device_of(uint64_t id, cl_platform_id platform);

/* The i-th platform that the helper has named; NULL: there are fewer. */
cl_platform_id gcl_platform_at(unsigned i);

/* The first platform, or NULL: what a NULL platform means to us (cl_khr_icd). */
cl_platform_id gcl_platform_default(void);

#endif
