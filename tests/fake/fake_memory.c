// SPDX-License-Identifier: MIT
#include "fake_calls.h"

#include <stdlib.h>

#include "extension_types.h"

INFO(sampler_info, cl_sampler, HCL_SAMPLER, cl_sampler_info)

static struct fake_rows range(const void *ptr, size_t size)
{
    return (struct fake_rows){(uint8_t *)ptr, size, 1, 1, 0, 0};
}

static cl_int CL_API_CALL mem_info(cl_mem h, cl_mem_info name, size_t size, void *value,
                                   size_t *ret)
{
    const cl_ulong address = FAKE_ADDRESS;
    struct fake *m = fake_of(h, HCL_MEM);
    if (name == CL_MEM_FLAGS)
        return give(&m->flags, sizeof(m->flags), size, value, ret);
    if (name == CL_MEM_TYPE)
        return give(&m->mem_type, sizeof(m->mem_type), size, value, ret);
    if (name == CL_MEM_DEVICE_ADDRESS_EXT)
        return m->has_address ? give(&address, sizeof(address), size, value, ret)
                              : CL_INVALID_OPERATION;
    if (name == CL_MEM_HOST_PTR && m->flags & CL_MEM_USE_HOST_PTR)
        return give(&m->data, sizeof(m->data), size, value, ret);
    return some_info(name, size, value, ret);
}

#define PIXEL ((size_t)4)

static bool is_image(const struct fake *m)
{
    return m->mem_type != CL_MEM_OBJECT_BUFFER && m->mem_type != CL_MEM_OBJECT_PIPE;
}

static cl_int CL_API_CALL image_info(cl_mem h, cl_image_info name, size_t size, void *value,
                                     size_t *ret)
{
    size_t pixel = PIXEL;
    if (!is_image(fake_of(h, HCL_MEM)))
        return CL_INVALID_MEM_OBJECT;
    return name == CL_IMAGE_ELEMENT_SIZE ? give(&pixel, sizeof(pixel), size, value, ret)
                                         : some_info(name, size, value, ret);
}

static cl_mem create_mem(cl_context c, cl_mem_flags flags, size_t size, void *host, cl_int *ret)
{
    fake_of(c, HCL_CONTEXT);
    if (!size || size > FAKE_MAX_BYTES)
        return failed(ret, CL_INVALID_BUFFER_SIZE);
    if (!host != !(flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR)))
        return failed(ret, CL_INVALID_HOST_PTR);
    struct fake *m = fake_create(HCL_MEM);
    m->flags = flags;
    m->size = size;
    m->mem_type = CL_MEM_OBJECT_BUFFER;
    if (host)
        fake_read(host, size);
    m->data = flags & CL_MEM_USE_HOST_PTR ? host : calloc(1, size);
    return made(m, ret);
}

static cl_mem CL_API_CALL create_buffer(cl_context c, cl_mem_flags flags, size_t size, void *host,
                                        cl_int *ret)
{
    return create_mem(c, flags, size, host, ret);
}

static cl_mem CL_API_CALL create_buffer_with_properties(cl_context c, const cl_mem_properties *p,
                                                        cl_mem_flags flags, size_t size, void *host,
                                                        cl_int *ret)
{
    bool has_address = false;
    for (; p && *p; p += 2)
        has_address = has_address || (*p == CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT && p[1]);
    cl_mem m = create_mem(c, flags, size, host, ret);
    if (m)
        ((struct fake *)m)->has_address = has_address;
    return m;
}

void fake_address(cl_ulong address)
{
    size_t size = fake_largest_addressed();
    if (!size || address < FAKE_ADDRESS || address - FAKE_ADDRESS > size)
        abort();
}

