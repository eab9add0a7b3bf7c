// SPDX-License-Identifier: MIT
/*
 * cl_khr_command_buffer_mutable_dispatch: what was recorded is changed between
 * two runs.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "extension_types.h"

static struct {
    cl_command_buffer_khr(CL_API_CALL *create)(cl_uint, const cl_command_queue *,
                                               const cl_command_buffer_properties_khr *, cl_int *);
    cl_int(CL_API_CALL *release)(cl_command_buffer_khr);
    cl_int(CL_API_CALL *finalize)(cl_command_buffer_khr);
    cl_int(CL_API_CALL *enqueue)(cl_uint, cl_command_queue *, cl_command_buffer_khr, cl_uint,
                                 const cl_event *, cl_event *);
    cl_int(CL_API_CALL *kernel)(cl_command_buffer_khr, cl_command_queue,
                                const cl_command_properties_khr *, cl_kernel, cl_uint,
                                const size_t *, const size_t *, const size_t *, cl_uint,
                                const cl_sync_point_khr *, cl_sync_point_khr *,
                                cl_mutable_command_khr *);
    cl_int(CL_API_CALL *update)(cl_command_buffer_khr, cl_uint,
                                const cl_command_buffer_update_type_khr *, const void **);
    cl_int(CL_API_CALL *info)(cl_mutable_command_khr, cl_mutable_command_info_khr, size_t, void *,
                              size_t *);
} x;

static struct cl open_with_functions(void)
{
    static char list[16384];
    struct cl cl = cl_open(0);
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_EXTENSIONS, sizeof(list), list, NULL));
    if (!strstr(list, "cl_khr_command_buffer_mutable_dispatch"))
        exit(77);
    *(void **)&x.create = cl_function(&cl, "clCreateCommandBufferKHR");
    *(void **)&x.release = cl_function(&cl, "clReleaseCommandBufferKHR");
    *(void **)&x.finalize = cl_function(&cl, "clFinalizeCommandBufferKHR");
    *(void **)&x.enqueue = cl_function(&cl, "clEnqueueCommandBufferKHR");
    *(void **)&x.kernel = cl_function(&cl, "clCommandNDRangeKernelKHR");
    *(void **)&x.update = cl_function(&cl, "clUpdateMutableCommandsKHR");
    *(void **)&x.info = cl_function(&cl, "clGetMutableCommandInfoKHR");
    return cl;
}

/* p[i] += n, for 16 items, of a kernel whose arguments and size may change. */
struct recorded {
    struct cl cl;
    cl_kernel kernel;
    cl_mem mem[2];
    cl_command_buffer_khr buffer;
    cl_mutable_command_khr command;
};

static cl_uint word_of(struct recorded *r, int mem, size_t index)
{
    cl_uint v = 0;
    CL(clEnqueueReadBuffer(r->cl.queue, r->mem[mem], CL_TRUE, index * sizeof(v), sizeof(v), &v, 0,
                           NULL, NULL));
    return v;
}

static struct recorded record(void)
{
    const cl_command_buffer_properties_khr may[] = {CL_COMMAND_BUFFER_FLAGS_KHR,
                                                    CL_COMMAND_BUFFER_MUTABLE_KHR, 0};
    const cl_command_properties_khr fields[] = {
        CL_MUTABLE_DISPATCH_UPDATABLE_FIELDS_KHR,
        CL_MUTABLE_DISPATCH_ARGUMENTS_KHR | CL_MUTABLE_DISPATCH_GLOBAL_SIZE_KHR, 0};
    struct recorded r = {.cl = open_with_functions()};
    size_t items = 16;
    cl_uint n = 3, zero = 0;
    cl_int err;
    r.kernel = cl_kernel_of(&r.cl,
                            "kernel void add(global uint *p, uint n)"
                            "{ p[get_global_id(0)] += n; }",
                            "add");
    for (int i = 0; i < 2; i++) {
        r.mem[i] = cl_buffer(&r.cl, 256);
        CL(clEnqueueFillBuffer(r.cl.queue, r.mem[i], &zero, sizeof(zero), 0, 256, 0, NULL, NULL));
    }
    CL(clFinish(r.cl.queue));
    CL(clSetKernelArg(r.kernel, 0, sizeof(r.mem[0]), &r.mem[0]));
    CL(clSetKernelArg(r.kernel, 1, sizeof(n), &n));
    r.buffer = x.create(1, &r.cl.queue, may, &err);
    CL(err);
    CL(x.kernel(r.buffer, NULL, fields, r.kernel, 1, NULL, &items, NULL, 0, NULL, NULL,
                &r.command));
    CHECK(r.command);
    CL(x.finalize(r.buffer));
    return r;
}

