// SPDX-License-Identifier: MIT
#include "transfer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "copy.h"
#include "count.h"
#include "event.h"
#include "pinned.h"
#include "rect.h"
#include "staging.h"
#include "svm.h"

static pthread_mutex_t deferred_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gcl_transfer *deferred;
static unsigned outstanding; /* atomic: deferred and not yet finished */

bool gcl_pitches_fill(size_t row, size_t rows, size_t *row_pitch, size_t *slice_pitch)
{
    size_t least;
    if (!*row_pitch)
        *row_pitch = row;
    if (*row_pitch < row || __builtin_mul_overflow(*row_pitch, rows, &least))
        return false;
    if (!*slice_pitch)
        *slice_pitch = least;
    return *slice_pitch >= least && *slice_pitch % *row_pitch == 0;
}

struct gcl_rect gcl_rect_of(const size_t *origin, const size_t *region, size_t row_pitch,
                            size_t slice_pitch)
{
    row_pitch = row_pitch ? row_pitch : region[0];
    slice_pitch = slice_pitch ? slice_pitch : region[1] * row_pitch;
    return (struct gcl_rect){
        .first = origin[2] * slice_pitch + origin[1] * row_pitch + origin[0],
        .row = region[0],
        .rows = region[1],
        .slices = region[2],
        .row_pitch = row_pitch,
        .slice_pitch = slice_pitch,
    };
}

size_t gcl_rect_span(const size_t *origin, const size_t *region, size_t row_pitch,
                     size_t slice_pitch)
{
    if (!origin || !region)
        return 0;
    uint64_t span = vocl_rect_span(origin, region, row_pitch, slice_pitch);
    return span > SIZE_MAX || span == VOCL_RECT_OVERFLOW ? 0 : span;
}

static struct gcl_transfer *transfer_create(void *ptr, size_t size, bool out)
{
    struct gcl_transfer *t = calloc(1, sizeof(*t));
    if (t) {
        t->ptr = ptr;
        t->size = size;
        t->out = out;
    }
    return t;
}

/* Share the application's pages. Failure is no error: the caller stages. */
static bool map_region(struct gcl_transfer *t, bool gather)
{
    struct gcl_transport *tr = gcl_connection_transport();
    if (!tr->ops->map || t->size < GCL_MAP_MIN)
        return false;
    unsigned flags = (t->out ? GCL_MAP_WRITE : 0) |
                     (gather && t->size >= GCL_GATHER_MIN ? GCL_MAP_GATHER : 0);
    t->mapped = !tr->ops->map(tr, t->ptr, t->size, flags, &t->region);
    return t->mapped;
}

static struct vocl_payload payload_of(const struct gcl_region *r)
{
    return (struct vocl_payload){.kind = r->gathered ? VOCL_PAYLOAD_GATHER : VOCL_PAYLOAD_REGION,
                                 .len = r->len,
                                 .region = r->id,
                                 .offset = r->offset};
}

/* Both sides see SVM already, and it stays: nothing has to be kept. */
static bool in_svm(const void *ptr, size_t size, struct vocl_payload *p)
{
    struct gcl_svm_place at;
    if (!gcl_svm_find(ptr, size, &at))
        return false;
    *p = payload_of(&at.region);
    return true;
}

/* The same of a shared buffer's memory. */
static bool in_pinned(const void *ptr, size_t size, struct vocl_payload *p)
{
    struct gcl_region r;
    if (!gcl_pinned_find(ptr, size, &r))
        return false;
    *p = payload_of(&r);
    return true;
}

static bool share_region(struct gcl_transfer *t, bool gather, struct vocl_payload *p)
{
    if (!map_region(t, gather) && gcl_staging_take(t->size, &t->region))
        return false;
    *p = payload_of(&t->region);
    p->len = t->size; /* staging may be larger */
    return true;
}

