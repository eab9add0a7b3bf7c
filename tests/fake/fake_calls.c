// SPDX-License-Identifier: MIT
#include "fake_calls.h"

#include "extension_types.h"

INFO(platform_info, cl_platform_id, HCL_PLATFORM, cl_platform_info)
INFO(profiling_info, cl_event, HCL_EVENT, cl_profiling_info)

static cl_int CL_API_CALL device_info(cl_device_id h, cl_device_info name, size_t size, void *value,
                                      size_t *ret)
{
    static const char *const strings[] = {"one", "", "three"};
    cl_device_type type = CL_DEVICE_TYPE_CPU;
    cl_uint queues = 4;
    fake_of(h, HCL_DEVICE);
    switch (name) {
    case CL_DEVICE_SPIRV_EXTENSIONS_KHR:
    case CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR:
        return give(strings, sizeof(strings), size, value, ret);
    case CL_DEVICE_TYPE:
        return give(&type, sizeof(type), size, value, ret);
    case CL_DEVICE_MAX_ON_DEVICE_QUEUES:
        return give(&queues, sizeof(queues), size, value, ret);
    default:
        return some_info(name, size, value, ret);
    }
}

static cl_int CL_API_CALL context_info(cl_context h, cl_context_info name, size_t size, void *value,
                                       size_t *ret)
{
    struct fake *device = fake_device();
    fake_of(h, HCL_CONTEXT);
    return name == CL_CONTEXT_DEVICES ? give(&device, sizeof(device), size, value, ret)
                                      : some_info(name, size, value, ret);
}

static cl_int CL_API_CALL event_info(cl_event h, cl_event_info name, size_t size, void *value,
                                     size_t *ret)
{
    struct fake *e = fake_of(h, HCL_EVENT);
    return name == CL_EVENT_COMMAND_EXECUTION_STATUS
               ? give(&e->status, sizeof(e->status), size, value, ret)
               : some_info(name, size, value, ret);
}

