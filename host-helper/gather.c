// SPDX-License-Identifier: MIT
#include "gather.h"

#include <stdlib.h>

#include "complete.h"

struct gather {
    struct hcl_worker *w;
    struct hcl_region *region; /* held by the command's data until our event is set */
    uint64_t from;             /* in the region */
    uint64_t len;
    bool out;
    void *mapped;
    cl_event copied; /* a user event */
    cl_event unmap;  /* a reference of ours, or NULL: there is none */
};

/* PoCL (3.1) still finds the unmap through the event that it waits for when it has
 * failed, and been released, because of the map: so we hold it until then. */
static void set_copied(struct gather *g, cl_int status)
{
    g->w->cl.clSetUserEventStatus(g->copied, status);
    g->w->cl.clReleaseEvent(g->copied);
    if (g->unmap)
        g->w->cl.clReleaseEvent(g->unmap);
    free(g);
}

/* hcl_complete_fn */
static void copy(void *opaque, cl_int status)
{
    struct gather *g = opaque;

    if (status == CL_COMPLETE && hcl_region_copy(g->region, g->from, g->mapped, g->len, g->out) < 0)
        status = CL_OUT_OF_RESOURCES;
    set_copied(g, status < 0 ? status : CL_COMPLETE);
}

static cl_event user_event(struct hcl_worker *w, cl_command_queue queue, cl_int *ret)
{
    cl_context context = NULL;

    *ret = w->cl.clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(context), &context, NULL);
    return *ret ? NULL : w->cl.clCreateUserEvent(context, ret);
}

/* The map, and the unmap behind the copy. */
static cl_int enqueue(struct gather *g, cl_command_queue queue, cl_mem buffer, size_t offset,
                      cl_uint n, const cl_event *list, cl_event *map, cl_event *unmap)
{
    const cl_icd_dispatch *cl = &g->w->cl;
    cl_map_flags flags = g->out ? CL_MAP_READ : CL_MAP_WRITE_INVALIDATE_REGION;
    cl_int ret;

    g->mapped =
        cl->clEnqueueMapBuffer(queue, buffer, CL_FALSE, flags, offset, g->len, n, list, map, &ret);
    if (ret == CL_INVALID_VALUE && !g->out) /* OpenCL before 1.2? */
        g->mapped = cl->clEnqueueMapBuffer(queue, buffer, CL_FALSE, CL_MAP_WRITE, offset, g->len, n,
                                           list, map, &ret);
    if (ret)
        return ret;
    ret = cl->clEnqueueUnmapMemObject(queue, buffer, g->mapped, 1, &g->copied, unmap);
    if (ret)
        cl->clReleaseEvent(*map);
    return ret;
}

cl_int hcl_gather(struct hcl_call *c, cl_command_queue queue, cl_mem buffer, size_t offset,
                  const struct hcl_data *d, cl_uint n, const cl_event *list, cl_event *event)
{
    struct gather *g = malloc(sizeof(*g));
    cl_event map;
    cl_int ret;

    if (!g)
        return CL_OUT_OF_HOST_MEMORY;
    *g = (struct gather){
        .w = c->w, .region = d->region, .from = d->from, .len = d->len, .out = d->out};
    if (!(g->copied = user_event(c->w, queue, &ret))) {
        free(g);
        return ret;
    }
    if ((ret = enqueue(g, queue, buffer, offset, n, list, &map, event))) {
        set_copied(g, ret);
        return ret;
    }
    g->unmap = *event;
    c->w->cl.clRetainEvent(g->unmap);
    if (hcl_when_complete(c->w, queue, map, copy, g)) {
        /* The unmap is there, and fails: so does the command, by its event. */
        c->w->cl.clReleaseEvent(map);
        set_copied(g, CL_OUT_OF_HOST_MEMORY);
    }
    return CL_SUCCESS;
}
