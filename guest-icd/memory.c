// SPDX-License-Identifier: MIT
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "backing.h"
#include "callback.h"
#include "connection.h"
#include "count.h"
#include "frame.h"
#include "huge.h"
#include "info.h"
#include "pinned.h"
#include "slab.h"
#include "stubs.h"
#include "svm.h"

#define HOST_PTR_FLAGS (CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)
#define HOST_ACCESS_FLAGS (CL_MEM_HOST_WRITE_ONLY | CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS)
#define DEVICE_ACCESS_FLAGS (CL_MEM_READ_WRITE | CL_MEM_WRITE_ONLY | CL_MEM_READ_ONLY)

bool gcl_mem_host_may(cl_mem m, cl_map_flags access)
{
    if (m->flags & CL_MEM_HOST_NO_ACCESS)
        return false;
    if ((access & CL_MAP_READ) && (m->flags & CL_MEM_HOST_WRITE_ONLY))
        return false;
    return !((access & (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)) &&
             (m->flags & CL_MEM_HOST_READ_ONLY));
}

cl_ulong gcl_context_max_alloc(cl_context c)
{
    cl_ulong max = __atomic_load_n(&c->max_alloc, __ATOMIC_RELAXED);
    if (max)
        return max;
    for (cl_uint i = 0; i < c->num_devices; i++) {
        cl_ulong one = 0;
        if (gcl_dispatch.clGetDeviceInfo(c->devices[i], CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(one),
                                         &one, NULL))
            return 0;
        max = one > max ? one : max;
    }
    __atomic_store_n(&c->max_alloc, max, __ATOMIC_RELAXED);
    return max;
}

static void free_memory(cl_mem m)
{
    struct gcl_transport *t = gcl_connection_transport();
    if (m->pinned)
        gcl_pinned_remove(m);
    if (m->shadow)
        gcl_dispatch.clReleaseMemObject(m->shadow);
    if (!m->memory.id || m->memory_is_anothers)
        return;
    if (m->backed)
        gcl_backing_give(m);
    else if (m->memory_is_users)
        t->ops->unmap(t, &m->memory);
    else
        t->ops->free(t, &m->memory);
}

static void mem_destroy(struct gcl_object *o)
{
    cl_mem m = (cl_mem)o;
    free_memory(m);
    while (m->mappings) {
        struct gcl_mapping *next = m->mappings->next;
        if (m->mappings->shadow.id)
            gcl_connection_transport()->ops->free(gcl_connection_transport(), &m->mappings->shadow);
        free(m->mappings);
        m->mappings = next;
    }
    if (m->parent)
        gcl_put(&m->parent->base);
    gcl_put(&m->context->base);
    free(m->properties);
    free(m->pipe_properties);
    free(m);
}

cl_mem gcl_mem_create(cl_context context, cl_mem_flags flags, size_t size)
{
    cl_mem m = gcl_object_create(sizeof(*m), GCL_MEM, 0, mem_destroy);
    if (!m)
        return NULL;
    m->context = context;
    gcl_get(&context->base);
    m->flags = flags;
    m->size = size;
    return m;
}

cl_int gcl_mem_check_flags(cl_mem_flags flags)
{
    cl_mem_flags access = flags & HOST_ACCESS_FLAGS;
    if ((flags & CL_MEM_USE_HOST_PTR) && (flags & (CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR)))
        return CL_INVALID_VALUE;
    return access & (access - 1) ? CL_INVALID_VALUE : CL_SUCCESS;
}

/* OpenCL 3.0 §5.2.1. What is not checked here, the runtime checks. */
static cl_int check_buffer(cl_context context, cl_mem_flags flags, size_t size, const void *host)
{
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (gcl_mem_check_flags(flags))
        return CL_INVALID_VALUE;
    if (!size)
        return CL_INVALID_BUFFER_SIZE;
    cl_ulong max = gcl_context_max_alloc(context);
    if (max && size > max)
        return CL_INVALID_BUFFER_SIZE;
    if (!host != !(flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)))
        return CL_INVALID_HOST_PTR;
    return CL_SUCCESS;
}

cl_mem_flags gcl_mem_default_access(cl_mem_flags flags)
{
    return flags ? flags : CL_MEM_READ_WRITE;
}

cl_mem_flags gcl_mem_native_flags(cl_mem_flags flags, const void *host)
{
    flags &= ~(cl_mem_flags)(HOST_ACCESS_FLAGS | CL_MEM_USE_HOST_PTR);
    return host ? flags | CL_MEM_COPY_HOST_PTR : flags;
}

