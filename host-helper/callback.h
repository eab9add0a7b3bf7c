/* SPDX-License-Identifier: MIT */
/*
 * callback.h - native callbacks that say "done" once: builds, destructors,
 * program release. Each sends VOCL_MSG_DONE with the guest's cookie and frees
 * itself. Threading: the runtime calls them on any thread.
 */
#ifndef HCL_CALLBACK_H
#define HCL_CALLBACK_H

#include "worker.h"

struct hcl_cookie;

/* NULL: no memory. */
struct hcl_cookie *hcl_cookie_create(struct hcl_worker *w, uint64_t cookie);

/* Send it, and free it. */
void hcl_cookie_done(struct hcl_cookie *c);

void CL_CALLBACK hcl_program_done(cl_program program, void *cookie);
void CL_CALLBACK hcl_mem_gone(cl_mem mem, void *cookie);
void CL_CALLBACK hcl_context_gone(cl_context context, void *cookie);

#endif
