/* SPDX-License-Identifier: MIT */
/*
 * transport.h - what a worker needs from whatever connects it to its client:
 * a channel, a doorbell, a wake-up, and regions. One file each implements it:
 * transport_socket.c (unix socket, containers) and transport_virtio.c
 * (a virtqueue and guest RAM, VMs). Nothing above may assume more.
 *
 * Ownership: a transport is created in the worker process after the fork, from
 * what the server has handed down, and destroyed at the worker's exit.
 * Threading: wait() is called by the decoder thread alone; wake() by any
 * thread; control() by the control thread alone.
 */
#ifndef HCL_TRANSPORT_H
#define HCL_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

struct hcl_regions;
struct hcl_transport;

struct hcl_transport_ops {
    const char *name; /* for the log: "socket", "virtio" */

    /*
     * Sleep until the client rings the doorbell, or timeout_ms passes
     * (-1: no limit). Returns 0 (look at the ring; it may be a spurious
     * wake-up) or -errno when the client is gone.
     */
    int (*wait)(struct hcl_transport *t, int timeout_ms);

    /*
     * Make wait() in the decoder thread return (async-signal-safe, any thread).
     */
    void (*interrupt)(struct hcl_transport *t);

    /* Wake whoever in the guest sleeps until *word (in the channel) changes. */
    void (*wake)(struct hcl_transport *t, uint32_t *word);

    /*
     * Handle what has arrived on control_fd: mapping and unmapping regions.
     * Called when control_fd is readable. Returns 0, or -errno when the client
     * or the server is gone or has broken the protocol: the worker then ends.
     */
    int (*control)(struct hcl_transport *t);

    /* Frees t and what it owns. NULL is allowed. */
    void (*destroy)(struct hcl_transport *t);
};

struct hcl_transport {
    const struct hcl_transport_ops *ops;
    void *channel;      /* VOCL_CHANNEL_SIZE bytes shared with the guest */
    int control_fd;     /* pollable; the control thread polls it for POLLIN */
    struct hcl_regions *regions;
};

#endif
