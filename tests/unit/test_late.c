// SPDX-License-Identifier: MIT
/*
 * What becomes of calls that were posted and that the runtime refuses, and of a guest
 * that posts what ours does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "complete.h"
#include "decoder.h"
#include "event.h"
#include "fake_native.h"
#include "fake_worker.h"
#include "late.h"
#include "regions.h"

#define PLATFORM 0x80000000u
#define DEVICE 0x80000001u
#define REGION 1u
#define REGION_SIZE 65536u
#define MAX_OBJECTS 64

/* Numbers of objects. */
enum { CONTEXT = 1, QUEUE, BUFFER, OTHER_BUFFER, PROGRAM, KERNEL, GATE, EVENT = 10 };
/* Slots of events. */
enum { GATE_SLOT = 1, SLOT };

#define REFUSED CL_OUT_OF_RESOURCES

static struct fake_worker f;
static struct vocl_writer body;

static const struct hcl_options options = {.max_objects = MAX_OBJECTS};

#define SEND(slot, op, call, ...)                                                                  \
    do {                                                                                           \
        vocl_writer_reset(&body);                                                                  \
        vocl_put_##call##_req(&body, &(struct vocl_##call##_req){__VA_ARGS__});                    \
        assert_int_equal(vocl_ring_put(&f.cmd, op, slot, body.buf, (uint32_t)body.len), 0);        \
        fake_worker_decode(&f, 0);                                                                 \
    } while (0)

#define POST(call, ...) SEND(VOCL_NO_SLOT, VOCL_OP_##call, call, __VA_ARGS__)
#define CALL(call, ...) CALL_AS(VOCL_OP_##call, call, __VA_ARGS__)
#define CALL_AS(op, call, ...)                                                                     \
    ({                                                                                             \
        vocl_channel_reply(fake_channel, 0)->state = VOCL_REPLY_PENDING;                           \
        SEND(0, op, call, __VA_ARGS__);                                                            \
        answer();                                                                                  \
    })

/* The status that the last call has. */
static cl_int answer(void)
{
    struct vocl_reply_slot *s = vocl_channel_reply(fake_channel, 0);
    int64_t ret;
    assert_int_equal(s->state, VOCL_REPLY_DONE);
    assert_true(s->len >= sizeof(ret));
    memcpy(&ret, s->data, sizeof(ret));
    return (cl_int)ret;
}

static uint32_t *slot_word(uint32_t slot)
{
    return vocl_channel_event(fake_channel, slot);
}

static void expect_event(uint32_t slot)
{
    *slot_word(slot) = VOCL_EVENT_PENDING;
}

static bool is_ended(void)
{
    return f.worker.stop;
}

static void *native(uint64_t id, enum hcl_type type)
{
    void *p = hcl_objects_get(f.worker.objects, id, type);
    assert_non_null(p);
    return p;
}

static int setup(void **state)
{
    static const uint64_t device[] = {DEVICE};
    static const struct vocl_bytes source[] = {{"kernel", 6}};
    (void)state;
    fake_worker_begin(&f, &fake_quiet_ops, &options, REGION, REGION_SIZE);
    fake_woken = NULL;
    CALL(clGetPlatformIDs, 0);
    CALL(clGetDeviceIDs, .platform = PLATFORM, .device_type = CL_DEVICE_TYPE_ALL);
    assert_int_equal(CALL(clCreateContext, .id = CONTEXT, .devices = {device, 1}), 0);
    assert_int_equal(CALL(clCreateCommandQueue, QUEUE, CONTEXT, DEVICE, 0), 0);
    assert_int_equal(CALL(clCreateBuffer, .id = BUFFER, .context = CONTEXT, .size = 4096), 0);
    assert_int_equal(CALL(clCreateBuffer, .id = OTHER_BUFFER, .context = CONTEXT, .size = 4096), 0);
    assert_int_equal(CALL(clCreateProgramWithSource, .id = PROGRAM, .context = CONTEXT,
                          .strings = {.list = source, .count = 1}),
                     0);
    assert_int_equal(
        CALL(clCreateKernel, .id = KERNEL, .program = PROGRAM, .kernel_name = {"k", 2}), 0);
    expect_event(GATE_SLOT);
    assert_int_equal(CALL(clCreateUserEvent, .id = GATE, .slot = GATE_SLOT, .context = CONTEXT), 0);
    expect_event(SLOT);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_worker_end(&f);
    vocl_writer_finish(&body);
    body = (struct vocl_writer){0};
    return 0;
}

