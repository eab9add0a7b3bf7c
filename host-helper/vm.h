/* SPDX-License-Identifier: MIT */
/*
 * vm.h - one VM's virtio-ocl device in the server: its control queue, and a
 * worker process for each of its clients.
 *
 * The server must not wait for a worker: a request that needs one is forwarded
 * over the worker's link (vm_link.h) and answered when the worker answers or
 * has died.
 *
 * Ownership: a vm borrows the memory table and the queues' descriptors from
 * the connection (vhost_user.c), which stops the vm before it changes them.
 * Threading: the server's one thread.
 */
#ifndef HCL_VM_H
#define HCL_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "guest_ram.h"
#include "transport_virtio.h"
#include "virtio_ocl.h"

struct hcl_server;
struct hcl_vm;

/* A client is a process of ours and a queue of the device. The device's queue
 * index has 8 bits in vhost-user's SET_VRING_KICK; user-mode Linux allows 64
 * queues in all. */
#define HCL_VM_MAX_CLIENTS 63u
#define HCL_VM_MAX_QUEUES (HCL_VM_MAX_CLIENTS + 1)

/* After CLOSE a worker may tidy up for so long, then it is killed. The guest's
 * process waits for it in close(), so it is short. */
#define HCL_VM_CLOSE_GRACE_MS 500

struct hcl_vm_queue {
    struct hcl_ring_place ring;
    uint16_t base; /* control queue only; client queues go on at their used index */
    int kick_fd;
    int call_fd; /* or -1 */
};

typedef void (*hcl_vm_stopped_fn)(void *opaque);

/* Has the front end said something that we are about to read? */
typedef bool (*hcl_vm_pending_fn)(void *opaque);

/*
 * name: for the log. pending is asked before the control queue is looked at: a
 * front end tells us of its queues before the guest can use them, but by
 * another way, and the guest must not overtake it. NULL: no memory.
 */
struct hcl_vm *hcl_vm_create(struct hcl_server *s, const char *name,
                             const struct hcl_guest_ram *ram, hcl_vm_pending_fn pending,
                             void *opaque);

/* Where its clients are entered (roster.h); none are before this. */
struct hcl_place;
void hcl_vm_set_place(struct hcl_vm *vm, struct hcl_place *place);

/* Everything must have been stopped. NULL is allowed. */
void hcl_vm_destroy(struct hcl_vm *vm);

/* The device's config space, if the front end has so many queues (0: unknown). */
void hcl_vm_config(const struct hcl_vm *vm, uint32_t queues, struct virtio_ocl_config *cfg);

/* Clients at once: the options' limit, or ours. */
uint32_t hcl_vm_max_clients(const struct hcl_vm *vm);

/* Queue `index` may be used. Returns 0, -EFAULT (a ring is not in guest RAM,
 * or not aligned), -EINVAL or -ENOMEM. */
int hcl_vm_queue_start(struct hcl_vm *vm, uint32_t index, const struct hcl_vm_queue *q);

/* The queue's call descriptor has changed (QEMU does so when the guest masks
 * an interrupt vector). The old one may be closed afterwards. */
void hcl_vm_queue_call(struct hcl_vm *vm, uint32_t index, int call_fd);

/* Where a stopped or running queue goes on. */
uint16_t hcl_vm_queue_base(const struct hcl_vm *vm, uint32_t index);

/*
 * Stop queue `index`, and with the control queue all of them. Workers are
 * killed. Returns true if it is done; else fn is called when the last worker
 * has exited. One stop at a time.
 */
bool hcl_vm_queue_stop(struct hcl_vm *vm, uint32_t index, hcl_vm_stopped_fn fn, void *opaque);

/* The same for everything, when the front end has gone: guest memory is not
 * written to any more. */
bool hcl_vm_abandon(struct hcl_vm *vm, hcl_vm_stopped_fn fn, void *opaque);

/* The memory table has changed. Returns 0, or -EFAULT if the control queue is
 * not in it any more: the queue is then dead until it is stopped. */
int hcl_vm_ram_changed(struct hcl_vm *vm);

/* hcl_vm_abandon() for a server that stops: workers may end by themselves, the
 * server sees to it that they do. */
bool hcl_vm_shutdown(struct hcl_vm *vm, hcl_vm_stopped_fn fn, void *opaque);

#endif
