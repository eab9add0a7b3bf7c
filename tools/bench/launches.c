/* SPDX-License-Identifier: MIT */
/* Kernels that do next to nothing: what remains is what a launch costs. */
#include "probe.h"

/* Launches that are timed one behind another before a finish that is not: few
 * enough that no queue on the way is full. */
#define BURST 64

static void launch(const struct probe *p, cl_kernel k)
{
    const size_t one = 1;

    must(p, clEnqueueNDRangeKernel(p->queue, k, 1, NULL, &one, &one, 0, NULL, NULL),
         "clEnqueueNDRangeKernel");
}

static double enqueue_burst(struct probe *p, void *state, unsigned turn)
{
    double start = now(), t;

    for (int i = 0; i < BURST; i++)
        launch(p, p->empty);
    t = now() - start;
    must(p, clFinish(p->queue), "clFinish");
    return t / BURST;
}

void measure_enqueue(struct probe *p, const struct measurement *m)
{
    value(m->name, median_of(p, enqueue_burst, NULL) * 1e6, "us", "less");
}

static void stream_batch(struct probe *p, unsigned n)
{
    while (n--)
        launch(p, p->empty);
    must(p, clFinish(p->queue), "clFinish");
}

void measure_stream(struct probe *p, const struct measurement *m)
{
    value(m->name, 1 / seconds_each(p, stream_batch), "/s", "more");
}

static cl_int read_small(const struct probe *p)
{
    cl_int got = 0;

    must(p, clEnqueueReadBuffer(p->queue, p->small, CL_TRUE, 0, sizeof(got), &got, 0, NULL, NULL),
         "clEnqueueReadBuffer");
    return got;
}

static void args_batch(struct probe *p, unsigned n)
{
    const cl_float two = 2;

    for (cl_int i = 0; i < (cl_int)n; i++) {
        must(p, clSetKernelArg(p->args3, 0, sizeof(p->small), &p->small), "clSetKernelArg");
        must(p, clSetKernelArg(p->args3, 1, sizeof(i), &i), "clSetKernelArg");
        must(p, clSetKernelArg(p->args3, 2, sizeof(two), &two), "clSetKernelArg");
        launch(p, p->args3);
    }
    must(p, clFinish(p->queue), "clFinish");
    if (read_small(p) != (cl_int)n + 1)
        fail(p, "the last launch of %u had other arguments than it was given", n);
}

void measure_args(struct probe *p, const struct measurement *m)
{
    value(m->name, 1 / seconds_each(p, args_batch), "/s", "more");
}

/* Each launch waits for the one before, by its event. */
static void chain_batch(struct probe *p, unsigned n)
{
    const size_t one = 1;
    cl_event last = NULL, next;
    cl_int before = read_small(p);

    must(p, clSetKernelArg(p->increment, 0, sizeof(p->small), &p->small), "clSetKernelArg");
    for (unsigned i = 0; i < n; i++) {
        must(p,
             clEnqueueNDRangeKernel(p->queue, p->increment, 1, NULL, &one, &one, last ? 1 : 0,
                                    last ? &last : NULL, &next),
             "clEnqueueNDRangeKernel");
        if (last)
            must(p, clReleaseEvent(last), "clReleaseEvent");
        last = next;
    }
    must(p, clWaitForEvents(1, &last), "clWaitForEvents");
    must(p, clReleaseEvent(last), "clReleaseEvent");
    if (read_small(p) != (cl_int)((cl_uint)before + n))
        fail(p, "%u launches in a chain counted to %d from %d", n, read_small(p), before);
}

void measure_chain(struct probe *p, const struct measurement *m)
{
    value(m->name, 1 / seconds_each(p, chain_batch), "/s", "more");
}

static double launch_finish(struct probe *p, void *state, unsigned turn)
{
    double start = now();

    launch(p, p->empty);
    must(p, clFinish(p->queue), "clFinish");
    return now() - start;
}

void measure_launch_finish(struct probe *p, const struct measurement *m)
{
    value(m->name, median_of(p, launch_finish, NULL) * 1e6, "us", "less");
}
