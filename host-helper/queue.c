// SPDX-License-Identifier: MIT
#include <CL/cl_ext.h>

#include "call.h"
#include "calls.h"
#include "handlers.h"

void hcl_clCreateCommandQueue(struct hcl_call *c)
{
    struct vocl_clCreateCommandQueue_req q;
    cl_int ret = CL_SUCCESS;
    cl_command_queue queue = NULL;
    vocl_get_clCreateCommandQueue_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_device_id device = hcl_object(c->w, q.device, HCL_DEVICE);
    if (!context || !device)
        ret = context ? CL_INVALID_DEVICE : CL_INVALID_CONTEXT;
    else
        queue = c->w->cl.clCreateCommandQueue(context, device, q.properties, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_QUEUE, queue));
}

/* A runtime without queues on the device need not expect to be asked for one:
 * PoCL (3.1) ends the process. */
static bool device_can(struct hcl_call *c, cl_device_id device, struct vocl_words properties)
{
    const cl_command_queue_properties bits = CL_QUEUE_ON_DEVICE | CL_QUEUE_ON_DEVICE_DEFAULT;
    cl_uint most = 0;
    bool on_device = false;
    for (uint64_t i = 0; i + 1 < properties.count; i += 2)
        if (properties.v[i] == CL_QUEUE_PROPERTIES && (properties.v[i + 1] & bits))
            on_device = true;
    return !on_device || (!c->w->cl.clGetDeviceInfo(device, CL_DEVICE_MAX_ON_DEVICE_QUEUES,
                                                    sizeof(most), &most, NULL) &&
                          most);
}

/* The properties whose values are numbers: those of OpenCL and of extensions
 * that cross. Another one's might be a pointer, or a handle of the worker's. */
static bool property_known(uint64_t name)
{
    switch (name) {
    case CL_QUEUE_PROPERTIES:
    case CL_QUEUE_SIZE:
    case CL_QUEUE_PRIORITY_KHR:
    case CL_QUEUE_THROTTLE_KHR:
        return true;
    default:
        return false;
    }
}

/* The list for the runtime, which is to refuse an unknown property itself: it
 * gets the name without the value. NULL: none, or no memory (*ret). */
static const cl_queue_properties *native_properties(struct hcl_call *c, struct vocl_words words,
                                                    bool *known, cl_int *ret)
{
    *known = true;
    cl_queue_properties *list = words.v ? hcl_alloc(c, words.count * sizeof(*list)) : NULL;
    if (words.v && !list)
        *ret = CL_OUT_OF_HOST_MEMORY;
    for (uint64_t i = 0; list && i + 1 < words.count; i += 2) {
        bool is_known = property_known(words.v[i]);
        list[i] = words.v[i];
        list[i + 1] = is_known ? words.v[i + 1] : 0;
        *known = *known && is_known;
    }
    return list;
}

/* A device has one default queue: the runtime may hand out the one that there
 * is (OpenCL 3.0 §5.1, CL_QUEUE_ON_DEVICE_DEFAULT), and then the guest is told
 * its number. */
static void enter_queue(struct hcl_call *c, cl_command_queue queue, uint64_t id,
                        struct vocl_clCreateCommandQueueWithProperties_rep *p)
{
    if ((p->queue = hcl_objects_find(c->w->objects, HCL_QUEUE, queue))) {
        hcl_native_release(&c->w->cl, HCL_QUEUE, queue);
        return;
    }
    p->queue = id;
    p->ret = hcl_made(c, CL_SUCCESS, id, HCL_QUEUE, queue);
}

void hcl_clCreateCommandQueueWithProperties(struct hcl_call *c)
{
    struct vocl_clCreateCommandQueueWithProperties_req q;
    struct vocl_clCreateCommandQueueWithProperties_rep p = {0};
    cl_int ret = CL_SUCCESS;
    cl_command_queue queue = NULL;
    bool known;
    vocl_get_clCreateCommandQueueWithProperties_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_device_id device = hcl_object(c->w, q.device, HCL_DEVICE);
    const cl_queue_properties *list = native_properties(c, q.properties, &known, &ret);
    if (!context || !device)
        ret = context ? CL_INVALID_DEVICE : CL_INVALID_CONTEXT;
    else if (!c->w->cl.clCreateCommandQueueWithProperties)
        ret = CL_INVALID_OPERATION;
    else if (!device_can(c, device, q.properties))
        ret = CL_INVALID_QUEUE_PROPERTIES;
    else if (!ret)
        queue = c->w->cl.clCreateCommandQueueWithProperties(context, device, list, &ret);
    if (queue && !known) {
        hcl_native_release(&c->w->cl, HCL_QUEUE, queue);
        queue = NULL;
        ret = CL_INVALID_QUEUE_PROPERTIES;
    }
    p.ret = ret;
    if (queue)
        enter_queue(c, queue, q.id, &p);
    vocl_put_clCreateCommandQueueWithProperties_rep(&c->reply, &p);
    hcl_reply(c);
}

/* CL_QUEUE_DEVICE_DEFAULT, as the guest's number; 0: none, or none of the guest's. */
static cl_int get_default(struct hcl_call *c, cl_command_queue queue,
                          struct vocl_clGetCommandQueueInfo_rep *p)
{
    cl_command_queue native = NULL;
    cl_int ret = c->w->cl.clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE_DEFAULT, sizeof(native),
                                                &native, NULL);
    uint64_t *id = ret ? NULL : hcl_alloc(c, sizeof(*id));
    if (!id)
        return ret ? ret : CL_OUT_OF_HOST_MEMORY;
    *id = native ? hcl_objects_find(c->w->objects, HCL_QUEUE, native) : 0;
    p->size_ret = sizeof(*id);
    p->value = (struct vocl_bytes){id, sizeof(*id)};
    return CL_SUCCESS;
}

static cl_int get_info(struct hcl_call *c, cl_command_queue queue,
                       const struct vocl_clGetCommandQueueInfo_req *q,
                       struct vocl_clGetCommandQueueInfo_rep *p)
{
    size_t n = 0, size = 0;
    void *value = NULL;
    if (hcl_info_is_handle(q->param_name))
        return CL_INVALID_VALUE;
    cl_int ret = c->w->cl.clGetCommandQueueInfo(queue, q->param_name, 0, NULL, &n);
    if (!ret)
        ret = hcl_info_room(c, n, q->param_value_size, q->want_value, &size, &value);
    if (!ret && value)
        ret = c->w->cl.clGetCommandQueueInfo(queue, q->param_name, size, value, NULL);
    p->size_ret = n;
    if (!ret && value)
        p->value = (struct vocl_bytes){value, size};
    return ret;
}

void hcl_clGetCommandQueueInfo(struct hcl_call *c)
{
    struct vocl_clGetCommandQueueInfo_req q;
    struct vocl_clGetCommandQueueInfo_rep p = {.ret = CL_INVALID_COMMAND_QUEUE};
    vocl_get_clGetCommandQueueInfo_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_command_queue queue = hcl_object(c->w, q.command_queue, HCL_QUEUE);
    if (queue && (cl_uint)q.param_name == CL_QUEUE_DEVICE_DEFAULT)
        p.ret = get_default(c, queue, &p);
    else if (queue)
        p.ret = get_info(c, queue, &q, &p);
    vocl_put_clGetCommandQueueInfo_rep(&c->reply, &p);
    hcl_reply(c);
}
