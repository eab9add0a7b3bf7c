/* SPDX-License-Identifier: MIT */
/*
 * session.h - vocl's side of agent_wire.h: waits for the guest to boot, has it
 * run one program, and passes its data both ways. It also reads the guest's
 * console and QEMU's messages all the while, so that nothing blocks on them.
 *
 * The guest is not trusted: frames are checked, and buffers are bounded.
 */
#ifndef VOCL_SESSION_H
#define VOCL_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

struct session;

enum session_outcome {
    SESSION_GOES_ON,
    SESSION_DONE,        /* booted, or the program has ended: its exit status */
    SESSION_VM_ENDED,    /* the VM ended before that */
    SESSION_TIMED_OUT,   /* the deadline has passed */
    SESSION_SILENT,      /* not a byte from the guest's console in time */
    SESSION_INTERRUPTED, /* by a signal: session_status() tells which */
    SESSION_BROKEN,      /* the guest broke the protocol */
};

/* held: the signals to take (signals.h). NULL: no memory. Takes over *g's
 * descriptors. */
struct session *session_create(const struct guest *g, const sigset_t *held, bool verbose);
void session_destroy(struct session *s);

enum session_outcome session_boot(struct session *s, int64_t deadline, int64_t silence);

/* Run program in vocl's folder and as vocl's user, with environment env. */
enum session_outcome session_run(struct session *s, char *const *program, char *const *env,
                                 int64_t deadline);

/* Tell the guest to power off, and wait for that. */
enum session_outcome session_end(struct session *s, int64_t deadline);

/* The program's exit status, or the signal's number. */
int session_status(const struct session *s);

/* The console's and QEMU's last lines on stderr. */
void session_print_tails(struct session *s);

#endif
