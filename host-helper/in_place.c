// SPDX-License-Identifier: MIT
#include "in_place.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "calls.h"
#include "defer.h"
#include "handlers.h"

/* Root devices that have been tried are remembered, so that the second context of
 * a program costs nothing. A machine has a handful; more are tried each time. */
#define REMEMBERED 16

/* Memory for a trial: aligned as a region is, and a part of it that is as little
 * aligned as the pieces of regions that buffers get (slab.h in the guest), of a
 * length that is no multiple of anything. */
#define TRIAL_BYTES ((size_t)4096)
#define PART_OFFSET ((size_t)128)
#define PART_BYTES ((size_t)37)

struct hcl_in_place {
    pthread_mutex_t lock;
    unsigned count;
    struct {
        cl_device_id device;
        bool in_place;
    } known[REMEMBERED];
};

struct hcl_in_place *hcl_in_place_create(void)
{
    struct hcl_in_place *p = calloc(1, sizeof(*p));
    if (p)
        pthread_mutex_init(&p->lock, NULL);
    return p;
}

void hcl_in_place_destroy(struct hcl_in_place *p)
{
    if (p)
        pthread_mutex_destroy(&p->lock);
    free(p);
}

static bool recall(struct hcl_in_place *p, cl_device_id device, bool *in_place)
{
    bool found = false;
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < p->count && !found; i++) {
        found = p->known[i].device == device;
        *in_place = p->known[i].in_place;
    }
    pthread_mutex_unlock(&p->lock);
    return found;
}

static void remember(struct hcl_in_place *p, cl_device_id device, bool in_place)
{
    pthread_mutex_lock(&p->lock);
    if (p->count < REMEMBERED) {
        p->known[p->count].device = device;
        p->known[p->count++].in_place = in_place;
    }
    pthread_mutex_unlock(&p->lock);
}

/* A processor that says that it shares the host's memory? */
static bool is_processor(const cl_icd_dispatch *cl, cl_device_id device)
{
    cl_device_type type = 0;
    cl_bool unified = CL_FALSE;
    return !cl->clGetDeviceInfo(device, CL_DEVICE_TYPE, sizeof(type), &type, NULL) &&
           !cl->clGetDeviceInfo(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(unified), &unified,
                                NULL) &&
           type & CL_DEVICE_TYPE_CPU && unified;
}

static bool all_are(const unsigned char *p, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

/* What a command writes must be in the memory, what is in the memory a command
 * must read, and a command's bytes must not end up beside those that are the buffer's. */
static bool try_memory(const cl_icd_dispatch *cl, cl_context context, cl_command_queue queue,
                       unsigned char *memory, size_t size)
{
    unsigned char out[TRIAL_BYTES];
    cl_int err;
    const cl_uchar mark = 0x5a;
    memset(memory, 1, size);
    cl_mem m =
        cl->clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, size, memory, &err);
    if (err)
        return false;
    bool ok = !cl->clEnqueueFillBuffer(queue, m, &mark, 1, 0, size, 0, NULL, NULL) &&
              !cl->clFinish(queue) && all_are(memory, size, mark);
    memset(memory, 2, size);
    ok = ok && !cl->clEnqueueReadBuffer(queue, m, CL_TRUE, 0, size, out, 0, NULL, NULL) &&
         all_are(out, size, 2);
    cl->clReleaseMemObject(m);
    return ok;
}

static bool try_device(const cl_icd_dispatch *cl, cl_context context, cl_device_id device)
{
    cl_int err;
    void *memory = NULL;
    cl_command_queue queue = cl->clCreateCommandQueue(context, device, 0, &err);
    if (err)
        return false;
    bool ok = !posix_memalign(&memory, TRIAL_BYTES, TRIAL_BYTES) &&
              try_memory(cl, context, queue, memory, TRIAL_BYTES) &&
              try_memory(cl, context, queue, (unsigned char *)memory + PART_OFFSET, PART_BYTES);
    cl->clReleaseCommandQueue(queue);
    free(memory);
    return ok;
}

static bool device_in_place(struct hcl_worker *w, cl_context context, cl_device_id device)
{
    bool ok;
    cl_device_id parent = NULL;
    if (recall(w->in_place, device, &ok))
        return ok;
    ok = is_processor(&w->cl, device) && try_device(&w->cl, context, device);
    /* A part of a device may go, and another come with its handle. */
    if (!w->cl.clGetDeviceInfo(device, CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent, NULL) &&
        !parent)
        remember(w->in_place, device, ok);
    return ok;
}

static bool context_in_place(struct hcl_worker *w, cl_context context)
{
    size_t size = 0;
    if (w->opt->stage_buffers ||
        w->cl.clGetContextInfo(context, CL_CONTEXT_DEVICES, 0, NULL, &size) || !size)
        return false;
    cl_device_id *devices = malloc(size);
    bool ok = devices && !w->cl.clGetContextInfo(context, CL_CONTEXT_DEVICES, size, devices, NULL);
    for (size_t i = 0; ok && i < size / sizeof(*devices); i++)
        ok = device_in_place(w, context, devices[i]);
    free(devices);
    return ok;
}

struct trial {
    struct hcl_worker *w;
    uint16_t slot;
    cl_context context; /* a reference of ours */
};

static void try_and_answer(void *arg)
{
    struct trial *t = arg;
    struct vocl_writer reply;
    struct vocl_context_memory_rep p = {.in_place = context_in_place(t->w, t->context)};
    t->w->cl.clReleaseContext(t->context);
    vocl_writer_init(&reply);
    vocl_put_context_memory_rep(&reply, &p);
    hcl_send_reply(t->w, t->slot, reply.buf, reply.len);
    vocl_writer_finish(&reply);
    free(t);
}

void hcl_VOCL_CONTEXT_MEMORY(struct hcl_call *c)
{
    struct vocl_context_memory_req q;
    vocl_get_context_memory_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_context context = hcl_object(c->w, q.context, HCL_CONTEXT);
    if (!context) {
        hcl_reply_status(c, CL_INVALID_CONTEXT);
        return;
    }
    struct trial *t = malloc(sizeof(*t));
    if (t) {
        *t = (struct trial){c->w, c->slot, context};
        c->w->cl.clRetainContext(context);
    }
    if (!t || hcl_defer(c->w->defer, try_and_answer, t))
        hcl_worker_stop(c->w, VOCL_LOST_LIMIT, "no thread or memory to wait with");
}
