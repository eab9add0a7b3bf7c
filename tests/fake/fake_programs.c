// SPDX-License-Identifier: MIT
#include "fake_calls.h"

INFO(kernel_info, cl_kernel, HCL_KERNEL, cl_kernel_info)

static cl_int CL_API_CALL program_info(cl_program h, cl_program_info name, size_t size, void *value,
                                       size_t *ret)
{
    cl_uint devices = 2;
    size_t sizes[2] = {100, 0};
    fake_of(h, HCL_PROGRAM);
    if (name == CL_PROGRAM_NUM_DEVICES)
        return give(&devices, sizeof(devices), size, value, ret);
    if (name == CL_PROGRAM_BINARY_SIZES)
        return give(sizes, sizeof(sizes), size, value, ret);
    if (name == CL_PROGRAM_BINARIES) {
        if (value && *(unsigned char **)value)
            fake_write(*(unsigned char **)value, 100);
        return give(value, value ? sizeof(void *[2]) : 0, size, value ? value : NULL, ret);
    }
    return some_info(name, size, value, ret);
}

static cl_int CL_API_CALL build_info(cl_program p, cl_device_id d, cl_program_build_info name,
                                     size_t size, void *value, size_t *ret)
{
    fake_of(p, HCL_PROGRAM);
    fake_of(d, HCL_DEVICE);
    return some_info(name, size, value, ret);
}

/* Argument 0 is a buffer, 1 an int, 2 a sampler; of others nothing is known. */
static cl_int CL_API_CALL arg_info(cl_kernel k, cl_uint index, cl_kernel_arg_info name, size_t size,
                                   void *value, size_t *ret)
{
    static const char *const types[] = {"int*", "long", "sampler_t"};
    cl_kernel_arg_address_qualifier where =
        index ? CL_KERNEL_ARG_ADDRESS_PRIVATE : CL_KERNEL_ARG_ADDRESS_GLOBAL;
    fake_of(k, HCL_KERNEL);
    if (index > 2)
        return CL_KERNEL_ARG_INFO_NOT_AVAILABLE;
    if (name == CL_KERNEL_ARG_ADDRESS_QUALIFIER)
        return give(&where, sizeof(where), size, value, ret);
    if (name == CL_KERNEL_ARG_TYPE_NAME)
        return give(types[index], strlen(types[index]) + 1, size, value, ret);
    return some_info(name, size, value, ret);
}

static cl_int CL_API_CALL group_info(cl_kernel k, cl_device_id d, cl_kernel_work_group_info name,
                                     size_t size, void *value, size_t *ret)
{
    fake_of(k, HCL_KERNEL);
    if (d)
        fake_of(d, HCL_DEVICE);
    return some_info(name, size, value, ret);
}

static cl_int CL_API_CALL sub_group_info(cl_kernel k, cl_device_id d, cl_kernel_sub_group_info name,
                                         size_t in_size, const void *in, size_t size, void *value,
                                         size_t *ret)
{
    if (in)
        fake_read(in, in_size);
    if (name == CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT) { /* as many as there is room for */
        if (value)
            memset(value, 1, size);
        if (ret)
            *ret = value ? size : 0;
        return CL_SUCCESS;
    }
    return group_info(k, d, name, size, value, ret);
}

static cl_int CL_API_CALL on_program_end(cl_program p, void(CL_CALLBACK *fn)(cl_program, void *),
                                         void *opaque)
{
    fake_on_end(fake_of(p, HCL_PROGRAM), (void *)fn, opaque);
    return CL_SUCCESS;
}

static cl_program CL_API_CALL create_with_source(cl_context c, cl_uint n, const char **strings,
                                                 const size_t *lengths, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    for (cl_uint i = 0; i < n; i++)
        fake_read(strings[i], lengths[i] ? lengths[i] : strlen(strings[i]));
    return n ? made(fake_create(HCL_PROGRAM), ret) : failed(ret, CL_INVALID_VALUE);
}

static cl_program CL_API_CALL create_with_binary(cl_context c, cl_uint n, const cl_device_id *d,
                                                 const size_t *lengths, const unsigned char **data,
                                                 cl_int *status, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    for (cl_uint i = 0; i < n; i++) {
        fake_of(d[i], HCL_DEVICE);
        if (data[i])
            fake_read(data[i], lengths[i]);
        if (status)
            status[i] = CL_SUCCESS;
    }
    return made(fake_create(HCL_PROGRAM), ret);
}

static cl_program CL_API_CALL create_built_in(cl_context c, cl_uint n, const cl_device_id *d,
                                              const char *names, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    for (cl_uint i = 0; i < n; i++)
        fake_of(d[i], HCL_DEVICE);
    return strlen(names) % 2 ? made(fake_create(HCL_PROGRAM), ret) : failed(ret, CL_INVALID_VALUE);
}

static cl_program CL_API_CALL create_with_il(cl_context c, const void *il, size_t n, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    if (!il || !n)
        return failed(ret, CL_INVALID_VALUE);
    fake_read(il, n);
    return made(fake_create(HCL_PROGRAM), ret);
}

typedef void(CL_CALLBACK *program_fn)(cl_program, void *);

static void read_build(cl_uint n, const cl_device_id *d, const char *options)
{
    for (cl_uint i = 0; i < n; i++)
        fake_of(d[i], HCL_DEVICE);
    if (options)
        (void)(strlen(options) + 1);
}

