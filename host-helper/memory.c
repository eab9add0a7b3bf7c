// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "callback.h"
#include "calls.h"
#include "data.h"
#include "device_address.h"
#include "handlers.h"

/* The memory of a shared buffer goes when the runtime has let go of it, which
 * may be long after the guest's release. */
struct kept {
    struct hcl_data memory;
    struct hcl_data notice; /* the guest's word that says so, or nothing */
};

static void CL_CALLBACK memory_gone(cl_mem mem, void *opaque)
{
    struct kept *kept = opaque;
    (void)mem;
    if (kept->notice.ptr)
        __atomic_store_n((uint32_t *)kept->notice.ptr, VOCL_NOTICE_GONE, __ATOMIC_RELEASE);
    hcl_data_end(&kept->notice);
    hcl_data_end(&kept->memory);
    free(kept);
}

/* The notice lies in the region that the memory lies in. */
static cl_int find_notice(struct hcl_call *c, const struct vocl_clCreateBufferWithProperties_req *q,
                          struct hcl_data *notice)
{
    struct vocl_payload at = {.kind = VOCL_PAYLOAD_REGION,
                              .len = sizeof(uint32_t),
                              .region = q->host_ptr.region,
                              .offset = q->notice};
    *notice = (struct hcl_data){0};
    return q->notice ? hcl_data_begin(c, &at, at.len, false, notice) : CL_SUCCESS;
}

/* Keep the memory of a shared buffer for as long as the native buffer lives. */
static cl_int keep_memory(struct hcl_call *c, const struct vocl_clCreateBufferWithProperties_req *q,
                          cl_mem mem, struct hcl_data *d)
{
    struct kept *kept = malloc(sizeof(*kept));
    if (!kept)
        return CL_OUT_OF_HOST_MEMORY;
    cl_int ret = find_notice(c, q, &kept->notice);
    kept->memory = *d;
    if (ret == CL_SUCCESS)
        ret = c->w->cl.clSetMemObjectDestructorCallback(mem, memory_gone, kept);
    if (ret == CL_SUCCESS) {
        *d = (struct hcl_data){0};
    } else {
        hcl_data_end(&kept->notice);
        free(kept);
    }
    return ret;
}

static bool flags_ok(uint64_t flags, uint64_t shared)
{
    const uint64_t host = CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR;
    /* USE_HOST_PTR is for memory that stays: a region, never a passing copy. */
    return shared ? (flags & host) == CL_MEM_USE_HOST_PTR : !(flags & CL_MEM_USE_HOST_PTR);
}

/* Only a region of the guest's has a notice, in an aligned word. */
static bool notice_ok(const struct vocl_clCreateBufferWithProperties_req *q)
{
    return !q->notice || (q->shared && q->host_ptr.kind == VOCL_PAYLOAD_REGION &&
                          q->notice % sizeof(uint32_t) == 0);
}

static cl_mem create_native(struct hcl_call *c, cl_context context,
                            const struct vocl_clCreateBufferWithProperties_req *q, void *ptr,
                            bool properties, cl_int *ret)
{
    if (!properties)
        return c->w->cl.clCreateBuffer(context, q->flags, q->size, ptr, ret);
    if (c->w->cl.clCreateBufferWithProperties)
        return c->w->cl.clCreateBufferWithProperties(context, q->properties.v, q->flags, q->size,
                                                     ptr, ret);
    *ret = CL_INVALID_OPERATION;
    return NULL;
}

/* Enter a buffer, and the addresses with it that its properties give it. */
static cl_int enter_buffer(struct hcl_call *c, cl_mem mem,
                           const struct vocl_clCreateBufferWithProperties_req *q)
{
    struct hcl_addresses *a = hcl_addresses_create(c->w, mem, q->size, q->properties);
    int rc = hcl_objects_add(c->w->objects, q->id, HCL_MEM, mem, a, hcl_addresses_destroy);
    if (!rc)
        return CL_SUCCESS;
    hcl_addresses_destroy(a);
    c->w->cl.clReleaseMemObject(mem);
    return hcl_add_error(c->w, c->op, rc);
}

/* A posted creation has failed: the guest has the number in use, and will release it;
 * until then it names no memory object. Its memory is the guest's again. */
static void enter_failed(struct hcl_call *c, const struct vocl_clCreateBufferWithProperties_req *q)
{
    struct hcl_data notice;
    hcl_objects_add(c->w->objects, q->id, HCL_MEM, NULL, NULL, NULL);
    if (find_notice(c, q, &notice) == CL_SUCCESS && notice.ptr)
        __atomic_store_n((uint32_t *)notice.ptr, VOCL_NOTICE_GONE, __ATOMIC_RELEASE);
    hcl_data_end(&notice);
}

