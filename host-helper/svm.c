// SPDX-License-Identifier: MIT
#include "svm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "call.h"
#include "calls.h"
#include "extension.h"
#include "handlers.h"
#include "page_align.h"
#include "regions.h"

/* What the guest maps comes in pages. */
#define SVM_PAGE ((size_t)4096)

struct hcl_svm {
    struct hcl_worker *w;
    cl_context context; /* a reference of ours */
    const struct hcl_ext_functions *usm;
    void *base;   /* as the runtime gave it */
    uint8_t *ptr; /* the first page in it, which the program gets */
    size_t len;   /* from there: whole pages */
    bool placed;
    struct hcl_region *region; /* the guest's memory, held; NULL: none yet */
    uint8_t *seen;             /* of a shadow: where it is mapped here */
    int refs;
};

static void native_free(const struct hcl_svm *s, void *base)
{
    if (s->usm)
        s->usm->clMemFreeINTEL(s->context, base);
    else
        s->w->cl.clSVMFree(s->context, base);
}

/* The runtime gets back memory such as it gave: its allocator may write into it,
 * and the guest's pages are none of its business any more. */
static bool take_back(struct hcl_svm *s)
{
    return !s->region || !s->placed ||
           mmap(s->ptr, s->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                0) != MAP_FAILED;
}

static void svm_free(struct hcl_svm *s)
{
    if (!take_back(s)) {
        /* The region stays held: that it is gone, the guest's kernel must not hear
         * while its pages are still mapped here, until the worker has ended. */
        hcl_worker_stop(s->w, VOCL_LOST_LIMIT, "no mapping left to take SVM back with");
        return;
    }
    native_free(s, s->base);
    if (s->region)
        hcl_region_put(s->region);
    s->w->cl.clReleaseContext(s->context);
    free(s);
}

void hcl_svm_put(struct hcl_svm *s)
{
    if (!__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        svm_free(s);
}

static void release(void *svm)
{
    hcl_svm_put(svm);
}

static struct hcl_svm *find(struct hcl_worker *w, uint64_t id, uint64_t off, uint64_t len)
{
    struct hcl_svm *s = hcl_object(w, id, HCL_SVM);
    return s && off <= s->len && len <= s->len - off ? s : NULL;
}

struct hcl_svm *hcl_svm_hold(struct hcl_worker *w, uint64_t id, uint64_t off, uint64_t len,
                             void **ptr)
{
    struct hcl_svm *s = find(w, id, off, len);
    if (s) {
        __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
        *ptr = s->ptr + off;
    }
    return s;
}

cl_int hcl_svm_made(struct hcl_call *c, cl_int ret, uint64_t id, cl_mem mem, struct hcl_svm *s)
{
    if (ret != CL_SUCCESS || !mem || !s)
        return hcl_made(c, ret, id, HCL_MEM, mem);
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    int rc = hcl_objects_add(c->w->objects, id, HCL_MEM, mem, s, release);
    if (rc) {
        c->w->cl.clReleaseMemObject(mem);
        hcl_svm_put(s);
    }
    return hcl_add_error(c->w, c->op, rc);
}

struct hcl_svm *hcl_svm_of(struct hcl_worker *w, uint64_t buffer)
{
    return hcl_objects_extra_of(w->objects, buffer, HCL_MEM, release);
}

const struct hcl_ext_functions *hcl_svm_usm(const struct hcl_svm *s)
{
    return s->usm;
}

void *hcl_svm_at(struct hcl_worker *w, uint64_t id, uint64_t off)
{
    struct hcl_svm *s = find(w, id, off, 0);
    return s ? s->ptr + off : NULL;
}

const void **hcl_svm_list(struct hcl_call *c, struct vocl_words ids, struct vocl_words offsets)
{
    if (!ids.count || (offsets.v && offsets.count != ids.count))
        return NULL;
    const void **list = hcl_alloc(c, ids.count * sizeof(*list));
    for (uint64_t i = 0; list && i < ids.count; i++)
        if (!(list[i] = hcl_svm_at(c->w, ids.v[i], offsets.v ? offsets.v[i] : 0)))
            return NULL;
    return list;
}

void *hcl_svm_shadow(struct hcl_svm *s, uint64_t off)
{
    return s->placed || !s->region ? NULL : s->seen + off;
}

/* Is this device the processor, so that its memory may be replaced by the guest's? */
bool hcl_svm_device_places(struct hcl_worker *w, cl_device_id device)
{
    cl_device_type type = 0;
    if (w->opt->shadow_svm)
        return false;
    w->cl.clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof(type), &type, NULL);
    return type & CL_DEVICE_TYPE_CPU;
}

