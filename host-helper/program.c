// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "call.h"
#include "callback.h"
#include "calls.h"
#include "handlers.h"

/* The compiler's output is not known to print only where the sources show it:
 * a program that does not come as sources may always. */
static void may_print(struct hcl_worker *w)
{
    __atomic_store_n(&w->may_print, true, __ATOMIC_RELAXED);
}

void hcl_clCreateProgramWithSource(struct hcl_call *c)
{
    struct vocl_clCreateProgramWithSource_req q;
    struct vocl_bytes b;
    cl_int ret = CL_INVALID_CONTEXT;
    cl_program program = NULL;
    vocl_get_clCreateProgramWithSource_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const char **strings = hcl_alloc(c, (q.strings.count + 1) * sizeof(*strings));
    size_t *lengths = hcl_alloc(c, (q.strings.count + 1) * sizeof(*lengths));
    cl_uint n = 0;
    while (strings && lengths && vocl_blobs_next(&q.strings, &b)) {
        /* A length of 0 would mean "up to the NUL", which is not there. */
        strings[n] = b.len ? b.data : "";
        lengths[n++] = b.len;
        if (b.data && (memmem(b.data, b.len, "printf", 6) || memmem(b.data, b.len, "#include", 8)))
            may_print(c->w);
    }
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (context && strings && lengths)
        program = c->w->cl.clCreateProgramWithSource(context, n, strings, lengths, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_PROGRAM, program));
}

void hcl_clCreateProgramWithBinary(struct hcl_call *c)
{
    struct vocl_clCreateProgramWithBinary_req q;
    struct vocl_clCreateProgramWithBinary_rep p = {.ret = CL_INVALID_CONTEXT};
    struct vocl_bytes b;
    cl_program program = NULL;
    cl_int ret = CL_SUCCESS;
    vocl_get_clCreateProgramWithBinary_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    uint64_t n = q.devices.count;
    if (!n || q.binaries.count != n) {
        hcl_malformed(c);
        return;
    }
    may_print(c->w);
    const unsigned char **data = hcl_alloc(c, n * sizeof(*data));
    size_t *lengths = hcl_alloc(c, n * sizeof(*lengths));
    cl_int *status = hcl_alloc(c, n * sizeof(*status));
    uint64_t *words = hcl_alloc(c, n * sizeof(*words));
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    const cl_device_id *devices = hcl_objects(c, q.devices, HCL_DEVICE);
    if (context && (!devices || !data || !lengths || !status || !words))
        p.ret = devices ? CL_OUT_OF_HOST_MEMORY : CL_INVALID_DEVICE;
    else if (context) {
        for (uint64_t i = 0; vocl_blobs_next(&q.binaries, &b); i++) {
            data[i] = b.data;
            lengths[i] = b.len;
        }
        program = c->w->cl.clCreateProgramWithBinary(context, n, devices, lengths, data, status,
                                                     &ret);
        p.ret = hcl_made(c, ret, q.id, HCL_PROGRAM, program);
        for (uint64_t i = 0; i < n; i++)
            words[i] = (uint64_t)(int64_t)status[i];
        p.binary_status = (struct vocl_words){words, n};
    }
    vocl_put_clCreateProgramWithBinary_rep(&c->reply, &p);
    hcl_reply(c);
}

void hcl_clCreateProgramWithBuiltInKernels(struct hcl_call *c)
{
    struct vocl_clCreateProgramWithBuiltInKernels_req q;
    cl_int ret = CL_SUCCESS;
    cl_program program = NULL;
    vocl_get_clCreateProgramWithBuiltInKernels_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    const cl_device_id *devices = hcl_objects(c, q.devices, HCL_DEVICE);
    const char *names = vocl_bytes_text(q.kernel_names);
    if (!context || !devices || !names)
        ret = !context ? CL_INVALID_CONTEXT : !devices ? CL_INVALID_DEVICE : CL_INVALID_VALUE;
    else
        program = c->w->cl.clCreateProgramWithBuiltInKernels(context, q.devices.count, devices,
                                                             names, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_PROGRAM, program));
}

void hcl_clCreateProgramWithIL(struct hcl_call *c)
{
    struct vocl_clCreateProgramWithIL_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    cl_program program = NULL;
    vocl_get_clCreateProgramWithIL_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    may_print(c->w);
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (context && !c->w->cl.clCreateProgramWithIL)
        ret = CL_INVALID_OPERATION;
    else if (context)
        program = c->w->cl.clCreateProgramWithIL(context, q.il.data, q.il.len, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_PROGRAM, program));
}

