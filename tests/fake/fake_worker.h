/* SPDX-License-Identifier: MIT */
/*
 * fake_worker.h - a worker's decoder and handlers in the test's own process, on the
 * runtime of fake_native.h, with a channel and one region of memory. The guest is
 * whoever puts records into the ring: the transport's wait(), or the test between two
 * calls of fake_worker_decode().
 *
 * What is defined here in place of log.c, defer.c and crew.c: nothing is printed, only
 * counted; calls that would go to a waiter thread are carried out at once, or, if the
 * test holds them, one at a time when it says so; and before a call blocks the test
 * may have others decoded, as if by another thread of the crew.
 *
 * Threading: one thread, and one such worker.
 */
#ifndef FAKE_WORKER_H
#define FAKE_WORKER_H

#include "channel.h"
#include "transport.h"
#include "worker.h"

struct fake_worker {
    struct hcl_transport base; /* must be first */
    struct hcl_worker worker;
    struct vocl_ring cmd; /* the guest's end of the command ring */
    uint32_t region;      /* its number */
    bool unmapped;        /* it is to go; */
    bool gone;            /* and nothing holds it any more */
};

extern uint8_t fake_channel[VOCL_CHANNEL_SIZE];

/* Lines that the log would have, since the last beginning. */
extern unsigned fake_log_lines;

/* A transport for a test that puts its own records: the decoder never sleeps, and who
 * was woken last is kept. */
extern const struct hcl_transport_ops fake_quiet_ops;
extern const uint32_t *fake_woken;

/* Hold what goes to a waiter: there is room for one, and more are refused. */
extern bool fake_defer_held;
/* Carry out what is held; false if there is nothing. */
bool fake_defer_run(void);

/* A call is to block: may it? Decodes what comes meanwhile, by fake_worker_decode();
 * NULL: nothing does. */
extern bool (*fake_crew_blocks)(void);
/* It has: has its thread the role again? NULL: it has. */
extern bool (*fake_crew_takes_back)(void);

/* Overwrites *f. ops: at least wait, interrupt and wake; region: the number of the one
 * of `size` bytes that there is. */
void fake_worker_begin(struct fake_worker *f, const struct hcl_transport_ops *ops,
                       const struct hcl_options *opt, uint32_t region, size_t size);

/* Decode what is in the ring, and once more after each wait() that returns 0: until one
 * does not, or after `waits`. */
void fake_worker_decode(struct fake_worker *f, unsigned waits);

/* The guest unmaps the region. Is it gone? Else it goes with its last reference. */
bool fake_worker_unmap(struct fake_worker *f);

/* A worker's end leaves everything to the process's; here nothing may be left, and
 * above all no reference to the guest's memory: aborts if there is one. */
void fake_worker_end(struct fake_worker *f);

#endif
