// SPDX-License-Identifier: MIT
#include "block.h"

#include "complete.h"
#include "crew.h"

/* So many blocking calls go to waiters once the role has been lost in one. */
#define CROWDED_CALLS 32

/* Has another thread of the program sent something during a blocking call lately? */
static bool crowded(struct hcl_worker *w)
{
    unsigned left = __atomic_load_n(&w->crowded, __ATOMIC_RELAXED);
    if (left)
        __atomic_store_n(&w->crowded, left - 1, __ATOMIC_RELAXED);
    return left || !vocl_ring_empty(&w->cmd);
}

bool hcl_block_begin(struct hcl_call *c, cl_command_queue queue, cl_mem mem, const cl_event *waits,
                     uint64_t num_waits)
{
    struct hcl_worker *w = c->w;
    /* Our guest posts no blocking call; another's would go on before it is enqueued. */
    if (c->slot == VOCL_NO_SLOT || num_waits > HCL_BLOCK_WAITS_MAX || hcl_calls_back(w, queue) ||
        crowded(w))
        return false;
    c->pins =
        (struct hcl_pins){.one = {queue, mem}, .list = (void *const *)waits, .count = num_waits};
    hcl_objects_pin(w->objects, &c->pins);
    if (hcl_crew_hand_over(w->crew))
        return true;
    hcl_objects_unpin(w->objects, &c->pins);
    return false;
}

void hcl_block_end(struct hcl_call *c)
{
    struct hcl_worker *w = c->w;
    c->leads = hcl_crew_take_back(w->crew);
    if (!c->leads)
        __atomic_store_n(&w->crowded, CROWDED_CALLS, __ATOMIC_RELAXED);
    hcl_objects_unpin(w->objects, &c->pins);
}
