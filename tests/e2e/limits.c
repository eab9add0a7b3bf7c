// SPDX-License-Identifier: MIT
/*
 * Many, large and too large.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void a_buffer_that_is_too_large_is_an_error(void)
{
    struct cl cl = cl_open(0);
    cl_ulong max = 0;
    cl_int err = 0;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(max), &max, NULL));
    CHECK(!clCreateBuffer(cl.context, CL_MEM_READ_WRITE, max + 1, NULL, &err));
    CHECK(err == CL_INVALID_BUFFER_SIZE);
    CHECK(!clCreateBuffer(cl.context, CL_MEM_READ_WRITE, SIZE_MAX, NULL, &err));
    CHECK(err == CL_INVALID_BUFFER_SIZE);
    CHECK(!clCreateBuffer(cl.context, CL_MEM_READ_WRITE, 0, NULL, &err));
    CHECK(err == CL_INVALID_BUFFER_SIZE);
    CHECK(!clCreateBuffer(cl.context, CL_MEM_READ_WRITE, max + 1, NULL, NULL));
    cl_mem m = cl_buffer(&cl, 4096); /* and it goes on */
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void thousands_of_buffers_live_at_once(void)
{
    enum { N = 3000 };
    static cl_mem m[N];
    struct cl cl = cl_open(0);
    for (uint32_t i = 0; i < N; i++) {
        m[i] = cl_buffer(&cl, 64);
        CL(clEnqueueFillBuffer(cl.queue, m[i], &i, 4, 0, 64, 0, NULL, NULL));
    }
    for (uint32_t i = 0; i < N; i += 7) {
        uint32_t out = 0;
        CL(clEnqueueReadBuffer(cl.queue, m[i], CL_TRUE, 60, 4, &out, 0, NULL, NULL));
        CHECK(out == i);
    }
    for (uint32_t i = 0; i < N; i++)
        CL(clReleaseMemObject(m[i]));
    cl_close(&cl);
}

static void thousands_of_events_live_at_once(void)
{
    enum { N = 2500 };
    static cl_event e[N];
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    cl_int status;
    for (uint32_t i = 0; i < N; i++)
        CL(clEnqueueFillBuffer(cl.queue, m, &i, 4, 0, 4, 0, NULL, &e[i]));
    CL(clWaitForEvents(N, e));
    for (uint32_t i = 0; i < N; i++) {
        CL(clGetEventInfo(e[i], CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
        CHECK(status == CL_COMPLETE);
        CL(clReleaseEvent(e[i]));
    }
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* A program that never releases its events goes on working: user events here,
 * since a runtime keeps more for a command's. */
static void a_program_may_leak_70000_events(void)
{
    enum { N = 70000 };
    struct cl cl = cl_open(0);
    size_t n = 100000;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 1), *out = calloc(1, n);
    cl_event last = NULL, done;
    cl_int err, status = 1;
    for (int i = 0; i < N; i++) {
        last = clCreateUserEvent(cl.context, &err);
        CL(err);
    }
    /* Everything that needs an event still works without a status slot. */
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 1, &last, &done));
    CL(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status > 0);
    CL(clSetUserEventStatus(last, CL_COMPLETE));
    CL(clWaitForEvents(1, &done));
    CL(clReleaseEvent(done));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(pattern_is(out, n, 1));
    memset(out, 0, n);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, &done));
    CL(clWaitForEvents(1, &done));
    CHECK(pattern_is(out, n, 1));
    CL(clReleaseEvent(done));
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

/* Numbers are used again: many more events than there are numbers for. */
static void events_come_and_go(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    for (uint32_t i = 0; i < 20000; i++) {
        cl_event e;
        CL(clEnqueueMarkerWithWaitList(cl.queue, 0, NULL, &e));
        CL(clReleaseEvent(e));
        if (i % 500 == 0)
            CL(clFinish(cl.queue));
    }
    CL(clFinish(cl.queue));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_buffer_that_is_too_large_is_an_error),
    CASE(thousands_of_buffers_live_at_once),
    CASE(thousands_of_events_live_at_once),
    CASE(a_program_may_leak_70000_events),
    CASE(events_come_and_go),
};

CHECK_MAIN(cases)
