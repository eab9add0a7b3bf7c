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

/* CL_DEVICE_MAX_PARAMETER_SIZE is a few KiB everywhere. */
#define GCL_MAX_ARG_SIZE ((size_t)1 << 20)

/*
 * The number of the live object whose handle this argument may be, or 0. Only
 * the kernel's declaration says whether a pointer's bytes are a handle. They are
 * compared with the live handles here, and the helper, which may know the
 * declaration, gets the bytes as well. A NULL handle is all zeros either way.
 */
uint64_t gcl_kernel_arg_object(size_t size, const void *value);

#endif
