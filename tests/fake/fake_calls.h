/* SPDX-License-Identifier: MIT */
/*
 * fake_calls.h - what the files of the fake runtime's entries share: each fills
 * its part of the table. Their functions check their handles, read all that a
 * real runtime would read, and do next to nothing.
 */
#ifndef FAKE_CALLS_H
#define FAKE_CALLS_H

#include <string.h>

#include "fake_native.h"

void fake_fill_memory(cl_icd_dispatch *cl);
void fake_fill_programs(cl_icd_dispatch *cl);
void fake_fill_svm(cl_icd_dispatch *cl);
void fake_fill_extensions(cl_icd_dispatch *cl);

/* Aborts unless [p, p + size) lies in a live allocation of shared virtual memory. */
void fake_svm(const void *p, size_t size);

/* A function of cl_intel_unified_shared_memory, or NULL. */
void *fake_usm_function(const char *name);

/* Aborts unless this is an address in a live buffer, or right behind it. */
void fake_address(cl_ulong address);

/* Of clSetKernelExecInfo. */
cl_int fake_exec_info(cl_kernel_exec_info name, size_t size, const void *value);

/* How a call that makes an object returns it. */
static inline void *made(struct fake *f, cl_int *ret)
{
    *ret = CL_SUCCESS;
    return f;
}

static inline void *failed(cl_int *ret, cl_int error)
{
    *ret = error;
    return NULL;
}

static inline cl_int give(const void *data, size_t n, size_t size, void *value, size_t *ret)
{
    if (value && size < n)
        return CL_INVALID_VALUE;
    if (value)
        memcpy(value, data, n);
    if (ret)
        *ret = n;
    return CL_SUCCESS;
}

/* Some bytes, from none to more than a reply slot holds; some names fail. */
static inline cl_int some_info(uint64_t name, size_t size, void *value, size_t *ret)
{
    static const uint8_t bytes[40000];
    size_t n = name % 16 == 15 ? sizeof(bytes) : name % 40;
    return name % 7 == 6 ? CL_INVALID_VALUE : give(bytes, n, size, value, ret);
}

#define INFO(call, handle_type, kind, name_type)                                                   \
    static cl_int CL_API_CALL call(handle_type h, name_type name, size_t size, void *value,        \
                                   size_t *ret)                                                    \
    {                                                                                              \
        fake_of(h, kind);                                                                          \
        return some_info(name, size, value, ret);                                                  \
    }

#define COUNTED(name, handle_type, kind)                                                           \
    static cl_int CL_API_CALL retain_##name(handle_type h)                                         \
    {                                                                                              \
        fake_retain(fake_of(h, kind));                                                             \
        return CL_SUCCESS;                                                                         \
    }                                                                                              \
    static cl_int CL_API_CALL release_##name(handle_type h)                                        \
    {                                                                                              \
        fake_release(fake_of(h, kind));                                                            \
        return CL_SUCCESS;                                                                         \
    }

/* Pairs of 64-bit properties that end with 0. */
static inline void read_properties64(const cl_ulong *p)
{
    while (p && *p)
        p += 2;
}

/* A command that touches no memory of the host. */
static inline cl_int fake_plain(const void *queue, const void *mem, cl_uint n, const cl_event *list,
                                cl_event *event)
{
    return fake_enqueue(queue, mem, (struct fake_rows){0}, false, n, list, event);
}

#endif
