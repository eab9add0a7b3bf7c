/* SPDX-License-Identifier: MIT */
/*
 * vm_ping.h - what a doorbell and a wake-up cost in a VM, with nothing on top: an
 * ioctl, the notification, the worker's thread out of its sleep, a used buffer,
 * the interrupt, and the sleeper awake. The floor under a synchronous call whose
 * both sides sleep.
 *
 * Ownership: a client of the driver's for itself, with a channel and a worker; no
 * OpenCL.
 * Threading: none of its own.
 */
#ifndef VM_PING_H
#define VM_PING_H

#include <stdint.h>

struct vm_ping;

/* path: the driver's node, or NULL for /dev/virtio-ocl. NULL and errno: this is no
 * VM with the driver, no client queue is free, or the helper's channel is another. */
struct vm_ping *vm_ping_open(const char *path);
void vm_ping_close(struct vm_ping *p);

/* One round trip, in nanoseconds, or -errno. Takes longer if the worker is awake,
 * as it is for 50 us after it has been opened: leave the first ones out. */
int64_t vm_ping(struct vm_ping *p);

#endif