/* CL_PROGRAM_BINARIES: one string per device instead of an array of pointers. */
static cl_int get_binaries(struct hcl_call *c, cl_program program, struct vocl_blobs *out)
{
    cl_uint n = 0;
    if (hcl_program_is_building(program))
        return CL_INVALID_PROGRAM_EXECUTABLE;
    cl_int ret = c->w->cl.clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof(n), &n, NULL);
    size_t *sizes = hcl_alloc(c, (n + 1) * sizeof(*sizes));
    unsigned char **data = hcl_alloc(c, (n + 1) * sizeof(*data));
    struct vocl_bytes *list = hcl_alloc(c, (n + 1) * sizeof(*list));
    if (ret || !sizes || !data || !list)
        return ret ? ret : CL_OUT_OF_HOST_MEMORY;
    ret = c->w->cl.clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, n * sizeof(*sizes), sizes,
                                    NULL);
    for (cl_uint i = 0; i < n && !ret; i++) {
        if (!sizes[i])
            continue;
        if (!(data[i] = hcl_alloc(c, sizes[i])))
            return CL_OUT_OF_HOST_MEMORY;
        list[i] = (struct vocl_bytes){data[i], sizes[i]};
    }
    if (!ret)
        ret = c->w->cl.clGetProgramInfo(program, CL_PROGRAM_BINARIES, n * sizeof(*data), data, NULL);
    *out = (struct vocl_blobs){.list = list, .count = n};
    return ret;
}

static cl_int get_info(struct hcl_call *c, cl_program program,
                       const struct vocl_clGetProgramInfo_req *q,
                       struct vocl_clGetProgramInfo_rep *p)
{
    size_t n = 0, size = 0;
    void *value = NULL;
    if (hcl_info_is_handle(q->param_name))
        return CL_INVALID_VALUE;
    cl_int ret = c->w->cl.clGetProgramInfo(program, q->param_name, 0, NULL, &n);
    if (!ret)
        ret = hcl_info_room(c, n, q->param_value_size, q->want_value, &size, &value);
    if (!ret && value)
        ret = c->w->cl.clGetProgramInfo(program, q->param_name, size, value, NULL);
    p->size_ret = n;
    if (!ret && value)
        p->value = (struct vocl_bytes){value, size};
    return ret;
}

void hcl_clGetProgramInfo(struct hcl_call *c)
{
    struct vocl_clGetProgramInfo_req q;
    struct vocl_clGetProgramInfo_rep p = {.ret = CL_INVALID_PROGRAM};
    size_t n; /* of an array of pointers: the guest's are its own */
    vocl_get_clGetProgramInfo_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_program program = hcl_object(c->w, q.program, HCL_PROGRAM);
    if (program && (cl_uint)q.param_name != CL_PROGRAM_BINARIES)
        p.ret = get_info(c, program, &q, &p);
    else if (program)
        p.ret = q.want_value || hcl_program_is_building(program)
                    ? get_binaries(c, program, &p.binaries)
                    : c->w->cl.clGetProgramInfo(program, CL_PROGRAM_BINARIES, 0, NULL, &n);
    if (p.ret != CL_SUCCESS)
        p.binaries = (struct vocl_blobs){0};
    vocl_put_clGetProgramInfo_rep(&c->reply, &p);
    hcl_reply(c);
}

void hcl_clSetProgramReleaseCallback(struct hcl_call *c)
{
    struct vocl_clSetProgramReleaseCallback_req q;
    vocl_get_clSetProgramReleaseCallback_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_program program = hcl_object(c->w, q.program, HCL_PROGRAM);
    cl_int ret = program ? CL_INVALID_OPERATION : CL_INVALID_PROGRAM;
    if (program && c->w->cl.clSetProgramReleaseCallback) {
        struct hcl_cookie *cookie = hcl_cookie_create(c->w, q.cookie);
        ret = cookie ? c->w->cl.clSetProgramReleaseCallback(program, hcl_program_done, cookie)
                     : CL_OUT_OF_HOST_MEMORY;
        if (ret)
            free(cookie);
    }
    hcl_reply_status(c, ret);
}