/* A buffer of SVM (§5.6): the native one is made of the native allocation. It is
 * a shared one where the allocation is. False: it is none; or it does not fit,
 * which is an error (§5.2.1). */
static bool use_svm(cl_mem m, void *host, struct vocl_clCreateBufferWithProperties_req *req,
                    cl_int *err)
{
    struct gcl_svm_place at;
    if (!(m->flags & CL_MEM_USE_HOST_PTR) || !gcl_svm_find(host, 0, &at))
        return false;
    if (!gcl_svm_find(host, m->size, &at)) {
        *err = CL_INVALID_BUFFER_SIZE;
        return false;
    }
    m->host_ptr = host;
    m->shared = at.placed;
    if (m->shared) {
        m->memory = at.region;
        m->memory_is_anothers = true;
    }
    req->shared = true;
    req->flags =
        (m->flags & ~(cl_mem_flags)(HOST_PTR_FLAGS | HOST_ACCESS_FLAGS)) | CL_MEM_USE_HOST_PTR;
    req->host_ptr = (struct vocl_payload){
        .kind = VOCL_PAYLOAD_SVM, .len = m->size, .region = at.id, .offset = at.offset};
    return true;
}

/* Where the runtime works in place, a plain buffer's memory is ours as well.
 * Properties may be of a kind that does not go with that. */
static bool back_in_place(cl_mem m, void *host, uint64_t *notice)
{
    if (m->flags & CL_MEM_USE_HOST_PTR || m->num_properties > 1 ||
        !gcl_context_in_place(m->context) || !gcl_backing_take(m, notice))
        return false;
    if (m->flags & CL_MEM_ALLOC_HOST_PTR)
        m->host_ptr = m->memory.addr;
    if (host) {
        gcl_backing_touch(m, 0, m->size);
        memcpy(m->memory.addr, host, m->size);
        gcl_count(GCL_N_DIRECT_WRITE, m->size);
    }
    return true;
}

/* Try to make the buffer a shared one. */
static bool share_memory(cl_mem m, void *host, uint64_t *notice)
{
    struct gcl_transport *t = gcl_connection_transport();
    if (back_in_place(m, host, notice))
        return true;
    if (m->flags & CL_MEM_ALLOC_HOST_PTR) {
        if (t->ops->alloc(t, m->size, NULL, &m->memory))
            return false;
        /* It may be pinned, and so made, as a whole. */
        gcl_huge_pages(m->memory.addr, m->size);
        m->host_ptr = m->memory.addr;
        if (host)
            memcpy(m->memory.addr, host, m->size);
        gcl_count(GCL_N_DIRECT_WRITE, host ? m->size : 0);
        return true;
    }
    if (!(m->flags & CL_MEM_USE_HOST_PTR) || !t->ops->map ||
        t->ops->map(t, host, m->size, GCL_MAP_WRITE | GCL_MAP_KEEP, &m->memory))
        return false;
    m->memory_is_users = true;
    return true;
}

/* Runtimes that work in place may want an alignment for it, which our own memory
 * has. */
static bool works_in_place(cl_mem m)
{
    return m->shared && (uintptr_t)m->memory.addr % GCL_SLAB_ALIGN == 0 &&
           gcl_context_in_place(m->context);
}

/* What the helper needs to make the native buffer: its memory, or what to fill
 * it with. */
static cl_int back_buffer(struct gcl_frame *f, cl_mem m, void *host,
                          struct vocl_clCreateBufferWithProperties_req *req)
{
    cl_int err = CL_SUCCESS;
    if (use_svm(m, host, req, &err) || err)
        return err;
    req->flags = gcl_mem_native_flags(m->flags, host);
    if (m->flags & CL_MEM_USE_HOST_PTR)
        m->host_ptr = host;
    m->shared = share_memory(m, host, &req->notice);
    req->shared = m->shared;
    if (m->shared) {
        req->flags = (req->flags & ~(cl_mem_flags)HOST_PTR_FLAGS) | CL_MEM_USE_HOST_PTR;
        req->host_ptr = (struct vocl_payload){.kind = VOCL_PAYLOAD_REGION,
                                              .len = m->size,
                                              .region = m->memory.id,
                                              .offset = m->memory.offset};
        return CL_SUCCESS;
    }
    if (!host)
        return CL_SUCCESS;
    return gcl_frame_data_in(f, host, m->size, NULL, CL_TRUE, &req->host_ptr);
}

cl_int gcl_mem_keep_properties(cl_mem m, const cl_mem_properties *list, struct vocl_words words)
{
    if (!list)
        return CL_SUCCESS;
    m->num_properties = words.count;
    m->properties = malloc(words.count * sizeof(*m->properties));
    if (!m->properties)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(m->properties, words.v, words.count * sizeof(*m->properties));
    return CL_SUCCESS;
}