/* No context of more devices is known to be made; it would get shadows. */
#define MAX_DEVICES 64

static bool context_places(struct hcl_worker *w, cl_context context)
{
    cl_device_id devices[MAX_DEVICES];
    size_t size = 0;
    if (w->cl.clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(devices), devices, &size))
        return false;
    for (size_t i = 0; i < size / sizeof(*devices); i++)
        if (!hcl_svm_device_places(w, devices[i]))
            return false;
    return true;
}

cl_device_svm_capabilities hcl_svm_capabilities(struct hcl_worker *w, cl_device_id device,
                                                cl_device_svm_capabilities native)
{
    /* The whole of the program's memory is never at the same addresses. */
    return native & (hcl_svm_device_places(w, device)
                         ? CL_DEVICE_SVM_COARSE_GRAIN_BUFFER | CL_DEVICE_SVM_FINE_GRAIN_BUFFER |
                               CL_DEVICE_SVM_ATOMICS
                         : CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
}

static uint8_t *first_page(void *p)
{
    return (uint8_t *)(((uintptr_t)p + SVM_PAGE - 1) & ~(uintptr_t)(SVM_PAGE - 1));
}

/* An allocation that the guest asks for, either way. */
struct request {
    uint64_t id;
    cl_context context;
    cl_svm_mem_flags flags;
    const struct hcl_ext_functions *usm; /* NULL: SVM */
    uint64_t type;                       /* CL_MEM_TYPE_*_INTEL */
    cl_device_id device;
    const cl_mem_properties_intel *properties;
    uint64_t size;
    cl_uint alignment;
};

static void *native_alloc(struct hcl_worker *w, const struct request *rq, size_t len, cl_int *ret)
{
    const struct hcl_ext_functions *x = rq->usm;
    if (!x) {
        void *p = w->cl.clSVMAlloc(rq->context, rq->flags, len, rq->alignment);
        *ret = p ? CL_SUCCESS : CL_OUT_OF_RESOURCES;
        return p;
    }
    switch (rq->type) {
    case CL_MEM_TYPE_HOST_INTEL:
        return x->clHostMemAllocINTEL(rq->context, rq->properties, len, rq->alignment, ret);
    case CL_MEM_TYPE_DEVICE_INTEL:
        return x->clDeviceMemAllocINTEL(rq->context, rq->device, rq->properties, len, rq->alignment,
                                        ret);
    default:
        return x->clSharedMemAllocINTEL(rq->context, rq->device, rq->properties, len, rq->alignment,
                                        ret);
    }
}

/* NVIDIA's runtime (580) returns none now and then, and one the next time. */
#define ALLOC_TRIES 4

/* Whole pages, so that the program's memory shares none with anything of the
 * runtime's; if the runtime does not begin with one, a page more. s->ptr is the
 * first of them. What does not fit is kept until there is another. */
static cl_int alloc_pages(struct hcl_svm *s, const struct request *rq)
{
    cl_int ret = CL_OUT_OF_RESOURCES;
    void *unfit = NULL;
    for (int i = 0; i < ALLOC_TRIES && !s->base; i++) {
        size_t more = i ? SVM_PAGE : 0;
        hcl_page_align(SVM_PAGE);
        s->base = native_alloc(s->w, rq, s->len + more, &ret);
        hcl_page_align(0);
        if (s->base && !more && first_page(s->base) != s->base) {
            unfit = s->base;
            s->base = NULL;
        }
    }
    if (unfit)
        native_free(s, unfit);
    s->ptr = first_page(s->base);
    return s->base ? CL_SUCCESS : ret;
}

static cl_int svm_create(struct hcl_call *c, const struct request *rq, struct hcl_svm **out)
{
    struct hcl_worker *w = c->w;
    bool placed = context_places(w, rq->context);
    bool fine = rq->flags & (CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS);
    if (!rq->size || rq->size > SIZE_MAX - 2 * SVM_PAGE)
        return CL_INVALID_BUFFER_SIZE;
    if ((fine || rq->usm) && !placed)
        return CL_INVALID_OPERATION;
    struct hcl_svm *s = malloc(sizeof(*s));
    if (!s)
        return CL_OUT_OF_HOST_MEMORY;
    *s = (struct hcl_svm){.w = w,
                          .context = rq->context,
                          .usm = rq->usm,
                          .placed = placed,
                          .len = (rq->size + SVM_PAGE - 1) & ~(SVM_PAGE - 1),
                          .refs = 1};
    cl_int ret = alloc_pages(s, rq);
    if (ret) {
        free(s);
        return ret;
    }
    w->cl.clRetainContext(rq->context);
    int rc = hcl_objects_add(w->objects, rq->id, HCL_SVM, s, s, release);
    if (rc)
        hcl_svm_put(s);
    else
        *out = s;
    return hcl_add_error(w, c->op, rc);
}

void hcl_clSVMAlloc(struct hcl_call *c)
{
    struct vocl_clSVMAlloc_req q;
    struct vocl_clSVMAlloc_rep p = {.ret = CL_INVALID_CONTEXT};
    struct hcl_svm *s = NULL;
    vocl_get_clSVMAlloc_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct request rq = {.id = q.id,
                         .context = hcl_object(c->w, q.context, HCL_CONTEXT),
                         .flags = q.flags,
                         .size = q.size,
                         .alignment = (cl_uint)q.alignment};
    if (rq.context)
        p.ret = c->w->cl.clSVMAlloc ? svm_create(c, &rq, &s) : CL_INVALID_OPERATION;
    if (s) {
        p.address = (uintptr_t)s->ptr;
        p.placed = s->placed;
    }
    vocl_put_clSVMAlloc_rep(&c->reply, &p);
    hcl_reply(c);
}

static bool has_usm(const struct hcl_ext_functions *x)
{
    return x->clHostMemAllocINTEL && x->clDeviceMemAllocINTEL && x->clSharedMemAllocINTEL &&
           x->clMemFreeINTEL && x->clSetKernelArgMemPointerINTEL && x->clEnqueueMemFillINTEL &&
           x->clEnqueueMemcpyINTEL && x->clEnqueueMigrateMemINTEL && x->clEnqueueMemAdviseINTEL;
}

/* Flags are plain numbers. What else there is may be a handle or a pointer. */
static bool usm_properties_known(struct vocl_words list)
{
    for (uint64_t i = 0; i + 1 < list.count; i += 2)
        if (list.v[i] != CL_MEM_ALLOC_FLAGS_INTEL)
            return false;
    return true;
}

void hcl_VOCL_USM_ALLOC(struct hcl_call *c)
{
    struct vocl_usm_alloc_req q;
    struct vocl_usm_alloc_rep p = {.ret = CL_INVALID_CONTEXT};
    struct hcl_svm *s = NULL;
    vocl_get_usm_alloc_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    struct request rq = {.id = q.id,
                         .context = hcl_object(c->w, q.context, HCL_CONTEXT),
                         .type = q.type,
                         .device = hcl_object(c->w, q.device, HCL_DEVICE),
                         .properties = q.properties.v,
                         .size = q.size,
                         .alignment = (cl_uint)q.alignment};
    rq.usm = hcl_ext_of(c->w, rq.context);
    if (rq.context && !has_usm(rq.usm))
        p.ret = CL_INVALID_OPERATION;
    else if (rq.context && q.device && !rq.device)
        p.ret = CL_INVALID_DEVICE;
    else if (rq.context && !usm_properties_known(q.properties))
        p.ret = CL_INVALID_PROPERTY;
    else if (rq.context)
        p.ret = svm_create(c, &rq, &s);
    if (s)
        p.address = (uintptr_t)s->ptr;
    vocl_put_usm_alloc_rep(&c->reply, &p);
    hcl_reply(c);
}

/* Take over the region. Its first page is the allocation's. */
static cl_int place(struct hcl_svm *s, struct hcl_region *r, void *at)
{
    if (s->placed && hcl_region_alias(r, s->ptr)) {
        /* Some pages may be the guest's already, and the runtime's are gone. */
        s->region = r;
        return CL_OUT_OF_HOST_MEMORY;
    }
    s->region = r;
    s->seen = at;
    return CL_SUCCESS;
}

void hcl_VOCL_SVM_PLACE(struct hcl_call *c)
{
    struct vocl_svm_place_req q;
    void *at = NULL;
    vocl_get_svm_place_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct hcl_svm *s = hcl_object(c->w, q.svm, HCL_SVM);
    if (!s || s->region || q.region > UINT32_MAX) {
        hcl_malformed(c);
        return;
    }
    struct hcl_region *r = hcl_region_get(c->w->t->regions, (uint32_t)q.region, 0, s->len, &at);
    if (r && hcl_region_size(r) != s->len) {
        hcl_region_put(r);
        r = NULL;
    }
    hcl_reply_status(c, r ? place(s, r, at) : CL_INVALID_VALUE);
}
