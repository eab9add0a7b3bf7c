/* SPDX-License-Identifier: MIT */
/*
 * fake_helper.h - the helper's server in a process of its own, with workers
 * that do what the test writes into their channel instead of OpenCL.
 */
#ifndef FAKE_HELPER_H
#define FAKE_HELPER_H

#include <stdint.h>
#include <sys/types.h>

#include "host-helper/client.h"

struct fake_helper {
    pid_t pid;
    char dir[32];
    char path[64];
};

extern struct hcl_options fake_options;

int fake_helper_start(struct fake_helper *h);
/* SIGTERM. Returns the exit status, or 256 + signal. */
int fake_helper_stop(struct fake_helper *h);

/* What a worker does next: written into the channel where its first reply slot
 * is, then the doorbell. */
enum fake_op {
    FAKE_NOTHING = 0,
    FAKE_SUM,      /* result: the bytes of [off, off + len) of region, added */
    FAKE_FILL,     /* write `value` into that range */
    FAKE_HOLD,     /* take a reference on it, */
    FAKE_RELEASE,  /* and drop it */
    FAKE_WAKE,     /* wake the guest `value` times */
    FAKE_COPY,     /* as SUM, of a region that is copied; with a value, write that first */
    FAKE_RAM_MAPS, /* result: mappings of guest RAM in the worker */
    FAKE_CRASH,
    FAKE_EXIT,
    FAKE_DEAF, /* react to nothing any more */
};

#define FAKE_NO_REGION 0xfffffffffull /* result: no such range */

struct fake_order {
    uint32_t op; /* written last; the worker sets it to FAKE_NOTHING */
    uint32_t region;
    uint64_t off, len;
    uint64_t value;
    uint64_t result;
};

#endif
