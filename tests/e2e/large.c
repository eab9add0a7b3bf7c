// SPDX-License-Identifier: MIT
/*
 * Transfers too large to go in one piece arrive whole, in both directions, of
 * buffers, rectangles and images, waited for or not.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* No multiple of anything. */
enum { SIZE = 5 * 1024 * 1024 + 12345 };

static void check_event(cl_event event, cl_command_type type)
{
    cl_command_type is;
    cl_int status;
    CL(clWaitForEvents(1, &event));
    CL(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(is), &is, NULL));
    CHECK(is == type || is == CL_COMMAND_MARKER);
    CL(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status == CL_COMPLETE);
    CL(clReleaseEvent(event));
}

static void write_and_read(cl_command_queue_properties properties, cl_bool blocking)
{
    struct cl cl = cl_open(properties);
    cl_mem m = cl_buffer(&cl, SIZE + 77);
    cl_uchar zero = 0;
    uint8_t *in = pattern(SIZE, 3), *out = calloc(1, SIZE);
    cl_event event;
    CL(clEnqueueFillBuffer(cl.queue, m, &zero, 1, 0, SIZE + 77, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CL(clEnqueueWriteBuffer(cl.queue, m, blocking, 77, SIZE, in, 0, NULL, &event));
    check_event(event, CL_COMMAND_WRITE_BUFFER);
    memset(in, 0, SIZE);
    CL(clEnqueueReadBuffer(cl.queue, m, blocking, 77, SIZE, out, 0, NULL, &event));
    check_event(event, CL_COMMAND_READ_BUFFER);
    CHECK(pattern_is(out, SIZE, 3));
    memset(out, 1, 77);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 77, out, 0, NULL, NULL));
    for (int i = 0; i < 77; i++)
        CHECK(out[i] == 0);
    /* And without an event. */
    pattern_fill(in, SIZE, 4);
    CL(clEnqueueWriteBuffer(cl.queue, m, blocking, 0, SIZE, in, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CL(clEnqueueReadBuffer(cl.queue, m, blocking, 0, SIZE, out, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(pattern_is(out, SIZE, 4));
    free(in);
    free(out);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void a_buffer_arrives_whole(void)
{
    write_and_read(0, CL_TRUE);
}

static void a_buffer_arrives_whole_without_waiting(void)
{
    write_and_read(0, CL_FALSE);
}

static void a_buffer_arrives_whole_on_an_out_of_order_queue(void)
{
    write_and_read(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, CL_TRUE);
    write_and_read(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, CL_FALSE);
}

static void a_buffer_arrives_whole_on_a_profiling_queue(void)
{
    write_and_read(CL_QUEUE_PROFILING_ENABLE, CL_TRUE);
    write_and_read(CL_QUEUE_PROFILING_ENABLE, CL_FALSE);
}

/* The event of a command tells of all of it. */
static void the_times_of_a_large_command_are_its_own(void)
{
    struct cl cl = cl_open(CL_QUEUE_PROFILING_ENABLE);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *in = pattern(SIZE, 3);
    cl_event event;
    cl_ulong start, end;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, SIZE, in, 0, NULL, &event));
    CL(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof(start), &start, NULL));
    CL(clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(end), &end, NULL));
    CHECK(start <= end);
    CL(clReleaseEvent(event));
    free(in);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void what_reaches_too_far_changes_nothing(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *in = pattern(SIZE + 1, 3), *out = calloc(1, SIZE);
    cl_uchar zero = 0;
    CL(clEnqueueFillBuffer(cl.queue, m, &zero, 1, 0, SIZE, 0, NULL, NULL));
    CL_IS(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, SIZE + 1, in, 0, NULL, NULL),
          CL_INVALID_VALUE);
    CL_IS(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 1, SIZE, in, 0, NULL, NULL), CL_INVALID_VALUE);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
    for (size_t i = 0; i < SIZE; i++)
        CHECK(out[i] == 0);
    CL_IS(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 1, SIZE, out, 0, NULL, NULL), CL_INVALID_VALUE);
    free(in);
    free(out);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* A rectangle of bytes, as in the buffer and as in the program. */
struct box {
    size_t origin[3], row, slice;
};

static void copy_box(uint8_t *to, const struct box *t, const uint8_t *from, const struct box *f,
                     const size_t *region)
{
    for (size_t z = 0; z < region[2]; z++)
        for (size_t y = 0; y < region[1]; y++)
            memcpy(to + t->origin[0] + (t->origin[1] + y) * t->row + (t->origin[2] + z) * t->slice,
                   from + f->origin[0] + (f->origin[1] + y) * f->row +
                       (f->origin[2] + z) * f->slice,
                   region[0]);
}

