// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "frame.h"
#include "info.h"
#include "message.h"
#include "stubs.h"

static void queue_destroy(struct gcl_object *o)
{
    cl_command_queue q = (cl_command_queue)o;
    gcl_put(&q->context->base);
    gcl_put(&q->device->base);
    free(q);
}

/* Check, begin the frame and make the shadow. */
static cl_command_queue queue_begin(struct gcl_frame *f, cl_context context, cl_device_id device,
                                    cl_int *err)
{
    if (!gcl_is_context(context))
        *err = CL_INVALID_CONTEXT;
    else if (!gcl_is_device(device))
        *err = CL_INVALID_DEVICE;
    else
        *err = gcl_frame_begin(f);
    if (*err)
        return NULL;
    cl_command_queue q = gcl_object_create(sizeof(*q), GCL_QUEUE, 0, queue_destroy);
    if (!q) {
        *err = gcl_frame_end(f, CL_OUT_OF_HOST_MEMORY, NULL);
        return NULL;
    }
    q->context = context;
    q->device = device;
    gcl_get(&context->base);
    gcl_get(&device->base);
    return q;
}

static cl_command_queue queue_end(struct gcl_frame *f, cl_command_queue q, cl_int err,
                                  cl_int *errcode_ret)
{
    if (err)
        gcl_object_abandon(&q->base);
    gcl_frame_end(f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, q);
}

cl_command_queue CL_API_CALL gcl_clCreateCommandQueue(cl_context context, cl_device_id device,
                                                      cl_command_queue_properties properties,
                                                      cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    cl_command_queue q = queue_begin(&f, context, device, &err);
    if (!q)
        return gcl_fail(errcode_ret, err);
    vocl_put_clCreateCommandQueue_req(
        f.w, &(struct vocl_clCreateCommandQueue_req){q->base.id, gcl_id(context), gcl_id(device),
                                                     properties});
    err = gcl_frame_status(&f, VOCL_OP_clCreateCommandQueue);
    return queue_end(&f, q, err, errcode_ret);
}

cl_command_queue CL_API_CALL gcl_clCreateCommandQueueWithProperties(
    cl_context context, cl_device_id device, const cl_queue_properties *properties,
    cl_int *errcode_ret)
{
    struct gcl_frame f;
    cl_int err;
    cl_command_queue q = queue_begin(&f, context, device, &err);
    if (!q)
        return gcl_fail(errcode_ret, err);
    struct vocl_clCreateCommandQueueWithProperties_req req = {q->base.id, gcl_id(context),
                                                              gcl_id(device), {0}};
    if (!(err = gcl_frame_properties64(&f, properties, &req.properties))) {
        vocl_put_clCreateCommandQueueWithProperties_req(f.w, &req);
        err = gcl_frame_status(&f, VOCL_OP_clCreateCommandQueueWithProperties);
    }
    return queue_end(&f, q, err, errcode_ret);
}

cl_int CL_API_CALL gcl_clFinish(cl_command_queue queue)
{
    struct gcl_frame f;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clFinish_req(f.w, &(struct vocl_clFinish_req){gcl_id(queue)});
    err = gcl_frame_status(&f, VOCL_OP_clFinish);
    gcl_frame_end(&f, err, NULL);
    gcl_caught_up();
    return err;
}

bool gcl_local_queue_info(cl_command_queue q, cl_command_queue_info name, size_t size, void *value,
                          size_t *ret, cl_int *err)
{
    switch (name) {
    case CL_QUEUE_CONTEXT:
        return gcl_info_value(q->context, size, value, ret, err);
    case CL_QUEUE_DEVICE:
        return gcl_info_value(q->device, size, value, ret, err);
    case CL_QUEUE_REFERENCE_COUNT:
        return gcl_info_value(q->base.refs, size, value, ret, err);
    case CL_QUEUE_DEVICE_DEFAULT: /* device queues are not carried: there is none */
        return gcl_info_value((cl_command_queue)NULL, size, value, ret, err);
    default:
        return false;
    }
}
