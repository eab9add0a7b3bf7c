/* SPDX-License-Identifier: MIT */
/*
 * vring.h - the device's side of a split virtqueue (virtio 1.3 §2.7).
 *
 * The rings and everything that they point to belong to a hostile guest and
 * may change at any time: each word is read once into a copy, and the copy is
 * checked. Indirect descriptors, event indices and packed rings are not
 * offered, so a descriptor that uses them is malformed.
 *
 * Ownership: a vring borrows the memory of its rings and its call descriptor.
 * Threading: one thread at a time; the caller locks.
 */
#ifndef HCL_VRING_H
#define HCL_VRING_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* QEMU's and Linux' own limit on a queue; bounds what a guest can have
 * outstanding on its control queue. */
#define HCL_VRING_MAX_NUM 1024u

/* A request with VIRTIO_OCL_MAX_RUNS runs is 64 KiB and so 17 pages, if the
 * driver scatters it by pages; this leaves room. */
#define HCL_CHAIN_MAX_SEGMENTS 64u

/* The address of guest memory [gpa, gpa + len), or NULL. It need stay valid
 * only until the next call. */
typedef void *(*hcl_vring_at_fn)(void *opaque, uint64_t gpa, uint64_t len);

struct hcl_vring {
    uint32_t num; /* entries, a power of two */
    struct vring_desc *desc;
    struct vring_avail *avail;
    struct vring_used *used;
    uint16_t last_avail; /* private: next entry of avail that we take */
    uint16_t used_idx;   /* private: next entry of used that we fill */
    int call_fd;         /* -1: nobody wants interrupts */
    hcl_vring_at_fn at;
    void *opaque;
};

struct hcl_segment {
    uint64_t gpa;
    uint32_t len;
};

/* One request: n_out segments for us to read, then n_in for us to write. */
struct hcl_chain {
    uint16_t head;
    unsigned n_out;
    unsigned n_in;
    struct hcl_segment seg[HCL_CHAIN_MAX_SEGMENTS];
};

/* Bytes of the three areas of a ring of num entries (virtio 1.3 §2.7). */
size_t hcl_vring_desc_size(uint32_t num);
size_t hcl_vring_avail_size(uint32_t num);
size_t hcl_vring_used_size(uint32_t num);

/* Is this a size that a split ring may have, and that we serve? */
bool hcl_vring_num_valid(uint32_t num);

/*
 * Begin at entry `base` of the available ring; the used ring goes on where the
 * memory says that it is.
 */
void hcl_vring_init(struct hcl_vring *vr, uint32_t num, void *desc, void *avail, void *used,
                    uint16_t base);

/* What base must be on a queue whose buffers are returned in their order. */
uint16_t hcl_vring_in_order_base(const void *used);

/*
 * Take the next chain. Returns 1, 0 (none is waiting), or -EPROTO for a
 * malformed ring (nothing is taken).
 */
int hcl_vring_pop(struct hcl_vring *vr, struct hcl_chain *c);

/*
 * Copy the readable part of a chain, at most cap bytes. Returns the length of
 * the whole readable part (which may exceed cap) or -EFAULT.
 */
int64_t hcl_vring_read(struct hcl_vring *vr, const struct hcl_chain *c, void *buf, size_t cap);

/*
 * Write len bytes at the start of the writable part. Returns 0, -EFAULT, or
 * -EMSGSIZE if it is shorter than len.
 */
int hcl_vring_write(struct hcl_vring *vr, const struct hcl_chain *c, const void *buf, size_t len);

/* Return a chain of which we have written len bytes. Does not interrupt. */
void hcl_vring_push(struct hcl_vring *vr, uint16_t head, uint32_t len);

/* Interrupt the driver unless it has said that it need not be. */
void hcl_vring_notify(struct hcl_vring *vr);

/* Can fd be a kick or call descriptor (an eventfd, or the socket pair that
 * user-mode Linux uses)? Makes it non-blocking. Returns 0 or -errno. */
int hcl_vring_fd_prepare(int fd);

/* Add one event to fd. An fd that is full has an event pending already. */
void hcl_vring_fd_signal(int fd);

/* Take all events from fd. */
void hcl_vring_fd_drain(int fd);

#endif
