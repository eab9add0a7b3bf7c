// SPDX-License-Identifier: MIT
/*
 * Which calls of the guest's wait for an answer and which are posted, and who gets the
 * errors that come late: against a helper that says yes to everything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "connection.h"
#include "object.h"
#include "post.h"
#include "stubs.h"

/* ---- in place of connection.c ---- */

#define ANSWER_BYTES 256 /* zeros: success, and nothing of everything else */

static _Alignas(4096) uint8_t channel[VOCL_CHANNEL_SIZE];
static const struct gcl_transport_ops ops = {.name = "test", .copy_max = SIZE_MAX};
static struct gcl_transport transport = {.ops = &ops, .channel = channel};
static unsigned calls, posts;
static cl_int late; /* what the next finish tells */

int gcl_connection_open(void)
{
    return 0;
}

struct gcl_transport *gcl_connection_transport(void)
{
    return &transport;
}

int64_t gcl_connection_call(uint16_t op, bool waits, const void *body, uint64_t len,
                            uint8_t **reply, size_t *cap)
{
    (void)waits, (void)body, (void)len;
    calls++;
    if (*cap < ANSWER_BYTES) {
        *reply = realloc(*reply, ANSWER_BYTES);
        *cap = ANSWER_BYTES;
    }
    memset(*reply, 0, ANSWER_BYTES);
    if (op == VOCL_OP_clFinish) {
        int64_t ret = late;
        memcpy(*reply, &ret, sizeof(ret));
        late = CL_SUCCESS;
    }
    return ANSWER_BYTES;
}

int gcl_connection_post(uint16_t op, const void *body, uint64_t len)
{
    (void)body, (void)len;
    posts += op != VOCL_OP_RELEASE;
    return 0;
}

void gcl_connection_release(uint32_t id)
{
    (void)id;
}

bool gcl_connection_look(const uint32_t *word, uint32_t old)
{
    return *word != old;
}

int gcl_connection_wait(uint32_t *word, uint32_t old)
{
    (void)word, (void)old;
    return 0;
}

bool gcl_connection_untroubled(void)
{
    return true;
}

bool gcl_connection_takes(uint32_t id)
{
    return id < vocl_channel_header(channel)->max_objects;
}

bool gcl_connection_lost(void)
{
    return false;
}

void gcl_debug(const char *fmt, ...)
{
    (void)fmt;
}

/* ---- objects, as if made by calls ---- */

static struct {
    cl_device_id device;
    cl_context context;
    cl_program program;
    cl_mem m;
    cl_command_queue queue;
    cl_kernel k;
    uint8_t bytes[64]; /* of m */
} g;

static void leave(struct gcl_object *o)
{
    free(o);
}

static void *make(size_t size, enum gcl_type type)
{
    void *o = gcl_object_create(size, type, 0, leave);
    assert_non_null(o);
    return o;
}

static int setup(void **state)
{
    cl_int err;
    (void)state;
    memset(channel, 0, VOCL_HEADER_SIZE);
    vocl_channel_init(channel, 1);
    vocl_channel_header(channel)->max_objects = 1u << 20;
    g.device = make(sizeof(*g.device), GCL_DEVICE);
    g.context = make(sizeof(*g.context), GCL_CONTEXT);
    g.program = make(sizeof(*g.program), GCL_PROGRAM);
    g.program->context = g.context;
    g.m = make(sizeof(*g.m), GCL_MEM);
    g.m->context = g.context;
    g.m->size = sizeof(g.bytes);
    g.m->memory.addr = g.bytes;
    g.queue = gcl_dispatch.clCreateCommandQueue(g.context, g.device, 0, &err);
    assert_int_equal(err, CL_SUCCESS);
    g.k = gcl_dispatch.clCreateKernel(g.program, "k", &err);
    assert_int_equal(err, CL_SUCCESS);
    calls = posts = 0;
    late = CL_SUCCESS;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(gcl_dispatch.clReleaseKernel(g.k), CL_SUCCESS);
    assert_int_equal(gcl_dispatch.clReleaseCommandQueue(g.queue), CL_SUCCESS);
    gcl_object_abandon(&g.m->base);
    gcl_object_abandon(&g.program->base);
    gcl_object_abandon(&g.context->base);
    gcl_object_abandon(&g.device->base);
    return 0;
}

enum way { CALLED, POSTED };

/* How the last one went. */
static enum way way_of(cl_int status)
{
    enum way way = calls ? CALLED : POSTED;
    assert_int_equal(status, CL_SUCCESS);
    assert_int_equal(calls + posts, 1);
    calls = posts = 0;
    return way;
}

static enum way launch(size_t local)
{
    const size_t global = 64;
    return way_of(
        gcl_dispatch.clEnqueueNDRangeKernel(g.queue, g.k, 1, NULL, &global, &local, 0, NULL, NULL));
}

static enum way set(cl_uint index, size_t size, const void *value)
{
    return way_of(gcl_dispatch.clSetKernelArg(g.k, index, size, value));
}

static enum way set_mem(cl_mem m)
{
    return set(0, sizeof(m), &m);
}

/* ---- */

