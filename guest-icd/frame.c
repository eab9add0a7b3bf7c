// SPDX-License-Identifier: MIT
#include "frame.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "connection.h"
#include "event.h"
#include "message.h"
#include "queue.h"

/* What a thread keeps between its calls, so that a call allocates nothing. */
struct gcl_thread {
    struct vocl_writer w;
    uint8_t *reply;
    size_t reply_cap;
    bool busy; /* a call is under way (a callback may call again inside one) */
};

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static __thread struct gcl_thread *this_thread __attribute__((tls_model("initial-exec")));

static void thread_free(void *arg)
{
    struct gcl_thread *t = arg;
    if (t == this_thread) /* another destructor of the thread's may call us yet */
        this_thread = NULL;
    vocl_writer_finish(&t->w);
    free(t->reply);
    free(t);
}

static void thread_key_create(void)
{
    pthread_key_create(&thread_key, thread_free);
}

static struct gcl_thread *thread_create(void)
{
    pthread_once(&thread_once, thread_key_create);
    struct gcl_thread *t = calloc(1, sizeof(*t));
    if (t)
        vocl_writer_init(&t->w);
    return t;
}

/* The thread's own buffers; a nested call gets buffers for itself alone. */
static struct gcl_thread *thread_take(void)
{
    struct gcl_thread *t = this_thread;
    if (!t && (t = thread_create())) {
        this_thread = t;
        pthread_setspecific(thread_key, t);
    } else if (t && t->busy) {
        t = thread_create();
    }
    if (t)
        t->busy = true;
    return t;
}

static void thread_give(struct gcl_thread *t)
{
    t->busy = false;
    if (t != this_thread)
        thread_free(t);
}

cl_int gcl_error(int err)
{
    switch (err) {
    case 0:
        return CL_SUCCESS;
    case -ENOMEM:
    case -EMSGSIZE:
        return CL_OUT_OF_HOST_MEMORY;
    case -ENODEV:
        return CL_DEVICE_NOT_AVAILABLE;
    default: /* the one error that every call may return (OpenCL 3.0 §A) */
        return CL_OUT_OF_RESOURCES;
    }
}

struct vocl_bytes gcl_text(const char *s)
{
    return s ? (struct vocl_bytes){s, strlen(s) + 1} : (struct vocl_bytes){0};
}

static __thread cl_int owed __attribute__((tls_model("initial-exec")));

void gcl_frame_owe(cl_int error)
{
    owed = error;
}

cl_int gcl_frame_begin(struct gcl_frame *f)
{
    if (owed) {
        cl_int error = owed;
        owed = CL_SUCCESS;
        return error;
    }
    int rc = gcl_connection_open();
    if (rc)
        return gcl_error(rc);
    f->thread = thread_take();
    if (!f->thread)
        return CL_OUT_OF_HOST_MEMORY;
    f->w = &f->thread->w;
    vocl_writer_reset(f->w);
    f->used = 0;
    f->heap = NULL;
    f->event = NULL;
    f->transfer = NULL;
    f->gather = false;
    f->blocking = false;
    f->queue = NULL;
    return CL_SUCCESS;
}

uint64_t *gcl_frame_words(struct gcl_frame *f, size_t n)
{
    if (n <= GCL_FRAME_WORDS - f->used) {
        uint64_t *at = f->words + f->used;
        f->used += n;
        return at;
    }
    if (n > VOCL_WIRE_MAX_WORDS)
        return NULL;
    void **block = malloc(sizeof(void *) + n * sizeof(uint64_t));
    if (!block)
        return NULL;
    *block = f->heap;
    f->heap = block;
    return (uint64_t *)(block + 1);
}

cl_int gcl_frame_sizes(struct gcl_frame *f, const size_t *sizes, size_t n, struct vocl_words *out)
{
    if (!sizes)
        return CL_SUCCESS;
    /* A work_dim that no device has is refused by the runtime; its sizes are
     * not read past what any call can mean. */
    if (n > 3)
        n = 3;
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    for (size_t i = 0; i < n; i++)
        v[i] = sizes[i];
    *out = (struct vocl_words){v, n};
    return CL_SUCCESS;
}

