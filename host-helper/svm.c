// SPDX-License-Identifier: MIT
#include "svm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "call.h"
#include "calls.h"
#include "handlers.h"
#include "page_align.h"
#include "regions.h"

/* What the guest maps comes in pages. */
#define SVM_PAGE ((size_t)4096)

struct hcl_svm {
    struct hcl_worker *w;
    cl_context context; /* a reference of ours */
    void *base;         /* as the runtime gave it */
    uint8_t *ptr;       /* the first page in it, which the program gets */
    size_t len;         /* from there: whole pages */
    bool placed;
    struct hcl_region *region; /* the guest's memory, held; NULL: none yet */
    uint8_t *seen;             /* of a shadow: where it is mapped here */
    int refs;
};

static void svm_free(struct hcl_svm *s)
{
    const cl_icd_dispatch *cl = &s->w->cl;
    /* The runtime gets back memory such as it gave: its allocator may write into
     * it, and the guest's pages are none of its business any more. */
    if (s->region && s->placed &&
        mmap(s->ptr, s->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED)
        hcl_worker_stop(s->w, VOCL_LOST_LIMIT, "no mapping left to take SVM back with");
    else
        cl->clSVMFree(s->context, s->base);
    if (s->region)
        hcl_region_put(s->region);
    cl->clReleaseContext(s->context);
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
static bool places(struct hcl_worker *w, cl_device_id device)
{
    cl_device_type type = 0;
    if (w->opt->shadow_svm)
        return false;
    w->cl.clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof(type), &type, NULL);
    return type & CL_DEVICE_TYPE_CPU;
}

/* No context of more devices is known to be made; it would get shadows. */
#define MAX_DEVICES 64

bool hcl_svm_context_places(struct hcl_worker *w, cl_context context)
{
    cl_device_id devices[MAX_DEVICES];
    size_t size = 0;
    if (w->cl.clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(devices), devices, &size))
        return false;
    for (size_t i = 0; i < size / sizeof(*devices); i++)
        if (!places(w, devices[i]))
            return false;
    return true;
}

cl_device_svm_capabilities hcl_svm_capabilities(struct hcl_worker *w, cl_device_id device,
                                                cl_device_svm_capabilities native)
{
    /* The whole of the program's memory is never at the same addresses. */
    return native & (places(w, device) ? CL_DEVICE_SVM_COARSE_GRAIN_BUFFER |
                                             CL_DEVICE_SVM_FINE_GRAIN_BUFFER | CL_DEVICE_SVM_ATOMICS
                                       : CL_DEVICE_SVM_COARSE_GRAIN_BUFFER);
}

static uint8_t *first_page(void *p)
{
    return (uint8_t *)(((uintptr_t)p + SVM_PAGE - 1) & ~(uintptr_t)(SVM_PAGE - 1));
}

/* Whole pages, so that the program's memory shares none with anything of the
 * runtime's; if the runtime does not begin with one, a page more. */
static void *alloc_pages(struct hcl_worker *w, cl_context context, cl_svm_mem_flags flags,
                         size_t len, cl_uint alignment)
{
    hcl_page_align(SVM_PAGE);
    void *base = w->cl.clSVMAlloc(context, flags, len, alignment);
    hcl_page_align(0);
    if (base && first_page(base) != base) {
        w->cl.clSVMFree(context, base);
        base = w->cl.clSVMAlloc(context, flags, len + SVM_PAGE, alignment);
    }
    return base;
}

static struct hcl_svm *svm_create(struct hcl_worker *w, cl_context context,
                                  const struct vocl_clSVMAlloc_req *q)
{
    bool placed = hcl_svm_context_places(w, context);
    bool fine = q->flags & (CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS);
    if (!q->size || q->size > SIZE_MAX - 2 * SVM_PAGE || (fine && !placed))
        return NULL;
    struct hcl_svm *s = malloc(sizeof(*s));
    if (!s)
        return NULL;
    size_t len = (q->size + SVM_PAGE - 1) & ~(SVM_PAGE - 1);
    void *base = alloc_pages(w, context, q->flags, len, (cl_uint)q->alignment);
    if (!base) {
        free(s);
        return NULL;
    }
    w->cl.clRetainContext(context);
    *s = (struct hcl_svm){.w = w,
                          .context = context,
                          .base = base,
                          .ptr = first_page(base),
                          .len = len,
                          .placed = placed,
                          .refs = 1};
    return s;
}

void hcl_clSVMAlloc(struct hcl_call *c)
{
    struct vocl_clSVMAlloc_req q;
    struct vocl_clSVMAlloc_rep p = {.ret = CL_OUT_OF_RESOURCES};
    vocl_get_clSVMAlloc_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    struct hcl_svm *s = context && c->w->cl.clSVMAlloc ? svm_create(c->w, context, &q) : NULL;
    if (s) {
        int rc = hcl_objects_add(c->w->objects, q.id, HCL_SVM, s, s, release);
        p.ret = hcl_add_error(c->w, c->op, rc);
        p.address = (uintptr_t)s->ptr;
        p.placed = s->placed;
        if (rc)
            hcl_svm_put(s);
    }
    vocl_put_clSVMAlloc_rep(&c->reply, &p);
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