static void a_box_arrives_whole(const size_t *region, const struct box *b, const struct box *h,
                                size_t bytes, cl_bool blocking)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, bytes);
    uint8_t *in = pattern(bytes, 1), *model = pattern(bytes, 2), *out = pattern(bytes, 5),
            *expected = pattern(bytes, 5), *device = pattern(bytes, 2);
    cl_event event;
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, bytes, device, 0, NULL, NULL));
    CL(clEnqueueWriteBufferRect(cl.queue, m, blocking, b->origin, h->origin, region, b->row,
                                b->slice, h->row, h->slice, in, 0, NULL, &event));
    check_event(event, CL_COMMAND_WRITE_BUFFER_RECT);
    copy_box(model, b, in, h, region);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, bytes, device, 0, NULL, NULL));
    CHECK(!memcmp(model, device, bytes));
    CL(clEnqueueReadBufferRect(cl.queue, m, blocking, b->origin, h->origin, region, b->row,
                               b->slice, h->row, h->slice, out, 0, NULL, &event));
    check_event(event, CL_COMMAND_READ_BUFFER_RECT);
    copy_box(expected, h, model, b, region);
    CHECK(!memcmp(expected, out, bytes)); /* what lies between the rows, too */
    free(in);
    free(model);
    free(out);
    free(expected);
    free(device);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void rectangles_arrive_whole(void)
{
    enum { BYTES = 12 << 20 };
    const size_t flat[3] = {3000, 1500, 1}, deep[3] = {700, 90, 100}, wide[3] = {3 << 20, 2, 1};
    const struct box a = {{5, 7, 0}, 3100, 0}, b = {{1, 2, 0}, 4000, 0},
                     c = {{3, 4, 1}, 800, 80000}, d = {{9, 0, 2}, 900, 108000},
                     e = {{1, 0, 0}, (3 << 20) + 64, 0}, f = {{0, 1, 0}, 4 << 20, 0};
    for (int blocking = 0; blocking < 2; blocking++) {
        a_box_arrives_whole(flat, &a, &b, BYTES, blocking);
        a_box_arrives_whole(deep, &c, &d, BYTES, blocking);
        a_box_arrives_whole(wide, &e, &f, BYTES, blocking);
    }
}

/* An image and the same pixels in the program, under pitches of its own. */
static void an_image_arrives_whole(struct cl *cl, cl_mem_object_type type, size_t w, size_t h,
                                   size_t d, bool pitched, cl_bool blocking)
{
    cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
    cl_image_desc desc = {.image_type = type, .image_width = w, .image_height = h};
    if (type == CL_MEM_OBJECT_IMAGE3D)
        desc.image_depth = d;
    else if (type == CL_MEM_OBJECT_IMAGE2D_ARRAY)
        desc.image_array_size = d;
    cl_int err;
    cl_mem m = clCreateImage(cl->context, CL_MEM_READ_WRITE, &format, &desc, NULL, &err);
    CL(err);
    const size_t zero[3] = {0, 0, 0}, whole[3] = {w, h, d};
    const size_t origin[3] = {3, 5, d > 4 ? 2 : 0}, part[3] = {w - 7, h - 9, d > 4 ? d - 3 : d};
    size_t row = pitched ? w * 4 + 64 : 0, slice = pitched && d > 1 ? row * (h + 1) : 0;
    size_t bytes = (w * 4 + 64) * (h + 1) * d;
    uint8_t *in = pattern(bytes, 1), *out = pattern(bytes, 2), *all = calloc(1, w * h * d * 4);
    cl_event event;
    CL(clEnqueueWriteImage(cl->queue, m, CL_TRUE, zero, whole, 0, 0, all, 0, NULL, NULL));
    CL(clEnqueueWriteImage(cl->queue, m, blocking, origin, part, row, slice, in, 0, NULL, &event));
    check_event(event, CL_COMMAND_WRITE_IMAGE);
    CL(clEnqueueReadImage(cl->queue, m, blocking, origin, part, row, slice, out, 0, NULL, &event));
    check_event(event, CL_COMMAND_READ_IMAGE);
    CL(clEnqueueReadImage(cl->queue, m, CL_TRUE, zero, whole, 0, 0, all, 0, NULL, NULL));
    row = row ? row : part[0] * 4;
    slice = slice ? slice : row * part[1];
    for (size_t z = 0; z < part[2]; z++)
        for (size_t y = 0; y < part[1]; y++) {
            const uint8_t *line = in + z * slice + y * row;
            CHECK(!memcmp(out + z * slice + y * row, line, part[0] * 4));
            CHECK(!memcmp(all + (((origin[2] + z) * h + origin[1] + y) * w + origin[0]) * 4, line,
                          part[0] * 4));
        }
    CHECK(all[0] == 0 && all[w * h * d * 4 - 1] == 0);
    free(in);
    free(out);
    free(all);
    CL(clReleaseMemObject(m));
}

