// SPDX-License-Identifier: MIT
/*
 * Queues on the device, where it has them. (What one says that has none,
 * absent.c pins.)
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

static bool has_device_queues(struct cl *cl)
{
    cl_uint n = 0;
    cl_int err = clGetDeviceInfo(cl->device, CL_DEVICE_MAX_ON_DEVICE_QUEUES, sizeof(n), &n, NULL);
    return !err && n;
}

#define ON_DEVICE (CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_ON_DEVICE)

static cl_command_queue make(struct cl *cl, cl_command_queue_properties more, cl_uint size)
{
    cl_int err;
    cl_queue_properties list[] = {CL_QUEUE_PROPERTIES, ON_DEVICE | more, CL_QUEUE_SIZE, size, 0};
    if (!size)
        list[2] = 0;
    cl_command_queue q = clCreateCommandQueueWithProperties(cl->context, cl->device, list, &err);
    CL(err);
    return q;
}

static cl_command_queue default_of(cl_command_queue q)
{
    cl_command_queue d = q;
    CL(clGetCommandQueueInfo(q, CL_QUEUE_DEVICE_DEFAULT, sizeof(d), &d, NULL));
    return d;
}

static cl_uint refs_of(cl_command_queue q)
{
    cl_uint refs = 0;
    CL(clGetCommandQueueInfo(q, CL_QUEUE_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    return refs;
}

static void device_queue_info_is_as_created(void)
{
    struct cl cl = cl_open(0);
    cl_queue_properties expected[] = {CL_QUEUE_PROPERTIES, ON_DEVICE, CL_QUEUE_SIZE, 4096, 0};
    cl_queue_properties got[8];
    cl_command_queue_properties properties = 0;
    cl_device_id device = NULL;
    cl_uint size = 0;
    size_t n = 0;
    cl_command_queue q = make(&cl, 0, 4096);
    CL(clGetCommandQueueInfo(q, CL_QUEUE_PROPERTIES, sizeof(properties), &properties, NULL));
    CL(clGetCommandQueueInfo(q, CL_QUEUE_SIZE, sizeof(size), &size, NULL));
    CL(clGetCommandQueueInfo(q, CL_QUEUE_DEVICE, sizeof(device), &device, NULL));
    CHECK(properties == ON_DEVICE && size >= 4096 && device == cl.device);
    if (!clGetCommandQueueInfo(q, CL_QUEUE_PROPERTIES_ARRAY, sizeof(got), got, &n))
        CHECK(n == sizeof(expected) && !memcmp(got, expected, n));
    CL(clReleaseCommandQueue(q));
    cl_close(&cl);
}

/* OpenCL 3.0 §5.1: there is one for a device and a context, however often it is
 * asked for. */
static void the_default_queue_is_one(void)
{
    struct cl cl = cl_open(0);
    cl_command_queue a = make(&cl, CL_QUEUE_ON_DEVICE_DEFAULT, 0);
    CHECK(refs_of(a) == 1 && default_of(a) == a && default_of(cl.queue) == a);
    cl_command_queue b = make(&cl, CL_QUEUE_ON_DEVICE_DEFAULT, 0);
    CHECK(a == b && refs_of(a) == 2);
    CL(clReleaseCommandQueue(b));
    CHECK(refs_of(a) == 1);
    CL(clReleaseCommandQueue(a));
    cl_close(&cl);
}

static void the_default_queue_can_be_replaced(void)
{
    struct cl cl = cl_open(0);
    cl_device_device_enqueue_capabilities can = 0;
    clGetDeviceInfo(cl.device, CL_DEVICE_DEVICE_ENQUEUE_CAPABILITIES, sizeof(can), &can, NULL);
    if (can & CL_DEVICE_QUEUE_REPLACEABLE_DEFAULT) {
        cl_command_queue a = make(&cl, CL_QUEUE_ON_DEVICE_DEFAULT, 0), b = make(&cl, 0, 0);
        CHECK(a != b && default_of(b) == a);
        CL(clSetDefaultDeviceCommandQueue(cl.context, cl.device, b));
        CHECK(default_of(a) == b && default_of(b) == b && default_of(cl.queue) == b);
        CHECK(clSetDefaultDeviceCommandQueue(cl.context, cl.device, cl.queue)); /* on the host */
        CHECK(default_of(a) == b);
        CL(clReleaseCommandQueue(a));
        CL(clReleaseCommandQueue(b));
    }
    cl_close(&cl);
}

static const char source[] =
    "kernel void parent(global int *p, queue_t given)\n"
    "{\n"
    "    enqueue_kernel(given, CLK_ENQUEUE_FLAGS_WAIT_KERNEL, ndrange_1D(4),\n"
    "                   ^{ atomic_add(p, 1); });\n"
    "    enqueue_kernel(get_default_queue(), CLK_ENQUEUE_FLAGS_WAIT_KERNEL, ndrange_1D(4),\n"
    "                   ^{ atomic_add(p + 1, 1); });\n"
    "}\n";

static void a_kernel_enqueues_kernels(void)
{
    struct cl cl = cl_open(0);
    const char *text = source;
    int out[2] = {0, 0};
    size_t one = 1;
    cl_int err;
    cl_command_queue standard = make(&cl, CL_QUEUE_ON_DEVICE_DEFAULT, 0), q = make(&cl, 0, 0);
    cl_program program = clCreateProgramWithSource(cl.context, 1, &text, NULL, &err);
    CL(err);
    CL(clBuildProgram(program, 1, &cl.device, "-cl-std=CL2.0", NULL, NULL));
    cl_kernel k = clCreateKernel(program, "parent", &err);
    CL(err);
    cl_mem m = cl_buffer(&cl, sizeof(out));
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(q), &q));
    CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    CHECK(out[0] == 4 && out[1] == 4);
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    CL(clReleaseProgram(program));
    CL(clReleaseCommandQueue(q));
    CL(clReleaseCommandQueue(standard));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(device_queue_info_is_as_created),
    CASE(the_default_queue_is_one),
    CASE(the_default_queue_can_be_replaced),
    CASE(a_kernel_enqueues_kernels),
};

int main(int argc, char **argv)
{
    struct cl cl = cl_open(0);
    bool has = has_device_queues(&cl);
    cl_close(&cl);
    if (has)
        return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
    puts("skipped: the runtime's first device has no queues on the device");
    return 77;
}
