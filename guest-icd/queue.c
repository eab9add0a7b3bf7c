// SPDX-License-Identifier: MIT
#include "queue.h"

#include <stdlib.h>

#include "connection.h"
#include "frame.h"
#include "info.h"
#include "message.h"
#include "pinned.h"
#include "stubs.h"

/* Its address tells this thread from others. */
static __thread char this_thread __attribute__((tls_model("initial-exec")));

static void queue_destroy(struct gcl_object *o)
{
    cl_command_queue q = (cl_command_queue)o;
    gcl_pinned_leave(q);
    gcl_put(&q->context->base);
    gcl_put(&q->device->base);
    pthread_mutex_destroy(&q->holder);
    free(q);
}

/* Only the thread itself can have written its own mark there. */
static bool we_hold(cl_command_queue q)
{
    return __atomic_load_n(&q->owner, __ATOMIC_RELAXED) == &this_thread;
}

size_t gcl_queue_begin(cl_command_queue q)
{
    /* Sequentially consistent, as in gcl_queue_hold(): one of the two sees the
     * other. */
    __atomic_add_fetch(&q->begun, 1, __ATOMIC_SEQ_CST);
    /* The holder's own commands are part of what it holds the queue for. */
    if (__atomic_load_n(&q->held, __ATOMIC_SEQ_CST) && !we_hold(q)) {
        pthread_mutex_lock(&q->holder);
        pthread_mutex_unlock(&q->holder);
    }
    return gcl_queue_mark(q) + 1;
}

void gcl_queue_sent(cl_command_queue q)
{
    __atomic_add_fetch(&q->sent, 1, __ATOMIC_RELEASE);
}

size_t gcl_queue_mark(cl_command_queue q)
{
    return __atomic_load_n(&q->sent, __ATOMIC_ACQUIRE);
}