static cl_int CL_API_CALL build(cl_program p, cl_uint n, const cl_device_id *d, const char *options,
                                program_fn fn, void *opaque)
{
    fake_of(p, HCL_PROGRAM);
    read_build(n, d, options);
    if (fn)
        fn(p, opaque);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL compile(cl_program p, cl_uint n, const cl_device_id *d,
                                  const char *options, cl_uint num, const cl_program *headers,
                                  const char **names, program_fn fn, void *opaque)
{
    for (cl_uint i = 0; i < num; i++) {
        fake_of(headers[i], HCL_PROGRAM);
        fake_read(names[i], strlen(names[i]) + 1);
    }
    return build(p, n, d, options, fn, opaque);
}

static cl_program CL_API_CALL link_programs(cl_context c, cl_uint n, const cl_device_id *d,
                                            const char *options, cl_uint num,
                                            const cl_program *programs, program_fn fn, void *opaque,
                                            cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    read_build(n, d, options);
    for (cl_uint i = 0; i < num; i++)
        fake_of(programs[i], HCL_PROGRAM);
    struct fake *p = fake_create(HCL_PROGRAM);
    if (fn)
        fn((cl_program)p, opaque);
    return made(p, ret);
}

static cl_int CL_API_CALL specialize(cl_program p, cl_uint id, size_t n, const void *value)
{
    (void)id;
    fake_of(p, HCL_PROGRAM);
    if (value)
        fake_read(value, n);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL on_platform(cl_platform_id p)
{
    fake_of(p, HCL_PLATFORM);
    return CL_SUCCESS;
}

static cl_kernel CL_API_CALL create_kernel(cl_program p, const char *name, cl_int *ret)
{
    fake_of(p, HCL_PROGRAM);
    return strlen(name) % 5 == 4 ? failed(ret, CL_INVALID_KERNEL_NAME)
                                 : made(fake_create(HCL_KERNEL), ret);
}

static cl_int CL_API_CALL create_kernels(cl_program p, cl_uint n, cl_kernel *out, cl_uint *count)
{
    fake_of(p, HCL_PROGRAM);
    if (out && n < 2)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; out && i < 2; i++)
        out[i] = (cl_kernel)fake_create(HCL_KERNEL);
    if (count)
        *count = 2;
    return CL_SUCCESS;
}

static cl_kernel CL_API_CALL clone_kernel(cl_kernel k, cl_int *ret)
{
    fake_of(k, HCL_KERNEL);
    return made(fake_create(HCL_KERNEL), ret);
}

/* What the declaration says is a handle is followed, as a real one does. */
static cl_int CL_API_CALL set_arg(cl_kernel k, cl_uint index, size_t size, const void *value)
{
    fake_of(k, HCL_KERNEL);
    if (value)
        fake_read(value, size);
    if ((index == 0 || index == 2) && size != sizeof(void *))
        return CL_INVALID_ARG_SIZE;
    if (index == 0 && value && *(void **)value && ((struct fake *)*(void **)value)->type == HCL_MEM)
        fake_of(*(void **)value, HCL_MEM);
    if (index == 2 && value && *(void **)value &&
        ((struct fake *)*(void **)value)->type == HCL_SAMPLER)
        fake_of(*(void **)value, HCL_SAMPLER);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL launch(cl_command_queue q, cl_kernel k, cl_uint dim, const size_t *offset,
                                 const size_t *global, const size_t *local, cl_uint n,
                                 const cl_event *list, cl_event *e)
{
    fake_of(k, HCL_KERNEL);
    if (!dim || dim > 3)
        return CL_INVALID_WORK_DIMENSION;
    if (!global)
        return CL_INVALID_GLOBAL_WORK_SIZE;
    fake_read(global, dim * sizeof(*global));
    if (offset)
        fake_read(offset, dim * sizeof(*offset));
    if (local)
        fake_read(local, dim * sizeof(*local));
    return fake_plain(q, NULL, n, list, e);
}

static cl_int CL_API_CALL task(cl_command_queue q, cl_kernel k, cl_uint n, const cl_event *list,
                               cl_event *e)
{
    fake_of(k, HCL_KERNEL);
    return fake_plain(q, NULL, n, list, e);
}

COUNTED(program, cl_program, HCL_PROGRAM)
COUNTED(kernel, cl_kernel, HCL_KERNEL)

void fake_fill_programs(cl_icd_dispatch *cl)
{
    cl->clUnloadPlatformCompiler = on_platform;
    cl->clCreateProgramWithSource = create_with_source;
    cl->clCreateProgramWithBinary = create_with_binary;
    cl->clCreateProgramWithBuiltInKernels = create_built_in;
    cl->clCreateProgramWithIL = create_with_il;
    cl->clRetainProgram = retain_program;
    cl->clReleaseProgram = release_program;
    cl->clBuildProgram = build;
    cl->clCompileProgram = compile;
    cl->clLinkProgram = link_programs;
    cl->clGetProgramInfo = program_info;
    cl->clGetProgramBuildInfo = build_info;
    cl->clSetProgramReleaseCallback = on_program_end;
    cl->clSetProgramSpecializationConstant = specialize;
    cl->clCreateKernel = create_kernel;
    cl->clCreateKernelsInProgram = create_kernels;
    cl->clCloneKernel = clone_kernel;
    cl->clRetainKernel = retain_kernel;
    cl->clReleaseKernel = release_kernel;
    cl->clSetKernelArg = set_arg;
    cl->clGetKernelInfo = kernel_info;
    cl->clGetKernelArgInfo = arg_info;
    cl->clGetKernelWorkGroupInfo = group_info;
    cl->clGetKernelSubGroupInfo = sub_group_info;
    cl->clEnqueueNDRangeKernel = launch;
    cl->clEnqueueTask = task;
}
