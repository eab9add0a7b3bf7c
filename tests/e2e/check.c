// SPDX-License-Identifier: MIT
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *current = "?";

void check_failed_unless(bool ok, const char *file, int line, const char *what)
{
    if (ok)
        return;
    fflush(stdout);
    fprintf(stderr, "not ok %s: %s:%d: %s\n", current, file, line, what);
    exit(1);
}

void check_status(cl_int status, cl_int expected, const char *file, int line, const char *what)
{
    if (status == expected)
        return;
    fflush(stdout);
    fprintf(stderr, "not ok %s: %s:%d: %s gave %d, not %d\n", current, file, line, what, status,
            expected);
    exit(1);
}

void check_skip(const char *why)
{
    printf("%s: %s\n", current, why);
    exit(77);
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return argc < 2;
}

int check_main(int argc, char **argv, const struct check_case *cases, size_t n)
{
    int done = 0;
    for (size_t i = 0; i < n; i++) {
        if (!wanted(cases[i].name, argc, argv))
            continue;
        current = cases[i].name;
        cases[i].run();
        printf("ok %s\n", current);
        fflush(stdout);
        done++;
    }
    return done ? 0 : 1;
}

struct cl cl_open(cl_command_queue_properties properties)
{
    struct cl cl = {0};
    cl_platform_id platforms[16];
    cl_uint n = 0;
    cl_int err;
    CL(clGetPlatformIDs(16, platforms, &n));
    for (cl_uint i = 0; i < n && i < 16 && !cl.device; i++) {
        cl.platform = platforms[i];
        if (clGetDeviceIDs(cl.platform, CL_DEVICE_TYPE_ALL, 1, &cl.device, NULL))
            cl.device = NULL;
    }
    CHECK(cl.device);
    cl.context = clCreateContext(NULL, 1, &cl.device, NULL, NULL, &err);
    CL(err);
    cl.queue = clCreateCommandQueue(cl.context, cl.device, properties, &err);
    CL(err);
    return cl;
}

void cl_close(struct cl *cl)
{
    CL(clReleaseCommandQueue(cl->queue));
    CL(clReleaseContext(cl->context));
}

void *cl_function(struct cl *cl, const char *name)
{
    void *fn = clGetExtensionFunctionAddressForPlatform(cl->platform, name);
    CHECK(fn);
    return fn;
}

cl_mem cl_buffer(struct cl *cl, size_t size)
{
    cl_int err;
    cl_mem m = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, size, NULL, &err);
    CL(err);
    return m;
}

cl_program cl_build(struct cl *cl, const char *source)
{
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl->context, 1, &source, NULL, &err);
    CL(err);
    err = clBuildProgram(p, 1, &cl->device, "", NULL, NULL);
    if (err) {
        static char log[65536];
        clGetProgramBuildInfo(p, cl->device, CL_PROGRAM_BUILD_LOG, sizeof(log), log, NULL);
        fprintf(stderr, "%s\n", log);
        CL(err);
    }
    return p;
}

cl_kernel cl_kernel_of(struct cl *cl, const char *source, const char *name)
{
    cl_int err;
    cl_program p = cl_build(cl, source);
    cl_kernel k = clCreateKernel(p, name, &err);
    CL(err);
    CL(clReleaseProgram(p)); /* the kernel holds it */
    return k;
}

static uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ x >> 16;
}

static uint32_t word_at(size_t i, unsigned seed)
{
    return mix((uint32_t)i + mix(seed + 1));
}

void pattern_fill(void *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n / 4; i++) {
        uint32_t w = word_at(i, seed);
        memcpy((char *)p + i * 4, &w, 4);
    }
    uint32_t last = word_at(n / 4, seed);
    memcpy((char *)p + n / 4 * 4, &last, n % 4);
}

uint8_t *pattern(size_t n, unsigned seed)
{
    uint8_t *p = malloc(n);
    CHECK(p);
    pattern_fill(p, n, seed);
    return p;
}

bool pattern_is(const void *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n / 4; i++) {
        uint32_t w = word_at(i, seed);
        if (memcmp((const char *)p + i * 4, &w, 4))
            return false;
    }
    uint32_t last = word_at(n / 4, seed);
    return !memcmp((const char *)p + n / 4 * 4, &last, n % 4);
}

double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

void sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000l};
    nanosleep(&t, NULL);
}
