// SPDX-License-Identifier: MIT
/*
 * Queues, contexts, sub-devices and native kernels.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void context_info_is_as_created(void)
{
    cl_platform_id platform;
    cl_device_id device, found;
    cl_context_properties got[3];
    cl_uint n = 0;
    cl_int err;
    struct cl cl = cl_open(0);
    platform = cl.platform;
    device = cl.device;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    cl_context c = clCreateContext(properties, 1, &device, NULL, NULL, &err);
    CL(err);
    CL(clGetContextInfo(c, CL_CONTEXT_NUM_DEVICES, sizeof(n), &n, NULL));
    CL(clGetContextInfo(c, CL_CONTEXT_DEVICES, sizeof(found), &found, NULL));
    CL(clGetContextInfo(c, CL_CONTEXT_PROPERTIES, sizeof(got), got, NULL));
    CHECK(n == 1 && found == device && !memcmp(got, properties, sizeof(got)));
    CL(clReleaseContext(c));
    c = clCreateContextFromType(properties, CL_DEVICE_TYPE_ALL, NULL, NULL, &err);
    CL(err);
    CL(clGetContextInfo(c, CL_CONTEXT_NUM_DEVICES, sizeof(n), &n, NULL));
    CHECK(n >= 1);
    CL(clReleaseContext(c));
    cl_close(&cl);
}

static void queue_info_is_as_created(void)
{
    struct cl cl = cl_open(CL_QUEUE_PROFILING_ENABLE);
    cl_context context;
    cl_device_id device;
    cl_uint refs;
    cl_command_queue_properties properties;
    CL(clRetainCommandQueue(cl.queue));
    CL(clGetCommandQueueInfo(cl.queue, CL_QUEUE_CONTEXT, sizeof(context), &context, NULL));
    CL(clGetCommandQueueInfo(cl.queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL));
    CL(clGetCommandQueueInfo(cl.queue, CL_QUEUE_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    CL(clGetCommandQueueInfo(cl.queue, CL_QUEUE_PROPERTIES, sizeof(properties), &properties, NULL));
    CHECK(context == cl.context && device == cl.device && refs == 2 &&
          properties == CL_QUEUE_PROFILING_ENABLE);
    CL(clReleaseCommandQueue(cl.queue));
    cl_close(&cl);
}

static void a_queue_can_be_made_with_properties(void)
{
    struct cl cl = cl_open(0);
    cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0};
    cl_command_queue_properties properties = 0;
    cl_int err;
    cl_command_queue q = clCreateCommandQueueWithProperties(cl.context, cl.device, list, &err);
    CL(err);
    CL(clGetCommandQueueInfo(q, CL_QUEUE_PROPERTIES, sizeof(properties), &properties, NULL));
    CHECK(properties == CL_QUEUE_PROFILING_ENABLE);
    CL(clReleaseCommandQueue(q));
    cl_close(&cl);
}

/* Commands of an out-of-order queue are ordered by their wait lists alone. */
static void an_out_of_order_queue_keeps_wait_lists(void)
{
    enum { N = 40 };
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_mem m = cl_buffer(&cl, 4);
    cl_event last = NULL, e;
    uint32_t out = 0;
    cl_kernel k = cl_kernel_of(&cl,
                               "kernel void k(global uint *p, uint i)\n"
                               "{ *p = *p * 3 + i; }\n",
                               "k");
    size_t one = 1;
    uint32_t expected = 1;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, &expected, 0, NULL, NULL));
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    for (uint32_t i = 0; i < N; i++) {
        CL(clSetKernelArg(k, 1, sizeof(i), &i));
        CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, last ? 1 : 0,
                                  last ? &last : NULL, &e));
        if (last)
            CL(clReleaseEvent(last));
        last = e;
        expected = expected * 3 + i;
    }
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &out, 1, &last, NULL));
    CHECK(out == expected);
    CL(clReleaseEvent(last));
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_barrier_orders_an_out_of_order_queue(void)
{
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_mem m = cl_buffer(&cl, 1 << 20);
    uint8_t *out = malloc(1 << 20);
    for (uint8_t i = 1; i < 20; i++) {
        CL(clEnqueueFillBuffer(cl.queue, m, &i, 1, 0, 1 << 20, 0, NULL, NULL));
        CL(clEnqueueBarrierWithWaitList(cl.queue, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, 1 << 20, out, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CHECK(out[0] == i && out[(1 << 20) - 1] == i);
    }
    CL(clReleaseMemObject(m));
    free(out);
    cl_close(&cl);
}

static void sub_devices_compute(void)
{
    struct cl cl = cl_open(0);
    cl_uint units = 0, n = 0;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(units), &units, NULL));
    if (units >= 2) {
        cl_device_partition_property by_counts[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1, 1,
                                                    CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
        cl_device_id sub[2] = {0}, parent = NULL;
        cl_int err;
        CL(clCreateSubDevices(cl.device, by_counts, 0, NULL, &n));
        CHECK(n == 2);
        CL(clCreateSubDevices(cl.device, by_counts, 2, sub, NULL));
        CL(clGetDeviceInfo(sub[1], CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent, NULL));
        CHECK(parent == cl.device && sub[0] != sub[1]);
        CL(clGetDeviceInfo(sub[0], CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(units), &units, NULL));
        CHECK(units == 1);
        CL(clRetainDevice(sub[0]));
        CL(clReleaseDevice(sub[0]));
        cl_context c = clCreateContext(NULL, 2, sub, NULL, NULL, &err);
        CL(err);
        cl_command_queue q = clCreateCommandQueue(c, sub[1], 0, &err);
        CL(err);
        cl_mem m = clCreateBuffer(c, CL_MEM_READ_WRITE, 4, NULL, &err);
        CL(err);
        uint32_t in = 99, out = 0;
        CL(clEnqueueFillBuffer(q, m, &in, 4, 0, 4, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(q, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
        CHECK(out == 99);
        CL(clReleaseMemObject(m));
        CL(clReleaseCommandQueue(q));
        CL(clReleaseContext(c));
        /* PoCL (3.1) crashes if a sub-device goes while a thread of its own still
         * tidies up after the last command. */
        sleep_ms(100);
        CL(clReleaseDevice(sub[0]));
        CL(clReleaseDevice(sub[1]));
    }
    cl_device_partition_property too_many[] = {CL_DEVICE_PARTITION_EQUALLY, 1000000, 0};
    CHECK(clCreateSubDevices(cl.device, too_many, 0, NULL, &n) != CL_SUCCESS);
    cl_close(&cl);
}

struct native_args {
    uint32_t *p;
    uint32_t n;
    uint32_t *sum;
};

static int native_order;

static void CL_CALLBACK native_sum(void *opaque)
{
    struct native_args *a = opaque;
    *a->sum = 0;
    for (uint32_t i = 0; i < a->n; i++)
        *a->sum += a->p[i];
    __atomic_add_fetch(&native_order, 1, __ATOMIC_SEQ_CST);
}

/* The function sees what was written before it, and what follows sees what it
 * wrote; its arguments are copied at the call. */
static void a_native_kernel_runs_in_order_on_buffers(void)
{
    struct cl cl = cl_open(0);
    enum { N = 10000 };
    cl_mem m[2] = {cl_buffer(&cl, N * 4), cl_buffer(&cl, 4)};
    uint32_t out = 0, three = 3;
    cl_event e;
    cl_command_type type;
    for (int i = 0; i < 5; i++) {
        struct native_args args = {NULL, N, NULL};
        const void *where[2] = {&args.p, &args.sum};
        __atomic_store_n(&native_order, 0, __ATOMIC_SEQ_CST);
        CL(clEnqueueFillBuffer(cl.queue, m[0], &three, 4, 0, N * 4, 0, NULL, NULL));
        CL(clEnqueueNativeKernel(cl.queue, native_sum, &args, sizeof(args), 2, m, where, 0, NULL,
                                 &e));
        memset(&args, 0xff, sizeof(args));
        CL(clEnqueueReadBuffer(cl.queue, m[1], CL_TRUE, 0, 4, &out, 0, NULL, NULL));
        CHECK(out == 3 * N && __atomic_load_n(&native_order, __ATOMIC_SEQ_CST) == 1);
        CL(clGetEventInfo(e, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
        CHECK(type == CL_COMMAND_NATIVE_KERNEL);
        CL(clWaitForEvents(1, &e));
        CL(clReleaseEvent(e));
    }
    CL(clReleaseMemObject(m[0]));
    CL(clReleaseMemObject(m[1]));
    cl_close(&cl);
}

static void CL_CALLBACK native_count(void *opaque)
{
    __atomic_add_fetch(*(int **)opaque, 1, __ATOMIC_SEQ_CST);
}

static void a_native_kernel_needs_no_buffers(void)
{
    struct cl cl = cl_open(0);
    int count = 0, *p = &count;
    cl_int err;
    cl_event gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueNativeKernel(cl.queue, native_count, &p, sizeof(p), 0, NULL, NULL, 1, &gate, NULL));
    CL(clFlush(cl.queue));
    sleep_ms(30);
    CHECK(__atomic_load_n(&count, __ATOMIC_SEQ_CST) == 0);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    CHECK(__atomic_load_n(&count, __ATOMIC_SEQ_CST) == 1);
    CL(clReleaseEvent(gate));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(context_info_is_as_created),
    CASE(queue_info_is_as_created),
    CASE(a_queue_can_be_made_with_properties),
    CASE(an_out_of_order_queue_keeps_wait_lists),
    CASE(a_barrier_orders_an_out_of_order_queue),
    CASE(sub_devices_compute),
    CASE(a_native_kernel_runs_in_order_on_buffers),
    CASE(a_native_kernel_needs_no_buffers),
};

CHECK_MAIN(cases)
