/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "probe.h"

/* More than any machine has. */
#define MAX_FOUND 64

static bool fits(const char *name, const char *part)
{
    return !part || strcasestr(name, part);
}

static cl_device_id device_of(const struct probe *p, cl_platform_id platform)
{
    cl_device_id devices[MAX_FOUND];
    cl_uint n = 0;
    char name[256];

    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_FOUND, devices, &n) != CL_SUCCESS)
        return NULL;
    for (cl_uint i = 0; i < n && i < MAX_FOUND; i++) {
        name[0] = '\0';
        clGetDeviceInfo(devices[i], CL_DEVICE_NAME, sizeof(name), name, NULL);
        if (fits(name, p->device_name))
            return devices[i];
    }
    return NULL;
}

void device_find(struct probe *p)
{
    cl_platform_id platforms[MAX_FOUND];
    cl_uint n = 0;
    char name[256];

    clGetPlatformIDs(MAX_FOUND, platforms, &n);
    for (cl_uint i = 0; i < n && i < MAX_FOUND && !p->device; i++) {
        name[0] = '\0';
        clGetPlatformInfo(platforms[i], CL_PLATFORM_NAME, sizeof(name), name, NULL);
        p->platform = platforms[i];
        if (fits(name, p->runtime))
            p->device = device_of(p, platforms[i]);
    }
    if (!p->device)
        fail(p,
             n ? "no OpenCL device fits among those of %u platforms"
               : "there is no OpenCL platform (%u)",
             n);
}

static cl_kernel kernel(const struct probe *p, const char *name)
{
    cl_int e;
    cl_kernel k = clCreateKernel(p->program, name, &e);

    must(p, e, "clCreateKernel");
    return k;
}

static cl_mem buffer(const struct probe *p, size_t size)
{
    cl_int e;
    cl_mem m = clCreateBuffer(p->context, CL_MEM_READ_WRITE, size, NULL, &e);

    must(p, e, "clCreateBuffer");
    return m;
}

static void build(struct probe *p)
{
    const char *source = pattern_source;
    cl_int e;

    p->program = clCreateProgramWithSource(p->context, 1, &source, NULL, &e);
    must(p, e, "clCreateProgramWithSource");
    must(p, clBuildProgram(p->program, 1, &p->device, "", NULL, NULL), "clBuildProgram");
    p->empty = kernel(p, "empty");
    p->args3 = kernel(p, "args3");
    p->increment = kernel(p, "increment");
    p->invert = kernel(p, "invert");
    p->fill = kernel(p, "fill");
    p->check = kernel(p, "check");
}

void device_open(struct probe *p)
{
    cl_int e;

    if (p->context)
        return;
    device_find(p);
    p->context = clCreateContext(NULL, 1, &p->device, NULL, NULL, &e);
    must(p, e, "clCreateContext");
    p->queue = clCreateCommandQueue(p->context, p->device, 0, &e);
    must(p, e, "clCreateCommandQueue");
    clGetDeviceInfo(p->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(p->max_alloc), &p->max_alloc,
                    NULL);
    build(p);
    p->small = buffer(p, SMALL_SIZE);
    p->bad = buffer(p, 4);
    /* A runtime compiles a kernel once more when it first runs. */
    pattern_fill_buffer(p, p->small, SMALL_SIZE, 1);
    pattern_check_buffer(p, p->small, SMALL_SIZE, 1);
}

static void print_text(const char *key, const char *text)
{
    info(key, text[0] ? text : "-");
}

static void print_system(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct utsname u = {0};
    char text[512];

    uname(&u);
    snprintf(text, sizeof(text), "%s %s %s, %ld processor%s", u.sysname, u.release, u.machine,
             processors, processors == 1 ? "" : "s");
    info("system", text);
}

void device_print(struct probe *p)
{
    char text[512];

    device_open(p);
    text[0] = '\0';
    clGetPlatformInfo(p->platform, CL_PLATFORM_NAME, sizeof(text), text, NULL);
    print_text("platform", text);
    text[0] = '\0';
    clGetPlatformInfo(p->platform, CL_PLATFORM_VERSION, sizeof(text), text, NULL);
    print_text("version", text);
    text[0] = '\0';
    clGetDeviceInfo(p->device, CL_DEVICE_NAME, sizeof(text), text, NULL);
    print_text("device", text);
    text[0] = '\0';
    clGetDeviceInfo(p->device, CL_DRIVER_VERSION, sizeof(text), text, NULL);
    print_text("driver", text);
    print_system();
}
