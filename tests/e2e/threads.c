// SPDX-License-Identifier: MIT
/*
 * Many threads at once.
 */
#include <pthread.h>
#include <stdlib.h>

#include "check.h"

#define THREADS 8

static const char source[] = "kernel void k(global const uint *a, global uint *b, uint x)\n"
                             "{ size_t i = get_global_id(0); b[i] = a[i] * x + 1; }\n";

struct job {
    struct cl *cl;
    cl_program program;
    unsigned number;
    cl_event gate;
};

/* Write, compute, read and check, many times; sizes of every way across. */
static void work(struct cl *cl, cl_program p, unsigned number)
{
    enum { MAX = 90000 };
    cl_int err;
    cl_kernel k = clCreateKernel(p, "k", &err);
    CL(err);
    cl_command_queue q = clCreateCommandQueue(cl->context, cl->device, 0, &err);
    CL(err);
    uint32_t *in = malloc(MAX * 4), *out = malloc(MAX * 4);
    for (uint32_t i = 0; i < 40; i++) {
        size_t n = 1 + (i * 7919 + number * 104729) % (i % 8 ? 2000 : MAX);
        uint32_t x = number * 1000 + i;
        cl_mem a = cl_buffer(cl, n * 4), b = cl_buffer(cl, n * 4);
        pattern_fill(in, n * 4, x);
        CL(clSetKernelArg(k, 0, sizeof(a), &a));
        CL(clSetKernelArg(k, 1, sizeof(b), &b));
        CL(clSetKernelArg(k, 2, sizeof(x), &x));
        CL(clEnqueueWriteBuffer(q, a, i % 2, 0, n * 4, in, 0, NULL, NULL));
        CL(clEnqueueNDRangeKernel(q, k, 1, NULL, &n, NULL, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(q, b, i % 3 == 0, 0, n * 4, out, 0, NULL, NULL));
        CL(clFinish(q));
        for (size_t j = 0; j < n; j++)
            if (out[j] != in[j] * x + 1)
                CHECK(!"a thread has wrong results");
        CL(clReleaseMemObject(a));
        CL(clReleaseMemObject(b));
    }
    CL(clReleaseKernel(k));
    CL(clReleaseCommandQueue(q));
    free(in);
    free(out);
}

static void *work_in(void *opaque)
{
    struct job *j = opaque;
    work(j->cl, j->program, j->number);
    return NULL;
}

static void in_threads(struct job *jobs, void *(*fn)(void *))
{
    pthread_t thread[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i].number = i;
        CHECK(!pthread_create(&thread[i], NULL, fn, &jobs[i]));
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

/* The contexts and programs are made by one thread: PoCL (3.1) crashes if
 * several do it at once. */
static void threads_work_in_contexts_of_their_own(void)
{
    struct cl cl[THREADS];
    struct job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        cl[i] = cl_open(0);
        jobs[i] = (struct job){.cl = &cl[i], .program = cl_build(&cl[i], source)};
    }
    in_threads(jobs, work_in);
    for (unsigned i = 0; i < THREADS; i++) {
        CL(clReleaseProgram(jobs[i].program));
        cl_close(&cl[i]);
    }
}

static void threads_work_in_one_context(void)
{
    struct cl cl = cl_open(0);
    struct job jobs[THREADS];
    cl_program p = cl_build(&cl, source);
    for (unsigned i = 0; i < THREADS; i++)
        jobs[i] = (struct job){.cl = &cl, .program = p};
    in_threads(jobs, work_in);
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void *wait_for_gate(void *opaque)
{
    struct job *j = opaque;
    cl_int err;
    cl_command_queue q = clCreateCommandQueue(j->cl->context, j->cl->device, 0, &err);
    CL(err);
    CL(clEnqueueMarkerWithWaitList(q, 1, &j->gate, NULL));
    CL(clFinish(q));
    CL(clReleaseCommandQueue(q));
    return NULL;
}

static void a_hundred_threads_wait_for_one_user_event(void)
{
    enum { N = 100 }; /* more than there are reply slots */
    struct cl cl = cl_open(0);
    cl_int err;
    struct job j = {.cl = &cl, .gate = clCreateUserEvent(cl.context, &err)};
    pthread_t thread[N];
    CL(err);
    for (int i = 0; i < N; i++)
        CHECK(!pthread_create(&thread[i], NULL, wait_for_gate, &j));
    sleep_ms(200);
    CL(clSetUserEventStatus(j.gate, CL_COMPLETE));
    for (int i = 0; i < N; i++)
        pthread_join(thread[i], NULL);
    CL(clReleaseEvent(j.gate));
    cl_close(&cl);
}

static void *retain_and_release(void *opaque)
{
    struct job *j = opaque;
    for (int i = 0; i < 20000; i++) {
        CL(clRetainContext(j->cl->context));
        CL(clReleaseContext(j->cl->context));
    }
    return NULL;
}

static void reference_counts_are_exact(void)
{
    struct cl cl = cl_open(0);
    struct job jobs[THREADS];
    cl_uint before, after;
    CL(clGetContextInfo(cl.context, CL_CONTEXT_REFERENCE_COUNT, sizeof(before), &before, NULL));
    for (unsigned i = 0; i < THREADS; i++)
        jobs[i].cl = &cl;
    in_threads(jobs, retain_and_release);
    CL(clGetContextInfo(cl.context, CL_CONTEXT_REFERENCE_COUNT, sizeof(after), &after, NULL));
    CHECK(before == after);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(threads_work_in_contexts_of_their_own),
    CASE(threads_work_in_one_context),
    CASE(a_hundred_threads_wait_for_one_user_event),
    CASE(reference_counts_are_exact),
};

CHECK_MAIN(cases)
