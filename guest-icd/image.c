// SPDX-License-Identifier: MIT
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "frame.h"
#include "info.h"
#include "mapping.h"
#include "staging.h"
#include "stubs.h"

static size_t channels(cl_channel_order order)
{
    switch (order) {
    case CL_R:
    case CL_A:
    case CL_Rx:
    case CL_INTENSITY:
    case CL_LUMINANCE:
    case CL_DEPTH:
    case CL_DEPTH_STENCIL:
        return 1;
    case CL_RG:
    case CL_RA:
    case CL_RGx:
        return 2;
    case CL_RGB:
    case CL_RGBx:
    case CL_sRGB:
        return 3;
    case CL_RGBA:
    case CL_BGRA:
    case CL_ARGB:
    case CL_ABGR:
    case CL_sRGBx:
    case CL_sRGBA:
    case CL_sBGRA:
        return 4;
    default:
        return 0;
    }
}

/* OpenCL 3.0 table 24: packed types are one value for all channels. */
size_t gcl_format_size(const cl_image_format *f)
{
    switch (f->image_channel_data_type) {
    case CL_SNORM_INT8:
    case CL_UNORM_INT8:
    case CL_SIGNED_INT8:
    case CL_UNSIGNED_INT8:
        return channels(f->image_channel_order);
    case CL_SNORM_INT16:
    case CL_UNORM_INT16:
    case CL_SIGNED_INT16:
    case CL_UNSIGNED_INT16:
    case CL_HALF_FLOAT:
        return 2 * channels(f->image_channel_order);
    case CL_SIGNED_INT32:
    case CL_UNSIGNED_INT32:
    case CL_FLOAT:
        return 4 * channels(f->image_channel_order);
    case CL_UNORM_SHORT_565:
    case CL_UNORM_SHORT_555:
        return 2;
    case CL_UNORM_INT_101010:
    case CL_UNORM_INT_101010_2:
    case CL_UNORM_INT24:
        return 4;
    default:
        return 0;
    }
}

/* The second dimension of an array of lines is its slices. */
static size_t row_step(cl_mem m, size_t row_pitch, size_t slice_pitch)
{
    return m->image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY && slice_pitch ? slice_pitch : row_pitch;
}

struct gcl_rect gcl_image_rect(cl_mem m, const size_t *region, size_t row_pitch,
                               size_t slice_pitch)
{
    static const size_t origin[3];
    size_t bytes[3] = {region[0] * m->pixel, region[1], region[2]};
    return gcl_rect_of(origin, bytes, row_step(m, row_pitch, slice_pitch), slice_pitch);
}

size_t gcl_image_span(cl_mem m, const size_t *region, size_t row_pitch, size_t slice_pitch)
{
    static const size_t origin[3];
    size_t bytes[3] = {0, region[1], region[2]};
    if (!m->pixel || __builtin_mul_overflow(region[0], m->pixel, &bytes[0]))
        return 0;
    return gcl_rect_span(origin, bytes, row_step(m, row_pitch, slice_pitch), slice_pitch);
}

static size_t at_least(size_t pitch, size_t least)
{
    return pitch > least ? pitch : least;
}

/* Bytes that a host pointer must have for the image (§5.3.1.3). A pitch that is
 * too small is for the runtime to refuse. */
static size_t host_size(const cl_image_desc *d, size_t pixel)
{
    size_t row = at_least(d->image_row_pitch, d->image_width * pixel);
    size_t slice = at_least(d->image_slice_pitch, row * d->image_height);
    switch (d->image_type) {
    case CL_MEM_OBJECT_IMAGE1D:
        return row;
    case CL_MEM_OBJECT_IMAGE2D:
        return row * d->image_height;
    case CL_MEM_OBJECT_IMAGE3D:
        return slice * d->image_depth;
    case CL_MEM_OBJECT_IMAGE1D_ARRAY:
        return at_least(d->image_slice_pitch, row) * d->image_array_size;
    case CL_MEM_OBJECT_IMAGE2D_ARRAY:
        return slice * d->image_array_size;
    default:
        return 0;
    }
}

static cl_int put_desc(struct gcl_frame *f, const cl_image_desc *d, struct vocl_words *out)
{
    const uint64_t v[] = {d->image_type,       d->image_width,       d->image_height,
                          d->image_depth,      d->image_array_size,  d->image_row_pitch,
                          d->image_slice_pitch, d->num_mip_levels,   d->num_samples};
    uint64_t *copy = gcl_frame_words(f, sizeof(v) / sizeof(*v));
    if (!copy)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(copy, v, sizeof(v));
    *out = (struct vocl_words){copy, sizeof(v) / sizeof(*v)};
    return CL_SUCCESS;
}

