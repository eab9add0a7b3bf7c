// SPDX-License-Identifier: MIT
/*
 * saxpy - y = a * x + y over two arrays of 64 MiB, in plain OpenCL 1.2.
 *
 *   cc -O2 -o saxpy saxpy.c -lOpenCL
 *   saxpy [MIB]
 *
 * Nothing here knows of virtio-ocl: the same binary runs on the host and in a
 * guest. Every element of the result is compared with what this program
 * computes by itself; all values are small whole numbers, which a float holds
 * exactly, so there is no tolerance. Prints the time of each phase, then "ok".
 * Exit status: 0 the result is right, 1 it is not or a call failed.
 */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEFAULT_MIB 64
/* Above this an int index of a float would overflow. */
#define MAX_MIB 4096
#define LAUNCHES 5

static const char source[] =
    "__kernel void saxpy(float a, __global const float *x, __global float *y)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    y[i] = a * x[i] + y[i];\n"
    "}\n";

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static void check(cl_int err, const char *what)
{
    if (err == CL_SUCCESS)
        return;
    fprintf(stderr, "saxpy: %s: OpenCL error %d\n", what, err);
    exit(1);
}

/* Say how long the phase took that began at *start, and begin the next. */
static void phase(const char *name, double *start)
{
    printf("%-14s %9.2f ms\n", name, now_ms() - *start);
    fflush(stdout);
    *start = now_ms();
}

static cl_device_id first_device(void)
{
    cl_platform_id platform;
    cl_device_id device;
    char name[256] = "";
    cl_uint n = 0;

    if (clGetPlatformIDs(1, &platform, &n) != CL_SUCCESS || !n) {
        fprintf(stderr, "saxpy: no OpenCL platform\n");
        exit(1);
    }
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
    check(clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(name) - 1, name, NULL), "CL_DEVICE_NAME");
    printf("device         %s\n", name);
    return device;
}

static cl_kernel build(cl_context context, cl_device_id device)
{
    const char *text = source;
    cl_int err;
    cl_program program = clCreateProgramWithSource(context, 1, &text, NULL, &err);
    check(err, "clCreateProgramWithSource");
    check(clBuildProgram(program, 1, &device, "", NULL, NULL), "clBuildProgram");
    cl_kernel kernel = clCreateKernel(program, "saxpy", &err);
    check(err, "clCreateKernel");
    clReleaseProgram(program);
    return kernel;
}

static float x_at(size_t i)
{
    return (float)(i % 1000);
}

static float y_at(size_t i)
{
    return (float)(i % 7);
}

static size_t count_wrong(const float *y, size_t n, float a)
{
    size_t wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += y[i] != a * x_at(i) + y_at(i);
    return wrong;
}

int main(int argc, char **argv)
{
    long mib = argc > 1 ? strtol(argv[1], NULL, 10) : DEFAULT_MIB;
    if (mib < 1 || mib > MAX_MIB) {
        fprintf(stderr, "usage: saxpy [MIB], 1 to %d\n", MAX_MIB);
        return 1;
    }
    size_t bytes = (size_t)mib << 20, n = bytes / sizeof(float);
    const float a = 3;
    cl_int err;
    double start = now_ms();

    cl_device_id device = first_device();
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
    check(err, "clCreateContext");
    cl_command_queue queue = clCreateCommandQueue(context, device, 0, &err);
    check(err, "clCreateCommandQueue");
    phase("open", &start);
    cl_kernel kernel = build(context, device);
    phase("build", &start);

    float *x = malloc(bytes), *y = malloc(bytes);
    if (!x || !y) {
        fprintf(stderr, "saxpy: no memory for 2 x %ld MiB\n", mib);
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = x_at(i);
        y[i] = y_at(i);
    }
    cl_mem bx = clCreateBuffer(context, CL_MEM_READ_ONLY, bytes, NULL, &err);
    check(err, "clCreateBuffer");
    cl_mem by = clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, NULL, &err);
    check(err, "clCreateBuffer");
    check(clSetKernelArg(kernel, 0, sizeof(a), &a), "clSetKernelArg");
    check(clSetKernelArg(kernel, 1, sizeof(bx), &bx), "clSetKernelArg");
    check(clSetKernelArg(kernel, 2, sizeof(by), &by), "clSetKernelArg");
    phase("fill arrays", &start);

    check(clEnqueueWriteBuffer(queue, bx, CL_TRUE, 0, bytes, x, 0, NULL, NULL), "write x");
    check(clEnqueueWriteBuffer(queue, by, CL_TRUE, 0, bytes, y, 0, NULL, NULL), "write y");
    phase("write", &start);
    /* A runtime may compile for this size of work only now. */
    check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &n, NULL, 0, NULL, NULL), "launch");
    check(clFinish(queue), "clFinish");
    phase("first launch", &start);
    check(clEnqueueReadBuffer(queue, by, CL_TRUE, 0, bytes, y, 0, NULL, NULL), "read y");
    phase("read", &start);
    size_t wrong = count_wrong(y, n, a);
    phase("compare", &start);

    for (int i = 0; i < LAUNCHES; i++)
        check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &n, NULL, 0, NULL, NULL), "launch");
    check(clFinish(queue), "clFinish");
    printf("%-14s %9.2f ms (mean of %d)\n", "launch", (now_ms() - start) / LAUNCHES, LAUNCHES);

    clReleaseMemObject(bx);
    clReleaseMemObject(by);
    clReleaseKernel(kernel);
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
    free(x);
    free(y);
    if (wrong) {
        printf("WRONG: %zu of %zu elements\n", wrong, n);
        return 1;
    }
    printf("ok             %zu elements are right\n", n);
    return 0;
}
