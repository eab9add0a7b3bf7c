// SPDX-License-Identifier: MIT
/*
 * What every kind of object tells about itself: each query's error, size and
 * value, and the errors for a value that has no room. It must read the same
 * through us. Handles are shown by name, since their values differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct cl cl;

/* ------------------------------------------------------------------ handles */

static struct {
    const void *handle;
    const char *name;
} known[64];
static size_t num_known;

static void name_handle(const char *name, const void *handle)
{
    if (handle && num_known < sizeof(known) / sizeof(known[0])) {
        known[num_known].handle = handle;
        known[num_known++].name = name;
    }
}

static const char *handle_name(const void *at)
{
    const void *h;
    memcpy(&h, at, sizeof(h));
    for (size_t i = 0; i < num_known; i++)
        if (known[i].handle == h)
            return known[i].name;
    return NULL;
}

static void show_value(const unsigned char *value, size_t n)
{
    for (size_t i = 0; i < n;) {
        const char *name = n % sizeof(void *) ? NULL : handle_name(value + i);
        if (i % sizeof(void *) == 0 && name) {
            printf(" [%s]", name);
            i += sizeof(void *);
        } else {
            printf(" %02x", value[i++]);
        }
    }
    printf("\n");
}

/* ------------------------------------------------------------------ queries */

typedef cl_int (*query_fn)(void *object, cl_uint name, size_t size, void *value, size_t *ret);

#define VALUE_MAX 65536

static void show(const char *what, query_fn query, void *object, cl_uint name)
{
    static unsigned char value[VALUE_MAX];
    size_t n = 12345, again = 12345;
    cl_int err = query(object, name, 0, NULL, &n);
    printf("%s %04x: %d", what, name, err);
    if (err) {
        memset(value, 0, sizeof(value));
        printf(" %d\n", query(object, name, sizeof(value), value, NULL));
        return;
    }
    printf(" %zu bytes", n);
    if (n > sizeof(value)) {
        printf("\n");
        return;
    }
    memset(value, 0x55, sizeof(value));
    if (n)
        printf(", one too few %d", query(object, name, n - 1, value, NULL));
    err = query(object, name, n + 1, value, &again);
    printf(", one too many %d %zu:", err, again);
    show_value(value, err ? 0 : n);
    CHECK(n == sizeof(value) || value[n] == 0x55);
}

static void show_all(const char *what, query_fn query, void *object, cl_uint first, cl_uint last)
{
    for (cl_uint name = first; name <= last; name++)
        show(what, query, object, name);
}

#define QUERY(fn, call, type)                                                                      \
    static cl_int fn(void *object, cl_uint name, size_t size, void *value, size_t *ret)            \
    {                                                                                              \
        return call((type)object, name, size, value, ret);                                         \
    }

QUERY(context_info, clGetContextInfo, cl_context)
QUERY(queue_info, clGetCommandQueueInfo, cl_command_queue)
QUERY(mem_info, clGetMemObjectInfo, cl_mem)
QUERY(image_info, clGetImageInfo, cl_mem)
QUERY(sampler_info, clGetSamplerInfo, cl_sampler)
QUERY(program_info, clGetProgramInfo, cl_program)
QUERY(kernel_info, clGetKernelInfo, cl_kernel)
QUERY(event_info, clGetEventInfo, cl_event)
QUERY(device_info, clGetDeviceInfo, cl_device_id)

static cl_int build_info(void *object, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetProgramBuildInfo(object, cl.device, name, size, value, ret);
}

static cl_int work_group_info(void *object, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetKernelWorkGroupInfo(object, cl.device, name, size, value, ret);
}

/* With one device in the context, the device may be left out. */
static cl_int work_group_info_null(void *object, cl_uint name, size_t size, void *value,
                                   size_t *ret)
{
    return clGetKernelWorkGroupInfo(object, NULL, name, size, value, ret);
}

static cl_uint arg;

static cl_int arg_info(void *object, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetKernelArgInfo(object, arg, name, size, value, ret);
}

/* ------------------------------------------------------------------- objects */