static void copy_in(const struct gcl_transfer *t, const void *from)
{
    if (t->region.pinned)
        gcl_copy(GCL_COPY_IN, t->region.addr, from, t->size);
    else
        memcpy(t->region.addr, from, t->size);
}

cl_int gcl_transfer_in(const void *ptr, size_t size, bool gather, struct gcl_transfer **out,
                       struct vocl_payload *p)
{
    if (!ptr)
        return CL_SUCCESS;
    if (size <= GCL_INLINE_MAX) {
        *p = (struct vocl_payload){VOCL_PAYLOAD_INLINE, size, 0, 0, ptr};
        gcl_count(GCL_N_INLINE_WRITE, size);
        gcl_count(GCL_N_COPIED_WRITE, size);
        return CL_SUCCESS;
    }
    if (in_svm(ptr, size, p) || in_pinned(ptr, size, p)) {
        gcl_count(GCL_N_SVM_WRITE, size);
        return CL_SUCCESS;
    }
    gcl_transfers_reap(false); /* a stream of writes uses its buffers again */
    struct gcl_transfer *t = transfer_create((void *)ptr, size, false);
    if (!t)
        return CL_OUT_OF_HOST_MEMORY;
    if (!share_region(t, gather, p)) {
        free(t);
        return CL_OUT_OF_HOST_MEMORY;
    }
    gcl_count(t->mapped ? GCL_N_MAPPED_WRITE : GCL_N_STAGED_WRITE, size);
    if (!t->mapped) {
        copy_in(t, ptr);
        gcl_count(GCL_N_COPIED_WRITE, size);
    }
    *out = t;
    return CL_SUCCESS;
}

/* The bytes that the program asked for: of a rectangle, its rows. */
static size_t wanted(const struct gcl_transfer *t)
{
    const struct gcl_rect *r = &t->rect;
    return r->rows ? r->row * r->rows * r->slices : t->size;
}

static void count_read(const struct gcl_transfer *t)
{
    enum vocl_guest_counter way = GCL_N_STAGED_READ;
    if (!t->region.id)
        way = GCL_N_INLINE_READ;
    else if (t->mapped)
        way = GCL_N_MAPPED_READ;
    gcl_count(way, wanted(t));
}

cl_int gcl_transfer_out(void *ptr, size_t size, const struct gcl_rect *rect, bool blocking,
                        bool gather, struct gcl_transfer **out, struct vocl_payload *p)
{
    if (!ptr)
        return CL_SUCCESS;
    if (!rect && !(blocking && size <= GCL_INLINE_MAX) && in_svm(ptr, size, p)) {
        gcl_count(GCL_N_SVM_READ, size);
        return CL_SUCCESS;
    }
    if (!(blocking && size <= GCL_INLINE_MAX) && in_pinned(ptr, size, p)) {
        gcl_count(GCL_N_SVM_READ, size);
        return CL_SUCCESS;
    }
    struct gcl_transfer *t = transfer_create(ptr, size, true);
    if (!t)
        return CL_OUT_OF_HOST_MEMORY;
    if (rect)
        t->rect = *rect;
    if (blocking && size <= GCL_INLINE_MAX) {
        *p = (struct vocl_payload){VOCL_PAYLOAD_INLINE, size, 0, 0, NULL};
    } else if (!share_region(t, gather, p)) {
        free(t);
        return CL_OUT_OF_HOST_MEMORY;
    }
    count_read(t);
    *out = t;
    return CL_SUCCESS;
}

/* Only the rows: what lies between them is the application's. */
static void copy_out(const struct gcl_transfer *t, const void *from)
{
    const struct gcl_rect *r = &t->rect;
    gcl_count(GCL_N_COPIED_READ, wanted(t));
    if (!r->rows) {
        if (t->region.pinned)
            gcl_copy(GCL_COPY_OUT, t->ptr, from, t->size);
        else
            memcpy(t->ptr, from, t->size);
        return;
    }
    for (size_t z = 0; z < r->slices; z++) {
        for (size_t y = 0; y < r->rows; y++) {
            size_t at = r->first + z * r->slice_pitch + y * r->row_pitch;
            memcpy((char *)t->ptr + at, (const char *)from + at, r->row);
        }
    }
}

