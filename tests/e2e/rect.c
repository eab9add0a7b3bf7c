// SPDX-License-Identifier: MIT
/*
 * Rectangles: only their rows are touched, on either side. A row and slice
 * pitch that is not tight leaves gaps, and the gaps are somebody else's.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define W 100u /* of the host's picture, bytes */
#define H 60u
#define D 5u
#define SIZE ((size_t)W * H * D)

struct box {
    size_t origin[3], region[3];
};

static bool inside(const struct box *b, size_t x, size_t y, size_t z)
{
    return x >= b->origin[0] && x < b->origin[0] + b->region[0] && y >= b->origin[1] &&
           y < b->origin[1] + b->region[1] && z >= b->origin[2] && z < b->origin[2] + b->region[2];
}

static const struct box boxes[] = {
    {{0, 0, 0}, {W, H, D}},   {{0, 0, 0}, {1, 1, 1}},    {{3, 2, 1}, {10, 7, 2}},
    {{99, 59, 4}, {1, 1, 1}}, {{50, 0, 0}, {50, 60, 1}}, {{0, 10, 0}, {100, 1, 5}},
};
#define NUM_BOXES (sizeof(boxes) / sizeof(boxes[0]))

static void check_read(const uint8_t *host, const struct box *b)
{
    for (size_t i = 0; i < SIZE; i++) {
        size_t x = i % W, y = i / W % H, z = i / W / H;
        uint8_t expected = inside(b, x, y, z) ? (uint8_t)(i * 7) : 0xaa;
        if (host[i] != expected)
            CHECK(!"a byte of the picture is wrong");
    }
}

static uint8_t *picture(void)
{
    uint8_t *p = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        p[i] = (uint8_t)(i * 7);
    return p;
}

static void read_boxes(cl_bool blocking)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *in = picture(), *out = malloc(SIZE);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, SIZE, in, 0, NULL, NULL));
    for (size_t i = 0; i < NUM_BOXES; i++) {
        const struct box *b = &boxes[i];
        memset(out, 0xaa, SIZE);
        CL(clEnqueueReadBufferRect(cl.queue, m, blocking, b->origin, b->origin, b->region, W, W * H,
                                   W, W * H, out, 0, NULL, NULL));
        if (!blocking)
            CL(clFinish(cl.queue));
        check_read(out, b);
    }
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

static void a_read_leaves_the_gaps_alone(void)
{
    read_boxes(CL_TRUE);
}
static void a_read_that_does_not_wait_leaves_the_gaps_alone(void)
{
    read_boxes(CL_FALSE);
}

static void write_boxes(cl_bool blocking)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *in = picture(), *out = malloc(SIZE), gap = 0xaa;
    for (size_t i = 0; i < NUM_BOXES; i++) {
        const struct box *b = &boxes[i];
        CL(clEnqueueFillBuffer(cl.queue, m, &gap, 1, 0, SIZE, 0, NULL, NULL));
        CL(clEnqueueWriteBufferRect(cl.queue, m, blocking, b->origin, b->origin, b->region, W,
                                    W * H, W, W * H, in, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
        check_read(out, b);
    }
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

static void a_write_leaves_the_gaps_alone(void)
{
    write_boxes(CL_TRUE);
}
static void a_write_that_does_not_wait_leaves_the_gaps_alone(void)
{
    write_boxes(CL_FALSE);
}

/* A program may keep writing to what lies between the rows of a rectangle that
 * is being read. */
static void the_program_may_use_the_gaps_meanwhile(void)
{
    struct cl cl = cl_open(0);
    const struct box *b = &boxes[4]; /* the right half */
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *in = picture(), *out = calloc(1, SIZE);
    cl_event gate;
    cl_int err;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, SIZE, in, 0, NULL, NULL));
    gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueReadBufferRect(cl.queue, m, CL_FALSE, b->origin, b->origin, b->region, W, W * H, W,
                               W * H, out, 1, &gate, NULL));
    for (size_t i = 0; i < SIZE; i++)
        if (!inside(b, i % W, i / W % H, i / W / H))
            out[i] = 0xaa;
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    check_read(out, b);
    CL(clReleaseEvent(gate));
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

