// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <string.h>

#include "call.h"
#include "calls.h"
#include "extension.h"
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

void hcl_clGetKernelSuggestedLocalWorkSizeKHR(struct hcl_call *c)
{
    struct vocl_clGetKernelSuggestedLocalWorkSizeKHR_req q;
    struct vocl_clGetKernelSuggestedLocalWorkSizeKHR_rep p = {0};
    const size_t *offset, *global;
    size_t size[3] = {0};
    vocl_get_clGetKernelSuggestedLocalWorkSizeKHR_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_sizes(c, q.global_work_offset, q.work_dim, 3, &offset) ||
        !hcl_sizes(c, q.global_work_size, q.work_dim, 3, &global))
        return;
    cl_command_queue queue = hcl_object(c->w, q.command_queue, HCL_QUEUE);
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    const struct hcl_ext_functions *x = hcl_ext_of(c->w, queue);
    if (!queue || !kernel)
        p.ret = queue ? CL_INVALID_KERNEL : CL_INVALID_COMMAND_QUEUE;
    else if (!x->clGetKernelSuggestedLocalWorkSizeKHR)
        p.ret = CL_INVALID_OPERATION;
    else if (!q.work_dim || q.work_dim > 3)
        p.ret = CL_INVALID_WORK_DIMENSION;
    else
        p.ret = x->clGetKernelSuggestedLocalWorkSizeKHR(queue, kernel, q.work_dim, offset, global,
                                                        size);
    if (!p.ret)
        p.suggested_local_work_size = (struct vocl_words){(const uint64_t *)size, q.work_dim};
    vocl_put_clGetKernelSuggestedLocalWorkSizeKHR_rep(&c->reply, &p);
    hcl_reply(c);
}

/* Is `type` one of OpenCL C's images, which are passed as handles (OpenCL C 3.0
 * §6.3.3)? A name that only resembles one is the program's own, of whatever type. */
static bool is_image_type(const char *type)
{
    static const char *const names[] = {
        "image1d_t",
        "image1d_array_t",
        "image1d_buffer_t",
        "image2d_t",
        "image2d_array_t",
        "image2d_depth_t",
        "image2d_array_depth_t",
        "image2d_msaa_t",
        "image2d_array_msaa_t",
        "image2d_msaa_depth_t",
        "image2d_array_msaa_depth_t",
        "image3d_t",
    };
    const char *qualified = strrchr(type, ' '); /* "read_only image2d_t" */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strcmp(qualified ? qualified + 1 : type, names[i]))
            return true;
    return false;
}

/* Is it one of those that are passed by value: a scalar or vector by its own name
 * (§6.3.1, §6.3.2), or a structure? */
static bool is_value_type(const char *type)
{
    static const char *const names[] = {
        "bool", "char",  "uchar", "short",  "ushort", "int",       "uint",     "long",
        "half", "ulong", "float", "double", "size_t", "ptrdiff_t", "intptr_t", "uintptr_t",
    };
    if (!strncmp(type, "unsigned ", 9) || !strncmp(type, "struct ", 7) ||
        !strncmp(type, "union ", 6) || !strncmp(type, "enum ", 5))
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i]);
        if (!strncmp(type, names[i], n) && !type[n + strspn(type + n, "0123456789")])
            return true;
    }
    return false;
}

/* Its type's name is that of its packets. */
static bool is_pipe(struct hcl_worker *w, cl_kernel kernel, cl_uint index)
{
    cl_kernel_arg_type_qualifier q = 0;
    return !w->cl.clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(q), &q,
                                     NULL) &&
           (q & CL_KERNEL_ARG_TYPE_PIPE);
}

enum arg_kind { ARG_UNKNOWN, ARG_VALUE, ARG_MEMORY, ARG_SAMPLER, ARG_QUEUE };

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
        return ARG_MEMORY;
    if (where != CL_KERNEL_ARG_ADDRESS_PRIVATE ||
        w->cl.clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof(type), type, NULL))
        return ARG_UNKNOWN;
    if (!strcmp(type, "sampler_t"))
        return ARG_SAMPLER;
    if (!strcmp(type, "queue_t"))
        return ARG_QUEUE;
    if (is_image_type(type))
        return ARG_MEMORY;
    return is_value_type(type) ? ARG_VALUE : ARG_UNKNOWN; /* what a typedef hides */
}

