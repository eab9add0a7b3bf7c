// SPDX-License-Identifier: MIT
/*
 * roundtrip [TIMES]: what a synchronous call costs in a VM, beside what the
 * doorbell and the interrupt under it cost by themselves. Prints medians:
 *
 *   bare 61.0 us, call 4.3 us; after a pause: bare 90.2 us, call 105.1 us
 *
 * A call that comes soon may find the worker looking for it; one after a pause
 * finds it asleep, and so is the one that a bare round trip is the floor of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CL/cl.h>

#include "vm_ping.h"

#define BATCH 50

static void check(int64_t err, const char *what)
{
    if (err >= 0)
        return;
    printf("error %d from %s\n", (int)err, what);
    exit(3);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void pause_ms(int ms)
{
    struct timespec t = {0, ms * 1000000l};
    nanosleep(&t, NULL);
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median_us(int64_t *ns, size_t n)
{
    qsort(ns, n, sizeof(*ns), compare);
    return ns[n / 2] / 1e3;
}

/* The worker answers it at once, and the library cannot. */
static int64_t null_call(cl_context context)
{
    cl_uint n;
    int64_t from = now_ns();
    check(
        clGetSupportedImageFormats(context, CL_MEM_READ_WRITE, CL_MEM_OBJECT_IMAGE2D, 0, NULL, &n),
        "clGetSupportedImageFormats");
    return now_ns() - from;
}

static cl_context cl_open(void)
{
    cl_platform_id platform;
    cl_device_id device;
    cl_int err;

    check(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
    check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL), "clGetDeviceIDs");
    cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
    check(err, "clCreateContext");
    return context;
}

int main(int argc, char **argv)
{
    size_t times = argc > 1 ? (size_t)atol(argv[1]) : 500;
    times = (times + BATCH - 1) / BATCH * BATCH;
    int64_t *bare = calloc(times, 8), *call = calloc(times, 8);
    int64_t *bare_later = calloc(times, 8), *call_later = calloc(times, 8);
    cl_context context = cl_open();
    struct vm_ping *ping = vm_ping_open(NULL);
    if (!ping) {
        perror("/dev/virtio-ocl");
        return 77;
    }
    for (unsigned i = 0; i < BATCH; i++) {
        null_call(context);
        check(vm_ping(ping), "vm_ping");
    }
    for (size_t i = 0; i < times; i += BATCH) {
        for (size_t n = i; n < i + BATCH; n++)
            check(bare[n] = vm_ping(ping), "vm_ping");
        for (size_t n = i; n < i + BATCH; n++)
            call[n] = null_call(context);
        for (size_t n = i; n < i + BATCH; n++) {
            pause_ms(2);
            check(bare_later[n] = vm_ping(ping), "vm_ping");
            pause_ms(2);
            call_later[n] = null_call(context);
        }
    }
    printf("bare %.1f us, call %.1f us; after a pause: bare %.1f us, call %.1f us\n",
           median_us(bare, times), median_us(call, times), median_us(bare_later, times),
           median_us(call_later, times));
    vm_ping_close(ping);
    clReleaseContext(context);
    free(bare);
    free(call);
    free(bare_later);
    free(call_later);
    return 0;
}