static void create_buffer(struct hcl_call *c, const struct vocl_clCreateBufferWithProperties_req *q,
                          bool properties)
{
    struct hcl_data d = {0};
    cl_mem mem = NULL;
    if (!flags_ok(q->flags, q->shared) ||
        (q->shared && q->host_ptr.kind != VOCL_PAYLOAD_REGION &&
         q->host_ptr.kind != VOCL_PAYLOAD_SVM) ||
        !notice_ok(q)) {
        hcl_malformed(c);
        return;
    }
    cl_context context = hcl_object(c->w, q->context, HCL_CONTEXT);
    cl_int ret = context ? hcl_data_hold(c, &q->host_ptr, q->size, false, &d) : CL_INVALID_CONTEXT;
    if (!ret && !q->shared)
        hcl_data_count(c, &d, q->size, false);
    if (ret == CL_SUCCESS)
        mem = create_native(c, context, q, d.ptr, properties, &ret);
    struct hcl_svm *svm = q->shared ? d.svm : NULL;
    if (mem && q->shared && (ret = keep_memory(c, q, mem, &d)) != CL_SUCCESS) {
        c->w->cl.clReleaseMemObject(mem);
        mem = NULL;
    }
    hcl_data_end(&d);
    /* What goes with the entry is one or the other: a buffer of SVM has its address
     * by that, and is refused as a device's. */
    if (svm)
        ret = hcl_svm_made(c, ret, q->id, mem, svm);
    else if (ret == CL_SUCCESS && mem)
        ret = enter_buffer(c, mem, q);
    if (ret != CL_SUCCESS && c->slot == VOCL_NO_SLOT)
        enter_failed(c, q);
    hcl_reply_status(c, ret);
}

void hcl_clCreateBuffer(struct hcl_call *c)
{
    struct vocl_clCreateBuffer_req q;
    vocl_get_clCreateBuffer_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct vocl_clCreateBufferWithProperties_req all = {.id = q.id,
                                                        .context = q.context,
                                                        .flags = q.flags,
                                                        .size = q.size,
                                                        .shared = q.shared,
                                                        .host_ptr = q.host_ptr,
                                                        .notice = q.notice};
    create_buffer(c, &all, false);
}

void hcl_clCreateBufferWithProperties(struct hcl_call *c)
{
    struct vocl_clCreateBufferWithProperties_req q;
    vocl_get_clCreateBufferWithProperties_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    if (hcl_mem_properties_known(q.properties))
        create_buffer(c, &q, true);
    else
        hcl_reply_status(c, CL_INVALID_PROPERTY);
}

void hcl_clCreateSubBuffer(struct hcl_call *c)
{
    struct vocl_clCreateSubBuffer_req q;
    cl_int ret = CL_INVALID_MEM_OBJECT;
    cl_mem sub = NULL;
    vocl_get_clCreateSubBuffer_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_buffer_region region = {q.origin, q.size};
    cl_mem mem = hcl_object(c->w, q.buffer, HCL_MEM);
    if (mem && q.type != CL_BUFFER_CREATE_TYPE_REGION)
        ret = CL_INVALID_VALUE;
    else if (mem)
        sub = c->w->cl.clCreateSubBuffer(mem, q.flags, q.type, &region, &ret);
    hcl_reply_status(c, hcl_svm_made(c, ret, q.id, sub, hcl_svm_of(c->w, q.buffer)));
}

void hcl_clSetMemObjectDestructorCallback(struct hcl_call *c)
{
    struct vocl_clSetMemObjectDestructorCallback_req q;
    cl_int ret = CL_INVALID_MEM_OBJECT;
    vocl_get_clSetMemObjectDestructorCallback_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_mem mem = hcl_object(c->w, q.memobj, HCL_MEM);
    struct hcl_cookie *cookie = mem ? hcl_cookie_create(c->w, q.cookie) : NULL;
    if (mem && !cookie)
        ret = CL_OUT_OF_HOST_MEMORY;
    if (cookie)
        ret = c->w->cl.clSetMemObjectDestructorCallback(mem, hcl_mem_gone, cookie);
    if (ret)
        free(cookie);
    hcl_reply_status(c, ret);
}

/* No runtime lists more. */
#define MAX_FORMATS 4096

void hcl_clGetSupportedImageFormats(struct hcl_call *c)
{
    struct vocl_clGetSupportedImageFormats_req q;
    struct vocl_clGetSupportedImageFormats_rep p = {.ret = CL_INVALID_CONTEXT};
    cl_uint count = 0;
    vocl_get_clGetSupportedImageFormats_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_uint n = q.num_entries < MAX_FORMATS ? q.num_entries : MAX_FORMATS;
    cl_image_format *formats = hcl_alloc(c, (n + 1) * sizeof(*formats));
    if (context && formats)
        p.ret = c->w->cl.clGetSupportedImageFormats(context, q.flags, q.image_type, n,
                                                    n ? formats : NULL, &count);
    p.num_image_formats = count;
    if (n && p.ret == CL_SUCCESS)
        p.image_formats = (struct vocl_bytes){formats, (n < count ? n : count) * sizeof(*formats)};
    vocl_put_clGetSupportedImageFormats_rep(&c->reply, &p);
    hcl_reply(c);
}
