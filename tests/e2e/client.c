// SPDX-License-Identifier: MIT
/*
 * A program for processes.py to do things to.
 *
 * client once          compute something, say "ok", end
 * client steps         compute again and again; a line "step N" for each
 * client transfer      write 64 MiB again and again; "step N" before each write
 * client stream-until-error  commands that nobody waits for, until one is an error
 * client until-error   as steps, but an error is expected: "error CODE MILLISECONDS"
 *                      is the last line, and a new platform query must not hang
 * client fork          fork before OpenCL is used; both compute
 * client fork-after    the child of a process that uses OpenCL gets an error
 * client svm-free-at-limit  free SVM when the helper can enter no event
 * client events-at-limit    keep the events of commands until there are too many
 * client platforms     the number of platforms, and their names
 * client exit-in-callback   exit() in an event's callback
 * client exit-in-threads    exit() while other threads are in calls and waits
 * client thread-exit        threads that end by pthread_exit with a call's buffers
 * client leave         end with commands under way, objects alive and a callback
 *                      registered, without a word
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static const char source[] = "kernel void k(global uint *p, uint x)\n"
                             "{ p[get_global_id(0)] = get_global_id(0) * x; }\n";

struct job {
    struct cl cl;
    cl_kernel k;
    cl_mem m;
};

#define N ((size_t)5000)

static struct job job_open(void)
{
    struct job j = {.cl = cl_open(0)};
    j.k = cl_kernel_of(&j.cl, source, "k");
    j.m = cl_buffer(&j.cl, N * 4);
    return j;
}

/* Returns the first error. */
static cl_int compute(struct job *j, uint32_t x)
{
    static uint32_t out[N];
    size_t n = N;
    cl_int err;
    if ((err = clSetKernelArg(j->k, 0, sizeof(j->m), &j->m)) ||
        (err = clSetKernelArg(j->k, 1, sizeof(x), &x)) ||
        (err = clEnqueueNDRangeKernel(j->cl.queue, j->k, 1, NULL, &n, NULL, 0, NULL, NULL)) ||
        (err = clEnqueueReadBuffer(j->cl.queue, j->m, CL_TRUE, 0, N * 4, out, 0, NULL, NULL)))
        return err;
    for (uint32_t i = 0; i < N; i++)
        CHECK(out[i] == i * x);
    return CL_SUCCESS;
}

static int once(void)
{
    struct job j = job_open();
    for (uint32_t i = 0; i < 20; i++)
        CL(compute(&j, i));
    puts("ok");
    return 0;
}

__attribute__((noreturn)) static int steps(void)
{
    struct job j = job_open();
    for (uint32_t i = 0;; i++) {
        CL(compute(&j, i));
        printf("step %u\n", i);
        sleep_ms(20);
    }
}

__attribute__((noreturn)) static int transfer(void)
{
    struct cl cl = cl_open(0);
    size_t n = 64u << 20;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *data = pattern(n, 1);
    for (unsigned i = 0;; i++) {
        printf("step %u\n", i);
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, n, data, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, data, 0, NULL, NULL));
    }
}

static int until_error(void)
{
    struct job j = job_open();
    cl_platform_id p;
    cl_uint n;
    cl_int err;
    double start;
    for (uint32_t i = 0;; i++) {
        start = seconds();
        if ((err = compute(&j, i)))
            break;
        printf("step %u\n", i);
    }
    printf("error %d %d\n", err, (int)((seconds() - start) * 1000));
    clReleaseMemObject(j.m);
    clReleaseKernel(j.k);
    clReleaseCommandQueue(j.cl.queue);
    clReleaseContext(j.cl.context);
    clGetPlatformIDs(1, &p, &n);
    return 0;
}

/* Commands that nobody waits for, until one is an error; the last that was none will
 * never be complete. */
static int stream_until_error(void)
{
    struct job j = job_open();
    size_t one = 1;
    cl_event last = NULL, e;
    cl_int err;
    double start;
    CL(compute(&j, 1));
    puts("step 0");
    for (uint32_t i = 0;; i++) {
        start = seconds();
        if ((err = clSetKernelArg(j.k, 1, sizeof(i), &i)) ||
            (err = clEnqueueNDRangeKernel(j.cl.queue, j.k, 1, NULL, &one, NULL, 0, NULL, &e)))
            break;
        if (last)
            CL(clReleaseEvent(last));
        last = e;
    }
    CHECK(clWaitForEvents(1, &last));
    CHECK(clFinish(j.cl.queue));
    CHECK(clEnqueueMarkerWithWaitList(j.cl.queue, 1, &last, NULL));
    printf("error %d %d\n", err, (int)((seconds() - start) * 1000));
    clReleaseEvent(last);
    return 0;
}

