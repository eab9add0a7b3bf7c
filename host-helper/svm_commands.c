// SPDX-License-Identifier: MIT
/*
 * svm_commands.c - commands on shared virtual memory (OpenCL 3.0 §5.6.2), and
 * kernels' pointers to it (§5.9.2).
 */
#include <stdlib.h>

#include "call.h"
#include "callback.h"
#include "calls.h"
#include "data.h"
#include "defer.h"
#include "device_address.h"
#include "extension.h"
#include "handlers.h"
#include "kernel.h"

/* What every one of these commands has. */
struct command {
    cl_command_queue queue;
    const cl_event *waits;
    cl_uint num_waits;
    cl_event event;
    struct hcl_data data;
};

static cl_int begin(struct hcl_call *c, struct command *m, uint64_t queue, struct vocl_words waits)
{
    m->queue = hcl_object(c->w, queue, HCL_QUEUE);
    m->waits = hcl_objects(c, waits, HCL_EVENT);
    m->num_waits = waits.count;
    if (!m->queue)
        return CL_INVALID_COMMAND_QUEUE;
    return waits.count && !m->waits ? CL_INVALID_EVENT_WAIT_LIST : CL_SUCCESS;
}

/* The functions of an extension are a platform's own, and know only its objects;
 * those of the core are the loader's. */
static bool fits(struct hcl_worker *w, const struct hcl_svm *s, const void *native)
{
    return !s || !hcl_svm_usm(s) || hcl_svm_usm(s) == hcl_ext_of(w, native);
}

/* The same with the SVM that it works on, held in m->data. */
static cl_int begin_on(struct hcl_call *c, struct command *m, uint64_t queue,
                       struct vocl_words waits, uint64_t svm, uint64_t offset, uint64_t size)
{
    const struct vocl_payload p = {
        .kind = VOCL_PAYLOAD_SVM, .len = size, .region = svm, .offset = offset};
    cl_int ret = begin(c, m, queue, waits);
    if (!ret)
        ret = hcl_data_hold(c, &p, size, false, &m->data);
    return ret || fits(c->w, m->data.svm, m->queue) ? ret : CL_INVALID_CONTEXT;
}

static void end(struct hcl_call *c, cl_int ret, struct command *m, uint64_t event, uint64_t slot,
                bool blocking)
{
    hcl_enqueued_data(c, ret, m->event, event, slot, &m->data, blocking);
}

/* A command of the shadow's that moves nothing. */
static cl_int marker(struct hcl_call *c, struct command *m)
{
    return c->w->cl.clEnqueueMarkerWithWaitList(m->queue, m->num_waits, m->waits, &m->event);
}

void hcl_clEnqueueSVMMap(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMMap_req q;
    struct command m = {0};
    const cl_icd_dispatch *cl = &c->w->cl;
    vocl_get_clEnqueueSVMMap_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin_on(c, &m, q.command_queue, q.event_wait_list, q.svm, q.offset, q.size);
    void *shadow = ret ? NULL : hcl_svm_shadow(m.data.svm, q.offset);
    if (ret)
        ;
    else if (!shadow)
        ret = cl->clEnqueueSVMMap(m.queue, CL_FALSE, q.flags, m.data.ptr, q.size, m.num_waits,
                                  m.waits, &m.event);
    else if (q.flags & CL_MAP_WRITE_INVALIDATE_REGION)
        ret = marker(c, &m);
    else
        ret = cl->clEnqueueSVMMemcpy(m.queue, CL_FALSE, shadow, m.data.ptr, q.size, m.num_waits,
                                     m.waits, &m.event);
    end(c, ret, &m, q.event, q.event_slot, q.blocking_map);
}

void hcl_clEnqueueSVMUnmap(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMUnmap_req q;
    struct command m = {0};
    const cl_icd_dispatch *cl = &c->w->cl;
    vocl_get_clEnqueueSVMUnmap_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin_on(c, &m, q.command_queue, q.event_wait_list, q.svm, q.offset, q.size);
    void *shadow = ret ? NULL : hcl_svm_shadow(m.data.svm, q.offset);
    if (ret)
        ;
    else if (!shadow)
        ret = cl->clEnqueueSVMUnmap(m.queue, m.data.ptr, m.num_waits, m.waits, &m.event);
    else if (q.flags & HCL_MAP_WRITES)
        ret = cl->clEnqueueSVMMemcpy(m.queue, CL_FALSE, m.data.ptr, shadow, q.size, m.num_waits,
                                     m.waits, &m.event);
    else
        ret = marker(c, &m);
    end(c, ret, &m, q.event, q.event_slot, false);
}

/* Both ends of a copy: SVM, or memory of the program's. The destination goes
 * with the source, which the caller ends. */
