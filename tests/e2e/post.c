// SPDX-License-Identifier: MIT
/*
 * Streams of commands that nobody waits for between: each gets its own arguments and
 * data, in its turn, whatever the program does with its objects meanwhile.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MANY 1000

static const char source[] =
    "kernel void put(global uint *p, uint at, uint x) { p[at] = x; }\n"
    "kernel void add(global uint *p, uint x) { p[get_global_id(0)] += x; }\n"
    "kernel void push(global uint *p, uint x) { p[p[0]++] = x; }\n"
    "typedef struct { uint at; uint x[5]; } job;\n"
    "kernel void do_job(global uint *p, job j)\n"
    "{ for (int i = 0; i < 5; i++) p[j.at] += j.x[i]; }\n"
    "kernel void share(global uint *p, local uint *l)\n"
    "{ size_t i = get_local_id(0), n = get_local_size(0); l[i] = (uint)get_global_id(0);\n"
    "  barrier(CLK_LOCAL_MEM_FENCE); p[get_global_id(0)] = l[n - 1 - i]; }\n";

static const size_t one = 1;

static cl_kernel kernel(cl_program p, const char *name)
{
    cl_int err;
    cl_kernel k = clCreateKernel(p, name, &err);
    CL(err);
    return k;
}

static void set(cl_kernel k, cl_uint index, uint32_t x)
{
    CL(clSetKernelArg(k, index, sizeof(x), &x));
}

static void set_mem(cl_kernel k, cl_mem m)
{
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
}

static void launch(cl_command_queue q, cl_kernel k, cl_event *event)
{
    CL(clEnqueueNDRangeKernel(q, k, 1, NULL, &one, NULL, 0, NULL, event));
}

static void clear(cl_command_queue q, cl_mem m, size_t words)
{
    const uint32_t zero = 0;
    CL(clEnqueueFillBuffer(q, m, &zero, 4, 0, words * 4, 0, NULL, NULL));
}

static void read_words(cl_command_queue q, cl_mem m, uint32_t *to, size_t words)
{
    CL(clEnqueueReadBuffer(q, m, CL_TRUE, 0, words * 4, to, 0, NULL, NULL));
}

static void each_launch_has_the_value_that_was_set_for_it(void)
{
    static uint32_t out[MANY];
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, sizeof(out));
    cl_kernel k = cl_kernel_of(&cl, source, "put");
    set_mem(k, m);
    for (uint32_t i = 0; i < MANY; i++) {
        set(k, 1, i);
        set(k, 2, i * 3 + 1);
        launch(cl.queue, k, NULL);
    }
    read_words(cl.queue, m, out, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK(out[i] == i * 3 + 1);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* Numbers that are 0 and numbers that look like nothing else; two buffers in turn. */
static void each_launch_has_the_buffer_that_was_set_for_it(void)
{
    static uint32_t out[2][MANY];
    struct cl cl = cl_open(0);
    cl_mem m[2] = {cl_buffer(&cl, sizeof(out[0])), cl_buffer(&cl, sizeof(out[0]))};
    cl_kernel k = cl_kernel_of(&cl, source, "put");
    clear(cl.queue, m[0], MANY);
    clear(cl.queue, m[1], MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        set_mem(k, m[i % 2]);
        set(k, 1, i);
        set(k, 2, i % 3 ? 0xffffffff - i : 0);
        launch(cl.queue, k, NULL);
    }
    read_words(cl.queue, m[0], out[0], MANY);
    read_words(cl.queue, m[1], out[1], MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK(out[i % 2][i] == (i % 3 ? 0xffffffff - i : 0));
        CHECK(out[1 - i % 2][i] == 0);
    }
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m[0]));
    CL(clReleaseMemObject(m[1]));
    cl_close(&cl);
}

struct job {
    uint32_t at, x[5];
};

