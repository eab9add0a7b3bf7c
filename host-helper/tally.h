/* SPDX-License-Identifier: MIT */
/*
 * tally.h - what is counted for one client: the page that its worker counts in,
 * and that the server reads for `vocl top`.
 *
 * The server makes the page before it forks, so that it can show it whatever
 * becomes of the worker. The worker may have been taken over by its guest: the
 * server takes copies, and every word for a number that says nothing about
 * anything else.
 *
 * Ownership: made and destroyed by the server; a worker inherits its own and no
 * other (hcl_tally_keep). Threading: words are relaxed atomics, see counters.h.
 */
#ifndef HCL_TALLY_H
#define HCL_TALLY_H

#include <stdint.h>

#include "counters.h"

/* Numbers of calls that a tally has room for: enum vocl_op is below. */
#define HCL_TALLY_OPS 256u

struct hcl_tally {
    uint64_t host[VOCL_COUNTERS_MAX];  /* enum vocl_host_counter */
    uint64_t guest[VOCL_COUNTERS_MAX]; /* enum vocl_guest_counter: what the guest says */
    uint64_t op[HCL_TALLY_OPS];        /* calls carried out, by enum vocl_op */
};

/* Server: a page of zeros that a fork will share. NULL: no memory. */
struct hcl_tally *hcl_tally_create(void);
/* Server, after the fork: no later worker is to see it. */
void hcl_tally_keep(struct hcl_tally *t);
/* NULL is allowed. */
void hcl_tally_destroy(struct hcl_tally *t);

/* A copy of what is there now, each word read once. */
void hcl_tally_read(const struct hcl_tally *from, struct hcl_tally *to);

/* What an ended client's tally leaves: totals are added, mosts compared, and what
 * was live is gone. Nothing overflows, whatever the worker wrote. */
void hcl_tally_add(struct hcl_tally *sum, const struct hcl_tally *t);

#endif