/* Even rows and odd rows of one picture, both under way at once. */
static void two_interleaved_reads_into_one_picture(void)
{
    struct cl cl = cl_open(0);
    size_t row = 4000, rows = 64, half = rows / 2, size = row * rows;
    cl_mem even = cl_buffer(&cl, size / 2), odd = cl_buffer(&cl, size / 2);
    uint8_t *in = pattern(size, 9), *out = calloc(1, size);
    size_t zero[3] = {0, 0, 0}, first_odd[3] = {0, 0, 0}, region[3] = {row, half, 1};
    CL(clEnqueueWriteBufferRect(cl.queue, even, CL_FALSE, zero, zero, region, row, 0, 2 * row, 0,
                                in, 0, NULL, NULL));
    CL(clEnqueueWriteBufferRect(cl.queue, odd, CL_FALSE, zero, first_odd, region, row, 0, 2 * row,
                                0, in + row, 0, NULL, NULL));
    CL(clEnqueueReadBufferRect(cl.queue, even, CL_FALSE, zero, zero, region, row, 0, 2 * row, 0,
                               out, 0, NULL, NULL));
    CL(clEnqueueReadBufferRect(cl.queue, odd, CL_FALSE, zero, first_odd, region, row, 0, 2 * row, 0,
                               out + row, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(pattern_is(out, size, 9));
    CL(clReleaseMemObject(even));
    CL(clReleaseMemObject(odd));
    free(in);
    free(out);
    cl_close(&cl);
}

static void pitches_of_zero_are_tight(void)
{
    struct cl cl = cl_open(0);
    size_t region[3] = {10, 6, 3}, zero[3] = {0, 0, 0}, n = 180;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 1), *out = calloc(1, n);
    CL(clEnqueueWriteBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, in, 0, NULL,
                                NULL));
    CL(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, out, 0, NULL,
                               NULL));
    CHECK(pattern_is(out, n, 1));
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

static void copy_rect_transposes_slices(void)
{
    struct cl cl = cl_open(0);
    cl_mem a = cl_buffer(&cl, SIZE), b = cl_buffer(&cl, SIZE);
    uint8_t *in = picture(), *out = malloc(SIZE), gap = 0xaa;
    size_t src[3] = {10, 5, 1}, dst[3] = {0, 0, 3}, region[3] = {20, 30, 2};
    CL(clEnqueueWriteBuffer(cl.queue, a, CL_TRUE, 0, SIZE, in, 0, NULL, NULL));
    CL(clEnqueueFillBuffer(cl.queue, b, &gap, 1, 0, SIZE, 0, NULL, NULL));
    CL(clEnqueueCopyBufferRect(cl.queue, a, b, src, dst, region, W, W * H, W, W * H, 0, NULL,
                               NULL));
    CL(clEnqueueReadBuffer(cl.queue, b, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
    struct box box = {{0, 0, 3}, {20, 30, 2}};
    for (size_t i = 0; i < SIZE; i++) {
        size_t x = i % W, y = i / W % H, z = i / W / H;
        size_t from = (z - 3 + 1) * W * H + (y + 5) * W + x + 10;
        if (out[i] != (inside(&box, x, y, z) ? in[from] : 0xaa))
            CHECK(!"copy rect");
    }
    CL(clReleaseMemObject(a));
    CL(clReleaseMemObject(b));
    free(in);
    free(out);
    cl_close(&cl);
}

static void copies_and_fills_go_where_they_should(void)
{
    struct cl cl = cl_open(0);
    size_t n = 10000;
    cl_mem a = cl_buffer(&cl, n), b = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 4), *out = malloc(n);
    static const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    CL(clEnqueueWriteBuffer(cl.queue, a, CL_TRUE, 0, n, in, 0, NULL, NULL));
    for (size_t size = 1; size <= 16; size *= 2) {
        CL(clEnqueueFillBuffer(cl.queue, b, bytes, size, 0, n - n % 16, 0, NULL, NULL));
        CL(clEnqueueCopyBuffer(cl.queue, a, b, 100, 3200, 800, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, b, CL_TRUE, 0, n, out, 0, NULL, NULL));
        for (size_t i = 0; i < n - n % 16; i++)
            if (out[i] != (i >= 3200 && i < 4000 ? in[i - 3200 + 100] : bytes[i % size]))
                CHECK(!"fill or copy");
    }
    CL(clReleaseMemObject(a));
    CL(clReleaseMemObject(b));
    free(in);
    free(out);
    cl_close(&cl);
}

static void migration_keeps_the_content(void)
{
    struct cl cl = cl_open(0);
    size_t n = 100000;
    cl_mem m = cl_buffer(&cl, n);
    uint8_t *in = pattern(n, 5), *out = calloc(1, n);
    cl_event e;
    cl_command_type type;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, n, in, 0, NULL, NULL));
    CL(clEnqueueMigrateMemObjects(cl.queue, 1, &m, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
    CL(clEnqueueMigrateMemObjects(cl.queue, 1, &m, 0, 0, NULL, &e));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, n, out, 0, NULL, NULL));
    CL(clGetEventInfo(e, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_MIGRATE_MEM_OBJECTS);
    CHECK(pattern_is(out, n, 5));
    CL(clReleaseEvent(e));
    CL(clReleaseMemObject(m));
    free(in);
    free(out);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_read_leaves_the_gaps_alone),
    CASE(a_read_that_does_not_wait_leaves_the_gaps_alone),
    CASE(a_write_leaves_the_gaps_alone),
    CASE(a_write_that_does_not_wait_leaves_the_gaps_alone),
    CASE(the_program_may_use_the_gaps_meanwhile),
    CASE(two_interleaved_reads_into_one_picture),
    CASE(pitches_of_zero_are_tight),
    CASE(copy_rect_transposes_slices),
    CASE(copies_and_fills_go_where_they_should),
    CASE(migration_keeps_the_content),
};

CHECK_MAIN(cases)
