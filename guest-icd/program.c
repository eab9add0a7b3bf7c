// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "callback.h"
#include "frame.h"
#include "include.h"
#include "info.h"
#include "message.h"
#include "stubs.h"

typedef void(CL_CALLBACK *program_notify)(cl_program, void *);

static void program_destroy(struct gcl_object *o)
{
    cl_program p = (cl_program)o;
    for (cl_uint i = 0; i < p->num_devices; i++)
        gcl_put(&p->devices[i]->base);
    gcl_put(&p->context->base);
    free(p->devices);
    free(p->source);
    free(p->binary_sizes);
    free(p);
}

static cl_program program_create(cl_context context, cl_uint n, const cl_device_id *devices)
{
    cl_program p = gcl_object_create(sizeof(*p), GCL_PROGRAM, 0, program_destroy);
    if (!p)
        return NULL;
    p->context = context;
    gcl_get(&context->base);
    p->devices = calloc(n, sizeof(*p->devices));
    if (!p->devices) {
        gcl_object_abandon(&p->base);
        return NULL;
    }
    for (cl_uint i = 0; i < n; i++) {
        p->devices[i] = devices[i];
        gcl_get(&devices[i]->base);
    }
    p->num_devices = n;
    /* Its kernels may print: somebody must be there to write it out. */
    gcl_messages_start();
    return p;
}

static cl_program program_end(struct gcl_frame *f, cl_program p, cl_int err, cl_int *errcode_ret)
{
    if (err && p)
        gcl_object_abandon(&p->base);
    gcl_frame_end(f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, p);
}

/* Begin, and make a program for the context's devices or the given ones. */
static cl_program program_begin(struct gcl_frame *f, cl_context context, cl_uint n,
                                const cl_device_id *devices, cl_int *err)
{
    *err = gcl_is_context(context) ? CL_SUCCESS : CL_INVALID_CONTEXT;
    for (cl_uint i = 0; i < n && !*err; i++)
        if (!gcl_is_device(devices[i]))
            *err = CL_INVALID_DEVICE;
    if (*err || (*err = gcl_frame_begin(f)))
        return NULL;
    cl_program p = n ? program_create(context, n, devices)
                     : program_create(context, context->num_devices, context->devices);
    if (!p)
        *err = gcl_frame_end(f, CL_OUT_OF_HOST_MEMORY, NULL);
    return p;
}

/* Keep the text of a program that includes files. */
static cl_int keep_source(cl_program p, const struct vocl_bytes *list, cl_uint n)
{
    size_t len = 0;
    for (cl_uint i = 0; i < n; i++)
        len += list[i].len;
    char *text = malloc(len + 1), *at = text;
    if (!text)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++)
        at = mempcpy(at, list[i].data, list[i].len);
    *at = '\0';
    if (gcl_includes_any(text))
        p->source = text;
    else
        free(text);
    return CL_SUCCESS;
}

/* What a build of the program needs from here: files, and options that name
 * them. */
static cl_int put_includes(cl_program p, const char *options, struct gcl_includes *inc,
                           struct vocl_bytes *options_out, struct vocl_blobs *names,
                           struct vocl_blobs *files)
{
    *inc = (struct gcl_includes){0};
    *options_out = gcl_text(options);
    if (!p->source)
        return CL_SUCCESS;
    if (gcl_includes_collect(inc, p->source, options))
        return CL_OUT_OF_HOST_MEMORY;
    /* Nothing of ours is included: leave the options to the compiler. */
    if (!inc->count)
        return CL_SUCCESS;
    if (inc->options)
        *options_out = gcl_text(inc->options);
    *names = (struct vocl_blobs){.list = inc->names, .count = inc->count};
    *files = (struct vocl_blobs){.list = inc->files, .count = inc->count};
    return CL_SUCCESS;
}

