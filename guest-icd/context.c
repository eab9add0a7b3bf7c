// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "callback.h"
#include "frame.h"
#include "info.h"
#include "platform.h"
#include "stubs.h"

typedef void(CL_CALLBACK *context_notify)(const char *, const void *, size_t, void *);

static void context_destroy(struct gcl_object *o)
{
    cl_context c = (cl_context)o;
    for (cl_uint i = 0; i < c->num_devices; i++)
        gcl_put(&c->devices[i]->base);
    gcl_callback_drop(c->notify);
    free(c->devices);
    free(c->properties);
    free(c);
}

static cl_int set_devices(cl_context c, cl_uint n, const cl_device_id *devices)
{
    c->devices = calloc(n ? n : 1, sizeof(*c->devices));
    if (!c->devices)
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++) {
        c->devices[i] = devices[i];
        gcl_get(&devices[i]->base);
    }
    c->num_devices = n;
    return CL_SUCCESS;
}

/* Keep the properties for CL_CONTEXT_PROPERTIES, and write them for the wire
 * with the platform's number in place of its handle. */
static cl_int set_properties(cl_context c, struct gcl_frame *f,
                             const cl_context_properties *properties, struct vocl_words *out)
{
    cl_int err = gcl_frame_properties(f, properties, out);
    if (err || !properties)
        return err;
    c->properties = calloc(out->count, sizeof(*c->properties));
    if (!c->properties)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(c->properties, properties, out->count * sizeof(*properties));
    c->num_properties = out->count;
    uint64_t *v = (uint64_t *)out->v;
    for (size_t i = 0; i + 1 < out->count; i += 2) {
        cl_platform_id p = (cl_platform_id)properties[i + 1];
        if (properties[i] != CL_CONTEXT_PLATFORM)
            continue;
        if (!gcl_is_platform(p))
            return CL_INVALID_PLATFORM;
        v[i + 1] = gcl_id(p);
    }
    return CL_SUCCESS;
}

static cl_context context_create(context_notify notify, void *user_data, cl_int *err)
{
    *err = CL_OUT_OF_HOST_MEMORY;
    cl_context c = gcl_object_create(sizeof(*c), GCL_CONTEXT, 0, context_destroy);
    if (!c)
        return NULL;
    if (notify && !(c->notify = gcl_callback_context(notify, user_data))) {
        gcl_object_abandon(&c->base);
        return NULL;
    }
    *err = CL_SUCCESS;
    return c;
}

static cl_context context_end(struct gcl_frame *f, cl_context c, cl_int err, cl_int *errcode_ret)
{
    if (err && c)
        gcl_object_abandon(&c->base);
    gcl_frame_end(f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, c);
}

cl_context CL_API_CALL gcl_clCreateContext(const cl_context_properties *properties, cl_uint n,
                                           const cl_device_id *devices, context_notify notify,
                                           void *user_data, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateContext_req req = {0};
    cl_int err;
    if (!n || !devices || (!notify && user_data))
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    if ((err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    cl_context c = context_create(notify, user_data, &err);
    if (err || (err = gcl_frame_devices(&f, n, devices, CL_INVALID_DEVICE, &req.devices)) ||
        (err = set_devices(c, n, devices)) ||
        (err = set_properties(c, &f, properties, &req.properties)))
        goto out;
    req.id = c->base.id;
    req.notify = c->notify;
    vocl_put_clCreateContext_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clCreateContext);
out:
    return context_end(&f, c, err, errcode_ret);
}

static cl_int take_devices(cl_context c, cl_platform_id platform, struct vocl_words ids)
{
    cl_device_id *list = calloc(ids.count + 1, sizeof(*list));
    cl_int err = list ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    for (uint64_t i = 0; i < ids.count && !err; i++)
        if (!(list[i] = gcl_device_of(ids.v[i], platform)))
            err = CL_OUT_OF_RESOURCES;
    if (!err)
        err = set_devices(c, ids.count, list);
    free(list);
    return err;
}

static cl_platform_id platform_in(const cl_context_properties *p)
{
    for (; p && p[0]; p += 2)
        if (p[0] == CL_CONTEXT_PLATFORM)
            return (cl_platform_id)p[1];
    return gcl_platform_default();
}

cl_context CL_API_CALL gcl_clCreateContextFromType(const cl_context_properties *properties,
                                                   cl_device_type type, context_notify notify,
                                                   void *user_data, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateContextFromType_req req = {.device_type = type};
    struct vocl_clCreateContextFromType_rep rep;
    cl_int err;
    if (!notify && user_data)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    if ((err = gcl_frame_begin(&f)))
        return gcl_fail(errcode_ret, err);
    cl_context c = context_create(notify, user_data, &err);
    if (err || (err = set_properties(c, &f, properties, &req.properties)))
        goto out;
    req.id = c->base.id;
    req.notify = c->notify;
    vocl_put_clCreateContextFromType_req(f.w, &req);
    if ((err = gcl_frame_call(&f, VOCL_OP_clCreateContextFromType)))
        goto out;
    vocl_get_clCreateContextFromType_rep(&f.reply, &rep);
    if ((err = gcl_frame_result(&f, rep.ret)))
        goto out;
    if (take_devices(c, platform_in(properties), rep.devices)) {
        /* The native context exists: release it the ordinary way. */
        gcl_frame_end(&f, CL_OUT_OF_HOST_MEMORY, NULL);
        gcl_api_release(&c->base);
        return gcl_fail(errcode_ret, CL_OUT_OF_HOST_MEMORY);
    }
out:
    return context_end(&f, c, err, errcode_ret);
}

cl_int CL_API_CALL gcl_clSetContextDestructorCallback(
    cl_context context, void(CL_CALLBACK *notify)(cl_context, void *), void *user_data)
{
    return gcl_is_context(context)
               ? gcl_callback_set_destructor(&context->base, VOCL_OP_clSetContextDestructorCallback,
                                             (void *)notify, user_data)
               : CL_INVALID_CONTEXT;
}

bool gcl_local_context_info(cl_context c, cl_context_info name, size_t size, void *value,
                            size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_CONTEXT_REFERENCE_COUNT:
        return gcl_info_value(c->base.refs, size, value, ret, err);
    case CL_CONTEXT_NUM_DEVICES:
        return gcl_info_value(c->num_devices, size, value, ret, err);
    case CL_CONTEXT_DEVICES:
        return gcl_info_bytes(c->devices, c->num_devices * sizeof(*c->devices), size, value, ret,
                              err);
    case CL_CONTEXT_PROPERTIES:
        return gcl_info_bytes(c->properties, c->num_properties * sizeof(*c->properties), size,
                              value, ret, err);
    default:
        return false;
    }
}
