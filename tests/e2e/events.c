// SPDX-License-Identifier: MIT
/*
 * Events: order, waiting, user events, callbacks, profiling.
 */
#include <pthread.h>
#include <stdlib.h>

#include "check.h"

static cl_event user_event(struct cl *cl)
{
    cl_int err;
    cl_event e = clCreateUserEvent(cl->context, &err);
    CL(err);
    return e;
}

static cl_int status_of(cl_event e)
{
    cl_int status = -12345;
    CL(clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    return status;
}

static void await(int *word, int value)
{
    for (double end = seconds() + 20; __atomic_load_n(word, __ATOMIC_ACQUIRE) != value;) {
        CHECK(seconds() < end);
        sleep_ms(1);
    }
}

static void event_info_is_as_enqueued(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 64);
    uint8_t byte = 1;
    cl_event e;
    cl_command_queue queue;
    cl_context context;
    cl_command_type type;
    cl_uint refs;
    CL(clEnqueueFillBuffer(cl.queue, m, &byte, 1, 0, 64, 0, NULL, &e));
    CL(clGetEventInfo(e, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL));
    CL(clGetEventInfo(e, CL_EVENT_CONTEXT, sizeof(context), &context, NULL));
    CL(clGetEventInfo(e, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(queue == cl.queue && context == cl.context && type == CL_COMMAND_FILL_BUFFER);
    CL(clRetainEvent(e));
    CL(clGetEventInfo(e, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    CHECK(refs >= 2);
    CL(clReleaseEvent(e));
    CL(clWaitForEvents(1, &e));
    CHECK(status_of(e) == CL_COMPLETE);
    CL(clReleaseEvent(e));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_wait_list_holds_a_command_back(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t one = 1, two = 2, out = 0;
    cl_event gate = user_event(&cl), done;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, &one, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, 4, &two, 1, &gate, &done));
    CL(clFlush(cl.queue));
    sleep_ms(50);
    CHECK(status_of(done) > CL_COMPLETE);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clWaitForEvents(1, &done));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == 2);
    CL(clReleaseEvent(gate));
    CL(clReleaseEvent(done));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_wait_list_orders_two_queues(void)
{
    struct cl cl = cl_open(0);
    cl_int err;
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t out = 0;
    for (uint32_t i = 1; i <= 50; i++) {
        cl_event e;
        CL(clEnqueueFillBuffer(cl.queue, m, &i, 4, 0, 4, 0, NULL, &e));
        CL(clFlush(cl.queue));
        CL(clEnqueueReadBuffer(other, m, CL_TRUE, 0, 4, &out, 1, &e, NULL));
        CHECK(out == i);
        CL(clReleaseEvent(e));
    }
    CL(clReleaseMemObject(m));
    CL(clReleaseCommandQueue(other));
    cl_close(&cl);
}

static void *set_later(void *event)
{
    sleep_ms(100);
    CL(clSetUserEventStatus(event, CL_COMPLETE));
    return NULL;
}

static void another_thread_ends_what_finish_waits_for(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t one = 1, out = 0;
    cl_event gate = user_event(&cl);
    pthread_t thread;
    CL(clEnqueueFillBuffer(cl.queue, m, &one, 4, 0, 4, 1, &gate, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, 4, &out, 0, NULL, NULL));
    pthread_create(&thread, NULL, set_later, gate);
    CL(clFinish(cl.queue));
    CHECK(out == 1);
    pthread_join(thread, NULL);
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void another_thread_ends_what_a_blocking_read_waits_for(void)
{
    struct cl cl = cl_open(0);
    size_t n = 300000;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 1), *out = calloc(1, n);
    cl_event gate = user_event(&cl);
    pthread_t thread;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 1, &gate, NULL));
    pthread_create(&thread, NULL, set_later, gate);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, out, 0, NULL, NULL));
    CHECK(pattern_is(out, n, 1));
    pthread_join(thread, NULL);
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

static void another_thread_ends_what_wait_for_events_waits_for(void)
{
    struct cl cl = cl_open(0);
    cl_event gate = user_event(&cl);
    pthread_t thread;
    CHECK(status_of(gate) == CL_SUBMITTED);
    pthread_create(&thread, NULL, set_later, gate);
    CL(clWaitForEvents(1, &gate));
    CHECK(status_of(gate) == CL_COMPLETE);
    pthread_join(thread, NULL);
    CL(clReleaseEvent(gate));
    cl_close(&cl);
}

/* The same thread releases the buffer, and only then lets the command go. */
static void a_buffer_may_be_released_while_a_command_waits(void)
{
    struct cl cl = cl_open(0);
    size_t n = 100000;
    for (int i = 0; i < 3; i++) {
        cl_mem m = cl_buffer(&cl, n);
        uint8_t *in = pattern(n, i), *out = calloc(1, n);
        cl_event gate = user_event(&cl);
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 1, &gate, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, NULL));
        CL(clReleaseMemObject(m));
        CL(clSetUserEventStatus(gate, CL_COMPLETE));
        CL(clFinish(cl.queue));
        CHECK(pattern_is(out, n, i));
        CL(clReleaseEvent(gate));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

