/* SPDX-License-Identifier: MIT */
/* Single calls: what one costs that must cross, and what one costs that need not. */
#include <unistd.h>

#include "probe.h"

/* Long after either side has stopped looking and gone to sleep. */
#define ASLEEP_US 2000

/*
 * The cheapest call that has to cross: its answer is another one each time, so
 * that nobody can keep it. A runtime without timers says so, which crosses as
 * well, and is as good.
 */
static void ask_timer(const struct probe *p)
{
    cl_ulong device, host;

    clGetDeviceAndHostTimer(p->device, &device, &host);
}

static void null_batch(struct probe *p, unsigned n)
{
    while (n--)
        ask_timer(p);
}

void measure_null(struct probe *p, const struct measurement *m)
{
    value(m->name, seconds_each(p, null_batch) * 1e6, "us", "less");
}

static double null_asleep(struct probe *p, void *state, unsigned turn)
{
    double start;

    usleep(ASLEEP_US);
    start = now();
    ask_timer(p);
    return now() - start;
}

void measure_null_asleep(struct probe *p, const struct measurement *m)
{
    value(m->name, median_of(p, null_asleep, NULL) * 1e6, "us", "less");
}

/* Of an idle queue. */
static void finish_batch(struct probe *p, unsigned n)
{
    while (n--)
        must(p, clFinish(p->queue), "clFinish");
}

void measure_finish(struct probe *p, const struct measurement *m)
{
    value(m->name, seconds_each(p, finish_batch) * 1e6, "us", "less");
}

static void device_info_batch(struct probe *p, unsigned n)
{
    size_t size;

    while (n--)
        must(p,
             clGetDeviceInfo(p->device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size), &size, NULL),
             "clGetDeviceInfo");
}

void measure_device_info(struct probe *p, const struct measurement *m)
{
    value(m->name, seconds_each(p, device_info_batch) * 1e6, "us", "less");
}

static void kernel_info_batch(struct probe *p, unsigned n)
{
    size_t size;

    while (n--)
        must(p,
             clGetKernelWorkGroupInfo(p->empty, p->device, CL_KERNEL_WORK_GROUP_SIZE, sizeof(size),
                                      &size, NULL),
             "clGetKernelWorkGroupInfo");
}

void measure_kernel_info(struct probe *p, const struct measurement *m)
{
    value(m->name, seconds_each(p, kernel_info_batch) * 1e6, "us", "less");
}

/* A program that polls asks this of an event; the event is complete. */
static cl_event polled;

static void event_info_batch(struct probe *p, unsigned n)
{
    cl_int status = CL_QUEUED;

    while (n--)
        must(p,
             clGetEventInfo(polled, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
                            NULL),
             "clGetEventInfo");
    if (status != CL_COMPLETE)
        fail(p, "a command that was waited for has status %d", status);
}

void measure_event_info(struct probe *p, const struct measurement *m)
{
    size_t one = 1;

    must(p, clEnqueueNDRangeKernel(p->queue, p->empty, 1, NULL, &one, NULL, 0, NULL, &polled),
         "clEnqueueNDRangeKernel");
    must(p, clWaitForEvents(1, &polled), "clWaitForEvents");
    value(m->name, seconds_each(p, event_info_batch) * 1e6, "us", "less");
    must(p, clReleaseEvent(polled), "clReleaseEvent");
}

static void create_batch(struct probe *p, unsigned n)
{
    cl_int e;

    while (n--) {
        cl_mem b = clCreateBuffer(p->context, CL_MEM_READ_WRITE, SMALL_SIZE, NULL, &e);

        must(p, e, "clCreateBuffer");
        must(p, clReleaseMemObject(b), "clReleaseMemObject");
    }
}

void measure_create_release(struct probe *p, const struct measurement *m)
{
    value(m->name, seconds_each(p, create_batch) * 1e6, "us", "less");
}

static double write_4(struct probe *p, void *state, unsigned turn)
{
    double start = now(), t;
    cl_uint got = ~turn;

    must(p, clEnqueueWriteBuffer(p->queue, p->small, CL_TRUE, 0, 4, &turn, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
    t = now() - start;
    must(p, clEnqueueReadBuffer(p->queue, p->small, CL_TRUE, 0, 4, &got, 0, NULL, NULL),
         "clEnqueueReadBuffer");
    if (got != turn)
        fail(p, "wrong data: wrote %u, read %u", turn, got);
    return t;
}

void measure_write_4(struct probe *p, const struct measurement *m)
{
    value(m->name, median_of(p, write_4, NULL) * 1e6, "us", "less");
}

static double read_4(struct probe *p, void *state, unsigned turn)
{
    double start, t;
    cl_uint got = ~turn;

    must(p, clEnqueueWriteBuffer(p->queue, p->small, CL_TRUE, 0, 4, &turn, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
    start = now();
    must(p, clEnqueueReadBuffer(p->queue, p->small, CL_TRUE, 0, 4, &got, 0, NULL, NULL),
         "clEnqueueReadBuffer");
    t = now() - start;
    if (got != turn)
        fail(p, "wrong data: wrote %u, read %u", turn, got);
    return t;
}

void measure_read_4(struct probe *p, const struct measurement *m)
{
    value(m->name, median_of(p, read_4, NULL) * 1e6, "us", "less");
}
