// SPDX-License-Identifier: MIT
/*
 * Functions of extensions, and queries that nobody has heard of: the same
 * through us as natively.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "extension_types.h"

/* All that are carried (docs/coverage.md), and some that no runtime has. */
static const char *const functions[] = {
    "clCreateCommandBufferKHR",
    "clRetainCommandBufferKHR",
    "clReleaseCommandBufferKHR",
    "clFinalizeCommandBufferKHR",
    "clEnqueueCommandBufferKHR",
    "clCommandBarrierWithWaitListKHR",
    "clCommandCopyBufferKHR",
    "clCommandCopyBufferRectKHR",
    "clCommandCopyBufferToImageKHR",
    "clCommandCopyImageKHR",
    "clCommandCopyImageToBufferKHR",
    "clCommandFillBufferKHR",
    "clCommandFillImageKHR",
    "clCommandNDRangeKernelKHR",
    "clGetCommandBufferInfoKHR",
    "clUpdateMutableCommandsKHR",
    "clGetMutableCommandInfoKHR",
    "clCreateSemaphoreWithPropertiesKHR",
    "clRetainSemaphoreKHR",
    "clReleaseSemaphoreKHR",
    "clEnqueueWaitSemaphoresKHR",
    "clEnqueueSignalSemaphoresKHR",
    "clGetSemaphoreInfoKHR",
    "clCreateProgramWithILKHR",
    "clCreateCommandQueueWithPropertiesKHR",
    "clGetKernelSubGroupInfoKHR",
    "clGetKernelSuggestedLocalWorkSizeKHR",
    "clSetContentSizeBufferPoCL",
    "clTerminateContextKHR",
    "clCreateSubDevicesEXT",
    "clRetainDeviceEXT",
    "clReleaseDeviceEXT",
    "clNoSuchFunctionKHR",
    "",
};

static void show_functions(void)
{
    cl_platform_id platforms[16];
    cl_uint n = 0;
    CL(clGetPlatformIDs(16, platforms, &n));
    for (cl_uint p = 0; p < n && p < 16; p++)
        for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
            printf("platform %u, %s: %s\n", p, functions[i],
                   clGetExtensionFunctionAddressForPlatform(platforms[p], functions[i]) ? "yes"
                                                                                        : "no");
}

/* Earlier names of calls of the core. */
static void show_aliases(struct cl *cl)
{
    cl_program(CL_API_CALL * with_il)(cl_context, const void *, size_t, cl_int *);
    cl_command_queue(CL_API_CALL * queue)(cl_context, cl_device_id, const cl_queue_properties *,
                                          cl_int *);
    *(void **)&with_il =
        clGetExtensionFunctionAddressForPlatform(cl->platform, "clCreateProgramWithILKHR");
    *(void **)&queue = clGetExtensionFunctionAddressForPlatform(
        cl->platform, "clCreateCommandQueueWithPropertiesKHR");
    cl_int err = 0;
    if (with_il) {
        CHECK(!with_il(NULL, "?", 1, &err));
        printf("program of no context: %d\n", err);
        CHECK(!with_il(cl->context, NULL, 0, &err));
        printf("program of nothing: %d\n", err);
    }
    if (queue) {
        const cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
        cl_command_queue q = queue(cl->context, cl->device, list, &err);
        printf("queue: %d\n", err);
        CL(clReleaseCommandQueue(q));
        CHECK(!queue(cl->context, NULL, list, &err));
        printf("queue of no device: %d\n", err);
    }
}

/* cl_pocl_content_size */
static void show_content_size(struct cl *cl)
{
    cl_int(CL_API_CALL * set)(cl_mem, cl_mem);
    *(void **)&set =
        clGetExtensionFunctionAddressForPlatform(cl->platform, "clSetContentSizeBufferPoCL");
    if (!set)
        return;
    cl_mem m = cl_buffer(cl, 64), size = cl_buffer(cl, 8);
    printf("content size: %d\n", set(m, size));
    printf("of no buffer: %d\n", set(NULL, size));
    CL(clReleaseMemObject(m));
    CL(clReleaseMemObject(size));
}

/* Of extensions that do not cross, and so not the same. */
static bool is_filtered(cl_uint name)
{
    return name == CL_PLATFORM_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR ||
           name == CL_PLATFORM_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR ||
           name == CL_PLATFORM_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR ||
           name == CL_DEVICE_COMMAND_BUFFER_SYNC_DEVICES_KHR ||
           name == CL_DEVICE_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR ||
           name == CL_DEVICE_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR ||
           name == CL_DEVICE_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR ||
           name == CL_DEVICE_EXTERNAL_MEMORY_IMPORT_ASSUME_LINEAR_IMAGES_HANDLE_TYPES_KHR;
}

/* Numbers that vendors and extensions have been given, and the gaps. */
static const struct {
    cl_uint first, last;
} ranges[] = {
    {0x1080, 0x10ff}, {0x1293, 0x12ff}, {0x2030, 0x2070}, {0x4000, 0x4260}, {0xf000, 0xf010}};

/* What stays the same as long as the device does. */
static bool is_shown(cl_uint name)
{
    return (name >= 0x4000 && name <= 0x4008) || name == CL_DEVICE_PCI_BUS_INFO_KHR;
}

