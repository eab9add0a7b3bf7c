// SPDX-License-Identifier: MIT
/*
 * Unified shared memory (cl_intel_unified_shared_memory): host, device and
 * shared allocations, by their own functions. Runs natively and through us.
 */
#include <stdlib.h>
#include <string.h>

#include <CL/cl_ext.h>

#include "check.h"

#define N 1000
#define SIZE (N * sizeof(cl_int))

static const char source[] = "kernel void twice(global int *p) { p[get_global_id(0)] *= 2; }\n"
                             "kernel void far(global ulong *p) { *(global int *)p[0] += 5; }\n";

static struct {
    __typeof__(clHostMemAllocINTEL) *host;
    __typeof__(clDeviceMemAllocINTEL) *device;
    __typeof__(clSharedMemAllocINTEL) *shared;
    __typeof__(clMemFreeINTEL) *free, *blocking_free;
    __typeof__(clGetMemAllocInfoINTEL) *info;
    __typeof__(clSetKernelArgMemPointerINTEL) *set_arg;
    __typeof__(clEnqueueMemFillINTEL) *fill;
    __typeof__(clEnqueueMemcpyINTEL) *copy;
    __typeof__(clEnqueueMigrateMemINTEL) *migrate;
    __typeof__(clEnqueueMemAdviseINTEL) *advise;
} usm;

static struct cl open_usm(void)
{
    struct cl cl = cl_open(0);
    static char list[65536];
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_EXTENSIONS, sizeof(list), list, NULL));
    if (!strstr(list, "cl_intel_unified_shared_memory"))
        check_skip("this device has no unified shared memory");
    *(void **)&usm.host = cl_function(&cl, "clHostMemAllocINTEL");
    *(void **)&usm.device = cl_function(&cl, "clDeviceMemAllocINTEL");
    *(void **)&usm.shared = cl_function(&cl, "clSharedMemAllocINTEL");
    *(void **)&usm.free = cl_function(&cl, "clMemFreeINTEL");
    *(void **)&usm.blocking_free = cl_function(&cl, "clMemBlockingFreeINTEL");
    *(void **)&usm.info = cl_function(&cl, "clGetMemAllocInfoINTEL");
    *(void **)&usm.set_arg = cl_function(&cl, "clSetKernelArgMemPointerINTEL");
    *(void **)&usm.fill = cl_function(&cl, "clEnqueueMemFillINTEL");
    *(void **)&usm.copy = cl_function(&cl, "clEnqueueMemcpyINTEL");
    *(void **)&usm.migrate = cl_function(&cl, "clEnqueueMigrateMemINTEL");
    *(void **)&usm.advise = cl_function(&cl, "clEnqueueMemAdviseINTEL");
    return cl;
}

static void *alloc_host(struct cl *cl, size_t size)
{
    cl_int err;
    void *p = usm.host(cl->context, NULL, size, 0, &err);
    CL(err);
    return p;
}

static void *alloc_shared(struct cl *cl, size_t size)
{
    cl_int err;
    void *p = usm.shared(cl->context, cl->device, NULL, size, 0, &err);
    CL(err);
    return p;
}

static void *alloc_device(struct cl *cl, size_t size)
{
    cl_int err;
    void *p = usm.device(cl->context, cl->device, NULL, size, 0, &err);
    CL(err);
    return p;
}

static void run(struct cl *cl, cl_kernel k, size_t n)
{
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clFinish(cl->queue));
}

