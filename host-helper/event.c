// SPDX-License-Identifier: MIT
#include "event.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "call.h"
#include "calls.h"
#include "complete.h"
#include "count.h"
#include "handlers.h"

enum publication { NOT_YET, UNDER_WAY, DONE };

struct watched {
    struct hcl_piled piled; /* in w->asked */
    struct hcl_worker *w;
    uint64_t id;
    uint32_t slot;
    bool on_request;             /* HCL_WATCH_ASKED */
    bool asked;                  /* atomic: and it has been */
    bool counted;                /* as one whose end is awaited */
    int published;               /* atomic: enum publication */
    int refs;                    /* atomic: the object table's, and the native callback's */
    void (*final)(void *opaque); /* called by whoever publishes, or NULL */
    void *opaque;
    cl_event native; /* a reference, while it is in w->asked */
};

static void watched_put(void *opaque)
{
    struct watched *e = opaque;
    if (!__atomic_sub_fetch(&e->refs, 1, __ATOMIC_ACQ_REL))
        free(e);
}

/* When this returns the slot has been written, by us or by another thread: the
 * guest may be told so, and will then use the slot for another event, which a
 * late write would end before its time. */
static void publish(struct watched *e, cl_int status)
{
    int not_yet = NOT_YET;
    if (__atomic_load_n(&e->published, __ATOMIC_ACQUIRE) == DONE)
        return;
    hcl_print_flush(e->w);
    if (!__atomic_compare_exchange_n(&e->published, &not_yet, UNDER_WAY, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&e->published, __ATOMIC_ACQUIRE) != DONE)
            sched_yield(); /* a few instructions, unless the other was preempted */
        return;
    }
    uint32_t *word = e->slot ? vocl_channel_event(e->w->t->channel, e->slot) : NULL;
    uint32_t old = word ? __atomic_exchange_n(word, (uint32_t)status, __ATOMIC_SEQ_CST) : 0;
    __atomic_store_n(&e->published, DONE, __ATOMIC_RELEASE);
    if (e->counted)
        hcl_count(e->w, HCL_N_EVENTS_PENDING, -1);
    if (old == VOCL_EVENT_PENDING_ASLEEP)
        hcl_wake(e->w, word);
    if (e->final)
        e->final(e->opaque);
}

static void ask(struct hcl_piled *p)
{
    struct watched *e = (struct watched *)p;
    const cl_icd_dispatch *cl = &e->w->cl;
    cl_int status = CL_COMPLETE;
    cl->clGetEventInfo(e->native, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);
    cl->clReleaseEvent(e->native);
    publish(e, status < 0 ? status : CL_COMPLETE);
    watched_put(e);
}

void hcl_events_init(struct hcl_worker *w)
{
    w->asked = (struct hcl_pile){.w = w, .look = ask};
}

/*
 * PoCL (6, 7) and NVIDIA's runtime call with the status that was asked for,
 * CL_COMPLETE, also where the command has failed because a user event that it
 * waited for was set to an error; the event itself knows. It is asked on a thread
 * of ours: the runtime may hold what a query would wait for.
 *
 * An event that the guest has released may be gone with the callback (Intel): false,
 * and nobody will look at its status.
 */
static bool ask_later(struct watched *e, cl_event event)
{
    struct hcl_worker *w = e->w;
    if (!hcl_objects_retain(w->objects, e->id, HCL_EVENT, event))
        return false;
    e->native = event;
    hcl_pile_add(&w->asked, &e->piled); /* e is the asker's now */
    return true;
}

static void CL_CALLBACK completed(cl_event event, cl_int status, void *opaque)
{
    struct watched *e = opaque;
    if (status == CL_COMPLETE && __atomic_load_n(&e->w->errors_set, __ATOMIC_ACQUIRE) &&
        ask_later(e, event))
        return;
    publish(e, status);
    watched_put(e);
}

/* From the object table: the guest has let go of the event, so nobody sleeps on its
 * slot. It must not wait for a word that nobody would write before it uses the slot
 * again. */
static void watched_released(void *opaque)
{
    struct watched *e = opaque;
    if (e->on_request && !__atomic_exchange_n(&e->asked, true, __ATOMIC_ACQ_REL))
        publish(e, CL_COMPLETE);
    watched_put(e);
}

