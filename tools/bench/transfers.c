/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes of buffers, from and to ordinary memory. Each turn has its own
 * pattern, and outside of the time taken it is checked where it has arrived: on
 * the device by a kernel, here by the program.
 */
#include <stdlib.h>

#include "probe.h"

/* A rectangle's row in the program's memory has this much behind it, which is
 * not the rectangle's. */
#define ROW_GAP 64
#define GAP_WORD 0x5a5a5a5au

/* Non-blocking writes: so many pieces go round the buffer. */
#define PIECE (64u << 10)
#define PIECES 64

struct transfer {
    size_t size;
    size_t row, rows; /* a rectangle: bytes in a row, and how many */
    cl_mem buffer;
    uint32_t *host;
};

static void *memory(const struct probe *p, size_t size)
{
    void *host = malloc(size);

    if (!host)
        fail(p, "no memory for an array of %zu bytes", size);
    return host;
}

static cl_mem create(const struct probe *p, size_t size)
{
    cl_int e;
    cl_mem buffer = clCreateBuffer(p->context, CL_MEM_READ_WRITE, size, NULL, &e);

    must(p, e, "clCreateBuffer");
    return buffer;
}

/* The median of op() on a buffer and an array of m->size, as bytes per second. */
static void rate(struct probe *p, const struct measurement *m, op_fn op)
{
    struct transfer t = {.size = m->size};
    double seconds;

    for (t.row = 64; t.row * t.row < t.size; t.row *= 2)
        ;
    t.rows = t.size / t.row;
    t.host = memory(p, t.rows * (t.row + ROW_GAP));
    t.buffer = create(p, t.size);
    seconds = median_of(p, op, &t);
    must(p, clReleaseMemObject(t.buffer), "clReleaseMemObject");
    free(t.host);
    value(m->name, (double)t.size / seconds / 1e9, "GB/s", "more");
}

static double write_once(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    double start, seconds;

    pattern_fill(t->host, t->size / 4, 0, turn);
    start = now();
    must(p, clEnqueueWriteBuffer(p->queue, t->buffer, CL_TRUE, 0, t->size, t->host, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
    seconds = now() - start;
    pattern_check_buffer(p, t->buffer, t->size, turn);
    return seconds;
}

void measure_write(struct probe *p, const struct measurement *m)
{
    rate(p, m, write_once);
}

static double read_once(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    double start, seconds;

    pattern_fill_buffer(p, t->buffer, t->size, turn);
    /* The first turn finds memory that the program has used, as later ones do. */
    if (!turn)
        pattern_fill(t->host, t->size / 4, 0, ~turn);
    start = now();
    must(p, clEnqueueReadBuffer(p->queue, t->buffer, CL_TRUE, 0, t->size, t->host, 0, NULL, NULL),
         "clEnqueueReadBuffer");
    seconds = now() - start;
    pattern_check(p, t->host, t->size / 4, 0, turn);
    return seconds;
}

void measure_read(struct probe *p, const struct measurement *m)
{
    rate(p, m, read_once);
}

/* A buffer that is made, written to once, and released: nothing is warm. */
static double first_write(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    double start, seconds;
    cl_mem fresh;

    pattern_fill(t->host, t->size / 4, 0, turn);
    start = now();
    fresh = create(p, t->size);
    must(p, clEnqueueWriteBuffer(p->queue, fresh, CL_TRUE, 0, t->size, t->host, 0, NULL, NULL),
         "clEnqueueWriteBuffer");
    seconds = now() - start;
    pattern_check_buffer(p, fresh, t->size, turn);
    must(p, clReleaseMemObject(fresh), "clReleaseMemObject");
    return seconds;
}

void measure_first_write(struct probe *p, const struct measurement *m)
{
    rate(p, m, first_write);
}

static uint32_t *row_of(const struct transfer *t, size_t y)
{
    return t->host + y * (t->row + ROW_GAP) / 4;
}

static double write_rect(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    const size_t origin[3] = {0}, region[3] = {t->row, t->rows, 1};
    double start, seconds;

    for (size_t y = 0; y < t->rows; y++)
        pattern_fill(row_of(t, y), t->row / 4, y * t->row / 4, turn);
    start = now();
    must(p,
         clEnqueueWriteBufferRect(p->queue, t->buffer, CL_TRUE, origin, origin, region, t->row, 0,
                                  t->row + ROW_GAP, 0, t->host, 0, NULL, NULL),
         "clEnqueueWriteBufferRect");
    seconds = now() - start;
    pattern_check_buffer(p, t->buffer, t->size, turn);
    return seconds;
}

void measure_write_rect(struct probe *p, const struct measurement *m)
{
    rate(p, m, write_rect);
}

/* What lies between the rows is the program's own. */
static void clear_gaps(const struct transfer *t)
{
    for (size_t y = 0; y < t->rows; y++) {
        for (size_t i = 0; i < ROW_GAP / 4; i++)
            row_of(t, y)[t->row / 4 + i] = GAP_WORD;
    }
}

static void check_rows(const struct probe *p, const struct transfer *t, uint32_t turn)
{
    for (size_t y = 0; y < t->rows; y++) {
        pattern_check(p, row_of(t, y), t->row / 4, y * t->row / 4, turn);
        for (size_t i = 0; i < ROW_GAP / 4; i++) {
            if (row_of(t, y)[t->row / 4 + i] != GAP_WORD)
                fail(p, "wrong data: a rectangle was read into what is beside it");
        }
    }
}

static double read_rect(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    const size_t origin[3] = {0}, region[3] = {t->row, t->rows, 1};
    double start, seconds;

    pattern_fill_buffer(p, t->buffer, t->size, turn);
    if (!turn)
        pattern_fill(t->host, t->rows * (t->row + ROW_GAP) / 4, 0, ~turn);
    clear_gaps(t);
    start = now();
    must(p,
         clEnqueueReadBufferRect(p->queue, t->buffer, CL_TRUE, origin, origin, region, t->row, 0,
                                 t->row + ROW_GAP, 0, t->host, 0, NULL, NULL),
         "clEnqueueReadBufferRect");
    seconds = now() - start;
    check_rows(p, t, turn);
    return seconds;
}

void measure_read_rect(struct probe *p, const struct measurement *m)
{
    rate(p, m, read_rect);
}

/* Writes that do not wait, and one finish behind them. */
static double write_async(struct probe *p, void *state, unsigned turn)
{
    const struct transfer *t = state;
    double start, seconds;

    pattern_fill(t->host, t->size / 4, 0, turn);
    start = now();
    for (size_t at = 0; at < t->size; at += PIECE)
        must(p,
             clEnqueueWriteBuffer(p->queue, t->buffer, CL_FALSE, at, PIECE, t->host + at / 4, 0,
                                  NULL, NULL),
             "clEnqueueWriteBuffer");
    must(p, clFinish(p->queue), "clFinish");
    seconds = now() - start;
    pattern_check_buffer(p, t->buffer, t->size, turn);
    return seconds;
}

void measure_write_async(struct probe *p, const struct measurement *m)
{
    struct measurement sized = *m;

    sized.size = (size_t)PIECE * PIECES;
    rate(p, &sized, write_async);
}
