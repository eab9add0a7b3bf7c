/* SPDX-License-Identifier: MIT */
/*
 * ram_guard.h - keep the server alive when a front end shrinks the file that
 * holds its guest's RAM: touching a page beyond the end is a SIGBUS, and the
 * server is there for other VMs too.
 *
 * A guarded range whose page is gone is replaced by zeroes, whole. The VM is
 * beyond help then, and its device sees an empty control queue.
 *
 * Process-wide, as signal handlers are; for the server's one thread. A worker
 * does without: its death is its client's affair.
 */
#ifndef HCL_RAM_GUARD_H
#define HCL_RAM_GUARD_H

#include <stddef.h>

/* Returns 0 or -ENOSPC. */
int ram_guard_add(void *start, size_t len);
void ram_guard_remove(void *start);

/* In a child that is to become a worker: SIGBUS is deadly again. */
void ram_guard_finish(void);

#endif
