// SPDX-License-Identifier: MIT
/*
 * Commands that fail: what they leave behind is as good as new.
 */
#include <pthread.h>

#include "check.h"

static void *fail_later(void *event)
{
    sleep_ms(20);
    CL(clSetUserEventStatus(event, -5));
    return NULL;
}

/* The blocking read fails after it has been enqueued, with its event made: none
 * of what it took may be in the way of what comes after it. */
static void a_failed_blocking_read_leaves_nothing_behind(void)
{
    struct cl cl = cl_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    cl_mem m = cl_buffer(&cl, 1 << 16);
    static uint8_t bytes[1 << 16];
    for (int i = 0; i < 4; i++) {
        cl_int err;
        pthread_t thread;
        cl_event event = NULL, gate = clCreateUserEvent(cl.context, &err);
        CL(err);
        pthread_create(&thread, NULL, fail_later, gate);
        err = clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, i % 2 ? sizeof(bytes) : 64, bytes, 1,
                                  &gate, &event);
        pthread_join(thread, NULL);
        if (!err && event)
            CL(clReleaseEvent(event));
        CL(clReleaseEvent(gate));
        /* Numbers and status slots are used again. */
        for (int k = 0; k < 8; k++) {
            cl_mem other = cl_buffer(&cl, 64);
            CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, 64, bytes, 0, NULL, &event));
            CL(clWaitForEvents(1, &event));
            CL(clReleaseEvent(event));
            CL(clReleaseMemObject(other));
        }
    }
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_failed_blocking_read_leaves_nothing_behind),
};

CHECK_MAIN(cases)
