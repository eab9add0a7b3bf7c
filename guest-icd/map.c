// SPDX-License-Identifier: MIT
/*
 * map.c - clEnqueueMapBuffer and clEnqueueUnmapMemObject (OpenCL 3.0 §5.4).
 *
 * The helper maps a shared buffer natively and moves nothing. It reads a plain
 * buffer into the shadow and writes it back at the unmap if it was mapped for
 * writing. A plain CL_MEM_USE_HOST_PTR buffer (no way to share the
 * application's pages) is a read into, and a write from, the host pointer.
 */
#include "connection.h"
#include "direct.h"
#include "frame.h"
#include "image.h"
#include "info.h"
#include "mapping.h"
#include "memory.h"
#include "pinned.h"
#include "stubs.h"

/* Below this the runtime's price for pinning is more than it saves. */
#define PIN_MIN ((size_t)1 << 20)

static bool through_host_ptr(cl_mem m)
{
    return !m->shared && (m->flags & CL_MEM_USE_HOST_PTR);
}

static bool has_memory(cl_mem m)
{
    gcl_mem_lock(m);
    bool has = m->memory.id;
    gcl_mem_unlock(m);
    return has;
}

/* A plain buffer's shadow is made by its first map and kept: the pointers of
 * all maps of a buffer are then consistent with one another. */
static cl_int make_shadow(cl_command_queue queue, cl_mem m)
{
    struct gcl_transport *t = gcl_connection_transport();
    cl_int err = CL_SUCCESS;
    if (m->shared || through_host_ptr(m) || has_memory(m))
        return CL_SUCCESS;
    /* The runtime moves data the faster to memory that it knows. Not under the lock:
     * these are calls of their own. */
    cl_mem shadow = m->size >= PIN_MIN ? gcl_pinned_buffer(queue, m->size) : NULL;
    gcl_mem_lock(m);
    if (m->memory.id) { /* another thread was faster */
        gcl_mem_unlock(m);
        if (shadow)
            gcl_dispatch.clReleaseMemObject(shadow);
        return CL_SUCCESS;
    }
    m->shadow = shadow;
    m->memory_is_anothers = shadow != NULL;
    if (shadow)
        m->memory = shadow->memory;
    else if (t->ops->alloc(t, m->size, NULL, &m->memory))
        err = CL_MAP_FAILURE;
    gcl_mem_unlock(m);
    return err;
}

static char *mapped_base(cl_mem m)
{
    return m->flags & CL_MEM_USE_HOST_PTR ? m->host_ptr : m->memory.addr;
}

static struct vocl_payload shadow_at(cl_mem m, size_t offset, size_t size)
{
    return (struct vocl_payload){.kind = VOCL_PAYLOAD_REGION,
                                 .len = size,
                                 .region = m->memory.id,
                                 .offset = m->memory.offset + offset};
}

static cl_int check_map(cl_command_queue queue, cl_mem m, cl_map_flags flags, size_t offset,
                        size_t size)
{
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (!gcl_is_mem(m) || m->image_type)
        return CL_INVALID_MEM_OBJECT;
    if (queue->context != m->context)
        return CL_INVALID_CONTEXT;
    if (!size || offset > m->size || size > m->size - offset)
        return CL_INVALID_VALUE;
    if (!gcl_map_flags_ok(flags))
        return CL_INVALID_VALUE;
    return gcl_mem_host_may(m, flags) ? CL_SUCCESS : CL_INVALID_OPERATION;
}

/* A map that the helper need not know of. */
static void *map_here(cl_mem m, cl_map_flags flags, size_t offset, size_t size, cl_int *errcode_ret)
{
    char *ptr = mapped_base(m) + offset;
    cl_int err = gcl_mapping_add(
        m, &(struct gcl_mapping){
               .ptr = ptr, .flags = flags, .offset = offset, .size = size, .local = true});
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, ptr);
}

