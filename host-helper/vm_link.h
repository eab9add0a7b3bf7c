/* SPDX-License-Identifier: MIT */
/*
 * vm_link.h - what the server and one worker of a VM say to each other over a
 * SOCK_SEQPACKET pair. One message is one packet; numbers are native, since
 * both ends are one program.
 *
 * Server to worker: a header, then runs or regions; messages are carried out
 * in order, and those with a tag are answered, not always in order (an unmap
 * waits for native commands). Worker to server: answers alone.
 *
 * Trust: the worker believes the server, which has checked everything against
 * guest RAM and the limits. The server believes nothing: a tag that it is not
 * waiting for ends the worker.
 */
#ifndef HCL_VM_LINK_H
#define HCL_VM_LINK_H

#include <stdint.h>

#include "virtio_ocl.h"

enum hcl_link_type {
    HCL_LINK_OPEN = 1,  /* answered when the channel is initialised; the rest
                         * was handed down at the fork */
    HCL_LINK_MAP = 2,   /* region, flags, total_len, offset; count runs */
    HCL_LINK_UNMAP = 3, /* region */
    HCL_LINK_UNDO = 4,  /* region: a piece was refused; drop the pieces before
                         * it, then answer with status */
    HCL_LINK_RAM = 5,   /* count regions and their descriptors; no answer */
    HCL_LINK_CALL = 6,  /* one descriptor, or none; no answer */
};

struct hcl_link_msg {
    uint32_t type;
    uint32_t tag;
    uint32_t region;
    uint32_t flags;  /* VIRTIO_OCL_MAP_* */
    uint32_t status; /* enum virtio_ocl_ctl_status, for UNDO */
    uint32_t count;
    uint64_t total_len;
    uint64_t offset;
    /* count struct hcl_link_run or struct hcl_link_region follow */
};

struct hcl_link_run {
    uint64_t gpa;
    uint64_t len;
};

struct hcl_link_region {
    uint64_t gpa;
    uint64_t size;
    uint64_t user;
    uint64_t offset;
};

struct hcl_link_answer {
    uint32_t tag;
    uint32_t status; /* enum virtio_ocl_ctl_status */
};

#define HCL_LINK_MAX_MSG                                                                           \
    (sizeof(struct hcl_link_msg) + VIRTIO_OCL_MAX_RUNS * sizeof(struct hcl_link_run))

#endif
