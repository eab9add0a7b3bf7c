/* SPDX-License-Identifier: MIT */
/*
 * complete.h - to be told when a native command has completed.
 *
 * Two ways. A runtime whose devices are the processor calls an event's callback
 * from the very thread that has carried the command out: the shortest way to the
 * guest. Another runtime's callbacks come from a thread that it has to wake first,
 * or poll with; there a waiter (defer.h) sits in clWaitForEvents. The same is done
 * once anything has failed, since PoCL (3.1) calls no callback for a command that
 * fails because of what it waits for.
 *
 * Threading: any thread.
 */
#ifndef HCL_COMPLETE_H
#define HCL_COMPLETE_H

#include <stdbool.h>

#include <CL/cl.h>

#include "worker.h"

/* status: CL_COMPLETE, or an error. Called once, on whatever thread. */
typedef void (*hcl_complete_fn)(void *opaque, cl_int status);

/* Before any of the following. */
void hcl_complete_init(struct hcl_worker *w);

/* Does the runtime of this queue's device call back at once? */
bool hcl_calls_back(struct hcl_worker *w, cl_command_queue queue);

/*
 * Call fn when the event, of which a reference is taken over, has completed. queue: the
 * command's, or NULL if it has been flushed and need not call back at once.
 * Returns 0; or -errno, and then fn is not called, and the event is the caller's.
 */
int hcl_when_complete(struct hcl_worker *w, cl_command_queue queue, cl_event event,
                      hcl_complete_fn fn, void *opaque);

/* The control thread's: see to those whose callback has not come for a while. */
void hcl_complete_check(struct hcl_worker *w);

#endif
