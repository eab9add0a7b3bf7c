/* SPDX-License-Identifier: MIT */
/*
 * platform.h - the platforms and devices that this client may use.
 *
 * Threading: the decoder.
 */
#ifndef HCL_PLATFORM_FILE_H
#define HCL_PLATFORM_FILE_H

#include "call.h"

/* As the guest does: no machine has more. */
#define HCL_MAX_DEVICES 1024

/* The first platform that is offered; NULL if none is. */
cl_platform_id hcl_platform_first(struct hcl_worker *w);

/* The allowed devices of a type, at most HCL_MAX_DEVICES. Returns the native
 * status, and CL_DEVICE_NOT_FOUND if none is allowed. */
cl_int hcl_platform_devices(struct hcl_worker *w, cl_platform_id p, cl_device_type type,
                            cl_device_id *out, cl_uint *n);

/* Take out of an info value what the guest cannot have. size: of the value, whole
 * or cut short. */
void hcl_edit_platform_info(struct hcl_worker *w, cl_platform_id p, cl_uint name, void *value,
                            size_t size);
void hcl_edit_device_info(struct hcl_worker *w, cl_device_id device, cl_uint name, void *value,
                          size_t size);

/* Their numbers, which live until the handler returns. */
struct vocl_words hcl_device_ids(struct hcl_call *c, const cl_device_id *devices, cl_uint n);

#endif
