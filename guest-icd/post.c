// SPDX-License-Identifier: MIT
#include "post.h"

#include <sched.h>
#include <stdint.h>
#include <string.h>

#include "event.h"
#include "kernel.h"
#include "stubs.h"

bool gcl_wait_list_sound(cl_context context, cl_uint n, const cl_event *list)
{
    if (!n != !list)
        return false;
    for (cl_uint i = 0; i < n; i++) {
        if (!gcl_is_event(list[i]) || list[i]->context != context || !list[i]->slot)
            return false;
        /* Some runtimes refuse to wait for what has failed already. */
        if (gcl_event_final(list[i]) && gcl_event_status(list[i]) < 0)
            return false;
    }
    return true;
}

void gcl_learn_clTerminateContextKHR(cl_context context)
{
    __atomic_store_n(&context->terminated, true, __ATOMIC_RELAXED);
}

/* Is it a queue of the host's, whose context is in use? */
static bool queue_works(cl_command_queue q)
{
    return q->of_host && !__atomic_load_n(&q->context->terminated, __ATOMIC_RELAXED);
}

/* And its wait list is sound. */
static bool queue_takes(cl_command_queue q, cl_uint n, const cl_event *list)
{
    return queue_works(q) && gcl_wait_list_sound(q->context, n, list);
}

/* Ranges of a sub-buffer may be misaligned for a device: the runtime judges. */
static bool plain_range(cl_command_queue q, cl_mem m, size_t offset, size_t size)
{
    return !m->image_type && !m->parent && m->context == q->context && size && offset <= m->size &&
           size <= m->size - offset;
}

bool gcl_post_clFlush(cl_command_queue q)
{
    return queue_works(q);
}

bool gcl_post_clEnqueueMarkerWithWaitList(cl_command_queue q, cl_uint n, const cl_event *list,
                                          cl_event *event)
{
    (void)event;
    return queue_takes(q, n, list);
}

bool gcl_post_clEnqueueBarrierWithWaitList(cl_command_queue q, cl_uint n, const cl_event *list,
                                           cl_event *event)
{
    (void)event;
    return queue_takes(q, n, list);
}

bool gcl_post_clEnqueueMarker(cl_command_queue q, cl_event *event)
{
    return event && queue_works(q); /* without an event it is an error: §5.13 of OpenCL 1.1 */
}

bool gcl_post_clEnqueueBarrier(cl_command_queue q)
{
    return queue_works(q);
}

bool gcl_post_clEnqueueReadBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                  size_t size, void *ptr, cl_uint n, const cl_event *list,
                                  cl_event *event)
{
    (void)event;
    return !blocking && ptr && plain_range(q, m, offset, size) && queue_takes(q, n, list);
}

bool gcl_post_clEnqueueWriteBuffer(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset,
                                   size_t size, const void *ptr, cl_uint n, const cl_event *list,
                                   cl_event *event)
{
    (void)event;
    return !blocking && ptr && plain_range(q, m, offset, size) && queue_takes(q, n, list);
}

/* OpenCL 3.0 §5.2.2: what a pattern may be, the size of a scalar or vector type. */
#define PATTERN_MAX 128

bool gcl_post_clEnqueueFillBuffer(cl_command_queue q, cl_mem m, const void *pattern,
                                  size_t pattern_size, size_t offset, size_t size, cl_uint n,
                                  const cl_event *list, cl_event *event)
{
    (void)event;
    bool sound = pattern && pattern_size && pattern_size <= PATTERN_MAX &&
                 !(pattern_size & (pattern_size - 1)) && !(offset % pattern_size) &&
                 !(size % pattern_size);
    return sound && plain_range(q, m, offset, size) && queue_takes(q, n, list);
}

bool gcl_post_clEnqueueCopyBuffer(cl_command_queue q, cl_mem src, cl_mem dst, size_t src_offset,
                                  size_t dst_offset, size_t size, cl_uint n, const cl_event *list,
                                  cl_event *event)
{
    (void)event;
    return src != dst && plain_range(q, src, src_offset, size) &&
           plain_range(q, dst, dst_offset, size) && queue_takes(q, n, list);
}

/* ------------------------------------------------------------------ launches */

/* Per dimension, up to here the size and the offset together are within what
 * every device can count (CL_DEVICE_ADDRESS_BITS is 32 or 64). */
