/* SPDX-License-Identifier: MIT */
/*
 * connection.h - the process's one connection to its helper: finding a
 * transport, sending a body, waiting for the answer.
 *
 * Ownership: made by the first OpenCL call, kept until exit. A connection that
 * has failed stays failed: every later call gets an error at once.
 * Threading: every function may be called from any thread.
 */
#ifndef GCL_CONNECTION_H
#define GCL_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "calls.h"
#include "transport.h"

/*
 * Connect if that has not been tried yet. Returns 0, or -ENODEV if there is no
 * helper, -EIO if it is lost, -EPERM in a process forked after it was used.
 */
int gcl_connection_open(void);

/* The open connection's transport. Only after gcl_connection_open() gave 0. */
struct gcl_transport *gcl_connection_transport(void);

/*
 * Send the body of op and wait for the answer. waits: it comes only when some
 * command has completed; such calls never take the last reply slots, which
 * belong to those that may be what the command waits for. *reply receives it: *reply is
 * realloc'ed to fit (*cap bytes) and belongs to the caller. Returns the
 * answer's length, or -errno: -EIO when the helper is gone.
 */
int64_t gcl_connection_call(uint16_t op, bool waits, const void *body, uint64_t len,
                            uint8_t **reply, size_t *cap);

/* Send without an answer. Returns 0 or -errno. */
int gcl_connection_post(uint16_t op, const void *body, uint64_t len);

/* Tell the helper to release the object of this number; failure is silent,
 * since a helper that is gone has released everything. */
void gcl_connection_release(uint32_t id);

/* Look at *word, in the channel, for as long as that pays (spin.h). Returns whether it
 * differs from old. */
bool gcl_connection_look(const uint32_t *word, uint32_t old);

/*
 * Sleep until *word, in the channel, differs from old; the caller has already
 * told the helper that it sleeps. Returns 0 or -EIO.
 */
int gcl_connection_wait(uint32_t *word, uint32_t old);

/* Is there a helper, as far as can be known without asking it, are we the process
 * that it serves, and has it nothing to say about calls that were posted? For what
 * is done without a word to it. */
bool gcl_connection_untroubled(void);

/* Does the helper take an object of this number? If not, its creation must be a call,
 * which then fails. */
bool gcl_connection_takes(uint32_t id);

/* Has the helper been lost? */
bool gcl_connection_lost(void);

/* "virtio-ocl: text" on stderr if VOCL_DEBUG is set. */
__attribute__((format(printf, 1, 2))) void gcl_debug(const char *fmt, ...);

#endif
