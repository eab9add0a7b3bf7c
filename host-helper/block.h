/* SPDX-License-Identifier: MIT */
/*
 * block.h - native calls that block, on the thread that has decoded them.
 *
 * Handing a blocking call to another thread and back costs more than a GPU needs
 * for it. So the thread that has decoded it makes it itself, without the decoder's
 * role (crew.h). Between begin and end, and after that, it may touch only what any
 * thread may (worker.h), its own call, and what hcl_block_begin() has been told of,
 * which stays alive whatever the guest releases.
 *
 * Not where the runtime calls back at once (complete.h), which is shorter still; nor
 * while other threads of the program keep sending: waking one another at the
 * doorbell would then cost more than the hand-over to a waiter.
 */
#ifndef HCL_BLOCK_H
#define HCL_BLOCK_H

#include "call.h"

/* Events that a blocking call may wait for without a waiter: each release of another
 * thread's compares with them. */
#define HCL_BLOCK_WAITS_MAX 64

/* May the caller block? mem: NULL if there is none. If so, it has no role until
 * hcl_block_end, and perhaps not after it. */
bool hcl_block_begin(struct hcl_call *c, cl_command_queue queue, cl_mem mem, const cl_event *waits,
                     uint64_t num_waits);

/* The native call has returned; before the answer, so that what the program sends
 * next finds a decoder awake. */
void hcl_block_end(struct hcl_call *c);

#endif
