// SPDX-License-Identifier: MIT
#include "image.h"

#include "calls.h"
#include "data.h"
#include "handlers.h"

uint64_t hcl_image_span(struct hcl_call *c, cl_mem image, const size_t *region, uint64_t row_pitch,
                        uint64_t slice_pitch)
{
    static const size_t origin[3];
    const cl_icd_dispatch *cl = &c->w->cl;
    cl_mem_object_type type = 0;
    size_t pixel = 0;
    if (!region || cl->clGetImageInfo(image, CL_IMAGE_ELEMENT_SIZE, sizeof(pixel), &pixel, NULL) ||
        cl->clGetMemObjectInfo(image, CL_MEM_TYPE, sizeof(type), &type, NULL))
        return UINT64_MAX;
    size_t bytes[3] = {0, region[1], region[2]};
    if (__builtin_mul_overflow(region[0], pixel, &bytes[0]))
        return UINT64_MAX;
    if (type != CL_MEM_OBJECT_IMAGE1D_ARRAY)
        return hcl_rect_span(origin, bytes, row_pitch, slice_pitch);
    /* Runtimes differ in which of the two steps from line to line: room for both. */
    return hcl_rect_span(origin, bytes, row_pitch > slice_pitch ? row_pitch : slice_pitch,
                         slice_pitch);
}

/* What the guest says of an image, as the native structures. */
static bool native_desc(struct hcl_call *c, struct vocl_words w, uint64_t buffer,
                        cl_image_desc *d, cl_int *ret)
{
    if (w.count != 9) {
        hcl_malformed(c);
        return false;
    }
    *d = (cl_image_desc){.image_type = w.v[0], .image_width = w.v[1], .image_height = w.v[2],
                         .image_depth = w.v[3], .image_array_size = w.v[4],
                         .image_row_pitch = w.v[5], .image_slice_pitch = w.v[6],
                         .num_mip_levels = w.v[7], .num_samples = w.v[8]};
    if (buffer && !(d->mem_object = hcl_object(c->w, buffer, HCL_MEM)))
        *ret = CL_INVALID_IMAGE_DESCRIPTOR;
    return true;
}

/* Bytes that the runtime may read at the host pointer; UINT64_MAX on overflow.
 * A pitch that is too small counts as the smallest that it may be: the runtime
 * refuses it, or goes by what is right. */
static uint64_t host_size(const cl_image_desc *d, uint64_t pixel)
{
    uint64_t row, slice, all;
    uint64_t lines = d->image_height ? d->image_height : 1;
    uint64_t slices = d->image_type == CL_MEM_OBJECT_IMAGE3D ? d->image_depth
                      : d->image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY ||
                                d->image_type == CL_MEM_OBJECT_IMAGE2D_ARRAY
                          ? d->image_array_size
                          : 1;
    if (d->image_type == CL_MEM_OBJECT_IMAGE1D || d->image_type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
        lines = 1;
    if (__builtin_mul_overflow(d->image_width, pixel, &row))
        return UINT64_MAX;
    row = d->image_row_pitch > row ? d->image_row_pitch : row;
    if (__builtin_mul_overflow(row, lines, &slice))
        return UINT64_MAX;
    slice = d->image_slice_pitch > slice && slices > 1 ? d->image_slice_pitch : slice;
    return __builtin_mul_overflow(slice, slices, &all) ? UINT64_MAX : all;
}

/* The pixel's size, which only an image can tell: a 1x1 one of the format. 0: the
 * runtime makes none, and says why. */
static uint64_t pixel_size(struct hcl_call *c, cl_context context, const cl_image_format *format,
                           cl_int *why)
{
    cl_image_desc d = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1, .image_height = 1};
    size_t pixel = 0;
    cl_int ret = CL_SUCCESS;
    cl_mem probe = c->w->cl.clCreateImage(context, CL_MEM_READ_ONLY, format, &d, NULL, &ret);
    *why = ret ? ret : CL_IMAGE_FORMAT_NOT_SUPPORTED;
    if (!probe)
        return 0;
    c->w->cl.clGetImageInfo(probe, CL_IMAGE_ELEMENT_SIZE, sizeof(pixel), &pixel, NULL);
    c->w->cl.clReleaseMemObject(probe);
    return pixel;
}

static cl_int begin_host_ptr(struct hcl_call *c, cl_context context,
                             const struct vocl_clCreateImageWithProperties_req *q,
                             const cl_image_format *format, const cl_image_desc *desc,
                             struct hcl_data *data)
{
    uint64_t need = 0;
    if (q->host_ptr.kind != VOCL_PAYLOAD_NONE) {
        cl_int why;
        uint64_t pixel = pixel_size(c, context, format, &why);
        if (!pixel)
            return why;
        need = host_size(desc, pixel);
    }
    return hcl_data_begin(c, &q->host_ptr, need, false, data);
}