static cl_int put_handles(struct gcl_frame *f, cl_uint n, const void *list, enum gcl_type type,
                          cl_int error, struct vocl_words *out)
{
    struct gcl_object *const *handles = list;
    if (!n != !list)
        return error;
    if (!n)
        return CL_SUCCESS;
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++) {
        if (!gcl_is(handles[i], type))
            return error;
        cl_int err = type == GCL_EVENT ? gcl_event_tell((cl_event)handles[i]) : CL_SUCCESS;
        if (err)
            return err;
        v[i] = handles[i]->id;
    }
    *out = (struct vocl_words){v, n};
    return CL_SUCCESS;
}

cl_int gcl_frame_events(struct gcl_frame *f, cl_uint n, const cl_event *list, cl_int error,
                        struct vocl_words *out)
{
    static const uint64_t none;
    /* An error by the specification, which some runtimes let pass for some calls. */
    if (!n && list) {
        *out = (struct vocl_words){&none, 0};
        return CL_SUCCESS;
    }
    return put_handles(f, n, list, GCL_EVENT, error, out);
}

cl_int gcl_frame_mems(struct gcl_frame *f, cl_uint n, const cl_mem *list, cl_int error,
                      struct vocl_words *out)
{
    /* Only clEnqueueMigrateMemObjects passes mems: it needs at least one. */
    return n && list ? put_handles(f, n, list, GCL_MEM, error, out) : CL_INVALID_VALUE;
}

cl_int gcl_frame_devices(struct gcl_frame *f, cl_uint n, const cl_device_id *list, cl_int error,
                         struct vocl_words *out)
{
    return put_handles(f, n, list, GCL_DEVICE, error, out);
}

cl_int gcl_frame_programs(struct gcl_frame *f, cl_uint n, const cl_program *list, cl_int error,
                          struct vocl_words *out)
{
    return put_handles(f, n, list, GCL_PROGRAM, error, out);
}

cl_int gcl_frame_queues(struct gcl_frame *f, cl_uint n, const cl_command_queue *list, cl_int error,
                        struct vocl_words *out)
{
    return put_handles(f, n, list, GCL_QUEUE, error, out);
}

cl_int gcl_frame_semaphores(struct gcl_frame *f, cl_uint n, const cl_semaphore_khr *list,
                            cl_int error, struct vocl_words *out)
{
    return n && list ? put_handles(f, n, list, GCL_SEMAPHORE, error, out) : CL_INVALID_VALUE;
}

cl_int gcl_frame_ulongs(struct gcl_frame *f, cl_uint n, const cl_ulong *list,
                        struct vocl_words *out)
{
    if (!list)
        return CL_SUCCESS;
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(v, list, n * sizeof(*v));
    *out = (struct vocl_words){v, n};
    return CL_SUCCESS;
}

cl_int gcl_frame_sync_points(struct gcl_frame *f, cl_uint n, const cl_sync_point_khr *list,
                             struct vocl_words *out)
{
    if (!n != !list)
        return CL_INVALID_SYNC_POINT_WAIT_LIST_KHR;
    if (!n)
        return CL_SUCCESS;
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++)
        v[i] = list[i];
    *out = (struct vocl_words){v, n};
    return CL_SUCCESS;
}

cl_int gcl_frame_property_words(struct gcl_frame *f, const intptr_t *list, size_t n,
                         struct vocl_words *out)
{
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    for (size_t i = 0; i < n; i++)
        v[i] = list[i];
    *out = (struct vocl_words){v, n};
    return CL_SUCCESS;
}

cl_int gcl_frame_properties(struct gcl_frame *f, const intptr_t *list, struct vocl_words *out)
{
    size_t n = 0;
    if (!list)
        return CL_SUCCESS;
    while (list[n])
        n += 2;
    return gcl_frame_property_words(f, list, n + 1, out);
}

cl_int gcl_frame_properties64(struct gcl_frame *f, const cl_ulong *list, struct vocl_words *out)
{
    size_t n = 0;
    if (!list)
        return CL_SUCCESS;
    while (list[n])
        n += 2;
    uint64_t *v = gcl_frame_words(f, n + 1);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(v, list, (n + 1) * sizeof(*v));
    *out = (struct vocl_words){v, n + 1};
    return CL_SUCCESS;
}

cl_int gcl_frame_event(struct gcl_frame *f, cl_command_queue queue, cl_command_type command,
                       uint64_t *id, uint64_t *slot)
{
    f->event = gcl_event_create(queue->context, queue, command);
    if (!f->event)
        return CL_OUT_OF_HOST_MEMORY;
    *id = f->event->base.id;
    *slot = f->event->slot;
    return CL_SUCCESS;
}

