/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - what a worker gives up before it reads its first command.
 */
#ifndef HCL_SANDBOX_H
#define HCL_SANDBOX_H

struct hcl_options;

/*
 * Confine this process and all that it starts, for good; with opt->sandbox
 * false, only no core dumps and no new privileges. Call it in the worker while
 * it has one thread, before the native runtime is loaded. Returns 0 or -errno
 * (logged); the worker must not go on after a failure.
 */
int hcl_sandbox_enter(const struct hcl_options *opt);

#endif
