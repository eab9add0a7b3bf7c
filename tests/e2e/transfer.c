// SPDX-License-Identifier: MIT
/*
 * Reads and writes of every size class, and every way in which a program may
 * learn that one is done: only then is the data looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MiB (1u << 20)

static const size_t small_sizes[] = {1, 2, 3, 7, 8, 9, 64, 1000, 4088, 4095, 4096};
static const size_t staged_sizes[] = {4097, 5000, 65536, 100001, 262143, 262144};
static const size_t large_sizes[] = {262145, 3 * MiB + 5, 64 * MiB};

struct sizes {
    const size_t *v;
    size_t n;
};

#define SIZES(a) ((struct sizes){a, sizeof(a) / sizeof((a)[0])})

static void there_and_back(struct sizes sizes, cl_bool blocking)
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < sizes.n; i++) {
        size_t n = sizes.v[i];
        cl_mem m = cl_buffer(&cl, n + 24);
        uint8_t *in = pattern(n, i), *out = calloc(1, n + 2);
        CL(clEnqueueWriteBuffer(cl.queue, m, blocking, 16, n, in, 0, NULL, NULL));
        if (blocking)
            memset(in, 0, n); /* it is ours again */
        CL(clEnqueueReadBuffer(cl.queue, m, blocking, 16, n, out + 1, 0, NULL, NULL));
        if (!blocking)
            CL(clFinish(cl.queue));
        CHECK(pattern_is(out + 1, n, i));
        CHECK(out[0] == 0 && out[n + 1] == 0);
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

static void small_blocking(void)
{
    there_and_back(SIZES(small_sizes), CL_TRUE);
}
static void staged_blocking(void)
{
    there_and_back(SIZES(staged_sizes), CL_TRUE);
}
static void large_blocking(void)
{
    there_and_back(SIZES(large_sizes), CL_TRUE);
}
static void small_then_finish(void)
{
    there_and_back(SIZES(small_sizes), CL_FALSE);
}
static void staged_then_finish(void)
{
    there_and_back(SIZES(staged_sizes), CL_FALSE);
}
static void large_then_finish(void)
{
    there_and_back(SIZES(large_sizes), CL_FALSE);
}

/* One size of each class. */
static const size_t one_of_each[] = {1, 4096, 4097, 200000, 5 * MiB};
#define ONE_OF_EACH (sizeof(one_of_each) / sizeof(one_of_each[0]))

/* Each way to learn that a read is done; other holds one more read's event or
 * memory as the way needs it. */
static void learn_by_wait(struct cl *cl, cl_event e)
{
    (void)cl;
    CL(clWaitForEvents(1, &e));
}

static void learn_by_polling(struct cl *cl, cl_event e)
{
    cl_int status = CL_QUEUED;
    CL(clFlush(cl->queue));
    while (status != CL_COMPLETE) {
        CL(clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
        CHECK(status >= 0);
    }
}

static void learn_by_later_read(struct cl *cl, cl_event e)
{
    cl_mem m = cl_buffer(cl, 4);
    uint32_t in = 4711, out = 0;
    (void)e;
    CL(clEnqueueWriteBuffer(cl->queue, m, CL_FALSE, 0, 4, &in, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl->queue, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == 4711);
    CL(clReleaseMemObject(m));
}

static void learn_by_later_map(struct cl *cl, cl_event e)
{
    cl_mem m = cl_buffer(cl, 4);
    cl_int err;
    (void)e;
    void *p = clEnqueueMapBuffer(cl->queue, m, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &err);
    CL(err);
    CL(clEnqueueUnmapMemObject(cl->queue, m, p, 0, NULL, NULL));
    CL(clReleaseMemObject(m));
}

static void learn_by_marker(struct cl *cl, cl_event e)
{
    cl_event marker;
    CL(clEnqueueMarkerWithWaitList(cl->queue, 1, &e, &marker));
    CL(clWaitForEvents(1, &marker));
    CL(clReleaseEvent(marker));
}

static void learn_by_another_queue(struct cl *cl, cl_event e)
{
    cl_int err;
    cl_command_queue q = clCreateCommandQueue(cl->context, cl->device, 0, &err);
    CL(err);
    CL(clFlush(cl->queue));
    CL(clEnqueueBarrierWithWaitList(q, 1, &e, NULL));
    CL(clFinish(q));
    CL(clReleaseCommandQueue(q));
}

static void read_and_learn(void (*learn)(struct cl *, cl_event))
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < ONE_OF_EACH; i++) {
        size_t n = one_of_each[i];
        cl_mem m = cl_buffer(&cl, n);
        uint8_t *in = pattern(n, 50 + i), *out = calloc(1, n);
        cl_event e;
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, n, in, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, &e));
        learn(&cl, e);
        CHECK(pattern_is(out, n, 50 + i));
        CL(clReleaseEvent(e));
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

