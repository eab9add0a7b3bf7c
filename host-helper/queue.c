// SPDX-License-Identifier: MIT
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

void hcl_clCreateCommandQueueWithProperties(struct hcl_call *c)
{
    struct vocl_clCreateCommandQueueWithProperties_req q;
    cl_int ret = CL_SUCCESS;
    cl_command_queue queue = NULL;
    vocl_get_clCreateCommandQueueWithProperties_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    cl_device_id device = hcl_object(c->w, q.device, HCL_DEVICE);
    if (!context || !device)
        ret = context ? CL_INVALID_DEVICE : CL_INVALID_CONTEXT;
    else if (!c->w->cl.clCreateCommandQueueWithProperties)
        ret = CL_INVALID_OPERATION;
    else
        queue = c->w->cl.clCreateCommandQueueWithProperties(context, device, q.properties.v, &ret);
    hcl_reply_status(c, hcl_made(c, ret, q.id, HCL_QUEUE, queue));
}
