// SPDX-License-Identifier: MIT
/*
 * Calls with something wrong in them. The error must be the runtime's own, so
 * this prints them and the runner compares native with remote. Where the
 * specification lets a runtime choose, a runtime may choose; where PoCL (3.1)
 * would crash or is laxer than the specification, the call is left out.
 */
#include <stdio.h>
#include <string.h>

#include <CL/cl_ext.h>

#include "check.h"

#define SHOW(call) printf("%4d  %s\n", call, #call)
/* For calls that return an object and the error by reference. */
#define SHOW_MADE(call)                                                                            \
    do {                                                                                           \
        cl_int err = 12345;                                                                        \
        const void *made = (const void *)(call);                                                   \
        printf("%4d %s %s\n", err, made ? "made" : "NULL", #call);                                 \
    } while (0)

static struct cl cl;
static cl_mem m, other_m;
static struct cl other;
static cl_program built, unbuilt;
static cl_kernel k;
static cl_event gate;
static char bytes[4096];
static size_t n;

/* clang-format off: one call, one line */

static void platforms_and_devices(void)
{
    cl_platform_id p;
    cl_device_id d;
    cl_uint count;
    SHOW(clGetPlatformIDs(0, &p, NULL));
    SHOW(clGetPlatformIDs(0, NULL, NULL));
    SHOW(clGetPlatformInfo(cl.platform, 0xffff, 0, NULL, &n));
    SHOW(clGetPlatformInfo(cl.platform, CL_PLATFORM_NAME, 1, bytes, NULL));
    SHOW(clGetDeviceIDs(cl.platform, CL_DEVICE_TYPE_ALL, 0, &d, NULL));
    SHOW(clGetDeviceIDs(cl.platform, CL_DEVICE_TYPE_ALL, 0, NULL, NULL));
    SHOW(clGetDeviceIDs(cl.platform, 0, 1, &d, &count));
    SHOW(clGetDeviceIDs(cl.platform, 1u << 20, 1, &d, &count));
    SHOW(clGetDeviceIDs(cl.platform, CL_DEVICE_TYPE_GPU, 1, &d, &count));
    SHOW(clGetDeviceInfo(NULL, CL_DEVICE_NAME, 0, NULL, &n));
    SHOW(clGetDeviceInfo(cl.device, 0xffff, 0, NULL, &n));
    SHOW(clGetDeviceInfo(cl.device, CL_DEVICE_NAME, 1, bytes, NULL));
    SHOW(clCreateSubDevices(NULL, NULL, 0, NULL, NULL));
    SHOW(clCreateSubDevices(cl.device, NULL, 0, NULL, &count));
    SHOW(clRetainDevice(NULL));
    SHOW(clReleaseDevice(NULL));
    SHOW(clRetainDevice(cl.device));
    SHOW(clReleaseDevice(cl.device));
}

/* A queue with these properties, and all that it then says of itself. */
static void show_queue(const char *what, const cl_queue_properties *list)
{
    cl_int err = 12345;
    cl_command_queue q = clCreateCommandQueueWithProperties(cl.context, cl.device, list, &err);
    printf("%4d %s queue with properties: %s\n", err, q ? "made" : "NULL", what);
    for (cl_command_queue_info name = CL_QUEUE_REFERENCE_COUNT;
         q && name <= CL_QUEUE_PROPERTIES_ARRAY; name++) {
        unsigned char value[256] = {0};
        n = 0;
        err = clGetCommandQueueInfo(q, name, sizeof(value), value, &n);
        printf("%4d  %04x:", err, name);
        for (size_t i = 0; !err && i < n; i++)
            printf(" %02x", value[i]);
        printf("\n");
    }
    if (q)
        SHOW(clReleaseCommandQueue(q));
}

static void contexts_and_queues(void)
{
    cl_context_properties bad_name[] = {0x7777, 1, 0};
    cl_context_properties twice[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform,
                                     CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform, 0};
    cl_device_id none = NULL;
    SHOW_MADE(clCreateContext(NULL, 0, NULL, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 1, NULL, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 0, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 1, &none, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(bad_name, 1, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(twice, 1, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 1, &cl.device, NULL, bytes, &err));
    SHOW(clRetainContext(NULL));
    SHOW(clReleaseContext(NULL));
    SHOW(clGetContextInfo(NULL, CL_CONTEXT_DEVICES, 0, NULL, &n));
    SHOW(clGetContextInfo(cl.context, 0xffff, 0, NULL, &n));
    SHOW(clGetContextInfo(cl.context, CL_CONTEXT_DEVICES, 1, bytes, NULL));
    SHOW_MADE(clCreateCommandQueue(NULL, cl.device, 0, &err));
    SHOW_MADE(clCreateCommandQueue(cl.context, NULL, 0, &err));
    SHOW_MADE(clCreateCommandQueue(cl.context, cl.device, 1u << 20, &err));
    cl_queue_properties profiling[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0},
                        bad_bits[] = {CL_QUEUE_PROPERTIES, 1u << 20, 0}, unknown[] = {0x7777, 1, 0},
                        empty[] = {0}, size_alone[] = {CL_QUEUE_SIZE, 4096, 0},
                        on_device[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE, 0},
                        out_of_order[] = {CL_QUEUE_PROPERTIES,
                                          CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE |
                                              CL_QUEUE_ON_DEVICE,
                                          CL_QUEUE_SIZE, 4096, 0},
                        standard[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_ON_DEVICE_DEFAULT, 0},
                        priority[] = {CL_QUEUE_PRIORITY_KHR, CL_QUEUE_PRIORITY_LOW_KHR, 0},
                        throttle[] = {CL_QUEUE_THROTTLE_KHR, CL_QUEUE_THROTTLE_LOW_KHR, 0};
    SHOW_MADE(clCreateCommandQueueWithProperties(NULL, cl.device, NULL, &err));
    SHOW_MADE(clCreateCommandQueueWithProperties(cl.context, NULL, NULL, &err));
    show_queue("NULL", NULL);
    show_queue("empty", empty);
    show_queue("profiling", profiling);
    show_queue("bad_bits", bad_bits);
    show_queue("unknown", unknown);
    show_queue("size_alone", size_alone);
    cl_uint most = 0;
    clGetDeviceInfo(cl.device, CL_DEVICE_MAX_ON_DEVICE_QUEUES, sizeof(most), &most, NULL);
    if (most) { /* or PoCL (3.1) ends the process */
        show_queue("on_device", on_device);
        show_queue("out_of_order", out_of_order);
        show_queue("standard", standard);
    }
    show_queue("priority", priority);
    show_queue("throttle", throttle);
    SHOW(clSetDefaultDeviceCommandQueue(NULL, cl.device, cl.queue));
    SHOW(clSetDefaultDeviceCommandQueue(cl.context, NULL, cl.queue));
    SHOW(clSetDefaultDeviceCommandQueue(cl.context, cl.device, NULL));
    SHOW(clSetDefaultDeviceCommandQueue(cl.context, cl.device, cl.queue));
    SHOW(clSetDefaultDeviceCommandQueue(cl.context, cl.device, other.queue));
    SHOW(clSetCommandQueueProperty(NULL, CL_QUEUE_PROFILING_ENABLE, CL_TRUE, NULL));
    SHOW(clRetainCommandQueue(NULL));
    SHOW(clReleaseCommandQueue(NULL));
    SHOW(clGetCommandQueueInfo(NULL, CL_QUEUE_CONTEXT, 0, NULL, &n));
    SHOW(clGetCommandQueueInfo(cl.queue, 0xffff, 0, NULL, &n));
    SHOW(clFlush(NULL));
    SHOW(clFinish(NULL));
}

static void buffers(void)
{
    cl_buffer_region too_long = {0, 5000}, past = {5000, 1}, empty = {0, 0}, good = {0, 64};
    SHOW_MADE(clCreateBuffer(NULL, 0, 64, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, 0, 0, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, 0, (size_t)1 << 60, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, 0, SIZE_MAX, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, 0, 64, bytes, &err));
    SHOW_MADE(clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR, 64, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, CL_MEM_COPY_HOST_PTR, 64, NULL, &err));
    SHOW_MADE(
        clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, 64, bytes, &err));
    SHOW_MADE(
        clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, 64, bytes, &err));
    SHOW_MADE(clCreateBuffer(cl.context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, NULL, &err));
    SHOW_MADE(
        clCreateBuffer(cl.context, CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS, 64, NULL, &err));
    SHOW_MADE(clCreateBuffer(cl.context, 1u << 30, 64, NULL, &err));
    SHOW_MADE(clCreateSubBuffer(NULL, 0, CL_BUFFER_CREATE_TYPE_REGION, &good, &err));
    SHOW_MADE(clCreateSubBuffer(m, 0, 0, &good, &err));
    SHOW_MADE(clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, NULL, &err));
    SHOW_MADE(clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, &too_long, &err));
    SHOW_MADE(clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, &past, &err));
    SHOW_MADE(clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, &empty, &err));
    SHOW_MADE(
        clCreateSubBuffer(m, CL_MEM_ALLOC_HOST_PTR, CL_BUFFER_CREATE_TYPE_REGION, &good, &err));
    SHOW(clRetainMemObject(NULL));
    SHOW(clReleaseMemObject(NULL));
    SHOW(clGetMemObjectInfo(NULL, CL_MEM_SIZE, 0, NULL, &n));
    SHOW(clGetMemObjectInfo(m, 0xffff, 0, NULL, &n));
    SHOW(clGetMemObjectInfo(m, CL_MEM_SIZE, 1, bytes, NULL));
    SHOW(clSetMemObjectDestructorCallback(NULL, NULL, NULL));
    SHOW(clSetMemObjectDestructorCallback(m, NULL, NULL));
}