static cl_int check_image(cl_context context, cl_mem_flags flags, const cl_image_format *format,
                          const cl_image_desc *desc, const void *host)
{
    if (!gcl_is_context(context))
        return CL_INVALID_CONTEXT;
    if (gcl_mem_check_flags(flags))
        return CL_INVALID_VALUE;
    /* How much is behind the host pointer, only the format tells; without one the
     * runtime may know formats that we do not. */
    if (!format || (host && !gcl_format_size(format)))
        return CL_INVALID_IMAGE_FORMAT_DESCRIPTOR;
    if (!desc || (desc->mem_object && !gcl_is_mem(desc->mem_object)))
        return CL_INVALID_IMAGE_DESCRIPTOR;
    /* Extensions that we do not carry. */
    if (desc->num_mip_levels || desc->num_samples)
        return CL_INVALID_IMAGE_DESCRIPTOR;
    if (!host != !(flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)) && !desc->mem_object)
        return CL_INVALID_HOST_PTR;
    return CL_SUCCESS;
}

static cl_mem image_shadow(cl_context context, cl_mem_flags flags, const cl_image_format *format,
                           const cl_image_desc *desc, void *host)
{
    cl_mem m = gcl_mem_create(context, flags, 0);
    if (!m)
        return NULL;
    m->image_type = desc->image_type;
    m->pixel = gcl_format_size(format);
    m->parent = desc->mem_object;
    if (m->parent)
        gcl_get(&m->parent->base);
    if (flags & CL_MEM_USE_HOST_PTR) {
        m->host_ptr = host;
        m->host_row_pitch = desc->image_row_pitch ? desc->image_row_pitch
                                                  : desc->image_width * m->pixel;
        m->host_slice_pitch = desc->image_slice_pitch
                                  ? desc->image_slice_pitch
                                  : m->host_row_pitch * (desc->image_height ? desc->image_height : 1);
        if (m->image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY && !desc->image_slice_pitch)
            m->host_slice_pitch = m->host_row_pitch;
    }
    return m;
}

/* The pixel's size in a format that we do not know. */
static cl_int ask_pixel(cl_mem m)
{
    return m->pixel ? CL_SUCCESS
                    : gcl_dispatch.clGetImageInfo(m, CL_IMAGE_ELEMENT_SIZE, sizeof(m->pixel),
                                                  &m->pixel, NULL);
}

static cl_mem create_image(uint16_t op, cl_context context, const cl_mem_properties *properties,
                           cl_mem_flags flags, const cl_image_format *format,
                           const cl_image_desc *desc, void *host, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateImageWithProperties_req req = {0};
    cl_int err = check_image(context, flags, format, desc, host);
    if (err || (err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    cl_mem m = image_shadow(context, gcl_mem_default_access(flags), format, desc, host);
    if (!m) {
        err = CL_OUT_OF_HOST_MEMORY;
        goto out;
    }
    req.id = m->base.id;
    req.context = gcl_id(context);
    req.flags = gcl_mem_native_flags(flags, host);
    req.order = format->image_channel_order;
    req.type = format->image_channel_data_type;
    req.buffer = gcl_id(desc->mem_object);
    if ((err = put_desc(&f, desc, &req.desc)) ||
        (err = gcl_frame_properties64(&f, properties, &req.properties)) ||
        (err = gcl_mem_keep_properties(m, properties, req.properties)) ||
        (host && (err = gcl_frame_data_in(&f, host, host_size(desc, m->pixel), NULL, CL_TRUE,
                                          &req.host_ptr))))
        goto out;
    if (op == VOCL_OP_clCreateImage)
        vocl_put_clCreateImage_req(
            f.w, &(struct vocl_clCreateImage_req){req.id, req.context, req.flags, req.order,
                                                  req.type, req.buffer, req.desc, req.host_ptr});
    else
        vocl_put_clCreateImageWithProperties_req(f.w, &req);
    err = gcl_frame_status(&f, op);
out:
    if (err && m)
        gcl_object_abandon(&m->base);
    gcl_frame_end(&f, err, NULL);
    if (!err && (err = ask_pixel(m)))
        gcl_api_release(&m->base);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, m);
}

cl_mem CL_API_CALL gcl_clCreateImage(cl_context context, cl_mem_flags flags,
                                     const cl_image_format *format, const cl_image_desc *desc,
                                     void *host_ptr, cl_int *errcode_ret)
{
    return create_image(VOCL_OP_clCreateImage, context, NULL, flags, format, desc, host_ptr,
                        errcode_ret);
}

cl_mem CL_API_CALL gcl_clCreateImageWithProperties(cl_context context,
                                                   const cl_mem_properties *properties,
                                                   cl_mem_flags flags,
                                                   const cl_image_format *format,
                                                   const cl_image_desc *desc, void *host_ptr,
                                                   cl_int *errcode_ret)
{
    return create_image(VOCL_OP_clCreateImageWithProperties, context, properties, flags, format,
                        desc, host_ptr, errcode_ret);
}

cl_mem CL_API_CALL gcl_clCreateImage2D(cl_context context, cl_mem_flags flags,
                                       const cl_image_format *format, size_t width, size_t height,
                                       size_t row_pitch, void *host_ptr, cl_int *errcode_ret)
{
    cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = width,
                          .image_height = height, .image_row_pitch = row_pitch};
    return gcl_clCreateImage(context, flags, format, &desc, host_ptr, errcode_ret);
}

