/* SPDX-License-Identifier: MIT */
/*
 * post.h - which calls may go without an answer.
 *
 * A call is posted only if no error that the specification gives it is left for
 * the runtime to find: its objects, ranges and wait list have been checked here,
 * and where a check is beyond the guest (does this kernel take this work-group
 * size?) the runtime has accepted the same before, as a call. What can still go
 * wrong is a shortage; it turns up in the command's event and as the result of
 * the next clFinish or blocking transfer (host-helper/late.h), never nowhere.
 *
 * The predicates, gcl_post_*, and what they learn from, gcl_learn_*, are declared
 * by the generator (stubs.h) for the calls that calls.py marks.
 *
 * Threading: any thread. A kernel's memory of what was accepted has a lock.
 */
#ifndef GCL_POST_H
#define GCL_POST_H

#include <stdbool.h>

#include "object.h"

/* Something about the kernel has changed that a launch may be refused for: the
 * next launch is a call. */
void gcl_kernel_forget(cl_kernel kernel);

/* Can the runtime find nothing wrong with this wait list? */
bool gcl_wait_list_sound(cl_context context, cl_uint n, const cl_event *list);

#endif
