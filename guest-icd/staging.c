// SPDX-License-Identifier: MIT
#include "staging.h"

#include <errno.h>
#include <pthread.h>

#include "connection.h"
#include "count.h"
#include "huge.h"
#include "pinned.h"

#define SMALLEST 14 /* 16 KiB: below it, data travels inline or nearly so */
#define LARGEST 22  /* GCL_STAGING_KEEP: a larger buffer is never kept */
#define CLASSES (LARGEST - SMALLEST + 1)
#define PER_CLASS 64

static struct {
    pthread_mutex_t lock;
    size_t kept; /* bytes */
    unsigned count[CLASSES];
    struct gcl_region free[CLASSES][PER_CLASS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The class that holds size bytes, or -1. */
static int class_of(size_t size)
{
    for (int c = 0; c < CLASSES; c++)
        if (size <= (size_t)1 << (SMALLEST + c))
            return c;
    return -1;
}

int gcl_staging_take(size_t size, struct gcl_region *r)
{
    struct gcl_transport *t = gcl_connection_transport();
    int c = class_of(size);
    if (gcl_pinned_take(size, r))
        return 0;
    if (c < 0) {
        gcl_count(GCL_N_STAGING_MISSES, 1);
        int rc = t->ops->alloc(t, size, NULL, r);
        if (!rc)
            gcl_huge_pages(r->addr, r->len);
        return rc;
    }
    bool found = false;
    pthread_mutex_lock(&pool.lock);
    if (pool.count[c]) {
        *r = pool.free[c][--pool.count[c]];
        pool.kept -= r->len;
        found = true;
    }
    gcl_count(found ? GCL_N_STAGING_HITS : GCL_N_STAGING_MISSES, 1);
    pthread_mutex_unlock(&pool.lock);
    return found ? 0 : t->ops->alloc(t, (size_t)1 << (SMALLEST + c), NULL, r);
}

void gcl_staging_give(struct gcl_region *r)
{
    struct gcl_transport *t = gcl_connection_transport();
    int c = class_of(r->len);
    bool kept = false;
    if (r->pinned) {
        gcl_pinned_give(r);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    if (c >= 0 && r->len == (size_t)1 << (SMALLEST + c) && pool.count[c] < PER_CLASS &&
        pool.kept + r->len <= GCL_STAGING_KEEP) {
        pool.free[c][pool.count[c]++] = *r;
        pool.kept += r->len;
        kept = true;
    }
    pthread_mutex_unlock(&pool.lock);
    if (!kept)
        t->ops->free(t, r);
}
