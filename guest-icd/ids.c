// SPDX-License-Identifier: MIT
#include "ids.h"

#include <pthread.h>
#include <stdlib.h>

#include "channel.h"
#include "count.h"

/* Free numbers below `next` are on a stack; numbers from `next` on were never
 * used. The stack has room for every number that was ever handed out, so that
 * giving one back cannot fail. */
struct pool {
    pthread_mutex_t lock;
    uint32_t *stack;
    uint32_t depth;
    uint32_t cap;
    uint32_t next;
    uint32_t limit;
};

static struct pool pools[GCL_IDS_KINDS] = {
    [GCL_IDS_OBJECTS] = {PTHREAD_MUTEX_INITIALIZER, .next = 1, .limit = GCL_MAX_OBJECTS},
    [GCL_IDS_EVENT_SLOTS] = {PTHREAD_MUTEX_INITIALIZER, .next = 1, .limit = VOCL_EVENT_SLOTS},
};

/* Counted under the pool's lock. */
static const enum vocl_guest_counter live[GCL_IDS_KINDS] = {
    [GCL_IDS_OBJECTS] = GCL_N_OBJECTS,
    [GCL_IDS_EVENT_SLOTS] = GCL_N_EVENT_SLOTS,
};

static uint32_t take_new(struct pool *p)
{
    if (p->next >= p->limit)
        return 0;
    if (p->next >= p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 256;
        uint32_t *stack = realloc(p->stack, cap * sizeof(*stack));
        if (!stack)
            return 0;
        p->stack = stack;
        p->cap = cap;
    }
    return p->next++;
}

uint32_t gcl_ids_take(enum gcl_ids_kind kind)
{
    struct pool *p = &pools[kind];
    pthread_mutex_lock(&p->lock);
    uint32_t id = p->depth ? p->stack[--p->depth] : take_new(p);
    if (id)
        gcl_count_held(live[kind], 1);
    pthread_mutex_unlock(&p->lock);
    return id;
}

void gcl_ids_give(enum gcl_ids_kind kind, uint32_t id)
{
    struct pool *p = &pools[kind];
    pthread_mutex_lock(&p->lock);
    p->stack[p->depth++] = id;
    gcl_count_held(live[kind], -1);
    pthread_mutex_unlock(&p->lock);
}
