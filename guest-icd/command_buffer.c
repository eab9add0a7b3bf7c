// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "info.h"
#include "mutable_command.h"
#include "queue.h"
#include "stubs.h"

static void command_buffer_destroy(struct gcl_object *o)
{
    cl_command_buffer_khr b = (cl_command_buffer_khr)o;
    gcl_commands_destroy(b);
    for (cl_uint i = 0; i < b->num_queues; i++)
        gcl_put(&b->queues[i]->base);
    free(b->queues);
    free(b->properties);
    free(b);
}

/* Keep what the command buffer is made from: the queries' answers. */
static cl_int keep(cl_command_buffer_khr b, cl_uint n, const cl_command_queue *queues,
                   struct vocl_words properties)
{
    b->queues = calloc(n, sizeof(*b->queues));
    if (properties.count)
        b->properties = calloc(properties.count, sizeof(*b->properties));
    if (!b->queues || (properties.count && !b->properties))
        return CL_OUT_OF_HOST_MEMORY;
    for (cl_uint i = 0; i < n; i++) {
        b->queues[i] = queues[i];
        gcl_get(&queues[i]->base);
    }
    b->num_queues = n;
    b->num_properties = properties.count;
    if (properties.count)
        memcpy(b->properties, properties.v, properties.count * sizeof(*b->properties));
    return CL_SUCCESS;
}

cl_command_buffer_khr CL_API_CALL gcl_clCreateCommandBufferKHR(
    cl_uint n, const cl_command_queue *queues, const cl_command_buffer_properties_khr *properties,
    cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateCommandBufferKHR_req req = {0};
    if (!n || !queues)
        return gcl_fail(errcode_ret, CL_INVALID_VALUE);
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return gcl_fail(errcode_ret, err);
    cl_command_buffer_khr b =
        gcl_object_create(sizeof(*b), GCL_COMMAND_BUFFER, 0, command_buffer_destroy);
    if (!b)
        err = CL_OUT_OF_HOST_MEMORY;
    if (err || (err = gcl_frame_queues(&f, n, queues, CL_INVALID_COMMAND_QUEUE, &req.queues)) ||
        (err = gcl_frame_properties64(&f, properties, &req.properties)) ||
        (err = keep(b, n, queues, req.properties)))
        goto out;
    req.id = b->base.id;
    vocl_put_clCreateCommandBufferKHR_req(f.w, &req);
    err = gcl_frame_status(&f, VOCL_OP_clCreateCommandBufferKHR);
out:
    if (err && b)
        gcl_object_abandon(&b->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, b);
}

cl_int CL_API_CALL gcl_clEnqueueCommandBufferKHR(cl_uint n, cl_command_queue *queues,
                                                 cl_command_buffer_khr b, cl_uint num_waits,
                                                 const cl_event *waits, cl_event *event)
{
    struct gcl_frame f;
    struct vocl_clEnqueueCommandBufferKHR_req req = {0};
    if (!gcl_is_command_buffer(b))
        return CL_INVALID_COMMAND_BUFFER_KHR;
    if (!n != !queues)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.command_buffer = gcl_id(b);
    if ((err = gcl_frame_queues(&f, n, queues, CL_INVALID_COMMAND_QUEUE, &req.queues)) ||
        (err = gcl_frame_events(&f, num_waits, waits, CL_INVALID_EVENT_WAIT_LIST,
                                &req.event_wait_list)))
        goto out;
    if (event &&
        (err = gcl_frame_event(&f, n ? queues[0] : b->queues[0], CL_COMMAND_COMMAND_BUFFER_KHR,
                               &req.event, &req.event_slot)))
        goto out;
    vocl_put_clEnqueueCommandBufferKHR_req(f.w, &req);
    if (!n) {
        n = b->num_queues;
        queues = b->queues;
    }
    f.queue = queues[0];
    for (cl_uint i = 1; i < n; i++)
        gcl_queue_begin(queues[i]);
    err = gcl_frame_status(&f, VOCL_OP_clEnqueueCommandBufferKHR);
    for (cl_uint i = 1; i < n; i++)
        gcl_queue_sent(queues[i]);
out:
    return gcl_frame_end(&f, err, event);
}

bool gcl_local_command_buffer_info(cl_command_buffer_khr b, cl_command_buffer_info_khr name,
                                   size_t size, void *value, size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_COMMAND_BUFFER_QUEUES_KHR:
        return gcl_info_bytes(b->queues, b->num_queues * sizeof(*b->queues), size, value, ret, err);
    case CL_COMMAND_BUFFER_NUM_QUEUES_KHR:
        return gcl_info_value(b->num_queues, size, value, ret, err);
    case CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR:
        return gcl_info_value(b->base.refs, size, value, ret, err);
    case CL_COMMAND_BUFFER_PROPERTIES_ARRAY_KHR:
        return gcl_info_bytes(b->properties, b->num_properties * sizeof(*b->properties), size,
                              value, ret, err);
    case CL_COMMAND_BUFFER_CONTEXT_KHR:
        return gcl_info_value(b->queues[0]->context, size, value, ret, err);
    default:
        return false;
    }
}
