// SPDX-License-Identifier: MIT
/*
 * A program that moves known bytes, for counters.py to check the counters by.
 *
 * counters inline   ten writes and five reads of INLINE bytes
 * counters large    three writes and two reads of LARGE bytes
 * counters shared   a kernel over LARGE bytes of CL_MEM_ALLOC_HOST_PTR, mapped
 * counters use      a kernel over LARGE bytes of CL_MEM_USE_HOST_PTR, mapped; then
 *                   another buffer over the same memory
 * counters print    a kernel that prints, and an event's callback
 * counters hold     three buffers that are kept: "holding", then sleep until killed
 *
 * Each prints what it moved, in the counters' words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define INLINE ((size_t)1000)
#define LARGE ((size_t)4 << 20)

static const char source[] = "kernel void k(global uint *p) { p[get_global_id(0)] += 1; }\n"
                             "kernel void hello(global uint *p) { printf(\"hello\\n\"); }\n";

static void move(struct cl *cl, size_t size, int writes, int reads)
{
    cl_mem m = cl_buffer(cl, size);
    uint8_t *data = pattern(size, 1);
    for (int i = 0; i < writes; i++)
        CL(clEnqueueWriteBuffer(cl->queue, m, CL_TRUE, 0, size, data, 0, NULL, NULL));
    for (int i = 0; i < reads; i++)
        CL(clEnqueueReadBuffer(cl->queue, m, CL_TRUE, 0, size, data, 0, NULL, NULL));
    CHECK(pattern_is(data, size, 1));
    CL(clReleaseMemObject(m));
    free(data);
    printf("write %zu\nread %zu\n", writes * size, reads * size);
}

static void in_place(struct cl *cl, cl_mem_flags flags)
{
    uint32_t *own = flags & CL_MEM_USE_HOST_PTR ? aligned_alloc(4096, LARGE) : NULL;
    size_t n = LARGE / sizeof(*own);
    cl_kernel k = cl_kernel_of(cl, source, "k");
    cl_int err;
    if (own)
        memset(own, 0, LARGE);
    cl_mem m = clCreateBuffer(cl->context, flags, LARGE, own, &err);
    CL(err);
    uint32_t *p = clEnqueueMapBuffer(cl->queue, m, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0,
                                     LARGE, 0, NULL, NULL, &err);
    CL(err);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint32_t)i;
    CL(clEnqueueUnmapMemObject(cl->queue, m, p, 0, NULL, NULL));
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
    p = clEnqueueMapBuffer(cl->queue, m, CL_TRUE, CL_MAP_READ, 0, LARGE, 0, NULL, NULL, &err);
    CL(err);
    for (size_t i = 0; i < n; i++)
        CHECK(p[i] == i + 1);
    CL(clEnqueueUnmapMemObject(cl->queue, m, p, 0, NULL, NULL));
    CL(clFinish(cl->queue));
    CL(clReleaseMemObject(m));
    if (own) {
        CL(clFinish(cl->queue));
        m = clCreateBuffer(cl->context, flags, LARGE, own, &err);
        CL(err);
        CL(clReleaseMemObject(m));
    }
    free(own);
    printf("size %zu\n", LARGE);
}

static void CL_CALLBACK count_call(cl_event event, cl_int status, void *calls)
{
    (void)event, (void)status;
    __atomic_add_fetch((int *)calls, 1, __ATOMIC_RELEASE);
}

static void print(struct cl *cl)
{
    static int calls;
    cl_kernel k = cl_kernel_of(cl, source, "hello");
    cl_mem m = cl_buffer(cl, 4);
    size_t one = 1;
    cl_event e;
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &one, NULL, 0, NULL, &e));
    CL(clSetEventCallback(e, CL_COMPLETE, count_call, &calls));
    CL(clFinish(cl->queue));
    for (int i = 0; i < 3000 && !__atomic_load_n(&calls, __ATOMIC_ACQUIRE); i++)
        sleep_ms(10);
    CHECK(calls == 1);
    CL(clReleaseEvent(e));
}

/* A command whose end somebody waits for. */
static void one_event(struct cl *cl)
{
    cl_event e;
    CL(clEnqueueMarkerWithWaitList(cl->queue, 0, NULL, &e));
    CL(clWaitForEvents(1, &e));
    CL(clReleaseEvent(e));
}

static void hold(struct cl *cl)
{
    for (int i = 0; i < 3; i++)
        cl_buffer(cl, LARGE);
    move(cl, INLINE, 1, 0);
    one_event(cl);
    puts("holding");
    fflush(stdout);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    struct cl cl = cl_open(0);
    if (!strcmp(what, "inline"))
        move(&cl, INLINE, 10, 5);
    else if (!strcmp(what, "large"))
        move(&cl, LARGE, 3, 2);
    else if (!strcmp(what, "shared"))
        in_place(&cl, CL_MEM_ALLOC_HOST_PTR);
    else if (!strcmp(what, "use"))
        in_place(&cl, CL_MEM_USE_HOST_PTR);
    else if (!strcmp(what, "print"))
        print(&cl);
    else if (!strcmp(what, "hold"))
        hold(&cl);
    else
        CHECK(!"a mode");
    cl_close(&cl);
    return 0;
}
