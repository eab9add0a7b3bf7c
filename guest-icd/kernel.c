// SPDX-License-Identifier: MIT
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "info.h"
#include "post.h"
#include "stubs.h"

static void kernel_destroy(struct gcl_object *o)
{
    cl_kernel k = (cl_kernel)o;
    gcl_put(&k->program->base);
    free(k->args);
    free(k);
}

static cl_kernel kernel_create(cl_program program)
{
    cl_kernel k = gcl_object_create(sizeof(*k), GCL_KERNEL, 0, kernel_destroy);
    if (!k)
        return NULL;
    k->program = program;
    gcl_get(&program->base);
    return k;
}

static cl_kernel kernel_end(struct gcl_frame *f, cl_kernel k, cl_int err, cl_int *errcode_ret)
{
    if (err && k)
        gcl_object_abandon(&k->base);
    gcl_frame_end(f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, k);
}

cl_kernel CL_API_CALL gcl_clCreateKernel(cl_program program, const char *name, cl_int *errcode_ret)
{
    struct gcl_frame f;
    if (!gcl_is_program(program))
        return gcl_fail(errcode_ret, CL_INVALID_PROGRAM);
    if (!name)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_kernel k = kernel_create(program);
    if (!k)
        return kernel_end(&f, NULL, CL_OUT_OF_HOST_MEMORY, errcode_ret);
    vocl_put_clCreateKernel_req(
        f.w, &(struct vocl_clCreateKernel_req){k->base.id, gcl_id(program), gcl_text(name)});
    err = gcl_frame_status(&f, VOCL_OP_clCreateKernel);
    return kernel_end(&f, k, err, errcode_ret);
}

cl_kernel CL_API_CALL gcl_clCloneKernel(cl_kernel source, cl_int *errcode_ret)
{
    struct gcl_frame f;
    if (!gcl_is_kernel(source))
        return gcl_fail(errcode_ret, CL_INVALID_KERNEL);
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_kernel k = kernel_create(source->program);
    if (!k)
        return kernel_end(&f, NULL, CL_OUT_OF_HOST_MEMORY, errcode_ret);
    vocl_put_clCloneKernel_req(f.w, &(struct vocl_clCloneKernel_req){k->base.id, gcl_id(source)});
    err = gcl_frame_status(&f, VOCL_OP_clCloneKernel);
    return kernel_end(&f, k, err, errcode_ret);
}

/* A program has no more kernels than this: the compiler would not get there. */
#define MAX_KERNELS (1u << 16)

/* Shadows for up to n kernels, before the helper is asked to make them. */
static cl_int make_kernels(struct gcl_frame *f, cl_program program, cl_uint n, cl_kernel *made,
                           struct vocl_words *ids)
{
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    *ids = (struct vocl_words){v, 0};
    for (; ids->count < n; ids->count++) {
        if (!(made[ids->count] = kernel_create(program)))
            return CL_OUT_OF_HOST_MEMORY;
        v[ids->count] = made[ids->count]->base.id;
    }
    return CL_SUCCESS;
}

cl_int CL_API_CALL gcl_clCreateKernelsInProgram(cl_program program, cl_uint n, cl_kernel *kernels,
                                                cl_uint *count)
{
    struct gcl_frame f;
    struct vocl_clCreateKernelsInProgram_req req = {0};
    struct vocl_clCreateKernelsInProgram_rep rep = {0};
    if (!gcl_is_program(program))
        return CL_INVALID_PROGRAM;
    if (kernels && !n)
        return CL_INVALID_VALUE;
    n = n < MAX_KERNELS ? n : MAX_KERNELS;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    cl_kernel *made = calloc(n + 1, sizeof(*made));
    if (!made)
        return gcl_frame_end(&f, CL_OUT_OF_HOST_MEMORY, NULL);
    req.program = gcl_id(program);
    if (kernels && (err = make_kernels(&f, program, n, made, &req.ids)))
        goto out;
    vocl_put_clCreateKernelsInProgram_req(f.w, &req);
    if (!(err = gcl_frame_call(&f, VOCL_OP_clCreateKernelsInProgram))) {
        vocl_get_clCreateKernelsInProgram_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err && count)
        *count = rep.num_kernels;
out:;
    uint64_t live = err ? 0 : rep.num_kernels;
    for (uint64_t i = 0; i < req.ids.count; i++) {
        if (i < live)
            kernels[i] = made[i];
        else
            gcl_object_abandon(&made[i]->base);
    }
    free(made);
    return gcl_frame_end(&f, err, NULL);
}

uint64_t gcl_kernel_arg_object(size_t size, const void *value)
{
    const void *handle;
    if (!value || size != sizeof(handle))
        return 0;
    memcpy(&handle, value, sizeof(handle));
    return gcl_object_find(handle);
}

static enum gcl_arg_kind kind_of(cl_kernel k, size_t size, const void *value, uint32_t *object)
{
    const void *handle = NULL;
    bool plain;
    *object = 0;
    if (!value)
        return GCL_ARG_NULL;
    if (size != sizeof(handle))
        return GCL_ARG_BYTES;
    memcpy(&handle, value, sizeof(handle));
    if (!handle)
        return GCL_ARG_ZEROS;
    *object = gcl_object_find_arg(handle, k->program->context, &plain);
    return !*object ? GCL_ARG_BYTES : plain ? GCL_ARG_BUFFER : GCL_ARG_NEW;
}