cl_mem CL_API_CALL gcl_clCreateImage3D(cl_context context, cl_mem_flags flags,
                                       const cl_image_format *format, size_t width, size_t height,
                                       size_t depth, size_t row_pitch, size_t slice_pitch,
                                       void *host_ptr, cl_int *errcode_ret)
{
    cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE3D, .image_width = width,
                          .image_height = height, .image_depth = depth,
                          .image_row_pitch = row_pitch, .image_slice_pitch = slice_pitch};
    return gcl_clCreateImage(context, flags, format, &desc, host_ptr, errcode_ret);
}

/* Where a map's pixels go: the application's own memory, or a shadow of the
 * region's size with tight rows. */
static cl_int place_map(cl_mem m, const size_t *origin, const size_t *region,
                        struct gcl_mapping *map)
{
    bool three = m->image_type == CL_MEM_OBJECT_IMAGE3D ||
                 m->image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
    bool lines = m->image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
    memcpy(map->origin, origin, sizeof(map->origin));
    memcpy(map->region, region, sizeof(map->region));
    if (m->flags & CL_MEM_USE_HOST_PTR && m->host_ptr) {
        map->row_pitch = m->host_row_pitch;
        map->slice_pitch = three || lines ? m->host_slice_pitch : 0;
        map->ptr = (char *)m->host_ptr + origin[0] * m->pixel +
                   origin[1] * (lines ? map->slice_pitch : map->row_pitch) +
                   origin[2] * map->slice_pitch;
    } else {
        map->row_pitch = region[0] * m->pixel;
        map->slice_pitch = three ? map->row_pitch * region[1] : lines ? map->row_pitch : 0;
    }
    map->size = gcl_image_span(m, region, map->row_pitch, map->slice_pitch);
    if (!map->size)
        return CL_INVALID_VALUE;
    if (!map->ptr) {
        if (gcl_staging_take(map->size, &map->shadow))
            return CL_MAP_FAILURE;
        map->ptr = map->shadow.addr;
    }
    return CL_SUCCESS;
}

static cl_int check_map_image(cl_command_queue queue, cl_mem m, cl_map_flags flags,
                              const size_t *origin, const size_t *region, const size_t *row_pitch)
{
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (!gcl_is_mem(m) || !m->image_type || gcl_is_pipe(m))
        return CL_INVALID_MEM_OBJECT;
    if (queue->context != m->context)
        return CL_INVALID_CONTEXT;
    if (!origin || !region || !row_pitch || !gcl_map_flags_ok(flags))
        return CL_INVALID_VALUE;
    return gcl_mem_host_may(m, flags) ? CL_SUCCESS : CL_INVALID_OPERATION;
}

static struct vocl_payload shadow_of(const struct gcl_mapping *map)
{
    return (struct vocl_payload){.kind = VOCL_PAYLOAD_REGION,
                                 .len = map->size,
                                 .region = map->shadow.id,
                                 .offset = map->shadow.offset};
}

static void free_map(struct gcl_mapping *map)
{
    if (map->shadow.id)
        gcl_staging_give(&map->shadow);
}

