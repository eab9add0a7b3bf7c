/* SPDX-License-Identifier: MIT */
/*
 * native_kernel.h - functions of the guest's that run in their turn among a
 * queue's commands.
 *
 * Threading: any thread; the function runs on the message thread.
 */
#ifndef GCL_NATIVE_KERNEL_H
#define GCL_NATIVE_KERNEL_H

#include "object.h"

/*
 * As clEnqueueNativeKernel, on any device and for a command of any type: func gets
 * a copy of the arguments, with the addresses of the buffers at their locations,
 * once the wait list is complete and the queue has come that far. The parameters
 * must be valid.
 */
cl_int gcl_run_in_guest(cl_command_queue queue, cl_command_type command,
                        void(CL_CALLBACK *func)(void *), const void *args, size_t cb_args,
                        cl_uint num_mems, const cl_mem *mems, const void **locations,
                        cl_uint num_events, const cl_event *list, cl_event *event);

#endif
