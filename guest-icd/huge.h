/* SPDX-License-Identifier: MIT */
/*
 * huge.h - huge pages behind memory that both sides see.
 *
 * The kernel gives shared memory none by itself, as it is set up almost
 * everywhere, but it does when it is asked to collapse small pages into one
 * (MADV_COLLAPSE). That takes 0.1 ms where a huge page is at hand; the faults of its 512
 * small pages take 2 ms on both sides together.
 *
 * Threading: any thread.
 */
#ifndef GCL_HUGE_H
#define GCL_HUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reserve.h"

/* Let one be behind the block, whose address is a multiple of its size and which is
 * about to be used. False: it is of no use to ask for more. */
bool gcl_huge_page(void *block);

/* The same for all whole ones in the range. */
void gcl_huge_pages(void *addr, size_t len);

#endif