static bool knows_arg(cl_kernel k, cl_uint index, size_t size, enum gcl_arg_kind kind)
{
    return index < k->num_args && k->args[index].size == size && (k->args[index].kinds & kind);
}

static void learn_arg(cl_kernel k, cl_uint index, size_t size, enum gcl_arg_kind kind)
{
    gcl_kernel_forget(k);
    if (index >= GCL_KNOWN_ARGS ||
        !(k->args || (k->args = calloc(GCL_KNOWN_ARGS, sizeof(*k->args)))))
        return;
    k->num_args = GCL_KNOWN_ARGS;
    struct gcl_arg *a = &k->args[index];
    *a = (struct gcl_arg){size, a->size == size ? a->kinds | kind : kind, kind};
}

/* An argument that may be set to both may yet be refused at the launch with one of
 * them, as a buffer that is NULL; but a number may be 0. */
static bool launches_alike(unsigned a, unsigned b)
{
    const unsigned number = GCL_ARG_BYTES | GCL_ARG_ZEROS;
    return a == b || ((a & number) && (b & number));
}

static void set_known_arg(cl_kernel k, cl_uint index, enum gcl_arg_kind kind)
{
    struct gcl_arg *a = &k->args[index];
    if (!launches_alike(a->last, kind))
        gcl_kernel_forget(k);
    a->last = kind;
}

void gcl_kernel_arg_is_new(cl_kernel k, cl_uint index)
{
    gcl_kernel_forget(k);
    if (index < k->num_args)
        k->args[index].last = GCL_ARG_NEW;
}

cl_int gcl_kernel_send_arg(struct gcl_frame *f, uint16_t op, cl_kernel k, cl_uint index,
                           size_t size, enum gcl_arg_kind kind)
{
    if (knows_arg(k, index, size, kind)) {
        set_known_arg(k, index, kind);
        return gcl_frame_post(f, op);
    }
    cl_int err = gcl_frame_status(f, op);
    learn_arg(k, index, size, err ? GCL_ARG_NEW : kind);
    return err;
}

cl_int CL_API_CALL gcl_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size,
                                      const void *value)
{
    struct gcl_frame f;
    uint32_t object;
    if (!gcl_is_kernel(kernel))
        return CL_INVALID_KERNEL;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    enum gcl_arg_kind kind = kind_of(kernel, size, value, &object);
    /* A size that no argument has is refused by the runtime, unread. */
    struct vocl_bytes bytes = {value, size <= GCL_MAX_ARG_SIZE ? size : 0};
    vocl_put_clSetKernelArg_req(f.w,
                                &(struct vocl_clSetKernelArg_req){gcl_id(kernel), index, size,
                                                                  object, sizeof(void *), bytes});
    err = gcl_kernel_send_arg(&f, VOCL_OP_clSetKernelArg, kernel, index, size, kind);
    return gcl_frame_end(&f, err, NULL);
}

cl_int CL_API_CALL gcl_clGetKernelSuggestedLocalWorkSizeKHR(cl_command_queue queue, cl_kernel k,
                                                            cl_uint dim, const size_t *offset,
                                                            const size_t *global, size_t *suggested)
{
    struct gcl_frame f;
    struct vocl_clGetKernelSuggestedLocalWorkSizeKHR_req req = {0};
    struct vocl_clGetKernelSuggestedLocalWorkSizeKHR_rep rep;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (!gcl_is_kernel(k))
        return CL_INVALID_KERNEL;
    if (!dim || dim > 3)
        return CL_INVALID_WORK_DIMENSION;
    if (!suggested)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.command_queue = gcl_id(queue);
    req.kernel = gcl_id(k);
    req.work_dim = dim;
    if ((err = gcl_frame_sizes(&f, offset, dim, &req.global_work_offset)) ||
        (err = gcl_frame_sizes(&f, global, dim, &req.global_work_size)))
        goto out;
    vocl_put_clGetKernelSuggestedLocalWorkSizeKHR_req(f.w, &req);
    if ((err = gcl_frame_call(&f, VOCL_OP_clGetKernelSuggestedLocalWorkSizeKHR)))
        goto out;
    vocl_get_clGetKernelSuggestedLocalWorkSizeKHR_rep(&f.reply, &rep);
    if ((err = gcl_frame_result(&f, rep.ret)))
        goto out;
    if (rep.suggested_local_work_size.count != dim)
        err = CL_OUT_OF_RESOURCES;
    for (cl_uint i = 0; !err && i < dim; i++)
        suggested[i] = rep.suggested_local_work_size.v[i];
out:
    return gcl_frame_end(&f, err, NULL);
}

bool gcl_local_kernel_info(cl_kernel k, cl_kernel_info name, size_t size, void *value, size_t *ret,
                           cl_int *err)
{
    switch (name) {
    case CL_KERNEL_REFERENCE_COUNT:
        return gcl_info_value(k->base.refs, size, value, ret, err);
    case CL_KERNEL_CONTEXT:
        return gcl_info_value(k->program->context, size, value, ret, err);
    case CL_KERNEL_PROGRAM:
        return gcl_info_value(k->program, size, value, ret, err);
    default:
        return false;
    }
}
