/* SPDX-License-Identifier: MIT */
/*
 * buddy.h - which parts of a range are taken: a binary buddy system over units,
 * without a word written into the range itself.
 *
 * Threading: the caller's business.
 */
#ifndef GCL_BUDDY_H
#define GCL_BUDDY_H

#include <stdbool.h>
#include <stddef.h>

/* The most that one can manage: 2^GCL_BUDDY_MAX_ORDER units. */
#define GCL_BUDDY_MAX_ORDER 24

struct gcl_buddy;

/* All of 2^order units are free. NULL: no memory, or too many. */
struct gcl_buddy *gcl_buddy_create(unsigned order);
void gcl_buddy_destroy(struct gcl_buddy *b);

/* Take 2^order neighbouring units, aligned to as many. False: none are left. */
bool gcl_buddy_take(struct gcl_buddy *b, unsigned order, size_t *first);

/* Give back what was taken; first as it was received. */
void gcl_buddy_give(struct gcl_buddy *b, size_t first);

/* Is all of it free? */
bool gcl_buddy_empty(const struct gcl_buddy *b);

#endif
