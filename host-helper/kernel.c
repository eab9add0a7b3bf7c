// SPDX-License-Identifier: MIT
#include <string.h>

#include "call.h"
#include "calls.h"
#include "handlers.h"

void hcl_clCreateKernel(struct hcl_call *c)
{
    struct vocl_clCreateKernel_req q;
    cl_int ret = CL_INVALID_PROGRAM;
    cl_kernel kernel = NULL;
    vocl_get_clCreateKernel_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const char *name = vocl_bytes_text(q.kernel_name);
    cl_program program = hcl_object(c->w, q.program, HCL_PROGRAM);
    if (!name)
        ret = CL_INVALID_VALUE;
    else if (program)
        kernel = c->w->cl.clCreateKernel(program, name, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_KERNEL, kernel));
}

void hcl_clCreateKernelsInProgram(struct hcl_call *c)
{
    struct vocl_clCreateKernelsInProgram_req q;
    struct vocl_clCreateKernelsInProgram_rep p = {.ret = CL_INVALID_PROGRAM};
    cl_uint made = 0;
    vocl_get_clCreateKernelsInProgram_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_uint n = q.ids.count;
    cl_kernel *kernels = hcl_alloc(c, ((size_t)n + 1) * sizeof(*kernels));
    cl_program program = hcl_object(c->w, q.program, HCL_PROGRAM);
    if (program && kernels)
        p.ret = c->w->cl.clCreateKernelsInProgram(program, n, n ? kernels : NULL, &made);
    p.num_kernels = made;
    if (p.ret == CL_SUCCESS && n)
        p.ret = hcl_made_all(c, HCL_KERNEL, q.ids.v, (void **)kernels, n < made ? n : made);
    vocl_put_clCreateKernelsInProgram_rep(&c->reply, &p);
    hcl_reply(c);
}

void hcl_clCloneKernel(struct hcl_call *c)
{
    struct vocl_clCloneKernel_req q;
    cl_int ret = CL_INVALID_KERNEL;
    cl_kernel kernel = NULL;
    vocl_get_clCloneKernel_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_kernel source = hcl_object(c->w, q.source_kernel, HCL_KERNEL);
    if (source && !c->w->cl.clCloneKernel)
        ret = CL_INVALID_OPERATION;
    else if (source)
        kernel = c->w->cl.clCloneKernel(source, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_KERNEL, kernel));
}

/* Its type's name is that of its packets. */
static bool is_pipe(struct hcl_worker *w, cl_kernel kernel, cl_uint index)
{
    cl_kernel_arg_type_qualifier q = 0;
    return !w->cl.clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(q), &q,
                                     NULL) &&
           (q & CL_KERNEL_ARG_TYPE_PIPE);
}

enum arg_kind { ARG_UNKNOWN, ARG_VALUE, ARG_HANDLE };

/* What a handle's bytes mean to this argument, where the runtime knows its
 * declaration. The guest may have seen a live handle in what is only a number
 * that looks so; and a hostile one may pass as a handle a number that the
 * runtime would follow as a pointer. */
static enum arg_kind arg_kind(struct hcl_worker *w, cl_kernel kernel, cl_uint index)
{
    cl_kernel_arg_address_qualifier where = 0;
    char type[64] = "";
    if (w->cl.clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(where),
                                 &where, NULL))
        return ARG_UNKNOWN;
    if (where == CL_KERNEL_ARG_ADDRESS_GLOBAL || where == CL_KERNEL_ARG_ADDRESS_CONSTANT ||
        is_pipe(w, kernel, index))
        return ARG_HANDLE;
    if (where != CL_KERNEL_ARG_ADDRESS_PRIVATE ||
        w->cl.clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof(type), type,
                                 NULL) ||
        !type[0])
        return ARG_UNKNOWN;
    return strstr(type, "sampler_t") || strstr(type, "queue_t") || strstr(type, "image")
               ? ARG_HANDLE
               : ARG_VALUE;
}

static void *native_of(struct hcl_worker *w, uint64_t id)
{
    void *native = hcl_object(w, id, HCL_MEM);
    if (!native)
        native = hcl_object(w, id, HCL_SAMPLER);
    return native ? native : hcl_object(w, id, HCL_QUEUE);
}

static cl_int set(struct hcl_call *c, cl_kernel kernel, cl_uint index, size_t size,
                  const void *value)
{
    return c->w->cl.clSetKernelArg(kernel, index, size, value);
}

/*
 * Bytes of a handle's size, the guest's or ours, which the runtime might follow.
 * native: the object that they name, or NULL. Where the runtime does not know
 * the declaration and the guest's handles are smaller, its word on the size
 * tells the two meanings apart.
 */
static cl_int set_handle_or_value(struct hcl_call *c, cl_kernel kernel,
                                  const struct vocl_clSetKernelArg_req *q, const void *native)
{
    static const char zeros[sizeof(native)];
    const void *value = q->arg_value.data;
    size_t size = q->arg_size;
    bool is_null = value && size <= sizeof(zeros) && !memcmp(value, zeros, size);
    const void *handle = !value ? NULL : native ? (void *)&native : is_null ? zeros : NULL;
    bool may_be_handle = !value || handle, foreign = size != sizeof(native);
    switch (arg_kind(c->w, kernel, q->arg_index)) {
    case ARG_VALUE:
        return set(c, kernel, q->arg_index, size, value);
    case ARG_HANDLE:
        return may_be_handle ? set(c, kernel, q->arg_index, sizeof(native), handle)
                             : CL_INVALID_ARG_VALUE;
    case ARG_UNKNOWN:
        break;
    }
    bool handle_first = native && value;
    cl_int ret = handle_first ? set(c, kernel, q->arg_index, sizeof(native), handle)
                              : set(c, kernel, q->arg_index, size, value);
    if (ret != CL_INVALID_ARG_SIZE || !foreign || !may_be_handle)
        return ret;
    return handle_first ? set(c, kernel, q->arg_index, size, value)
                        : set(c, kernel, q->arg_index, sizeof(native), handle);
}

void hcl_clSetKernelArg(struct hcl_call *c)
{
    struct vocl_clSetKernelArg_req q;
    vocl_get_clSetKernelArg_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const void *value = q.arg_value.data;
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    if (!kernel) {
        hcl_reply_status(c, CL_INVALID_KERNEL);
        return;
    }
    if (value && q.arg_value.len != q.arg_size) {
        hcl_reply_status(c, CL_INVALID_ARG_SIZE);
        return;
    }
    void *native = q.object ? native_of(c->w, q.object) : NULL;
    if (q.object && !native) {
        hcl_reply_status(c, CL_INVALID_ARG_VALUE);
        return;
    }
    bool may_be_handle = q.arg_size == q.handle_size || q.arg_size == sizeof(native);
    hcl_reply_status(c, may_be_handle ? set_handle_or_value(c, kernel, &q, native)
                                      : set(c, kernel, q.arg_index, q.arg_size, value));
}
