// SPDX-License-Identifier: MIT
/*
 * map.c - maps and unmaps, as guest-icd/map.c asks for them: natively for a
 * shared buffer, as a read into and a write from the shadow for a plain one.
 *
 * Which of the two a buffer is, is the worker's own knowledge: it is shared if
 * the runtime says that it uses host memory, unless that is SVM of which the
 * guest has a shadow. (That it is SVM, PoCL 3.1 does not say of a part of a
 * buffer, or of a buffer that begins inside an allocation.)
 */
#include "call.h"
#include "calls.h"
#include "data.h"
#include "handlers.h"

static bool is_shared(struct hcl_worker *w, uint64_t id, cl_mem mem)
{
    cl_mem_flags flags = 0;
    struct hcl_svm *svm = hcl_svm_of(w, id);
    if (svm)
        return !hcl_svm_shadow(svm, 0);
    w->cl.clGetMemObjectInfo(mem, CL_MEM_FLAGS, sizeof(flags), &flags, NULL);
    return flags & CL_MEM_USE_HOST_PTR;
}

/* Where the runtime has mapped a part of a shared buffer. That is where the
 * guest's region is mapped here, except for SVM, which is seen twice (svm.h). */
static void *mapped_at(struct hcl_worker *w, uint64_t id, cl_mem mem, uint64_t offset,
                       void *in_region)
{
    char *host = NULL;
    if (!hcl_svm_of(w, id))
        return in_region;
    w->cl.clGetMemObjectInfo(mem, CL_MEM_HOST_PTR, sizeof(host), &host, NULL);
    return host ? host + offset : NULL;
}

/* What a map or an unmap needs, from either request. */
struct mapping {
    cl_command_queue queue;
    cl_mem mem;
    const cl_event *waits;
    cl_uint num_waits;
    cl_event event;
    struct hcl_data data;
};

static cl_int begin(struct hcl_call *c, struct mapping *m, uint64_t queue, uint64_t mem,
                    struct vocl_words waits, const struct vocl_payload *shadow, uint64_t size,
                    bool out)
{
    m->queue = hcl_object(c->w, queue, HCL_QUEUE);
    m->mem = hcl_object(c->w, mem, HCL_MEM);
    m->waits = hcl_objects(c, waits, HCL_EVENT);
    m->num_waits = waits.count;
    if (!m->queue || !m->mem)
        return m->queue ? CL_INVALID_MEM_OBJECT : CL_INVALID_COMMAND_QUEUE;
    if (waits.count && !m->waits)
        return CL_INVALID_EVENT_WAIT_LIST;
    return hcl_data_hold(c, shadow, size, out, &m->data);
}

/* A command that moves nothing, for its place in the order. */
static cl_int marker(struct hcl_call *c, struct mapping *m)
{
    return c->w->cl.clEnqueueMarkerWithWaitList(m->queue, m->num_waits, m->waits, &m->event);
}

void hcl_clEnqueueMapBuffer(struct hcl_call *c)
{
    struct vocl_clEnqueueMapBuffer_req q;
    struct mapping m = {0};
    vocl_get_clEnqueueMapBuffer_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret =
        begin(c, &m, q.command_queue, q.buffer, q.event_wait_list, &q.shadow, q.size, true);
    m.data.out = false; /* nothing comes back in the reply */
    if (ret) {
        ;
    } else if (is_shared(c->w, q.buffer, m.mem)) {
        c->w->cl.clEnqueueMapBuffer(m.queue, m.mem, CL_FALSE, q.map_flags, q.offset, q.size,
                                    m.num_waits, m.waits, &m.event, &ret);
    } else if (q.map_flags & CL_MAP_WRITE_INVALIDATE_REGION) {
        ret = marker(c, &m);
    } else {
        hcl_data_count(c, &m.data, q.size, true);
        ret = c->w->cl.clEnqueueReadBuffer(m.queue, m.mem, CL_FALSE, q.offset, q.size, m.data.ptr,
                                           m.num_waits, m.waits, &m.event);
    }
    hcl_enqueued_data(c, ret, m.event, q.event, q.event_slot, &m.data, q.blocking_map);
}

void hcl_clEnqueueUnmapMemObject(struct hcl_call *c)
{
    struct vocl_clEnqueueUnmapMemObject_req q;
    struct mapping m = {0};
    vocl_get_clEnqueueUnmapMemObject_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin(c, &m, q.command_queue, q.memobj, q.event_wait_list, &q.shadow,
                       q.map_flags & HCL_MAP_WRITES ? q.size : 0, false);
    if (ret) {
        ;
    } else if (is_shared(c->w, q.memobj, m.mem)) {
        ret = c->w->cl.clEnqueueUnmapMemObject(
            m.queue, m.mem, mapped_at(c->w, q.memobj, m.mem, q.offset, m.data.ptr), m.num_waits,
            m.waits, &m.event);
    } else if (q.map_flags & HCL_MAP_WRITES) {
        hcl_data_count(c, &m.data, q.size, false);
        ret = c->w->cl.clEnqueueWriteBuffer(m.queue, m.mem, CL_FALSE, q.offset, q.size, m.data.ptr,
                                            m.num_waits, m.waits, &m.event);
    } else {
        ret = marker(c, &m);
    }
    hcl_enqueued_data(c, ret, m.event, q.event, q.event_slot, &m.data, false);
}
