// SPDX-License-Identifier: MIT
/*
 * Reads, writes and maps take their place among the other commands, whoever
 * carries them out.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Takes its time, so that what does not wait for it is caught. */
static const char *const slow_source =
    "kernel void slow(global const uint *in, global uint *out, uint rounds) {\n"
    "    size_t i = get_global_id(0);\n"
    "    uint x = 1;\n"
    "    for (uint k = 0; k < rounds; k++)\n"
    "        x = x * 1664525u + in[i] % 3;\n"
    "    out[i] = in[i] + (x == 0x12345678u);\n"
    "}\n";

enum { N = 256, ROUNDS = 400000 };

struct slow {
    struct cl cl;
    cl_kernel kernel;
    cl_mem in, out;
};

static struct slow slow_open(cl_command_queue_properties properties)
{
    struct slow s = {.cl = cl_open(properties)};
    cl_uint zero[N] = {0}, rounds = ROUNDS;
    s.kernel = cl_kernel_of(&s.cl, slow_source, "slow");
    s.in = cl_buffer(&s.cl, sizeof(zero));
    s.out = cl_buffer(&s.cl, sizeof(zero));
    CL(clEnqueueWriteBuffer(s.cl.queue, s.in, CL_TRUE, 0, sizeof(zero), zero, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(s.cl.queue, s.out, CL_TRUE, 0, sizeof(zero), zero, 0, NULL, NULL));
    CL(clSetKernelArg(s.kernel, 0, sizeof(s.in), &s.in));
    CL(clSetKernelArg(s.kernel, 1, sizeof(s.out), &s.out));
    CL(clSetKernelArg(s.kernel, 2, sizeof(rounds), &rounds));
    return s;
}

static void slow_close(struct slow *s)
{
    CL(clReleaseMemObject(s->in));
    CL(clReleaseMemObject(s->out));
    CL(clReleaseKernel(s->kernel));
    cl_close(&s->cl);
}

static void launch(struct slow *s, cl_event *event)
{
    size_t n = N;
    CL(clEnqueueNDRangeKernel(s->cl.queue, s->kernel, 1, NULL, &n, NULL, 0, NULL, event));
}

static void fill(cl_uint *v, cl_uint value)
{
    for (int i = 0; i < N; i++)
        v[i] = value;
}

static bool all_are(const cl_uint *v, cl_uint value)
{
    for (int i = 0; i < N; i++)
        if (v[i] != value)
            return false;
    return true;
}

static void a_read_waits_for_the_kernels_before_it(void)
{
    struct slow s = slow_open(0);
    cl_uint v[N];
    for (cl_uint i = 1; i < 6; i++) {
        fill(v, i);
        CL(clEnqueueWriteBuffer(s.cl.queue, s.in, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        launch(&s, NULL);
        CL(clEnqueueReadBuffer(s.cl.queue, s.out, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        CHECK(all_are(v, i));
    }
    slow_close(&s);
}

static void a_write_waits_for_the_kernels_before_it(void)
{
    struct slow s = slow_open(0);
    cl_uint v[N], next[N];
    for (cl_uint i = 1; i < 6; i++) {
        fill(v, i);
        fill(next, 1000 + i);
        CL(clEnqueueWriteBuffer(s.cl.queue, s.in, CL_FALSE, 0, sizeof(v), v, 0, NULL, NULL));
        launch(&s, NULL);
        CL(clEnqueueWriteBuffer(s.cl.queue, s.in, i % 2, 0, sizeof(v), next, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(s.cl.queue, s.out, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        CHECK(all_are(v, i));
        CL(clEnqueueReadBuffer(s.cl.queue, s.in, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        CHECK(all_are(v, 1000 + i));
    }
    slow_close(&s);
}

static void a_rect_waits_for_the_kernels_before_it(void)
{
    struct slow s = slow_open(0);
    const size_t origin[3] = {0, 0, 0}, region[3] = {N * sizeof(cl_uint) / 4, 4, 1};
    cl_uint v[N], next[N];
    fill(v, 5);
    fill(next, 6);
    CL(clEnqueueWriteBufferRect(s.cl.queue, s.in, CL_TRUE, origin, origin, region, 0, 0, 0, 0, v, 0,
                                NULL, NULL));
    launch(&s, NULL);
    CL(clEnqueueWriteBufferRect(s.cl.queue, s.in, CL_TRUE, origin, origin, region, 0, 0, 0, 0, next,
                                0, NULL, NULL));
    launch(&s, NULL);
    CL(clEnqueueReadBufferRect(s.cl.queue, s.out, CL_TRUE, origin, origin, region, 0, 0, 0, 0, v, 0,
                               NULL, NULL));
    CHECK(all_are(v, 6));
    slow_close(&s);
}

static void a_map_waits_for_the_kernels_before_it(void)
{
    struct slow s = slow_open(0);
    cl_int err;
    size_t size = N * sizeof(cl_uint);
    for (cl_uint i = 1; i < 4; i++) {
        cl_uint *in = clEnqueueMapBuffer(s.cl.queue, s.in, CL_TRUE, CL_MAP_WRITE, 0, size, 0, NULL,
                                         NULL, &err);
        CL(err);
        fill(in, i);
        CL(clEnqueueUnmapMemObject(s.cl.queue, s.in, in, 0, NULL, NULL));
        launch(&s, NULL);
        cl_uint *out = clEnqueueMapBuffer(s.cl.queue, s.out, CL_TRUE, CL_MAP_READ, 0, size, 0, NULL,
                                          NULL, &err);
        CL(err);
        CHECK(all_are(out, i));
        CL(clEnqueueUnmapMemObject(s.cl.queue, s.out, out, 0, NULL, NULL));
    }
    slow_close(&s);
}

/* The unmap has an event and a wait list like any command: what comes after it in
 * the queue waits for that list, too. */
static void an_unmap_has_its_place_in_the_order(void)
{
    struct slow s = slow_open(0);
    cl_int err, status;
    size_t size = N * sizeof(cl_uint);
    cl_uint v[N];
    cl_event gate = clCreateUserEvent(s.cl.context, &err), unmapped;
    cl_command_type type;
    CL(err);
    cl_uint *in =
        clEnqueueMapBuffer(s.cl.queue, s.in, CL_TRUE, CL_MAP_WRITE, 0, size, 0, NULL, NULL, &err);
    CL(err);
    fill(in, 7);
    CL(clEnqueueUnmapMemObject(s.cl.queue, s.in, in, 1, &gate, &unmapped));
    launch(&s, NULL);
    CL(clEnqueueReadBuffer(s.cl.queue, s.out, CL_FALSE, 0, size, v, 0, NULL, NULL));
    CL(clFlush(s.cl.queue));
    sleep_ms(20);
    CL(clGetEventInfo(unmapped, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status > 0);
    CL(clGetEventInfo(unmapped, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_UNMAP_MEM_OBJECT);
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clWaitForEvents(1, &unmapped));
    CL(clFinish(s.cl.queue));
    CHECK(all_are(v, 7));
    CL(clReleaseEvent(unmapped));
    CL(clReleaseEvent(gate));
    slow_close(&s);
}

/* When its event says so the program may change what it has had written. */
static void host_memory_is_free_after_the_event(void)
{
    struct cl cl = cl_open(0);
    const size_t sizes[] = {4, 4096, 4097, 65536, 300000, 5 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        size_t n = sizes[i];
        cl_event written;
        cl_mem m = cl_buffer(&cl, n);
        uint8_t *in = pattern(n, i), *out = calloc(1, n);
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, in, 0, NULL, &written));
        CL(clWaitForEvents(1, &written));
        memset(in, 0xee, n);
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, out, 0, NULL, NULL));
        CHECK(pattern_is(out, n, i));
        CL(clReleaseEvent(written));
        CL(clReleaseMemObject(m));
        free(in);
        free(out);
    }
    cl_close(&cl);
}

/* Writes of all sizes over one another, some of them waited for, leave what the
 * same copies leave in the program. */
static void overlapping_writes_keep_their_order(void)
{
    enum { SIZE = 3 << 20, WRITES = 200 };
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *model = calloc(1, SIZE), *out = calloc(1, SIZE), *source[WRITES];
    unsigned random = 1;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, SIZE, model, 0, NULL, NULL));
    for (int i = 0; i < WRITES; i++) {
        random = random * 1664525u + 1013904223u;
        size_t n = 1 + (random >> 8) % (i % 10 ? 100000 : 2000000);
        size_t at = (random >> 4) % (SIZE - n);
        source[i] = pattern(n, i);
        memcpy(model + at, source[i], n);
        CL(clEnqueueWriteBuffer(cl.queue, m, random >> 30 == 0, at, n, source[i], 0, NULL, NULL));
    }
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
    CHECK(!memcmp(model, out, SIZE));
    for (int i = 0; i < WRITES; i++)
        free(source[i]);
    free(model);
    free(out);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void *set_later(void *event)
{
    sleep_ms(30);
    CL(clSetUserEventStatus(event, CL_COMPLETE));
    return NULL;
}

static void a_blocking_read_waits_for_its_list(void)
{
    struct cl cl = cl_open(0);
    cl_int err;
    cl_mem m = cl_buffer(&cl, 4);
    cl_uint one = 1, two = 2, out = 0;
    pthread_t thread;
    cl_event gate = clCreateUserEvent(cl.context, &err), written;
    CL(err);
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, &one, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(other, m, CL_FALSE, 0, 4, &two, 1, &gate, &written));
    pthread_create(&thread, NULL, set_later, gate);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &out, 1, &written, NULL));
    CHECK(out == 2);
    pthread_join(thread, NULL);
    CL(clReleaseEvent(written));
    CL(clReleaseEvent(gate));
    CL(clReleaseCommandQueue(other));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void *fail_later(void *event)
{
    sleep_ms(30);
    CL(clSetUserEventStatus(event, -7));
    return NULL;
}

static void a_failed_wait_list_lets_nothing_through(void)
{
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    pthread_t thread;
    cl_int err;
    cl_mem m = cl_buffer(&cl, 4);
    cl_uint one = 1, two = 2, out = 0;
    cl_event gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, &one, 0, NULL, NULL));
    pthread_create(&thread, NULL, fail_later, gate);
    CL_ANY(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 4, &two, 1, &gate, NULL));
    pthread_join(thread, NULL);
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    CL(clEnqueueReadBuffer(other, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == 1);
    CL(clReleaseCommandQueue(other));
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_barrier_holds_an_out_of_order_queue_back(void)
{
    struct slow s = slow_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_uint v[N];
    for (cl_uint i = 1; i < 4; i++) {
        fill(v, i);
        CL(clEnqueueWriteBuffer(s.cl.queue, s.in, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        launch(&s, NULL);
        CL(clEnqueueBarrierWithWaitList(s.cl.queue, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(s.cl.queue, s.out, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        CHECK(all_are(v, i));
        CL(clFinish(s.cl.queue));
    }
    slow_close(&s);
}

/* Two threads, one in-order queue: each command is carried out whole. */
enum { SHARED = 1 << 16, TURNS = 300 };

struct turn {
    struct cl *cl;
    cl_mem m;
    int failures;
};

static void *write_in_turn(void *arg)
{
    struct turn *t = arg;
    uint8_t *bytes = malloc(SHARED);
    for (int i = 0; i < TURNS; i++) {
        memset(bytes, i, SHARED);
        CL(clEnqueueWriteBuffer(t->cl->queue, t->m, i % 3 != 0, 0, SHARED, bytes, 0, NULL, NULL));
        if (i % 3 == 0)
            CL(clFinish(t->cl->queue));
    }
    free(bytes);
    return NULL;
}

static void *read_in_turn(void *arg)
{
    struct turn *t = arg;
    uint8_t *bytes = malloc(SHARED);
    for (int i = 0; i < TURNS; i++) {
        CL(clEnqueueReadBuffer(t->cl->queue, t->m, CL_TRUE, 0, SHARED, bytes, 0, NULL, NULL));
        for (size_t k = 1; k < SHARED; k++)
            t->failures += bytes[k] != bytes[0];
    }
    free(bytes);
    return NULL;
}

static void threads_on_one_queue_see_whole_commands(void)
{
    struct cl cl = cl_open(0);
    struct turn t = {&cl, cl_buffer(&cl, SHARED), 0};
    uint8_t zero = 0;
    pthread_t writer, reader;
    CL(clEnqueueFillBuffer(cl.queue, t.m, &zero, 1, 0, SHARED, 0, NULL, NULL));
    pthread_create(&writer, NULL, write_in_turn, &t);
    pthread_create(&reader, NULL, read_in_turn, &t);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    CHECK(t.failures == 0);
    CL(clReleaseMemObject(t.m));
    cl_close(&cl);
}

/* A buffer that a kernel still works on may be released; its memory is not the
 * next buffer's before the kernel is done. */
static void memory_is_not_used_again_too_early(void)
{
    struct slow s = slow_open(0);
    size_t size = N * sizeof(cl_uint);
    cl_uint v[N];
    cl_command_queue other;
    cl_int err;
    other = clCreateCommandQueue(s.cl.context, s.cl.device, 0, &err);
    CL(err);
    for (int i = 0; i < 5; i++) {
        cl_mem next[4];
        fill(v, 3);
        CL(clEnqueueWriteBuffer(s.cl.queue, s.in, CL_TRUE, 0, size, v, 0, NULL, NULL));
        launch(&s, NULL);
        CL(clReleaseMemObject(s.out));
        fill(v, 4);
        for (int k = 0; k < 4; k++) {
            next[k] = cl_buffer(&s.cl, size);
            CL(clEnqueueWriteBuffer(other, next[k], CL_TRUE, 0, size, v, 0, NULL, NULL));
        }
        CL(clFinish(s.cl.queue));
        for (int k = 0; k < 4; k++) {
            CL(clEnqueueReadBuffer(other, next[k], CL_TRUE, 0, size, v, 0, NULL, NULL));
            CHECK(all_are(v, 4));
        }
        s.out = next[0];
        CL(clSetKernelArg(s.kernel, 1, sizeof(s.out), &s.out));
        for (int k = 1; k < 4; k++)
            CL(clReleaseMemObject(next[k]));
    }
    CL(clReleaseCommandQueue(other));
    slow_close(&s);
}

static long resident_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    CHECK(f != NULL);
    while (fgets(line, sizeof(line), f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(f);
    return kib;
}

/* What is released is given back: buffers of all sizes, over and over. */
static void released_memory_is_given_back(void)
{
    enum { ROUNDS_ = 8, EACH = 24 };
    const size_t sizes[] = {64, 5000, 70000, 1000000, 5000000};
    struct cl cl = cl_open(0);
    uint8_t *in = pattern(5000000, 1);
    long before = 0;
    for (int round = 0; round < ROUNDS_; round++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
            cl_mem m[EACH];
            for (int i = 0; i < EACH; i++) {
                m[i] = cl_buffer(&cl, sizes[s]);
                CL(clEnqueueWriteBuffer(cl.queue, m[i], CL_TRUE, 0, sizes[s], in, 0, NULL, NULL));
            }
            for (int i = 0; i < EACH; i++)
                CL(clReleaseMemObject(m[i]));
        }
        CL(clFinish(cl.queue));
        if (round == 1)
            before = resident_kib();
    }
    /* One round would be 145 MiB. */
    CHECK(resident_kib() < before + (32 << 10));
    free(in);
    cl_close(&cl);
}

static void a_range_beyond_the_buffer_is_refused(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 1000);
    uint8_t bytes[2000] = {0};
    const size_t origin[3] = {0, 0, 0}, region[3] = {100, 11, 1};
    CL_IS(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 1, 1000, bytes, 0, NULL, NULL),
          CL_INVALID_VALUE);
    CL_IS(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 1001, 1, bytes, 0, NULL, NULL),
          CL_INVALID_VALUE);
    CL_IS(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, SIZE_MAX, 2, bytes, 0, NULL, NULL),
          CL_INVALID_VALUE);
    CL_IS(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 10, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, origin, origin, region, 0, 0, 0, 0, bytes,
                                  0, NULL, NULL),
          CL_INVALID_VALUE);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* Large ones that the program does not wait for, in and out, behind kernels and before
 * them. */
static void large_copies_keep_their_place_among_kernels(void)
{
    enum { BYTES = 3 << 20 };
    struct slow s = slow_open(0);
    cl_mem in = cl_buffer(&s.cl, BYTES);
    uint8_t *first = pattern(BYTES, 1), *second = pattern(BYTES, 2), *out = calloc(2, BYTES);
    cl_uint v[N];
    cl_event read;
    CL(clSetKernelArg(s.kernel, 0, sizeof(in), &in));
    for (int i = 0; i < 4; i++) {
        CL(clEnqueueWriteBuffer(s.cl.queue, in, CL_FALSE, 0, BYTES, first, 0, NULL, NULL));
        launch(&s, NULL);
        CL(clEnqueueReadBuffer(s.cl.queue, in, CL_FALSE, 0, BYTES, out, 0, NULL, NULL));
        CL(clEnqueueWriteBuffer(s.cl.queue, in, CL_FALSE, 0, BYTES, second, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(s.cl.queue, in, CL_FALSE, 0, BYTES, out + BYTES, 0, NULL, &read));
        CL(clWaitForEvents(1, &read));
        CL(clReleaseEvent(read));
        CHECK(pattern_is(out, BYTES, 1));
        CHECK(pattern_is(out + BYTES, BYTES, 2));
        CL(clEnqueueReadBuffer(s.cl.queue, s.out, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL));
        CHECK(!memcmp(v, first, sizeof(v)));
    }
    free(first);
    free(second);
    free(out);
    CL(clReleaseMemObject(in));
    slow_close(&s);
}

/* One that waits for what then fails moves nothing, and its event says so. */
static void a_large_copy_whose_wait_list_fails_moves_nothing(void)
{
    enum { BYTES = 3 << 20 };
    struct cl cl = cl_open(0);
    cl_int err, status = 1;
    cl_mem m = cl_buffer(&cl, BYTES);
    uint8_t *first = pattern(BYTES, 1), *second = pattern(BYTES, 2), *out = calloc(1, BYTES);
    cl_event gate = clCreateUserEvent(cl.context, &err), written;
    CL(err);
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, BYTES, first, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, BYTES, second, 1, &gate, &written));
    CL(clSetUserEventStatus(gate, -7));
    for (int i = 0; i < 2000 && status > 0; i++) {
        sleep_ms(5);
        CL(clGetEventInfo(written, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
                          NULL));
    }
    CHECK(status < 0);
    CL(clEnqueueReadBuffer(other, m, CL_TRUE, 0, BYTES, out, 0, NULL, NULL));
    CHECK(pattern_is(out, BYTES, 1));
    free(first);
    free(second);
    free(out);
    CL(clReleaseEvent(written));
    CL(clReleaseEvent(gate));
    CL(clReleaseCommandQueue(other));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* The program is not kept until what is before a copy has ended: it may be what ends
 * it. */
static void a_large_copy_does_not_hold_the_program(void)
{
    enum { BYTES = 3 << 20 };
    struct cl cl = cl_open(0);
    cl_int err;
    cl_mem m = cl_buffer(&cl, BYTES);
    uint8_t *in = pattern(BYTES, 1), *out = calloc(1, BYTES);
    cl_event gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueMarkerWithWaitList(cl.queue, 1, &gate, NULL));
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, BYTES, in, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, BYTES, out, 0, NULL, NULL));
    CL(clFlush(cl.queue));
    sleep_ms(20);
    CHECK(out[0] == 0 && !memcmp(out, out + 1, BYTES - 1));
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    CHECK(pattern_is(out, BYTES, 1));
    free(in);
    free(out);
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void CL_CALLBACK note_status(cl_event event, cl_int status, void *opaque)
{
    (void)event;
    __atomic_store_n((cl_int *)opaque, status, __ATOMIC_RELEASE);
}

/* An event that was complete at once is one like any other. */
static void the_event_of_a_finished_read_is_good_for_everything(void)
{
    struct cl cl = cl_open(0);
    cl_int err, called = 1, status = 1;
    cl_mem m = cl_buffer(&cl, 64);
    uint8_t bytes[64] = {0};
    cl_event written, read, mapped, unmapped, copied, all;
    cl_command_queue other = clCreateCommandQueue(cl.context, cl.device, 0, &err), queue;
    cl_command_type type;
    cl_context context;
    cl_uint refs;
    cl_ulong time;
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 64, bytes, 0, NULL, &written));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 64, bytes, 1, &written, &read));
    void *p = clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 0, 64, 1, &read, &mapped, &err);
    CL(err);
    CL(clEnqueueUnmapMemObject(cl.queue, m, p, 1, &mapped, &unmapped));
    /* It tells what an event tells, */
    CL(clGetEventInfo(read, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL));
    CHECK(queue == cl.queue);
    CL(clGetEventInfo(read, CL_EVENT_CONTEXT, sizeof(context), &context, NULL));
    CHECK(context == cl.context);
    CL(clGetEventInfo(read, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_READ_BUFFER);
    CL(clGetEventInfo(read, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status == CL_COMPLETE);
    CL(clRetainEvent(read));
    CL(clGetEventInfo(read, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    CHECK(refs >= 2);
    CL(clReleaseEvent(read));
    CL_IS(clGetEventProfilingInfo(read, CL_PROFILING_COMMAND_END, sizeof(time), &time, NULL),
          CL_PROFILING_INFO_NOT_AVAILABLE);
    CL_IS(clSetUserEventStatus(written, CL_COMPLETE), CL_INVALID_EVENT);
    /* other commands wait for it, */
    const cl_event list[] = {written, read, mapped, unmapped};
    CL(clEnqueueCopyBuffer(other, m, m, 0, 32, 16, 4, list, &copied));
    CL(clEnqueueMarkerWithWaitList(other, 1, &written, &all));
    CL(clEnqueueBarrierWithWaitList(other, 2, list, NULL));
    CL(clWaitForEvents(4, list));
    CL(clWaitForEvents(1, &copied));
    CL(clWaitForEvents(1, &all));
    /* and so do callbacks. */
    CL(clSetEventCallback(unmapped, CL_COMPLETE, note_status, &called));
    for (int i = 0; i < 2000 && __atomic_load_n(&called, __ATOMIC_ACQUIRE) == 1; i++)
        sleep_ms(5);
    CHECK(called == CL_COMPLETE);
    for (int i = 0; i < 4; i++)
        CL(clReleaseEvent(list[i]));
    CL(clReleaseEvent(copied));
    CL(clReleaseEvent(all));
    CL(clReleaseCommandQueue(other));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_read_waits_for_the_kernels_before_it),  CASE(a_write_waits_for_the_kernels_before_it),
    CASE(a_rect_waits_for_the_kernels_before_it),  CASE(a_map_waits_for_the_kernels_before_it),
    CASE(an_unmap_has_its_place_in_the_order),     CASE(host_memory_is_free_after_the_event),
    CASE(overlapping_writes_keep_their_order),     CASE(a_blocking_read_waits_for_its_list),
    CASE(a_failed_wait_list_lets_nothing_through), CASE(a_barrier_holds_an_out_of_order_queue_back),
    CASE(threads_on_one_queue_see_whole_commands), CASE(memory_is_not_used_again_too_early),
    CASE(released_memory_is_given_back),           CASE(large_copies_keep_their_place_among_kernels),
    CASE(a_large_copy_whose_wait_list_fails_moves_nothing),
    CASE(a_large_copy_does_not_hold_the_program),
    CASE(the_event_of_a_finished_read_is_good_for_everything),
    CASE(a_range_beyond_the_buffer_is_refused),
};

CHECK_MAIN(cases)
