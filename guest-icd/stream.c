// SPDX-License-Identifier: MIT
#include "stream.h"

#include <string.h>

#include "connection.h"
#include "event.h"
#include "image.h"
#include "pinned.h"
#include "queue.h"
#include "stubs.h"
#include "svm.h"
#include "transfer.h"

/* One transfer of the program's, whichever call it is. */
struct stream {
    cl_command_queue q;
    cl_mem m;
    bool out; /* device to host */
    char *ptr;
    /* Linear: */
    size_t offset;
    /* Rectangular, and an image's: */
    size_t origin[3];              /* in the object */
    size_t host_origin[3];         /* rectangles of buffers */
    size_t row_pitch, slice_pitch; /* of a buffer */
    size_t host_row_pitch, host_slice_pitch;

    cl_uint n; /* the wait list: for every piece, or the first if the queue keeps its order */
    const cl_event *list;
    cl_event under_way[GCL_STREAM_DEPTH];
    unsigned count;
    cl_int err;
};

static struct stream stream_of(bool out, cl_command_queue q, cl_mem m, const void *ptr, cl_uint n,
                               const cl_event *list)
{
    return (struct stream){.q = q, .m = m, .out = out, .ptr = (char *)ptr, .n = n, .list = list};
}

/* Wait for the oldest piece, and take its bytes to the program. */
static void wait_oldest(struct stream *s)
{
    cl_int err = gcl_dispatch.clWaitForEvents(1, &s->under_way[0]);
    if (!s->err)
        s->err = err;
    gcl_dispatch.clReleaseEvent(s->under_way[0]);
    s->count--;
    memmove(&s->under_way[0], &s->under_way[1], s->count * sizeof(s->under_way[0]));
}

/* Room for one more piece: the event that it will have. NULL: something failed. */
static cl_event *next_piece(struct stream *s)
{
    while (s->count == GCL_STREAM_DEPTH)
        wait_oldest(s);
    return s->err ? NULL : &s->under_way[s->count];
}

static void piece_sent(struct stream *s, cl_int err)
{
    if (err) {
        s->err = err;
        return;
    }
    s->count++;
    if (s->q->in_order) {
        s->n = 0;
        s->list = NULL;
    }
}

/* May the pieces begin at once? If so the queue is held. */
static bool begin(cl_command_queue q, cl_mem m, cl_bool blocking, const void *ptr, size_t size,
                  cl_uint n, const cl_event *list, cl_event *event)
{
    struct gcl_svm_place at;
    struct gcl_region known;
    if (size <= GCL_STREAM_PIECE || !ptr || q->context != m->context ||
        (event && q->profiling) || /* it would tell of the last piece alone */
        gcl_connection_transport()->ops->map || gcl_svm_find(ptr, 0, &at) ||
        gcl_pinned_find(ptr, 1, &known) || !gcl_events_complete(m->context, n, list) ||
        !gcl_connection_untroubled())
        return false;
    if (!gcl_queue_hold(q, blocking))
        return false;
    gcl_pinned_begin(q);
    return true;
}

/* The event of all pieces together: the last one's where the queue keeps its order,
 * else a marker's. */
static cl_event whole_event(struct stream *s, cl_command_type command)
{
    cl_event event = NULL;
    if (s->q->in_order || s->count == 1) {
        event = s->under_way[s->count - 1];
        gcl_dispatch.clRetainEvent(event);
        return event;
    }
    s->err = gcl_dispatch.clEnqueueMarkerWithWaitList(s->q, s->count, s->under_way, &event);
    if (event)
        event->command = command;
    return event;
}

/* All pieces have been sent. Always true: the call is done with. */
static bool end(struct stream *s, cl_bool blocking, cl_command_type command, cl_event *event,
                cl_int *err)
{
    cl_event whole = NULL;
    if (event && !s->err && s->count)
        whole = whole_event(s, command);
    while (s->count && (blocking || s->err))
        wait_oldest(s);
    while (s->count)
        gcl_dispatch.clReleaseEvent(s->under_way[--s->count]);
    gcl_pinned_end();
    gcl_queue_let_go(s->q);
    if (whole && s->err)
        gcl_dispatch.clReleaseEvent(whole);
    else if (event)
        *event = whole;
    *err = s->err;
    return true;
}

/* ------------------------------------------------------------------- linear */

static void send_linear(struct stream *s, size_t size)
{
    /* From the end: a range that reaches too far is refused before anything has
     * been changed. */
    while (size && !s->err) {
        size_t piece = size % GCL_STREAM_PIECE ? size % GCL_STREAM_PIECE : GCL_STREAM_PIECE;
        cl_event *event = next_piece(s);
        if (!event)
            return;
        size -= piece;
        piece_sent(
            s, s->out
                   ? gcl_dispatch.clEnqueueReadBuffer(s->q, s->m, CL_FALSE, s->offset + size, piece,
                                                      s->ptr + size, s->n, s->list, event)
                   : gcl_dispatch.clEnqueueWriteBuffer(s->q, s->m, CL_FALSE, s->offset + size,
                                                       piece, s->ptr + size, s->n, s->list, event));
    }
}