/* A buffer that has its memory already, of flags that any runtime knows, and whose
 * number the helper takes, is made without an answer. */
static bool may_post(uint16_t op, cl_mem m, uint64_t notice)
{
    const cl_mem_flags known = DEVICE_ACCESS_FLAGS | HOST_ACCESS_FLAGS | HOST_PTR_FLAGS;
    cl_mem_flags access = m->flags & DEVICE_ACCESS_FLAGS;
    return op == VOCL_OP_clCreateBuffer && m->piece && notice && !(m->flags & ~known) &&
           !(access & (access - 1)) && gcl_connection_takes(m->base.id);
}

/* Both calls that create a buffer; op says which is to be replayed. */
static cl_mem create_buffer(uint16_t op, cl_context context, const cl_mem_properties *properties,
                            cl_mem_flags flags, size_t size, void *host, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateBufferWithProperties_req req = {0};
    cl_int err = check_buffer(context, flags, size, host);
    if (err || (err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    cl_mem m = gcl_mem_create(context, gcl_mem_default_access(flags), size);
    if (!m) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    req.id = m->base.id;
    req.context = gcl_id(context);
    req.size = size;
    if ((err = gcl_frame_properties64(&f, properties, &req.properties)) ||
        (err = gcl_mem_keep_properties(m, properties, req.properties)) ||
        (err = back_buffer(&f, m, host, &req)))
        goto out;
    if (op == VOCL_OP_clCreateBuffer)
        vocl_put_clCreateBuffer_req(
            f.w, &(struct vocl_clCreateBuffer_req){req.id, req.context, req.flags, req.size,
                                                   req.shared, req.host_ptr, req.notice});
    else
        vocl_put_clCreateBufferWithProperties_req(f.w, &req);
    err = may_post(op, m, req.notice) ? gcl_frame_post(&f, op) : gcl_frame_status(&f, op);
    m->made = !err;
    m->in_place = works_in_place(m);
    if (m->made && m->shared && !m->piece && !m->memory_is_anothers) {
        gcl_pinned_add(m);
        m->pinned = true;
    }
out:
    if (err && m)
        gcl_object_abandon(&m->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, m);
}

cl_mem CL_API_CALL gcl_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
                                      void *host_ptr, cl_int *errcode_ret)
{
    return create_buffer(VOCL_OP_clCreateBuffer, context, NULL, flags, size, host_ptr, errcode_ret);
}

cl_mem CL_API_CALL gcl_clCreateBufferWithProperties(cl_context context,
                                                    const cl_mem_properties *properties,
                                                    cl_mem_flags flags, size_t size, void *host_ptr,
                                                    cl_int *errcode_ret)
{
    return create_buffer(VOCL_OP_clCreateBufferWithProperties, context, properties, flags, size,
                         host_ptr, errcode_ret);
}

/* §5.2.4: what a sub-buffer does not say it has from its buffer. */
static cl_mem_flags inherit_flags(cl_mem parent, cl_mem_flags flags)
{
    if (!(flags & DEVICE_ACCESS_FLAGS))
        flags |= parent->flags & DEVICE_ACCESS_FLAGS;
    if (!(flags & HOST_ACCESS_FLAGS))
        flags |= parent->flags & HOST_ACCESS_FLAGS;
    return flags | (parent->flags & HOST_PTR_FLAGS);
}

static cl_int check_sub_flags(cl_mem parent, cl_mem_flags flags)
{
    cl_mem_flags host = flags & HOST_ACCESS_FLAGS;
    if (flags & HOST_PTR_FLAGS || host & (host - 1))
        return CL_INVALID_VALUE;
    if ((parent->flags & CL_MEM_HOST_WRITE_ONLY && flags & CL_MEM_HOST_READ_ONLY) ||
        (parent->flags & CL_MEM_HOST_READ_ONLY && flags & CL_MEM_HOST_WRITE_ONLY) ||
        (parent->flags & CL_MEM_HOST_NO_ACCESS &&
         flags & (CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_WRITE_ONLY)))
        return CL_INVALID_VALUE;
    return CL_SUCCESS;
}

static void share_parents_memory(cl_mem m, cl_mem parent)
{
    m->shared = parent->shared;
    if (parent->host_ptr)
        m->host_ptr = (char *)parent->host_ptr + m->origin;
    if (!parent->shared)
        return;
    m->memory_is_anothers = true;
    m->memory = parent->memory;
    m->memory.offset += m->origin;
    m->memory.addr = (char *)parent->memory.addr + m->origin;
    m->memory.len = m->size;
    m->in_place = parent->in_place && m->origin % GCL_SLAB_ALIGN == 0;
}

cl_mem CL_API_CALL gcl_clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags,
                                         cl_buffer_create_type type, const void *info,
                                         cl_int *errcode_ret)
{
    struct gcl_frame f;
    if (!gcl_is_mem(buffer) || buffer->parent)
        return gcl_fail(errcode_ret, CL_INVALID_MEM_OBJECT);
    if (type != CL_BUFFER_CREATE_TYPE_REGION || !info)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    const cl_buffer_region *region = info;
    cl_int err = check_sub_flags(buffer, flags);
    if (err || (err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    cl_mem m = gcl_mem_create(buffer->context, inherit_flags(buffer, flags), region->size);
    if (!m) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    m->parent = buffer;
    gcl_get(&buffer->base);
    m->origin = region->origin;
    vocl_put_clCreateSubBuffer_req(
        f.w, &(struct vocl_clCreateSubBuffer_req){m->base.id, gcl_id(buffer),
                                                  flags & ~(cl_mem_flags)HOST_ACCESS_FLAGS, type,
                                                  region->origin, region->size});
    if (!(err = gcl_frame_status(&f, VOCL_OP_clCreateSubBuffer)))
        share_parents_memory(m, buffer);
out:
    if (err && m)
        gcl_object_abandon(&m->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, m);
}

cl_int CL_API_CALL gcl_clSetMemObjectDestructorCallback(cl_mem mem,
                                                        void(CL_CALLBACK *notify)(cl_mem, void *),
                                                        void *user_data)
{
    return gcl_is_mem(mem)
               ? gcl_callback_set_destructor(&mem->base, VOCL_OP_clSetMemObjectDestructorCallback,
                                             (void *)notify, user_data)
               : CL_INVALID_MEM_OBJECT;
}

bool gcl_local_mem_info(cl_mem m, cl_mem_info name, size_t size, void *value, size_t *ret,
                        cl_int *err)
{
    void *host_ptr = m->flags & CL_MEM_USE_HOST_PTR ? m->host_ptr : NULL;
    switch (name) {
    case CL_MEM_FLAGS:
        if (gcl_is_pipe(m)) /* the runtime adds what a pipe always has */
            return false;
        return gcl_info_value(m->flags, size, value, ret, err);
    case CL_MEM_SIZE:
        if (m->image_type) /* an image or a pipe: the runtime's layout */
            return false;
        return gcl_info_value(m->size, size, value, ret, err);
    case CL_MEM_HOST_PTR:
        return gcl_info_value(host_ptr, size, value, ret, err);
    case CL_MEM_MAP_COUNT:
        return gcl_info_value(m->map_count, size, value, ret, err);
    case CL_MEM_REFERENCE_COUNT:
        return gcl_info_value(m->base.refs, size, value, ret, err);
    case CL_MEM_CONTEXT:
        return gcl_info_value(m->context, size, value, ret, err);
    case CL_MEM_ASSOCIATED_MEMOBJECT:
        return gcl_info_value(m->parent, size, value, ret, err);
    case CL_MEM_OFFSET:
        return gcl_info_value(m->origin, size, value, ret, err);
    case CL_MEM_PROPERTIES:
        return gcl_info_bytes(m->properties, m->num_properties * sizeof(*m->properties), size,
                              value, ret, err);
    default:
        return false;
    }
}

cl_int CL_API_CALL gcl_clGetSupportedImageFormats(cl_context context, cl_mem_flags flags,
                                                  cl_mem_object_type type, cl_uint n,
                                                  cl_image_format *formats, cl_uint *count)
{
    struct gcl_frame f;
    struct vocl_clGetSupportedImageFormats_rep rep;
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (formats && !n)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clGetSupportedImageFormats_req(
        f.w, &(struct vocl_clGetSupportedImageFormats_req){gcl_id(context), flags, type,
                                                           formats ? n : 0});
    if (!(err = gcl_frame_call(&f, VOCL_OP_clGetSupportedImageFormats))) {
        vocl_get_clGetSupportedImageFormats_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err && rep.image_formats.len > (uint64_t)n * sizeof(*formats))
        err = CL_OUT_OF_RESOURCES;
    if (!err && formats && rep.image_formats.data)
        memcpy(formats, rep.image_formats.data, rep.image_formats.len);
    if (!err && count)
        *count = rep.num_image_formats;
    return gcl_frame_end(&f, err, NULL);
}