static int add(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native,
               enum hcl_watch when, void (*final)(void *), void *opaque)
{
    if (slot >= VOCL_EVENT_SLOTS)
        return -EINVAL;
    struct watched *e = malloc(sizeof(*e));
    if (!e)
        return -ENOSPC;
    bool watch = when == HCL_WATCH_NOW && (slot || final);
    *e = (struct watched){.w = w,
                          .id = id,
                          .slot = slot,
                          .on_request = when == HCL_WATCH_ASKED,
                          .refs = watch ? 2 : 1,
                          .counted = watch,
                          .final = final,
                          .opaque = opaque};
    int rc = hcl_objects_add(w->objects, id, HCL_EVENT, native, e, watched_released);
    if (rc) {
        free(e);
        return rc;
    }
    if (watch)
        hcl_count(w, HCL_N_EVENTS_PENDING, 1);
    if (watch && w->cl.clSetEventCallback(native, CL_COMPLETE, completed, e)) {
        /* Not to be expected; the guest then learns by asking. */
        watched_put(e);
    }
    return 0;
}

enum hcl_watch hcl_watch_of(struct hcl_worker *w, cl_command_queue queue)
{
    return hcl_calls_back(w, queue) ? HCL_WATCH_NOW : HCL_WATCH_ASKED;
}

int hcl_event_add(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native,
                  enum hcl_watch watch)
{
    return add(w, id, slot, native, watch, NULL, NULL);
}

int hcl_event_add_final(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native,
                        void (*final)(void *opaque), void *opaque)
{
    return add(w, id, slot, native, HCL_WATCH_NOW, final, opaque);
}

int hcl_event_add_complete(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native)
{
    if (slot >= VOCL_EVENT_SLOTS)
        return -EINVAL;
    struct watched *e = malloc(sizeof(*e));
    if (!e)
        return -ENOSPC;
    *e = (struct watched){.w = w, .id = id, .slot = slot, .published = DONE, .refs = 1};
    if (slot) /* nobody knows of the event yet, so nobody sleeps on it */
        __atomic_store_n(vocl_channel_event(w->t->channel, slot), CL_COMPLETE, __ATOMIC_SEQ_CST);
    int rc = hcl_objects_add(w->objects, id, HCL_EVENT, native, e, watched_released);
    if (rc)
        free(e);
    return rc;
}

void hcl_event_publish(struct hcl_worker *w, uint64_t id, cl_int status)
{
    struct watched *e = hcl_objects_extra(w->objects, id, HCL_EVENT);
    if (e)
        publish(e, status);
}

/* Ask the runtime for the status of an event, and publish it if it is final. */
static cl_int look_at(struct hcl_worker *w, uint64_t id, cl_event event)
{
    cl_int status = CL_QUEUED;
    w->cl.clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);
    if (status <= 0)
        hcl_event_publish(w, id, status);
    return status;
}

/* PoCL (3.1) fails the commands that wait for a user event's error, but does
 * not call their callbacks: whoever waits in the guest would wait for ever. */
static void look_at_all(struct hcl_worker *w)
{
    uint64_t id = 0;
    while ((id = hcl_objects_next(w->objects, id, HCL_EVENT)))
        look_at(w, id, hcl_object(w, id, HCL_EVENT));
}

void hcl_clCreateUserEvent(struct hcl_call *c)
{
    struct vocl_clCreateUserEvent_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    vocl_get_clCreateUserEvent_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_event event = context ? c->w->cl.clCreateUserEvent(context, &ret) : NULL;
    if (event) {
        int rc = hcl_event_add(c->w, q.id, q.slot, event, HCL_WATCH_NEVER);
        if (rc) {
            hcl_native_release(&c->w->cl, HCL_EVENT, event);
            ret = CL_OUT_OF_HOST_MEMORY;
        }
    }
    hcl_reply_status(c, ret);
}

cl_event hcl_event_ended(struct hcl_worker *w, cl_context context, cl_int status, cl_int *err)
{
    cl_event event = w->cl.clCreateUserEvent(context, err);
    if (event && (*err = w->cl.clSetUserEventStatus(event, status))) {
        w->cl.clReleaseEvent(event);
        return NULL;
    }
    return event;
}

void hcl_VOCL_EVENT_DONE(struct hcl_call *c)
{
    struct vocl_event_done_req q;
    cl_int ret = CL_INVALID_CONTEXT;
    vocl_get_event_done_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_event event = context ? hcl_event_ended(c->w, context, CL_COMPLETE, &ret) : NULL;
    if (event) {
        ret = hcl_add_error(c->w, c->op, hcl_event_add_complete(c->w, q.id, 0, event));
        if (ret)
            c->w->cl.clReleaseEvent(event);
    }
    hcl_reply_status(c, ret);
}