static void read_then_wait_for_its_event(void)
{
    read_and_learn(learn_by_wait);
}
static void read_then_poll_its_status(void)
{
    read_and_learn(learn_by_polling);
}
static void read_then_a_blocking_read_in_order(void)
{
    read_and_learn(learn_by_later_read);
}
static void read_then_a_blocking_map_in_order(void)
{
    read_and_learn(learn_by_later_map);
}
static void read_then_a_marker(void)
{
    read_and_learn(learn_by_marker);
}
static void read_then_finish_of_another_queue(void)
{
    read_and_learn(learn_by_another_queue);
}

struct callback {
    const uint8_t *data;
    size_t n;
    unsigned seed;
    int result; /* 0: not called; 1: the data was there; 2: it was not */
};

static void CL_CALLBACK look(cl_event e, cl_int status, void *opaque)
{
    struct callback *c = opaque;
    (void)e;
    int r = status == CL_COMPLETE && pattern_is(c->data, c->n, c->seed) ? 1 : 2;
    __atomic_store_n(&c->result, r, __ATOMIC_RELEASE);
}

static void read_then_look_in_its_callback(void)
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < ONE_OF_EACH; i++) {
        size_t n = one_of_each[i];
        cl_mem m = cl_buffer(&cl, n);
        uint8_t *in = pattern(n, i), *out = calloc(1, n);
        struct callback c = {out, n, i, 0};
        cl_event e;
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, n, in, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, &e));
        CL(clSetEventCallback(e, CL_COMPLETE, look, &c));
        CL(clFlush(cl.queue));
        for (double end = seconds() + 20;
             !__atomic_load_n(&c.result, __ATOMIC_ACQUIRE) && seconds() < end;)
            sleep_ms(1);
        CHECK(c.result == 1);
        CL(clReleaseEvent(e));
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

/* The source of a write may be used again when the write is done, not before:
 * nothing of ours may read it later. */
static void a_write_has_read_its_source_when_it_is_done(void)
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < ONE_OF_EACH; i++) {
        size_t n = one_of_each[i];
        cl_mem m = cl_buffer(&cl, n);
        uint8_t *in = pattern(n, i), *out = calloc(1, n);
        cl_event e;
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 0, NULL, &e));
        CL(clWaitForEvents(1, &e));
        memset(in, 0xee, n);
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, out, 0, NULL, NULL));
        CHECK(pattern_is(out, n, i));
        CL(clReleaseEvent(e));
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

static void many_transfers_at_once(void)
{
    enum { N = 200 };
    struct cl cl = cl_open(0);
    static uint8_t *in[N], *out[N];
    static size_t size[N];
    static cl_mem m[N];
    for (unsigned i = 0; i < N; i++) {
        size[i] = 1 + i * 977 % 9000 + (i % 40 == 0 ? 400000 : 0);
        in[i] = pattern(size[i], i);
        out[i] = calloc(1, size[i]);
        m[i] = cl_buffer(&cl, size[i]);
        CL(clEnqueueWriteBuffer(cl.queue, m[i], CL_FALSE, 0, size[i], in[i], 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m[i], CL_FALSE, 0, size[i], out[i], 0, NULL, NULL));
    }
    CL(clFinish(cl.queue));
    for (unsigned i = 0; i < N; i++) {
        CHECK(pattern_is(out[i], size[i], i));
        CL(clReleaseMemObject(m[i]));
        free(in[i]);
        free(out[i]);
    }
    cl_close(&cl);
}

