// SPDX-License-Identifier: MIT
/*
 * Preloaded into the benchmark's measuring program, it spoils what is moved:
 * VOCL_TEST_CORRUPT says by which call ("read", "write", "read_rect",
 * "write_rect", "map"), VOCL_TEST_CORRUPT_SIZE from how many bytes on. One bit
 * in the middle is enough.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

static bool wanted(const char *what, size_t size)
{
    const char *which = getenv("VOCL_TEST_CORRUPT"), *least = getenv("VOCL_TEST_CORRUPT_SIZE");

    return which && least && !strcmp(which, what) && size >= strtoull(least, NULL, 10);
}

static void spoil(const void *data, size_t offset)
{
    ((unsigned char *)data)[offset] ^= 0x10;
}

#define REAL(name) __typeof__(&name) real = dlsym(RTLD_NEXT, #name)

cl_int clEnqueueReadBuffer(cl_command_queue q, cl_mem b, cl_bool blocking, size_t offset,
                           size_t size, void *ptr, cl_uint n, const cl_event *list, cl_event *event)
{
    REAL(clEnqueueReadBuffer);
    cl_int e = real(q, b, blocking, offset, size, ptr, n, list, event);

    if (wanted("read", size))
        spoil(ptr, size / 2);
    return e;
}

cl_int clEnqueueWriteBuffer(cl_command_queue q, cl_mem b, cl_bool blocking, size_t offset,
                            size_t size, const void *ptr, cl_uint n, const cl_event *list,
                            cl_event *event)
{
    REAL(clEnqueueWriteBuffer);
    bool bad = wanted("write", size);
    cl_int e;

    if (bad)
        spoil(ptr, size / 2);
    e = real(q, b, bad ? CL_TRUE : blocking, offset, size, ptr, n, list, event);
    if (bad)
        spoil(ptr, size / 2);
    return e;
}

cl_int clEnqueueReadBufferRect(cl_command_queue q, cl_mem b, cl_bool blocking, const size_t *from,
                               const size_t *to, const size_t *region, size_t row, size_t slice,
                               size_t host_row, size_t host_slice, void *ptr, cl_uint n,
                               const cl_event *list, cl_event *event)
{
    REAL(clEnqueueReadBufferRect);
    cl_int e = real(q, b, blocking, from, to, region, row, slice, host_row, host_slice, ptr, n,
                    list, event);

    if (wanted("read_rect", region[0] * region[1]))
        spoil(ptr, host_row * (region[1] / 2));
    if (wanted("read_gap", region[0] * region[1]))
        spoil(ptr, host_row * (region[1] / 2) + region[0]);
    return e;
}

cl_int clEnqueueWriteBufferRect(cl_command_queue q, cl_mem b, cl_bool blocking, const size_t *from,
                                const size_t *to, const size_t *region, size_t row, size_t slice,
                                size_t host_row, size_t host_slice, const void *ptr, cl_uint n,
                                const cl_event *list, cl_event *event)
{
    REAL(clEnqueueWriteBufferRect);
    bool bad = wanted("write_rect", region[0] * region[1]);
    size_t offset = host_row * (region[1] / 2);
    cl_int e;

    if (bad)
        spoil(ptr, offset);
    e = real(q, b, bad ? CL_TRUE : blocking, from, to, region, row, slice, host_row, host_slice,
             ptr, n, list, event);
    if (bad)
        spoil(ptr, offset);
    return e;
}

void *clEnqueueMapBuffer(cl_command_queue q, cl_mem b, cl_bool blocking, cl_map_flags flags,
                         size_t offset, size_t size, cl_uint n, const cl_event *list,
                         cl_event *event, cl_int *error)
{
    REAL(clEnqueueMapBuffer);
    void *at = real(q, b, blocking, flags, offset, size, n, list, event, error);

    if (at && wanted("map", size))
        spoil(at, size / 2);
    return at;
}