static void what_was_accepted_is_posted_the_next_time(void **state)
{
    uint32_t x = 7, y = 8;
    (void)state;
    assert_int_equal(set_mem(g.m), CALLED);
    assert_int_equal(set_mem(g.m), POSTED);
    assert_int_equal(set(1, 4, &x), CALLED);
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(set(1, 4, &y), POSTED);
    assert_int_equal(launch(4), POSTED);
    assert_int_equal(launch(8), CALLED);
    assert_int_equal(launch(8), POSTED);
    assert_int_equal(launch(4), POSTED);
    assert_int_equal(set(1, 2, &x), CALLED); /* another size */
    assert_int_equal(launch(4), CALLED);
}

static void a_launch_is_called_where_an_argument_is_of_another_kind(void **state)
{
    (void)state;
    assert_int_equal(set_mem(g.m), CALLED);
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(set_mem(NULL), CALLED);
    assert_int_equal(launch(4), CALLED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(set_mem(g.m), POSTED);
        assert_int_equal(launch(4), CALLED);
        assert_int_equal(launch(4), POSTED);
        assert_int_equal(set_mem(NULL), POSTED);
        assert_int_equal(launch(4), CALLED);
        assert_int_equal(launch(4), POSTED);
    }
}

static void a_number_may_be_zero(void **state)
{
    uintptr_t nought = 0, five = 5;
    (void)state;
    assert_int_equal(set(0, sizeof(five), &five), CALLED);
    assert_int_equal(set(0, sizeof(nought), &nought), CALLED);
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(set(0, sizeof(five), &five), POSTED);
    assert_int_equal(launch(4), POSTED);
    assert_int_equal(set(0, sizeof(nought), &nought), POSTED);
    assert_int_equal(launch(4), POSTED);
}

static void null_as_svm_is_not_null_as_a_number(void **state)
{
    uintptr_t nought = 0;
    (void)state;
    assert_int_equal(set(0, sizeof(nought), &nought), CALLED);
    assert_int_equal(set(0, sizeof(nought), &nought), POSTED);
    assert_int_equal(way_of(gcl_dispatch.clSetKernelArgSVMPointer(g.k, 0, NULL)), CALLED);
    assert_int_equal(way_of(gcl_dispatch.clSetKernelArgSVMPointer(g.k, 0, NULL)), POSTED);
}

static void a_device_address_is_judged_at_the_launch(void **state)
{
    (void)state;
    assert_int_equal(set_mem(g.m), CALLED);
    assert_int_equal(launch(4), CALLED);
    gcl_learn_clSetKernelArgDevicePointerEXT(g.k, 0, 4711);
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(set_mem(g.m), POSTED);
    assert_int_equal(launch(4), CALLED);
}

static void nothing_is_posted_to_a_context_that_was_terminated(void **state)
{
    cl_event e;
    (void)state;
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(launch(4), POSTED);
    assert_int_equal(way_of(gcl_dispatch.clFlush(g.queue)), POSTED);
    gcl_learn_clTerminateContextKHR(g.context);
    assert_int_equal(launch(4), CALLED);
    assert_int_equal(way_of(gcl_dispatch.clFlush(g.queue)), CALLED);
    assert_int_equal(way_of(gcl_dispatch.clEnqueueBarrier(g.queue)), CALLED);
    assert_int_equal(way_of(gcl_dispatch.clEnqueueMarker(g.queue, &e)), CALLED);
    gcl_dispatch.clReleaseEvent(e);
}

static void an_event_beyond_the_helpers_limit_is_asked_for(void **state)
{
    cl_event e;
    (void)state;
    assert_int_equal(way_of(gcl_dispatch.clEnqueueMarker(g.queue, &e)), POSTED);
    uint32_t id = e->base.id;
    gcl_dispatch.clReleaseEvent(e);
    vocl_channel_header(channel)->max_objects = id;
    assert_int_equal(way_of(gcl_dispatch.clEnqueueMarker(g.queue, &e)), CALLED);
    gcl_dispatch.clReleaseEvent(e);
}

/* The library finishes the queue before it copies by itself; the error that it then
 * meets is the read's. */
static void a_late_error_met_before_a_copy_of_ours_is_told(void **state)
{
    char out[64];
    (void)state;
    g.m->in_place = true;
    assert_int_equal(launch(4), CALLED);
    late = CL_MEM_OBJECT_ALLOCATION_FAILURE;
    assert_int_equal(
        gcl_dispatch.clEnqueueReadBuffer(g.queue, g.m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL),
        CL_MEM_OBJECT_ALLOCATION_FAILURE);
    assert_int_equal(
        gcl_dispatch.clEnqueueReadBuffer(g.queue, g.m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL),
        CL_SUCCESS);
    calls = posts = 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_accepted_is_posted_the_next_time),
        CASE(a_launch_is_called_where_an_argument_is_of_another_kind),
        CASE(a_number_may_be_zero),
        CASE(null_as_svm_is_not_null_as_a_number),
        CASE(a_device_address_is_judged_at_the_launch),
        CASE(nothing_is_posted_to_a_context_that_was_terminated),
        CASE(an_event_beyond_the_helpers_limit_is_asked_for),
        CASE(a_late_error_met_before_a_copy_of_ours_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