/* What the specification says of bytes that are no such handle (OpenCL 3.0 §5.9.2). */
static cl_int no_handle_error(enum arg_kind kind)
{
    return kind == ARG_QUEUE     ? CL_INVALID_DEVICE_QUEUE
           : kind == ARG_SAMPLER ? CL_INVALID_SAMPLER
                                 : CL_INVALID_MEM_OBJECT;
}

static void *native_of(struct hcl_worker *w, uint64_t id)
{
    void *native = hcl_object(w, id, HCL_MEM);
    if (!native)
        native = hcl_object(w, id, HCL_SAMPLER);
    return native ? native : hcl_object(w, id, HCL_QUEUE);
}

static struct hcl_arg_reading as_bytes(const struct hcl_arg *a)
{
    return (struct hcl_arg_reading){a->size, a->value.data};
}

/*
 * Bytes of a handle's size, the guest's or ours, which the runtime might follow.
 * native: where the handle is of the object that they name; it may be NULL.
 */
static cl_int handle_or_bytes(struct hcl_call *c, cl_kernel kernel, const struct hcl_arg *a,
                              void *const *native, struct hcl_arg_reading out[2])
{
    static const char zeros[sizeof(*native)];
    const void *value = a->value.data;
    bool is_null = value && a->size <= sizeof(zeros) && !memcmp(value, zeros, a->size);
    const void *handle = !value ? NULL : *native ? (const void *)native : is_null ? zeros : NULL;
    bool may_be_handle = !value || handle, handle_first = *native && value;
    const struct hcl_arg_reading as_handle = {sizeof(*native), handle};
    enum arg_kind kind = arg_kind(c->w, kernel, a->index);
    if (kind == ARG_VALUE)
        return CL_SUCCESS;
    if (kind != ARG_UNKNOWN) {
        out[0] = as_handle;
        return may_be_handle ? CL_SUCCESS : no_handle_error(kind);
    }
    if (handle_first)
        out[0] = as_handle;
    if (a->size != sizeof(*native) && may_be_handle) /* a guest of another width */
        out[1] = handle_first ? as_bytes(a) : as_handle;
    return CL_SUCCESS;
}

cl_int hcl_kernel_arg(struct hcl_call *c, cl_kernel kernel, const struct hcl_arg *a,
                      struct hcl_arg_reading out[2])
{
    out[0] = as_bytes(a);
    out[1] = (struct hcl_arg_reading){0};
    if (a->value.data && a->value.len != a->size)
        return CL_INVALID_ARG_SIZE;
    void **native = hcl_alloc(c, sizeof(*native));
    if (!native)
        return CL_OUT_OF_HOST_MEMORY;
    *native = a->object ? native_of(c->w, a->object) : NULL;
    if (a->object && !*native)
        return CL_INVALID_ARG_VALUE;
    bool may_be_handle = a->size == a->handle_size || a->size == sizeof(*native);
    return may_be_handle ? handle_or_bytes(c, kernel, a, native, out) : CL_SUCCESS;
}

static cl_int set(struct hcl_call *c, cl_kernel kernel, cl_uint index,
                  const struct hcl_arg_reading *r)
{
    return c->w->cl.clSetKernelArg(kernel, index, r->size, r->value);
}

void hcl_clSetKernelArg(struct hcl_call *c)
{
    struct vocl_clSetKernelArg_req q;
    cl_int ret = CL_INVALID_KERNEL;
    struct hcl_arg_reading reading[2] = {0};
    vocl_get_clSetKernelArg_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct hcl_arg a = {(cl_uint)q.arg_index, q.arg_size, q.handle_size, q.object, q.arg_value};
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    if (kernel && !(ret = hcl_kernel_arg(c, kernel, &a, reading)))
        ret = set(c, kernel, a.index, &reading[0]);
    /* Its word on the size tells the meanings apart. */
    if (kernel && ret == CL_INVALID_ARG_SIZE && reading[1].size)
        ret = set(c, kernel, a.index, &reading[1]);
    hcl_reply_status(c, ret);
}
