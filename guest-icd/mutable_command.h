/* SPDX-License-Identifier: MIT */
/*
 * mutable_command.h - the shadows of commands that were recorded with a handle.
 *
 * Ownership: a command's shadow is its command buffer's. Threading: any thread;
 * a command buffer is destroyed when nobody uses it any more.
 */
#ifndef GCL_MUTABLE_COMMAND_H
#define GCL_MUTABLE_COMMAND_H

#include "object.h"

/* queue: NULL is the buffer's; kernel: NULL if the command is none's. Returns
 * NULL if there is no memory or number. */
cl_mutable_command_khr gcl_command_create(cl_command_buffer_khr buffer, cl_command_queue queue,
                                          cl_kernel kernel, cl_uint work_dim);

/* The command has been recorded: hand its handle out; or undo it if err. NULL is
 * allowed. */
void gcl_command_recorded(cl_mutable_command_khr m, cl_int err, cl_mutable_command_khr *out);

/* All of a command buffer's. */
void gcl_commands_destroy(cl_command_buffer_khr buffer);

#endif
