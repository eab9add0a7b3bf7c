// SPDX-License-Identifier: MIT
#include "event.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "callback.h"
#include "channel.h"
#include "connection.h"
#include "frame.h"
#include "ids.h"
#include "info.h"
#include "message.h"
#include "queue.h"
#include "stubs.h"

/* Slots of events that were released before they completed. */
static struct {
    pthread_mutex_t lock;
    uint32_t *slot;
    size_t count;
    size_t cap;
} orphans = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Give back what has completed by now once so many have gathered. */
#define ORPHANS_SWEEP 1024

static uint32_t *slot_word(uint32_t slot)
{
    return vocl_channel_event(gcl_connection_transport()->channel, slot);
}

/* Where the event's status is, or will be. */
static uint32_t *status_word(cl_event e)
{
    return e->slot ? slot_word(e->slot) : &e->answer;
}

static bool is_final(uint32_t word)
{
    return (int32_t)word <= 0;
}

static void orphan_slot(uint32_t slot)
{
    pthread_mutex_lock(&orphans.lock);
    if (orphans.count == orphans.cap) {
        size_t cap = orphans.cap ? orphans.cap * 2 : ORPHANS_SWEEP;
        uint32_t *bigger = realloc(orphans.slot, cap * sizeof(*bigger));
        if (!bigger) /* the slot is lost until exit: one of 65,535 */
            goto out;
        orphans.slot = bigger;
        orphans.cap = cap;
    }
    orphans.slot[orphans.count++] = slot;
    if (orphans.count % ORPHANS_SWEEP)
        goto out;
    size_t left = 0;
    for (size_t i = 0; i < orphans.count; i++) {
        if (is_final(__atomic_load_n(slot_word(orphans.slot[i]), __ATOMIC_ACQUIRE)))
            gcl_ids_give(GCL_IDS_EVENT_SLOTS, orphans.slot[i]);
        else
            orphans.slot[left++] = orphans.slot[i];
    }
    orphans.count = left;
out:
    pthread_mutex_unlock(&orphans.lock);
}

static void event_destroy(struct gcl_object *o)
{
    cl_event e = (cl_event)o;
    if (e->slot && gcl_event_final(e))
        gcl_ids_give(GCL_IDS_EVENT_SLOTS, e->slot);
    else if (e->slot)
        orphan_slot(e->slot);
    if (e->queue)
        gcl_put(&e->queue->base);
    gcl_put(&e->context->base);
    free(e);
}

cl_event gcl_event_create(cl_context context, cl_command_queue queue, cl_command_type command)
{
    cl_event e = gcl_object_create(sizeof(*e), GCL_EVENT, 0, event_destroy);
    if (!e)
        return NULL;
    e->context = context;
    gcl_get(&context->base);
    e->queue = queue;
    if (queue)
        gcl_get(&queue->base);
    e->command = command;
    e->slot = gcl_ids_take(GCL_IDS_EVENT_SLOTS);
    __atomic_store_n(status_word(e), VOCL_EVENT_PENDING, __ATOMIC_RELEASE);
    return e;
}

cl_event gcl_event_done(cl_command_queue queue, cl_command_type command)
{
    cl_event e = gcl_event_create(queue->context, queue, command);
    if (!e)
        return NULL;
    __atomic_store_n(status_word(e), CL_COMPLETE, __ATOMIC_RELEASE);
    e->base.untold = true;
    return e;
}

