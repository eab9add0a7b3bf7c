// SPDX-License-Identifier: MIT
#include "data.h"

#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "count.h"
#include "event.h"
#include "late.h"
#include "rect.h"

static cl_int begin_region(struct hcl_call *c, const struct vocl_payload *p, struct hcl_data *d)
{
    if (p->region > UINT32_MAX)
        return CL_INVALID_VALUE;
    d->region = hcl_region_get(c->w->t->regions, (uint32_t)p->region, p->offset, p->len, &d->ptr);
    return d->region ? CL_SUCCESS : CL_INVALID_VALUE;
}

static cl_int begin_svm(struct hcl_call *c, const struct vocl_payload *p, struct hcl_data *d)
{
    d->svm = hcl_svm_hold(c->w, p->region, p->offset, p->len, &d->ptr);
    return d->svm ? CL_SUCCESS : CL_INVALID_VALUE;
}

static cl_int begin_inline(const struct vocl_payload *p, struct hcl_data *d)
{
    if (d->out && p->len > HCL_INLINE_REPLY_MAX)
        return CL_INVALID_VALUE;
    if (!d->out && !p->data)
        return CL_INVALID_VALUE;
    d->copy = d->out ? calloc(1, p->len + 1) : malloc(p->len + 1);
    if (!d->copy)
        return CL_OUT_OF_HOST_MEMORY;
    if (!d->out)
        memcpy(d->copy, p->data, p->len);
    d->ptr = d->copy;
    return CL_SUCCESS;
}

cl_int hcl_data_hold(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                     struct hcl_data *d)
{
    *d = (struct hcl_data){.len = p->len, .out = out};
    if (p->kind == VOCL_PAYLOAD_NONE)
        return CL_SUCCESS;
    if (need > p->len)
        return CL_INVALID_VALUE;
    switch (p->kind) {
    case VOCL_PAYLOAD_REGION:
        return begin_region(c, p, d);
    case VOCL_PAYLOAD_SVM:
        return begin_svm(c, p, d);
    case VOCL_PAYLOAD_GATHER: /* no guest of ours asks for it here */
        return CL_INVALID_VALUE;
    default:
        return begin_inline(p, d);
    }
}

void hcl_data_count(struct hcl_call *c, const struct hcl_data *d, uint64_t bytes, bool out)
{
    if (d->region)
        hcl_count(c->w, out ? HCL_N_REGION_READ : HCL_N_REGION_WRITE, (int64_t)bytes);
    else if (d->svm)
        hcl_count(c->w, out ? HCL_N_SVM_READ : HCL_N_SVM_WRITE, (int64_t)bytes);
    else if (d->copy)
        hcl_count(c->w, out ? HCL_N_INLINE_READ : HCL_N_INLINE_WRITE, (int64_t)bytes);
}

cl_int hcl_data_begin(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                      struct hcl_data *d)
{
    cl_int err = hcl_data_hold(c, p, need, out, d);
    if (!err)
        hcl_data_count(c, d, need, out);
    return err;
}

/* Exactly what is needed: more would be copied over what lies behind it. */
cl_int hcl_data_gather(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                       struct hcl_data *d)
{
    if (p->kind != VOCL_PAYLOAD_GATHER)
        return hcl_data_begin(c, p, need, out, d);
    *d = (struct hcl_data){.len = p->len, .out = out, .gathered = true, .from = p->offset};
    if (p->region > UINT32_MAX || need != p->len)
        return CL_INVALID_VALUE;
    d->region = hcl_region_get_listed(c->w->t->regions, (uint32_t)p->region, p->offset, p->len, out);
    if (!d->region)
        return CL_INVALID_VALUE;
    hcl_count(c->w, out ? HCL_N_GATHERED_READ : HCL_N_GATHERED_WRITE, (int64_t)need);
    return CL_SUCCESS;
}

void hcl_data_end(struct hcl_data *d)
{
    if (d->region)
        hcl_region_put(d->region);
    if (d->svm)
        hcl_svm_put(d->svm);
    if (d->with)
        hcl_data_end(d->with);
    free(d->with);
    free(d->copy);
    *d = (struct hcl_data){0};
}

uint64_t hcl_rect_span(const size_t *origin, const size_t *region, uint64_t row_pitch,
                       uint64_t slice_pitch)
{
    if (!origin || !region)
        return VOCL_RECT_OVERFLOW;
    return vocl_rect_span(origin, region, row_pitch, slice_pitch);
}

/* A command whose data, and perhaps whose caller, waits for its end. */
struct running {
    struct hcl_worker *w;
    uint16_t op;
    uint16_t slot;
    cl_int failed;     /* answer this, whatever becomes of the command */
    uint64_t event_id; /* to be entered when the command is complete, or 0 */
    uint64_t event_slot;
    cl_event event; /* a reference of ours */
    struct hcl_data data;
};

static void answer(struct running *r, cl_int ret)
{
    struct vocl_writer reply;
    vocl_writer_init(&reply);
    vocl_put_u64(&reply, (uint64_t)(int64_t)ret);
    if (r->data.out)
        vocl_put_bytes(&reply, ret == CL_SUCCESS && r->data.copy
                                   ? (struct vocl_bytes){r->data.copy, r->data.len}
                                   : (struct vocl_bytes){0});
    hcl_send_reply(r->w, r->slot, reply.buf, reply.len);
    vocl_writer_finish(&reply);
}

