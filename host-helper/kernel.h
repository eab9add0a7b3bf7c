/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - arguments of kernels, wherever they are set.
 *
 * Threading: the decoder.
 */
#ifndef HCL_KERNEL_FILE_H
#define HCL_KERNEL_FILE_H

#include "call.h"

/* An argument as it came: its bytes, and the number of the object that the guest
 * saw in them, or 0. */
struct hcl_arg {
    cl_uint index;
    uint64_t size;
    uint64_t object;
    struct vocl_bytes value;
};

/* The value to give to the runtime, which lives until the handler returns; or an
 * error to answer. */
cl_int hcl_kernel_arg(struct hcl_call *c, cl_kernel kernel, const struct hcl_arg *a,
                      const void **out);

#endif
