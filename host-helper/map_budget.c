// SPDX-License-Identifier: MIT
#include "map_budget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "log.h"

/* What Linux has where nobody has set it, and where we cannot look. */
#define DEFAULT_MAP_COUNT 65530u

static uint32_t max_map_count(void)
{
    uint32_t count = DEFAULT_MAP_COUNT;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");

    if (!f)
        return count;
    if (fscanf(f, "%" SCNu32, &count) != 1)
        count = DEFAULT_MAP_COUNT;
    fclose(f);
    return count;
}

void hcl_map_budget_init(struct hcl_map_budget *b)
{
    uint32_t count = max_map_count();

    *b = (struct hcl_map_budget){0};
    b->all = count / 2 > HCL_MAPS_FOR_RUNTIME ? count - HCL_MAPS_FOR_RUNTIME : count / 2;
    b->region = b->all / 3 * 2;
}

int hcl_map_budget_take(struct hcl_map_budget *b, uint32_t *in_region, uint32_t n)
{
    if (n <= b->region - *in_region && n <= b->all - b->used) {
        *in_region += n;
        b->used += n;
        return 0;
    }
    if (!b->told)
        hcl_log("the client's memory is too scattered to map all of it (%u mappings, %u in one "
                "region): the rest is copied; huge pages in the guest need fewer, a larger "
                "vm.max_map_count on this host allows more",
                b->all, b->region);
    b->told = true;
    return -ENOMEM;
}

void hcl_map_budget_give(struct hcl_map_budget *b, uint32_t n)
{
    b->used -= n;
}