cl_int gcl_transfer_reply(struct gcl_transfer *t, struct vocl_bytes data)
{
    if (data.len != t->size || !data.data)
        return CL_OUT_OF_RESOURCES;
    copy_out(t, data.data);
    return CL_SUCCESS;
}

/* What gcl_transfer_finish does, but for t itself. */
static void give_data_back(struct gcl_transfer *t, bool ok)
{
    struct gcl_transport *tr = gcl_connection_transport();
    if (t->region.id && t->mapped) {
        tr->ops->unmap(tr, &t->region);
    } else if (t->region.id) {
        if (ok && t->out)
            copy_out(t, t->region.addr);
        gcl_staging_give(&t->region);
    }
}

void gcl_transfer_finish(struct gcl_transfer *t, bool ok)
{
    give_data_back(t, ok);
    free(t);
}

void gcl_transfer_defer(struct gcl_transfer *t, cl_event event)
{
    t->event = event;
    gcl_get(&event->base);
    pthread_mutex_lock(&deferred_lock);
    t->next = deferred;
    deferred = t;
    __atomic_add_fetch(&outstanding, 1, __ATOMIC_RELAXED);
    gcl_count_held(GCL_N_TRANSFERS, 1);
    pthread_mutex_unlock(&deferred_lock);
}

/* Under the lock: ask for what the slots do not tell about staged results. A
 * slot is written by a callback of the runtime's, which may come a little
 * after the application has learnt by other means that the command is done. */
static void ask_helper(void)
{
    cl_event events[GCL_EVENTS_QUERY_MAX];
    cl_int status[GCL_EVENTS_QUERY_MAX];
    unsigned n = 0;
    for (struct gcl_transfer *t = deferred; t; t = t->next) {
        bool slot_will_do = t->event->slot && (!t->out || t->mapped);
        if (slot_will_do || gcl_event_final(t->event))
            continue;
        events[n++] = t->event;
        if (n == GCL_EVENTS_QUERY_MAX) {
            gcl_events_query(events, n, status);
            n = 0;
        }
    }
    if (n)
        gcl_events_query(events, n, status);
}

/* Under the lock: unlink what has completed, onto a list of its own. */
static struct gcl_transfer *take_completed(void)
{
    struct gcl_transfer *done = NULL;
    for (struct gcl_transfer **at = &deferred; *at;) {
        struct gcl_transfer *t = *at;
        if (gcl_event_final(t->event)) {
            *at = t->next;
            t->next = done;
            done = t;
        } else {
            at = &t->next;
        }
    }
    return done;
}

void gcl_transfers_reap(bool ask)
{
    /* Not the list: another thread may have emptied it and still be copying. */
    if (!__atomic_load_n(&outstanding, __ATOMIC_ACQUIRE))
        return;
    /* The copies are made under the lock: a second thread that learns of the
     * same completion must not return before they are in place. */
    pthread_mutex_lock(&deferred_lock);
    if (ask)
        ask_helper();
    struct gcl_transfer *done = take_completed();
    for (struct gcl_transfer *t = done; t; t = t->next) {
        give_data_back(t, gcl_event_status(t->event) == CL_COMPLETE);
        __atomic_sub_fetch(&outstanding, 1, __ATOMIC_RELEASE);
        gcl_count_held(GCL_N_TRANSFERS, -1);
    }
    pthread_mutex_unlock(&deferred_lock);
    /* Not under the lock: the last hold on an event may be that on its context,
     * whose destructor callbacks come back here. */
    while (done) {
        struct gcl_transfer *t = done;
        done = t->next;
        gcl_put(&t->event->base);
        free(t);
    }
}
