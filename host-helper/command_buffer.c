// SPDX-License-Identifier: MIT
#include "call.h"
#include "calls.h"
#include "extension.h"
#include "handlers.h"

/* Flags and assertions; whatever else there may be is not known to hold no pointer. */
static bool properties_known(struct vocl_words list)
{
    for (uint64_t i = 0; i + 1 < list.count; i += 2)
        if (list.v[i] != CL_COMMAND_BUFFER_FLAGS_KHR &&
            list.v[i] != CL_COMMAND_BUFFER_MUTABLE_DISPATCH_ASSERTS_KHR)
            return false;
    return true;
}

void hcl_clCreateCommandBufferKHR(struct hcl_call *c)
{
    struct vocl_clCreateCommandBufferKHR_req q;
    cl_int ret = CL_SUCCESS;
    cl_command_buffer_khr buffer = NULL;
    vocl_get_clCreateCommandBufferKHR_req(&c->body, &q);
    if (!hcl_call_ok(c) || !hcl_properties_ok(c, q.properties))
        return;
    const cl_command_queue *queues = hcl_objects(c, q.queues, HCL_QUEUE);
    const struct hcl_ext_functions *x = hcl_ext_of(c->w, queues ? queues[0] : NULL);
    if (!queues)
        ret = CL_INVALID_COMMAND_QUEUE;
    else if (!x->clCreateCommandBufferKHR || !x->clReleaseCommandBufferKHR)
        ret = CL_INVALID_OPERATION;
    else if (!properties_known(q.properties))
        ret = CL_INVALID_VALUE;
    else
        buffer = x->clCreateCommandBufferKHR(q.queues.count, queues, q.properties.v, &ret);
    hcl_reply_status(c, hcl_made_by(c, x, ret, q.id, HCL_COMMAND_BUFFER, buffer));
}

void hcl_clEnqueueCommandBufferKHR(struct hcl_call *c)
{
    struct vocl_clEnqueueCommandBufferKHR_req q;
    cl_int ret = CL_SUCCESS;
    cl_event event = NULL;
    vocl_get_clEnqueueCommandBufferKHR_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_command_buffer_khr buffer = hcl_object(c->w, q.command_buffer, HCL_COMMAND_BUFFER);
    const struct hcl_ext_functions *x = hcl_ext_made(c->w, q.command_buffer, HCL_COMMAND_BUFFER);
    cl_command_queue *queues = hcl_objects(c, q.queues, HCL_QUEUE);
    const cl_event *waits = hcl_objects(c, q.event_wait_list, HCL_EVENT);
    if (!buffer)
        ret = CL_INVALID_COMMAND_BUFFER_KHR;
    else if (!queues && q.queues.count)
        ret = CL_INVALID_COMMAND_QUEUE;
    else if (!waits && q.event_wait_list.count)
        ret = CL_INVALID_EVENT_WAIT_LIST;
    else if (!x->clEnqueueCommandBufferKHR)
        ret = CL_INVALID_OPERATION;
    else
        ret = x->clEnqueueCommandBufferKHR(q.queues.count, queues, buffer, q.event_wait_list.count,
                                           waits, q.event ? &event : NULL);
    /* PoCL's devices that run command buffers themselves (3.1) leave the event out. */
    if (ret == CL_SUCCESS && q.event && !event)
        ret = CL_OUT_OF_RESOURCES;
    hcl_reply_status(c, hcl_enqueued(c, ret, event, q.event, q.event_slot));
}
