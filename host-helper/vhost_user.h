/* SPDX-License-Identifier: MIT */
/*
 * vhost_user.h - the back end of vhost-user, as QEMU's docs/interop/
 * vhost-user.rst describes it: what one front end (a VM) has told us, and the
 * handling of one message as a function of its bytes and descriptors.
 *
 * Sockets are vhost_user.c's business and the device is vm.c's, so a test or
 * a fuzzer calls hcl_vu_handle() without either end of a connection.
 *
 * Ownership: a hcl_vu owns the descriptors that it was given.
 * Threading: the server's one thread.
 */
#ifndef HCL_VHOST_USER_H
#define HCL_VHOST_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "guest_ram.h"
#include "vm.h"

struct hcl_server;

enum hcl_vu_request {
    HCL_VU_GET_FEATURES = 1,
    HCL_VU_SET_FEATURES = 2,
    HCL_VU_SET_OWNER = 3,
    HCL_VU_RESET_OWNER = 4,
    HCL_VU_SET_MEM_TABLE = 5,
    HCL_VU_SET_VRING_NUM = 8,
    HCL_VU_SET_VRING_ADDR = 9,
    HCL_VU_SET_VRING_BASE = 10,
    HCL_VU_GET_VRING_BASE = 11,
    HCL_VU_SET_VRING_KICK = 12,
    HCL_VU_SET_VRING_CALL = 13,
    HCL_VU_SET_VRING_ERR = 14,
    HCL_VU_GET_PROTOCOL_FEATURES = 15,
    HCL_VU_SET_PROTOCOL_FEATURES = 16,
    HCL_VU_GET_QUEUE_NUM = 17,
    HCL_VU_SET_VRING_ENABLE = 18,
    HCL_VU_SET_BACKEND_REQ_FD = 21,
    HCL_VU_GET_CONFIG = 24,
    HCL_VU_SET_CONFIG = 25,
    HCL_VU_RESET_DEVICE = 34,
    HCL_VU_GET_MAX_MEM_SLOTS = 36,
    HCL_VU_ADD_MEM_REG = 37,
    HCL_VU_REM_MEM_REG = 38,
    HCL_VU_REQUESTS, /* one more than the highest */
};

/* Feature bit 30; VIRTIO_F_VERSION_1 is 32. */
#define HCL_VU_F_PROTOCOL_FEATURES (1ull << 30)
#define HCL_VU_F_VERSION_1 (1ull << 32)

#define HCL_VU_PF_MQ (1ull << 0)
#define HCL_VU_PF_REPLY_ACK (1ull << 3)
#define HCL_VU_PF_BACKEND_REQ (1ull << 5)
#define HCL_VU_PF_CONFIG (1ull << 9)
#define HCL_VU_PF_RESET_DEVICE (1ull << 13)
#define HCL_VU_PF_CONFIGURE_MEM_SLOTS (1ull << 15)

#define HCL_VU_FLAG_VERSION 0x1u
#define HCL_VU_FLAG_VERSION_MASK 0x3u
#define HCL_VU_FLAG_REPLY (1u << 2)
#define HCL_VU_FLAG_NEED_REPLY (1u << 3)

/* In SET_VRING_KICK, CALL and ERR. */
#define HCL_VU_VRING_INDEX_MASK 0xffu
#define HCL_VU_VRING_NO_FD (1u << 8)

/* Numbers are in the host's byte order (§ Message Specification). */
struct hcl_vu_header {
    uint32_t request;
    uint32_t flags;
    uint32_t size; /* of the payload */
};

struct hcl_vu_state {
    uint32_t index;
    uint32_t num;
};

struct hcl_vu_addr {
    uint32_t index;
    uint32_t flags;
    uint64_t desc; /* these are the front end's own addresses */
    uint64_t used;
    uint64_t avail;
    uint64_t log;
};

struct hcl_vu_region {
    uint64_t gpa;
    uint64_t size;
    uint64_t user;
    uint64_t offset;
};

struct hcl_vu_memory {
    uint32_t count;
    uint32_t padding;
    struct hcl_vu_region region[];
};

struct hcl_vu_one_region {
    uint64_t padding;
    struct hcl_vu_region region;
};

/* QEMU's own limit on config space in one message. */
#define HCL_VU_MAX_CONFIG 256u

struct hcl_vu_config {
    uint32_t offset;
    uint32_t size;
    uint32_t flags;
    uint8_t data[];
};

/* SET_MEM_TABLE carries at most 8 regions (§ Memory regions description). */
#define HCL_VU_TABLE_REGIONS 8u

/* GET_CONFIG and SET_MEM_TABLE are the longest, 268 and 264 bytes. */
#define HCL_VU_MAX_PAYLOAD (sizeof(struct hcl_vu_config) + HCL_VU_MAX_CONFIG)

#define HCL_VU_MAX_FDS HCL_VU_TABLE_REGIONS

struct hcl_vu_message {
    struct hcl_vu_header hdr;
    _Alignas(8) uint8_t payload[HCL_VU_MAX_PAYLOAD];
};

struct hcl_vu_queue {
    uint32_t num;
    struct hcl_vu_addr addr;
    bool has_addr;
    bool enabled;
    bool started; /* the device has it */
    uint16_t base;
    int kick_fd; /* -1: none */
    int call_fd;
};

struct hcl_vu;

/* The answer to a message that hcl_vu_handle() has put off. */
typedef void (*hcl_vu_finished_fn)(void *opaque, const struct hcl_vu_message *reply);

struct hcl_vu {
    const char *name; /* for the log; the caller's */
    struct hcl_vm *vm;
    struct hcl_guest_ram ram;
    uint64_t features;
    uint64_t protocol_features;
    int backend_req_fd;   /* -1: none; kept open, never used */
    uint32_t queues_seen; /* the front end has named so many: 0 = none yet */
    struct hcl_vu_queue queue[HCL_VM_MAX_QUEUES];
    struct hcl_vu_message put_off; /* the reply, but for its payload */
    hcl_vu_finished_fn finished;
    void *opaque;
};

/* Returns 0 or -ENOMEM. name stays the caller's; pending is vm.h's. */
int hcl_vu_init(struct hcl_vu *vu, struct hcl_server *s, const char *name,
                hcl_vu_finished_fn finished, hcl_vm_pending_fn pending, void *opaque);

/* The vm must have been stopped (hcl_vm_abandon()). */
void hcl_vu_finish(struct hcl_vu *vu);

/* Is this the header of a message that we can receive? Else -EPROTO, logged. */
int hcl_vu_check_header(const struct hcl_vu *vu, const struct hcl_vu_header *hdr);

enum { HCL_VU_PUT_OFF = 1 };

/*
 * Handle a message (hdr, and hdr.size bytes of payload) with the descriptors
 * that came with it, which are taken. Returns 0 (reply->hdr.size is 0 if there
 * is nothing to send), HCL_VU_PUT_OFF (no further message until finished is
 * called), or -errno when the connection must end, which has been logged.
 */
int hcl_vu_handle(struct hcl_vu *vu, const struct hcl_vu_message *m, int *fds, unsigned nfds,
                  struct hcl_vu_message *reply);

#endif