static void contexts(void)
{
    cl_int err;
    cl_context_properties platform[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform, 0};
    cl_context_properties sync[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform,
                                    CL_CONTEXT_INTEROP_USER_SYNC, CL_FALSE, 0};
    cl_context_properties empty[] = {0};
    const cl_context_properties *lists[] = {NULL, empty, platform, sync};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        err = 12345;
        cl_context c = clCreateContext(lists[i], 1, &cl.device, NULL, NULL, &err);
        printf("context with list %zu: %d\n", i, err);
        if (!c)
            continue;
        show_all("context", context_info, c, CL_CONTEXT_REFERENCE_COUNT - 1,
                 CL_CONTEXT_NUM_DEVICES + 1);
        CL(clReleaseContext(c));
        err = 12345;
        c = clCreateContextFromType(lists[i], CL_DEVICE_TYPE_ALL, NULL, NULL, &err);
        printf("context from type with list %zu: %d\n", i, err);
        if (c) {
            show_all("context", context_info, c, CL_CONTEXT_REFERENCE_COUNT - 1,
                     CL_CONTEXT_NUM_DEVICES + 1);
            CL(clReleaseContext(c));
        }
    }
}

static void queues(void)
{
    static const cl_command_queue_properties sets[] = {
        0, CL_QUEUE_PROFILING_ENABLE, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE,
        CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        cl_int err = 12345;
        cl_command_queue q = clCreateCommandQueue(cl.context, cl.device, sets[i], &err);
        printf("queue with properties %x: %d\n", (unsigned)sets[i], err);
        if (!q)
            continue;
        show_all("queue", queue_info, q, CL_QUEUE_CONTEXT - 1, CL_QUEUE_PROPERTIES_ARRAY + 1);
        CL(clReleaseCommandQueue(q));
    }
}

static char host[65536] __attribute__((aligned(4096)));

static void buffers(void)
{
    static const cl_mem_flags flags[] = {
        0,
        CL_MEM_READ_WRITE,
        CL_MEM_READ_ONLY,
        CL_MEM_WRITE_ONLY | CL_MEM_HOST_READ_ONLY,
        CL_MEM_HOST_NO_ACCESS,
        CL_MEM_ALLOC_HOST_PTR,
        CL_MEM_COPY_HOST_PTR,
        CL_MEM_USE_HOST_PTR | CL_MEM_READ_ONLY,
        CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR,
        CL_MEM_KERNEL_READ_AND_WRITE,
    };
    cl_buffer_region half = {2048, 1024};
    name_handle("host pointer", host);
    name_handle("host pointer + 2048", host + 2048);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        bool from_host = flags[i] & (CL_MEM_COPY_HOST_PTR | CL_MEM_USE_HOST_PTR);
        cl_int err = 12345;
        cl_mem m = clCreateBuffer(cl.context, flags[i], 4096, from_host ? host : NULL, &err);
        printf("buffer with flags %x: %d\n", (unsigned)flags[i], err);
        if (!m)
            continue;
        name_handle("buffer", m);
        show_all("buffer", mem_info, m, CL_MEM_TYPE - 1, CL_MEM_PROPERTIES + 1);
        err = 12345;
        cl_mem sub = clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, &half, &err);
        printf("sub-buffer: %d\n", err);
        if (sub) {
            show_all("sub-buffer", mem_info, sub, CL_MEM_TYPE, CL_MEM_PROPERTIES);
            CL(clReleaseMemObject(sub));
        }
        num_known--;
        CL(clReleaseMemObject(m));
    }
    cl_mem_properties empty[] = {0};
    cl_int err = 12345;
    cl_mem m = clCreateBufferWithProperties(cl.context, empty, 0, 64, NULL, &err);
    printf("buffer with empty properties: %d\n", err);
    if (m) {
        show("buffer", mem_info, m, CL_MEM_PROPERTIES);
        CL(clReleaseMemObject(m));
    }
}