static cl_int CL_API_CALL get_platforms(cl_uint n, cl_platform_id *out, cl_uint *count)
{
    if (out && n)
        out[0] = (cl_platform_id)fake_platform();
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL get_devices(cl_platform_id p, cl_device_type type, cl_uint n,
                                      cl_device_id *out, cl_uint *count)
{
    fake_of(p, HCL_PLATFORM);
    if (!type)
        return CL_INVALID_DEVICE_TYPE;
    if (out && n)
        out[0] = (cl_device_id)fake_device();
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL create_sub_devices(cl_device_id d, const cl_device_partition_property *p,
                                             cl_uint n, cl_device_id *out, cl_uint *count)
{
    fake_of(d, HCL_DEVICE);
    while (*p)
        p++;
    for (cl_uint i = 0; out && i < n && i < 3; i++)
        out[i] = (cl_device_id)fake_create(HCL_DEVICE);
    if (count)
        *count = 3;
    return out && n < 3 ? CL_INVALID_VALUE : CL_SUCCESS;
}

/* A list of pairs that ends with 0. */
static void read_properties(const intptr_t *p)
{
    while (p && *p) {
        if (*p == CL_CONTEXT_PLATFORM)
            fake_of((void *)p[1], HCL_PLATFORM);
        p += 2;
    }
}

typedef void(CL_CALLBACK *context_fn)(const char *, const void *, size_t, void *);

static cl_context CL_API_CALL create_context(const cl_context_properties *p, cl_uint n,
                                             const cl_device_id *devices, context_fn fn,
                                             void *opaque, cl_int *ret)
{
    read_properties(p);
    for (cl_uint i = 0; i < n; i++)
        fake_of(devices[i], HCL_DEVICE);
    if (fn)
        fn("something", "else", 5, opaque);
    return n ? made(fake_create(HCL_CONTEXT), ret) : failed(ret, CL_INVALID_VALUE);
}

static cl_context CL_API_CALL create_context_from_type(const cl_context_properties *p,
                                                       cl_device_type type, context_fn fn,
                                                       void *opaque, cl_int *ret)
{
    cl_device_id d = (cl_device_id)fake_device();
    return type ? create_context(p, 1, &d, fn, opaque, ret) : failed(ret, CL_INVALID_DEVICE_TYPE);
}

static cl_command_queue CL_API_CALL create_queue(cl_context c, cl_device_id d,
                                                 cl_command_queue_properties p, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    fake_of(d, HCL_DEVICE);
    if (p > 3)
        return failed(ret, CL_INVALID_VALUE);
    struct fake *q = fake_create(HCL_QUEUE);
    q->parent = (struct fake *)c;
    fake_retain(q->parent);
    return made(q, ret);
}

static struct fake *default_queue;

/* The first device queue is the default one, and is made but once. */
static cl_command_queue CL_API_CALL create_queue_with_properties(cl_context c, cl_device_id d,
                                                                 const cl_queue_properties *p,
                                                                 cl_int *ret)
{
    bool on_device = p && p[0] == CL_QUEUE_PROPERTIES && (p[1] & CL_QUEUE_ON_DEVICE);
    read_properties64(p);
    if (on_device && default_queue && default_queue->refs > 0) {
        fake_retain(default_queue);
        return made(default_queue, ret);
    }
    cl_command_queue q = create_queue(c, d, 0, ret);
    if (on_device)
        default_queue = (struct fake *)q;
    return q;
}

static cl_int CL_API_CALL set_default_queue(cl_context c, cl_device_id d, cl_command_queue q)
{
    fake_of(c, HCL_CONTEXT);
    if (!d || !q)
        return d ? CL_INVALID_COMMAND_QUEUE : CL_INVALID_DEVICE;
    fake_of(d, HCL_DEVICE);
    default_queue = fake_of(q, HCL_QUEUE);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL queue_info(cl_command_queue h, cl_command_queue_info name, size_t size,
                                     void *value, size_t *ret)
{
    struct fake *q = fake_of(h, HCL_QUEUE), *device = fake_device();
    switch (name) {
    case CL_QUEUE_CONTEXT:
        return give(&q->parent, sizeof(q->parent), size, value, ret);
    case CL_QUEUE_DEVICE:
        return give(&device, sizeof(device), size, value, ret);
    case CL_QUEUE_DEVICE_DEFAULT:
        return give(&default_queue, sizeof(default_queue), size, value, ret);
    default:
        return some_info(name, size, value, ret);
    }
}

static cl_int CL_API_CALL set_queue_property(cl_command_queue q, cl_command_queue_properties p,
                                             cl_bool on, cl_command_queue_properties *old)
{
    (void)p, (void)on;
    fake_of(q, HCL_QUEUE);
    if (old)
        *old = 0;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL on_queue(cl_command_queue q)
{
    fake_of(q, HCL_QUEUE);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL on_context_end(cl_context c, void(CL_CALLBACK *fn)(cl_context, void *),
                                         void *opaque)
{
    fake_on_end(fake_of(c, HCL_CONTEXT), (void *)fn, opaque);
    return CL_SUCCESS;
}

static cl_event CL_API_CALL create_user_event(cl_context c, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    struct fake *e = fake_create(HCL_EVENT);
    e->status = CL_SUBMITTED;
    e->is_user = true;
    return made(e, ret);
}

static cl_int CL_API_CALL set_user_event(cl_event e, cl_int status)
{
    struct fake *f = fake_of(e, HCL_EVENT);
    if (status > 0)
        return CL_INVALID_VALUE;
    if (!f->is_user)
        return CL_INVALID_EVENT;
    if (f->status <= 0)
        return CL_INVALID_OPERATION;
    fake_set_status(f, status);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL on_event(cl_event e, cl_int type,
                                   void(CL_CALLBACK *fn)(cl_event, cl_int, void *), void *opaque)
{
    struct fake *f = fake_of(e, HCL_EVENT);
    if (type < CL_COMPLETE || type > CL_SUBMITTED)
        return CL_INVALID_VALUE;
    fake_on_end(f, (void *)fn, opaque);
    return CL_SUCCESS;
}

/* There is but one thread: as if another one set the user events. */
static cl_int CL_API_CALL wait_for(cl_uint n, const cl_event *list)
{
    cl_int ret = CL_SUCCESS;
    for (cl_uint i = 0; i < n; i++)
        fake_of(list[i], HCL_EVENT);
    fake_native_settle();
    for (cl_uint i = 0; i < n; i++)
        if (fake_of(list[i], HCL_EVENT)->status < 0)
            ret = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    return ret;
}

static cl_int CL_API_CALL finish(cl_command_queue q)
{
    fake_of(q, HCL_QUEUE);
    fake_native_settle();
    return CL_SUCCESS;
}

static cl_int CL_API_CALL marker(cl_command_queue q, cl_uint n, const cl_event *list, cl_event *e)
{
    return fake_plain(q, NULL, n, list, e);
}

static cl_int CL_API_CALL old_marker(cl_command_queue q, cl_event *e)
{
    return e ? fake_plain(q, NULL, 0, NULL, e) : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL queue_waits(cl_command_queue q, cl_uint n, const cl_event *list)
{
    return n ? fake_plain(q, NULL, n, list, NULL) : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL timers(cl_device_id d, cl_ulong *device, cl_ulong *host)
{
    fake_of(d, HCL_DEVICE);
    if (!device || !host)
        return CL_INVALID_VALUE;
    *device = *host = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL host_timer(cl_device_id d, cl_ulong *host)
{
    fake_of(d, HCL_DEVICE);
    if (!host)
        return CL_INVALID_VALUE;
    *host = 1;
    return CL_SUCCESS;
}

COUNTED(device, cl_device_id, HCL_DEVICE)
COUNTED(context, cl_context, HCL_CONTEXT)
COUNTED(queue, cl_command_queue, HCL_QUEUE)
COUNTED(event, cl_event, HCL_EVENT)

void fake_native_fill(cl_icd_dispatch *cl)
{
    default_queue = NULL;
    cl->clGetPlatformIDs = get_platforms;
    cl->clGetPlatformInfo = platform_info;
    cl->clGetDeviceIDs = get_devices;
    cl->clGetDeviceInfo = device_info;
    cl->clCreateSubDevices = create_sub_devices;
    cl->clRetainDevice = retain_device;
    cl->clReleaseDevice = release_device;
    cl->clGetDeviceAndHostTimer = timers;
    cl->clGetHostTimer = host_timer;
    cl->clCreateContext = create_context;
    cl->clCreateContextFromType = create_context_from_type;
    cl->clRetainContext = retain_context;
    cl->clReleaseContext = release_context;
    cl->clGetContextInfo = context_info;
    cl->clSetContextDestructorCallback = on_context_end;
    cl->clCreateCommandQueue = create_queue;
    cl->clCreateCommandQueueWithProperties = create_queue_with_properties;
    cl->clSetDefaultDeviceCommandQueue = set_default_queue;
    cl->clRetainCommandQueue = retain_queue;
    cl->clReleaseCommandQueue = release_queue;
    cl->clGetCommandQueueInfo = queue_info;
    cl->clSetCommandQueueProperty = set_queue_property;
    cl->clFlush = on_queue;
    cl->clFinish = finish;
    cl->clCreateUserEvent = create_user_event;
    cl->clSetUserEventStatus = set_user_event;
    cl->clWaitForEvents = wait_for;
    cl->clGetEventInfo = event_info;
    cl->clSetEventCallback = on_event;
    cl->clRetainEvent = retain_event;
    cl->clReleaseEvent = release_event;
    cl->clGetEventProfilingInfo = profiling_info;
    cl->clEnqueueMarkerWithWaitList = marker;
    cl->clEnqueueBarrierWithWaitList = marker;
    cl->clEnqueueMarker = old_marker;
    cl->clEnqueueWaitForEvents = queue_waits;
    cl->clEnqueueBarrier = on_queue;
    fake_fill_memory(cl);
    fake_fill_programs(cl);
    fake_fill_svm(cl);
    fake_fill_extensions(cl);
}
