// SPDX-License-Identifier: MIT
#include "direct.h"

#include <string.h>

#include "backing.h"
#include "connection.h"
#include "count.h"
#include "event.h"
#include "later.h"
#include "queue.h"
#include "rect.h"
#include "stubs.h"
#include "transfer.h"

/* One such command. */
struct direct {
    cl_command_queue q;
    cl_event *event; /* where the program wants its event, or NULL */
    cl_event made;
};

/* Take the queue for a command with that much to copy. (Times are the runtime's to
 * tell.) */
static bool begin(struct direct *d, cl_command_type command, cl_command_queue q, cl_mem m,
                  cl_bool blocking, size_t size, cl_uint n, const cl_event *list, cl_event *event)
{
    *d = (struct direct){.q = q, .event = event};
    if (!m->in_place || q->context != m->context || (event && q->profiling) ||
        size > gcl_connection_transport()->ops->copy_max || (!blocking && size > GCL_LATER_MIN) ||
        !gcl_events_complete(m->context, n, list) || !gcl_connection_untroubled())
        return false;
    if (event && !(d->made = gcl_event_done(q, command)))
        return false;
    if (gcl_queue_hold(q, blocking))
        return true;
    if (d->made)
        gcl_dispatch.clReleaseEvent(d->made);
    return false;
}

static bool end(struct direct *d)
{
    gcl_queue_let_go(d->q);
    if (d->event)
        *d->event = d->made;
    return true;
}

static bool range_ok(cl_mem m, size_t offset, size_t size)
{
    return size && offset < m->size && size <= m->size - offset;
}

static char *at(cl_mem m, size_t offset)
{
    return (char *)m->memory.addr + offset;
}

/* A program that does not wait is not kept waiting for a large copy either. */
static bool goes_later(cl_command_queue q, cl_mem m, cl_bool blocking, size_t size)
{
    return !blocking && size > GCL_LATER_MIN && m->in_place && q->context == m->context &&
           size <= gcl_connection_transport()->ops->copy_max;
}

bool gcl_direct_clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                    size_t size, void *ptr, cl_uint n, const cl_event *list,
                                    cl_event *event)
{
    struct direct d;
    if (!ptr || !range_ok(m, offset, size))
        return false;
    if (goes_later(q, m, blocking, size))
        return gcl_copy_later(q, m, true, offset, size, ptr, n, list, event);
    if (!begin(&d, CL_COMMAND_READ_BUFFER, q, m, blocking, size, n, list, event))
        return false;
    gcl_backing_touch(m, offset, size);
    memcpy(ptr, at(m, offset), size);
    gcl_count(GCL_N_DIRECT_READ, size);
    return end(&d);
}

bool gcl_direct_clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                     size_t size, const void *ptr, cl_uint n, const cl_event *list,
                                     cl_event *event)
{
    struct direct d;
    if (!ptr || !range_ok(m, offset, size))
        return false;
    if (goes_later(q, m, blocking, size))
        return gcl_copy_later(q, m, false, offset, size, (void *)ptr, n, list, event);
    if (!begin(&d, CL_COMMAND_WRITE_BUFFER, q, m, blocking, size, n, list, event))
        return false;
    gcl_backing_touch(m, offset, size);
    memcpy(at(m, offset), ptr, size);
    gcl_count(GCL_N_DIRECT_WRITE, size);
    return end(&d);
}

static bool rect_ok(cl_mem m, const size_t *buffer_origin, const size_t *host_origin,
                    const size_t *region, size_t buffer_row_pitch, size_t buffer_slice_pitch,
                    size_t host_row_pitch, size_t host_slice_pitch)
{
    if (!region[0] || !region[1] || !region[2] ||
        !gcl_pitches_fill(region[0], region[1], &buffer_row_pitch, &buffer_slice_pitch) ||
        !gcl_pitches_fill(region[0], region[1], &host_row_pitch, &host_slice_pitch))
        return false;
    size_t span = gcl_rect_span(buffer_origin, region, buffer_row_pitch, buffer_slice_pitch);
    return span && span <= m->size &&
           gcl_rect_span(host_origin, region, host_row_pitch, host_slice_pitch);
}

