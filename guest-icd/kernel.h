/* SPDX-License-Identifier: MIT */
/*
 * kernel.h - arguments of kernels, wherever they are set.
 *
 * Threading: any thread.
 */
#ifndef GCL_KERNEL_H
#define GCL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

/* CL_DEVICE_MAX_PARAMETER_SIZE is a few KiB everywhere. */
#define GCL_MAX_ARG_SIZE ((size_t)1 << 20)

/*
 * The number of the live object whose handle this argument may be, or 0. Only
 * the kernel's declaration says whether a pointer's bytes are a handle. They are
 * compared with the live handles here, and the helper, which may know the
 * declaration, gets the bytes as well. A NULL handle is all zeros either way.
 */
uint64_t gcl_kernel_arg_object(size_t size, const void *value);

/*
 * What a value is, as far as the runtime's verdict on it may differ: an argument
 * that has taken one of a kind and size takes the next (post.h).
 */
enum gcl_arg_kind {
    GCL_ARG_NEW = 0,         /* never like another: images, samplers, sub-buffers */
    GCL_ARG_BYTES = 1 << 0,  /* no handle of ours */
    GCL_ARG_ZEROS = 1 << 1,  /* a handle's size of them: perhaps a buffer that is NULL */
    GCL_ARG_BUFFER = 1 << 2, /* a plain one of the kernel's context */
    GCL_ARG_NULL = 1 << 3,   /* no value: local memory, or no buffer */
    GCL_ARG_SVM = 1 << 4,    /* a pointer into shared virtual memory of the kernel's context */
    GCL_ARG_NO_SVM = 1 << 5, /* NULL, set as such a pointer */
};

/* Send the request op in f, which sets an argument; it is posted if the runtime
 * has accepted the like before. OpenCL 3.0 §5.9.2: one thread at a time. */
cl_int gcl_kernel_send_arg(struct gcl_frame *f, uint16_t op, cl_kernel kernel, cl_uint index,
                           size_t size, enum gcl_arg_kind kind);

/* The argument has been set in a way that is never like another. */
void gcl_kernel_arg_is_new(cl_kernel kernel, cl_uint index);

#endif