static void create_image(struct hcl_call *c,
                         const struct vocl_clCreateImageWithProperties_req *q, bool properties)
{
    cl_image_format format = {q->order, q->type};
    cl_image_desc desc;
    struct hcl_data data = {0};
    cl_mem image = NULL;
    cl_int ret = CL_SUCCESS;
    if (q->flags & CL_MEM_USE_HOST_PTR) {
        hcl_malformed(c);
        return;
    }
    if (!native_desc(c, q->desc, q->buffer, &desc, &ret))
        return;
    cl_context context = hcl_object(c->w, q->context, HCL_CONTEXT);
    if (!context)
        ret = CL_INVALID_CONTEXT;
    if (!ret)
        ret = begin_host_ptr(c, context, q, &format, &desc, &data);
    if (!ret && !properties)
        image = c->w->cl.clCreateImage(context, q->flags, &format, &desc, data.ptr, &ret);
    else if (!ret && c->w->cl.clCreateImageWithProperties)
        image = c->w->cl.clCreateImageWithProperties(context, q->properties.v, q->flags, &format,
                                                     &desc, data.ptr, &ret);
    else if (!ret)
        ret = CL_INVALID_OPERATION;
    hcl_data_end(&data);
    hcl_reply_status(c, hcl_made(c, ret, q->id, HCL_MEM, image));
}

void hcl_clCreateImage(struct hcl_call *c)
{
    struct vocl_clCreateImage_req q;
    vocl_get_clCreateImage_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    struct vocl_clCreateImageWithProperties_req all = {
        .id = q.id, .context = q.context, .flags = q.flags, .order = q.order, .type = q.type,
        .buffer = q.buffer, .desc = q.desc, .host_ptr = q.host_ptr};
    create_image(c, &all, false);
}

void hcl_clCreateImageWithProperties(struct hcl_call *c)
{
    struct vocl_clCreateImageWithProperties_req q;
    vocl_get_clCreateImageWithProperties_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    if (hcl_mem_properties_known(q.properties))
        create_image(c, &q, true);
    else
        hcl_reply_status(c, CL_INVALID_PROPERTY);
}

/* A map and an unmap have the same fields. */
struct mapping {
    cl_command_queue queue;
    cl_mem image;
    const size_t *origin;
    const size_t *region;
    const cl_event *waits;
    struct hcl_data data;
    cl_event event;
};

/* False: the client has been ended. */
static bool begin(struct hcl_call *c, const struct vocl_unmap_image_req *q, bool moves, bool out,
                  struct mapping *m, cl_int *ret)
{
    if (!q->origin.v || !q->region.v) {
        hcl_malformed(c);
        return false;
    }
    if (!hcl_sizes(c, q->origin, 3, 3, &m->origin) || !hcl_sizes(c, q->region, 3, 3, &m->region))
        return false;
    m->queue = hcl_object(c->w, q->command_queue, HCL_QUEUE);
    m->image = hcl_object(c->w, q->image, HCL_MEM);
    m->waits = hcl_objects(c, q->event_wait_list, HCL_EVENT);
    if (!m->queue || !m->image)
        *ret = m->queue ? CL_INVALID_MEM_OBJECT : CL_INVALID_COMMAND_QUEUE;
    else if (q->event_wait_list.count && !m->waits)
        *ret = CL_INVALID_EVENT_WAIT_LIST;
    else
        *ret = hcl_data_begin(c, &q->shadow,
                              moves ? hcl_image_span(c, m->image, m->region, q->row_pitch,
                                                     q->slice_pitch)
                                    : 0,
                              out, &m->data);
    m->data.out = false; /* nothing comes back in the reply */
    return true;
}

static cl_int marker(struct hcl_call *c, struct mapping *m, const struct vocl_unmap_image_req *q)
{
    return c->w->cl.clEnqueueMarkerWithWaitList(m->queue, q->event_wait_list.count, m->waits,
                                                &m->event);
}

void hcl_clEnqueueMapImage(struct hcl_call *c)
{
    struct vocl_clEnqueueMapImage_req q;
    struct mapping m = {0};
    cl_int ret = CL_SUCCESS;
    vocl_get_clEnqueueMapImage_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    bool reads = !(q.map_flags & CL_MAP_WRITE_INVALIDATE_REGION);
    struct vocl_unmap_image_req same = {q.command_queue, q.image, q.map_flags, q.row_pitch,
                                        q.slice_pitch, q.origin, q.region, q.shadow,
                                        q.event_wait_list, q.event, q.event_slot};
    if (!begin(c, &same, reads, true, &m, &ret))
        return;
    if (!ret && reads)
        ret = c->w->cl.clEnqueueReadImage(m.queue, m.image, CL_FALSE, m.origin, m.region,
                                          q.row_pitch, q.slice_pitch, m.data.ptr,
                                          q.event_wait_list.count, m.waits, &m.event);
    else if (!ret)
        ret = marker(c, &m, &same);
    hcl_enqueued_data(c, ret, m.event, q.event, q.event_slot, &m.data, q.blocking_map);
}

void hcl_VOCL_UNMAP_IMAGE(struct hcl_call *c)
{
    struct vocl_unmap_image_req q;
    struct mapping m = {0};
    cl_int ret = CL_SUCCESS;
    vocl_get_unmap_image_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    bool writes = q.map_flags & HCL_MAP_WRITES;
    if (!begin(c, &q, writes, false, &m, &ret))
        return;
    if (!ret && writes)
        ret = c->w->cl.clEnqueueWriteImage(m.queue, m.image, CL_FALSE, m.origin, m.region,
                                           q.row_pitch, q.slice_pitch, m.data.ptr,
                                           q.event_wait_list.count, m.waits, &m.event);
    else if (!ret)
        ret = marker(c, &m, &q);
    hcl_enqueued_data(c, ret, m.event, q.event, q.event_slot, &m.data, false);
}