static void running_finish(void *opaque)
{
    struct running *r = opaque;
    hcl_data_end(&r->data);
    if (r->event)
        r->w->cl.clReleaseEvent(r->event);
    free(r);
}

/* The event of a command that the guest waits for: a command that fails has
 * none, and the guest uses the number and the slot again. */
static cl_int enter_event(struct running *r)
{
    r->w->cl.clRetainEvent(r->event); /* the table's */
    int rc = hcl_event_add_complete(r->w, r->event_id, r->event_slot, r->event);
    if (rc)
        r->w->cl.clReleaseEvent(r->event);
    return hcl_add_error(r->w, r->op, rc);
}

/* A blocking command has completed; or one whose event could not be entered, so
 * that the guest gets its memory back with the error. */
static void complete_and_answer(void *opaque, cl_int status)
{
    struct running *r = opaque;
    cl_int ret = status < 0 ? CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST : CL_SUCCESS;
    hcl_print_flush(r->w);
    if (r->failed)
        ret = r->failed;
    else if ((ret = hcl_late_take(r->w, ret)) != CL_SUCCESS)
        ; /* told, in place of a result that may rest on what failed */
    else if (r->event_id)
        ret = enter_event(r);
    if (r->event)
        r->w->cl.clReleaseEvent(r->event);
    r->event = NULL;
    answer(r, ret);
    running_finish(r);
}

/* From the runtime: a command that nobody waits for has ended. */
static void CL_CALLBACK data_done(cl_event event, cl_int status, void *opaque)
{
    (void)event, (void)status;
    running_finish(opaque);
}

/* The guest counts on the end being watched; without that the data is kept
 * until the worker ends rather than pulled from under a running command. May
 * free r at once. Returns an error if the event could not be entered; r is then
 * as it was. */
static cl_int watch_data(struct running *r, cl_event event, uint64_t id, uint64_t slot)
{
    const cl_icd_dispatch *cl = &r->w->cl;
    r->event = NULL; /* none is needed: r does not wait */
    if (id) {        /* PoCL (3.1) calls no callback where a wait list fails: see event.c */
        struct hcl_worker *w = r->w;
        uint16_t op = r->op;
        int rc = hcl_event_add_final(w, id, slot, event, running_finish, r);
        if (rc)
            r->event = event;
        return hcl_add_error(w, op, rc);
    }
    cl->clSetEventCallback(event, CL_COMPLETE, data_done, r);
    cl->clReleaseEvent(event);
    return CL_SUCCESS;
}

/* Nobody waits for the answer of a posted call. */
static void tell_late(struct hcl_call *c, cl_int error, uint64_t id, uint64_t slot)
{
    if (c->slot != VOCL_NO_SLOT)
        return;
    hcl_late_error(c, error);
    if (id)
        hcl_late_event(c, error, id, slot);
}

void hcl_enqueued_data(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot,
                       struct hcl_data *d, bool blocking)
{
    struct running now = {.w = c->w, .op = c->op, .slot = c->slot, .event = event, .data = *d};
    if (ret != CL_SUCCESS) {
        tell_late(c, ret, id, slot);
        answer(&now, ret);
        hcl_data_end(&now.data);
        return;
    }
    if (blocking) {
        now.event_id = id;
        now.event_slot = slot;
    }
    struct running *r = malloc(sizeof(*r));
    if (r)
        *r = now;
    if (r && !blocking) {
        now.data.copy = NULL; /* nothing comes back yet, and it may be gone */
        cl_int failed = watch_data(r, event, id, slot);
        if (!failed) {
            answer(&now, CL_SUCCESS);
            return;
        }
        r->failed = failed;
        tell_late(c, failed, id, slot);
    }
    /* The one reference becomes the completion's; the table's event needs another. */
    if (r && (id && !r->failed))
        c->w->cl.clRetainEvent(event);
    if (r)
        r->event = id && !r->failed ? event : NULL;
    cl_command_queue queue = hcl_object(c->w, c->first_word, HCL_QUEUE);
    if (!r || hcl_when_complete(c->w, queue, event, complete_and_answer, r))
        hcl_worker_stop(c->w, VOCL_LOST_LIMIT, "no thread or memory to wait with");
}

void hcl_transferred(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot,
                     struct hcl_data *d)
{
    struct hcl_worker *w = c->w;
    hcl_print_flush(w);
    cl_int late = hcl_late_take(w, ret);
    /* A command that fails has no event; whether there is one to be released, the
     * runtime does not say. */
    if (late == CL_SUCCESS && id)
        late = hcl_add_error(w, c->op, hcl_event_add_complete(w, id, slot, event));
    if (late != CL_SUCCESS && ret == CL_SUCCESS && event)
        w->cl.clReleaseEvent(event);
    vocl_put_u64(&c->reply, (uint64_t)(int64_t)late);
    if (d->out)
        vocl_put_bytes(&c->reply, late == CL_SUCCESS && d->copy
                                      ? (struct vocl_bytes){d->copy, d->len}
                                      : (struct vocl_bytes){0});
    hcl_reply(c);
    hcl_data_end(d);
}