static cl_int begin_copy(struct hcl_call *c, const struct vocl_clEnqueueSVMMemcpy_req *q,
                         struct hcl_data *dst, struct hcl_data *src)
{
    cl_int ret = hcl_data_begin(c, &q->src, q->size, false, src);
    if (ret)
        return ret;
    /* Never inline: the answer of a copy carries no data. */
    if (q->dst.kind == VOCL_PAYLOAD_INLINE)
        return CL_INVALID_VALUE;
    if (!(src->with = calloc(1, sizeof(*src->with))))
        return CL_OUT_OF_HOST_MEMORY;
    ret = hcl_data_hold(c, &q->dst, q->size, false, src->with);
    if (!ret)
        hcl_data_count(c, src->with, q->size, true);
    *dst = *src->with;
    return ret;
}

typedef __typeof__(((cl_icd_dispatch *)0)->clEnqueueSVMMemcpy) clEnqueueSVMMemcpy_pfn;

static clEnqueueSVMMemcpy_pfn copy_function(struct hcl_worker *w, const struct hcl_data *dst,
                                            const struct hcl_data *src)
{
    const struct hcl_ext_functions *x = dst->svm ? hcl_svm_usm(dst->svm) : NULL;
    if (!x && src->svm)
        x = hcl_svm_usm(src->svm);
    return x ? x->clEnqueueMemcpyINTEL : w->cl.clEnqueueSVMMemcpy;
}

void hcl_clEnqueueSVMMemcpy(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMMemcpy_req q;
    struct command m = {0};
    struct hcl_data dst = {0};
    vocl_get_clEnqueueSVMMemcpy_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin(c, &m, q.command_queue, q.event_wait_list);
    if (!ret)
        ret = begin_copy(c, &q, &dst, &m.data);
    if (!ret && !(fits(c->w, dst.svm, m.queue) && fits(c->w, m.data.svm, m.queue)))
        ret = CL_INVALID_CONTEXT;
    clEnqueueSVMMemcpy_pfn copy = copy_function(c->w, &dst, &m.data);
    if (!ret && !copy)
        ret = CL_INVALID_OPERATION;
    if (!ret)
        ret = copy(m.queue, CL_FALSE, dst.ptr, m.data.ptr, q.size, m.num_waits, m.waits, &m.event);
    end(c, ret, &m, q.event, q.event_slot, q.blocking_copy);
}

void hcl_clEnqueueSVMMemFill(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMMemFill_req q;
    struct command m = {0};
    vocl_get_clEnqueueSVMMemFill_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin_on(c, &m, q.command_queue, q.event_wait_list, q.svm, q.offset, q.size);
    if (!ret) {
        const struct hcl_ext_functions *x = hcl_svm_usm(m.data.svm);
        ret = (x ? x->clEnqueueMemFillINTEL
                 : c->w->cl.clEnqueueSVMMemFill)(m.queue, m.data.ptr, q.pattern.data, q.pattern.len,
                                                 q.size, m.num_waits, m.waits, &m.event);
    }
    end(c, ret, &m, q.event, q.event_slot, false);
}

static const struct hcl_ext_functions *usm_of(struct hcl_worker *w, uint64_t svm)
{
    struct hcl_svm *s = hcl_object(w, svm, HCL_SVM);
    return s ? hcl_svm_usm(s) : NULL;
}

void hcl_clEnqueueMemAdviseINTEL(struct hcl_call *c)
{
    struct vocl_clEnqueueMemAdviseINTEL_req q;
    struct command m = {0};
    vocl_get_clEnqueueMemAdviseINTEL_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin_on(c, &m, q.command_queue, q.event_wait_list, q.svm, q.offset, q.size);
    const struct hcl_ext_functions *x = ret ? NULL : hcl_svm_usm(m.data.svm);
    if (!ret)
        ret = x ? x->clEnqueueMemAdviseINTEL(m.queue, m.data.ptr, q.size, (cl_uint)q.advice,
                                             m.num_waits, m.waits, &m.event)
                : CL_INVALID_VALUE;
    end(c, ret, &m, q.event, q.event_slot, false);
}

/* Does what is named lie in its allocations? */
static bool sizes_fit(struct hcl_worker *w, const struct vocl_clEnqueueSVMMigrateMem_req *q)
{
    for (uint64_t i = 0; q->sizes.v && i < q->svm.count; i++) {
        void *p;
        uint64_t offset = q->offsets.v ? q->offsets.v[i] : 0;
        struct hcl_svm *s = hcl_svm_hold(w, q->svm.v[i], offset, q->sizes.v[i], &p);
        if (!s)
            return false;
        hcl_svm_put(s);
    }
    return true;
}

