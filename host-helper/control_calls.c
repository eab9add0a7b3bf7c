// SPDX-License-Identifier: MIT
/*
 * control_calls.c - records of ours that are no OpenCL call, and the calls
 * that only wait.
 */
#include <stdlib.h>

#include "block.h"
#include "call.h"
#include "calls.h"
#include "complete.h"
#include "defer.h"
#include "handlers.h"
#include "late.h"

void hcl_VOCL_RELEASE(struct hcl_call *c)
{
    struct vocl_release_req q;
    vocl_get_release_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    if (hcl_objects_release(c->w->objects, q.id))
        hcl_worker_stop(c->w, VOCL_LOST_PROTOCOL, "release of an object that does not exist");
    else
        hcl_reply_status(c, CL_SUCCESS); /* only some releases wait */
}

/* The rest of the last long reply in this slot. */
void hcl_VOCL_FETCH(struct hcl_call *c)
{
    struct vocl_fetch_req q;
    vocl_get_fetch_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct hcl_rest *rest = c->slot < VOCL_REPLY_SLOTS ? &c->w->rest[c->slot] : NULL;
    uint64_t room = sizeof(((struct vocl_reply_slot *)0)->data);
    pthread_mutex_lock(&c->w->rest_lock);
    bool good = rest && rest->data && q.offset < rest->len;
    if (good) {
        uint64_t n = rest->len - q.offset;
        hcl_send_piece(c->w, c->slot, rest->data + q.offset, n < room ? n : room);
        if (n <= room) {
            free(rest->data);
            *rest = (struct hcl_rest){0};
        }
    }
    pthread_mutex_unlock(&c->w->rest_lock);
    if (!good)
        hcl_malformed(c);
}

void hcl_VOCL_NOP(struct hcl_call *c)
{
    struct vocl_nop_req q;
    vocl_get_nop_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    vocl_put_nop_rep(&c->reply, &(struct vocl_nop_rep){CL_SUCCESS, q.tag});
    hcl_reply(c);
}

struct finish {
    struct hcl_worker *w;
    uint16_t slot;
    cl_command_queue queue; /* a reference of ours */
};

static void answer_finish(struct finish *f, cl_int status)
{
    f->w->cl.clReleaseCommandQueue(f->queue);
    hcl_print_flush(f->w);
    int64_t ret = hcl_late_take(f->w, status);
    hcl_send_reply(f->w, f->slot, &ret, sizeof(ret));
    free(f);
}

static void finish_and_answer(void *arg)
{
    struct finish *f = arg;
    answer_finish(f, f->w->cl.clFinish(f->queue));
}

/* A finish succeeds whatever has become of the commands. */
static void marker_reached(void *arg, cl_int status)
{
    (void)status;
    answer_finish(arg, CL_SUCCESS);
}

/* A marker without a wait list waits for all that was enqueued before it (OpenCL
 * 3.0 §5.12), and its callback needs no thread to wait on. */
static bool finish_by_marker(struct finish *f)
{
    const cl_icd_dispatch *cl = &f->w->cl;
    cl_event event = NULL;
    if (__atomic_load_n(&f->w->errors_set, __ATOMIC_ACQUIRE) || !cl->clEnqueueMarkerWithWaitList ||
        !hcl_calls_back(f->w, f->queue) ||
        cl->clEnqueueMarkerWithWaitList(f->queue, 0, NULL, &event))
        return false;
    if (!hcl_when_complete(f->w, f->queue, event, marker_reached, f))
        return true;
    cl->clReleaseEvent(event);
    return false;
}

/* Where this thread may block. */
static void finish_here(struct hcl_call *c, cl_command_queue queue)
{
    cl_int ret = c->w->cl.clFinish(queue);
    hcl_block_end(c);
    hcl_print_flush(c->w);
    hcl_reply_status(c, hcl_late_take(c->w, ret));
}

void hcl_clFinish(struct hcl_call *c)
{
    struct vocl_clFinish_req q;
    vocl_get_clFinish_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_command_queue queue = hcl_object(c->w, q.command_queue, HCL_QUEUE);
    if (!queue) {
        hcl_reply_status(c, CL_INVALID_COMMAND_QUEUE);
        return;
    }
    if (hcl_block_begin(c, queue, NULL, NULL, 0)) {
        finish_here(c, queue);
        return;
    }
    struct finish *f = malloc(sizeof(*f));
    if (f) {
        *f = (struct finish){c->w, c->slot, queue};
        c->w->cl.clRetainCommandQueue(queue);
    }
    if (f && finish_by_marker(f))
        return;
    if (!f || hcl_defer(c->w->defer, finish_and_answer, f))
        hcl_worker_stop(c->w, VOCL_LOST_LIMIT, "no thread or memory to wait with");
}