static void transfers(void)
{
    cl_event none = NULL;
    SHOW(clEnqueueReadBuffer(NULL, m, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, NULL, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, NULL, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 4096, 1, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 4000, 97, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, other_m, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, bytes, 1, NULL, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, bytes, 0, &gate, NULL));
    SHOW(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, bytes, 1, &none, NULL));
    SHOW(clEnqueueWriteBuffer(NULL, m, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteBuffer(cl.queue, NULL, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, NULL, 0, NULL, NULL));
    SHOW(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 4095, 2, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteBuffer(cl.queue, other_m, CL_TRUE, 0, 4, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, bytes, 1, &none, NULL));
    SHOW(clEnqueueCopyBuffer(cl.queue, m, NULL, 0, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueCopyBuffer(cl.queue, NULL, m, 0, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueCopyBuffer(cl.queue, m, m, 0, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueCopyBuffer(cl.queue, m, m, 0, 4093, 4, 0, NULL, NULL));
    SHOW(clEnqueueCopyBuffer(cl.queue, m, other_m, 0, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, NULL, bytes, 4, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, NULL, 4, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, bytes, 0, 0, 4, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, bytes, 3, 0, 9, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, bytes, 4, 2, 4, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, bytes, 4, 0, 6, 0, NULL, NULL));
    SHOW(clEnqueueFillBuffer(cl.queue, m, bytes, 4, 4096, 4, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 0, NULL, 0, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 0, &m, 0, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 1, NULL, 0, 0, NULL, NULL));
}

static void rectangles(void)
{
    size_t zero[3] = {0}, region[3] = {8, 8, 1}, empty[3] = {8, 0, 1}, far[3] = {0, 511, 1};
    SHOW(clEnqueueReadBufferRect(cl.queue, NULL, CL_TRUE, zero, zero, region, 0, 0, 0, 0, bytes, 0,
                                 NULL, NULL));
    SHOW(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, empty, 0, 0, 0, 0, bytes, 0,
                                 NULL, NULL));
    SHOW(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, NULL, 0,
                                 NULL, NULL));
    SHOW(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 4, 0, 0, 0, bytes, 0,
                                 NULL, NULL));
    SHOW(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 8, 9, 8, 0, bytes, 0,
                                 NULL, NULL));
    SHOW(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, far, zero, region, 8, 0, 8, 0, bytes, 0,
                                 NULL, NULL));
    SHOW(clEnqueueWriteBufferRect(cl.queue, m, CL_TRUE, zero, zero, empty, 0, 0, 0, 0, bytes, 0,
                                  NULL, NULL));
    SHOW(clEnqueueWriteBufferRect(cl.queue, m, CL_TRUE, far, zero, region, 8, 0, 8, 0, bytes, 0,
                                  NULL, NULL));
    SHOW(clEnqueueWriteBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 4, 0, bytes, 0,
                                  NULL, NULL));
}