static void each_launch_has_the_structure_that_was_set_for_it(void)
{
    static uint32_t out[MANY];
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, sizeof(out));
    cl_kernel k = cl_kernel_of(&cl, source, "do_job");
    clear(cl.queue, m, MANY);
    set_mem(k, m);
    for (uint32_t i = 0; i < MANY; i++) {
        struct job j = {i, {i, 1, i % 7, 0, i * i}};
        CL(clSetKernelArg(k, 1, sizeof(j), &j));
        memset(&j, 0xff, sizeof(j));
        launch(cl.queue, k, NULL);
    }
    read_words(cl.queue, m, out, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK(out[i] == i + 1 + i % 7 + i * i);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* More shapes than anybody remembers, and local memory that fits each. */
static void each_launch_has_the_sizes_that_it_asked_for(void)
{
    enum { N = 64 };
    static const size_t locals[] = {1, 2, 4, 8, 16, 32, 64};
    uint32_t out[N];
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, sizeof(out));
    cl_kernel k = cl_kernel_of(&cl, source, "share");
    const size_t n = N;
    set_mem(k, m);
    for (unsigned i = 0; i < 50; i++) {
        size_t local = locals[i * 5 % 7];
        CL(clSetKernelArg(k, 1, local * 4, NULL));
        for (int again = 0; again < 3; again++) {
            CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &n, &local, 0, NULL, NULL));
            read_words(cl.queue, m, out, N);
            for (uint32_t g = 0; g < N; g++)
                CHECK(out[g] == g / local * local + local - 1 - g % local);
        }
    }
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void an_in_order_queue_keeps_the_order_of_every_sort_of_command(void)
{
    enum { N = 200 };
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 8), copy = cl_buffer(&cl, 8);
    cl_kernel k = cl_kernel_of(&cl, source, "add");
    uint32_t in[N], out[N], last = 0;
    set_mem(k, m);
    for (uint32_t i = 0; i < N; i++) {
        in[i] = i * 1000;
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, 4, &in[i], 0, NULL, NULL));
        set(k, 1, 1);
        launch(cl.queue, k, NULL);
        CL(clEnqueueCopyBuffer(cl.queue, m, copy, 0, 4, 4, 0, NULL, NULL));
        CL(clEnqueueFillBuffer(cl.queue, m, &last, 4, 0, 4, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, copy, CL_FALSE, 4, 4, &out[i], 0, NULL, NULL));
        if (i % 10 == 0)
            CL(clFlush(cl.queue));
    }
    CL(clFinish(cl.queue));
    for (uint32_t i = 0; i < N; i++)
        CHECK(out[i] == i * 1000 + 1);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    CL(clReleaseMemObject(copy));
    cl_close(&cl);
}