cl_int gcl_frame_data_in(struct gcl_frame *f, const void *ptr, size_t size,
                         const struct gcl_rect *rect, cl_bool blocking, struct vocl_payload *out)
{
    (void)rect; /* what lies between the rows is only read */
    f->blocking = blocking;
    return gcl_transfer_in(ptr, size, f->gather, &f->transfer, out);
}

cl_int gcl_frame_data_out(struct gcl_frame *f, void *ptr, size_t size, const struct gcl_rect *rect,
                          cl_bool blocking, struct vocl_payload *out)
{
    f->blocking = blocking;
    return gcl_transfer_out(ptr, size, rect, blocking, f->gather, &f->transfer, out);
}

cl_int gcl_frame_keep(struct gcl_frame *f, const struct gcl_region *staging)
{
    f->transfer = calloc(1, sizeof(*f->transfer));
    if (!f->transfer)
        return CL_OUT_OF_HOST_MEMORY;
    f->transfer->region = *staging;
    return CL_SUCCESS;
}

void gcl_frame_keep_no_more(struct gcl_frame *f)
{
    free(f->transfer);
    f->transfer = NULL;
}

bool gcl_frame_needs_event(const struct gcl_frame *f)
{
    return f->transfer && !f->blocking;
}

cl_int gcl_frame_data_reply(struct gcl_frame *f, struct vocl_bytes data)
{
    if (f->transfer && !f->transfer->region.id && f->transfer->out)
        return gcl_transfer_reply(f->transfer, data);
    return CL_SUCCESS;
}

/* Does the answer come only when something has been done for as long as it
 * takes? */
static bool waits(const struct gcl_frame *f, uint16_t op)
{
    return f->blocking || op == VOCL_OP_clFinish || op == VOCL_OP_clBuildProgram ||
           op == VOCL_OP_clCompileProgram || op == VOCL_OP_clLinkProgram;
}

static void begin_command(struct gcl_frame *f)
{
    if (!f->queue)
        return;
    f->number = gcl_queue_begin(f->queue);
    if (f->event)
        f->event->number = f->number;
}

cl_int gcl_frame_call(struct gcl_frame *f, uint16_t op)
{
    struct gcl_thread *t = f->thread;
    if (f->w->error)
        return gcl_error(f->w->error);
    begin_command(f);
    int64_t n = gcl_connection_call(op, waits(f, op), f->w->buf, f->w->len, &t->reply, &t->reply_cap);
    if (f->queue)
        gcl_queue_sent(f->queue);
    if (n < 0)
        return gcl_error(n);
    vocl_reader_init(&f->reply, t->reply, n);
    return CL_SUCCESS;
}

bool gcl_frame_may_post(const struct gcl_frame *f)
{
    return !f->event || gcl_connection_takes(f->event->base.id);
}

cl_int gcl_frame_post(struct gcl_frame *f, uint16_t op)
{
    if (f->w->error)
        return gcl_error(f->w->error);
    begin_command(f);
    int rc = gcl_connection_post(op, f->w->buf, f->w->len);
    if (f->queue)
        gcl_queue_sent(f->queue);
    return gcl_error(rc);
}

cl_int gcl_frame_result(struct gcl_frame *f, int64_t ret)
{
    return f->reply.error ? CL_OUT_OF_RESOURCES : (cl_int)ret;
}

cl_int gcl_frame_status(struct gcl_frame *f, uint16_t op)
{
    cl_int err = gcl_frame_call(f, op);
    if (err)
        return err;
    int64_t ret = (int64_t)vocl_get_u64(&f->reply);
    return gcl_frame_result(f, ret);
}

static void end_transfer(struct gcl_frame *f, cl_int err)
{
    if (!f->transfer)
        return;
    if (err || f->blocking)
        gcl_transfer_finish(f->transfer, !err);
    else
        gcl_transfer_defer(f->transfer, f->event);
}

cl_int gcl_frame_end(struct gcl_frame *f, cl_int err, cl_event *event)
{
    end_transfer(f, err);
    if (f->event && err)
        gcl_event_abandon(f->event);
    else if (f->event && event)
        *event = f->event;
    else if (f->event)
        gcl_api_release(&f->event->base);
    while (f->heap) {
        void *block = f->heap;
        f->heap = *(void **)block;
        free(block);
    }
    thread_give(f->thread);
    if (!err && f->blocking) {
        gcl_caught_up();
        if (f->queue)
            gcl_queue_reached(f->queue, f->number);
    }
    return err;
}
