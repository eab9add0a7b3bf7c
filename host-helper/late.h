/* SPDX-License-Identifier: MIT */
/*
 * late.h - the errors of calls that were posted.
 *
 * A posted call has returned CL_SUCCESS to the program before the runtime saw it
 * (guest-icd/post.h). If the runtime refuses it after all, because something has
 * run short, the command's event fails with that error, and the next clFinish or
 * blocking transfer of the client returns it.
 *
 * Threading: any thread.
 */
#ifndef HCL_LATE_H
#define HCL_LATE_H

#include <CL/cl.h>

#include "call.h"

/* c, a posted call, has failed: to be told later. */
void hcl_late_error(struct hcl_call *c, cl_int error);

/* And this is the event that the guest has for it: enter one that has failed. */
void hcl_late_event(struct hcl_call *c, cl_int error, uint64_t id, uint64_t slot);

/* The result of a call that tells late errors: ret if that is an error itself,
 * else the first late error, which is then told. */
cl_int hcl_late_take(struct hcl_worker *w, cl_int ret);

#endif
