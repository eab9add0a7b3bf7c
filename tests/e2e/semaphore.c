// SPDX-License-Identifier: MIT
/* cl_khr_semaphore: one queue signals, another waits. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "extension_types.h"

static struct {
    cl_semaphore_khr(CL_API_CALL *create)(cl_context, const cl_semaphore_properties_khr *,
                                          cl_int *);
    cl_int(CL_API_CALL *retain)(cl_semaphore_khr);
    cl_int(CL_API_CALL *release)(cl_semaphore_khr);
    cl_int(CL_API_CALL *wait)(cl_command_queue, cl_uint, const cl_semaphore_khr *,
                              const cl_semaphore_payload_khr *, cl_uint, const cl_event *,
                              cl_event *);
    cl_int(CL_API_CALL *signal)(cl_command_queue, cl_uint, const cl_semaphore_khr *,
                                const cl_semaphore_payload_khr *, cl_uint, const cl_event *,
                                cl_event *);
    cl_int(CL_API_CALL *info)(cl_semaphore_khr, cl_semaphore_info_khr, size_t, void *, size_t *);
} x;

static struct cl open_with_functions(void)
{
    static char list[16384];
    struct cl cl = cl_open(0);
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_EXTENSIONS, sizeof(list), list, NULL));
    if (!strstr(list, "cl_khr_semaphore"))
        exit(77);
    *(void **)&x.create = cl_function(&cl, "clCreateSemaphoreWithPropertiesKHR");
    *(void **)&x.retain = cl_function(&cl, "clRetainSemaphoreKHR");
    *(void **)&x.release = cl_function(&cl, "clReleaseSemaphoreKHR");
    *(void **)&x.wait = cl_function(&cl, "clEnqueueWaitSemaphoresKHR");
    *(void **)&x.signal = cl_function(&cl, "clEnqueueSignalSemaphoresKHR");
    *(void **)&x.info = cl_function(&cl, "clGetSemaphoreInfoKHR");
    return cl;
}

static const cl_semaphore_properties_khr binary[] = {CL_SEMAPHORE_TYPE_KHR,
                                                     CL_SEMAPHORE_TYPE_BINARY_KHR, 0};

static cl_semaphore_khr new_semaphore(struct cl *cl)
{
    cl_int err;
    cl_semaphore_khr s = x.create(cl->context, binary, &err);
    CL(err);
    CHECK(s);
    return s;
}

static void a_queue_waits_for_what_another_signals(void)
{
    struct cl cl = open_with_functions();
    cl_int err;
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    cl_semaphore_khr s = new_semaphore(&cl);
    cl_mem m = cl_buffer(&cl, 1 << 20);
    for (cl_uint i = 1; i <= 20; i++) {
        cl_uint out = 0;
        cl_event signalled = NULL;
        CL(clEnqueueFillBuffer(cl.queue, m, &i, sizeof(i), 0, 1 << 20, 0, NULL, NULL));
        CL(x.signal(cl.queue, 1, &s, NULL, 0, NULL, &signalled));
        CL(clFlush(cl.queue));
        CHECK(signalled);
        CL(x.wait(other, 1, &s, NULL, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(other, m, CL_TRUE, (1 << 20) - 4, 4, &out, 0, NULL, NULL));
        CHECK(out == i);
        CL(clReleaseEvent(signalled));
    }
    CL(x.release(s));
    CL(clReleaseMemObject(m));
    CL(clReleaseCommandQueue(other));
    cl_close(&cl);
}

static void it_knows_what_it_was_made_from(void)
{
    struct cl cl = open_with_functions();
    cl_semaphore_khr s = new_semaphore(&cl);
    cl_uint n = 0;
    cl_context context = NULL;
    cl_semaphore_properties_khr properties[8] = {0};
    size_t size = 0;
    CL(x.info(s, CL_SEMAPHORE_TYPE_KHR, sizeof(n), &n, NULL));
    CHECK(n == CL_SEMAPHORE_TYPE_BINARY_KHR);
    CL(x.info(s, CL_SEMAPHORE_CONTEXT_KHR, sizeof(context), &context, NULL));
    CHECK(context == cl.context);
    CL(x.info(s, CL_SEMAPHORE_PROPERTIES_KHR, sizeof(properties), properties, &size));
    CHECK(size == sizeof(binary) && !memcmp(properties, binary, size));
    CL(x.retain(s));
    CL(x.info(s, CL_SEMAPHORE_REFERENCE_COUNT_KHR, sizeof(n), &n, NULL));
    CHECK(n == 2);
    CL(x.release(s));
    CL(x.release(s));
    cl_close(&cl);
}

/* Handles in the list of properties. Versions before 1.0.0 had another name for it. */
static void it_may_be_of_some_devices(void)
{
    struct cl cl = open_with_functions();
    const cl_semaphore_properties_khr names[] = {CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR,
                                                 CL_DEVICE_HANDLE_LIST_KHR};
    for (size_t i = 0; i < 2; i++) {
        const cl_semaphore_properties_khr list[] = {
            names[i], (uintptr_t)cl.device, 0, CL_SEMAPHORE_TYPE_KHR, CL_SEMAPHORE_TYPE_BINARY_KHR,
            0};
        cl_semaphore_properties_khr properties[8] = {0};
        size_t size = 0;
        cl_int err = 0;
        cl_semaphore_khr s = x.create(cl.context, list, &err);
        if (!s) {
            CHECK(err == CL_INVALID_PROPERTY || err == CL_INVALID_VALUE);
            continue;
        }
        CL(x.info(s, CL_SEMAPHORE_PROPERTIES_KHR, sizeof(properties), properties, &size));
        CHECK(size == sizeof(list) && properties[1] == (uintptr_t)cl.device);
        CL(x.signal(cl.queue, 1, &s, NULL, 0, NULL, NULL));
        CL(x.wait(cl.queue, 1, &s, NULL, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CL(x.release(s));
    }
    cl_close(&cl);
}

static void errors_are_those_of_the_specification(void)
{
    struct cl cl = open_with_functions();
    cl_semaphore_properties_khr unknown[] = {CL_SEMAPHORE_TYPE_KHR, CL_SEMAPHORE_TYPE_BINARY_KHR,
                                             0x7777, 1, 0};
    cl_semaphore_khr s = new_semaphore(&cl);
    cl_int err = 0;
    CHECK(!x.create(NULL, binary, &err) && err == CL_INVALID_CONTEXT);
    CHECK(!x.create(cl.context, NULL, &err) && err == CL_INVALID_VALUE);
    CHECK(!x.create(cl.context, unknown, &err) && err < 0);
    CL_IS(x.signal(cl.queue, 0, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(x.signal(cl.queue, 1, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(x.signal(NULL, 1, &s, NULL, 0, NULL, NULL), CL_INVALID_COMMAND_QUEUE);
    CL_IS(x.retain(NULL), CL_INVALID_SEMAPHORE_KHR);
    CL(x.release(s));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_queue_waits_for_what_another_signals),
    CASE(it_knows_what_it_was_made_from),
    CASE(it_may_be_of_some_devices),
    CASE(errors_are_those_of_the_specification),
};

CHECK_MAIN(cases)