/* The rows of one rectangle to those of another, of the same region. */
static void copy_rows(char *to, const struct gcl_rect *t, const char *from,
                      const struct gcl_rect *f)
{
    for (size_t z = 0; z < f->slices; z++)
        for (size_t y = 0; y < f->rows; y++)
            memcpy(to + t->first + z * t->slice_pitch + y * t->row_pitch,
                   from + f->first + z * f->slice_pitch + y * f->row_pitch, f->row);
}

static size_t rect_bytes(const size_t *region)
{
    return region[0] * region[1] * region[2];
}

bool gcl_direct_clEnqueueReadBufferRect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                        const size_t *buffer_origin, const size_t *host_origin,
                                        const size_t *region, size_t buffer_row_pitch,
                                        size_t buffer_slice_pitch, size_t host_row_pitch,
                                        size_t host_slice_pitch, void *ptr, cl_uint n,
                                        const cl_event *list, cl_event *event)
{
    struct direct d;
    if (!ptr ||
        !rect_ok(m, buffer_origin, host_origin, region, buffer_row_pitch, buffer_slice_pitch,
                 host_row_pitch, host_slice_pitch) ||
        !begin(&d, CL_COMMAND_READ_BUFFER_RECT, q, m, blocking, rect_bytes(region), n, list, event))
        return false;
    struct gcl_rect b = gcl_rect_of(buffer_origin, region, buffer_row_pitch, buffer_slice_pitch);
    struct gcl_rect h = gcl_rect_of(host_origin, region, host_row_pitch, host_slice_pitch);
    copy_rows(ptr, &h, at(m, 0), &b);
    gcl_count(GCL_N_DIRECT_READ, rect_bytes(region));
    return end(&d);
}

bool gcl_direct_clEnqueueWriteBufferRect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                         const size_t *buffer_origin, const size_t *host_origin,
                                         const size_t *region, size_t buffer_row_pitch,
                                         size_t buffer_slice_pitch, size_t host_row_pitch,
                                         size_t host_slice_pitch, const void *ptr, cl_uint n,
                                         const cl_event *list, cl_event *event)
{
    struct direct d;
    if (!ptr ||
        !rect_ok(m, buffer_origin, host_origin, region, buffer_row_pitch, buffer_slice_pitch,
                 host_row_pitch, host_slice_pitch) ||
        !begin(&d, CL_COMMAND_WRITE_BUFFER_RECT, q, m, blocking, rect_bytes(region), n, list,
               event))
        return false;
    struct gcl_rect b = gcl_rect_of(buffer_origin, region, buffer_row_pitch, buffer_slice_pitch);
    struct gcl_rect h = gcl_rect_of(host_origin, region, host_row_pitch, host_slice_pitch);
    copy_rows(at(m, 0), &b, ptr, &h);
    gcl_count(GCL_N_DIRECT_WRITE, rect_bytes(region));
    return end(&d);
}

bool gcl_direct_map(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset, size_t size,
                    cl_uint n, const cl_event *list, cl_event *event)
{
    struct direct d;
    if (!begin(&d, CL_COMMAND_MAP_BUFFER, q, m, blocking, 0, n, list, event))
        return false;
    gcl_backing_touch(m, offset, size);
    return end(&d);
}

bool gcl_direct_unmap(cl_command_queue q, cl_uint n, const cl_event *list, cl_event *event)
{
    if (!gcl_events_complete(q->context, n, list) || !gcl_connection_untroubled())
        return false;
    if (!event)
        return true;
    /* Its event is complete when what is before it is. */
    cl_event made = q->profiling ? NULL : gcl_event_done(q, CL_COMMAND_UNMAP_MEM_OBJECT);
    if (made && gcl_queue_hold(q, false)) {
        gcl_queue_let_go(q);
        *event = made;
        return true;
    }
    if (made)
        gcl_dispatch.clReleaseEvent(made);
    return false;
}