static void kernels_and_program_see_the_same_bytes(void)
{
    struct cl cl = open_usm();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    cl_int *both[] = {alloc_host(&cl, SIZE), alloc_shared(&cl, SIZE)};
    for (int m = 0; m < 2; m++) {
        for (int i = 0; i < N; i++)
            both[m][i] = i;
        CL(usm.set_arg(k, 0, both[m]));
        run(&cl, k, N);
        for (int i = 0; i < N; i++)
            CHECK(both[m][i] == 2 * i);
        CL(usm.free(cl.context, both[m]));
    }
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void a_kernel_follows_a_pointer_in_memory(void)
{
    struct cl cl = open_usm();
    cl_kernel k = cl_kernel_of(&cl, source, "far");
    cl_bool yes = CL_TRUE;
    cl_int *target = alloc_shared(&cl, sizeof(cl_int)), **via = alloc_host(&cl, sizeof(*via));
    *target = 37;
    *via = target;
    CL(usm.set_arg(k, 0, via));
    CL(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_INDIRECT_SHARED_ACCESS_INTEL, sizeof(yes), &yes));
    CL(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL, sizeof(target), &target));
    run(&cl, k, 1);
    CHECK(*target == 42);
    CL(usm.free(cl.context, target));
    CL(usm.free(cl.context, via));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void device_memory_is_reached_by_copies(void)
{
    struct cl cl = open_usm();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    cl_int *p = alloc_device(&cl, SIZE), one = 1, back[N];
    cl_event event;
    cl_command_type type;
    CL(usm.fill(cl.queue, p, &one, sizeof(one), SIZE, 0, NULL, &event));
    CL(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_MEMFILL_INTEL);
    CL(clReleaseEvent(event));
    CL(usm.set_arg(k, 0, p + 10));
    run(&cl, k, 20);
    CL(usm.copy(cl.queue, CL_TRUE, back, p, SIZE, 0, NULL, NULL));
    for (int i = 0; i < N; i++)
        CHECK(back[i] == (i >= 10 && i < 30 ? 2 : 1));
    memset(back, 0, sizeof(back));
    CL(usm.copy(cl.queue, CL_FALSE, p, back, SIZE, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    back[7] = 9;
    CL(usm.copy(cl.queue, CL_TRUE, back, p, SIZE, 0, NULL, NULL));
    CHECK(back[7] == 0);
    CL(usm.free(cl.context, p));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

#define INFO(what, p, value) CL(usm.info(cl.context, p, what, sizeof(value), &(value), NULL))

static void an_allocation_says_what_it_is(void)
{
    struct cl cl = open_usm();
    char *p = alloc_shared(&cl, 5000), plain[8];
    cl_uint type;
    void *base;
    size_t size;
    cl_device_id device;
    INFO(CL_MEM_ALLOC_TYPE_INTEL, p + 100, type);
    CHECK(type == CL_MEM_TYPE_SHARED_INTEL);
    INFO(CL_MEM_ALLOC_BASE_PTR_INTEL, p + 100, base);
    CHECK(base == p);
    INFO(CL_MEM_ALLOC_SIZE_INTEL, p, size);
    CHECK(size == 5000);
    INFO(CL_MEM_ALLOC_DEVICE_INTEL, p, device);
    CHECK(device == cl.device);
    INFO(CL_MEM_ALLOC_TYPE_INTEL, plain, type);
    CHECK(type == CL_MEM_TYPE_UNKNOWN_INTEL);
    INFO(CL_MEM_ALLOC_BASE_PTR_INTEL, plain, base);
    CHECK(!base);
    CL_IS(usm.info(cl.context, p, 0x1234, sizeof(type), &type, NULL), CL_INVALID_VALUE);
    CL(usm.free(cl.context, p));
    cl_close(&cl);
}

static void a_blocking_free_waits(void)
{
    struct cl cl = open_usm();
    cl_int *p = alloc_shared(&cl, SIZE), seven = 7, back[N];
    CL(usm.fill(cl.queue, p, &seven, sizeof(seven), SIZE, 0, NULL, NULL));
    CL(usm.copy(cl.queue, CL_FALSE, back, p, SIZE, 0, NULL, NULL));
    CL(usm.blocking_free(cl.context, p));
    CL(clFinish(cl.queue));
    CHECK(back[0] == 7 && back[N - 1] == 7);
    CL(usm.blocking_free(cl.context, NULL));
    CL(usm.free(cl.context, NULL));
    cl_close(&cl);
}

static void hints_are_taken(void)
{
    struct cl cl = open_usm();
    void *p = alloc_shared(&cl, SIZE);
    CL(usm.migrate(cl.queue, p, SIZE, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
    CL_ANY(usm.advise(cl.queue, p, SIZE, 0, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CL(usm.free(cl.context, p));
    cl_close(&cl);
}

static void nonsense_is_refused(void)
{
    struct cl cl = open_usm();
    cl_int err = CL_SUCCESS;
    CHECK(!usm.host(cl.context, NULL, 0, 0, &err) && err == CL_INVALID_BUFFER_SIZE);
    CL_IS(usm.free(NULL, NULL), CL_INVALID_CONTEXT);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(kernels_and_program_see_the_same_bytes),
    CASE(a_kernel_follows_a_pointer_in_memory),
    CASE(device_memory_is_reached_by_copies),
    CASE(an_allocation_says_what_it_is),
    CASE(a_blocking_free_waits),
    CASE(hints_are_taken),
    CASE(nonsense_is_refused),
};

CHECK_MAIN(cases)
