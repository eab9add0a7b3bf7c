/* SPDX-License-Identifier: MIT */
/*
 * event.h - events in the guest: their shadows and their status slots.
 *
 * A slot is a word of the channel that the helper writes when the native event
 * completes. A slot whose event is released before that is kept aside until
 * the helper has written it.
 *
 * Threading: any thread.
 */
#ifndef GCL_EVENT_H
#define GCL_EVENT_H

#include <stdbool.h>

#include "object.h"

/* A new event of a command (queue) or of the user (queue NULL), pending. Holds
 * its context and queue. NULL: no memory. */
cl_event gcl_event_create(cl_context context, cl_command_queue queue, cl_command_type command);

/* The event of a command that has been carried out here, complete. The helper is told
 * of it when it has to know. NULL: no memory. */
cl_event gcl_event_done(cl_command_queue queue, cl_command_type command);

/* The event's number is about to be sent: the helper must know it. CL_SUCCESS, or
 * the error to return. */
cl_int gcl_event_tell(cl_event event);

/* The command was refused: nothing will write the slot. */
void gcl_event_abandon(cl_event event);

/* Has the event a final status (complete, or an error)? Without a slot: only if
 * the helper has been asked (gcl_events_query) and said so. */
bool gcl_event_final(cl_event event);

/* The final status; CL_QUEUED if there is none yet. */
cl_int gcl_event_status(cl_event event);

/* Is this a sound wait list of the context's (none is) whose events have all
 * completed, none with an error? */
bool gcl_events_complete(cl_context context, cl_uint n, const cl_event *list);

/* Ask the helper for the status of n events; those that are final are so for
 * gcl_event_final() too when this returns. status: n values, valid on success. */
#define GCL_EVENTS_QUERY_MAX 64
cl_int gcl_events_query(cl_event *events, unsigned n, cl_int *status);

/* Block until the event is final. CL_SUCCESS, or an error if the helper is
 * lost; *status receives the final status. */
cl_int gcl_event_wait(cl_event event, cl_int *status);

#endif