/* The event is released at once; the data still arrives. */
static void a_read_whose_event_was_released_arrives(void)
{
    struct cl cl = cl_open(0);
    size_t n = 100000;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 3), *out = calloc(1, n);
    cl_event e;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, n, in, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, &e));
    CL(clReleaseEvent(e));
    CL(clReleaseMemObject(m));
    CL(clFinish(cl.queue));
    CHECK(pattern_is(out, n, 3));
    free(in);
    free(out);
    cl_close(&cl);
}

static void a_buffer_starts_with_what_host_ptr_held(void)
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < ONE_OF_EACH; i++) {
        size_t n = one_of_each[i];
        uint8_t *in = pattern(n, i), *out = calloc(1, n);
        cl_int err;
        cl_mem m = clCreateBuffer(cl.context, CL_MEM_COPY_HOST_PTR, n, in, &err);
        CL(err);
        memset(in, 0, n);
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, out, 0, NULL, NULL));
        CHECK(pattern_is(out, n, i));
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

static const char saxpy_source[] =
    "kernel void saxpy(float a, global const float *x, global float *y)\n"
    "{ size_t i = get_global_id(0); y[i] = a * x[i] + y[i]; }\n";

static void saxpy_of_64_MiB(void)
{
    struct cl cl = cl_open(0);
    size_t n = 64 * MiB / sizeof(float);
    float *x = malloc(n * sizeof(*x)), *y = malloc(n * sizeof(*y)), a = 3;
    for (size_t i = 0; i < n; i++) {
        x[i] = i % 1000;
        y[i] = i % 777;
    }
    cl_mem mx = cl_buffer(&cl, n * sizeof(*x)), my = cl_buffer(&cl, n * sizeof(*y));
    cl_kernel k = cl_kernel_of(&cl, saxpy_source, "saxpy");
    CL(clSetKernelArg(k, 0, sizeof(a), &a));
    CL(clSetKernelArg(k, 1, sizeof(mx), &mx));
    CL(clSetKernelArg(k, 2, sizeof(my), &my));
    CL(clEnqueueWriteBuffer(cl.queue, mx, CL_FALSE, 0, n * sizeof(*x), x, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(cl.queue, my, CL_FALSE, 0, n * sizeof(*y), y, 0, NULL, NULL));
    CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, my, CL_TRUE, 0, n * sizeof(*y), y, 0, NULL, NULL));
    for (size_t i = 0; i < n; i++)
        if (y[i] != 3 * (float)(i % 1000) + (float)(i % 777))
            CHECK(!"saxpy");
    CL(clReleaseMemObject(mx));
    CL(clReleaseMemObject(my));
    CL(clReleaseKernel(k));
    free(x);
    free(y);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(small_blocking),
    CASE(staged_blocking),
    CASE(large_blocking),
    CASE(small_then_finish),
    CASE(staged_then_finish),
    CASE(large_then_finish),
    CASE(read_then_wait_for_its_event),
    CASE(read_then_poll_its_status),
    CASE(read_then_a_blocking_read_in_order),
    CASE(read_then_a_blocking_map_in_order),
    CASE(read_then_a_marker),
    CASE(read_then_finish_of_another_queue),
    CASE(read_then_look_in_its_callback),
    CASE(a_write_has_read_its_source_when_it_is_done),
    CASE(many_transfers_at_once),
    CASE(a_read_whose_event_was_released_arrives),
    CASE(a_buffer_starts_with_what_host_ptr_held),
    CASE(saxpy_of_64_MiB),
};

CHECK_MAIN(cases)
