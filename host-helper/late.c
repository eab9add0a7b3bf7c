// SPDX-License-Identifier: MIT
#include "late.h"

#include "calls.h"
#include "count.h"
#include "event.h"
#include "log.h"

/* A guest of ours has few; one that posts what must fail shall not fill the log. */
#define LATE_LOGGED 10

static void log_late(struct hcl_call *c, cl_int error)
{
    unsigned n = __atomic_load_n(&c->w->late_logged, __ATOMIC_RELAXED);
    if (n >= LATE_LOGGED)
        return;
    __atomic_store_n(&c->w->late_logged, n + 1, __ATOMIC_RELAXED); /* the decoder alone does */
    hcl_log("%s, which was posted, has failed: %d%s", vocl_op_name(c->op), error,
            n + 1 == LATE_LOGGED ? " (no more of this client's are logged)" : "");
}

void hcl_late_error(struct hcl_call *c, cl_int error)
{
    cl_int none = CL_SUCCESS;
    hcl_count(c->w, HCL_N_LATE_ERRORS, 1);
    log_late(c, error);
    /* The first one is the cause. */
    __atomic_compare_exchange_n(&c->w->late_error, &none, error, false, __ATOMIC_ACQ_REL,
                                __ATOMIC_RELAXED);
    __atomic_store_n(&c->w->header->late, 1, __ATOMIC_SEQ_CST);
}

static cl_event failed_event(struct hcl_call *c, cl_int error)
{
    const cl_icd_dispatch *cl = &c->w->cl;
    cl_context context = NULL;
    cl_command_queue queue = hcl_object(c->w, c->first_word, HCL_QUEUE);
    cl_int ret;
    if (!queue ||
        cl->clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(context), &context, NULL))
        return NULL;
    return context ? hcl_event_ended(c->w, context, error, &ret) : NULL;
}

void hcl_late_event(struct hcl_call *c, cl_int error, uint64_t id, uint64_t slot)
{
    cl_event event = failed_event(c, error);
    __atomic_store_n(&c->w->errors_set, true, __ATOMIC_RELEASE);
    if (event && !hcl_event_add(c->w, id, slot, event, HCL_WATCH_NEVER)) {
        hcl_event_publish(c->w, id, error);
        return;
    }
    if (event)
        c->w->cl.clReleaseEvent(event);
    /* The guest would wait for it for ever. */
    hcl_worker_stop(c->w, VOCL_LOST_LIMIT, "no event for a command that failed");
}

cl_int hcl_late_take(struct hcl_worker *w, cl_int ret)
{
    if (ret != CL_SUCCESS || !__atomic_load_n(&w->header->late, __ATOMIC_RELAXED))
        return ret;
    /* In this order: an error that comes meanwhile is told here, or announced again. */
    __atomic_store_n(&w->header->late, 0, __ATOMIC_SEQ_CST);
    return __atomic_exchange_n(&w->late_error, CL_SUCCESS, __ATOMIC_ACQ_REL);
}
