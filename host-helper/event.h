/* SPDX-License-Identifier: MIT */
/*
 * event.h - events on the host's side: the status slot is written once, when
 * the native event is final.
 *
 * Threading: any thread. Native callbacks, a status query and
 * clSetUserEventStatus race to write the slot; the first one does, and the
 * others leave it alone, since the guest may by then use it for another event.
 */
#ifndef HCL_EVENT_FILE_H
#define HCL_EVENT_FILE_H

#include <stdbool.h>

#include "worker.h"

/* Before any of the following. */
void hcl_events_init(struct hcl_worker *w);

/* When the slot of an event is to be written. */
enum hcl_watch {
    HCL_WATCH_NEVER, /* by whoever sets it: user events */
    HCL_WATCH_ASKED, /* once the guest sleeps on it, or asks: where a runtime's callbacks are dear */
    HCL_WATCH_NOW,   /* as soon as it is final */
};

/* The last one where the runtime of this queue calls back at once, else the second. */
enum hcl_watch hcl_watch_of(struct hcl_worker *w, cl_command_queue queue);

/*
 * Enter a native event under the guest's number. Takes over the native reference on
 * success only. Returns as hcl_objects_add, and -EINVAL for a slot that does not
 * exist.
 */
int hcl_event_add(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native,
                  enum hcl_watch watch);

/* The same with something to be done, on any thread, once the event is known to
 * be final: by the runtime's callback, or because somebody asked. On failure it
 * is not done. */
int hcl_event_add_final(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native,
                        void (*final)(void *opaque), void *opaque);

/* The same for the event of a command that is complete. */
int hcl_event_add_complete(struct hcl_worker *w, uint64_t id, uint64_t slot, cl_event native);

/* A native event of this final status, CL_COMPLETE or an error: a user event is the one
 * that can be made so. NULL: *err says why. */
cl_event hcl_event_ended(struct hcl_worker *w, cl_context context, cl_int status, cl_int *err);

/* The event of this number is final: see to it that its slot says so. */
void hcl_event_publish(struct hcl_worker *w, uint64_t id, cl_int status);

#endif
