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
    uint64_t handle_size; /* the guest's width */
    uint64_t object;
    struct vocl_bytes value;
};

/* What to give to the runtime. */
struct hcl_arg_reading {
    size_t size;
    const void *value;
};

/*
 * How to read an argument, which lives until the handler returns; or an error to
 * answer. Where the runtime does not know the declaration and the guest's handles
 * have another size, there is a second reading (size 0: there is none), for when
 * the runtime refuses the first one's size.
 */
cl_int hcl_kernel_arg(struct hcl_call *c, cl_kernel kernel, const struct hcl_arg *a,
                      struct hcl_arg_reading out[2]);

/* clSetKernelExecInfo's value as it came: pointers to SVM, or bytes. */
struct hcl_exec_info {
    cl_kernel_exec_info name;
    uint64_t size;
    struct vocl_words svm, offsets;
    struct vocl_bytes value;
};

/* What to give to the runtime, which lives until the handler returns; or an error to
 * answer. */
cl_int hcl_exec_info(struct hcl_call *c, const struct hcl_exec_info *e, size_t *size,
                     const void **value);

#endif
