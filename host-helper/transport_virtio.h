/* SPDX-License-Identifier: MIT */
/*
 * transport_virtio.h - the worker's end of a VM's client: a virtqueue for the
 * doorbell and the wake-up, and the VM's memory for everything else.
 *
 * What the server hands down at the fork, and the function that makes a
 * transport of it.
 */
#ifndef HCL_TRANSPORT_VIRTIO_H
#define HCL_TRANSPORT_VIRTIO_H

#include <stddef.h>
#include <stdint.h>

#include "guest_ram.h"
#include "vm_link.h"

struct hcl_options;
struct hcl_transport;

/* Where a queue's rings lie, in guest-physical addresses. */
struct hcl_ring_place {
    uint32_t num;
    uint64_t desc;
    uint64_t avail;
    uint64_t used;
};

struct hcl_virtio_handover {
    const struct hcl_guest_ram *ram; /* the descriptors; mappings are not looked at */
    struct hcl_ring_place ring;
    int kick_fd;
    int call_fd;                     /* or -1 */
    int link_fd;                     /* vm_link.h */
    uint32_t open_tag;               /* answered on link_fd once the channel is initialised */
    const struct hcl_link_run *runs; /* the channel's pages */
    uint32_t nruns;
};

/* Runs of memory that is copied and not mapped, in all: 24 MiB of lists. Enough for
 * 4 GiB of single pages. */
#define HCL_LISTED_RUNS_MAX ((size_t)1 << 20)

/*
 * Take over the descriptors in h (also on failure, when the process is about
 * to exit), map the channel, initialise it, answer open_tag. Returns NULL
 * after having answered with an error and logged it.
 */
struct hcl_transport *hcl_transport_virtio_create(const struct hcl_options *opt,
                                                  const struct hcl_virtio_handover *h);

#endif
