// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "info.h"
#include "memory.h"
#include "stubs.h"

/* For CL_PIPE_PROPERTIES. */
static cl_int keep_properties(cl_mem m, const cl_pipe_properties *list, size_t n)
{
    if (!list)
        return CL_SUCCESS;
    m->pipe_properties = malloc(n * sizeof(*list));
    if (!m->pipe_properties)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(m->pipe_properties, list, n * sizeof(*list));
    m->num_properties = n;
    return CL_SUCCESS;
}

/* Whether the context's devices have pipes, and what of, the runtime judges. */
cl_mem CL_API_CALL gcl_clCreatePipe(cl_context context, cl_mem_flags flags, cl_uint packet_size,
                                    cl_uint max_packets, const cl_pipe_properties *properties,
                                    cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err = gcl_is_context(context) ? gcl_frame_begin(&f) : CL_INVALID_CONTEXT;
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_mem m = gcl_mem_create(context, flags, 0);
    if (!m) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    m->image_type = CL_MEM_OBJECT_PIPE;
    struct vocl_clCreatePipe_req req = {m->base.id,  gcl_id(context), flags,
                                        packet_size, max_packets,     {0}};
    if ((err = gcl_frame_properties(&f, properties, &req.properties)) ||
        (err = keep_properties(m, properties, req.properties.count)))
        goto out;
    vocl_put_clCreatePipe_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clCreatePipe);
out:
    if (err && m)
        gcl_object_abandon(&m->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, m);
}

bool gcl_local_pipe_info(cl_mem m, cl_pipe_info name, size_t size, void *value, size_t *ret,
                         cl_int *err)
{
    if (!gcl_is_pipe(m) || name != CL_PIPE_PROPERTIES)
        return false;
    return gcl_info_bytes(m->pipe_properties, m->num_properties * sizeof(*m->pipe_properties), size,
                          value, ret, err);
}
