/* SPDX-License-Identifier: MIT */
#include "probe.h"

/* An odd number with no pattern in its bits: 2^32 divided by the golden ratio. */
#define STEP 2654435761u
/* Words of one work-item: enough to hide the launch of it from the check. */
#define ITEM 16
#define BLOCK 4096

static inline uint32_t pattern(size_t i, uint32_t seed)
{
    return ((uint32_t)i * STEP) ^ seed;
}

const char pattern_source[] =
    "#define PATTERN(i) (((uint)(i) * 2654435761u) ^ seed)\n"
    "__kernel void empty(void) {}\n"
    "__kernel void args3(__global int *a, int b, float c) { a[0] = b + (int)c; }\n"
    "__kernel void increment(__global int *a) { a[get_global_id(0)] += 1; }\n"
    "__kernel void invert(__global uint *a) { a[get_global_id(0)] = ~a[get_global_id(0)]; }\n"
    "__kernel void fill(__global uint *a, uint seed)\n"
    "{\n"
    "    a[get_global_id(0)] = PATTERN(get_global_id(0));\n"
    "}\n"
    "__kernel void check(__global const uint *a, uint seed, __global uint *bad)\n"
    "{\n"
    "    uint i = get_global_id(0) * 16, wrong = 0;\n"
    "    for (uint k = 0; k < 16; k++)\n"
    "        wrong |= a[i + k] ^ PATTERN(i + k);\n"
    "    if (wrong)\n"
    "        bad[0] = 1;\n"
    "}\n";

void pattern_fill(uint32_t *words, size_t n, size_t first, uint32_t seed)
{
    for (size_t i = 0; i < n; i++)
        words[i] = pattern(first + i, seed);
}

static void report(const struct probe *p, const uint32_t *words, size_t n, size_t first,
                   uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        if (words[i] != pattern(first + i, seed))
            fail(p, "wrong data: word %zu is %08x and not %08x", first + i, words[i],
                 pattern(first + i, seed));
    }
}

void pattern_check(const struct probe *p, const uint32_t *words, size_t n, size_t first,
                   uint32_t seed)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t len = n - at < BLOCK ? n - at : BLOCK;
        uint32_t wrong = 0;

        for (size_t i = 0; i < len; i++)
            wrong |= words[at + i] ^ pattern(first + at + i, seed);
        if (wrong)
            report(p, words + at, len, first + at, seed);
    }
}

void pattern_fill_buffer(const struct probe *p, cl_mem buffer, size_t size, uint32_t seed)
{
    size_t items = size / 4;

    must(p, clSetKernelArg(p->fill, 0, sizeof(buffer), &buffer), "clSetKernelArg");
    must(p, clSetKernelArg(p->fill, 1, sizeof(seed), &seed), "clSetKernelArg");
    must(p, clEnqueueNDRangeKernel(p->queue, p->fill, 1, NULL, &items, NULL, 0, NULL, NULL),
         "clEnqueueNDRangeKernel");
    must(p, clFinish(p->queue), "clFinish");
}

void pattern_check_buffer(const struct probe *p, cl_mem buffer, size_t size, uint32_t seed)
{
    size_t items = size / 4 / ITEM;
    cl_uint bad = 0;

    must(p, clEnqueueWriteBuffer(p->queue, p->bad, CL_TRUE, 0, 4, &bad, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
    must(p, clSetKernelArg(p->check, 0, sizeof(buffer), &buffer), "clSetKernelArg");
    must(p, clSetKernelArg(p->check, 1, sizeof(seed), &seed), "clSetKernelArg");
    must(p, clSetKernelArg(p->check, 2, sizeof(p->bad), &p->bad), "clSetKernelArg");
    must(p, clEnqueueNDRangeKernel(p->queue, p->check, 1, NULL, &items, NULL, 0, NULL, NULL),
         "clEnqueueNDRangeKernel");
    must(p, clEnqueueReadBuffer(p->queue, p->bad, CL_TRUE, 0, 4, &bad, 0, NULL, NULL),
         "clEnqueueReadBuffer");
    if (bad)
        fail(p, "wrong data in the device's buffer of %zu bytes", size);
}