static cl_mem CL_API_CALL create_sub_buffer(cl_mem parent, cl_mem_flags flags,
                                            cl_buffer_create_type type, const void *info,
                                            cl_int *ret)
{
    struct fake *p = fake_of(parent, HCL_MEM);
    const cl_buffer_region *r = info;
    (void)type;
    if (!p->data || p->parent || r->origin > p->size || !r->size || r->size > p->size - r->origin)
        return failed(ret, CL_INVALID_VALUE);
    struct fake *m = fake_create(HCL_MEM);
    m->flags = flags | (p->flags & CL_MEM_USE_HOST_PTR);
    m->mem_type = CL_MEM_OBJECT_BUFFER;
    m->size = r->size;
    m->data = p->data + r->origin;
    m->parent = p;
    fake_retain(p);
    return made(m, ret);
}

/* As large as the description says, at what the row pitch says. */
static cl_mem CL_API_CALL create_image(cl_context c, cl_mem_flags flags, const cl_image_format *f,
                                       const cl_image_desc *d, void *host, cl_int *ret)
{
    size_t lines = d->image_height ? d->image_height : 1;
    size_t slices = d->image_depth ? d->image_depth : 1;
    if (d->image_array_size)
        slices = d->image_array_size;
    if (f->image_channel_order % 5 == 4)
        return failed(ret, CL_IMAGE_FORMAT_NOT_SUPPORTED);
    if (d->mem_object)
        fake_of(d->mem_object, HCL_MEM);
    if (!d->image_width || d->image_width > 1000 || lines > 100 || slices > 10 ||
        d->image_row_pitch > 8000 || d->image_slice_pitch > 100000)
        return failed(ret, CL_INVALID_IMAGE_SIZE);
    cl_mem m = create_mem(c, flags & ~(cl_mem_flags)CL_MEM_COPY_HOST_PTR,
                          d->image_width * PIXEL * lines * slices, NULL, ret);
    if (m && host)
        fake_read(host, d->image_width * PIXEL);
    if (m)
        ((struct fake *)m)->mem_type = d->image_type;
    return m;
}

static cl_mem CL_API_CALL create_image_with_properties(cl_context c, const cl_mem_properties *p,
                                                       cl_mem_flags flags, const cl_image_format *f,
                                                       const cl_image_desc *d, void *host,
                                                       cl_int *ret)
{
    read_properties64(p);
    return create_image(c, flags, f, d, host, ret);
}

static cl_int CL_API_CALL image_formats(cl_context c, cl_mem_flags flags, cl_mem_object_type type,
                                        cl_uint n, cl_image_format *out, cl_uint *count)
{
    (void)flags, (void)type;
    fake_of(c, HCL_CONTEXT);
    if (out)
        fake_write(out, (n < 9 ? n : 9) * sizeof(*out));
    if (count)
        *count = 9;
    return CL_SUCCESS;
}

static cl_mem CL_API_CALL create_pipe(cl_context c, cl_mem_flags flags, cl_uint packet,
                                      cl_uint packets, const cl_pipe_properties *p, cl_int *ret)
{
    while (p && *p)
        p += 2;
    if (!packet || !packets || packet > 64 || packets > 1000)
        return failed(ret, CL_INVALID_PIPE_SIZE);
    cl_mem m = create_mem(c, flags & ~(cl_mem_flags)(CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR),
                          (size_t)packet * packets, NULL, ret);
    if (m)
        ((struct fake *)m)->mem_type = CL_MEM_OBJECT_PIPE;
    return m;
}

static cl_int CL_API_CALL pipe_info(cl_mem h, cl_pipe_info name, size_t size, void *value,
                                    size_t *ret)
{
    return fake_of(h, HCL_MEM)->mem_type == CL_MEM_OBJECT_PIPE ? some_info(name, size, value, ret)
                                                               : CL_INVALID_MEM_OBJECT;
}

static bool outside(const struct fake *m, size_t offset, size_t size)
{
    return !size || offset > m->size || size > m->size - offset;
}

/* A blocking command returns when it is complete. */
static cl_int done(cl_int ret, cl_bool blocking)
{
    if (ret == CL_SUCCESS && blocking)
        fake_native_settle();
    return ret;
}

static cl_int CL_API_CALL read_buffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                      size_t size, void *p, cl_uint n, const cl_event *list,
                                      cl_event *e)
{
    if (!p || outside(fake_of(m, HCL_MEM), offset, size))
        return CL_INVALID_VALUE;
    return done(fake_enqueue(q, m, range(p, size), true, n, list, e), blocking);
}