cl_program CL_API_CALL gcl_clCreateProgramWithSource(cl_context context, cl_uint count,
                                                     const char **strings, const size_t *lengths,
                                                     cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    if (!count || !strings)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    for (cl_uint i = 0; i < count; i++)
        if (!strings[i])
            return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_program p = program_begin(&f, context, 0, NULL, &err);
    if (!p)
        return gcl_fail(errcode_ret, err);
    struct vocl_bytes *list = calloc(count, sizeof(*list));
    if (!list)
        return program_end(&f, p, CL_OUT_OF_HOST_MEMORY, errcode_ret);
    for (cl_uint i = 0; i < count; i++)
        list[i] = (struct vocl_bytes){
            strings[i], lengths && lengths[i] ? lengths[i] : strlen(strings[i])};
    vocl_put_clCreateProgramWithSource_req(
        f.w, &(struct vocl_clCreateProgramWithSource_req){
                 p->base.id, gcl_id(context), {.list = list, .count = count}});
    err = keep_source(p, list, count);
    free(list);
    if (!err)
        err = gcl_frame_status(&f, VOCL_OP_clCreateProgramWithSource);
    return program_end(&f, p, err, errcode_ret);
}

static cl_int check_binaries(cl_uint n, const cl_device_id *devices, const size_t *lengths,
                             const unsigned char **binaries, cl_int *status)
{
    if (!n || !devices || !lengths || !binaries)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; i < n; i++) {
        if (!lengths[i] || !binaries[i]) {
            if (status)
                status[i] = CL_INVALID_VALUE;
            return CL_INVALID_VALUE;
        }
    }
    return CL_SUCCESS;
}

cl_program CL_API_CALL gcl_clCreateProgramWithBinary(cl_context context, cl_uint n,
                                                     const cl_device_id *devices,
                                                     const size_t *lengths,
                                                     const unsigned char **binaries,
                                                     cl_int *binary_status, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateProgramWithBinary_req req = {0};
    struct vocl_clCreateProgramWithBinary_rep rep = {0};
    cl_int err = check_binaries(n, devices, lengths, binaries, binary_status);
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_program p = program_begin(&f, context, n, devices, &err);
    if (!p)
        return gcl_fail(errcode_ret, err);
    struct vocl_bytes *list = calloc(n, sizeof(*list));
    if (!list)
        return program_end(&f, p, CL_OUT_OF_HOST_MEMORY, errcode_ret);
    for (cl_uint i = 0; i < n; i++)
        list[i] = (struct vocl_bytes){binaries[i], lengths[i]};
    req.id = p->base.id;
    req.context = gcl_id(context);
    req.binaries = (struct vocl_blobs){.list = list, .count = n};
    if (!(err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices)))
        vocl_put_clCreateProgramWithBinary_req(f.w, &req);
    free(list);
    if (!err && !(err = gcl_frame_call(&f, VOCL_OP_clCreateProgramWithBinary))) {
        vocl_get_clCreateProgramWithBinary_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    for (cl_uint i = 0; binary_status && i < n && i < rep.binary_status.count; i++)
        binary_status[i] = (cl_int)rep.binary_status.v[i];
    return program_end(&f, p, err, errcode_ret);
}

cl_program CL_API_CALL gcl_clCreateProgramWithBuiltInKernels(cl_context context, cl_uint n,
                                                             const cl_device_id *devices,
                                                             const char *names, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateProgramWithBuiltInKernels_req req = {0};
    cl_int err;
    if (!n || !devices || !names)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_program p = program_begin(&f, context, n, devices, &err);
    if (!p)
        return gcl_fail(errcode_ret, err);
    req.id = p->base.id;
    req.context = gcl_id(context);
    req.kernel_names = gcl_text(names);
    if (!(err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices))) {
        vocl_put_clCreateProgramWithBuiltInKernels_req(f.w, &req);
        err = gcl_frame_status(&f, VOCL_OP_clCreateProgramWithBuiltInKernels);
    }
    return program_end(&f, p, err, errcode_ret);
}

cl_program CL_API_CALL gcl_clCreateProgramWithIL(cl_context context, const void *il, size_t length,
                                                 cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    if (!il || !length)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_program p = program_begin(&f, context, 0, NULL, &err);
    if (!p)
        return gcl_fail(errcode_ret, err);
    vocl_put_clCreateProgramWithIL_req(
        f.w, &(struct vocl_clCreateProgramWithIL_req){p->base.id, gcl_id(context), {il, length}});
    err = gcl_frame_status(&f, VOCL_OP_clCreateProgramWithIL);
    return program_end(&f, p, err, errcode_ret);
}

