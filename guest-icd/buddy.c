// SPDX-License-Identifier: MIT
#include "buddy.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * A full binary tree in an array, the root at 1, the children of i at 2i and
 * 2i + 1. A node says how large the largest free run under it is: its order
 * plus one, 0 if there is none.
 */
struct gcl_buddy {
    unsigned order;
    uint8_t free[];
};

struct gcl_buddy *gcl_buddy_create(unsigned order)
{
    if (order > GCL_BUDDY_MAX_ORDER)
        return NULL;
    struct gcl_buddy *b = malloc(sizeof(*b) + ((size_t)2 << order));
    if (!b)
        return NULL;
    b->order = order;
    for (unsigned level = 0; level <= order; level++)
        for (size_t i = (size_t)1 << level; i < (size_t)2 << level; i++)
            b->free[i] = order - level + 1;
    return b;
}

void gcl_buddy_destroy(struct gcl_buddy *b)
{
    free(b);
}

static void update_above(struct gcl_buddy *b, size_t node, unsigned order)
{
    while (node /= 2) {
        uint8_t left = b->free[2 * node], right = b->free[2 * node + 1];
        /* Two halves that are wholly free are one whole. */
        if (left == right && left == order + 1)
            b->free[node] = order + 2;
        else
            b->free[node] = left > right ? left : right;
        order++;
    }
}

bool gcl_buddy_take(struct gcl_buddy *b, unsigned order, size_t *first)
{
    size_t node = 1;
    if (b->free[1] < order + 1)
        return false;
    for (unsigned at = b->order; at > order; at--) {
        node *= 2;
        /* The smaller fit, so that large runs stay whole. */
        uint8_t left = b->free[node], right = b->free[node + 1];
        if (left < order + 1 || (right >= order + 1 && right < left))
            node++;
    }
    b->free[node] = 0;
    *first = (node << order) - ((size_t)1 << b->order);
    update_above(b, node, order);
    return true;
}

void gcl_buddy_give(struct gcl_buddy *b, size_t first)
{
    size_t node = first + ((size_t)1 << b->order);
    unsigned order = 0;
    /* The taken node is the lowest above the unit that says 0: all below it were
     * free when it was taken, and still say so. */
    while (b->free[node]) {
        node /= 2;
        order++;
    }
    b->free[node] = order + 1;
    update_above(b, node, order);
}

bool gcl_buddy_empty(const struct gcl_buddy *b)
{
    return b->free[1] == b->order + 1;
}