static cl_int CL_API_CALL write_buffer(cl_command_queue q, cl_mem m, cl_bool blocking,
                                       size_t offset, size_t size, const void *p, cl_uint n,
                                       const cl_event *list, cl_event *e)
{
    if (!p || outside(fake_of(m, HCL_MEM), offset, size))
        return CL_INVALID_VALUE;
    return done(fake_enqueue(q, m, range(p, size), false, n, list, e), blocking);
}

/* The rows of the host's side; false for what no runtime would accept. */
static bool host_rows(const size_t *origin, const size_t *region, size_t row_pitch,
                      size_t slice_pitch, const void *p, struct fake_rows *rows)
{
    if (!p || !origin || !region || !region[0] || !region[1] || !region[2] || region[0] > 4096 ||
        region[1] > 64 || region[2] > 64)
        return false;
    row_pitch = row_pitch ? row_pitch : region[0];
    slice_pitch = slice_pitch ? slice_pitch : row_pitch * region[1];
    if (row_pitch < region[0])
        return false;
    *rows = (struct fake_rows){(uint8_t *)p + origin[0] + origin[1] * row_pitch +
                                   origin[2] * slice_pitch,
                               region[0],
                               region[1],
                               region[2],
                               row_pitch,
                               slice_pitch};
    return true;
}

static cl_int rect_command(cl_command_queue q, cl_mem m, const size_t *mem_origin,
                           const size_t *origin, const size_t *region, size_t row, size_t slice,
                           const void *p, bool out, cl_uint n, const cl_event *list, cl_event *e)
{
    struct fake_rows rows;
    fake_of(m, HCL_MEM);
    if (!mem_origin || !host_rows(origin, region, row, slice, p, &rows))
        return CL_INVALID_VALUE;
    fake_read(mem_origin, 24);
    return fake_enqueue(q, m, rows, out, n, list, e);
}

static cl_int CL_API_CALL read_rect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                    const size_t *mem_origin, const size_t *origin,
                                    const size_t *region, size_t mem_row, size_t mem_slice,
                                    size_t row, size_t slice, void *p, cl_uint n,
                                    const cl_event *list, cl_event *e)
{
    (void)mem_row, (void)mem_slice;
    return done(rect_command(q, m, mem_origin, origin, region, row, slice, p, true, n, list, e),
                blocking);
}

static cl_int CL_API_CALL write_rect(cl_command_queue q, cl_mem m, cl_bool blocking,
                                     const size_t *mem_origin, const size_t *origin,
                                     const size_t *region, size_t mem_row, size_t mem_slice,
                                     size_t row, size_t slice, const void *p, cl_uint n,
                                     const cl_event *list, cl_event *e)
{
    (void)mem_row, (void)mem_slice;
    return done(rect_command(q, m, mem_origin, origin, region, row, slice, p, false, n, list, e),
                blocking);
}

static cl_int image_command(cl_command_queue q, cl_mem m, const size_t *origin,
                            const size_t *region, size_t row, size_t slice, const void *p, bool out,
                            cl_uint n, const cl_event *list, cl_event *e)
{
    static const size_t zero[3];
    struct fake_rows rows;
    struct fake *f = fake_of(m, HCL_MEM);
    if (!origin || !region || !is_image(f) || region[0] > 1024)
        return CL_INVALID_VALUE;
    fake_read(origin, 24);
    size_t bytes[3] = {region[0] * PIXEL, region[1], region[2]};
    if (!host_rows(zero, bytes, row, slice, p, &rows))
        return CL_INVALID_VALUE;
    return fake_enqueue(q, m, rows, out, n, list, e);
}

static cl_int CL_API_CALL read_image(cl_command_queue q, cl_mem m, cl_bool blocking,
                                     const size_t *origin, const size_t *region, size_t row,
                                     size_t slice, void *p, cl_uint n, const cl_event *list,
                                     cl_event *e)
{
    return done(image_command(q, m, origin, region, row, slice, p, true, n, list, e), blocking);
}