void *CL_API_CALL gcl_clEnqueueMapImage(cl_command_queue queue, cl_mem m, cl_bool blocking,
                                        cl_map_flags flags, const size_t *origin,
                                        const size_t *region, size_t *row_pitch,
                                        size_t *slice_pitch, cl_uint n, const cl_event *list,
                                        cl_event *event, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct gcl_mapping map = {.flags = flags};
    cl_int err = check_map_image(queue, m, flags, origin, region, row_pitch);
    if (err || (err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    f.queue = queue;
    struct vocl_clEnqueueMapImage_req req = {
        .command_queue = gcl_id(queue), .image = gcl_id(m), .blocking_map = blocking,
        .map_flags = flags};
    if ((err = place_map(m, origin, region, &map)))
        goto out;
    req.row_pitch = map.row_pitch;
    req.slice_pitch = map.slice_pitch;
    if (map.shadow.id) {
        req.shadow = shadow_of(&map);
    } else if (!(flags & CL_MAP_WRITE_INVALIDATE_REGION)) {
        struct gcl_rect rect = gcl_image_rect(m, region, map.row_pitch, map.slice_pitch);
        err = gcl_frame_data_out(&f, map.ptr, map.size, &rect, CL_FALSE, &req.shadow);
    }
    f.blocking = blocking;
    if (err || (err = gcl_frame_sizes(&f, origin, 3, &req.origin)) ||
        (err = gcl_frame_sizes(&f, region, 3, &req.region)) ||
        (err = gcl_frame_events(&f, n, list, CL_INVALID_EVENT_WAIT_LIST, &req.event_wait_list)))
        goto out;
    if ((event || gcl_frame_needs_event(&f)) &&
        (err = gcl_frame_event(&f, queue, CL_COMMAND_MAP_IMAGE, &req.event, &req.event_slot)))
        goto out;
    if ((err = gcl_mapping_add(m, &map)))
        goto out;
    vocl_put_clEnqueueMapImage_req(f.w, &req);
    if ((err = gcl_frame_status(&f, VOCL_OP_clEnqueueMapImage)))
        gcl_mapping_take(m, map.ptr, &(struct gcl_mapping){0});
out:
    gcl_frame_end(&f, err, event);
    if (err) {
        free_map(&map);
        return gcl_fail(errcode_ret, err);
    }
    *row_pitch = map.row_pitch;
    if (slice_pitch)
        *slice_pitch = map.slice_pitch;
    return gcl_made(errcode_ret, map.ptr);
}

cl_int gcl_image_unmap(cl_command_queue queue, cl_mem m, void *ptr, cl_uint n,
                       const cl_event *list, cl_event *event)
{
    struct gcl_frame f;
    struct gcl_mapping map;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    f.queue = queue;
    if (!gcl_mapping_take(m, ptr, &map))
        return gcl_frame_end(&f, CL_INVALID_VALUE, NULL);
    struct vocl_unmap_image_req req = {
        .command_queue = gcl_id(queue), .image = gcl_id(m), .map_flags = map.flags,
        .row_pitch = map.row_pitch, .slice_pitch = map.slice_pitch};
    if (map.shadow.id) {
        req.shadow = shadow_of(&map);
        err = gcl_frame_keep(&f, &map.shadow);
    } else if (map.flags & GCL_MAP_WRITES)
        err = gcl_frame_data_in(&f, ptr, map.size, NULL, CL_FALSE, &req.shadow);
    if (err || (err = gcl_frame_sizes(&f, map.origin, 3, &req.origin)) ||
        (err = gcl_frame_sizes(&f, map.region, 3, &req.region)) ||
        (err = gcl_frame_events(&f, n, list, CL_INVALID_EVENT_WAIT_LIST, &req.event_wait_list)))
        goto out;
    if ((event || gcl_frame_needs_event(&f)) &&
        (err = gcl_frame_event(&f, queue, CL_COMMAND_UNMAP_MEM_OBJECT, &req.event,
                               &req.event_slot)))
        goto out;
    vocl_put_unmap_image_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_UNMAP_IMAGE);
out:
    if (err) {
        if (map.shadow.id)
            gcl_frame_keep_no_more(&f);
        gcl_mapping_add(m, &map);
    }
    return gcl_frame_end(&f, err, event);
}

bool gcl_local_image_info(cl_mem m, cl_image_info name, size_t size, void *value, size_t *ret,
                          cl_int *err)
{
    if (name != CL_IMAGE_BUFFER)
        return false;
    return gcl_info_value(m->parent, size, value, ret, err);
}
