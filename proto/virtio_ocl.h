/* SPDX-License-Identifier: MIT OR GPL-2.0-or-later */
/*
 * virtio_ocl.h - the virtio OpenCL device: identity, configuration space,
 * control queue, and the character device that the guest driver offers.
 *
 * Purpose: the one place where the guest driver (GPL), the ICD, the helper and
 * the QEMU device agree. It compiles in the kernel and in user space.
 *
 * Everything on a virtqueue is little-endian (virtio 1.3 §2.6); everything in
 * an ioctl is native-endian with explicit widths, so that a 32-bit program on
 * a 64-bit guest kernel sees the same structures.
 *
 * Numbers here are append-only and never reused.
 */
#ifndef VIRTIO_OCL_H
#define VIRTIO_OCL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Device id. 63 is the last id that Linux accepts and not assigned by the
 * virtio standard; 38 is what a stock QEMU's table can name. The driver binds
 * to both and believes neither before it has read the magic.
 */
#define VIRTIO_OCL_DEVICE_ID          63
#define VIRTIO_OCL_DEVICE_ID_FALLBACK 38

#define VIRTIO_OCL_MAGIC   0x4c434f56u /* "VOCL" read as little-endian bytes */
#define VIRTIO_OCL_VERSION 1u

/* Config space is 64 bytes: a stock vhost-user test device wants the size. */
#define VIRTIO_OCL_CONFIG_SIZE 64

struct virtio_ocl_config {
    __le32 magic;         /* VIRTIO_OCL_MAGIC */
    __le32 version;       /* VIRTIO_OCL_VERSION */
    __le32 client_queues; /* queues 1..client_queues serve one client each */
    __le32 max_regions;   /* regions that one client may have mapped at once */
    __le64 max_mapped;    /* bytes that one client may have mapped at once */
    __le32 max_region_runs; /* runs of pages in one region; 0: not said */
    __u8 reserved[36];    /* zero */
};

/* Queue 0 is the control queue; queue q >= 1 is client q's doorbell queue. */
#define VIRTIO_OCL_QUEUE_CONTROL      0
#define VIRTIO_OCL_QUEUE_FIRST_CLIENT 1

/*
 * Control queue. Each request is one descriptor chain: a device-readable
 * request (header, body, run list) and a device-writable struct
 * virtio_ocl_ctl_resp. Only the guest kernel driver writes here, so that no
 * guest process can name another's pages. Requests of one client are carried
 * out in order; those of different clients need not be.
 */
enum virtio_ocl_ctl_type {
    VIRTIO_OCL_CTL_OPEN = 1,  /* struct virtio_ocl_ctl_open, runs of the channel */
    VIRTIO_OCL_CTL_CLOSE = 2, /* struct virtio_ocl_ctl_hdr alone */
    VIRTIO_OCL_CTL_MAP = 3,   /* struct virtio_ocl_ctl_map, runs */
    VIRTIO_OCL_CTL_UNMAP = 4, /* struct virtio_ocl_ctl_unmap */
};

struct virtio_ocl_ctl_hdr {
    __le32 type;   /* enum virtio_ocl_ctl_type */
    __le32 client; /* 1..client_queues: the index of the client's queue */
};

/* A run of guest-physical pages. Both fields are multiples of 4096. */
struct virtio_ocl_run {
    __le64 gpa;
    __le64 len;
};

/* Runs in one request; a longer list goes in several MAP requests. */
#define VIRTIO_OCL_MAX_RUNS 4096u

/*
 * Start a worker for this client. The runs name the channel's pages
 * (proto/channel.h), which the worker maps one behind another. Answered once
 * the worker runs and has initialised the channel's header.
 */
struct virtio_ocl_ctl_open {
    struct virtio_ocl_ctl_hdr hdr;
    __le32 pid;           /* guest process, for the host's log only */
    __le32 nruns;
    __le64 channel_len;   /* bytes; the runs' lengths add up to it */
    char comm[16];        /* guest process name, NUL padded, for the log only */
};

/*
 * Map pages as one contiguous region in the client's worker. A region of many
 * runs comes in several requests with the same region and total_len and rising
 * offset, the first with offset 0; it can be used once offset + the sum of the
 * runs has reached total_len. An error in one piece undoes the whole region.
 */
struct virtio_ocl_ctl_map {
    struct virtio_ocl_ctl_hdr hdr;
    __le32 region;        /* 1..max_regions, chosen by the driver */
    __le32 nruns;
    __le32 flags;         /* VIRTIO_OCL_MAP_* */
    __le32 reserved;
    __le64 total_len;     /* bytes of the whole region */
    __le64 offset;        /* where this request's runs start in it */
};

#define VIRTIO_OCL_MAP_WRITE 1u /* the host may write to these pages */
/* In the ioctl alone: also if they are in many pieces, see struct virtio_ocl_map. */
#define VIRTIO_OCL_MAP_SCATTERED 2u
/* Out: the pages stay mapped after UNMAP, until their addresses change. */
#define VIRTIO_OCL_MAP_LASTS 4u
/* Out: they were mapped already. */
#define VIRTIO_OCL_MAP_FOUND 8u
/* Not to be mapped by the host, but copied from and to, page by page. On the queue, too. */
#define VIRTIO_OCL_MAP_GATHER 16u

/*
 * Answered once nothing on the host maps the region any more: only then may
 * the driver unpin its pages. It waits for native commands that still use it.
 */
struct virtio_ocl_ctl_unmap {
    struct virtio_ocl_ctl_hdr hdr;
    __le32 region;
    __le32 reserved;
};