void hcl_clSetUserEventStatus(struct hcl_call *c)
{
    struct vocl_clSetUserEventStatus_req q;
    cl_int ret = CL_INVALID_EVENT;
    vocl_get_clSetUserEventStatus_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int status = (cl_int)q.execution_status;
    cl_event event = hcl_object(c->w, q.event, HCL_EVENT);
    if (status < 0) /* before what it fails can complete */
        __atomic_store_n(&c->w->errors_set, true, __ATOMIC_RELEASE);
    if (event)
        ret = c->w->cl.clSetUserEventStatus(event, status);
    if (ret == CL_SUCCESS)
        hcl_event_publish(c->w, q.event, status);
    if (ret == CL_SUCCESS && status < 0)
        look_at_all(c->w);
    hcl_reply_status(c, ret);
}

void hcl_VOCL_QUERY_EVENTS(struct hcl_call *c)
{
    struct vocl_query_events_req q;
    struct vocl_query_events_rep p = {0};
    vocl_get_query_events_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    uint64_t *status = hcl_alloc(c, q.events.count * sizeof(*status));
    for (uint64_t i = 0; status && i < q.events.count; i++) {
        cl_int s = CL_QUEUED;
        cl_event event = hcl_object(c->w, q.events.v[i], HCL_EVENT);
        if (event)
            s = look_at(c->w, q.events.v[i], event);
        status[i] = (uint64_t)(int64_t)s;
    }
    p.status = (struct vocl_words){status, q.events.count};
    vocl_put_query_events_rep(&c->reply, &p);
    hcl_reply(c);
}

static void watched_final(void *opaque, cl_int status)
{
    struct watched *e = opaque;
    publish(e, status < 0 ? status : CL_COMPLETE);
    watched_put(e);
}

/* Is the event's callback, which was asked for because its data waits for it, one that
 * may come some milliseconds late? NVIDIA's do. */
static bool calls_back_late(struct hcl_worker *w, cl_event event)
{
    cl_command_queue queue = NULL;
    return !w->cl.clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL) &&
           queue && !hcl_calls_back(w, queue);
}

static void watch(struct hcl_worker *w, uint64_t id)
{
    struct watched *e = hcl_objects_extra(w->objects, id, HCL_EVENT);
    cl_event event = hcl_object(w, id, HCL_EVENT);
    if (!e || !event || (!e->on_request && !calls_back_late(w, event)) ||
        __atomic_load_n(&e->published, __ATOMIC_ACQUIRE) == DONE ||
        __atomic_exchange_n(&e->asked, true, __ATOMIC_ACQ_REL))
        return;
    w->cl.clRetainEvent(event);
    __atomic_add_fetch(&e->refs, 1, __ATOMIC_RELAXED);
    if (hcl_when_complete(w, NULL, event, watched_final, e))
        hcl_worker_stop(w, VOCL_LOST_LIMIT, "no thread or memory to wait with");
}

void hcl_VOCL_WATCH_EVENTS(struct hcl_call *c)
{
    struct vocl_watch_events_req q;
    vocl_get_watch_events_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    for (uint64_t i = 0; i < q.events.count; i++)
        watch(c->w, q.events.v[i]);
    hcl_reply_status(c, CL_SUCCESS);
}

struct event_cookie {
    struct hcl_worker *w;
    uint64_t cookie;
};

static void CL_CALLBACK event_callback(cl_event event, cl_int status, void *opaque)
{
    struct event_cookie *e = opaque;
    struct vocl_writer m;
    vocl_writer_init(&m);
    vocl_put_msg_event_req(&m, &(struct vocl_msg_event_req){e->cookie, (uint64_t)(int64_t)status});
    hcl_print_flush(e->w);
    hcl_send_message(e->w, VOCL_MSG_EVENT, &m);
    vocl_writer_finish(&m);
    free(e);
}

void hcl_clSetEventCallback(struct hcl_call *c)
{
    struct vocl_clSetEventCallback_req q;
    cl_int ret = CL_INVALID_EVENT;
    vocl_get_clSetEventCallback_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_event event = hcl_object(c->w, q.event, HCL_EVENT);
    struct event_cookie *e = event ? malloc(sizeof(*e)) : NULL;
    if (event && !e)
        ret = CL_OUT_OF_HOST_MEMORY;
    if (e) {
        *e = (struct event_cookie){c->w, q.cookie};
        ret = c->w->cl.clSetEventCallback(event, (cl_int)q.type, event_callback, e);
        if (ret)
            free(e);
    }
    hcl_reply_status(c, ret);
}