static void images(void)
{
    cl_image_format rgba = {CL_RGBA, CL_UNORM_INT8}, red = {CL_R, CL_FLOAT};
    cl_mem buffer = cl_buffer(&cl, 4096);
    const cl_image_desc descs[] = {
        {.image_type = CL_MEM_OBJECT_IMAGE1D, .image_width = 20},
        {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 20, .image_height = 10},
        {.image_type = CL_MEM_OBJECT_IMAGE3D,
         .image_width = 20,
         .image_height = 10,
         .image_depth = 5},
        {.image_type = CL_MEM_OBJECT_IMAGE1D_ARRAY, .image_width = 20, .image_array_size = 3},
        {.image_type = CL_MEM_OBJECT_IMAGE2D_ARRAY,
         .image_width = 20,
         .image_height = 10,
         .image_array_size = 3},
        {.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER, .image_width = 20, .mem_object = buffer},
    };
    name_handle("buffer", buffer);
    for (size_t i = 0; i < sizeof(descs) / sizeof(descs[0]); i++) {
        for (int from_host = 0; from_host < 2; from_host++) {
            bool copy = from_host && !descs[i].mem_object;
            cl_int err = 12345;
            cl_mem m = clCreateImage(cl.context, copy ? CL_MEM_COPY_HOST_PTR : 0,
                                     from_host ? &red : &rgba, &descs[i], copy ? host : NULL, &err);
            printf("image of type %x: %d\n", descs[i].image_type, err);
            if (!m)
                continue;
            show_all("image", mem_info, m, CL_MEM_TYPE, CL_MEM_PROPERTIES);
            show_all("image", image_info, m, CL_IMAGE_FORMAT - 1, CL_IMAGE_NUM_SAMPLES + 1);
            CL(clReleaseMemObject(m));
        }
    }
    num_known--;
    CL(clReleaseMemObject(buffer));
}

static void samplers(void)
{
    cl_sampler_properties list[] = {CL_SAMPLER_NORMALIZED_COORDS,
                                    CL_FALSE,
                                    CL_SAMPLER_ADDRESSING_MODE,
                                    CL_ADDRESS_CLAMP,
                                    CL_SAMPLER_FILTER_MODE,
                                    CL_FILTER_NEAREST,
                                    0};
    cl_sampler_properties empty[] = {0};
    cl_int err[4] = {1, 1, 1, 1};
    cl_sampler s[4] = {
        clCreateSampler(cl.context, CL_TRUE, CL_ADDRESS_MIRRORED_REPEAT, CL_FILTER_LINEAR, &err[0]),
        clCreateSamplerWithProperties(cl.context, list, &err[1]),
        clCreateSamplerWithProperties(cl.context, NULL, &err[2]),
        clCreateSamplerWithProperties(cl.context, empty, &err[3])};
    for (int i = 0; i < 4; i++) {
        printf("sampler %d: %d\n", i, err[i]);
        if (!s[i])
            continue;
        show_all("sampler", sampler_info, s[i], CL_SAMPLER_REFERENCE_COUNT - 1,
                 CL_SAMPLER_PROPERTIES + 1);
        CL(clReleaseSampler(s[i]));
    }
}

static const char source[] =
    "typedef struct { int a; float b; } pair;\n"
    "kernel __attribute__((reqd_work_group_size(4, 2, 1)))\n"
    "void first(global int *a, constant float *b, local int *c, const int d, pair e,\n"
    "           global const volatile float4 *restrict f) { *a = d; }\n"
    "kernel __attribute__((vec_type_hint(float4))) void second(global int *a) { *a = 1; }\n"
    "kernel void third(void) { }\n"
    "kernel void fourth(read_only image2d_t i, write_only image2d_t o, sampler_t s) { }\n";

/* What may differ from run to run: binaries and their sizes. */
static void show_program(const char *what, cl_program p)
{
    for (cl_uint name = CL_PROGRAM_REFERENCE_COUNT - 1;
         name <= CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT + 1; name++)
        if (name != CL_PROGRAM_BINARIES && name != CL_PROGRAM_BINARY_SIZES)
            show(what, program_info, p, name);
    show_all(what, build_info, p, CL_PROGRAM_BUILD_STATUS - 1, CL_PROGRAM_BUILD_OPTIONS);
    show_all(what, build_info, p, CL_PROGRAM_BINARY_TYPE,
             CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE + 1);
}

static void show_kernel(cl_kernel k)
{
    cl_uint n = 0;
    show_all("kernel", kernel_info, k, CL_KERNEL_FUNCTION_NAME - 1, CL_KERNEL_ATTRIBUTES + 1);
    show_all("kernel", work_group_info, k, CL_KERNEL_WORK_GROUP_SIZE - 1,
             CL_KERNEL_GLOBAL_WORK_SIZE + 1);
    show_all("kernel", work_group_info_null, k, CL_KERNEL_WORK_GROUP_SIZE,
             CL_KERNEL_PRIVATE_MEM_SIZE);
    CL(clGetKernelInfo(k, CL_KERNEL_NUM_ARGS, sizeof(n), &n, NULL));
    for (arg = 0; arg <= n; arg++)
        show_all("argument", arg_info, k, CL_KERNEL_ARG_ADDRESS_QUALIFIER - 1,
                 CL_KERNEL_ARG_NAME + 1);
}

