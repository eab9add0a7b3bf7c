/* SPDX-License-Identifier: MIT */
/*
 * ids.h - small numbers that the guest makes: object ids and event-status
 * slots. The lowest free number is not promised; numbers are never 0.
 *
 * Threading: any thread.
 */
#ifndef GCL_IDS_H
#define GCL_IDS_H

#include <stdint.h>

enum gcl_ids_kind {
    GCL_IDS_OBJECTS,     /* up to GCL_MAX_OBJECTS */
    GCL_IDS_EVENT_SLOTS, /* up to VOCL_EVENT_SLOTS - 1 */
    GCL_IDS_KINDS,
};

/* More live objects than this is a leak; the helper has a limit of its own. */
#define GCL_MAX_OBJECTS (1u << 24)

/* A number that nobody else has, or 0. */
uint32_t gcl_ids_take(enum gcl_ids_kind kind);
void gcl_ids_give(enum gcl_ids_kind kind, uint32_t id);

#endif