cl_int gcl_event_tell(cl_event e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int rc = 0;
    if (!__atomic_load_n(&e->base.untold, __ATOMIC_ACQUIRE))
        return CL_SUCCESS;
    /* Past this nobody sends the number before it is known. */
    pthread_mutex_lock(&lock);
    const uint64_t body[] = {e->base.id, gcl_id(e->context)};
    if (!__atomic_load_n(&e->base.untold, __ATOMIC_ACQUIRE))
        ;
    else if (!gcl_connection_takes(e->base.id))
        rc = -ENOMEM;
    else if (!(rc = gcl_connection_post(VOCL_OP_EVENT_DONE, body, sizeof(body))))
        __atomic_store_n(&e->base.untold, false, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
    return gcl_error(rc);
}

void gcl_event_abandon(cl_event e)
{
    if (e->slot)
        gcl_ids_give(GCL_IDS_EVENT_SLOTS, e->slot);
    e->slot = 0;
    gcl_object_abandon(&e->base);
}

bool gcl_event_final(cl_event e)
{
    return is_final(__atomic_load_n(status_word(e), __ATOMIC_ACQUIRE));
}

cl_int gcl_event_status(cl_event e)
{
    uint32_t word = __atomic_load_n(status_word(e), __ATOMIC_ACQUIRE);
    return is_final(word) ? (cl_int)word : CL_QUEUED;
}

bool gcl_events_complete(cl_context context, cl_uint n, const cl_event *list)
{
    if (!n != !list)
        return false;
    for (cl_uint i = 0; i < n; i++)
        if (!gcl_is_event(list[i]) || list[i]->context != context || !gcl_event_final(list[i]) ||
            gcl_event_status(list[i]) != CL_COMPLETE)
            return false;
    return true;
}

/* The helper says that the event is final. It writes the slot itself, perhaps
 * a moment later from another thread; until then the slot is not ours to write
 * or to use again. */
static void settle(cl_event e, cl_int status)
{
    if (!e->slot)
        __atomic_store_n(status_word(e), (uint32_t)status, __ATOMIC_RELEASE);
    else if (!gcl_event_final(e))
        gcl_event_wait(e, &status);
}

cl_int gcl_events_query(cl_event *events, unsigned n, cl_int *status)
{
    struct gcl_frame f;
    struct vocl_query_events_req req;
    struct vocl_query_events_rep rep;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    uint64_t *ids = gcl_frame_words(&f, n);
    if (!ids)
        return gcl_frame_end(&f, CL_OUT_OF_HOST_MEMORY, NULL);
    for (unsigned i = 0; i < n; i++)
        ids[i] = events[i]->base.id;
    req.events = (struct vocl_words){ids, n};
    vocl_put_query_events_req(f.w, &req);
    if ((err = gcl_frame_call(&f, VOCL_OP_QUERY_EVENTS)))
        return gcl_frame_end(&f, err, NULL);
    vocl_get_query_events_rep(&f.reply, &rep);
    if (!(err = gcl_frame_result(&f, rep.ret)) && rep.status.count != n)
        err = CL_OUT_OF_RESOURCES;
    for (unsigned i = 0; i < n && !err; i++)
        status[i] = (cl_int)rep.status.v[i];
    gcl_frame_end(&f, err, NULL);
    for (unsigned i = 0; i < n && !err; i++)
        if (status[i] <= 0)
            settle(events[i], status[i]);
    return err;
}

static cl_int query_status(cl_event e, cl_int *status)
{
    size_t size;
    return gcl_dispatch.clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(*status),
                                       status, &size);
}

/* An event without a slot: the rare program with more than 65,535 live events
 * pays for it by polling. */
static cl_int wait_by_asking(cl_event e, cl_int *status)
{
    for (;;) {
        cl_int err = query_status(e, status);
        if (err || *status <= 0)
            return err;
        uint32_t never = 0;
        struct gcl_transport *t = gcl_connection_transport();
        t->ops->wait(t, &vocl_channel_header(t->channel)->lost, never, 1);
    }
}

/* The helper need not write a slot that nobody waits for: say that we do. */
static cl_int watch(cl_uint n, const cl_event *list)
{
    struct gcl_frame f;
    struct vocl_watch_events_req req = {0};
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    uint64_t *ids = gcl_frame_words(&f, n);
    if (!ids)
        return gcl_frame_end(&f, CL_OUT_OF_HOST_MEMORY, NULL);
    req.events.v = ids;
    for (cl_uint i = 0; i < n; i++)
        if (list[i]->queue && list[i]->slot && !gcl_event_final(list[i]) &&
            !__atomic_exchange_n(&list[i]->watched, true, __ATOMIC_RELAXED))
            ids[req.events.count++] = list[i]->base.id;
    if (req.events.count) {
        vocl_put_watch_events_req(f.w, &req);
        err = gcl_frame_post(&f, VOCL_OP_WATCH_EVENTS);
    }
    return gcl_frame_end(&f, err, NULL);
}

cl_int gcl_event_wait(cl_event e, cl_int *status)
{
    if (!e->slot)
        return wait_by_asking(e, status);
    cl_int err = watch(1, &e);
    if (err)
        return err;
    uint32_t *word = slot_word(e->slot);
    if (gcl_connection_look(word, VOCL_EVENT_PENDING) && gcl_event_final(e)) {
        *status = gcl_event_status(e);
        return CL_SUCCESS;
    }
    uint32_t pending = VOCL_EVENT_PENDING;
    __atomic_compare_exchange_n(word, &pending, VOCL_EVENT_PENDING_ASLEEP, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    int rc = gcl_connection_wait(word, VOCL_EVENT_PENDING_ASLEEP);
    *status = gcl_event_status(e);
    return gcl_error(rc);
}

/* A command whose queue was never flushed may never start (§5.15): the wait is
 * the implicit flush of every queue that it waits for. */
static cl_int flush_queues(cl_uint n, const cl_event *list)
{
    cl_command_queue last = NULL;
    for (cl_uint i = 0; i < n; i++) {
        if (!list[i]->queue || list[i]->queue == last || gcl_event_final(list[i]))
            continue;
        last = list[i]->queue;
        cl_int err = gcl_dispatch.clFlush(last);
        if (err)
            return err;
    }
    return CL_SUCCESS;
}

static cl_int check_list(cl_uint n, const cl_event *list)
{
    if (!n || !list)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; i < n; i++) {
        if (!gcl_is_event(list[i]))
            return CL_INVALID_EVENT;
        if (list[i]->context != list[0]->context)
            return CL_INVALID_CONTEXT;
    }
    return CL_SUCCESS;
}