static void images_arrive_whole(void)
{
    struct cl cl = cl_open(0);
    cl_bool has = CL_FALSE;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_IMAGE_SUPPORT, sizeof(has), &has, NULL));
    for (int i = 0; has && i < 4; i++) {
        an_image_arrives_whole(&cl, CL_MEM_OBJECT_IMAGE2D, 1021, 733, 1, i / 2, i % 2);
        an_image_arrives_whole(&cl, CL_MEM_OBJECT_IMAGE3D, 211, 103, 37, i / 2, i % 2);
        an_image_arrives_whole(&cl, CL_MEM_OBJECT_IMAGE2D_ARRAY, 600, 700, 5, i / 2, i % 2);
    }
    cl_close(&cl);
}

static void an_image_that_is_mapped_may_be_mapped_again(void)
{
    struct cl cl = cl_open(0);
    cl_image_format format = {CL_RGBA, CL_UNSIGNED_INT8};
    cl_image_desc desc = {
        .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1000, .image_height = 600};
    const size_t origin[3] = {0, 0, 0}, region[3] = {1000, 600, 1};
    size_t pitch;
    cl_int err;
    cl_mem m = clCreateImage(cl.context, CL_MEM_READ_WRITE, &format, &desc, NULL, &err);
    CL(err);
    for (int round = 0; round < 20; round++) {
        uint8_t *p = clEnqueueMapImage(cl.queue, m, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, origin,
                                       region, &pitch, NULL, 0, NULL, NULL, &err);
        CL(err);
        for (size_t y = 0; round && y < 600; y++)
            CHECK(p[y * pitch + 17] == round - 1);
        for (size_t y = 0; y < 600; y++)
            memset(p + y * pitch, round, 4000);
        CL(clEnqueueUnmapMemObject(cl.queue, m, p, 0, NULL, NULL));
    }
    CL(clFinish(cl.queue));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* The usual way to fast transfers on a GPU: the host pointer is a mapped buffer's. */
static void a_mapped_buffer_is_host_memory_for_others(void)
{
    struct cl cl = cl_open(0);
    cl_int err;
    cl_mem pinned =
        clCreateBuffer(cl.context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, 2 * SIZE, NULL, &err);
    CL(err);
    cl_mem m = cl_buffer(&cl, SIZE);
    uint8_t *p = clEnqueueMapBuffer(cl.queue, pinned, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                    2 * SIZE, 0, NULL, NULL, &err);
    CL(err);
    const size_t sizes[] = {100, 5000, 300000, SIZE - 100};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        for (int blocking = 0; blocking < 2; blocking++) {
            size_t n = sizes[i];
            pattern_fill(p + 3, n, i);
            memset(p + SIZE, 0, SIZE);
            CL(clEnqueueWriteBuffer(cl.queue, m, blocking, 1, n, p + 3, 0, NULL, NULL));
            CL(clEnqueueReadBuffer(cl.queue, m, blocking, 1, n, p + SIZE + 7, 0, NULL, NULL));
            CL(clFinish(cl.queue));
            CHECK(pattern_is(p + SIZE + 7, n, i));
            CHECK(p[SIZE + 6] == 0 && p[SIZE + 7 + n] == 0);
        }
    }
    /* Only the rows of a rectangle are written. */
    const size_t origin[3] = {0, 0, 0}, region[3] = {1000, 2000, 1};
    memset(p, 9, 4000000);
    pattern_fill(p + SIZE, SIZE, 8);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, SIZE, p + SIZE, 0, NULL, NULL));
    CL(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, origin, origin, region, 1000, 0, 1500, 0, p, 0,
                               NULL, NULL));
    for (size_t y = 0; y < 2000; y++) {
        CHECK(!memcmp(p + y * 1500, p + SIZE + y * 1000, 1000));
        CHECK(p[y * 1500 + 1000] == 9 && p[y * 1500 + 1499] == 9);
    }
    CL(clEnqueueUnmapMemObject(cl.queue, pinned, p, 0, NULL, NULL));
    CL(clReleaseMemObject(m));
    CL(clReleaseMemObject(pinned));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_buffer_arrives_whole),
    CASE(a_buffer_arrives_whole_without_waiting),
    CASE(a_buffer_arrives_whole_on_an_out_of_order_queue),
    CASE(a_buffer_arrives_whole_on_a_profiling_queue),
    CASE(the_times_of_a_large_command_are_its_own),
    CASE(what_reaches_too_far_changes_nothing),
    CASE(rectangles_arrive_whole),
    CASE(images_arrive_whole),
    CASE(an_image_that_is_mapped_may_be_mapped_again),
    CASE(a_mapped_buffer_is_host_memory_for_others),
};

CHECK_MAIN(cases)
