// SPDX-License-Identifier: MIT
#include "mapping.h"

#include <sched.h>
#include <stdlib.h>

void gcl_mem_lock(cl_mem m)
{
    while (__atomic_exchange_n(&m->lock, 1, __ATOMIC_ACQUIRE))
        sched_yield();
}

void gcl_mem_unlock(cl_mem m)
{
    __atomic_store_n(&m->lock, 0, __ATOMIC_RELEASE);
}

bool gcl_map_flags_ok(cl_map_flags flags)
{
    return !(flags & ~(cl_map_flags)(CL_MAP_READ | GCL_MAP_WRITES)) &&
           !((flags & CL_MAP_WRITE_INVALIDATE_REGION) && (flags & (CL_MAP_READ | CL_MAP_WRITE)));
}

cl_int gcl_mapping_add(cl_mem m, const struct gcl_mapping *init)
{
    struct gcl_mapping *map = malloc(sizeof(*map));
    if (!map)
        return CL_OUT_OF_HOST_MEMORY;
    *map = *init;
    gcl_mem_lock(m);
    map->next = m->mappings;
    m->mappings = map;
    m->map_count++;
    gcl_mem_unlock(m);
    return CL_SUCCESS;
}

bool gcl_mapping_take(cl_mem m, const void *ptr, struct gcl_mapping *out)
{
    gcl_mem_lock(m);
    struct gcl_mapping **at = &m->mappings;
    while (*at && (*at)->ptr != ptr)
        at = &(*at)->next;
    struct gcl_mapping *map = *at;
    if (map) {
        *at = map->next;
        *out = *map;
        m->map_count--;
    }
    gcl_mem_unlock(m);
    free(map);
    return map != NULL;
}