static void programs_and_kernels(void)
{
    static const char *const names[] = {"first", "second", "third", "fourth"};
    const char *text[2] = {source, "kernel void fifth(void) { }\n"};
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl.context, 2, text, NULL, &err);
    CL(err);
    name_handle("program", p);
    show_program("program", p);
    CL(clBuildProgram(p, 0, NULL, "-cl-kernel-arg-info -DX=1", NULL, NULL));
    show_program("built", p);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cl_kernel k = clCreateKernel(p, names[i], &err);
        printf("kernel %s: %d\n", names[i], err);
        if (!k)
            continue;
        show_kernel(k);
        CL(clReleaseKernel(k));
    }
    num_known--;
    CL(clReleaseProgram(p));
    const char *bad = "kernel void k() { syntax }";
    p = clCreateProgramWithSource(cl.context, 1, &bad, NULL, &err);
    CL(err);
    printf("bad source: %d\n", clBuildProgram(p, 0, NULL, "", NULL, NULL));
    show("failed", build_info, p, CL_PROGRAM_BUILD_STATUS);
    show("failed", build_info, p, CL_PROGRAM_BINARY_TYPE);
    show("failed", program_info, p, CL_PROGRAM_NUM_KERNELS);
    show("failed", program_info, p, CL_PROGRAM_KERNEL_NAMES);
    CL(clReleaseProgram(p));
}

/* A runtime (PoCL) may hold the event of a completed command a moment longer. */
static void let_go_of(cl_event e)
{
    cl_uint refs = 0;
    for (int i = 0; i < 200 && refs != 1; i++) {
        sleep_ms(i ? 10 : 0);
        CL(clGetEventInfo(e, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    }
}

static void events(void)
{
    cl_int err;
    cl_event user = clCreateUserEvent(cl.context, &err), e;
    CL(err);
    show_all("user event", event_info, user, CL_EVENT_COMMAND_QUEUE - 1, CL_EVENT_CONTEXT + 1);
    CL(clSetUserEventStatus(user, -7));
    show_all("user event", event_info, user, CL_EVENT_COMMAND_QUEUE, CL_EVENT_CONTEXT);
    CL(clReleaseEvent(user));
    CL(clEnqueueMarkerWithWaitList(cl.queue, 0, NULL, &e));
    CL(clWaitForEvents(1, &e));
    let_go_of(e);
    show_all("marker", event_info, e, CL_EVENT_COMMAND_QUEUE - 1, CL_EVENT_CONTEXT + 1);
    for (cl_uint name = CL_PROFILING_COMMAND_QUEUED - 1; name <= CL_PROFILING_COMMAND_COMPLETE + 1;
         name++)
        printf("profiling %04x without it: %d\n", name,
               clGetEventProfilingInfo(e, name, 0, NULL, NULL));
    CL(clReleaseEvent(e));
}

static void sub_devices(void)
{
    cl_device_partition_property one[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1,
                                          CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_device_id d = NULL;
    cl_int err = clCreateSubDevices(cl.device, one, 1, &d, NULL);
    printf("sub-device: %d\n", err);
    if (err)
        return;
    show("sub-device", device_info, d, CL_DEVICE_PARENT_DEVICE);
    show("sub-device", device_info, d, CL_DEVICE_PLATFORM);
    show("sub-device", device_info, d, CL_DEVICE_PARTITION_TYPE);
    show("sub-device", device_info, d, CL_DEVICE_PARTITION_PROPERTIES);
    show("sub-device", device_info, d, CL_DEVICE_PARTITION_MAX_SUB_DEVICES);
    show("sub-device", device_info, d, CL_DEVICE_MAX_COMPUTE_UNITS);
    show("sub-device", device_info, d, CL_DEVICE_REFERENCE_COUNT);
    show("sub-device", device_info, d, CL_DEVICE_TYPE);
    CL(clReleaseDevice(d));
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    cl = cl_open(0);
    name_handle("platform", cl.platform);
    name_handle("device", cl.device);
    name_handle("context", cl.context);
    name_handle("queue", cl.queue);
    contexts();
    queues();
    buffers();
    images();
    samplers();
    programs_and_kernels();
    events();
    sub_devices();
    return 0;
}
