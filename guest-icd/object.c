// SPDX-License-Identifier: MIT
#include "object.h"

#include <pthread.h>
#include <stdlib.h>

#include "connection.h"
#include "frame.h"
#include "ids.h"
#include "info_cache.h"
#include "message.h"
#include "stubs.h"

/* Live objects that can be kernel arguments, by address. */
#define ARG_BUCKETS 4096

static struct {
    pthread_mutex_t lock;
    struct gcl_object *bucket[ARG_BUCKETS];
} args = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool can_be_arg(const struct gcl_object *o)
{
    return gcl_is_mem(o) || gcl_is_sampler(o) || gcl_is_queue(o);
}

static struct gcl_object **arg_bucket(const void *p)
{
    return &args.bucket[((uintptr_t)p >> 4) * 0x9e3779b1u % ARG_BUCKETS];
}

static void args_add(struct gcl_object *o)
{
    pthread_mutex_lock(&args.lock);
    struct gcl_object **at = arg_bucket(o);
    o->next_arg = *at;
    *at = o;
    pthread_mutex_unlock(&args.lock);
}

static void args_remove(struct gcl_object *o)
{
    pthread_mutex_lock(&args.lock);
    struct gcl_object **at = arg_bucket(o);
    while (*at != o)
        at = &(*at)->next_arg;
    *at = o->next_arg;
    pthread_mutex_unlock(&args.lock);
}

static bool is_plain_buffer(const struct gcl_object *o, cl_context context)
{
    const struct _cl_mem *m = (const struct _cl_mem *)o;
    return gcl_is_mem(o) && !m->image_type && !m->parent && m->context == context;
}

uint32_t gcl_object_find_arg(const void *maybe, cl_context context, bool *plain)
{
    pthread_mutex_lock(&args.lock);
    struct gcl_object *o = *arg_bucket(maybe);
    while (o && o != maybe)
        o = o->next_arg;
    uint32_t id = o ? o->id : 0;
    *plain = o && is_plain_buffer(o, context);
    pthread_mutex_unlock(&args.lock);
    return id;
}

uint32_t gcl_object_find(const void *maybe)
{
    bool plain;
    return gcl_object_find_arg(maybe, NULL, &plain);
}

/* One whose last hold has gone is not live, though it is still in the table. */
static bool hold_live(struct gcl_object *o)
{
    uint32_t holds = __atomic_load_n(&o->holds, __ATOMIC_RELAXED);
    while (holds)
        if (__atomic_compare_exchange_n(&o->holds, &holds, holds + 1, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

struct gcl_object *gcl_object_get_id(uint64_t id, enum gcl_type type)
{
    struct gcl_object *found = NULL;
    pthread_mutex_lock(&args.lock);
    for (unsigned i = 0; i < ARG_BUCKETS && !found; i++)
        for (struct gcl_object *o = args.bucket[i]; o && !found; o = o->next_arg)
            if (o->id == id && gcl_is(o, type) && hold_live(o))
                found = o;
    pthread_mutex_unlock(&args.lock);
    return found;
}

bool gcl_is(const void *handle, enum gcl_type type)
{
    const struct gcl_object *o = handle;
    return o && o->magic == GCL_MAGIC + type;
}

void *gcl_object_create(size_t size, enum gcl_type type, uint32_t id,
                        void (*destroy)(struct gcl_object *o))
{
    struct gcl_object *o = calloc(1, size);
    if (!o)
        return NULL;
    o->id = id ? id : gcl_ids_take(GCL_IDS_OBJECTS);
    if (!o->id) {
        free(o);
        return NULL;
    }
    o->dispatch = &gcl_dispatch;
    o->magic = GCL_MAGIC + type;
    o->refs = 1;
    o->holds = 1;
    o->destroy = destroy;
    if (can_be_arg(o))
        args_add(o);
    return o;
}

/* The number is free again only once the release is on its way: the ring keeps
 * the order, so a later creation under this number comes after it. */
static void free_shadow(struct gcl_object *o)
{
    uint32_t id = o->id;
    if (can_be_arg(o))
        args_remove(o);
    o->magic = 0;
    gcl_info_drop(o);
    o->destroy(o);
    if (!(id & GCL_HOST_ID))
        gcl_ids_give(GCL_IDS_OBJECTS, id);
}

void gcl_object_abandon(struct gcl_object *o)
{
    free_shadow(o);
}

struct gcl_object *gcl_get(struct gcl_object *o)
{
    if (o)
        __atomic_add_fetch(&o->holds, 1, __ATOMIC_RELAXED);
    return o;
}

/* A program that exits right after a release still expects its destructor
 * callback, which natively runs inside the release: wait for the helper, and
 * run here what it has already sent. */
static void release_native(struct gcl_object *o)
{
    if (!o->watched) {
        gcl_connection_release(o->id);
        return;
    }
    struct gcl_frame f;
    struct gcl_releasing claim;
    if (gcl_frame_begin(&f))
        return;
    gcl_messages_release_begin(&claim, o);
    vocl_put_release_req(f.w, &(struct vocl_release_req){o->id});
    gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_RELEASE), NULL);
    gcl_messages_release_end(&claim);
}

void gcl_put(struct gcl_object *o)
{
    if (!o || __atomic_sub_fetch(&o->holds, 1, __ATOMIC_ACQ_REL))
        return;
    if (!(o->id & GCL_HOST_ID) && !o->untold)
        release_native(o);
    free_shadow(o);
}

cl_int gcl_api_retain(struct gcl_object *o)
{
    if (!(o->id & GCL_HOST_ID)) /* retaining a root device or platform does nothing: §4.3 */
        __atomic_add_fetch(&o->refs, 1, __ATOMIC_RELAXED);
    return CL_SUCCESS;
}

cl_int gcl_api_release(struct gcl_object *o)
{
    if (!(o->id & GCL_HOST_ID) && !__atomic_sub_fetch(&o->refs, 1, __ATOMIC_ACQ_REL))
        gcl_put(o);
    return CL_SUCCESS;
}