/* A finish that nothing will end. */
static int stuck(void)
{
    struct job j = job_open();
    cl_int err;
    cl_event gate = clCreateUserEvent(j.cl.context, &err);
    CL(err);
    CL(clEnqueueMarkerWithWaitList(j.cl.queue, 1, &gate, NULL));
    puts("step 0");
    double start = seconds();
    err = clFinish(j.cl.queue);
    printf("error %d %d\n", err, (int)((seconds() - start) * 1000));
    return err ? 0 : 1;
}

/* The same with a blocking read. */
static int stuck_read(void)
{
    struct job j = job_open();
    cl_int err;
    char byte;
    cl_event gate = clCreateUserEvent(j.cl.context, &err);
    CL(err);
    puts("step 0");
    double start = seconds();
    err = clEnqueueReadBuffer(j.cl.queue, j.m, CL_TRUE, 0, 1, &byte, 1, &gate, NULL);
    printf("error %d %d\n", err, (int)((seconds() - start) * 1000));
    return err ? 0 : 1;
}

static int in_both(pid_t child, int (*fn)(void))
{
    int status = 0;
    int mine = fn();
    if (!child) {
        fflush(stdout);
        _exit(mine);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return mine;
}

static int fork_before(void)
{
    return in_both(fork(), once);
}

/* Map the whole buffer, and unmap it again; its shadow stays. */
static cl_int map_once(struct job *j)
{
    cl_int err;
    void *p = clEnqueueMapBuffer(j->cl.queue, j->m, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, N * 4,
                                 0, NULL, NULL, &err);
    if (!err && !(err = clEnqueueUnmapMemObject(j->cl.queue, j->m, p, 0, NULL, NULL)))
        err = clFinish(j->cl.queue);
    return err;
}

/* A child that ends by exit() runs its destructors, too, and those release. */
__attribute__((noreturn)) static void refused(struct job *j)
{
    cl_int err = compute(j, 2), mapped = map_once(j);
    clReleaseMemObject(j->m);
    clReleaseKernel(j->k);
    cl_close(&j->cl);
    _exit(err && mapped ? 0 : 1);
}

static int fork_after(void)
{
    struct job j = job_open();
    CL(compute(&j, 1));
    CL(map_once(&j));
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        refused(&j);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < 3; i++) { /* the parent is none the worse for it */
        cl_mem another = cl_buffer(&j.cl, N * 4);
        CL(compute(&j, 3));
        CL(map_once(&j));
        CL(clReleaseMemObject(another));
    }
    puts("ok");
    return 0;
}

/* The event cannot be entered, but by then the command is under way, and its end
 * frees as well: once, which a checking allocator sees. */
static int svm_free_at_limit(void)
{
    struct cl cl = cl_open(0);
    cl_event event;
    cl_int err = CL_SUCCESS;
    void *p = clSVMAlloc(cl.context, CL_MEM_READ_WRITE, 4096, 0);
    CHECK(p);
    while (clCreateUserEvent(cl.context, &err))
        ;
    CHECK(err == CL_OUT_OF_HOST_MEMORY);
    CL_IS(clEnqueueSVMFree(cl.queue, 1, &p, NULL, NULL, 0, NULL, &event), CL_OUT_OF_HOST_MEMORY);
    CL(clFinish(cl.queue));
    sleep_ms(100); /* the message thread frees */
    puts("ok");
    return 0;
}

/* The call itself fails, and every event that it gave before comes true. */
static int events_at_limit(void)
{
    enum { MORE_THAN_THE_LIMIT = 1000 };
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    cl_event event[MORE_THAN_THE_LIMIT];
    uint32_t n = 0, out = 0;
    cl_int err;
    while (n < MORE_THAN_THE_LIMIT &&
           !(err = clEnqueueFillBuffer(cl.queue, m, &n, 4, 0, 4, 0, NULL, &event[n])))
        n++;
    CHECK(n > 10 && n < MORE_THAN_THE_LIMIT && err == CL_OUT_OF_HOST_MEMORY);
    CL(clWaitForEvents(n, event));
    CL(clFinish(cl.queue));
    CL(clEnqueueFillBuffer(cl.queue, m, &n, 4, 0, 4, 0, NULL, NULL)); /* it needs none */
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == n);
    while (n)
        CL(clReleaseEvent(event[--n]));
    CL(clEnqueueFillBuffer(cl.queue, m, &n, 4, 0, 4, 0, NULL, &event[0]));
    CL(clWaitForEvents(1, event));
    puts("ok");
    return 0;
}

static int platforms(void)
{
    cl_platform_id p[16];
    cl_uint n = 0;
    char name[256];
    double start = seconds();
    if (clGetPlatformIDs(16, p, &n))
        n = 0;
    printf("%u platforms after %d ms\n", n, (int)((seconds() - start) * 1000));
    for (cl_uint i = 0; i < n && i < 16; i++) {
        CL(clGetPlatformInfo(p[i], CL_PLATFORM_NAME, sizeof(name), name, NULL));
        puts(name);
    }
    return 0;
}

