// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "info.h"
#include "stubs.h"

static void semaphore_destroy(struct gcl_object *o)
{
    cl_semaphore_khr s = (cl_semaphore_khr)o;
    if (s->context)
        gcl_put(&s->context->base);
    free(s->properties);
    free(s);
}

static bool is_device_list(cl_semaphore_properties_khr name)
{
    return name == CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR || name == CL_DEVICE_HANDLE_LIST_KHR;
}

/* Entries, the closing 0 included. A list of devices has an end of its own. */
static size_t properties_length(const cl_semaphore_properties_khr *p)
{
    size_t n = 0;
    while (p[n]) {
        bool list = is_device_list(p[n++]);
        while (list && p[n])
            n++;
        n++;
    }
    return n + 1;
}

/* Write the properties for the wire, with devices' numbers in place of their
 * handles. What else there is of handles is of extensions that do not cross. */
static cl_int put_properties(struct gcl_frame *f, const cl_semaphore_properties_khr *p, size_t n,
                             struct vocl_words *out)
{
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    *out = (struct vocl_words){v, n};
    for (size_t i = 0; p[i];) {
        bool list = is_device_list(p[i]);
        if (!list && p[i] != CL_SEMAPHORE_TYPE_KHR)
            return CL_INVALID_PROPERTY;
        v[i] = p[i];
        i++;
        for (; list && p[i]; i++) {
            cl_device_id d = (cl_device_id)(uintptr_t)p[i];
            if (!gcl_is_device(d))
                return CL_INVALID_DEVICE;
            v[i] = gcl_id(d);
        }
        v[i] = p[i];
        i++;
    }
    v[n - 1] = 0;
    return CL_SUCCESS;
}

/* Keep the properties for CL_SEMAPHORE_PROPERTIES_KHR. */
static cl_int keep(cl_semaphore_khr s, cl_context context, const cl_semaphore_properties_khr *p,
                   size_t n)
{
    s->context = context;
    gcl_get(&context->base);
    s->properties = calloc(n, sizeof(*p));
    if (!s->properties)
        return CL_OUT_OF_HOST_MEMORY;
    memcpy(s->properties, p, n * sizeof(*p));
    s->num_properties = n;
    return CL_SUCCESS;
}

cl_semaphore_khr CL_API_CALL gcl_clCreateSemaphoreWithPropertiesKHR(
    cl_context context, const cl_semaphore_properties_khr *properties, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateSemaphoreWithPropertiesKHR_req req = {0};
    if (!gcl_is_context(context))
        return gcl_fail(errcode_ret, CL_INVALID_CONTEXT);
    if (!properties)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    size_t n = properties_length(properties);
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_semaphore_khr s = gcl_object_create(sizeof(*s), GCL_SEMAPHORE, 0, semaphore_destroy);
    if (!s)
        err = CL_OUT_OF_HOST_MEMORY;
    if (err || (err = put_properties(&f, properties, n, &req.properties)) ||
        (err = keep(s, context, properties, n)))
        goto out;
    req.id = s->base.id;
    req.context = gcl_id(context);
    vocl_put_clCreateSemaphoreWithPropertiesKHR_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clCreateSemaphoreWithPropertiesKHR);
out:
    if (err && s)
        gcl_object_abandon(&s->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, s);
}

/* cl_khr_external_semaphore does not cross, so that no semaphore has a handle. */
cl_int CL_API_CALL gcl_clGetSemaphoreHandleForTypeKHR(cl_semaphore_khr s, cl_device_id device,
                                                      cl_external_semaphore_handle_type_khr type,
                                                      size_t size, void *handle, size_t *ret)
{
    (void)type, (void)size, (void)handle, (void)ret;
    if (!gcl_is_semaphore(s))
        return CL_INVALID_SEMAPHORE_KHR;
    return gcl_is_device(device) ? CL_INVALID_VALUE : CL_INVALID_DEVICE;
}

/* The devices that the properties name, or else the context's. */
static bool devices_info(cl_semaphore_khr s, size_t size, void *value, size_t *ret, cl_int *err)
{
    const cl_semaphore_properties_khr *p = s->properties;
    while (*p && !is_device_list(*p))
        p += 2;
    if (!*p)
        return gcl_info_bytes(s->context->devices,
                              s->context->num_devices * sizeof(*s->context->devices), size, value,
                              ret, err);
    size_t n = 0;
    while (p[1 + n])
        n++;
    cl_device_id *list = calloc(n + 1, sizeof(*list)); /* handles may be narrower */
    if (!list) {
        *err = CL_OUT_OF_HOST_MEMORY;
        return true;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = (cl_device_id)(uintptr_t)p[1 + i];
    gcl_info_bytes(list, n * sizeof(*list), size, value, ret, err);
    free(list);
    return true;
}

bool gcl_local_semaphore_info(cl_semaphore_khr s, cl_semaphore_info_khr name, size_t size,
                              void *value, size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_SEMAPHORE_CONTEXT_KHR:
        return gcl_info_value(s->context, size, value, ret, err);
    case CL_SEMAPHORE_REFERENCE_COUNT_KHR:
        return gcl_info_value(s->base.refs, size, value, ret, err);
    case CL_SEMAPHORE_PROPERTIES_KHR:
        return gcl_info_bytes(s->properties, s->num_properties * sizeof(*s->properties), size,
                              value, ret, err);
    case CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR:
    case CL_DEVICE_HANDLE_LIST_KHR:
        return devices_info(s, size, value, ret, err);
    case CL_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR: /* cl_khr_external_semaphore does not cross */
        *err = CL_INVALID_VALUE;
        return true;
    default:
        return false;
    }
}