static bool linear(struct stream s, cl_bool blocking, size_t offset, size_t size, cl_event *event,
                   cl_int *err)
{
    s.offset = offset;
    if (s.m->image_type || !begin(s.q, s.m, blocking, s.ptr, size, s.n, s.list, event))
        return false;
    send_linear(&s, size);
    return end(&s, blocking, s.out ? CL_COMMAND_READ_BUFFER : CL_COMMAND_WRITE_BUFFER, event, err);
}

bool gcl_stream_clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                    size_t size, void *ptr, cl_uint n, const cl_event *list,
                                    cl_event *event, cl_int *err)
{
    return linear(stream_of(true, q, m, ptr, n, list), blocking, offset, size, event, err);
}

bool gcl_stream_clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                     size_t size, const void *ptr, cl_uint n, const cl_event *list,
                                     cl_event *event, cl_int *err)
{
    return linear(stream_of(false, q, m, ptr, n, list), blocking, offset, size, event, err);
}

/* ---------------------------------------------------------- rows and slices */

/* Part of the region, `at` rows and slices into it. */
typedef cl_int (*send_fn)(struct stream *s, const size_t *at, const size_t *region,
                          cl_event *event);

static void send_part(struct stream *s, send_fn send, const size_t *at, const size_t *region)
{
    cl_event *event = next_piece(s);
    if (event)
        piece_sent(s, send(s, at, region, event));
}

/* A slice, or what is left of it, in pieces of whole rows; from the end, as above. */
static void send_rows(struct stream *s, send_fn send, const size_t *region, size_t z,
                      size_t row_bytes)
{
    size_t most = row_bytes < GCL_STREAM_PIECE ? GCL_STREAM_PIECE / row_bytes : 1;
    for (size_t left = region[1]; left && !s->err;) {
        size_t rows = left % most ? left % most : most;
        left -= rows;
        send_part(s, send, (size_t[3]){0, left, z}, (size_t[3]){region[0], rows, 1});
    }
}

static void send_slices(struct stream *s, send_fn send, const size_t *region, size_t row_bytes,
                        size_t slice_bytes)
{
    size_t most = slice_bytes < GCL_STREAM_PIECE ? GCL_STREAM_PIECE / slice_bytes : 1;
    for (size_t left = region[2]; left && !s->err;) {
        size_t slices = left % most ? left % most : most;
        left -= slices;
        if (slice_bytes > GCL_STREAM_PIECE)
            send_rows(s, send, region, left, row_bytes);
        else
            send_part(s, send, (size_t[3]){0, 0, left}, (size_t[3]){region[0], region[1], slices});
    }
}

static char *host_at(const struct stream *s, const size_t *at)
{
    return s->ptr + at[2] * s->host_slice_pitch + at[1] * s->host_row_pitch;
}

static cl_int send_rect(struct stream *s, const size_t *at, const size_t *region, cl_event *event)
{
    size_t to[3] = {s->origin[0], s->origin[1] + at[1], s->origin[2] + at[2]};
    char *ptr = host_at(s, at);
    return s->out ? gcl_dispatch.clEnqueueReadBufferRect(s->q, s->m, CL_FALSE, to, s->host_origin,
                                                         region, s->row_pitch, s->slice_pitch,
                                                         s->host_row_pitch, s->host_slice_pitch,
                                                         ptr, s->n, s->list, event)
                  : gcl_dispatch.clEnqueueWriteBufferRect(s->q, s->m, CL_FALSE, to, s->host_origin,
                                                          region, s->row_pitch, s->slice_pitch,
                                                          s->host_row_pitch, s->host_slice_pitch,
                                                          ptr, s->n, s->list, event);
}

static cl_int send_image(struct stream *s, const size_t *at, const size_t *region, cl_event *event)
{
    size_t to[3] = {s->origin[0], s->origin[1] + at[1], s->origin[2] + at[2]};
    /* Without slices there is no pitch of them. */
    size_t slice_pitch = s->m->image_type == CL_MEM_OBJECT_IMAGE2D ? 0 : s->host_slice_pitch;
    char *ptr = host_at(s, at);
    return s->out ? gcl_dispatch.clEnqueueReadImage(s->q, s->m, CL_FALSE, to, region,
                                                    s->host_row_pitch, slice_pitch, ptr, s->n,
                                                    s->list, event)
                  : gcl_dispatch.clEnqueueWriteImage(s->q, s->m, CL_FALSE, to, region,
                                                     s->host_row_pitch, slice_pitch, ptr, s->n,
                                                     s->list, event);
}

