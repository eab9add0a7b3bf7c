// SPDX-License-Identifier: MIT
/*
 * Calls that block on the thread that decodes, while "another thread" of the crew
 * carries out what the guest sends meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "calls.h"
#include "fake_native.h"
#include "fake_worker.h"
#include "late.h"

#define PLATFORM 0x80000000u
#define DEVICE 0x80000001u

/* Numbers of objects. */
enum { CONTEXT = 1, QUEUE, BUFFER, GATE, EVENT };
/* Slots: of answers, and of events. */
enum { ANSWER = 1, MEANWHILE };
enum { GATE_SLOT = 1, EVENT_SLOT };

static struct fake_worker f;
static struct vocl_writer body;
static unsigned blocked;        /* calls that have */
static void (*meanwhile)(void); /* what the guest sends then */

static const struct hcl_options no_callbacks = {.max_objects = 64, .no_callbacks = true};
static const struct hcl_options plain = {.max_objects = 64};

static bool blocks(void)
{
    blocked++;
    if (meanwhile)
        meanwhile();
    return true;
}

static bool refuses(void)
{
    return false;
}

static bool somebody_took_it(void)
{
    return false;
}

#define SEND(slot, call, ...) SEND_AS(slot, VOCL_OP_##call, call, __VA_ARGS__)
#define SEND_AS(slot, op, call, ...)                                                               \
    do {                                                                                           \
        vocl_writer_reset(&body);                                                                  \
        vocl_put_##call##_req(&body, &(struct vocl_##call##_req){__VA_ARGS__});                    \
        assert_int_equal(vocl_ring_put(&f.cmd, op, slot, body.buf, (uint32_t)body.len), 0);        \
        fake_worker_decode(&f, 0);                                                                 \
    } while (0)

static struct vocl_reply_slot *slot_of(uint32_t slot)
{
    return vocl_channel_reply(fake_channel, slot);
}

static cl_int status_in(uint32_t slot)
{
    int64_t ret;
    assert_int_equal(slot_of(slot)->state, VOCL_REPLY_DONE);
    memcpy(&ret, slot_of(slot)->data, sizeof(ret));
    return (cl_int)ret;
}

#define CALL(call, ...)                                                                            \
    ({                                                                                             \
        slot_of(ANSWER)->state = VOCL_REPLY_PENDING;                                               \
        SEND(ANSWER, call, __VA_ARGS__);                                                           \
        status_in(ANSWER);                                                                         \
    })

#define READ(...) READ_AS(1, __VA_ARGS__)
#define READ_AS(blocking, ...)                                                                     \
    CALL(clEnqueueReadBuffer, .command_queue = QUEUE, .buffer = BUFFER, .blocking_read = blocking, \
         .size = 8, .ptr = {.kind = VOCL_PAYLOAD_INLINE, .len = 8}, __VA_ARGS__)

static void begin(const struct hcl_options *opt)
{
    static const uint64_t device[] = {DEVICE};
    blocked = 0;
    meanwhile = NULL;
    fake_crew_blocks = blocks;
    fake_crew_takes_back = NULL;
    fake_worker_begin(&f, &fake_quiet_ops, opt, 1, 65536);
    CALL(clGetPlatformIDs, 0);
    CALL(clGetDeviceIDs, .platform = PLATFORM, .device_type = CL_DEVICE_TYPE_ALL);
    assert_int_equal(CALL(clCreateContext, .id = CONTEXT, .devices = {device, 1}), 0);
    assert_int_equal(CALL(clCreateCommandQueue, QUEUE, CONTEXT, DEVICE, 0), 0);
    assert_int_equal(CALL(clCreateBuffer, .id = BUFFER, .context = CONTEXT, .size = 4096), 0);
    assert_int_equal(CALL(clCreateUserEvent, .id = GATE, .slot = GATE_SLOT, .context = CONTEXT), 0);
}

static int setup(void **state)
{
    (void)state;
    begin(&no_callbacks);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_worker_end(&f);
    vocl_writer_finish(&body);
    body = (struct vocl_writer){0};
    fake_crew_blocks = NULL;
    fake_crew_takes_back = NULL;
    return 0;
}

static void a_finish_blocks_where_it_was_decoded(void **state)
{
    (void)state;
    assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_int_equal(blocked, 1);
}

static void a_blocking_read_brings_its_data_and_its_event(void **state)
{
    uint64_t len;
    (void)state;
    *vocl_channel_event(fake_channel, EVENT_SLOT) = VOCL_EVENT_PENDING;
    assert_int_equal(READ(.event = EVENT, .event_slot = EVENT_SLOT), CL_SUCCESS);
    assert_int_equal(blocked, 1);
    memcpy(&len, slot_of(ANSWER)->data + 8, sizeof(len));
    assert_int_equal(len, 8 + 1);                      /* 0 would be no bytes at all */
    assert_int_equal(slot_of(ANSWER)->data[16], 0x5a); /* what the fake runtime reads */
    assert_int_equal(*vocl_channel_event(fake_channel, EVENT_SLOT), CL_COMPLETE);
    assert_non_null(hcl_objects_get(f.worker.objects, EVENT, HCL_EVENT));
}

