// SPDX-License-Identifier: MIT
#include "call.h"
#include "calls.h"
#include "extension.h"
#include "handlers.h"

/*
 * The native properties: devices' handles in their numbers' place. Only types
 * and devices are taken: the others name descriptors of the worker's, or ask for
 * one. The list must end where the runtime stops reading. NULL: see *ret, or
 * CL_SUCCESS there if it is malformed.
 */
static const cl_semaphore_properties_khr *native_properties(struct hcl_call *c, struct vocl_words p,
                                                            cl_int *ret)
{
    *ret = CL_SUCCESS;
    cl_semaphore_properties_khr *list = hcl_alloc(c, (p.count + 1) * sizeof(*list));
    if (!list) {
        *ret = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    uint64_t i = 0;
    while (i < p.count && p.v[i]) {
        bool devices =
            p.v[i] == CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR || p.v[i] == CL_DEVICE_HANDLE_LIST_KHR;
        if (!devices && p.v[i] != CL_SEMAPHORE_TYPE_KHR) {
            *ret = CL_INVALID_PROPERTY;
            return NULL;
        }
        list[i] = p.v[i];
        i++;
        for (; devices && i < p.count && p.v[i]; i++) {
            if (!(list[i] = (uintptr_t)hcl_object(c->w, p.v[i], HCL_DEVICE))) {
                *ret = CL_INVALID_DEVICE;
                return NULL;
            }
        }
        if (i < p.count && !devices)
            list[i] = p.v[i];
        i++;
    }
    return i + 1 == p.count ? list : NULL;
}

void hcl_clCreateSemaphoreWithPropertiesKHR(struct hcl_call *c)
{
    struct vocl_clCreateSemaphoreWithPropertiesKHR_req q;
    cl_int ret;
    cl_semaphore_khr semaphore = NULL;
    vocl_get_clCreateSemaphoreWithPropertiesKHR_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const cl_semaphore_properties_khr *properties = native_properties(c, q.properties, &ret);
    if (!properties && !ret) {
        hcl_malformed(c);
        return;
    }
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    const struct hcl_ext_functions *x = hcl_ext_of(c->w, context);
    if (!context)
        ret = CL_INVALID_CONTEXT;
    else if (!x->clCreateSemaphoreWithPropertiesKHR || !x->clReleaseSemaphoreKHR)
        ret = CL_INVALID_OPERATION;
    else if (properties)
        semaphore = x->clCreateSemaphoreWithPropertiesKHR(context, properties, &ret);
    hcl_reply_status(c, hcl_made_by(c, x, ret, q.id, HCL_SEMAPHORE, semaphore));
}
