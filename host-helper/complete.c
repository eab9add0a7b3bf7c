// SPDX-License-Identifier: MIT
#include "complete.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "defer.h"

struct hcl_completion {
    struct hcl_piled piled; /* in w->to_ask, once it is claimed */
    struct hcl_worker *w;
    cl_event event;
    hcl_complete_fn fn;
    void *opaque;
    /* Where a callback is waited for, under w->completions_lock: */
    struct hcl_completion *next, **at; /* at: NULL once somebody has it to tell */
    uint64_t serial;
    unsigned checks; /* of the control thread's, since it began */
};

static void tell(struct hcl_completion *c, cl_int status)
{
    /* Before the answer: once the program goes on, nothing of the command may be
     * left to be torn down beside what it does next. */
    c->w->cl.clReleaseEvent(c->event);
    c->fn(c->opaque, status);
}

/* On a waiter thread. */
static void wait_and_tell(void *arg)
{
    struct hcl_completion *c = arg;
    cl_int status = c->w->cl.clWaitForEvents(1, &c->event);
    if (status) /* that some event has failed; and how? */
        c->w->cl.clGetEventInfo(c->event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                                &status, NULL);
    tell(c, status);
    free(c);
}

static void link_in(struct hcl_completion *c)
{
    struct hcl_worker *w = c->w;
    pthread_mutex_lock(&w->completions_lock);
    c->serial = ++w->completions_serial;
    c->next = w->completions;
    c->at = &w->completions;
    if (c->next)
        c->next->at = &c->next;
    w->completions = c;
    pthread_mutex_unlock(&w->completions_lock);
}

/* Under the lock. */
static void unlink_from(struct hcl_completion *c)
{
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->at = NULL;
}

/* Is it still to be told? Then it is the caller's to tell. */
static bool claim(struct hcl_completion *c)
{
    struct hcl_worker *w = c->w;
    pthread_mutex_lock(&w->completions_lock);
    bool mine = c->at != NULL;
    if (mine)
        unlink_from(c);
    pthread_mutex_unlock(&w->completions_lock);
    return mine;
}

static void ask(struct hcl_piled *p)
{
    wait_and_tell(p); /* it has been called back for: there is nothing to wait for */
}

void hcl_complete_init(struct hcl_worker *w)
{
    pthread_mutex_init(&w->completions_lock, NULL);
    w->to_ask = (struct hcl_pile){.w = w, .look = ask};
}

static void CL_CALLBACK called(cl_event event, cl_int status, void *opaque)
{
    struct hcl_completion *c = opaque;
    bool mine = claim(c);
    /* Some call with CL_COMPLETE whatever has become of the command (event.c): the
     * event is asked on a thread of ours. */
    if (mine && __atomic_load_n(&c->w->errors_set, __ATOMIC_ACQUIRE)) {
        hcl_pile_add(&c->w->to_ask, &c->piled);
        return;
    }
    if (mine)
        tell(c, status);
    free(c);
}

bool hcl_calls_back(struct hcl_worker *w, cl_command_queue queue)
{
    cl_device_id device = NULL;
    cl_device_type type = 0;
    return queue && !w->opt->no_callbacks &&
           !w->cl.clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL) &&
           !w->cl.clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof(type), &type, NULL) &&
           (type & CL_DEVICE_TYPE_CPU);
}

int hcl_when_complete(struct hcl_worker *w, cl_command_queue queue, cl_event event,
                      hcl_complete_fn fn, void *opaque)
{
    struct hcl_completion *c = malloc(sizeof(*c));
    if (!c)
        return -ENOMEM;
    *c = (struct hcl_completion){.w = w, .event = event, .fn = fn, .opaque = opaque};
    bool prompt = !__atomic_load_n(&w->errors_set, __ATOMIC_ACQUIRE) && hcl_calls_back(w, queue);
    if (prompt || hcl_defer_is_busy(w->defer)) {
        link_in(c);
        if (queue)
            w->cl.clFlush(queue);
        if (!w->cl.clSetEventCallback(event, CL_COMPLETE, called, c))
            return 0;
        claim(c);
    }
    int rc = hcl_defer(w->defer, wait_and_tell, c);
    if (rc)
        free(c);
    return rc;
}

/* Half a second in which a command has not completed is long, and a query then
 * costs nothing that anyone would notice. */
#define CHECKS_BEFORE_ASKING 2
#define ASK_AT_ONCE 64

struct overdue {
    uint64_t serial;
    cl_event event; /* a reference of ours */
};

/* What has waited for long: queried without the lock, since the runtime may call
 * back with a lock of its own. */
static unsigned list_overdue(struct hcl_worker *w, struct overdue list[ASK_AT_ONCE])
{
    unsigned n = 0;
    pthread_mutex_lock(&w->completions_lock);
    for (struct hcl_completion *c = w->completions; c && n < ASK_AT_ONCE; c = c->next) {
        if (++c->checks <= CHECKS_BEFORE_ASKING)
            continue;
        w->cl.clRetainEvent(c->event);
        list[n++] = (struct overdue){c->serial, c->event};
    }
    pthread_mutex_unlock(&w->completions_lock);
    return n;
}

static struct hcl_completion *claim_serial(struct hcl_worker *w, uint64_t serial)
{
    pthread_mutex_lock(&w->completions_lock);
    struct hcl_completion *c = w->completions;
    while (c && c->serial != serial)
        c = c->next;
    if (c)
        unlink_from(c);
    pthread_mutex_unlock(&w->completions_lock);
    return c;
}

void hcl_complete_check(struct hcl_worker *w)
{
    struct overdue list[ASK_AT_ONCE];
    unsigned n = list_overdue(w, list);
    for (unsigned i = 0; i < n; i++) {
        cl_int status = CL_QUEUED;
        w->cl.clGetEventInfo(list[i].event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
                             &status, NULL);
        w->cl.clReleaseEvent(list[i].event);
        struct hcl_completion *c = status <= 0 ? claim_serial(w, list[i].serial) : NULL;
        if (c) /* not freed: its callback may come yet */
            tell(c, status);
    }
}