static void everything_may_be_released_while_a_command_waits(void)
{
    static const char source[] = "kernel void set(global uint *p, uint v) { *p = v; }\n";
    struct cl cl = cl_open(0);
    uint32_t out = 0, v = 42;
    size_t one = 1;
    cl_mem m = cl_buffer(&cl, 4);
    cl_kernel k = cl_kernel_of(&cl, source, "set");
    cl_event gate = user_event(&cl), done;
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(v), &v));
    CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 1, &gate, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, 4, &out, 0, NULL, &done));
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    CL(clFlush(cl.queue));
    CL(clReleaseCommandQueue(cl.queue));
    CL(clReleaseContext(cl.context));
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clWaitForEvents(1, &done));
    CHECK(out == 42);
    CL(clReleaseEvent(gate));
    CL(clReleaseEvent(done));
}

static void a_user_events_error_reaches_what_waits_for_it(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t one = 1;
    cl_event gate = user_event(&cl), done;
    CL(clEnqueueFillBuffer(cl.queue, m, &one, 4, 0, 4, 1, &gate, &done));
    CL(clSetUserEventStatus(gate, -77));
    CHECK(status_of(gate) == -77);
    CL_IS(clWaitForEvents(1, &done), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    CHECK(status_of(done) < 0);
    CL_IS(clWaitForEvents(1, &gate), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    CL(clReleaseEvent(gate));
    CL(clReleaseEvent(done));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_user_event_is_set_once(void)
{
    struct cl cl = cl_open(0);
    cl_event gate = user_event(&cl);
    CL_IS(clSetUserEventStatus(gate, CL_RUNNING), CL_INVALID_VALUE);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL_IS(clSetUserEventStatus(gate, CL_COMPLETE), CL_INVALID_OPERATION);
    CL(clReleaseEvent(gate));
    cl_close(&cl);
}

struct calls {
    cl_event event;
    int submitted, running, complete, wrong;
};

static void CL_CALLBACK on_status(cl_event e, cl_int status, void *opaque)
{
    struct calls *c = opaque;
    if (e != c->event)
        __atomic_store_n(&c->wrong, 1, __ATOMIC_RELEASE);
    /* A command that is further already calls with what it has reached or with
     * what was asked for, as the runtime likes; each callback comes once. */
    (void)status;
}

static void CL_CALLBACK on_submitted(cl_event e, cl_int status, void *opaque)
{
    on_status(e, status, opaque);
    __atomic_add_fetch(&((struct calls *)opaque)->submitted, 1, __ATOMIC_RELEASE);
}

static void CL_CALLBACK on_running(cl_event e, cl_int status, void *opaque)
{
    on_status(e, status, opaque);
    __atomic_add_fetch(&((struct calls *)opaque)->running, 1, __ATOMIC_RELEASE);
}

static void CL_CALLBACK on_complete(cl_event e, cl_int status, void *opaque)
{
    struct calls *c = opaque;
    on_status(e, status, opaque);
    if (status != CL_COMPLETE)
        __atomic_store_n(&c->wrong, 1, __ATOMIC_RELEASE);
    __atomic_add_fetch(&c->complete, 1, __ATOMIC_RELEASE);
}

static void callbacks_come_for_every_status(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t one = 1;
    struct calls c = {0};
    cl_event gate = user_event(&cl);
    CL(clEnqueueFillBuffer(cl.queue, m, &one, 4, 0, 4, 1, &gate, &c.event));
    CL(clSetEventCallback(c.event, CL_SUBMITTED, on_submitted, &c));
    CL(clSetEventCallback(c.event, CL_RUNNING, on_running, &c));
    CL(clSetEventCallback(c.event, CL_COMPLETE, on_complete, &c));
    CL(clSetEventCallback(c.event, CL_COMPLETE, on_complete, &c));
    CL(clFlush(cl.queue));
    CHECK(__atomic_load_n(&c.complete, __ATOMIC_ACQUIRE) == 0);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    await(&c.complete, 2);
    await(&c.running, 1);
    await(&c.submitted, 1);
    /* One that is registered when all is over comes too. */
    CL(clSetEventCallback(c.event, CL_COMPLETE, on_complete, &c));
    await(&c.complete, 3);
    CHECK(!c.wrong);
    CL(clReleaseEvent(c.event));
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

struct chain {
    struct cl *cl;
    cl_event second;
    int done;
};

/* A callback may call OpenCL (but nothing that waits). */
static void CL_CALLBACK set_second(cl_event e, cl_int status, void *opaque)
{
    struct chain *c = opaque;
    (void)e, (void)status;
    CL(clSetUserEventStatus(c->second, CL_COMPLETE));
    __atomic_store_n(&c->done, 1, __ATOMIC_RELEASE);
}

static void a_callback_may_call_opencl(void)
{
    struct cl cl = cl_open(0);
    struct chain c = {&cl, user_event(&cl), 0};
    cl_event first = user_event(&cl);
    CL(clSetEventCallback(first, CL_COMPLETE, set_second, &c));
    CL(clSetUserEventStatus(first, CL_COMPLETE));
    CL(clWaitForEvents(1, &c.second));
    await(&c.done, 1);
    CL(clReleaseEvent(first));
    CL(clReleaseEvent(c.second));
    cl_close(&cl);
}

static void profiling_times_are_in_order(void)
{
    struct cl cl = cl_open(CL_QUEUE_PROFILING_ENABLE);
    cl_mem m = cl_buffer(&cl, 1 << 20);
    uint8_t byte = 1;
    cl_ulong last_end = 0;
    for (int i = 0; i < 5; i++) {
        cl_ulong t[4];
        cl_event e;
        CL(clEnqueueFillBuffer(cl.queue, m, &byte, 1, 0, 1 << 20, 0, NULL, &e));
        CL(clWaitForEvents(1, &e));
        for (int k = 0; k < 4; k++)
            CL(clGetEventProfilingInfo(e, CL_PROFILING_COMMAND_QUEUED + k, sizeof(t[k]), &t[k],
                                       NULL));
        CHECK(t[0] <= t[1] && t[1] <= t[2] && t[2] <= t[3]);
        CHECK(t[2] >= last_end);
        last_end = t[3];
        CL(clReleaseEvent(e));
    }
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void profiling_needs_a_queue_that_has_it(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    uint32_t one = 1;
    cl_ulong t;
    cl_event e, gate = user_event(&cl);
    CL(clEnqueueFillBuffer(cl.queue, m, &one, 4, 0, 4, 0, NULL, &e));
    CL(clWaitForEvents(1, &e));
    CL_IS(clGetEventProfilingInfo(e, CL_PROFILING_COMMAND_END, sizeof(t), &t, NULL),
          CL_PROFILING_INFO_NOT_AVAILABLE);
    CL_IS(clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_END, sizeof(t), &t, NULL),
          CL_PROFILING_INFO_NOT_AVAILABLE);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clReleaseEvent(e));
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void markers_and_barriers_complete(void)
{
    struct cl cl = cl_open(0);
    cl_event gate = user_event(&cl), marker, barrier, old;
    CL(clEnqueueMarkerWithWaitList(cl.queue, 1, &gate, &marker));
    CL(clEnqueueBarrierWithWaitList(cl.queue, 1, &marker, &barrier));
    CL(clEnqueueBarrier(cl.queue));
    CL(clEnqueueMarker(cl.queue, &old));
    CL(clFlush(cl.queue));
    CHECK(status_of(marker) > CL_COMPLETE && status_of(barrier) > CL_COMPLETE);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    CHECK(status_of(marker) == CL_COMPLETE && status_of(barrier) == CL_COMPLETE &&
          status_of(old) == CL_COMPLETE);
    CL(clReleaseEvent(gate));
    CL(clReleaseEvent(marker));
    CL(clReleaseEvent(barrier));
    CL(clReleaseEvent(old));
    cl_close(&cl);
}

static void a_wait_takes_long_lists(void)
{
    enum { N = 300 };
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    cl_event e[N], all;
    for (uint32_t i = 0; i < N; i++)
        CL(clEnqueueFillBuffer(cl.queue, m, &i, 4, 0, 4, 0, NULL, &e[i]));
    CL(clEnqueueMarkerWithWaitList(cl.queue, N, e, &all));
    CL(clWaitForEvents(N, e));
    CL(clWaitForEvents(1, &all));
    for (int i = 0; i < N; i++) {
        CHECK(status_of(e[i]) == CL_COMPLETE);
        CL(clReleaseEvent(e[i]));
    }
    CL(clReleaseEvent(all));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(event_info_is_as_enqueued),
    CASE(a_wait_list_holds_a_command_back),
    CASE(a_wait_list_orders_two_queues),
    CASE(another_thread_ends_what_finish_waits_for),
    CASE(another_thread_ends_what_a_blocking_read_waits_for),
    CASE(another_thread_ends_what_wait_for_events_waits_for),
    CASE(a_buffer_may_be_released_while_a_command_waits),
    CASE(everything_may_be_released_while_a_command_waits),
    CASE(a_user_events_error_reaches_what_waits_for_it),
    CASE(a_user_event_is_set_once),
    CASE(callbacks_come_for_every_status),
    CASE(a_callback_may_call_opencl),
    CASE(profiling_times_are_in_order),
    CASE(profiling_needs_a_queue_that_has_it),
    CASE(markers_and_barriers_complete),
    CASE(a_wait_takes_long_lists),
};

CHECK_MAIN(cases)