/* Common to build, compile and link: a callback if asked for. */
static cl_int add_notify(cl_program p, program_notify notify, void *user_data, uint64_t *cookie)
{
    *cookie = notify ? gcl_callback_program(p, notify, user_data) : 0;
    return notify && !*cookie ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;
}

cl_int CL_API_CALL gcl_clBuildProgram(cl_program p, cl_uint n, const cl_device_id *devices,
                                      const char *options, program_notify notify, void *user_data)
{
    struct gcl_frame f;
    struct vocl_clBuildProgram_req req = {0};
    struct gcl_includes inc = {0};
    if (!gcl_is_program(p))
        return CL_INVALID_PROGRAM;
    if (!notify && user_data)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.program = gcl_id(p);
    if ((!n != !devices) && (err = CL_INVALID_VALUE))
        goto out;
    if ((err = put_includes(p, options, &inc, &req.options, &req.include_names,
                            &req.include_files)) ||
        (err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices)) ||
        (err = add_notify(p, notify, user_data, &req.cookie)))
        goto out;
    vocl_put_clBuildProgram_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clBuildProgram);
    if (err == CL_INVALID_VALUE || err == CL_INVALID_OPERATION || err == CL_INVALID_DEVICE)
        gcl_callback_drop(req.cookie); /* refused: nothing will be built */
out:
    gcl_includes_finish(&inc);
    return gcl_frame_end(&f, err, NULL);
}

cl_int CL_API_CALL gcl_clCompileProgram(cl_program p, cl_uint n, const cl_device_id *devices,
                                        const char *options, cl_uint num_headers,
                                        const cl_program *headers, const char **names,
                                        program_notify notify, void *user_data)
{
    struct gcl_frame f;
    struct vocl_clCompileProgram_req req = {0};
    struct gcl_includes inc = {0};
    struct vocl_bytes *list = NULL;
    if (!gcl_is_program(p))
        return CL_INVALID_PROGRAM;
    if ((!notify && user_data) || !num_headers != !headers || !num_headers != !names)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.program = gcl_id(p);
    list = calloc(num_headers + 1, sizeof(*list));
    if ((!list && (err = CL_OUT_OF_HOST_MEMORY)) || ((!n != !devices) && (err = CL_INVALID_VALUE)))
        goto out;
    for (cl_uint i = 0; i < num_headers; i++)
        list[i] = gcl_text(names[i]);
    req.header_names = (struct vocl_blobs){.list = list, .count = num_headers};
    if ((err = put_includes(p, options, &inc, &req.options, &req.include_names,
                            &req.include_files)) ||
        (err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices)) ||
        (err = gcl_frame_programs(&f, num_headers, headers, CL_INVALID_PROGRAM, &req.headers)) ||
        (err = add_notify(p, notify, user_data, &req.cookie)))
        goto out;
    vocl_put_clCompileProgram_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clCompileProgram);
    if (err == CL_INVALID_VALUE || err == CL_INVALID_OPERATION || err == CL_INVALID_DEVICE)
        gcl_callback_drop(req.cookie);
out:
    free(list);
    gcl_includes_finish(&inc);
    return gcl_frame_end(&f, err, NULL);
}

cl_program CL_API_CALL gcl_clLinkProgram(cl_context context, cl_uint n, const cl_device_id *devices,
                                         const char *options, cl_uint num_programs,
                                         const cl_program *programs, program_notify notify,
                                         void *user_data, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clLinkProgram_req req = {0};
    struct vocl_clLinkProgram_rep rep = {0};
    cl_int err;
    if ((!notify && user_data) || !n != !devices || !num_programs || !programs)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_program p = program_begin(&f, context, n, devices, &err);
    if (!p)
        return gcl_fail(errcode_ret, err);
    req.id = p->base.id;
    req.context = gcl_id(context);
    req.options = gcl_text(options);
    if ((err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices)) ||
        (err = gcl_frame_programs(&f, num_programs, programs, CL_INVALID_PROGRAM, &req.programs)) ||
        (err = add_notify(p, notify, user_data, &req.cookie)))
        return program_end(&f, p, err, errcode_ret);
    vocl_put_clLinkProgram_req(f.w, &req);
    if (!(err = gcl_frame_call(&f, VOCL_OP_clLinkProgram))) {
        vocl_get_clLinkProgram_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    /* A link that fails still makes a program, whose log says why (§5.8.3). */
    if (rep.created) {
        gcl_frame_end(&f, err, NULL);
        if (errcode_ret)
            *errcode_ret = err;
        return p;
    }
    gcl_callback_drop(req.cookie);
    return program_end(&f, p, err ? err : CL_OUT_OF_RESOURCES, errcode_ret);
}

