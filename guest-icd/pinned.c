// SPDX-License-Identifier: MIT
#include "pinned.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backing.h"
#include "stream.h"
#include "stubs.h"

/* ------------------------------------------------ where shared buffers lie */

/* By address. They do not overlap, but for two buffers that a program has made of
 * the same memory, of which either will do. */
static struct {
    pthread_mutex_t lock;
    struct gcl_region *at;
    size_t count; /* atomic for a look without the lock */
    size_t room;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The first that begins behind ptr. */
static size_t upper_bound(const void *ptr)
{
    size_t from = 0, to = known.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if ((uintptr_t)known.at[middle].addr <= (uintptr_t)ptr)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void gcl_pinned_add(cl_mem m)
{
    pthread_mutex_lock(&known.lock);
    if (known.count == known.room) {
        size_t room = known.room ? 2 * known.room : 16;
        struct gcl_region *at = realloc(known.at, room * sizeof(*at));
        if (!at) /* its transfers are staged, that is all */
            goto out;
        known.at = at;
        known.room = room;
    }
    size_t i = upper_bound(m->memory.addr);
    memmove(&known.at[i + 1], &known.at[i], (known.count - i) * sizeof(*known.at));
    known.at[i] = m->memory;
    __atomic_store_n(&known.count, known.count + 1, __ATOMIC_RELEASE);
out:
    pthread_mutex_unlock(&known.lock);
}

void gcl_pinned_remove(cl_mem m)
{
    pthread_mutex_lock(&known.lock);
    for (size_t i = upper_bound(m->memory.addr); i-- && known.at[i].addr == m->memory.addr;) {
        if (known.at[i].id != m->memory.id)
            continue;
        memmove(&known.at[i], &known.at[i + 1], (known.count - i - 1) * sizeof(*known.at));
        __atomic_store_n(&known.count, known.count - 1, __ATOMIC_RELEASE);
        break;
    }
    pthread_mutex_unlock(&known.lock);
}

bool gcl_pinned_find(const void *ptr, size_t size, struct gcl_region *r)
{
    bool found = false;
    if (!__atomic_load_n(&known.count, __ATOMIC_ACQUIRE))
        return false;
    pthread_mutex_lock(&known.lock);
    size_t i = upper_bound(ptr);
    if (i) {
        const struct gcl_region *k = &known.at[i - 1];
        size_t offset = (const char *)ptr - (const char *)k->addr;
        if ((found = offset < k->len && size <= k->len - offset))
            *r = (struct gcl_region){
                .id = k->id, .offset = k->offset + offset, .addr = (void *)ptr, .len = size};
    }
    pthread_mutex_unlock(&known.lock);
    return found;
}

/* ------------------------------------------------------- memory for staging */

/* A context's: made by the first queue that has a use for it, and gone with the
 * last, since the buffer holds its context. */
struct gcl_pinned {
    cl_mem mem;
    unsigned queues; /* of the context that have used it */
    uint32_t taken;  /* bit per piece */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all of them */
static __thread cl_context staging __attribute__((tls_model("initial-exec")));

cl_mem gcl_pinned_buffer(cl_command_queue q, size_t size)
{
    cl_int err;
    cl_mem m = gcl_dispatch.clCreateBuffer(q->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                           size, NULL, &err);
    if (err)
        return NULL;
    /* Without waiting: what is before it in the queue may wait for this thread. */
    if (m->shared)
        gcl_dispatch.clEnqueueMapBuffer(q, m, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, 0, size, 0,
                                        NULL, NULL, &err);
    if (m->shared && !err)
        return m;
    gcl_dispatch.clReleaseMemObject(m);
    return NULL;
}

static struct gcl_pinned *pinned_create(cl_command_queue q)
{
    struct gcl_pinned *p = calloc(1, sizeof(*p));
    if (p && (p->mem = gcl_pinned_buffer(q, GCL_STREAM_DEPTH * GCL_STREAM_PIECE)))
        return p;
    free(p);
    return NULL;
}

void gcl_pinned_begin(cl_command_queue q)
{
    cl_context c = q->context;
    if (gcl_context_in_place(c))
        return;
    pthread_mutex_lock(&lock);
    bool wanted = !c->pinned;
    pthread_mutex_unlock(&lock);
    /* Not under the lock: the runtime may take long, and the map is a command. */
    struct gcl_pinned *fresh = wanted ? pinned_create(q) : NULL;
    pthread_mutex_lock(&lock);
    if (!c->pinned) {
        c->pinned = fresh;
        fresh = NULL;
    }
    if (c->pinned && !q->uses_pinned) {
        q->uses_pinned = true;
        c->pinned->queues++;
    }
    staging = c->pinned ? c : NULL;
    pthread_mutex_unlock(&lock);
    if (fresh) { /* another thread was faster */
        gcl_dispatch.clReleaseMemObject(fresh->mem);
        free(fresh);
    }
}

void gcl_pinned_end(void)
{
    staging = NULL;
}

bool gcl_pinned_take(size_t size, struct gcl_region *r)
{
    cl_context c = staging;
    if (!c || size > GCL_STREAM_PIECE)
        return false;
    pthread_mutex_lock(&lock);
    struct gcl_pinned *p = c->pinned;
    unsigned i = 0;
    while (i < GCL_STREAM_DEPTH && p->taken & 1u << i)
        i++;
    bool found = i < GCL_STREAM_DEPTH;
    if (found) {
        p->taken |= 1u << i;
        *r = p->mem->memory;
        r->offset += i * GCL_STREAM_PIECE;
        r->addr = (char *)r->addr + i * GCL_STREAM_PIECE;
        r->len = GCL_STREAM_PIECE;
        r->pinned = p;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void gcl_pinned_give(const struct gcl_region *r)
{
    pthread_mutex_lock(&lock);
    struct gcl_pinned *p = r->pinned;
    size_t i = ((char *)r->addr - (char *)p->mem->memory.addr) / GCL_STREAM_PIECE;
    p->taken &= ~(1u << i);
    pthread_mutex_unlock(&lock);
}

void gcl_pinned_leave(cl_command_queue q)
{
    struct gcl_pinned *gone = NULL;
    if (!q->uses_pinned)
        return;
    pthread_mutex_lock(&lock);
    if (!--q->context->pinned->queues) {
        gone = q->context->pinned;
        q->context->pinned = NULL;
    }
    pthread_mutex_unlock(&lock);
    if (gone)
        gcl_dispatch.clReleaseMemObject(gone->mem);
    free(gone);
}
