/* SPDX-License-Identifier: MIT */
/*
 * info.h - answering clGet*Info from the guest, and the ends of the calls that
 * make objects.
 *
 * The gcl_local_*_info functions answer what the shadow knows (handles,
 * reference counts, host pointers): they return true with the call's result in
 * *err, or false if the helper must be asked.
 */
#ifndef GCL_INFO_H
#define GCL_INFO_H

#include <stdbool.h>
#include <stddef.h>

#include "channel.h"
#include "object.h"
#include "wire.h"

/* OpenCL 3.0 §4.1: CL_INVALID_VALUE if value is given and size is too small. */
static inline bool gcl_info_bytes(const void *data, size_t len, size_t size, void *value,
                                  size_t *ret, cl_int *err)
{
    *err = CL_SUCCESS;
    if (value && size < len) {
        *err = CL_INVALID_VALUE;
        return true;
    }
    if (value && len)
        __builtin_memcpy(value, data, len);
    if (ret)
        *ret = len;
    return true;
}

#define gcl_info_value(v, size, value, ret, err)                                                   \
    ({                                                                                             \
        __typeof__((v)) v_ = (v);                                                                  \
        gcl_info_bytes(&v_, sizeof(v_), size, value, ret, err);                                    \
    })

/* The helper's answer to an info query. The program will trust the size: it is
 * that of the value where there is one, and one that can be had otherwise. */
static inline cl_int gcl_info_store(uint64_t size_ret, struct vocl_bytes data, size_t size,
                                    void *value, size_t *ret)
{
    if (value && (data.len > size || !data.data || data.len != size_ret))
        return CL_OUT_OF_RESOURCES; /* not what was asked for */
    if (size_ret > VOCL_MESSAGE_MAX)
        return CL_OUT_OF_RESOURCES;
    if (value)
        __builtin_memcpy(value, data.data, data.len);
    if (ret)
        *ret = size_ret;
    return CL_SUCCESS;
}

/*
 * The wire's sizes have 64 bits (proto/wire.h); a 32-bit guest's size_t and
 * intptr_t have half of that. What to ask for, and how to store the answer, of a
 * query by its name; on a 64-bit guest both do nothing more.
 */
uint64_t gcl_info_ask(cl_uint name, size_t size);
cl_int gcl_info_answer(cl_uint name, uint64_t size_ret, struct vocl_bytes data, size_t size,
                       void *value, size_t *ret);

/* The same from the whole value, whatever the program's room is. */
cl_int gcl_info_whole(cl_uint name, struct vocl_bytes data, size_t size, void *value, size_t *ret);

/* How a call that makes an object ends. */
static inline void *gcl_fail(cl_int *errcode_ret, cl_int err)
{
    if (errcode_ret)
        *errcode_ret = err;
    return NULL;
}

static inline void *gcl_made(cl_int *errcode_ret, void *handle)
{
    if (errcode_ret)
        *errcode_ret = CL_SUCCESS;
    return handle;
}

/*
 * Answer an extension query with what crosses (extension.h). The body asks the
 * helper for the whole of it, which is then kept with o; versions: it is an array of
 * cl_name_version.
 */
#define GCL_INFO_ALL ((uint64_t)1 << 20) /* no such list is longer */
struct gcl_frame;
bool gcl_info_extensions(struct gcl_frame *f, uint16_t op, struct gcl_object *o, cl_uint name,
                         bool versions, size_t size, void *value, size_t *ret, cl_int *err);

bool gcl_local_platform_info(cl_platform_id p, cl_platform_info name, size_t size, void *value,
                             size_t *ret, cl_int *err);
bool gcl_local_device_info(cl_device_id d, cl_device_info name, size_t size, void *value,
                           size_t *ret, cl_int *err);
bool gcl_device_strings(cl_device_id d, cl_device_info name, size_t size, void *value, size_t *ret,
                        cl_int *err);
bool gcl_local_context_info(cl_context c, cl_context_info name, size_t size, void *value,
                            size_t *ret, cl_int *err);
bool gcl_local_queue_info(cl_command_queue q, cl_command_queue_info name, size_t size, void *value,
                          size_t *ret, cl_int *err);
bool gcl_local_mem_info(cl_mem m, cl_mem_info name, size_t size, void *value, size_t *ret,
                        cl_int *err);
bool gcl_local_image_info(cl_mem m, cl_image_info name, size_t size, void *value, size_t *ret,
                          cl_int *err);
bool gcl_local_pipe_info(cl_mem m, cl_pipe_info name, size_t size, void *value, size_t *ret,
                         cl_int *err);
bool gcl_local_sampler_info(cl_sampler s, cl_sampler_info name, size_t size, void *value,
                            size_t *ret, cl_int *err);
bool gcl_local_kernel_info(cl_kernel k, cl_kernel_info name, size_t size, void *value, size_t *ret,
                           cl_int *err);
bool gcl_local_event_info(cl_event e, cl_event_info name, size_t size, void *value, size_t *ret,
                          cl_int *err);
bool gcl_local_command_buffer_info(cl_command_buffer_khr b, cl_command_buffer_info_khr name,
                                   size_t size, void *value, size_t *ret, cl_int *err);
bool gcl_local_mutable_command_info(cl_mutable_command_khr m, cl_mutable_command_info_khr name,
                                    size_t size, void *value, size_t *ret, cl_int *err);
bool gcl_local_semaphore_info(cl_semaphore_khr s, cl_semaphore_info_khr name, size_t size,
                              void *value, size_t *ret, cl_int *err);

#endif
