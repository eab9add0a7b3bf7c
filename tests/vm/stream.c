// SPDX-License-Identifier: MIT
/*
 * A program that is at work until something ends it:
 *
 *   stream transfers   writes and reads 64 MiB again and again
 *   stream scattered   the same from and to pages that lie singly
 *   stream kernel      waits for a kernel that does not end
 *
 * It prints "begun" once the device is at work for it, "round N" after each
 * transfer there and back, and on an OpenCL error "error CODE from CALL" and
 * ends with status 3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <CL/cl.h>

#define SIZE ((size_t)64 << 20)
#define HUGE ((size_t)2 << 20)

#define CL(call) check(call, #call)

static void check(cl_int err, const char *call)
{
    if (!err)
        return;
    printf("error %d from %.*s\n", err, (int)strcspn(call, "("), call);
    exit(3);
}

struct stream {
    cl_context context;
    cl_device_id device;
    cl_command_queue queue;
    cl_mem buffer;
};

static void stream_open(struct stream *s)
{
    cl_platform_id platform;
    cl_int err;

    CL(clGetPlatformIDs(1, &platform, NULL));
    CL(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &s->device, NULL));
    s->context = clCreateContext(NULL, 1, &s->device, NULL, NULL, &err);
    check(err, "clCreateContext");
    s->queue = clCreateCommandQueue(s->context, s->device, 0, &err);
    check(err, "clCreateCommandQueue");
    s->buffer = clCreateBuffer(s->context, CL_MEM_READ_WRITE, SIZE, NULL, &err);
    check(err, "clCreateBuffer");
}

/* Each page gets one that is far from the last one's. */
static void *scattered(void)
{
    char *p = aligned_alloc(HUGE, SIZE), *others = aligned_alloc(HUGE, SIZE);

    madvise(p, SIZE, MADV_NOHUGEPAGE);
    madvise(others, SIZE, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < SIZE; at += 4096)
        p[at] = others[at] = 1;
    free(others);
    return p;
}

static void transfers(struct stream *s, unsigned char *in, unsigned char *out)
{
    memset(in, 1, SIZE);
    memset(out, 0, SIZE);
    for (unsigned round = 1;; round++) {
        memcpy(in + SIZE / 2, &round, sizeof(round));
        CL(clEnqueueWriteBuffer(s->queue, s->buffer, CL_TRUE, 0, SIZE, in, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(s->queue, s->buffer, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
        if (memcmp(in, out, SIZE)) {
            printf("round %u: what came back is not what was sent\n", round);
            exit(4);
        }
        if (round == 1)
            puts("begun");
        printf("round %u\n", round);
        fflush(stdout);
    }
}

static void endless_kernel(struct stream *s)
{
    const char *source = "kernel void wait(volatile global uint *word) { while (!*word); }";
    cl_uint zero = 0;
    size_t one = 1;
    cl_program program;
    cl_kernel kernel;
    cl_int err;

    CL(clEnqueueWriteBuffer(s->queue, s->buffer, CL_TRUE, 0, 4, &zero, 0, NULL, NULL));
    program = clCreateProgramWithSource(s->context, 1, &source, NULL, &err);
    check(err, "clCreateProgramWithSource");
    CL(clBuildProgram(program, 1, &s->device, "", NULL, NULL));
    kernel = clCreateKernel(program, "wait", &err);
    check(err, "clCreateKernel");
    CL(clSetKernelArg(kernel, 0, sizeof(s->buffer), &s->buffer));
    CL(clEnqueueNDRangeKernel(s->queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL));
    CL(clFlush(s->queue));
    puts("begun");
    fflush(stdout);
    CL(clFinish(s->queue));
}

int main(int argc, char **argv)
{
    struct stream s;

    if (argc != 2)
        return 2;
    stream_open(&s);
    if (!strcmp(argv[1], "transfers"))
        transfers(&s, malloc(SIZE), malloc(SIZE));
    else if (!strcmp(argv[1], "scattered"))
        transfers(&s, scattered(), scattered());
    else
        endless_kernel(&s);
    return 0;
}
