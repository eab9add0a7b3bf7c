/* SPDX-License-Identifier: MIT */
/*
 * agent_wire.h - what `vocl vm` and the agent in its guest say to each other,
 * over one ordered byte channel: a virtio-serial port (QEMU) or a serial line
 * (user-mode Linux).
 *
 * The guest speaks first, with AGENT_HELLO; until then the host sends nothing,
 * since a serial line is not yet in raw mode. The host then describes the
 * program (ARG, ENV, CWD, IDS), starts it, and both sides pass its data until
 * AGENT_EXIT. The host answers with AGENT_BYE, and the guest powers off.
 *
 * Standard input is paid for with credit, which the guest grants as the program
 * reads: so a program that reads nothing never blocks the channel. Output needs
 * none: a host that stops reading stops the program, as a full pipe does.
 *
 * UML's serial lines stop for good once their input buffer has been full. So
 * there the host keeps at most a window of bytes, headers included, on the way.
 *
 * Integers are little-endian. Numbers are append-only: a cached guest kernel
 * never meets another agent (the initramfs is made anew for every VM), but a
 * reader of an old trace may.
 */
#ifndef VOCL_AGENT_WIRE_H
#define VOCL_AGENT_WIRE_H

#include <stdint.h>

#define AGENT_VERSION 1

/* The channel's name among the guest's virtio-serial ports. */
#define AGENT_PORT_NAME "org.virtio-ocl.agent"

enum agent_frame {
    /* guest to host */
    AGENT_HELLO = 1,  /* u32 AGENT_VERSION, u32 window (0: none) */
    AGENT_STDOUT = 2, /* bytes */
    AGENT_STDERR = 3, /* bytes */
    AGENT_CREDIT = 4, /* u32: so many more bytes of standard input may be sent */
    AGENT_EXIT = 5,   /* u32: 0..255, 128 + n after signal n */
    AGENT_FAIL = 6,   /* text, one line: why the program was not started */
    AGENT_TOOK = 7,   /* u32: so many more bytes have left the channel */

    /* host to guest */
    AGENT_ARG = 32,       /* one argument, no NUL */
    AGENT_ENV = 33,       /* one NAME=VALUE, no NUL */
    AGENT_CWD = 34,       /* path, no NUL */
    AGENT_IDS = 35,       /* u32 uid, gid, umask, then supplementary groups */
    AGENT_START = 36,     /* nothing */
    AGENT_STDIN = 37,     /* bytes, within the credit */
    AGENT_STDIN_EOF = 38, /* nothing */
    AGENT_BYE = 39,       /* nothing */
};

struct agent_header {
    uint32_t len; /* bytes of payload behind this header */
    uint8_t type; /* enum agent_frame */
    uint8_t reserved[3];
};

/* Linux' limit on one argument or environment string (MAX_ARG_STRLEN). */
#define AGENT_MAX_PAYLOAD (128u * 1024)

/* One read of the program's output: a pipe's default capacity. */
#define AGENT_MAX_DATA (64u * 1024)

/* Standard input that the program has not taken yet. */
#define AGENT_CREDIT_INITIAL (32u * 1024)

/* A tty's input buffer has 4 KiB, and is called full 128 bytes before that. */
#define AGENT_SERIAL_WINDOW 2048u

#endif