/* CL_PROGRAM_BINARIES: param_value is an array of pointers to fill, and its
 * size is an array's whatever the binaries' are (§5.8.7). */
static cl_int store_binaries(cl_program p, struct vocl_blobs binaries, size_t size, void *value,
                             size_t *ret)
{
    unsigned char **out = value;
    struct vocl_bytes b;
    size_t need = p->num_devices * sizeof(*out);
    if (value && size < need)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; value && i < p->num_devices && vocl_blobs_next(&binaries, &b); i++) {
        /* The program has made room for what it was told, not for more. */
        if (p->binary_sizes && b.len > p->binary_sizes[i])
            return CL_OUT_OF_RESOURCES;
        if (out[i] && b.data)
            memcpy(out[i], b.data, b.len);
    }
    if (ret)
        *ret = need;
    return CL_SUCCESS;
}

static cl_int keep_binary_sizes(cl_program p, const void *value, size_t size)
{
    if (size < p->num_devices * sizeof(size_t))
        return CL_SUCCESS;
    if (!p->binary_sizes && !(p->binary_sizes = calloc(p->num_devices, sizeof(size_t))))
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(p->binary_sizes, value, p->num_devices * sizeof(size_t));
    return CL_SUCCESS;
}

static bool local_program_info(cl_program p, cl_program_info name, size_t size, void *value,
                               size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_PROGRAM_CONTEXT:
        return gcl_info_value(p->context, size, value, ret, err);
    case CL_PROGRAM_NUM_DEVICES:
        return gcl_info_value(p->num_devices, size, value, ret, err);
    case CL_PROGRAM_DEVICES:
        return gcl_info_bytes(p->devices, p->num_devices * sizeof(*p->devices), size, value, ret,
                              err);
    case CL_PROGRAM_REFERENCE_COUNT:
        return gcl_info_value(p->base.refs, size, value, ret, err);
    default:
        return false;
    }
}

cl_int CL_API_CALL gcl_clGetProgramInfo(cl_program p, cl_program_info name, size_t size,
                                        void *value, size_t *ret)
{
    struct gcl_frame f;
    struct vocl_clGetProgramInfo_rep rep;
    size_t stored = 0;
    cl_int err;
    if (!gcl_is_program(p))
        return CL_INVALID_PROGRAM;
    if (local_program_info(p, name, size, value, ret, &err))
        return err;
    if ((err = gcl_frame_begin(&f)))
        return err;
    vocl_put_clGetProgramInfo_req(
        f.w, &(struct vocl_clGetProgramInfo_req){gcl_id(p), name,
                                                 value ? gcl_info_ask(name, size) : 0,
                                                 value != NULL});
    if ((err = gcl_frame_call(&f, VOCL_OP_clGetProgramInfo)))
        goto out;
    vocl_get_clGetProgramInfo_rep(&f.reply, &rep);
    if ((err = gcl_frame_result(&f, rep.ret)))
        goto out;
    err = name == CL_PROGRAM_BINARIES
              ? store_binaries(p, rep.binaries, size, value, ret)
              : gcl_info_answer(name, rep.size_ret, rep.value, size, value, &stored);
    if (!err && ret && name != CL_PROGRAM_BINARIES)
        *ret = stored;
    if (!err && name == CL_PROGRAM_BINARY_SIZES && value)
        err = keep_binary_sizes(p, value, stored);
out:
    return gcl_frame_end(&f, err, NULL);
}

cl_int CL_API_CALL gcl_clSetProgramReleaseCallback(cl_program p, program_notify notify,
                                                   void *user_data)
{
    return gcl_is_program(p) ? gcl_callback_set_destructor(&p->base, VOCL_OP_clSetProgramReleaseCallback,
                                                           (void *)notify, user_data)
                             : CL_INVALID_PROGRAM;
}