static void maps(void)
{
    SHOW_MADE(clEnqueueMapBuffer(NULL, m, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapBuffer(cl.queue, NULL, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 0, 0, 0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 4096, 1, 0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 4000, 97, 0, NULL, NULL, &err));
    SHOW_MADE(
        clEnqueueMapBuffer(cl.queue, other_m, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 0, 4, 1, NULL, NULL, &err));
    SHOW(clEnqueueUnmapMemObject(NULL, m, bytes, 0, NULL, NULL));
    SHOW(clEnqueueUnmapMemObject(cl.queue, NULL, bytes, 0, NULL, NULL));
    SHOW(clEnqueueUnmapMemObject(cl.queue, m, bytes, 0, NULL, NULL));
}

static void pipes(void)
{
    cl_pipe_properties empty[] = {0}, unknown[] = {0x7777, 1, 0};
    cl_mem pipe = NULL;
    SHOW_MADE(clCreatePipe(NULL, 0, 4, 4, NULL, &err));
    SHOW_MADE(pipe = clCreatePipe(cl.context, 0, 4, 4, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, 0, 0, 4, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, 0, 4, 0, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, 0, 1u << 31, 4, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, CL_MEM_USE_HOST_PTR, 4, 4, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, CL_MEM_READ_ONLY, 4, 4, NULL, &err));
    SHOW_MADE(clCreatePipe(cl.context, 0, 4, 4, empty, &err));
    SHOW_MADE(clCreatePipe(cl.context, 0, 4, 4, unknown, &err));
    SHOW(clGetPipeInfo(NULL, CL_PIPE_PACKET_SIZE, 0, NULL, &n));
    SHOW(clGetPipeInfo(m, CL_PIPE_PACKET_SIZE, 0, NULL, &n));
    SHOW(clGetPipeInfo(m, CL_PIPE_PROPERTIES, 0, NULL, &n));
    if (pipe) {
        SHOW(clGetPipeInfo(pipe, CL_PIPE_PACKET_SIZE, 1, bytes, NULL));
        SHOW(clGetPipeInfo(pipe, CL_PIPE_PROPERTIES, 0, NULL, &n));
        SHOW(clGetPipeInfo(pipe, 0xffff, 0, NULL, &n));
        SHOW(clReleaseMemObject(pipe));
    }
}

static void programs(void)
{
    const char *source = "kernel void k() {}", *none = NULL;
    SHOW_MADE(clCreateProgramWithSource(NULL, 1, &source, NULL, &err));
    SHOW_MADE(clCreateProgramWithSource(cl.context, 0, &source, NULL, &err));
    SHOW_MADE(clCreateProgramWithSource(cl.context, 1, &none, NULL, &err));
    SHOW(clRetainProgram(NULL));
    SHOW(clReleaseProgram(NULL));
    SHOW(clBuildProgram(NULL, 0, NULL, "", NULL, NULL));
    SHOW(clBuildProgram(unbuilt, 1, NULL, "", NULL, NULL));
    SHOW(clBuildProgram(unbuilt, 0, &cl.device, "", NULL, NULL));
    SHOW(clBuildProgram(unbuilt, 0, NULL, "", NULL, bytes));
    SHOW(clBuildProgram(built, 0, NULL, "", NULL, NULL)); /* has a kernel */
    SHOW(clCompileProgram(NULL, 0, NULL, "", 0, NULL, NULL, NULL, NULL));
    SHOW_MADE(clLinkProgram(NULL, 0, NULL, "", 1, &built, NULL, NULL, &err));
    SHOW_MADE(clLinkProgram(cl.context, 0, NULL, "", 0, NULL, NULL, NULL, &err));
    SHOW(clGetProgramInfo(NULL, CL_PROGRAM_SOURCE, 0, NULL, &n));
    SHOW(clGetProgramInfo(built, 0xffff, 0, NULL, &n));
    SHOW(clGetProgramInfo(built, CL_PROGRAM_SOURCE, 1, bytes, NULL));
    SHOW(clGetProgramBuildInfo(NULL, cl.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &n));
    SHOW(clGetProgramBuildInfo(built, NULL, CL_PROGRAM_BUILD_LOG, 0, NULL, &n));
    SHOW(clGetProgramBuildInfo(built, cl.device, 0xffff, 0, NULL, &n));
    SHOW_MADE(clCreateKernel(NULL, "k", &err));
    SHOW_MADE(clCreateKernel(built, NULL, &err));
    SHOW_MADE(clCreateKernel(built, "nothing", &err));
    SHOW_MADE(clCreateKernel(unbuilt, "k", &err));
}

static void kernels(void)
{
    size_t one = 1, many[3] = {4, 4, 4}, huge = (size_t)1 << 40;
    int x = 0;
    SHOW(clRetainKernel(NULL));
    SHOW(clReleaseKernel(NULL));
    SHOW(
        clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL)); /* no arguments */
    SHOW(clSetKernelArg(NULL, 0, 4, &x));
    SHOW(clSetKernelArg(k, 9, 4, &x));
    SHOW(clSetKernelArg(k, 1, 3, &x));
    SHOW(clSetKernelArg(k, 0, 4, &x));
    SHOW(clSetKernelArg(k, 0, sizeof(cl_mem), &m));
    SHOW(clSetKernelArg(k, 1, 4, &x));
    SHOW(clEnqueueNDRangeKernel(NULL, k, 1, NULL, &one, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 0, NULL, &one, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 4, NULL, many, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, &huge, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(other.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL));
    SHOW(clGetKernelInfo(NULL, CL_KERNEL_NUM_ARGS, 0, NULL, &n));
    SHOW(clGetKernelInfo(k, 0xffff, 0, NULL, &n));
    SHOW(clGetKernelInfo(k, CL_KERNEL_FUNCTION_NAME, 1, bytes, NULL));
    SHOW(clGetKernelArgInfo(NULL, 0, CL_KERNEL_ARG_NAME, 0, NULL, &n));
    SHOW(clGetKernelArgInfo(k, 99, CL_KERNEL_ARG_NAME, 0, NULL, &n));
    SHOW(clGetKernelWorkGroupInfo(NULL, cl.device, CL_KERNEL_WORK_GROUP_SIZE, 0, NULL, &n));
    SHOW(clGetKernelWorkGroupInfo(k, cl.device, 0xffff, 0, NULL, &n));
    SHOW(clEnqueueNativeKernel(cl.queue, NULL, NULL, 0, 0, NULL, NULL, 0, NULL, NULL));
    CL(clFinish(cl.queue));
}

static void events(void)
{
    cl_event none = NULL, both[2] = {gate, NULL};
    SHOW(clWaitForEvents(0, NULL));
    SHOW(clWaitForEvents(0, &gate));
    SHOW(clWaitForEvents(1, NULL));
    SHOW(clWaitForEvents(1, &none));
    SHOW(clWaitForEvents(2, both));
    SHOW(clRetainEvent(NULL));
    SHOW(clReleaseEvent(NULL));
    SHOW(clGetEventInfo(NULL, CL_EVENT_CONTEXT, 0, NULL, &n));
    SHOW(clGetEventInfo(gate, 0xffff, 0, NULL, &n));
    SHOW(clGetEventInfo(gate, CL_EVENT_CONTEXT, 1, bytes, NULL));
    SHOW(clGetEventProfilingInfo(NULL, CL_PROFILING_COMMAND_END, 0, NULL, &n));
    SHOW(clSetEventCallback(NULL, CL_COMPLETE, NULL, NULL));
    SHOW(clSetEventCallback(gate, CL_COMPLETE, NULL, NULL));
    SHOW_MADE(clCreateUserEvent(NULL, &err));
    SHOW(clSetUserEventStatus(NULL, CL_COMPLETE));
    SHOW(clSetUserEventStatus(gate, CL_RUNNING));
    SHOW(clEnqueueMarkerWithWaitList(NULL, 0, NULL, NULL));
    SHOW(clEnqueueMarkerWithWaitList(cl.queue, 1, NULL, NULL));
    SHOW(clEnqueueMarkerWithWaitList(cl.queue, 1, &none, NULL));
    SHOW(clEnqueueBarrierWithWaitList(cl.queue, 1, &none, NULL));
    SHOW(clEnqueueMarker(cl.queue, NULL));
    SHOW(clEnqueueBarrier(NULL));
}

/* clang-format on */

int main(void)
{
    cl_int err;
    setvbuf(stdout, NULL, _IOLBF, 0);
    cl = cl_open(0);
    other = cl_open(0);
    m = cl_buffer(&cl, 4096);
    other_m = cl_buffer(&other, 4096);
    built = cl_build(&cl, "kernel void k(global int *a, int b) { *a = b; }");
    const char *source = "kernel void k() {}";
    unbuilt = clCreateProgramWithSource(cl.context, 1, &source, NULL, &err);
    k = clCreateKernel(built, "k", &err);
    gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    platforms_and_devices();
    contexts_and_queues();
    buffers();
    transfers();
    rectangles();
    maps();
    pipes();
    programs();
    kernels();
    events();
    return 0;
}