/* ---- a runtime that refuses ---- */

static cl_int CL_API_CALL refuse_launch(cl_command_queue q, cl_kernel k, cl_uint dim,
                                        const size_t *offset, const size_t *global,
                                        const size_t *local, cl_uint n, const cl_event *list,
                                        cl_event *event)
{
    (void)q, (void)k, (void)dim, (void)offset, (void)global, (void)local;
    (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_task(cl_command_queue q, cl_kernel k, cl_uint n,
                                      const cl_event *list, cl_event *event)
{
    (void)q, (void)k, (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_fill(cl_command_queue q, cl_mem m, const void *pattern,
                                      size_t pattern_size, size_t offset, size_t size, cl_uint n,
                                      const cl_event *list, cl_event *event)
{
    (void)q, (void)m, (void)pattern, (void)pattern_size, (void)offset, (void)size;
    (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_copy(cl_command_queue q, cl_mem src, cl_mem dst, size_t from,
                                      size_t to, size_t size, cl_uint n, const cl_event *list,
                                      cl_event *event)
{
    (void)q, (void)src, (void)dst, (void)from, (void)to, (void)size;
    (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_write(cl_command_queue q, cl_mem m, cl_bool blocking,
                                       size_t offset, size_t size, const void *ptr, cl_uint n,
                                       const cl_event *list, cl_event *event)
{
    (void)q, (void)m, (void)blocking, (void)offset, (void)size, (void)ptr;
    (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_read(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                      size_t size, void *ptr, cl_uint n, const cl_event *list,
                                      cl_event *event)
{
    return refuse_write(q, m, blocking, offset, size, ptr, n, list, event);
}

static cl_int CL_API_CALL refuse_marker(cl_command_queue q, cl_uint n, const cl_event *list,
                                        cl_event *event)
{
    (void)q, (void)n, (void)list, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_old_marker(cl_command_queue q, cl_event *event)
{
    (void)q, (void)event;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_queue(cl_command_queue q)
{
    (void)q;
    return REFUSED;
}

static cl_int CL_API_CALL refuse_arg(cl_kernel k, cl_uint index, size_t size, const void *value)
{
    (void)k, (void)index, (void)size, (void)value;
    return REFUSED;
}

static const uint64_t one[] = {1};

static void post_launch(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueNDRangeKernel = refuse_launch;
    POST(clEnqueueNDRangeKernel, .command_queue = QUEUE, .kernel = KERNEL, .work_dim = 1,
         .global_work_size = {one, 1}, .event = event, .event_slot = slot);
}

static void post_task(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueTask = refuse_task;
    POST(clEnqueueTask, .command_queue = QUEUE, .kernel = KERNEL, .event = event,
         .event_slot = slot);
}

static void post_fill(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueFillBuffer = refuse_fill;
    POST(clEnqueueFillBuffer, .command_queue = QUEUE, .buffer = BUFFER, .pattern = {"abcd", 4},
         .pattern_size = 4, .size = 64, .event = event, .event_slot = slot);
}

static void post_copy(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueCopyBuffer = refuse_copy;
    POST(clEnqueueCopyBuffer, .command_queue = QUEUE, .src_buffer = BUFFER,
         .dst_buffer = OTHER_BUFFER, .size = 64, .event = event, .event_slot = slot);
}

static const struct vocl_payload staged = {VOCL_PAYLOAD_REGION, 4096, REGION, 0, NULL};

static void post_write(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueWriteBuffer = refuse_write;
    POST(clEnqueueWriteBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 4096,
         .ptr = staged, .event = event, .event_slot = slot);
}

static void post_read(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueReadBuffer = refuse_read;
    POST(clEnqueueReadBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 4096, .ptr = staged,
         .event = event, .event_slot = slot);
}

static void post_small_write(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueWriteBuffer = refuse_write;
    POST(clEnqueueWriteBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 4,
         .ptr = {VOCL_PAYLOAD_INLINE, 4, 0, 0, "abcd"}, .event = event, .event_slot = slot);
}

static void post_marker(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueMarkerWithWaitList = refuse_marker;
    POST(clEnqueueMarkerWithWaitList, .command_queue = QUEUE, .event = event, .event_slot = slot);
}

static void post_barrier(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueBarrierWithWaitList = refuse_marker;
    POST(clEnqueueBarrierWithWaitList, .command_queue = QUEUE, .event = event, .event_slot = slot);
}

static void post_old_marker(uint64_t event, uint64_t slot)
{
    f.worker.cl.clEnqueueMarker = refuse_old_marker;
    POST(clEnqueueMarker, .command_queue = QUEUE, .event = event, .event_slot = slot);
}

static const struct {
    const char *name;
    void (*post)(uint64_t event, uint64_t slot);
} commands[] = {
    {"launch", post_launch},
    {"task", post_task},
    {"fill", post_fill},
    {"copy", post_copy},
    {"write", post_write},
    {"read", post_read},
    {"small write", post_small_write},
    {"marker", post_marker},
    {"barrier", post_barrier},
    {"old marker", post_old_marker},
};

/* ---- the event ---- */

static void a_refused_command_has_failed_says_its_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint32_t slot = SLOT + (uint32_t)i;
        *slot_word(slot) = VOCL_EVENT_PENDING_ASLEEP;
        fake_woken = NULL;
        commands[i].post(EVENT + i, slot);
        if ((cl_int)*slot_word(slot) != REFUSED || fake_woken != slot_word(slot) || is_ended())
            fail_msg("%s: %d", commands[i].name, (cl_int)*slot_word(slot));
    }
}

static void a_refused_command_without_an_event_needs_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        commands[i].post(0, 0);
        if (is_ended() || CALL(clFinish, QUEUE) != REFUSED)
            fail_msg("%s", commands[i].name);
    }
}

static cl_int status_of(uint64_t event)
{
    const uint64_t ids[] = {event};
    struct vocl_query_events_rep rep;
    struct vocl_reader r;
    assert_int_equal(CALL_AS(VOCL_OP_QUERY_EVENTS, query_events, {ids, 1}), CL_SUCCESS);
    struct vocl_reply_slot *s = vocl_channel_reply(fake_channel, 0);
    vocl_reader_init(&r, s->data, s->len);
    vocl_get_query_events_rep(&r, &rep);
    assert_int_equal(rep.status.count, 1);
    return (cl_int)rep.status.v[0];
}

static void the_event_of_a_refused_command_is_an_event(void **state)
{
    const uint64_t waits[] = {EVENT};
    (void)state;
    post_launch(EVENT, SLOT);
    assert_int_equal(status_of(EVENT), REFUSED);
    expect_event(SLOT + 1);
    assert_int_equal(CALL(clEnqueueBarrierWithWaitList, .command_queue = QUEUE,
                          .event_wait_list = {waits, 1}, .event = EVENT + 1,
                          .event_slot = SLOT + 1),
                     CL_SUCCESS);
    POST(clEnqueueMarkerWithWaitList, .command_queue = QUEUE, .event_wait_list = {waits, 1});
    assert_int_equal(CALL(clSetEventCallback, EVENT, CL_COMPLETE, 4711), CL_SUCCESS);
    assert_int_equal(CALL_AS(VOCL_OP_RELEASE, release, EVENT), CL_SUCCESS);
    assert_int_equal(CALL_AS(VOCL_OP_RELEASE, release, EVENT + 1), CL_SUCCESS);
    assert_false(is_ended());
    /* And its number and slot are another's. */
    expect_event(SLOT);
    assert_int_equal(CALL(clCreateUserEvent, .id = EVENT, .slot = SLOT, .context = CONTEXT), 0);
    assert_int_equal(*slot_word(SLOT), VOCL_EVENT_PENDING);
}

static void an_event_without_a_slot_is_asked_for(void **state)
{
    (void)state;
    post_fill(EVENT, 0);
    assert_false(is_ended());
    assert_int_equal(status_of(EVENT), REFUSED);
}

/* The guest would wait for ever. */
static void an_event_that_cannot_be_entered_ends_the_client(void **state)
{
    (void)state;
    POST(clEnqueueMarkerWithWaitList, .command_queue = QUEUE, .event = MAX_OBJECTS,
         .event_slot = SLOT);
    assert_true(is_ended());
    assert_int_equal(f.worker.header->lost, VOCL_LOST_LIMIT);
}

static void nor_may_the_event_of_a_transfer(void **state)
{
    (void)state;
    POST(clEnqueueWriteBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 4096,
         .ptr = staged, .event = MAX_OBJECTS, .event_slot = SLOT);
    assert_true(is_ended());
    assert_int_equal(f.worker.header->lost, VOCL_LOST_LIMIT);
}

/* A call has its answer: the number is free again. */
static void a_called_command_that_is_refused_has_no_event(void **state)
{
    (void)state;
    f.worker.cl.clEnqueueMarkerWithWaitList = refuse_marker;
    assert_int_equal(CALL(clEnqueueMarkerWithWaitList, .command_queue = QUEUE, .event = EVENT,
                          .event_slot = SLOT),
                     REFUSED);
    assert_null(hcl_objects_get(f.worker.objects, EVENT, HCL_EVENT));
    assert_int_equal(*slot_word(SLOT), VOCL_EVENT_PENDING);
    f.worker.cl.clEnqueueMarkerWithWaitList = NULL; /* a finish by clFinish() */
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

/* ---- who is told ---- */

static void the_next_finish_tells_once(void **state)
{
    (void)state;
    post_launch(0, 0);
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

static cl_int read_now(void)
{
    return CALL(clEnqueueReadBuffer, .command_queue = QUEUE, .buffer = BUFFER, .blocking_read = 1,
                .size = 64, .ptr = {VOCL_PAYLOAD_INLINE, 64, 0, 0, NULL}, .event = EVENT + 20,
                .event_slot = SLOT + 20);
}

static void or_the_next_blocking_transfer(void **state)
{
    (void)state;
    post_launch(0, 0);
    assert_int_equal(read_now(), REFUSED);
    assert_null(hcl_objects_get(f.worker.objects, EVENT + 20, HCL_EVENT)); /* it has failed */
    assert_int_equal(read_now(), CL_SUCCESS);
    assert_non_null(hcl_objects_get(f.worker.objects, EVENT + 20, HCL_EVENT));
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

static cl_int CL_API_CALL fail_differently(cl_command_queue q)
{
    (void)q;
    return CL_OUT_OF_HOST_MEMORY;
}

static void the_first_error_is_the_one_that_is_told(void **state)
{
    (void)state;
    post_launch(EVENT, SLOT);
    f.worker.cl.clFlush = fail_differently;
    POST(clFlush, QUEUE);
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

static void what_has_no_event_is_told_as_well(void **state)
{
    uint32_t x = 5;
    (void)state;
    f.worker.cl.clFlush = f.worker.cl.clEnqueueBarrier = refuse_queue;
    f.worker.cl.clSetKernelArg = refuse_arg;
    POST(clFlush, QUEUE);
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    POST(clEnqueueBarrier, QUEUE);
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    POST(clSetKernelArg, KERNEL, 0, sizeof(x), 0, 8, {&x, sizeof(x)});
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

/* An error of the finish itself comes first; the other is not lost. */
static void an_error_of_the_call_does_not_hide_a_late_one(void **state)
{
    (void)state;
    post_launch(0, 0);
    assert_int_equal(CALL(clFinish, 99), CL_INVALID_COMMAND_QUEUE);
    assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
}

static void the_log_has_the_first_few(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        post_launch(0, 0);
        if (i % 10 == 0)
            assert_int_equal(CALL(clFinish, QUEUE), REFUSED);
    }
    assert_in_range(fake_log_lines, 1, 20);
    assert_false(is_ended());
}

/* ---- data ---- */

static void nothing_of_a_refused_transfer_is_kept(void **state)
{
    (void)state;
    post_write(EVENT, SLOT);
    post_read(EVENT + 1, SLOT + 1);
    assert_true(fake_worker_unmap(&f));
}

static void the_data_of_a_posted_transfer_is_kept_until_its_end(void **state)
{
    const uint64_t waits[] = {GATE};
    (void)state;
    POST(clEnqueueWriteBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 4096,
         .ptr = staged, .event_wait_list = {waits, 1}, .event = EVENT, .event_slot = SLOT);
    assert_false(fake_worker_unmap(&f));
    assert_int_equal(CALL(clSetUserEventStatus, GATE, CL_COMPLETE), CL_SUCCESS);
    assert_int_equal(*slot_word(SLOT), CL_COMPLETE);
    assert_true(f.gone);
}

/* ---- a guest that posts what ours calls ---- */

static void whatever_is_posted_is_answered_to_nobody(void **state)
{
    const uint64_t device[] = {DEVICE}, programs[] = {PROGRAM}, events[] = {GATE};
    const struct vocl_payload inline_out = {VOCL_PAYLOAD_INLINE, 64, 0, 0, NULL};
    (void)state;
    for (uint32_t i = 0; i < VOCL_REPLY_SLOTS; i++)
        vocl_channel_reply(fake_channel, i)->state = VOCL_REPLY_PENDING;
    POST(clFinish, QUEUE);
    POST(clFinish, 99);
    POST(clBuildProgram, .program = PROGRAM, .devices = {device, 1}, .options = {"", 1});
    POST(clBuildProgram, .program = 99);
    POST(clCompileProgram, .program = PROGRAM, .devices = {device, 1}, .options = {"", 1});
    POST(clLinkProgram, .id = 30, .context = CONTEXT, .devices = {device, 1}, .options = {"", 1},
         .programs = {programs, 1});
    POST(clEnqueueReadBuffer, .command_queue = QUEUE, .buffer = BUFFER, .blocking_read = 1,
         .size = 64, .ptr = inline_out, .event = 31, .event_slot = 31);
    POST(clEnqueueReadBuffer, .command_queue = QUEUE, .buffer = BUFFER, .size = 64,
         .ptr = inline_out, .event = 32, .event_slot = 32);
    POST(clEnqueueWriteBuffer, .command_queue = QUEUE, .buffer = BUFFER, .blocking_write = 1,
         .size = 4096, .ptr = staged, .event = 33, .event_slot = 33);
    POST(clEnqueueMapBuffer, .command_queue = QUEUE, .buffer = BUFFER, .blocking_map = 1,
         .map_flags = CL_MAP_READ, .size = 4096, .shadow = staged, .event = 34, .event_slot = 34);
    POST(clGetDeviceInfo, .device = DEVICE, .param_name = CL_DEVICE_NAME, .param_value_size = 99,
         .want_value = 1);
    POST(clCreateUserEvent, .id = 35, .slot = 35, .context = CONTEXT);
    POST(clCreateUserEvent, .id = 36, .slot = 36, .context = 99);
    POST(clSetUserEventStatus, 35, (uint64_t)-5);
    POST(clSetEventCallback, 35, CL_COMPLETE, 4711);
    POST(clCreateBuffer, .id = 37, .context = CONTEXT, .size = 64);
    SEND(VOCL_NO_SLOT, VOCL_OP_QUERY_EVENTS, query_events, {events, 1});
    SEND(VOCL_NO_SLOT, VOCL_OP_NOP, nop, 7);
    assert_false(is_ended());
    for (uint32_t i = 0; i < VOCL_REPLY_SLOTS; i++)
        assert_int_equal(vocl_channel_reply(fake_channel, i)->state, VOCL_REPLY_PENDING);
    CALL(clFinish, QUEUE); /* whose errors those were is the guest's affair */
    assert_int_equal(CALL(clFinish, QUEUE), CL_SUCCESS);
}

/* A first word that is no queue leaves no context to make an event in. */
static void a_refused_command_on_no_queue_ends_a_client_that_gave_an_event(void **state)
{
    (void)state;
    POST(clEnqueueMarkerWithWaitList, .command_queue = 99);
    assert_false(is_ended());
    POST(clEnqueueMarkerWithWaitList, .command_queue = KERNEL, .event = EVENT, .event_slot = SLOT);
    assert_true(is_ended());
}

/* ---- callbacks that know less than the event ---- */

#define CALLBACKS 4
static struct {
    cl_event event;
    void(CL_CALLBACK *fn)(cl_event, cl_int, void *);
    void *opaque;
} callback[CALLBACKS];
static unsigned num_callbacks;

static cl_int CL_API_CALL keep_callback(cl_event e, cl_int type,
                                        void(CL_CALLBACK *fn)(cl_event, cl_int, void *),
                                        void *opaque)
{
    (void)type;
    assert_true(num_callbacks < CALLBACKS);
    callback[num_callbacks].event = e;
    callback[num_callbacks].fn = fn;
    callback[num_callbacks++].opaque = opaque;
    return CL_SUCCESS;
}

static void call_back(unsigned i)
{
    callback[i].fn(callback[i].event, CL_COMPLETE, callback[i].opaque);
}

static void post_commands_with_kept_callbacks(unsigned n)
{
    num_callbacks = 0;
    f.worker.cl.clSetEventCallback = keep_callback;
    for (unsigned i = 0; i < n; i++) {
        expect_event(SLOT + i);
        POST(clEnqueueMarkerWithWaitList, .command_queue = QUEUE, .event = EVENT + i,
             .event_slot = SLOT + i);
    }
    assert_int_equal(num_callbacks, n);
    CALL(clSetUserEventStatus, GATE, (uint64_t)-5); /* from now on events are asked */
}

/* PoCL (6, 7) and NVIDIA's runtime say that a command which has failed is complete.
 * However many fail at once, one job for a waiter is enough. */
static void however_many_events_fail_each_is_asked(void **state)
{
    (void)state;
    post_commands_with_kept_callbacks(3);
    for (unsigned i = 0; i < 3; i++) {
        call_back(i); /* to no effect: the query has told of them */
        assert_int_equal(CALL_AS(VOCL_OP_RELEASE, release, EVENT + i), CL_SUCCESS);
    }
    post_commands_with_kept_callbacks(3);
    fake_defer_held = true;
    for (unsigned i = 0; i < 3; i++) {
        expect_event(SLOT + i);
        ((struct fake *)native(EVENT + i, HCL_EVENT))->status = -7;
        call_back(i);
        assert_int_equal(*slot_word(SLOT + i), VOCL_EVENT_PENDING);
    }
    assert_true(fake_defer_run());
    assert_false(fake_defer_run());
    fake_defer_held = false;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal((cl_int)*slot_word(SLOT + i), -7);
    assert_false(is_ended());
}

static void note_status(void *opaque, cl_int status)
{
    *(cl_int *)opaque = status;
}

/* The same for those who wait for a command. */
static void however_many_wait_for_what_fails_each_learns_of_it(void **state)
{
    cl_int told[3] = {1, 1, 1};
    (void)state;
    num_callbacks = 0;
    f.worker.cl.clSetEventCallback = keep_callback;
    for (unsigned i = 0; i < 3; i++) {
        struct fake *event = fake_create(HCL_EVENT);
        event->status = CL_QUEUED;
        assert_int_equal(hcl_when_complete(&f.worker, native(QUEUE, HCL_QUEUE), (cl_event)event,
                                           note_status, &told[i]),
                         0);
    }
    assert_int_equal(num_callbacks, 3);
    CALL(clSetUserEventStatus, GATE, (uint64_t)-5);
    fake_defer_held = true;
    for (unsigned i = 0; i < 3; i++) {
        ((struct fake *)callback[i].event)->status = -7;
        call_back(i);
        assert_int_equal(told[i], 1);
    }
    assert_true(fake_defer_run());
    assert_false(fake_defer_run());
    fake_defer_held = false;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told[i], -7);
    assert_false(is_ended());
}

/* Intel's runtime calls back for an event that nobody holds any more. */
static void an_event_that_was_released_is_not_asked(void **state)
{
    (void)state;
    post_commands_with_kept_callbacks(1);
    expect_event(SLOT);
    assert_int_equal(CALL_AS(VOCL_OP_RELEASE, release, EVENT), CL_SUCCESS);
    assert_int_equal(((struct fake *)callback[0].event)->refs, 0);
    call_back(0); /* the fake runtime aborts if it is touched */
    assert_false(is_ended());
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_refused_command_has_failed_says_its_event),
        CASE(a_refused_command_without_an_event_needs_none),
        CASE(the_event_of_a_refused_command_is_an_event),
        CASE(an_event_without_a_slot_is_asked_for),
        CASE(an_event_that_cannot_be_entered_ends_the_client),
        CASE(nor_may_the_event_of_a_transfer),
        CASE(a_called_command_that_is_refused_has_no_event),
        CASE(the_next_finish_tells_once),
        CASE(or_the_next_blocking_transfer),
        CASE(the_first_error_is_the_one_that_is_told),
        CASE(what_has_no_event_is_told_as_well),
        CASE(an_error_of_the_call_does_not_hide_a_late_one),
        CASE(the_log_has_the_first_few),
        CASE(nothing_of_a_refused_transfer_is_kept),
        CASE(the_data_of_a_posted_transfer_is_kept_until_its_end),
        CASE(whatever_is_posted_is_answered_to_nobody),
        CASE(a_refused_command_on_no_queue_ends_a_client_that_gave_an_event),
        CASE(however_many_events_fail_each_is_asked),
        CASE(however_many_wait_for_what_fails_each_learns_of_it),
        CASE(an_event_that_was_released_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