void hcl_clEnqueueSVMMigrateMem(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMMigrateMem_req q;
    struct command m = {0};
    vocl_get_clEnqueueSVMMigrateMem_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    if (q.sizes.v && q.sizes.count != q.svm.count) {
        hcl_malformed(c);
        return;
    }
    cl_int ret = begin(c, &m, q.command_queue, q.event_wait_list);
    const void **list = hcl_svm_list(c, q.svm, q.offsets);
    if (!ret && (!list || !sizes_fit(c->w, &q)))
        ret = CL_INVALID_VALUE;
    const struct hcl_ext_functions *x = ret ? NULL : usm_of(c->w, q.svm.v[0]);
    if (x && x != hcl_ext_of(c->w, m.queue))
        ret = CL_INVALID_CONTEXT;
    if (!ret && !x && !c->w->cl.clEnqueueSVMMigrateMem)
        ret = CL_INVALID_OPERATION;
    if (!ret && x)
        ret = q.svm.count == 1 && q.sizes.v
                  ? x->clEnqueueMigrateMemINTEL(m.queue, list[0], q.sizes.v[0], q.flags,
                                                m.num_waits, m.waits, &m.event)
                  : CL_INVALID_VALUE;
    else if (!ret)
        ret = c->w->cl.clEnqueueSVMMigrateMem(m.queue, q.svm.count, list, (const size_t *)q.sizes.v,
                                              q.flags, m.num_waits, m.waits, &m.event);
    end(c, ret, &m, q.event, q.event_slot, false);
}

/* Instead of freeing: the guest frees, by the ordinary way, or the program's own
 * callback does. */
static void CL_CALLBACK freeing(cl_command_queue queue, cl_uint n, void *list[], void *cookie)
{
    (void)queue, (void)n, (void)list;
    hcl_cookie_done(cookie);
}

void hcl_clEnqueueSVMFree(struct hcl_call *c)
{
    struct vocl_clEnqueueSVMFree_req q;
    struct command m = {0};
    vocl_get_clEnqueueSVMFree_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_int ret = begin(c, &m, q.command_queue, q.event_wait_list);
    const void **list = hcl_svm_list(c, q.svm, (struct vocl_words){0});
    if (!ret && !list)
        ret = CL_INVALID_VALUE;
    if (!ret && !c->w->cl.clEnqueueSVMFree)
        ret = CL_INVALID_OPERATION;
    struct hcl_cookie *cookie = ret ? NULL : hcl_cookie_create(c->w, q.cookie);
    if (!ret && !cookie)
        ret = CL_OUT_OF_HOST_MEMORY;
    if (!ret && (ret = c->w->cl.clEnqueueSVMFree(m.queue, q.svm.count, (void **)list, freeing,
                                                 cookie, m.num_waits, m.waits, &m.event)))
        free(cookie);
    end(c, ret, &m, q.event, q.event_slot, false);
}

static cl_int set_pointer(struct hcl_worker *w, cl_kernel kernel, cl_uint index,
                          const struct hcl_ext_functions *x, const void *ptr)
{
    if (x && x != hcl_ext_of(w, kernel))
        return CL_INVALID_ARG_VALUE;
    if (x)
        return x->clSetKernelArgMemPointerINTEL(kernel, index, ptr);
    return w->cl.clSetKernelArgSVMPointer ? w->cl.clSetKernelArgSVMPointer(kernel, index, ptr)
                                          : CL_INVALID_OPERATION;
}

void hcl_clSetKernelArgSVMPointer(struct hcl_call *c)
{
    struct vocl_clSetKernelArgSVMPointer_req q;
    vocl_get_clSetKernelArgSVMPointer_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    void *ptr = q.svm ? hcl_svm_at(c->w, q.svm, q.offset) : NULL;
    if (!kernel)
        hcl_reply_status(c, CL_INVALID_KERNEL);
    else if (q.svm && !ptr)
        hcl_reply_status(c, CL_INVALID_ARG_VALUE);
    else
        hcl_reply_status(c, set_pointer(c->w, kernel, q.arg_index, usm_of(c->w, q.svm), ptr));
}

/* The value is addresses: those of buffers of the client's? */
static bool addresses_known(struct hcl_worker *w, struct vocl_bytes value)
{
    const cl_mem_device_address_ext *list = value.data;
    for (uint64_t i = 0; i < value.len / sizeof(*list); i++)
        if (!hcl_address_known(w, list[i]))
            return false;
    return true;
}

/* The value is pointers, or a flag. What else there may be in a later version
 * could be a pointer, too, which the guest must not choose. */