/* What a command needs lives as long as the command (OpenCL 3.0 §5.4.1). */
static void what_a_command_uses_may_be_released_at_once(void)
{
    struct cl cl = cl_open(0);
    cl_mem sum = cl_buffer(&cl, MANY * 4);
    cl_program p = cl_build(&cl, source);
    static uint32_t out[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        cl_mem m = cl_buffer(&cl, 4);
        cl_kernel k = kernel(p, "add");
        cl_event e;
        set_mem(k, m);
        set(k, 1, i);
        clear(cl.queue, m, 1);
        for (int again = 0; again < 3; again++)
            launch(cl.queue, k, NULL);
        CL(clEnqueueCopyBuffer(cl.queue, m, sum, 0, i * 4, 4, 0, NULL, &e));
        CL(clReleaseEvent(e));
        CL(clReleaseKernel(k));
        CL(clReleaseMemObject(m));
    }
    CL(clReleaseProgram(p));
    read_words(cl.queue, sum, out, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK(out[i] == i * 3);
    CL(clReleaseMemObject(sum));
    cl_close(&cl);
}

static void the_program_may_go_right_after_the_launch(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    clear(cl.queue, m, 1);
    for (uint32_t i = 0; i < 30; i++) {
        cl_kernel k = cl_kernel_of(&cl, source, "add"); /* the kernel alone holds it */
        set_mem(k, m);
        set(k, 1, i);
        launch(cl.queue, k, NULL);
        launch(cl.queue, k, NULL);
        CL(clReleaseKernel(k));
    }
    uint32_t out = 0;
    read_words(cl.queue, m, &out, 1);
    CHECK(out == 29 * 30);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* Numbers and slots are used again while commands of their last owners still run. */
static void events_released_at_once_are_nobody_elses(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    cl_kernel k = cl_kernel_of(&cl, source, "add");
    uint32_t out = 0;
    clear(cl.queue, m, 1);
    set_mem(k, m);
    set(k, 1, 1);
    for (int i = 0; i < 5 * MANY; i++) {
        cl_event e;
        launch(cl.queue, k, &e);
        if (i % 100 == 99) {
            cl_int status = 1;
            CL(clWaitForEvents(1, &e));
            CL(clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
            CHECK(status == CL_COMPLETE);
        }
        CL(clReleaseEvent(e));
    }
    read_words(cl.queue, m, &out, 1);
    CHECK(out == 5 * MANY);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* An event that is not yet complete says so, and the wait for it is a wait. */
static void a_command_does_not_pass_the_event_that_it_waits_for(void)
{
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_mem m = cl_buffer(&cl, (MANY + 1) * 4);
    cl_kernel k = cl_kernel_of(&cl, source, "push");
    static uint32_t out[MANY + 1];
    const uint32_t first = 1;
    cl_int err, status = 0;
    CL(clEnqueueFillBuffer(cl.queue, m, &first, 4, 0, 4, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    set_mem(k, m);
    set(k, 1, 0);
    cl_event gate = clCreateUserEvent(cl.context, &err), last = gate;
    CL(err);
    CL(clRetainEvent(gate));
    for (uint32_t i = 0; i < MANY; i++) {
        cl_event e;
        set(k, 1, i);
        CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 1, &last, &e));
        CL(clReleaseEvent(last));
        last = e;
    }
    CL(clFlush(cl.queue));
    sleep_ms(20);
    CL(clGetEventInfo(last, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status > 0);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clWaitForEvents(1, &last));
    read_words(cl.queue, m, out, MANY + 1);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK(out[i + 1] == i);
    CL(clReleaseEvent(last));
    CL(clReleaseEvent(gate));
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* Small enough to go inside a call, staged, and large. */
static const size_t transfer_sizes[] = {4, 4096, 5000, 100000, 1 << 20};

static void memory_may_be_changed_once_its_write_is_complete(void)
{
    struct cl cl = cl_open(0);
    uint8_t *in = malloc(1 << 20), *out = malloc(1 << 20);
    for (unsigned i = 0; i < 60; i++) {
        size_t n = transfer_sizes[i % 5];
        cl_mem m = cl_buffer(&cl, n);
        cl_event e;
        pattern_fill(in, n, i);
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 0, NULL, &e));
        if (i % 2)
            CL(clWaitForEvents(1, &e));
        else
            CL(clFinish(cl.queue));
        CL(clReleaseEvent(e));
        memset(in, 0xee, n);
        memset(out, 0, n);
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, n, out, 0, NULL, &e));
        CL(clReleaseMemObject(m));
        CL(clWaitForEvents(1, &e));
        CL(clReleaseEvent(e));
        CHECK(pattern_is(out, n, i));
    }
    free(in);
    free(out);
    cl_close(&cl);
}

/* Many at once, each with memory of its own, that come true in any order. */
static void transfers_that_wait_for_an_event_get_their_own_data(void)
{
    enum { N = 40 };
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_int err;
    cl_event gate = clCreateUserEvent(cl.context, &err), written[N], read[N];
    uint8_t *in[N], *out[N];
    cl_mem m[N];
    CL(err);
    for (unsigned i = 0; i < N; i++) {
        size_t n = transfer_sizes[i % 5];
        m[i] = cl_buffer(&cl, n);
        in[i] = pattern(n, i);
        out[i] = calloc(1, n);
        CL(clEnqueueWriteBuffer(cl.queue, m[i], CL_FALSE, 0, n, in[i], 1, &gate, &written[i]));
        CL(clEnqueueReadBuffer(cl.queue, m[i], CL_FALSE, 0, n, out[i], 1, &written[i], &read[i]));
    }
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    for (unsigned i = N; i-- > 0;) {
        size_t n = transfer_sizes[i % 5];
        CL(clWaitForEvents(1, &read[i]));
        CHECK(pattern_is(out[i], n, i));
        CL(clReleaseEvent(written[i]));
        CL(clReleaseEvent(read[i]));
        CL(clReleaseMemObject(m[i]));
        free(in[i]);
        free(out[i]);
    }
    CL(clReleaseEvent(gate));
    cl_close(&cl);
}

static void CL_CALLBACK count(cl_event event, cl_int status, void *opaque)
{
    (void)event;
    CHECK(status == CL_COMPLETE);
    __atomic_add_fetch((int *)opaque, 1, __ATOMIC_SEQ_CST);
}

static void a_callback_is_called_for_every_event(void)
{
    enum { N = 300 };
    struct cl cl = cl_open(0);
    int called = 0;
    for (int i = 0; i < N; i++) {
        cl_event e;
        CL(clEnqueueMarkerWithWaitList(cl.queue, 0, NULL, &e));
        CL(clSetEventCallback(e, CL_COMPLETE, count, &called));
        CL(clReleaseEvent(e));
    }
    CL(clFinish(cl.queue));
    for (int i = 0; i < 500 && __atomic_load_n(&called, __ATOMIC_SEQ_CST) < N; i++)
        sleep_ms(10);
    CHECK(__atomic_load_n(&called, __ATOMIC_SEQ_CST) == N);
    cl_close(&cl);
}

/* ---- threads ---- */

#define THREADS 6

struct task {
    struct cl *cl;
    cl_program program;
    cl_mem shared; /* a word for each thread */
    uint32_t number;
};

/* A kernel of its own on everybody's queue, and everybody's buffer. */
static void *add_up(void *opaque)
{
    struct task *t = opaque;
    cl_kernel put = kernel(t->program, "put"), add = kernel(t->program, "add");
    cl_mem own = cl_buffer(t->cl, 4);
    cl_event written;
    uint32_t zero = 0, out = 0;
    CL(clEnqueueWriteBuffer(t->cl->queue, own, CL_TRUE, 0, 4, &zero, 0, NULL, NULL));
    set_mem(add, own);
    set_mem(put, t->shared);
    set(put, 1, t->number);
    for (uint32_t i = 0; i < MANY / 2; i++) {
        set(add, 1, i + t->number);
        launch(t->cl->queue, add, NULL);
        set(put, 2, i * THREADS + t->number);
        launch(t->cl->queue, put, i % 5 ? NULL : &written);
        if (i % 5 == 0)
            CL(clReleaseEvent(written));
        if (i % 50 == 0)
            CL_IS(clEnqueueNDRangeKernel(t->cl->queue, add, 4, NULL, &one, NULL, 0, NULL, NULL),
                  CL_INVALID_WORK_DIMENSION);
    }
    CL(clEnqueueReadBuffer(t->cl->queue, own, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == (MANY / 2) * (MANY / 2 - 1) / 2 + MANY / 2 * t->number);
    CL(clReleaseKernel(put));
    CL(clReleaseKernel(add));
    CL(clReleaseMemObject(own));
    return NULL;
}

static void many_threads_share_a_queue(void)
{
    struct cl cl = cl_open(0);
    cl_program p = cl_build(&cl, source);
    cl_mem shared = cl_buffer(&cl, THREADS * 4);
    struct task t[THREADS];
    pthread_t thread[THREADS];
    uint32_t out[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        t[i] = (struct task){&cl, p, shared, i};
        CHECK(!pthread_create(&thread[i], NULL, add_up, &t[i]));
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    read_words(cl.queue, shared, out, THREADS);
    for (uint32_t i = 0; i < THREADS; i++)
        CHECK(out[i] == (MANY / 2 - 1) * THREADS + i);
    CL(clReleaseMemObject(shared));
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

/* One kernel for all, set and launched under the program's own lock, as OpenCL
 * wants it (§5.9.2). */
static struct {
    pthread_mutex_t lock;
    struct cl *cl;
    cl_kernel k;
    uint32_t next;
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_turns(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&turns.lock);
        uint32_t i = turns.next++;
        if (i < MANY) {
            set(turns.k, 1, i);
            set(turns.k, 2, i + 5);
            launch(turns.cl->queue, turns.k, NULL);
        }
        pthread_mutex_unlock(&turns.lock);
        if (i >= MANY)
            return unused;
    }
}

static void many_threads_share_a_kernel(void)
{
    static uint32_t out[MANY];
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, sizeof(out));
    pthread_t thread[THREADS];
    turns.cl = &cl;
    turns.k = cl_kernel_of(&cl, source, "put");
    set_mem(turns.k, m);
    for (int i = 0; i < THREADS; i++)
        CHECK(!pthread_create(&thread[i], NULL, take_turns, NULL));
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    read_words(cl.queue, m, out, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK(out[i] == i + 5);
    CL(clReleaseKernel(turns.k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* One lets an object go while another still uses it, each with its reference. */
static void *hold_and_launch(void *opaque)
{
    struct task *t = opaque;
    cl_kernel k = kernel(t->program, "add");
    set_mem(k, t->shared);
    set(k, 1, 1);
    CL(clReleaseMemObject(t->shared));
    for (int i = 0; i < 200; i++)
        launch(t->cl->queue, k, NULL);
    CL(clReleaseProgram(t->program));
    CL(clReleaseCommandQueue(t->cl->queue));
    CL(clReleaseKernel(k));
    return NULL;
}

static void references_of_other_threads_keep_what_is_used(void)
{
    for (int round = 0; round < 10; round++) {
        struct cl cl = cl_open(0);
        cl_program p = cl_build(&cl, source);
        cl_mem m = cl_buffer(&cl, 4);
        struct task t = {&cl, p, m, 0};
        pthread_t thread[THREADS];
        uint32_t out = 0;
        clear(cl.queue, m, 1);
        for (int i = 0; i < THREADS; i++) {
            CL(clRetainMemObject(m));
            CL(clRetainProgram(p));
            CL(clRetainCommandQueue(cl.queue));
            CHECK(!pthread_create(&thread[i], NULL, hold_and_launch, &t));
        }
        CL(clReleaseProgram(p));
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        read_words(cl.queue, m, &out, 1);
        CHECK(out == THREADS * 200);
        CL(clReleaseMemObject(m));
        cl_close(&cl);
    }
}

static const struct check_case cases[] = {
    CASE(each_launch_has_the_value_that_was_set_for_it),
    CASE(each_launch_has_the_buffer_that_was_set_for_it),
    CASE(each_launch_has_the_structure_that_was_set_for_it),
    CASE(each_launch_has_the_sizes_that_it_asked_for),
    CASE(an_in_order_queue_keeps_the_order_of_every_sort_of_command),
    CASE(what_a_command_uses_may_be_released_at_once),
    CASE(the_program_may_go_right_after_the_launch),
    CASE(events_released_at_once_are_nobody_elses),
    CASE(a_command_does_not_pass_the_event_that_it_waits_for),
    CASE(memory_may_be_changed_once_its_write_is_complete),
    CASE(transfers_that_wait_for_an_event_get_their_own_data),
    CASE(a_callback_is_called_for_every_event),
    CASE(many_threads_share_a_queue),
    CASE(many_threads_share_a_kernel),
    CASE(references_of_other_threads_keep_what_is_used),
};

CHECK_MAIN(cases)
