/* SPDX-License-Identifier: MIT */
/*
 * transport.h - what the ICD needs from whatever connects it to its helper:
 * a channel, a doorbell, a wait, and regions. transport_socket.c (containers)
 * and transport_virtio.c (VMs) implement it; nothing above may assume more.
 *
 * Ownership: opened once per process, when the first OpenCL call needs it, and
 * never closed before exit (an application may still hold handles).
 * Threading: every function may be called from any thread.
 */
#ifndef GCL_TRANSPORT_H
#define GCL_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gcl_pinned;
struct gcl_transport;

/* Memory that both sides see. */
struct gcl_region {
    uint32_t id;     /* never 0 */
    uint64_t offset; /* of addr in the region, as the wire names it */
    void *addr;      /* here */
    size_t len;
    struct gcl_pinned *pinned; /* whose it is (pinned.h); NULL: the transport's own */
    bool gathered; /* of map() with GCL_MAP_GATHER: VOCL_PAYLOAD_GATHER names it */
};

#define GCL_MAP_WRITE 1u /* the helper writes to it, too */
#define GCL_MAP_KEEP  2u /* it stays for long: worth more than one copy */
#define GCL_MAP_GATHER 4u /* it may be copied by the helper, if that is cheaper */

struct gcl_transport_ops {
    const char *name; /* "socket", "virtio" */

    /*
     * Up to so many bytes the program's thread itself copies between its memory
     * and a buffer that both sides see. SIZE_MAX: always, since nothing else is
     * faster; less where the helper copies faster than a guest does.
     */
    size_t copy_max;
    /* Small buffers are pieces of regions of this size, a power of two: large
     * where alloc()'s memory costs nothing until it is touched. */
    size_t slab_size;
    /* Buffers may lie in so much of alloc()'s memory at a time; more are left to
     * the native runtime. */
    uint64_t buffers_max;

    /* Ring the helper's doorbell. Returns 0 or -errno (-EIO: helper gone). */
    int (*kick)(struct gcl_transport *t);

    /* Is the helper known to be gone? Costs a system call at the most. NULL: the
     * channel's `lost` says it. */
    bool (*gone)(struct gcl_transport *t);

    /*
     * Sleep until *word, in the channel, differs from old. Returns 0 (also
     * spuriously), -ETIMEDOUT after timeout_ms, or -EIO when the helper is
     * gone. Does not return early for signals.
     */
    int (*wait)(struct gcl_transport *t, uint32_t *word, uint32_t old, unsigned timeout_ms);

    /*
     * Memory of ours, shared with the helper. at: NULL, or where to put it, in
     * place of what the caller has mapped there (whole pages). Returns 0 and
     * fills *r, or -errno; there is still something mapped there then, which is
     * the caller's. free() gives it back; nothing may use it any more.
     * In a forked child, which shares the parent's connection, all of these are
     * the parent's: alloc() and map() fail, free() and unmap() concern the
     * child's own view alone.
     */
    int (*alloc)(struct gcl_transport *t, size_t len, void *at, struct gcl_region *r);
    void (*free)(struct gcl_transport *t, struct gcl_region *r);

    /*
     * Share [addr, addr + len) of the application's own memory. flags:
     * GCL_MAP_*. Returns 0 and fills *r, or -errno; the caller then stages.
     * NULL where the transport cannot. unmap() drops the reference.
     */
    int (*map)(struct gcl_transport *t, void *addr, size_t len, unsigned flags,
               struct gcl_region *r);
    void (*unmap)(struct gcl_transport *t, struct gcl_region *r);
};

struct gcl_transport {
    const struct gcl_transport_ops *ops;
    void *channel; /* VOCL_CHANNEL_SIZE bytes, initialised by the helper */
    bool forked;   /* we are a child of the process that it serves; see alloc() */
};

/*
 * Connect. path is a unix socket's, or the device's node. Both return NULL and
 * write a one-line reason with what to do next into why (len bytes) on failure.
 */
struct gcl_transport *gcl_transport_socket_open(const char *path, char *why, size_t len);
struct gcl_transport *gcl_transport_virtio_open(const char *path, char *why, size_t len);

#endif
