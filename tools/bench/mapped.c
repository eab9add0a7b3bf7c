/* SPDX-License-Identifier: MIT */
/* Memory that the program and the device have in common: maps, and host pointers. */
#include <stdlib.h>
#include <sys/mman.h>

#include "probe.h"

struct shared {
    size_t size;
    cl_mem buffer;
    uint32_t *host;
};

static uint32_t *map(const struct probe *p, cl_mem buffer, cl_map_flags flags, size_t size)
{
    cl_int e;
    void *at = clEnqueueMapBuffer(p->queue, buffer, CL_TRUE, flags, 0, size, 0, NULL, NULL, &e);

    must(p, e, "clEnqueueMapBuffer");
    return at;
}

static void unmap(const struct probe *p, cl_mem buffer, void *at)
{
    must(p, clEnqueueUnmapMemObject(p->queue, buffer, at, 0, NULL, NULL),
         "clEnqueueUnmapMemObject");
    must(p, clFinish(p->queue), "clFinish");
}

static double with_buffer(struct probe *p, const struct measurement *m, op_fn op)
{
    struct shared s = {.size = m->size};
    double seconds;
    cl_int e;

    s.buffer = clCreateBuffer(p->context, CL_MEM_READ_WRITE, m->size, NULL, &e);
    must(p, e, "clCreateBuffer");
    seconds = median_of(p, op, &s);
    must(p, clReleaseMemObject(s.buffer), "clReleaseMemObject");
    return seconds;
}

/* The two calls alone: what they cost where nothing has to be moved. */
static double map_once(struct probe *p, void *state, unsigned turn)
{
    const struct shared *s = state;
    double start, seconds;
    uint32_t *at;

    pattern_fill_buffer(p, s->buffer, s->size, turn);
    start = now();
    at = map(p, s->buffer, CL_MAP_READ | CL_MAP_WRITE, s->size);
    seconds = now() - start;
    pattern_check(p, at, s->size / 4, 0, turn);
    pattern_fill(at, s->size / 4, 0, ~turn);
    start = now();
    unmap(p, s->buffer, at);
    seconds += now() - start;
    pattern_check_buffer(p, s->buffer, s->size, ~turn);
    return seconds;
}

void measure_map(struct probe *p, const struct measurement *m)
{
    value(m->name, with_buffer(p, m, map_once) * 1e6, "us", "less");
}

/* With what a program maps for: it reads and writes every word. */
static double map_and_use(struct probe *p, void *state, unsigned turn)
{
    const struct shared *s = state;
    double start, seconds;
    uint32_t *at;

    pattern_fill_buffer(p, s->buffer, s->size, turn);
    start = now();
    at = map(p, s->buffer, CL_MAP_READ | CL_MAP_WRITE, s->size);
    for (size_t i = 0; i < s->size / 4; i++)
        at[i] = ~at[i];
    unmap(p, s->buffer, at);
    seconds = now() - start;
    pattern_check_buffer(p, s->buffer, s->size, ~turn);
    return seconds;
}

void measure_map_use(struct probe *p, const struct measurement *m)
{
    double seconds = with_buffer(p, m, map_and_use);

    value(m->name, (double)m->size / seconds / 1e9, "GB/s", "more");
}

/* A kernel over ordinary memory of the program's, which reads the result. */
static double kernel_over(struct probe *p, const struct shared *s, unsigned turn)
{
    size_t words = s->size / 4;
    double start, seconds;
    uint32_t *at;
    cl_mem buffer;
    cl_int e;

    pattern_fill(s->host, words, 0, turn);
    start = now();
    buffer =
        clCreateBuffer(p->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, s->size, s->host, &e);
    must(p, e, "clCreateBuffer");
    must(p, clSetKernelArg(p->invert, 0, sizeof(buffer), &buffer), "clSetKernelArg");
    must(p, clEnqueueNDRangeKernel(p->queue, p->invert, 1, NULL, &words, NULL, 0, NULL, NULL),
         "clEnqueueNDRangeKernel");
    at = map(p, buffer, CL_MAP_READ, s->size);
    seconds = now() - start;
    if (at != s->host)
        fail(p, "a buffer of the program's memory was mapped elsewhere");
    pattern_check(p, at, words, 0, ~turn);
    start = now();
    unmap(p, buffer, at);
    must(p, clReleaseMemObject(buffer), "clReleaseMemObject");
    return seconds + now() - start;
}

static double kernel_over_same(struct probe *p, void *state, unsigned turn)
{
    return kernel_over(p, state, turn);
}

static uint32_t *pages(const struct probe *p, size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        fail(p, "no memory for an array of %zu bytes", size);
    return at;
}

/* Memory that the host has not seen yet. */
static double kernel_over_new(struct probe *p, void *state, unsigned turn)
{
    struct shared s = *(const struct shared *)state;
    double seconds;

    s.host = pages(p, s.size);
    seconds = kernel_over(p, &s, turn);
    munmap(s.host, s.size);
    return seconds;
}

void measure_host_ptr(struct probe *p, const struct measurement *m)
{
    struct shared s = {.size = m->size, .host = pages(p, m->size)};
    double seconds = median_of(p, kernel_over_same, &s);

    munmap(s.host, s.size);
    value(m->name, (double)m->size / seconds / 1e9, "GB/s", "more");
}

void measure_host_ptr_new(struct probe *p, const struct measurement *m)
{
    struct shared s = {.size = m->size};

    value(m->name, (double)m->size / median_of(p, kernel_over_new, &s) / 1e9, "GB/s", "more");
}
