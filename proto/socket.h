/* SPDX-License-Identifier: MIT */
/*
 * socket.h - what helper and guest say to one another over the unix socket:
 * the handshake and the regions. Commands never travel here; they go through
 * the channel (channel.h), which the handshake hands over.
 *
 * The socket is SOCK_SEQPACKET: one message is one packet of exactly the size
 * of its structure, so nothing has to be framed. Both ends run on one machine:
 * fields are in native byte order with explicit widths.
 *
 *   helper                                   guest
 *     | HELLO + channel memfd + kick eventfd -> |
 *     | <- REGION_ADD {id, len} + memfd         |
 *     | ANSWER {REGION_ADD, id, status} ------> |
 *     | <- REGION_DEL {id}                      |
 *     | ANSWER {REGION_DEL, id, status} ------> |  once nothing maps the region
 *
 * A HELLO with a status other than OK carries no descriptors and is the last
 * message. Answers to REGION_DEL come in any order and may come much later,
 * between others; an id may be used again once its REGION_DEL is answered.
 * Either end's close is the end of the client.
 *
 * Numbers are append-only and never reused.
 */
#ifndef VOCL_SOCKET_H
#define VOCL_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#define VOCL_SOCK_MAGIC 0x4b534c43u /* "CLSK" */
#define VOCL_SOCK_VERSION 1u

enum vocl_sock_type {
    VOCL_SOCK_REGION_ADD = 1,
    VOCL_SOCK_REGION_DEL = 2,
};

enum vocl_sock_status {
    VOCL_SOCK_OK = 0,
    VOCL_SOCK_INVALID = 1, /* malformed, no such region, or an unfit descriptor */
    VOCL_SOCK_BUSY = 2,    /* the region exists already */
    VOCL_SOCK_LIMIT = 3,   /* over one of the client's limits */
    VOCL_SOCK_NOMEM = 4,   /* the helper's machine has no room */
    VOCL_SOCK_FULL = 5,    /* HELLO only: as many clients as the helper takes */
};

struct vocl_sock_hello {
    uint32_t magic;        /* VOCL_SOCK_MAGIC */
    uint32_t version;      /* VOCL_SOCK_VERSION */
    uint32_t status;       /* enum vocl_sock_status */
    uint32_t max_regions;  /* region ids are 1..max_regions */
    uint64_t max_mapped;   /* bytes in all regions together */
    uint64_t channel_size; /* VOCL_CHANNEL_SIZE */
    char reason[160];      /* NUL-terminated text for a person; empty when OK */
};

/* The descriptors of a good HELLO, in this order. Both memfds of this protocol
 * are sealed with F_SEAL_SHRINK, so that neither end can make the other fault. */
enum vocl_sock_hello_fd {
    VOCL_SOCK_FD_CHANNEL = 0,
    VOCL_SOCK_FD_KICK = 1,
    VOCL_SOCK_HELLO_FDS = 2,
};

struct vocl_sock_request {
    uint32_t type; /* enum vocl_sock_type */
    uint32_t id;   /* 1..max_regions */
    uint64_t len;  /* REGION_ADD: bytes, a multiple of the page size; else 0 */
};

struct vocl_sock_answer {
    uint32_t type;   /* of the request */
    uint32_t id;     /* of the request */
    uint32_t status; /* enum vocl_sock_status */
    uint32_t reserved;
};

/* No message carries more descriptors; the kernel drops what is beyond. */
#define VOCL_SOCK_MAX_FDS 2u

/*
 * Send one message with nfds (<= VOCL_SOCK_MAX_FDS) descriptors. flags: those
 * of send(2), such as MSG_DONTWAIT. Returns 0 or -errno (-EAGAIN: no room now,
 * -EPIPE: the other end is gone). Never raises SIGPIPE.
 */
int vocl_sock_send(int sock, const void *msg, size_t size, const int *fds, unsigned nfds,
                   int flags);

/*
 * Receive one message of exactly `size` bytes with exactly `nfds` descriptors,
 * or with none: *got receives how many of the two. They are close-on-exec and
 * the caller's to close. Returns 0, -EAGAIN (nothing there, or the socket's
 * time-out), -EPIPE (end of file), -EPROTO (any other size or number; its
 * descriptors are closed) or another -errno.
 */
int vocl_sock_recv(int sock, void *msg, size_t size, int *fds, unsigned nfds, unsigned *got,
                   int flags);

/* May [0, len) of this descriptor be mapped without fear of SIGBUS? That is a
 * memfd which is long enough and sealed against shrinking. 0 or -EINVAL. */
int vocl_sock_check_memfd(int fd, uint64_t len);

#endif