static bool rect(struct stream *s, cl_bool blocking, const size_t *origin,
                 const size_t *host_origin, const size_t *region, cl_event *event, cl_int *err)
{
    size_t span = gcl_rect_span(host_origin, region, s->host_row_pitch, s->host_slice_pitch);
    if (s->m->image_type || !span ||
        !gcl_pitches_fill(region[0], region[1], &s->row_pitch, &s->slice_pitch) ||
        !gcl_pitches_fill(region[0], region[1], &s->host_row_pitch, &s->host_slice_pitch) ||
        !begin(s->q, s->m, blocking, s->ptr, span, s->n, s->list, event))
        return false;
    memcpy(s->origin, origin, sizeof(s->origin));
    /* The piece's own host pointer is where the rows before it end. */
    s->ptr += host_origin[1] * s->host_row_pitch + host_origin[2] * s->host_slice_pitch;
    s->host_origin[0] = host_origin[0];
    send_slices(s, send_rect, region, s->host_row_pitch, s->host_slice_pitch);
    return end(s, blocking, s->out ? CL_COMMAND_READ_BUFFER_RECT : CL_COMMAND_WRITE_BUFFER_RECT,
               event, err);
}

bool gcl_stream_clEnqueueReadBufferRect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                        const size_t *buffer_origin, const size_t *host_origin,
                                        const size_t *region, size_t buffer_row_pitch,
                                        size_t buffer_slice_pitch, size_t host_row_pitch,
                                        size_t host_slice_pitch, void *ptr, cl_uint n,
                                        const cl_event *list, cl_event *event, cl_int *err)
{
    struct stream s = stream_of(true, q, m, ptr, n, list);
    s.row_pitch = buffer_row_pitch;
    s.slice_pitch = buffer_slice_pitch;
    s.host_row_pitch = host_row_pitch;
    s.host_slice_pitch = host_slice_pitch;
    return rect(&s, blocking, buffer_origin, host_origin, region, event, err);
}

bool gcl_stream_clEnqueueWriteBufferRect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                         const size_t *buffer_origin, const size_t *host_origin,
                                         const size_t *region, size_t buffer_row_pitch,
                                         size_t buffer_slice_pitch, size_t host_row_pitch,
                                         size_t host_slice_pitch, const void *ptr, cl_uint n,
                                         const cl_event *list, cl_event *event, cl_int *err)
{
    struct stream s = stream_of(false, q, m, ptr, n, list);
    s.row_pitch = buffer_row_pitch;
    s.slice_pitch = buffer_slice_pitch;
    s.host_row_pitch = host_row_pitch;
    s.host_slice_pitch = host_slice_pitch;
    return rect(&s, blocking, buffer_origin, host_origin, region, event, err);
}

/* Lines of an array go whole: runtimes differ in which pitch steps over them. */
static bool has_rows(cl_mem m)
{
    return m->image_type == CL_MEM_OBJECT_IMAGE2D || m->image_type == CL_MEM_OBJECT_IMAGE3D ||
           m->image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
}

static bool image(struct stream *s, cl_bool blocking, const size_t *origin, const size_t *region,
                  cl_event *event, cl_int *err)
{
    size_t span =
        has_rows(s->m) ? gcl_image_span(s->m, region, s->host_row_pitch, s->host_slice_pitch) : 0;
    if (!span ||
        !gcl_pitches_fill(region[0] * s->m->pixel, region[1], &s->host_row_pitch,
                          &s->host_slice_pitch) ||
        !begin(s->q, s->m, blocking, s->ptr, span, s->n, s->list, event))
        return false;
    memcpy(s->origin, origin, sizeof(s->origin));
    send_slices(s, send_image, region, s->host_row_pitch, s->host_slice_pitch);
    return end(s, blocking, s->out ? CL_COMMAND_READ_IMAGE : CL_COMMAND_WRITE_IMAGE, event, err);
}

bool gcl_stream_clEnqueueReadImage(cl_command_queue q, cl_mem m, cl_bool blocking,
                                   const size_t *origin, const size_t *region, size_t row_pitch,
                                   size_t slice_pitch, void *ptr, cl_uint n, const cl_event *list,
                                   cl_event *event, cl_int *err)
{
    struct stream s = stream_of(true, q, m, ptr, n, list);
    s.host_row_pitch = row_pitch;
    s.host_slice_pitch = slice_pitch;
    return image(&s, blocking, origin, region, event, err);
}

bool gcl_stream_clEnqueueWriteImage(cl_command_queue q, cl_mem m, cl_bool blocking,
                                    const size_t *origin, const size_t *region, size_t row_pitch,
                                    size_t slice_pitch, const void *ptr, cl_uint n,
                                    const cl_event *list, cl_event *event, cl_int *err)
{
    struct stream s = stream_of(false, q, m, ptr, n, list);
    s.host_row_pitch = row_pitch;
    s.host_slice_pitch = slice_pitch;
    return image(&s, blocking, origin, region, event, err);
}