static void a_read_that_does_not_block_keeps_the_role(void **state)
{
    (void)state;
    assert_int_equal(READ_AS(0, .event = EVENT), CL_SUCCESS);
    assert_int_equal(blocked, 0);
}

static void without_a_thread_to_decode_on_a_waiter_waits(void **state)
{
    (void)state;
    fake_crew_blocks = refuses;
    assert_int_equal(READ(.event = EVENT), CL_SUCCESS);
    assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_non_null(hcl_objects_get(f.worker.objects, EVENT, HCL_EVENT));
}

/* Of a guest that is not ours: the fake runtime ends the process if it is given what
 * has been released. */
static void release_all(void)
{
    meanwhile = NULL;
    SEND_AS(VOCL_NO_SLOT, VOCL_OP_RELEASE, release, .id = QUEUE);
    SEND_AS(VOCL_NO_SLOT, VOCL_OP_RELEASE, release, .id = BUFFER);
    SEND_AS(VOCL_NO_SLOT, VOCL_OP_RELEASE, release, .id = GATE);
}

static void what_a_blocked_read_uses_outlives_its_release(void **state)
{
    static const uint64_t gate[] = {GATE};
    (void)state;
    meanwhile = release_all;
    struct fake *native = hcl_objects_get(f.worker.objects, BUFFER, HCL_MEM);
    assert_int_equal(READ(.event_wait_list = {gate, 1}), CL_SUCCESS);
    assert_int_equal(blocked, 1);
    assert_null(hcl_objects_get(f.worker.objects, BUFFER, HCL_MEM));
    assert_int_equal(native->refs, 0);
    assert_false(f.worker.stop);
}

static void what_a_blocked_finish_uses_outlives_its_release(void **state)
{
    (void)state;
    meanwhile = release_all;
    struct fake *native = hcl_objects_get(f.worker.objects, QUEUE, HCL_QUEUE);
    assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_int_equal(native->refs, 0);
}

static void call_meanwhile(void)
{
    meanwhile = NULL;
    slot_of(MEANWHILE)->state = VOCL_REPLY_PENDING;
    SEND(MEANWHILE, clSetUserEventStatus, .event = GATE, .execution_status = CL_COMPLETE);
    assert_int_equal(status_in(MEANWHILE), CL_SUCCESS);
    assert_int_equal(slot_of(ANSWER)->state, VOCL_REPLY_PENDING);
}

static void another_thread_sets_what_a_blocked_read_waits_for(void **state)
{
    static const uint64_t gate[] = {GATE};
    (void)state;
    meanwhile = call_meanwhile;
    fake_crew_takes_back = somebody_took_it;
    assert_int_equal(READ(.event_wait_list = {gate, 1}), CL_SUCCESS);
    /* There are others: blocking calls go to waiters for a while. */
    for (int i = 0; i < 10; i++)
        assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_int_equal(blocked, 1);
}

static void a_late_error_is_told_by_a_blocked_call(void **state)
{
    (void)state;
    f.worker.late_error = CL_OUT_OF_RESOURCES;
    f.worker.header->late = 1;
    assert_int_equal(READ(.event = EVENT), CL_OUT_OF_RESOURCES);
    assert_null(hcl_objects_get(f.worker.objects, EVENT, HCL_EVENT));
    assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_int_equal(blocked, 2);
}

/* One that ours does not send: it must not be overtaken by what comes after it. */
static void a_posted_blocking_call_does_not_block(void **state)
{
    (void)state;
    SEND(VOCL_NO_SLOT, clFinish, .command_queue = QUEUE);
    assert_int_equal(blocked, 0);
}

static void an_error_of_the_runtimes_is_the_answer(void **state)
{
    (void)state;
    assert_int_equal(READ(.offset = 1 << 20, .event = EVENT), CL_INVALID_VALUE);
    assert_int_equal(blocked, 1);
    assert_null(hcl_objects_get(f.worker.objects, EVENT, HCL_EVENT));
}

static void a_runtime_that_calls_back_at_once_is_not_waited_for(void **state)
{
    teardown(state);
    begin(&plain);
    assert_int_equal(READ(.event = EVENT), CL_SUCCESS);
    assert_int_equal(CALL(clFinish, .command_queue = QUEUE), CL_SUCCESS);
    assert_int_equal(blocked, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_finish_blocks_where_it_was_decoded),
        TEST(a_blocking_read_brings_its_data_and_its_event),
        TEST(a_read_that_does_not_block_keeps_the_role),
        TEST(without_a_thread_to_decode_on_a_waiter_waits),
        TEST(what_a_blocked_read_uses_outlives_its_release),
        TEST(what_a_blocked_finish_uses_outlives_its_release),
        TEST(another_thread_sets_what_a_blocked_read_waits_for),
        TEST(a_late_error_is_told_by_a_blocked_call),
        TEST(a_posted_blocking_call_does_not_block),
        TEST(an_error_of_the_runtimes_is_the_answer),
        TEST(a_runtime_that_calls_back_at_once_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