void *CL_API_CALL gcl_clEnqueueMapBuffer(cl_command_queue queue, cl_mem m, cl_bool blocking,
                                         cl_map_flags flags, size_t offset, size_t size, cl_uint n,
                                         const cl_event *list, cl_event *event, cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err = check_map(queue, m, flags, offset, size);
    if (!err && gcl_direct_map(queue, m, blocking, offset, size, n, list, event))
        return map_here(m, flags, offset, size, errcode_ret);
    if (err || (err = make_shadow(queue, m)) || (err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    f.queue = queue;
    struct vocl_clEnqueueMapBuffer_req req = {.command_queue = gcl_id(queue),
                                              .buffer = gcl_id(m),
                                              .blocking_map = blocking,
                                              .map_flags = flags,
                                              .offset = offset,
                                              .size = size};
    char *ptr = mapped_base(m) + offset;
    struct gcl_mapping map = {.ptr = ptr, .flags = flags, .offset = offset, .size = size};
    f.blocking = blocking;
    if (!through_host_ptr(m))
        req.shadow = shadow_at(m, offset, size);
    else if (!(flags & CL_MAP_WRITE_INVALIDATE_REGION))
        /* never inline: a map's reply carries no data */
        err = gcl_frame_data_out(&f, ptr, size, NULL, CL_FALSE, &req.shadow);
    f.blocking = blocking;
    if (err ||
        (err = gcl_frame_events(&f, n, list, CL_INVALID_EVENT_WAIT_LIST, &req.event_wait_list)))
        goto out;
    if ((event || gcl_frame_needs_event(&f)) &&
        (err = gcl_frame_event(&f, queue, CL_COMMAND_MAP_BUFFER, &req.event, &req.event_slot)))
        goto out;
    if ((err = gcl_mapping_add(m, &map)))
        goto out;
    vocl_put_clEnqueueMapBuffer_req(f.w, &req);
    if ((err = gcl_frame_status(&f, VOCL_OP_clEnqueueMapBuffer)))
        gcl_mapping_take(m, ptr, &map);
out:
    gcl_frame_end(&f, err, event);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, ptr);
}

/* And its unmap, of which the helper need know the place in the order at the most. */
static cl_int unmap_here(cl_command_queue queue, cl_mem m, const struct gcl_mapping *map, cl_uint n,
                         const cl_event *list, cl_event *event)
{
    if (gcl_direct_unmap(queue, n, list, event))
        return CL_SUCCESS;
    cl_int err = gcl_dispatch.clEnqueueMarkerWithWaitList(queue, n, list, event);
    if (err)
        gcl_mapping_add(m, map);
    else if (event)
        (*event)->command = CL_COMMAND_UNMAP_MEM_OBJECT;
    return err;
}

cl_int CL_API_CALL gcl_clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem m, void *ptr,
                                               cl_uint n, const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct gcl_mapping map;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (!gcl_is_mem(m))
        return CL_INVALID_MEM_OBJECT;
    if (queue->context != m->context)
        return CL_INVALID_CONTEXT;
    if (m->image_type)
        return gcl_image_unmap(queue, m, ptr, n, list, event);
    if (!gcl_mapping_take(m, ptr, &map))
        return CL_INVALID_VALUE;
    if (map.local)
        return unmap_here(queue, m, &map, n, list, event);
    cl_int err = gcl_frame_begin(&f);
    if (err) {
        gcl_mapping_add(m, &map);
        return err;
    }
    f.queue = queue;
    struct vocl_clEnqueueUnmapMemObject_req req = {.command_queue = gcl_id(queue),
                                                   .memobj = gcl_id(m),
                                                   .map_flags = map.flags,
                                                   .offset = map.offset,
                                                   .size = map.size};
    if (!through_host_ptr(m))
        req.shadow = shadow_at(m, map.offset, map.size);
    else if (map.flags & GCL_MAP_WRITES)
        err = gcl_frame_data_in(&f, ptr, map.size, NULL, CL_FALSE, &req.shadow);
    if (err ||
        (err = gcl_frame_events(&f, n, list, CL_INVALID_EVENT_WAIT_LIST, &req.event_wait_list)))
        goto out;
    if ((event || gcl_frame_needs_event(&f)) &&
        (err =
             gcl_frame_event(&f, queue, CL_COMMAND_UNMAP_MEM_OBJECT, &req.event, &req.event_slot)))
        goto out;
    vocl_put_clEnqueueUnmapMemObject_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clEnqueueUnmapMemObject);
out:
    if (err)
        gcl_mapping_add(m, &map);
    return gcl_frame_end(&f, err, event);
}
