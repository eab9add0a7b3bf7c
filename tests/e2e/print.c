// SPDX-License-Identifier: MIT
/*
 * What kernels print, between what the program prints: the same lines in the
 * same order as natively. Only commands of one work-item are used, since the
 * order among work-items is nobody's promise.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static const char source[] =
    "kernel void say(int i, float f) { printf(\"kernel %d: %.2f %s %c %v4hld\\n\", i, f, \"text\", "
    "'x',\n"
    "                                          (int4)(1, 2, 3, i)); }\n"
    "kernel void many(int n) { for (int i = 0; i < n; i++) printf(\"line %d of %d\\n\", i, n); }\n"
    "kernel void part(int i) { printf(\"%d,\", i); }\n";

static void say(struct cl *cl, cl_kernel k, int i, int wait)
{
    size_t one = 1;
    float f = i / 4.0f;
    cl_event e;
    CL(clSetKernelArg(k, 0, sizeof(i), &i));
    CL(clSetKernelArg(k, 1, sizeof(f), &f));
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &one, NULL, 0, NULL, &e));
    if (wait == 0)
        CL(clFinish(cl->queue));
    else
        CL(clWaitForEvents(1, &e));
    CL(clReleaseEvent(e));
    printf("program: %d is done\n", i);
}

int main(void)
{
    struct cl cl = cl_open(0);
    cl_program p = cl_build(&cl, source);
    cl_int err, n = 3000;
    size_t one = 1;
    cl_kernel k = clCreateKernel(p, "say", &err), many = clCreateKernel(p, "many", &err),
              part = clCreateKernel(p, "part", &err);
    setvbuf(stdout, NULL, _IOLBF, 0);
    CL(err);
    for (int i = 0; i < 20; i++)
        say(&cl, k, i, i % 2);
    CL(clSetKernelArg(many, 0, sizeof(n), &n));
    CL(clEnqueueTask(cl.queue, many, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    printf("program: many lines are done\n");
    /* A blocking read covers the kernels before it. */
    cl_mem m = cl_buffer(&cl, 4);
    for (int i = 0; i < 10; i++) {
        uint32_t x = 0;
        CL(clSetKernelArg(part, 0, sizeof(i), &i));
        CL(clEnqueueNDRangeKernel(cl.queue, part, 1, NULL, &one, NULL, 0, NULL, NULL));
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, 4, &i, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &x, 0, NULL, NULL));
        printf(" %u\n", x);
    }
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    CL(clReleaseKernel(many));
    CL(clReleaseKernel(part));
    CL(clReleaseProgram(p));
    cl_close(&cl);
    return 0;
}
