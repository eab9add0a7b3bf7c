// SPDX-License-Identifier: MIT
#include "slab.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "buddy.h"
#include "channel.h"
#include "connection.h"

/* Notices looked at when a piece is wanted: those that were given back first come
 * first, so this keeps up with a program that releases as much as it makes. */
#define SWEEP 16
/* Pages come and go in chunks of this size: for less, giving them back would cost
 * more than it brings. */
#define CHUNK ((size_t)64 << 10)
#define SLAB_CHUNKS_MAX 64u

struct slab {
    struct slab *next;
    struct gcl_region region; /* the pieces, then a notice for every unit */
    size_t size;              /* of the pieces */
    uint64_t resident;        /* bit per chunk: some piece of it has been used */
    struct gcl_buddy *units;
};

struct gcl_piece {
    struct gcl_piece *next; /* given back, its notice not seen yet */
    struct slab *slab;
    size_t first; /* unit */
    size_t size;  /* bytes that were asked for */
};

static struct {
    pthread_mutex_t lock;
    struct slab *slabs;
    size_t num_slabs;
    size_t resident; /* bytes of such chunks in all slabs */
    size_t live;     /* bytes of them that are pieces in use, as they are rounded up */
    struct gcl_piece *leaving;
    struct gcl_piece **last;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .last = &pool.leaving};

static unsigned log2_up(size_t n)
{
    return n <= 1 ? 0 : 8 * sizeof(long) - __builtin_clzl(n - 1);
}

static unsigned order_of(size_t size)
{
    return log2_up((size + GCL_SLAB_ALIGN - 1) / GCL_SLAB_ALIGN);
}

static uint32_t *notice_of(const struct gcl_piece *p)
{
    return (uint32_t *)((char *)p->slab->region.addr + p->slab->size) + p->first;
}

static char *start_of(const struct gcl_piece *p)
{
    return (char *)p->slab->region.addr + p->first * GCL_SLAB_ALIGN;
}

static size_t bytes_of(const struct gcl_piece *p)
{
    return GCL_SLAB_ALIGN << order_of(p->size);
}

/* The chunks that a piece lies in. */
static uint64_t chunks_of(const struct gcl_piece *p)
{
    size_t first = p->first * GCL_SLAB_ALIGN / CHUNK;
    size_t n = (bytes_of(p) + CHUNK - 1) / CHUNK;
    return (n < SLAB_CHUNKS_MAX ? ((uint64_t)1 << n) - 1 : UINT64_MAX) << first;
}

/* Lock held for all of the following. */

static struct slab *slab_create(void)
{
    struct gcl_transport *t = gcl_connection_transport();
    struct slab *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->size = t->ops->slab_size;
    size_t units = s->size / GCL_SLAB_ALIGN;
    if (!(s->units = gcl_buddy_create(log2_up(units))) ||
        t->ops->alloc(t, s->size + units * sizeof(uint32_t), NULL, &s->region)) {
        gcl_buddy_destroy(s->units);
        free(s);
        return NULL;
    }
    s->next = pool.slabs;
    pool.slabs = s;
    pool.num_slabs++;
    return s;
}

static void slab_destroy(struct slab *s)
{
    struct gcl_transport *t = gcl_connection_transport();
    struct slab **at = &pool.slabs;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    pool.num_slabs--;
    pool.resident -= __builtin_popcountll(s->resident) * CHUNK;
    t->ops->free(t, &s->region);
    gcl_buddy_destroy(s->units);
    free(s);
}

static void use_pages(struct gcl_piece *p)
{
    uint64_t more = chunks_of(p) & ~p->slab->resident;
    p->slab->resident |= more;
    pool.resident += __builtin_popcountll(more) * CHUNK;
    pool.live += bytes_of(p);
}

/* Keep the pages of a piece that is free now, within the limit. */
static void leave_pages(struct gcl_piece *p)
{
    pool.live -= bytes_of(p);
    if (bytes_of(p) < CHUNK || pool.resident - pool.live <= GCL_SLAB_KEEP ||
        madvise(start_of(p), bytes_of(p), MADV_REMOVE))
        return;
    p->slab->resident &= ~chunks_of(p);
    pool.resident -= bytes_of(p);
}

static void piece_free(struct gcl_piece *p)
{
    struct slab *s = p->slab;
    leave_pages(p);
    gcl_buddy_give(s->units, p->first);
    free(p);
    /* One stays: a program that makes and releases one buffer after another
     * pays for its slab once. */
    if (gcl_buddy_empty(s->units) && pool.num_slabs > 1)
        slab_destroy(s);
}

static void sweep(unsigned n)
{
    while (n-- && pool.leaving) {
        struct gcl_piece *p = pool.leaving;
        pool.leaving = p->next;
        if (!pool.leaving)
            pool.last = &pool.leaving;
        if (__atomic_load_n(notice_of(p), __ATOMIC_ACQUIRE) == VOCL_NOTICE_GONE) {
            piece_free(p);
        } else { /* to the end: what was released after it may be free already */
            p->next = NULL;
            *pool.last = p;
            pool.last = &p->next;
        }
    }
}

static bool take(struct gcl_piece *p, unsigned order)
{
    for (struct slab *s = pool.slabs; s; s = s->next) {
        if (gcl_buddy_take(s->units, order, &p->first)) {
            p->slab = s;
            return true;
        }
    }
    return (p->slab = slab_create()) && gcl_buddy_take(p->slab->units, order, &p->first);
}

size_t gcl_slab_piece_max(void)
{
    return gcl_connection_transport()->ops->slab_size / 4;
}

struct gcl_piece *gcl_slab_take(size_t size, struct gcl_region *r, uint64_t *notice)
{
    struct gcl_piece *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->size = size;
    pthread_mutex_lock(&pool.lock);
    sweep(SWEEP);
    bool ok = take(p, order_of(size));
    if (ok)
        use_pages(p);
    pthread_mutex_unlock(&pool.lock);
    if (!ok) {
        free(p);
        return NULL;
    }
    __atomic_store_n(notice_of(p), 0, __ATOMIC_RELAXED);
    size_t at = start_of(p) - (char *)p->slab->region.addr;
    *r = (struct gcl_region){.id = p->slab->region.id,
                             .offset = p->slab->region.offset + at,
                             .addr = start_of(p),
                             .len = size};
    *notice = p->slab->region.offset + p->slab->size + p->first * sizeof(uint32_t);
    return p;
}

void gcl_slab_give(struct gcl_piece *p, bool used)
{
    pthread_mutex_lock(&pool.lock);
    if (used) {
        p->next = NULL;
        *pool.last = p;
        pool.last = &p->next;
    } else {
        piece_free(p);
    }
    sweep(SWEEP);
    pthread_mutex_unlock(&pool.lock);
}

void gcl_slab_usage(size_t *slabs, size_t *kept)
{
    pthread_mutex_lock(&pool.lock);
    sweep(-1u);
    *slabs = pool.num_slabs;
    *kept = pool.resident - pool.live;
    pthread_mutex_unlock(&pool.lock);
}
