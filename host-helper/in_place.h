/* SPDX-License-Identifier: MIT */
/*
 * in_place.h - does a device work on the memory of a CL_MEM_USE_HOST_PTR buffer
 * itself, and at once?
 *
 * OpenCL lets a runtime keep a copy until the buffer is mapped (3.0 §5.2.1). One
 * for processors has no reason to, but only the trial shows it.
 *
 * Threading: the decoder begins a trial, a waiter carries it out, since a device
 * may be busy with a long kernel.
 */
#ifndef HCL_IN_PLACE_H
#define HCL_IN_PLACE_H

#include "worker.h"

/* What is known already. NULL: no memory. */
struct hcl_in_place *hcl_in_place_create(void);
void hcl_in_place_destroy(struct hcl_in_place *p);

#endif