#define SIZE_SURE ((size_t)1 << 30)

static void kernel_lock(cl_kernel k)
{
    while (__atomic_exchange_n(&k->lock, 1, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void kernel_unlock(cl_kernel k)
{
    __atomic_store_n(&k->lock, 0, __ATOMIC_RELEASE);
}

void gcl_kernel_forget(cl_kernel k)
{
    kernel_lock(k);
    k->num_shapes = 0;
    kernel_unlock(k);
}

/* What the runtime's verdict on a launch depends on, besides sizes that any
 * device takes. */
static struct gcl_shape shape_of(cl_command_queue q, cl_uint dim, const size_t *local)
{
    struct gcl_shape s = {.device = q->device, .dim = dim, .has_local = local != NULL};
    for (cl_uint i = 0; local && i < dim; i++)
        s.local[i] = local[i];
    return s;
}

static bool same_shape(const struct gcl_shape *a, const struct gcl_shape *b)
{
    return a->device == b->device && a->dim == b->dim && a->has_local == b->has_local &&
           !memcmp(a->local, b->local, sizeof(a->local));
}

static bool knows_shape(cl_kernel k, const struct gcl_shape *s)
{
    bool known = false;
    kernel_lock(k);
    for (unsigned i = 0; i < k->num_shapes && !known; i++)
        known = same_shape(&k->shapes[i], s);
    kernel_unlock(k);
    return known;
}

static bool sizes_sure(cl_uint dim, const size_t *offset, const size_t *global, const size_t *local)
{
    if (!dim || dim > 3 || !global)
        return false;
    for (cl_uint i = 0; i < dim; i++) {
        if (!global[i] || global[i] > SIZE_SURE || (offset && offset[i] > SIZE_SURE))
            return false;
        if (local && (!local[i] || global[i] % local[i]))
            return false;
    }
    return true;
}

bool gcl_post_clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dim,
                                     const size_t *offset, const size_t *global,
                                     const size_t *local, cl_uint n, const cl_event *list,
                                     cl_event *event)
{
    (void)event;
    if (k->program->context != q->context || !sizes_sure(dim, offset, global, local))
        return false;
    struct gcl_shape s = shape_of(q, dim, local);
    return knows_shape(k, &s) && queue_takes(q, n, list);
}

/* With a required work-group size the global size decides, too, whether a launch
 * without a local size is right. */
static bool requires_size(cl_kernel k, cl_device_id device)
{
    size_t size[3] = {0};
    return gcl_dispatch.clGetKernelWorkGroupInfo(k, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                                 sizeof(size), size, NULL) ||
           size[0] || size[1] || size[2];
}

void gcl_learn_clEnqueueNDRangeKernel(cl_command_queue q, cl_kernel k, cl_uint dim,
                                      const size_t *offset, const size_t *global,
                                      const size_t *local, cl_uint n, const cl_event *list,
                                      cl_event *event)
{
    (void)n, (void)list, (void)event;
    if (!sizes_sure(dim, offset, global, local))
        return;
    struct gcl_shape s = shape_of(q, dim, local);
    if (knows_shape(k, &s) || (!local && requires_size(k, q->device)))
        return;
    kernel_lock(k);
    if (k->num_shapes < GCL_SHAPES)
        k->shapes[k->num_shapes++] = s;
    else
        k->shapes[k->next_shape++ % GCL_SHAPES] = s;
    kernel_unlock(k);
}

void gcl_learn_clSetKernelArgDevicePointerEXT(cl_kernel k, cl_uint index,
                                              cl_mem_device_address_ext value)
{
    (void)value;
    gcl_kernel_arg_is_new(k, index);
}

static const size_t task_size[1] = {1};

bool gcl_post_clEnqueueTask(cl_command_queue q, cl_kernel k, cl_uint n, const cl_event *list,
                            cl_event *event)
{
    return gcl_post_clEnqueueNDRangeKernel(q, k, 1, NULL, task_size, task_size, n, list, event);
}

void gcl_learn_clEnqueueTask(cl_command_queue q, cl_kernel k, cl_uint n, const cl_event *list,
                             cl_event *event)
{
    gcl_learn_clEnqueueNDRangeKernel(q, k, 1, NULL, task_size, task_size, n, list, event);
}