static void run(struct recorded *r)
{
    CL(x.enqueue(0, NULL, r->buffer, 0, NULL, NULL));
    CL(clFinish(r->cl.queue));
}

static void forget(struct recorded *r)
{
    CL(x.release(r->buffer));
    CL(clReleaseMemObject(r->mem[0]));
    CL(clReleaseMemObject(r->mem[1]));
    CL(clReleaseKernel(r->kernel));
    cl_close(&r->cl);
}

static cl_int update(struct recorded *r, const struct vocl_mutable_dispatch_config *config)
{
    const cl_command_buffer_update_type_khr type = VOCL_MUTABLE_DISPATCH_CONFIG;
    const void *configs[] = {config};
    return x.update(r->buffer, 1, &type, configs);
}

static void arguments_and_sizes_are_updated(void)
{
    struct recorded r = record();
    cl_uint n = 100;
    size_t items = 32;
    struct vocl_mutable_dispatch_arg args[] = {{0, sizeof(r.mem[1]), &r.mem[1]},
                                               {1, sizeof(n), &n}};
    struct vocl_mutable_dispatch_config both = {
        .command = r.command, .num_args = 2, .arg_list = args};
    struct vocl_mutable_dispatch_config one = {
        .command = r.command, .num_args = 1, .arg_list = args + 1};
    struct vocl_mutable_dispatch_config size = {
        .command = r.command, .work_dim = 1, .global_work_size = &items};
    run(&r);
    CHECK(word_of(&r, 0, 15) == 3);
    CL(update(&r, &both));
    run(&r);
    CHECK(word_of(&r, 0, 15) == 3 && word_of(&r, 1, 15) == 100 && word_of(&r, 1, 16) == 0);
    n = 1;
    CL(update(&r, &one));
    CL(update(&r, &size));
    run(&r);
    CHECK(word_of(&r, 1, 15) == 101 && word_of(&r, 1, 31) == 1 && word_of(&r, 1, 32) == 0);
    forget(&r);
}

