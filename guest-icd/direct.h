/* SPDX-License-Identifier: MIT */
/*
 * direct.h - commands that the calling thread carries out itself: copies between
 * the program's memory and a buffer that is in memory of both sides
 * (m->in_place), and maps of one, when nothing that could still be running comes
 * before them.
 *
 * All of these return false where the ordinary way has to be taken: the command
 * has to wait for others, or it is large and the program does not wait for it, or
 * it may be wrong, which is the runtime's to say.
 *
 * Those of calls that calls.py marks, gcl_direct_*, the generator declares (stubs.h).
 *
 * Threading: any thread; the queue is held meanwhile (queue.h).
 */
#ifndef GCL_DIRECT_H
#define GCL_DIRECT_H

#include "object.h"

/* A map moves nothing: it only has its place in the order. */
bool gcl_direct_map(cl_command_queue q, cl_mem m, cl_bool blocking, size_t offset, size_t size,
                    cl_uint n, const cl_event *list, cl_event *event);

/* The unmap of such a map: nothing waits for it but its event does not, and it
 * waits for its list. False: both are left to a marker. */
bool gcl_direct_unmap(cl_command_queue q, cl_uint n, const cl_event *list, cl_event *event);

#endif
