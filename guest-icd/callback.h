/* SPDX-License-Identifier: MIT */
/*
 * callback.h - the application's callbacks, by cookie.
 *
 * The helper names a callback by a cookie that the guest made; a cookie that
 * it makes up, or uses twice, finds nothing. The first registration starts the
 * thread that delivers (message.h).
 *
 * Ownership: a record holds its object until it is called or dropped.
 * Threading: registration from any thread; callbacks run on the message
 * thread, with no lock of ours held.
 */
#ifndef GCL_CALLBACK_H
#define GCL_CALLBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"
#include "wire.h"

/* All return a cookie, or 0 if there is no memory or no thread. */
uint64_t gcl_callback_event(cl_event event, void(CL_CALLBACK *fn)(cl_event, cl_int, void *),
                            void *user_data);
uint64_t gcl_callback_program(cl_program program, void(CL_CALLBACK *fn)(cl_program, void *),
                              void *user_data);
/* Something of ours to be done once, with VOCL_MSG_DONE; arg is freed by fn. */
uint64_t gcl_callback_done(struct gcl_object *held, void (*fn)(void *arg), void *arg);
/* Stays until dropped: may be called any number of times. */
uint64_t gcl_callback_context(void(CL_CALLBACK *fn)(const char *, const void *, size_t, void *),
                              void *user_data);

/*
 * The three calls that set a destructor or release callback: register it with
 * the helper under op, whose body is the object's number and the cookie. fn(handle,
 * user_data) is called when the handle is no longer valid; nothing is held.
 */
cl_int gcl_callback_set_destructor(struct gcl_object *o, uint16_t op, void *fn, void *user_data);

/* Forget a callback that will not be called. 0 is allowed. False: there is none,
 * or the helper has had it called in spite of an error. */
bool gcl_callback_drop(uint64_t cookie);

/* Is this the cookie of a destructor or release callback of that handle? */
bool gcl_callback_is_destructor(uint64_t cookie, const void *handle);

/* The message thread calls these with what the helper sent. */
void gcl_callback_run(uint64_t cookie, cl_int status);
void gcl_callback_run_context(uint64_t cookie, const char *errinfo, struct vocl_bytes info);

#endif