static void a_command_knows_what_it_is(void)
{
    struct recorded r = record();
    cl_command_queue queue = NULL;
    cl_command_buffer_khr buffer = NULL;
    cl_kernel kernel = NULL;
    cl_uint dim = 0, type = 0;
    size_t global = 0;
    CL(x.info(r.command, CL_MUTABLE_COMMAND_COMMAND_QUEUE_KHR, sizeof(queue), &queue, NULL));
    CHECK(queue == r.cl.queue);
    CL(x.info(r.command, CL_MUTABLE_COMMAND_COMMAND_BUFFER_KHR, sizeof(buffer), &buffer, NULL));
    CHECK(buffer == r.buffer);
    CL(x.info(r.command, CL_MUTABLE_COMMAND_COMMAND_TYPE_KHR, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_NDRANGE_KERNEL);
    CL(x.info(r.command, CL_MUTABLE_DISPATCH_KERNEL_KHR, sizeof(kernel), &kernel, NULL));
    CHECK(kernel == r.kernel);
    CL(x.info(r.command, CL_MUTABLE_DISPATCH_DIMENSIONS_KHR, sizeof(dim), &dim, NULL));
    CHECK(dim == 1);
    CL(x.info(r.command, CL_MUTABLE_DISPATCH_GLOBAL_WORK_SIZE_KHR, sizeof(global), &global, NULL));
    CHECK(global == 16);
    forget(&r);
}

static void errors_are_those_of_the_specification(void)
{
    struct recorded r = record();
    cl_uint n = 1;
    const cl_command_buffer_update_type_khr type = VOCL_MUTABLE_DISPATCH_CONFIG, wrong = 77;
    struct vocl_mutable_dispatch_arg arg = {1, sizeof(n), &n};
    struct vocl_mutable_dispatch_config config = {
        .command = r.command, .num_args = 1, .arg_list = &arg};
    const void *configs[] = {&config};
    CL_IS(x.update(NULL, 1, &type, configs), CL_INVALID_COMMAND_BUFFER_KHR);
    CL_IS(x.update(r.buffer, 1, NULL, configs), CL_INVALID_VALUE);
    CL_IS(x.update(r.buffer, 1, &type, NULL), CL_INVALID_VALUE);
    CL_IS(x.update(r.buffer, 1, &wrong, configs), CL_INVALID_VALUE);
    config.command = NULL;
    CL_IS(x.update(r.buffer, 1, &type, configs), CL_INVALID_MUTABLE_COMMAND_KHR);
    config = (struct vocl_mutable_dispatch_config){.command = r.command, .num_args = 1};
    CL_IS(x.update(r.buffer, 1, &type, configs), CL_INVALID_VALUE);
    arg.arg_index = 99;
    config.arg_list = &arg;
    CL_IS(x.update(r.buffer, 1, &type, configs), CL_INVALID_ARG_INDEX);
    forget(&r);
}

/* p[i] += n of what p points to. */
struct in_svm {
    struct cl cl;
    cl_kernel kernel;
    cl_uint *memory[2], **via[2];
    cl_command_buffer_khr buffer;
    cl_mutable_command_khr command;
};

static void *svm_of(struct cl *cl, size_t size)
{
    char zero = 0;
    void *p = clSVMAlloc(cl->context, 0, size, 0);
    CHECK(p);
    CL(clEnqueueSVMMemFill(cl->queue, p, &zero, 1, size, 0, NULL, NULL));
    return p;
}

static cl_bitfield capabilities(struct cl *cl)
{
    cl_bitfield bits = 0;
    CL(clGetDeviceInfo(cl->device, CL_DEVICE_MUTABLE_DISPATCH_CAPABILITIES_KHR, sizeof(bits), &bits,
                       NULL));
    return bits;
}

/* False: this device has no such memory, or none of the fields may change. */
static bool record_in_svm(struct in_svm *r, cl_bitfield fields)
{
    const cl_command_buffer_properties_khr may[] = {CL_COMMAND_BUFFER_FLAGS_KHR,
                                                    CL_COMMAND_BUFFER_MUTABLE_KHR, 0};
    const cl_command_properties_khr these[] = {CL_MUTABLE_DISPATCH_UPDATABLE_FIELDS_KHR, fields, 0};
    cl_device_svm_capabilities svm = 0;
    size_t items = 16;
    cl_int err;
    *r = (struct in_svm){.cl = open_with_functions()};
    clGetDeviceInfo(r->cl.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(svm), &svm, NULL);
    if (!svm || (capabilities(&r->cl) & fields) != fields)
        return false;
    r->kernel = cl_kernel_of(&r->cl,
                             "struct via { global uint *at; };"
                             "kernel void add(global struct via *via)"
                             "{ via->at[get_global_id(0)] += 3; }",
                             "add");
    for (int i = 0; i < 2; i++) {
        r->memory[i] = svm_of(&r->cl, 64);
        r->via[i] = svm_of(&r->cl, sizeof(r->via[i]));
        CL(clEnqueueSVMMemcpy(r->cl.queue, CL_TRUE, r->via[i], &r->memory[i], sizeof(r->memory[i]),
                              0, NULL, NULL));
    }
    CL(clSetKernelArgSVMPointer(r->kernel, 0, r->via[0]));
    CL(clSetKernelExecInfo(r->kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(r->memory), r->memory));
    r->buffer = x.create(1, &r->cl.queue, may, &err);
    CL(err);
    CL(x.kernel(r->buffer, NULL, these, r->kernel, 1, NULL, &items, NULL, 0, NULL, NULL,
                &r->command));
    CL(x.finalize(r->buffer));
    return true;
}

static cl_uint run_in_svm(struct in_svm *r, int memory)
{
    cl_uint last = 0;
    CL(x.enqueue(0, NULL, r->buffer, 0, NULL, NULL));
    CL(clEnqueueSVMMemcpy(r->cl.queue, CL_TRUE, &last, r->memory[memory] + 15, sizeof(last), 0,
                          NULL, NULL));
    return last;
}

static cl_int update_in_svm(struct in_svm *r, const struct vocl_mutable_dispatch_config *config)
{
    const cl_command_buffer_update_type_khr type = VOCL_MUTABLE_DISPATCH_CONFIG;
    const void *configs[] = {config};
    return x.update(r->buffer, 1, &type, configs);
}

static void forget_in_svm(struct in_svm *r)
{
    CL(x.release(r->buffer));
    for (int i = 0; i < 2; i++) {
        clSVMFree(r->cl.context, r->memory[i]);
        clSVMFree(r->cl.context, r->via[i]);
    }
    CL(clReleaseKernel(r->kernel));
    cl_close(&r->cl);
}

static void arguments_in_shared_virtual_memory_are_updated(void)
{
    struct in_svm r;
    if (!record_in_svm(&r, CL_MUTABLE_DISPATCH_ARGUMENTS_KHR))
        return;
    struct vocl_mutable_dispatch_arg arg = {0, 0, r.via[1]};
    struct vocl_mutable_dispatch_config config = {
        .command = r.command, .num_svm_args = 1, .arg_svm_list = &arg};
    CHECK(run_in_svm(&r, 0) == 3);
    CL(update_in_svm(&r, &config));
    CHECK(run_in_svm(&r, 1) == 3);
    CHECK(run_in_svm(&r, 0) == 3);
    config.arg_svm_list = NULL;
    CL_IS(update_in_svm(&r, &config), CL_INVALID_VALUE);
    config.arg_svm_list = &arg;
    arg.arg_index = 99;
    CL_IS(update_in_svm(&r, &config), CL_INVALID_ARG_INDEX);
    forget_in_svm(&r);
}

static void execution_info_is_updated(void)
{
    struct in_svm r;
    if (!record_in_svm(&r, CL_MUTABLE_DISPATCH_EXEC_INFO_KHR))
        return;
    cl_bool no = CL_FALSE;
    struct vocl_mutable_dispatch_exec_info info[] = {
        {CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(r.memory[0]), &r.memory[0]},
        {CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM, sizeof(no), &no}};
    struct vocl_mutable_dispatch_config config = {
        .command = r.command, .num_exec_infos = 2, .exec_info_list = info};
    CL(update_in_svm(&r, &config));
    CHECK(run_in_svm(&r, 0) == 3);
    config.exec_info_list = NULL;
    CL_IS(update_in_svm(&r, &config), CL_INVALID_VALUE);
    forget_in_svm(&r);
}

static const struct check_case cases[] = {
    CASE(arguments_and_sizes_are_updated),
    CASE(a_command_knows_what_it_is),
    CASE(arguments_in_shared_virtual_memory_are_updated),
    CASE(execution_info_is_updated),
    CASE(errors_are_those_of_the_specification),
};

CHECK_MAIN(cases)
