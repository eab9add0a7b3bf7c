// SPDX-License-Identifier: MIT
/*
 * This host's own OpenCL runtime in the sandbox: find a device, build a kernel
 * with an empty cache, run it. Skipped (77) where there is no runtime.
 */
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host-helper/client.h"
#include "host-helper/sandbox.h"

#define N 1000
#define SKIPPED 77

static const char *source = "kernel void twice(global int *p)"
                            "{ p[get_global_id(0)] = 2 * (int)get_global_id(0); }";

static void check(cl_int err, const char *what)
{
    if (err == CL_SUCCESS)
        return;
    fprintf(stderr, "%s: %d\n", what, err);
    exit(1);
}

static void run_kernel(cl_device_id device)
{
    static cl_int result[N];
    const size_t n = N;
    cl_int err;
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
    check(err, "clCreateContext");
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &err);
    check(err, "clCreateCommandQueue");
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &err);
    check(err, "clCreateProgramWithSource");
    check(clBuildProgram(program, 1, &device, "", NULL, NULL), "clBuildProgram");
    cl_kernel kernel = clCreateKernel(program, "twice", &err);
    check(err, "clCreateKernel");
    cl_mem mem = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof(result), NULL, &err);
    check(err, "clCreateBuffer");
    check(clSetKernelArg(kernel, 0, sizeof(mem), &mem), "clSetKernelArg");
    check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &n, NULL, 0, NULL, NULL),
          "clEnqueueNDRangeKernel");
    check(clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, sizeof(result), result, 0, NULL, NULL),
          "clEnqueueReadBuffer");
    for (int i = 0; i < N; i++)
        check(result[i] == 2 * i ? CL_SUCCESS : i, "wrong result");
    clReleaseMemObject(mem);
    clReleaseKernel(kernel);
    clReleaseProgram(program);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
}

int main(void)
{
    const struct hcl_options opt = {.sandbox = true};
    char cache[] = "/tmp/vocl-test-XXXXXX", command[64];
    cl_platform_id platform;
    cl_device_id device;
    cl_uint n = 0;

    if (!mkdtemp(cache))
        return 1;
    setenv("POCL_CACHE_DIR", cache, 1);
    setenv("VOCL_DISABLE", "1", 1); /* the native runtime, not ourselves */
    if (hcl_sandbox_enter(&opt))
        return 1;
    if (clGetPlatformIDs(1, &platform, &n) != CL_SUCCESS || n == 0 ||
        clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, &n) != CL_SUCCESS)
        return SKIPPED;
    run_kernel(device);
    snprintf(command, sizeof(command), "rm -rf %s", cache);
    /* As a worker does: the leak sanitizer's ptrace at exit is denied here. */
    _exit(system(command) ? 1 : 0);
}