static void show_queries(struct cl *cl)
{
    unsigned char value[4096];
    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
        for (cl_uint name = ranges[r].first; name <= ranges[r].last; name++) {
            size_t n = 0;
            cl_int err = is_filtered(name) ? 0 : clGetDeviceInfo(cl->device, name, 0, NULL, &n);
            if (err == CL_INVALID_VALUE || is_filtered(name))
                continue;
            printf("device %04x: %d, %zu bytes\n", name, err, n);
            if (err || n > sizeof(value) || !is_shown(name))
                continue;
            CL(clGetDeviceInfo(cl->device, name, n, value, NULL));
            for (size_t i = 0; i < n; i++)
                printf("%02x%s", value[i], i + 1 < n ? "" : "\n");
        }
    }
}

/* The runtime has the last word on what it does not know. */
static void show_unknown(struct cl *cl)
{
    cl_mem m = cl_buffer(cl, 64);
    cl_program p = cl_build(cl, "kernel void k(global int *p) { *p = 1; }");
    cl_int err;
    cl_kernel k = clCreateKernel(p, "k", &err);
    CL(err);
    cl_event e = clCreateUserEvent(cl->context, &err);
    CL(err);
    const cl_uint name = 0x7eee;
    printf("platform: %d\n", clGetPlatformInfo(cl->platform, name, 0, NULL, NULL));
    printf("device: %d\n", clGetDeviceInfo(cl->device, name, 0, NULL, NULL));
    printf("context: %d\n", clGetContextInfo(cl->context, name, 0, NULL, NULL));
    printf("queue: %d\n", clGetCommandQueueInfo(cl->queue, name, 0, NULL, NULL));
    printf("mem: %d\n", clGetMemObjectInfo(m, name, 0, NULL, NULL));
    printf("program: %d\n", clGetProgramInfo(p, name, 0, NULL, NULL));
    printf("build: %d\n", clGetProgramBuildInfo(p, cl->device, name, 0, NULL, NULL));
    printf("kernel: %d\n", clGetKernelInfo(k, name, 0, NULL, NULL));
    printf("work group: %d\n", clGetKernelWorkGroupInfo(k, cl->device, name, 0, NULL, NULL));
    printf("event: %d\n", clGetEventInfo(e, name, 0, NULL, NULL));
    CL(clReleaseEvent(e));
    CL(clReleaseKernel(k));
    CL(clReleaseProgram(p));
    CL(clReleaseMemObject(m));
}

static void show_strings(struct cl *cl, cl_device_info name)
{
    const char *list[512], *again[512];
    size_t n = 0, size = sizeof(list);
    cl_int err = clGetDeviceInfo(cl->device, name, size, list, &n);
    printf("strings %04x: %d, %zu bytes\n", name, err, n);
    for (size_t i = 0; !err && i < n / sizeof(list[0]); i++)
        printf("'%s'\n", list[i]);
    if (err || !n)
        return;
    CL(clGetDeviceInfo(cl->device, name, size, again, NULL));
    CHECK(!memcmp(list, again, n));
    printf("one byte too few: %d\n", clGetDeviceInfo(cl->device, name, n - 1, again, NULL));
}

static void show_suggestion(struct cl *cl)
{
    cl_int(CL_API_CALL * suggest)(cl_command_queue, cl_kernel, cl_uint, const size_t *,
                                  const size_t *, size_t *);
    size_t global[] = {64, 6, 2}, size[3] = {0};
    *(void **)&suggest = clGetExtensionFunctionAddressForPlatform(
        cl->platform, "clGetKernelSuggestedLocalWorkSizeKHR");
    if (!suggest)
        return;
    cl_kernel k = cl_kernel_of(cl, "kernel void k(global int *p) { *p = 1; }", "k");
    cl_mem m = cl_buffer(cl, 64);
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    for (cl_uint dim = 1; dim <= 3; dim++) {
        CL(suggest(cl->queue, k, dim, NULL, global, size));
        printf("of %u: %zu %zu %zu\n", dim, size[0], size[1], size[2]);
    }
    printf("no dimension: %d\n", suggest(cl->queue, k, 0, NULL, global, size));
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
}

/* cl_intel_device_partition_by_names: a list that ends with -1, not with 0. */
static void show_partition(struct cl *cl)
{
    cl_device_partition_property names[] = {CL_DEVICE_PARTITION_BY_NAMES_INTEL, 0, 1,
                                            CL_PARTITION_BY_NAMES_LIST_END_INTEL, 0};
    cl_device_partition_property can[16] = {0};
    cl_device_id sub = NULL;
    cl_uint units = 0;
    CL(clGetDeviceInfo(cl->device, CL_DEVICE_PARTITION_PROPERTIES, sizeof(can), can, NULL));
    for (size_t i = 0; i < 16; i++) {
        if (can[i] != CL_DEVICE_PARTITION_BY_NAMES_INTEL)
            continue;
        cl_int err = clCreateSubDevices(cl->device, names, 1, &sub, NULL);
        printf("by names: %d\n", err);
        if (err)
            continue;
        CL(clGetDeviceInfo(sub, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(units), &units, NULL));
        printf("%u units by name\n", units);
        CL(clReleaseDevice(sub));
    }
}

int main(void)
{
    struct cl cl = cl_open(0);
    show_functions();
    show_aliases(&cl);
    show_content_size(&cl);
    show_queries(&cl);
    show_unknown(&cl);
    show_strings(&cl, CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR);
    show_strings(&cl, CL_DEVICE_SPIRV_EXTENSIONS_KHR);
    show_suggestion(&cl);
    show_partition(&cl);
    cl_close(&cl);
    return 0;
}
