/* SPDX-License-Identifier: MIT */
/*
 * crew.h - the threads that decode in turns, so that one of them may block.
 *
 *                 a record came              the ring is empty for long
 *    +---------+  while nobody led  +------+ --------------------------+
 *    | doorman | -----------------> | lead |                           |
 *    +---------+                    +------+ <------+                  v
 *         ^                          |    nobody has taken the role  follow: to the
 *         |          hand over, call |               |               doorbell, or to
 *         |          the runtime     v               |               the spares if a
 *         |                      +---------+ --------+               doorman is there
 *         |                      | blocked |                           ^
 *         |                      +---------+ --------------------------+
 *         +---- sent by a leader that is about to block ---- spares    somebody has
 *
 * One thread has the *role*: it alone reads the command ring, carries out calls in
 * order, and uses what worker.h calls the decoder's. It must never block with it,
 * or a second thread of the program could not set the user event that the first
 * waits for. So a leader that is to block for a call hands the role over: it lets go
 * of it, with a *doorman* asleep at the doorbell, and takes it back when the runtime
 * returns. A program with one thread sends nothing meanwhile: the doorman sleeps
 * on, and a loop of blocking calls makes no system call. What another thread of the
 * program sends wakes the doorman, who then leads.
 *
 * Threading: hand_over() and take_back() by a thread of the crew, within a handler.
 */
#ifndef HCL_CREW_H
#define HCL_CREW_H

#include <stdbool.h>

struct hcl_crew;
struct hcl_worker;

/* Threads of a crew: a program rarely has more in blocking calls at a time, and each
 * has a buffer of VOCL_RECORD_MAX. Calls beyond that wait on waiters (defer.h). */
#define HCL_CREW_MAX 16

/* NULL: no memory. */
struct hcl_crew *hcl_crew_create(struct hcl_worker *w);

/* Decode until the client goes or is ended, and return 0, or -errno if there is no
 * thread to begin with. Threads may still be in native calls, and use the crew. */
int hcl_crew_run(struct hcl_crew *c);

/* The caller, who has the role, is about to block. false: there is no thread to leave
 * the doorbell to; the caller has the role still, and must not block. */
bool hcl_crew_hand_over(struct hcl_crew *c);

/* It has returned: has it the role again? */
bool hcl_crew_take_back(struct hcl_crew *c);

#endif