static cl_int CL_API_CALL write_image(cl_command_queue q, cl_mem m, cl_bool blocking,
                                      const size_t *origin, const size_t *region, size_t row,
                                      size_t slice, const void *p, cl_uint n, const cl_event *list,
                                      cl_event *e)
{
    return done(image_command(q, m, origin, region, row, slice, p, false, n, list, e), blocking);
}

static void *CL_API_CALL map_buffer(cl_command_queue q, cl_mem m, cl_bool blocking,
                                    cl_map_flags flags, size_t offset, size_t size, cl_uint n,
                                    const cl_event *list, cl_event *e, cl_int *ret)
{
    struct fake *f = fake_of(m, HCL_MEM);
    (void)blocking, (void)flags;
    *ret = outside(f, offset, size) ? CL_INVALID_VALUE : fake_plain(q, m, n, list, e);
    return *ret ? NULL : f->data + offset;
}

static cl_int CL_API_CALL unmap(cl_command_queue q, cl_mem m, void *p, cl_uint n,
                                const cl_event *list, cl_event *e)
{
    return p ? fake_plain(q, m, n, list, e) : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL fill_buffer(cl_command_queue q, cl_mem m, const void *pattern,
                                      size_t pattern_size, size_t offset, size_t size, cl_uint n,
                                      const cl_event *list, cl_event *e)
{
    if (!pattern || outside(fake_of(m, HCL_MEM), offset, size) || !pattern_size ||
        pattern_size > 128)
        return CL_INVALID_VALUE;
    fake_read(pattern, pattern_size);
    return fake_plain(q, m, n, list, e);
}

static cl_int CL_API_CALL fill_image(cl_command_queue q, cl_mem m, const void *color,
                                     const size_t *origin, const size_t *region, cl_uint n,
                                     const cl_event *list, cl_event *e)
{
    if (!color || !origin || !region)
        return CL_INVALID_VALUE;
    fake_read(color, 16);
    fake_read(origin, 24);
    fake_read(region, 24);
    return fake_plain(q, m, n, list, e);
}

static cl_int CL_API_CALL copy_buffer(cl_command_queue q, cl_mem a, cl_mem b, size_t from,
                                      size_t to, size_t size, cl_uint n, const cl_event *list,
                                      cl_event *e)
{
    if (outside(fake_of(a, HCL_MEM), from, size) || outside(fake_of(b, HCL_MEM), to, size))
        return CL_INVALID_VALUE;
    return fake_plain(q, a, n, list, e);
}

static cl_int three(const size_t *a, const size_t *b, const size_t *c)
{
    if (!a || !b || !c)
        return CL_INVALID_VALUE;
    fake_read(a, 24);
    fake_read(b, 24);
    fake_read(c, 24);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL copy_rect(cl_command_queue q, cl_mem a, cl_mem b, const size_t *from,
                                    const size_t *to, const size_t *region, size_t a_row,
                                    size_t a_slice, size_t b_row, size_t b_slice, cl_uint n,
                                    const cl_event *list, cl_event *e)
{
    (void)a_row, (void)a_slice, (void)b_row, (void)b_slice;
    fake_of(b, HCL_MEM);
    return three(from, to, region) ? CL_INVALID_VALUE : fake_plain(q, a, n, list, e);
}

static cl_int CL_API_CALL copy_image(cl_command_queue q, cl_mem a, cl_mem b, const size_t *from,
                                     const size_t *to, const size_t *region, cl_uint n,
                                     const cl_event *list, cl_event *e)
{
    return copy_rect(q, a, b, from, to, region, 0, 0, 0, 0, n, list, e);
}

static cl_int CL_API_CALL image_to_buffer(cl_command_queue q, cl_mem a, cl_mem b,
                                          const size_t *from, const size_t *region, size_t to,
                                          cl_uint n, const cl_event *list, cl_event *e)
{
    (void)to;
    return copy_rect(q, a, b, from, from, region, 0, 0, 0, 0, n, list, e);
}

static cl_int CL_API_CALL buffer_to_image(cl_command_queue q, cl_mem a, cl_mem b, size_t from,
                                          const size_t *to, const size_t *region, cl_uint n,
                                          const cl_event *list, cl_event *e)
{
    (void)from;
    return copy_rect(q, a, b, to, to, region, 0, 0, 0, 0, n, list, e);
}

static cl_int CL_API_CALL migrate(cl_command_queue q, cl_uint n, const cl_mem *mems,
                                  cl_mem_migration_flags flags, cl_uint num, const cl_event *list,
                                  cl_event *e)
{
    (void)flags;
    if (!n || !mems)
        return CL_INVALID_VALUE;
    for (cl_uint i = 0; i < n; i++)
        fake_of(mems[i], HCL_MEM);
    return fake_plain(q, NULL, num, list, e);
}

static cl_int CL_API_CALL on_mem_end(cl_mem m, void(CL_CALLBACK *fn)(cl_mem, void *), void *opaque)
{
    fake_on_end(fake_of(m, HCL_MEM), (void *)fn, opaque);
    return CL_SUCCESS;
}

static cl_sampler CL_API_CALL create_sampler(cl_context c, cl_bool normalized,
                                             cl_addressing_mode mode, cl_filter_mode filter,
                                             cl_int *ret)
{
    (void)normalized, (void)filter;
    fake_of(c, HCL_CONTEXT);
    return mode % 3 ? made(fake_create(HCL_SAMPLER), ret) : failed(ret, CL_INVALID_VALUE);
}

static cl_sampler CL_API_CALL create_sampler_with_properties(cl_context c,
                                                             const cl_sampler_properties *p,
                                                             cl_int *ret)
{
    read_properties64(p);
    return create_sampler(c, 0, 1, 0, ret);
}

COUNTED(mem, cl_mem, HCL_MEM)
COUNTED(sampler, cl_sampler, HCL_SAMPLER)

void fake_fill_memory(cl_icd_dispatch *cl)
{
    cl->clCreateBuffer = create_buffer;
    cl->clCreateBufferWithProperties = create_buffer_with_properties;
    cl->clCreateSubBuffer = create_sub_buffer;
    cl->clCreateImage = create_image;
    cl->clCreateImageWithProperties = create_image_with_properties;
    cl->clCreatePipe = create_pipe;
    cl->clGetPipeInfo = pipe_info;
    cl->clRetainMemObject = retain_mem;
    cl->clReleaseMemObject = release_mem;
    cl->clGetMemObjectInfo = mem_info;
    cl->clGetImageInfo = image_info;
    cl->clGetSupportedImageFormats = image_formats;
    cl->clSetMemObjectDestructorCallback = on_mem_end;
    cl->clEnqueueReadBuffer = read_buffer;
    cl->clEnqueueWriteBuffer = write_buffer;
    cl->clEnqueueReadBufferRect = read_rect;
    cl->clEnqueueWriteBufferRect = write_rect;
    cl->clEnqueueFillBuffer = fill_buffer;
    cl->clEnqueueCopyBuffer = copy_buffer;
    cl->clEnqueueCopyBufferRect = copy_rect;
    cl->clEnqueueReadImage = read_image;
    cl->clEnqueueWriteImage = write_image;
    cl->clEnqueueFillImage = fill_image;
    cl->clEnqueueCopyImage = copy_image;
    cl->clEnqueueCopyImageToBuffer = image_to_buffer;
    cl->clEnqueueCopyBufferToImage = buffer_to_image;
    cl->clEnqueueMapBuffer = map_buffer;
    cl->clEnqueueUnmapMemObject = unmap;
    cl->clEnqueueMigrateMemObjects = migrate;
    cl->clCreateSampler = create_sampler;
    cl->clCreateSamplerWithProperties = create_sampler_with_properties;
    cl->clRetainSampler = retain_sampler;
    cl->clReleaseSampler = release_sampler;
    cl->clGetSamplerInfo = sampler_info;
}