static void CL_CALLBACK never(cl_event e, cl_int status, void *opaque)
{
    (void)e, (void)status, (void)opaque;
}

static int leave(void)
{
    struct job j = job_open();
    cl_int err;
    cl_event gate = clCreateUserEvent(j.cl.context, &err), done;
    CL(err);
    CL(compute(&j, 1));
    uint8_t *data = pattern(1 << 20, 1);
    CL(clEnqueueWriteBuffer(j.cl.queue, j.m, CL_FALSE, 0, 1000, data, 1, &gate, &done));
    CL(clSetEventCallback(done, CL_COMPLETE, never, NULL));
    puts("ok");
    return 0;
}

static void CL_CALLBACK exit_now(cl_event e, cl_int status, void *opaque)
{
    (void)e, (void)status, (void)opaque;
    puts("ok");
    exit(0);
}

static int exit_in_callback(void)
{
    struct job j = job_open();
    cl_int err;
    cl_event gate = clCreateUserEvent(j.cl.context, &err);
    CL(err);
    CL(clSetEventCallback(gate, CL_COMPLETE, exit_now, NULL));
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    sleep_ms(20000);
    return 1; /* it was not called */
}

static void *wait_for_ever(void *opaque)
{
    cl_event gate = opaque;
    clWaitForEvents(1, &gate);
    return NULL;
}

static void *transfer_for_ever(void *opaque)
{
    struct job *j = opaque;
    static _Thread_local char data[1 << 14]; /* the exit outlives the thread's stack */
    cl_int err = CL_SUCCESS;
    while (!err)
        err = clEnqueueReadBuffer(j->cl.queue, j->m, CL_TRUE, 0, sizeof(data), data, 0, NULL, NULL);
    return NULL;
}

static int exit_in_threads(void)
{
    static struct job j;
    pthread_t t;
    cl_int err;
    j = job_open();
    cl_event gate = clCreateUserEvent(j.cl.context, &err);
    CL(err);
    for (int i = 0; i < 4; i++)
        CHECK(!pthread_create(&t, NULL, i % 2 ? wait_for_ever : transfer_for_ever,
                              i % 2 ? (void *)gate : &j));
    sleep_ms(100);
    puts("ok");
    return 0;
}

struct gated {
    struct job *job;
    cl_event gate;
};

static void *finish_for_ever(void *opaque)
{
    struct gated *g = opaque;
    cl_int err;
    cl_command_queue q = clCreateCommandQueue(g->job->cl.context, g->job->cl.device, 0, &err);
    CL(err);
    CL(clEnqueueMarkerWithWaitList(q, 1, &g->gate, NULL));
    clFinish(q);
    return NULL;
}

static void *read_for_ever(void *opaque)
{
    struct gated *g = opaque;
    char byte;
    clEnqueueReadBuffer(g->job->cl.queue, g->job->m, CL_TRUE, 0, 1, &byte, 1, &g->gate, NULL);
    return NULL;
}

static int exit_in_waits(void)
{
    static struct job j;
    static struct gated g;
    pthread_t t;
    cl_int err;
    j = job_open();
    g = (struct gated){&j, clCreateUserEvent(j.cl.context, &err)};
    CL(err);
    for (int i = 0; i < 6; i++)
        CHECK(!pthread_create(&t, NULL, i % 2 ? finish_for_ever : read_for_ever, &g));
    sleep_ms(200);
    puts("ok");
    return 0;
}

static void *compute_and_end(void *opaque)
{
    CL(compute(opaque, 3));
    pthread_exit(NULL);
}

static int thread_exit(void)
{
    struct job j = job_open();
    for (int i = 0; i < 200; i++) {
        pthread_t t;
        CHECK(!pthread_create(&t, NULL, compute_and_end, &j));
        CHECK(!pthread_join(t, NULL));
    }
    puts("ok");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } modes[] = {
        {"once", once},
        {"steps", steps},
        {"transfer", transfer},
        {"stuck", stuck},
        {"stuck-read", stuck_read},
        {"fork", fork_before},
        {"fork-after", fork_after},
        {"svm-free-at-limit", svm_free_at_limit},
        {"events-at-limit", events_at_limit},
        {"platforms", platforms},
        {"leave", leave},
        {"until-error", until_error},
        {"stream-until-error", stream_until_error},
        {"exit-in-callback", exit_in_callback},
        {"exit-in-threads", exit_in_threads},
        {"exit-in-waits", exit_in_waits},
        {"thread-exit", thread_exit},
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc == 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (!strcmp(argv[1], modes[i].name))
            return modes[i].run();
    return 2;
}