void gcl_queue_finished(cl_command_queue q, size_t mark)
{
    size_t ended = __atomic_load_n(&q->ended, __ATOMIC_RELAXED);
    while (mark > ended && !__atomic_compare_exchange_n(&q->ended, &ended, mark, false,
                                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

/* The command, and what had been sent when it began: all of that was before it in
 * the queue. If `number` commands have begun altogether, those are all. */
void gcl_queue_reached(cl_command_queue q, size_t number)
{
    if (q->in_order)
        gcl_queue_finished(q, number);
}

bool gcl_queue_quiet(cl_command_queue q)
{
    return __atomic_load_n(&q->ended, __ATOMIC_ACQUIRE) ==
           __atomic_load_n(&q->begun, __ATOMIC_SEQ_CST);
}

/* Another thread may go on sending; then it is as well to be one of its commands. */
#define DRAIN_TRIES 3

bool gcl_queue_hold(cl_command_queue q, bool drain)
{
    if (we_hold(q)) /* a piece of what it is held for */
        return false;
    for (int i = 0; i < DRAIN_TRIES; i++) {
        pthread_mutex_lock(&q->holder);
        __atomic_store_n(&q->owner, &this_thread, __ATOMIC_RELAXED);
        __atomic_store_n(&q->held, 1, __ATOMIC_SEQ_CST);
        if (gcl_queue_quiet(q))
            return true;
        gcl_queue_let_go(q);
        if (!drain || !q->in_order)
            break;
        cl_int err = gcl_dispatch.clFinish(q);
        if (err) {
            gcl_frame_owe(err);
            break;
        }
    }
    return false;
}

void gcl_queue_let_go(cl_command_queue q)
{
    __atomic_store_n(&q->held, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&q->owner, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&q->holder);
}

/* Check, begin the frame and make the shadow. */
static cl_command_queue queue_begin(struct gcl_frame *f, cl_context context, cl_device_id device,
                                    cl_command_queue_properties properties, cl_int *err)
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
    q->of_host = !(properties & CL_QUEUE_ON_DEVICE);
    q->in_order = !(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    q->profiling = properties & CL_QUEUE_PROFILING_ENABLE;
    pthread_mutex_init(&q->holder, NULL);
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
    cl_command_queue q = queue_begin(&f, context, device, properties, &err);
    if (!q)
        return gcl_fail(errcode_ret, err);
    vocl_put_clCreateCommandQueue_req(
        f.w, &(struct vocl_clCreateCommandQueue_req){q->base.id, gcl_id(context), gcl_id(device),
                                                     properties});
    err = gcl_frame_status(&f, VOCL_OP_clCreateCommandQueue);
    return queue_end(&f, q, err, errcode_ret);
}

/* The queue that the helper says it is: the new one, or the device's default
 * queue, which was there before and is returned once more (OpenCL 3.0 §5.1). */
static cl_command_queue made_or_known(cl_command_queue made, uint64_t number)
{
    if (number == made->base.id)
        return made;
    cl_command_queue known = (cl_command_queue)gcl_object_get_id(number, GCL_QUEUE);
    /* The application's references share one hold: ours becomes it if it had gone. */
    if (known && __atomic_fetch_add(&known->base.refs, 1, __ATOMIC_RELAXED))
        gcl_put(&known->base);
    return known;
}

static cl_command_queue_properties properties_in(const cl_queue_properties *list)
{
    for (; list && list[0]; list += 2)
        if (list[0] == CL_QUEUE_PROPERTIES)
            return list[1];
    return 0;
}

cl_command_queue CL_API_CALL
gcl_clCreateCommandQueueWithProperties(cl_context context, cl_device_id device,
                                       const cl_queue_properties *properties, cl_int *errcode_ret)
{
    struct gcl_frame f;
    struct vocl_clCreateCommandQueueWithProperties_rep rep;
    cl_int err;
    cl_command_queue q = queue_begin(&f, context, device, properties_in(properties), &err);
    cl_command_queue known = NULL;
    if (!q)
        return gcl_fail(errcode_ret, err);
    struct vocl_clCreateCommandQueueWithProperties_req req = {
        q->base.id, gcl_id(context), gcl_id(device), {0}};
    if ((err = gcl_frame_properties64(&f, properties, &req.properties)))
        goto out;
    vocl_put_clCreateCommandQueueWithProperties_req(f.w, &req);
    if ((err = gcl_frame_call(&f, VOCL_OP_clCreateCommandQueueWithProperties)))
        goto out;
    vocl_get_clCreateCommandQueueWithProperties_rep(&f.reply, &rep);
    if (!(err = gcl_frame_result(&f, rep.ret)) && !(known = made_or_known(q, rep.queue)))
        err = CL_OUT_OF_RESOURCES;
out:
    if (known != q)
        gcl_object_abandon(&q->base);
    gcl_frame_end(&f, err, NULL);
    return err ? gcl_fail(errcode_ret, err) : gcl_made(errcode_ret, known);
}

cl_int CL_API_CALL gcl_clFinish(cl_command_queue queue)
{
    struct gcl_frame f;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    if (gcl_queue_quiet(queue) && gcl_connection_untroubled())
        return CL_SUCCESS;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    size_t mark = gcl_queue_mark(queue);
    vocl_put_clFinish_req(f.w, &(struct vocl_clFinish_req){gcl_id(queue)});
    err = gcl_frame_status(&f, VOCL_OP_clFinish);
    gcl_frame_end(&f, err, NULL);
    gcl_caught_up();
    if (!err)
        gcl_queue_finished(queue, mark);
    return err;
}

cl_int CL_API_CALL gcl_clSetCommandQueueProperty(cl_command_queue queue,
                                                 cl_command_queue_properties properties,
                                                 cl_bool enable,
                                                 cl_command_queue_properties *old_properties)
{
    struct gcl_frame f;
    struct vocl_clSetCommandQueueProperty_rep rep;
    if (!gcl_is_queue(queue))
        return CL_INVALID_COMMAND_QUEUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clSetCommandQueueProperty_req(
        f.w, &(struct vocl_clSetCommandQueueProperty_req){gcl_id(queue), properties, enable,
                                                          old_properties != NULL});
    if ((err = gcl_frame_call(&f, VOCL_OP_clSetCommandQueueProperty)))
        goto out;
    vocl_get_clSetCommandQueueProperty_rep(&f.reply, &rep);
    if ((err = gcl_frame_result(&f, rep.ret)))
        goto out;
    if (old_properties)
        *old_properties = rep.old_properties;
    if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        queue->in_order = !enable;
    if (properties & CL_QUEUE_PROFILING_ENABLE)
        queue->profiling = enable;
out:
    return gcl_frame_end(&f, err, NULL);
}

/* The helper knows it by its number. */
static cl_int query_default(cl_command_queue q, cl_command_queue *out)
{
    struct gcl_frame f;
    struct vocl_clGetCommandQueueInfo_rep rep;
    uint64_t number = 0;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clGetCommandQueueInfo_req(
        f.w, &(struct vocl_clGetCommandQueueInfo_req){gcl_id(q), CL_QUEUE_DEVICE_DEFAULT,
                                                      sizeof(number), 1});
    if ((err = gcl_frame_call(&f, VOCL_OP_clGetCommandQueueInfo)))
        goto out;
    vocl_get_clGetCommandQueueInfo_rep(&f.reply, &rep);
    if ((err = gcl_frame_result(&f, rep.ret)))
        goto out;
    err = gcl_info_store(rep.size_ret, rep.value, sizeof(number), &number, NULL);
    *out = (cl_command_queue)gcl_object_get_id(number, GCL_QUEUE);
    gcl_put((struct gcl_object *)*out); /* a query retains nothing */
out:
    return gcl_frame_end(&f, err, NULL);
}

bool gcl_local_queue_info(cl_command_queue q, cl_command_queue_info name, size_t size, void *value,
                          size_t *ret, cl_int *err)
{
    cl_command_queue standard = NULL;
    switch (name) {
    case CL_QUEUE_CONTEXT:
        return gcl_info_value(q->context, size, value, ret, err);
    case CL_QUEUE_DEVICE:
        return gcl_info_value(q->device, size, value, ret, err);
    case CL_QUEUE_REFERENCE_COUNT:
        return gcl_info_value(q->base.refs, size, value, ret, err);
    case CL_QUEUE_DEVICE_DEFAULT:
        *err = query_default(q, &standard);
        return *err || gcl_info_value(standard, size, value, ret, err);
    default:
        return false;
    }
}
