/* SPDX-License-Identifier: MIT */
/*
 * map_budget.h - how many mappings a worker may make of its client's memory.
 *
 * Every run of guest pages is a mapping, and a process has vm.max_map_count of
 * them (65530 where nobody has raised it). The native runtime wants some for
 * itself, PoCL with LLVM some hundreds and a GPU's runtime some thousands, and
 * mmap() failing inside it would be a crash.
 *
 * Threading: none of its own; the caller has a lock.
 */
#ifndef HCL_MAP_BUDGET_H
#define HCL_MAP_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* What is left to the runtime. Of a limit below twice that, half. */
#define HCL_MAPS_FOR_RUNTIME 16384u

struct hcl_map_budget {
    uint32_t all;
    uint32_t region; /* one region may not have all of them */
    uint32_t used;
    bool told; /* the log has been told that they do not suffice */
};

/* As this machine's vm.max_map_count allows. */
void hcl_map_budget_init(struct hcl_map_budget *b);

/* n mappings more for a region that has *in_region. Returns 0, or -ENOMEM and
 * says once in the log what to do. */
int hcl_map_budget_take(struct hcl_map_budget *b, uint32_t *in_region, uint32_t n);
void hcl_map_budget_give(struct hcl_map_budget *b, uint32_t n);

#endif