enum virtio_ocl_ctl_status {
    VIRTIO_OCL_S_OK = 0,
    VIRTIO_OCL_S_INVALID = 1,   /* malformed, or no such client or region */
    VIRTIO_OCL_S_BUSY = 2,      /* the client or region exists already */
    VIRTIO_OCL_S_NOMEM = 3,     /* over a limit, or out of host resources */
    VIRTIO_OCL_S_LOST = 4,      /* the client's worker has died */
    VIRTIO_OCL_S_FAULT = 5,     /* a run lies outside guest RAM */
};

struct virtio_ocl_ctl_resp {
    __le32 status; /* enum virtio_ocl_ctl_status */
    __le32 reserved;
};

/*
 * Client queues carry no data. Guest to host: a bare queue notification, no
 * buffer, is the doorbell. Host to guest: the driver keeps small
 * device-writable buffers posted; the host returns one with a reason, since
 * Linux drops an interrupt that brings no used buffer. The driver posts it
 * again at once.
 */
enum virtio_ocl_wake_reason {
    VIRTIO_OCL_WAKE = 0, /* some word of the channel has changed: look */
    VIRTIO_OCL_LOST = 1, /* the worker is gone: every wait ends with EIO */
};

struct virtio_ocl_wake {
    __le32 reason; /* enum virtio_ocl_wake_reason */
};

#define VIRTIO_OCL_WAKE_BUFFERS 8 /* buffers that the driver keeps posted */

/*
 * /dev/virtio-ocl. One open file is one client. Every ioctl can be called from
 * any thread of the process that opened it; after fork() the child gets EPERM
 * (pages are pinned in the opener's address space). Errors are -1 and errno:
 *   EINVAL malformed, ENODEV the device has been removed or reset,
 *   EIO the client's worker is gone, EPERM not the opener's address space.
 */
#define VIRTIO_OCL_IOC_MAGIC 0xc1

/*
 * Allocate the channel and start the host's worker. Then
 * mmap(fd, offset 0, channel_len, MAP_SHARED) maps it. Once per file.
 * EBUSY: no client queue is free (or already open); EPROTO: unknown version.
 */
struct virtio_ocl_open {
    __u32 version;     /* in: VIRTIO_OCL_VERSION */
    __u32 client;      /* out: client number, for messages */
    __u64 channel_len; /* in: bytes, a multiple of 4096, at most 16 MiB */
};

/*
 * Make [addr, addr + len) of this process usable by the host: pins the pages
 * and maps them in the worker, or finds them in the cache of earlier calls
 * (invalidated by MMU notifier). Counts a reference on the region; UNMAP drops
 * it. addr and len need no alignment. The bytes lie in the region at `offset`.
 * EFAULT: not mapped, or not writable with VIRTIO_OCL_MAP_WRITE;
 * ENOMEM: RLIMIT_MEMLOCK, or a limit of the host;
 * E2BIG: the pages lie in more runs than the host maps as one region, or than
 * below, where copying is cheaper than mapping, unless it is to stay mapped and
 * so VIRTIO_OCL_MAP_SCATTERED is given. MADV_COLLAPSE brings them together. With
 * VIRTIO_OCL_MAP_GATHER any number will do; that comes back if the region is one
 * to be copied, and does not if it was mapped already.
 */
struct virtio_ocl_map {
    __u64 addr;
    __u64 len;
    __u32 flags;  /* in and out: VIRTIO_OCL_MAP_* */
    __u32 region; /* out */
    __u64 offset; /* out: of addr within the region */
};

/*
 * Memory of the driver's own, in chunks of up to 2 MiB, mapped in the worker:
 * for staging, map results and CL_MEM_ALLOC_HOST_PTR. mmap(fd, mmap_offset,
 * len, MAP_SHARED) maps it here. UNMAP gives it back; the pages live until the
 * process has unmapped them too.
 */
struct virtio_ocl_alloc {
    __u64 len;         /* in: bytes, rounded up to 4096 */
    __u32 region;      /* out */
    __u32 reserved;
    __u64 mmap_offset; /* out */
};

/*
 * A run costs the host some 10 us to map, to touch and to unmap, a MiB some 120
 * us to copy: up to this many runs mapping pays if it is used once. What comes
 * free is for the ends of a small range.
 */
#define VIRTIO_OCL_RUNS_PER_MIB 16u
#define VIRTIO_OCL_RUNS_FREE    16u

struct virtio_ocl_unmap {
    __u32 region;
    __u32 reserved;
};

/*
 * Sleep until the 32-bit word at `offset` of the channel differs from `old`.
 * With VIRTIO_OCL_WAIT_KICK the doorbell is rung first. ETIMEDOUT: timeout_ms
 * passed; EINTR: a signal; EIO: the worker is gone.
 */
struct virtio_ocl_wait {
    __u64 offset;     /* multiple of 4, inside the channel */
    __u32 old;
    __u32 timeout_ms;
    __u32 flags;
    __u32 reserved;
};

#define VIRTIO_OCL_WAIT_KICK 1u

#define VIRTIO_OCL_IOC_OPEN  _IOWR(VIRTIO_OCL_IOC_MAGIC, 1, struct virtio_ocl_open)
#define VIRTIO_OCL_IOC_MAP   _IOWR(VIRTIO_OCL_IOC_MAGIC, 2, struct virtio_ocl_map)
#define VIRTIO_OCL_IOC_ALLOC _IOWR(VIRTIO_OCL_IOC_MAGIC, 3, struct virtio_ocl_alloc)
#define VIRTIO_OCL_IOC_UNMAP _IOW(VIRTIO_OCL_IOC_MAGIC, 4, struct virtio_ocl_unmap)
#define VIRTIO_OCL_IOC_KICK  _IO(VIRTIO_OCL_IOC_MAGIC, 5)
#define VIRTIO_OCL_IOC_WAIT  _IOW(VIRTIO_OCL_IOC_MAGIC, 6, struct virtio_ocl_wait)

#endif