cl_int hcl_exec_info(struct hcl_call *c, const struct hcl_exec_info *e, size_t *size,
                     const void **value)
{
    *value = e->value.data;
    *size = e->size;
    switch (e->name) {
    case CL_KERNEL_EXEC_INFO_SVM_PTRS:
    case CL_KERNEL_EXEC_INFO_USM_PTRS_INTEL:
        *value = hcl_svm_list(c, e->svm, e->offsets);
        if (!*value && *size)
            return CL_INVALID_VALUE;
        if (*value)
            *size = e->svm.count * sizeof(void *);
        return CL_SUCCESS;
    case CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT:
        if (!addresses_known(c->w, e->value))
            return CL_INVALID_VALUE;
        return *value && e->value.len != *size ? CL_INVALID_VALUE : CL_SUCCESS;
    case CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM:
    case CL_KERNEL_EXEC_INFO_INDIRECT_HOST_ACCESS_INTEL:
    case CL_KERNEL_EXEC_INFO_INDIRECT_DEVICE_ACCESS_INTEL:
    case CL_KERNEL_EXEC_INFO_INDIRECT_SHARED_ACCESS_INTEL:
        return *value && e->value.len != *size ? CL_INVALID_VALUE : CL_SUCCESS;
    default:
        return CL_INVALID_VALUE;
    }
}

void hcl_clSetKernelExecInfo(struct hcl_call *c)
{
    struct vocl_clSetKernelExecInfo_req q;
    const void *value;
    size_t size;
    cl_int ret;
    vocl_get_clSetKernelExecInfo_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const struct hcl_exec_info info = {(cl_kernel_exec_info)q.param_name, q.param_value_size, q.svm,
                                       q.offsets, q.value};
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    if (!kernel)
        ret = CL_INVALID_KERNEL;
    else if (!c->w->cl.clSetKernelExecInfo)
        ret = CL_INVALID_OPERATION;
    else if (!(ret = hcl_exec_info(c, &info, &size, &value)))
        ret = c->w->cl.clSetKernelExecInfo(kernel, info.name, size, value);
    hcl_reply_status(c, ret);
}

/* A free that waits for whatever may still use the memory: all queues of its
 * context, since the runtime's own function would free pages of the guest's. */
struct blocking_free {
    struct hcl_worker *w;
    uint16_t slot;
    size_t n;
    cl_command_queue queue[];
};

static void finish_and_answer(void *arg)
{
    struct blocking_free *b = arg;
    struct vocl_writer reply;
    for (size_t i = 0; i < b->n; i++) /* one may wait for what another holds back */
        b->w->cl.clFlush(b->queue[i]);
    for (size_t i = 0; i < b->n; i++) {
        b->w->cl.clFinish(b->queue[i]);
        b->w->cl.clReleaseCommandQueue(b->queue[i]);
    }
    hcl_print_flush(b->w);
    vocl_writer_init(&reply);
    vocl_put_u64(&reply, CL_SUCCESS);
    hcl_send_reply(b->w, b->slot, reply.buf, reply.len);
    vocl_writer_finish(&reply);
    free(b);
}

static bool belongs(struct hcl_worker *w, cl_command_queue queue, cl_context context)
{
    cl_context its = NULL;
    w->cl.clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(its), &its, NULL);
    return its == context;
}

static struct blocking_free *queues_to_finish(struct hcl_call *c, cl_context context)
{
    size_t n = 0;
    for (uint64_t id = 0; (id = hcl_objects_next(c->w->objects, id, HCL_QUEUE));)
        n++;
    struct blocking_free *b = malloc(sizeof(*b) + n * sizeof(b->queue[0]));
    if (!b)
        return NULL;
    *b = (struct blocking_free){.w = c->w, .slot = c->slot};
    for (uint64_t id = 0; (id = hcl_objects_next(c->w->objects, id, HCL_QUEUE)) && b->n < n;) {
        cl_command_queue queue = hcl_object(c->w, id, HCL_QUEUE);
        if (!belongs(c->w, queue, context))
            continue;
        b->queue[b->n++] = queue;
        c->w->cl.clRetainCommandQueue(queue);
    }
    return b;
}

/* The guest releases the allocation afterwards, as any other. */
void hcl_clMemBlockingFreeINTEL(struct hcl_call *c)
{
    struct vocl_clMemBlockingFreeINTEL_req q;
    vocl_get_clMemBlockingFreeINTEL_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    bool known = context && hcl_object(c->w, q.svm, HCL_SVM);
    struct blocking_free *b = known ? queues_to_finish(c, context) : NULL;
    if (!b) {
        hcl_reply_status(c, known ? CL_OUT_OF_HOST_MEMORY : CL_INVALID_VALUE);
    } else if (hcl_defer(c->w->defer, finish_and_answer, b)) {
        hcl_worker_stop(c->w, VOCL_LOST_LIMIT, "no thread or memory to wait with");
    }
}