cl_int CL_API_CALL gcl_clWaitForEvents(cl_uint n, const cl_event *list)
{
    cl_int err = check_list(n, list);
    if (err || (err = flush_queues(n, list)) || (err = watch(n, list)))
        return err;
    for (cl_uint i = 0; i < n; i++) {
        cl_int status = CL_COMPLETE;
        cl_int rc = gcl_event_final(list[i]) ? CL_SUCCESS : gcl_event_wait(list[i], &status);
        if (rc)
            return rc;
        if (gcl_event_final(list[i]))
            status = gcl_event_status(list[i]);
        if (status < 0)
            err = CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
    }
    gcl_caught_up();
    for (cl_uint i = 0; i < n; i++)
        if (list[i]->queue && gcl_event_status(list[i]) == CL_COMPLETE)
            gcl_queue_reached(list[i]->queue, list[i]->number);
    return err;
}

cl_event CL_API_CALL gcl_clCreateUserEvent(cl_context context, cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_event e = NULL;
    cl_int err = gcl_is_context(context) ? gcl_frame_begin(&f) : CL_INVALID_CONTEXT;
    if (err)
        return gcl_fail(errcode_ret, err);
    e = gcl_event_create(context, NULL, CL_COMMAND_USER);
    if (!e) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    vocl_put_clCreateUserEvent_req(
        f.w, &(struct vocl_clCreateUserEvent_req){e->base.id, e->slot, gcl_id(context)});
    err = gcl_frame_status(&f, VOCL_OP_clCreateUserEvent);
out:
    if (err && e)
        gcl_event_abandon(e);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, e);
}

cl_int CL_API_CALL gcl_clSetUserEventStatus(cl_event event, cl_int execution_status)
{
    struct gcl_frame f;
    if (!gcl_is_event(event) || event->queue)
        return CL_INVALID_EVENT;
    if (execution_status > 0)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clSetUserEventStatus_req(f.w, &(struct vocl_clSetUserEventStatus_req){
                                               gcl_id(event), (uint64_t)(int64_t)execution_status});
    return gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_clSetUserEventStatus), NULL);
}

cl_int CL_API_CALL gcl_clSetEventCallback(cl_event event, cl_int type,
                                          void(CL_CALLBACK *notify)(cl_event, cl_int, void *),
                                          void *user_data)
{
    struct gcl_frame f;
    if (!gcl_is_event(event))
        return CL_INVALID_EVENT;
    if (!notify || (type != CL_SUBMITTED && type != CL_RUNNING && type != CL_COMPLETE))
        return CL_INVALID_VALUE;
    cl_int err = gcl_event_tell(event);
    if (err || (err = gcl_frame_begin(&f)))
        return err;
    uint64_t cookie = gcl_callback_event(event, notify, user_data);
    if (!cookie) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    vocl_put_clSetEventCallback_req(
        f.w, &(struct vocl_clSetEventCallback_req){gcl_id(event), (uint64_t)type, cookie});
    if ((err = gcl_frame_status(&f, VOCL_OP_clSetEventCallback)))
        gcl_callback_drop(cookie);
out:
    return gcl_frame_end(&f, err, NULL);
}

bool gcl_local_event_info(cl_event e, cl_event_info name, size_t size, void *value, size_t *ret,
                          cl_int *err)
{
    cl_int status;
    switch (name) {
    case CL_EVENT_COMMAND_QUEUE:
        return gcl_info_value(e->queue, size, value, ret, err);
    case CL_EVENT_CONTEXT:
        return gcl_info_value(e->context, size, value, ret, err);
    case CL_EVENT_COMMAND_TYPE:
        return gcl_info_value(e->command, size, value, ret, err);
    case CL_EVENT_REFERENCE_COUNT:
        return gcl_info_value(e->base.refs, size, value, ret, err);
    case CL_EVENT_COMMAND_EXECUTION_STATUS:
        /* What is told here is what was reaped for: asking again after the reap
         * could learn of a completion whose data is not in place yet. */
        *err = CL_SUCCESS;
        if (gcl_event_final(e))
            status = gcl_event_status(e);
        else if ((*err = gcl_events_query(&e, 1, &status)))
            return true;
        if (status <= 0)
            gcl_caught_up();
        return gcl_info_value(status, size, value, ret, err);
    default:
        return false;
    }
}
