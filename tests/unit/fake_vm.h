/* SPDX-License-Identifier: MIT */
/*
 * fake_vm.h - a VM for tests of the helper: a vhost-user front end with guest
 * RAM in memfds, and what a guest's driver does with its queues. Every
 * function fails the test if the helper does not do its part.
 */
#ifndef FAKE_VM_H
#define FAKE_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-helper/vhost_user.h"
#include "proto/virtio_ocl.h"

#define FAKE_QUEUES 3u /* control, two clients */
#define FAKE_NUM 64u
#define FAKE_RAM_SIZE (16ull << 20)
#define FAKE_LOW 0ull            /* gpa of the first region, */
#define FAKE_HIGH 0x100000000ull /* and of the second */
#define FAKE_TIMEOUT 5000        /* ms; a sanitizer on a busy machine is slow */
#define FAKE_PAGE 4096ull

struct fake_queue {
    uint64_t gpa; /* three pages: desc, avail, used */
    uint16_t last_used;
    int kick, call;
};

struct fake_vm {
    int sock;
    int fd[2]; /* guest RAM: low, high */
    uint8_t *ram[2];
    struct fake_queue queue[FAKE_QUEUES];
    uint64_t next_page; /* bump allocator, in the low region */
    uint32_t next_slot; /* of the control queue's requests */
};

/* Guest RAM without a connection; then connect to path. */
void fake_vm_init(struct fake_vm *vm);
void fake_vm_connect(struct fake_vm *vm, const char *path);
void fake_vm_disconnect(struct fake_vm *vm);
void fake_vm_finish(struct fake_vm *vm);

/* ---- the front end ---- */

/* Send a message as it is. */
void fake_send(struct fake_vm *vm, uint32_t request, uint32_t flags, const void *payload,
               uint32_t size, const int *fds, unsigned nfds);
/* Receive a reply to request; returns its size. */
uint32_t fake_receive(struct fake_vm *vm, uint32_t request, void *payload, uint32_t cap);
/* Send and ask for an acknowledgement; returns it. */
uint64_t fake_ack(struct fake_vm *vm, uint32_t request, const void *payload, uint32_t size,
                  const int *fds, unsigned nfds);
uint64_t fake_get_u64(struct fake_vm *vm, uint32_t request);
/* The helper must close the connection. */
void fake_expect_closed(struct fake_vm *vm);

void fake_negotiate(struct fake_vm *vm);
void fake_set_mem_table(struct fake_vm *vm, bool both);
void fake_start_queue(struct fake_vm *vm, unsigned index);
uint16_t fake_stop_queue(struct fake_vm *vm, unsigned index);
void fake_start(struct fake_vm *vm); /* all of it */
struct virtio_ocl_config fake_config(struct fake_vm *vm);

/* ---- the guest ---- */

void *fake_at(struct fake_vm *vm, uint64_t gpa);
uint64_t fake_pages(struct fake_vm *vm, unsigned n); /* gpa of n new pages */

/* Put a descriptor chain of n elements into a queue and kick it. */
struct fake_desc {
    uint64_t gpa;
    uint32_t len;
    bool write;
};
void fake_offer(struct fake_vm *vm, unsigned queue, uint16_t head, const struct fake_desc *d,
                unsigned n, bool kick);
/* Wait for a used element; returns its head. timeout_ms passed: -1. */
int fake_used(struct fake_vm *vm, unsigned queue, int timeout_ms, uint32_t *len);

/* A request on the control queue: send it, and later take its answer. */
uint32_t fake_request(struct fake_vm *vm, const void *request, size_t len);
bool fake_answered(struct fake_vm *vm, uint32_t slot, int timeout_ms, uint32_t *status);
uint32_t fake_call(struct fake_vm *vm, const void *request, size_t len); /* both */

uint32_t fake_open(struct fake_vm *vm, uint32_t client, void **channel);
uint32_t fake_close(struct fake_vm *vm, uint32_t client);
uint32_t fake_unmap(struct fake_vm *vm, uint32_t client, uint32_t region);
/* MAP of one piece; runs of pages. Sends only, returns the slot. */
struct fake_map {
    uint32_t client, region, flags;
    uint64_t total_len, offset;
};
uint32_t fake_map_send(struct fake_vm *vm, const struct fake_map *m,
                       const struct virtio_ocl_run *runs, uint32_t n);
uint32_t fake_map(struct fake_vm *vm, const struct fake_map *m, const struct virtio_ocl_run *runs,
                  uint32_t n);

/* Post n wake buffers on a client's queue; wait for one, returns its reason,
 * or -1 after timeout_ms. It is posted again. */
void fake_post_wakes(struct fake_vm *vm, uint32_t client, unsigned n);
int fake_wake(struct fake_vm *vm, uint32_t client, int timeout_ms);
void fake_kick(struct fake_vm *vm, unsigned queue);

#endif
