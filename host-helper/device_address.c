// SPDX-License-Identifier: MIT
#include "device_address.h"

#include <stdlib.h>

#include "call.h"
#include "calls.h"
#include "extension.h"
#include "handlers.h"

struct hcl_addresses {
    struct hcl_worker *w;
    struct hcl_addresses *next, **link; /* of all buffers that have some */
    uint64_t size;
    size_t count;
    cl_mem_device_address_ext base[]; /* one for each device of the context */
};

static bool asks_for_some(struct vocl_words properties)
{
    for (uint64_t i = 0; i + 1 < properties.count; i += 2)
        if (properties.v[i] == CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT && properties.v[i + 1])
            return true;
    return false;
}

struct hcl_addresses *hcl_addresses_create(struct hcl_worker *w, cl_mem buffer, uint64_t size,
                                           struct vocl_words properties)
{
    size_t n = 0;
    if (!asks_for_some(properties) ||
        w->cl.clGetMemObjectInfo(buffer, CL_MEM_DEVICE_ADDRESS_EXT, 0, NULL, &n))
        return NULL;
    struct hcl_addresses *a = calloc(1, sizeof(*a) + n);
    if (!a || w->cl.clGetMemObjectInfo(buffer, CL_MEM_DEVICE_ADDRESS_EXT, n, a->base, NULL)) {
        free(a);
        return NULL;
    }
    a->size = size;
    a->count = n / sizeof(a->base[0]);
    a->w = w;
    pthread_mutex_lock(&w->addresses_lock);
    a->link = &w->addresses;
    a->next = w->addresses;
    if (a->next)
        a->next->link = &a->next;
    w->addresses = a;
    pthread_mutex_unlock(&w->addresses_lock);
    return a;
}

void hcl_addresses_destroy(void *addresses)
{
    struct hcl_addresses *a = addresses;
    if (!a)
        return;
    pthread_mutex_lock(&a->w->addresses_lock);
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    pthread_mutex_unlock(&a->w->addresses_lock);
    free(a);
}

static bool is_in(const struct hcl_addresses *a, uint64_t address)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->base[i] && address >= a->base[i] && address - a->base[i] <= a->size)
            return true;
    return false;
}

bool hcl_address_known(struct hcl_worker *w, uint64_t address)
{
    pthread_mutex_lock(&w->addresses_lock);
    const struct hcl_addresses *a = w->addresses;
    while (a && !is_in(a, address))
        a = a->next;
    pthread_mutex_unlock(&w->addresses_lock);
    return a;
}

void hcl_clSetKernelArgDevicePointerEXT(struct hcl_call *c)
{
    struct vocl_clSetKernelArgDevicePointerEXT_req q;
    cl_int ret;
    vocl_get_clSetKernelArgDevicePointerEXT_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_kernel kernel = hcl_object(c->w, q.kernel, HCL_KERNEL);
    const struct hcl_ext_functions *x = hcl_ext_of(c->w, kernel);
    if (!kernel)
        ret = CL_INVALID_KERNEL;
    else if (!x->clSetKernelArgDevicePointerEXT)
        ret = CL_INVALID_OPERATION;
    else if (q.arg_value && !hcl_address_known(c->w, q.arg_value))
        ret = CL_INVALID_ARG_VALUE;
    else
        ret = x->clSetKernelArgDevicePointerEXT(kernel, (cl_uint)q.arg_index, q.arg_value);
    hcl_reply_status(c, ret);
}
