/* SPDX-License-Identifier: MIT */
/*
 * frame.h - one call under way in the guest: the body being written, what it
 * borrowed, and what must be undone if it fails. The generated stubs and the
 * calls written by hand are sequences of these functions between
 * gcl_frame_begin and gcl_frame_end.
 *
 * Ownership: a frame lives on the caller's stack; its buffers are the
 * thread's and are used again by the thread's next call.
 * Threading: a frame belongs to one thread.
 *
 * Every function that returns cl_int returns CL_SUCCESS or the error that the
 * API call should return; the frame must then be ended with it.
 */
#ifndef GCL_FRAME_H
#define GCL_FRAME_H

#include "calls.h"
#include "object.h"
#include "transfer.h"

#define GCL_FRAME_WORDS 48

struct gcl_thread;

struct gcl_frame {
    struct gcl_thread *thread;
    struct vocl_writer *w;    /* the request's body */
    struct vocl_reader reply; /* after gcl_frame_call */
    uint64_t words[GCL_FRAME_WORDS];
    size_t used;
    void *heap; /* list of larger arrays */
    cl_event event;
    struct gcl_transfer *transfer;
    bool gather; /* the helper may copy this command's data (transfer.h) */
    bool blocking;
    cl_command_queue queue; /* NULL, or what the call enqueues a command into */
    size_t number;          /* the command's (queue.h) */
};

/* This error, of calls that were posted, was met on the way to a call of this thread's
 * that begins its frame next: that call is to return it, or nobody would be told. */
void gcl_frame_owe(cl_int error);

/* Connect if need be and take the thread's buffers. A failure needs no end. */
cl_int gcl_frame_begin(struct gcl_frame *f);

/* An array of n words that lives as long as the frame. NULL: no memory. */
uint64_t *gcl_frame_words(struct gcl_frame *f, size_t n);

/* const size_t sizes[n], or absent if NULL. */
cl_int gcl_frame_sizes(struct gcl_frame *f, const size_t *sizes, size_t n, struct vocl_words *out);

/* Arrays of handles: `error` is returned if the count and the pointer disagree
 * or a handle is none of ours. (A list of no events the runtime judges.) */
cl_int gcl_frame_events(struct gcl_frame *f, cl_uint n, const cl_event *list, cl_int error,
                        struct vocl_words *out);
cl_int gcl_frame_mems(struct gcl_frame *f, cl_uint n, const cl_mem *list, cl_int error,
                      struct vocl_words *out);
cl_int gcl_frame_devices(struct gcl_frame *f, cl_uint n, const cl_device_id *list, cl_int error,
                         struct vocl_words *out);
cl_int gcl_frame_programs(struct gcl_frame *f, cl_uint n, const cl_program *list, cl_int error,
                          struct vocl_words *out);

cl_int gcl_frame_queues(struct gcl_frame *f, cl_uint n, const cl_command_queue *list, cl_int error,
                        struct vocl_words *out);

cl_int gcl_frame_semaphores(struct gcl_frame *f, cl_uint n, const cl_semaphore_khr *list,
                            cl_int error, struct vocl_words *out);

/* n 64-bit integers; absent if NULL. */
cl_int gcl_frame_ulongs(struct gcl_frame *f, cl_uint n, const cl_ulong *list,
                        struct vocl_words *out);

/* const cl_sync_point_khr list[n]: both none, or neither. */
cl_int gcl_frame_sync_points(struct gcl_frame *f, cl_uint n, const cl_sync_point_khr *list,
                             struct vocl_words *out);

/* n property words. */
cl_int gcl_frame_property_words(struct gcl_frame *f, const intptr_t *list, size_t n,
                         struct vocl_words *out);

/* A list of 64-bit properties that ends with 0; absent if NULL. */
cl_int gcl_frame_properties64(struct gcl_frame *f, const cl_ulong *list, struct vocl_words *out);

/* The same of pointer-sized ones (cl_context_properties). */
cl_int gcl_frame_properties(struct gcl_frame *f, const intptr_t *list, struct vocl_words *out);

/* Make the event that the command will signal. */
cl_int gcl_frame_event(struct gcl_frame *f, cl_command_queue queue, cl_command_type command,
                       uint64_t *id, uint64_t *slot);

/* Bulk data in either direction (transfer.h). rect: NULL for a plain range. */
cl_int gcl_frame_data_in(struct gcl_frame *f, const void *ptr, size_t size,
                         const struct gcl_rect *rect, cl_bool blocking, struct vocl_payload *out);
cl_int gcl_frame_data_out(struct gcl_frame *f, void *ptr, size_t size, const struct gcl_rect *rect,
                          cl_bool blocking, struct vocl_payload *out);
/* Staging memory that the command uses: it is given back when the command is complete,
 * or not, if that is changed before the frame ends. */
cl_int gcl_frame_keep(struct gcl_frame *f, const struct gcl_region *staging);
void gcl_frame_keep_no_more(struct gcl_frame *f);
/* Must the command have an event of ours, to know when its data is through? */
bool gcl_frame_needs_event(const struct gcl_frame *f);
/* What came back inside the reply. */
cl_int gcl_frame_data_reply(struct gcl_frame *f, struct vocl_bytes data);

/* Send the body and wait; then f->reply reads the answer. */
cl_int gcl_frame_call(struct gcl_frame *f, uint16_t op);

/* May it be posted as far as its event goes? A number that the helper does not take
 * would be refused, and nobody told. */
bool gcl_frame_may_post(const struct gcl_frame *f);

/* Send the body; there is no answer (post.h). */
cl_int gcl_frame_post(struct gcl_frame *f, uint16_t op);

/* The answer's status, or an error if the answer was malformed. */
cl_int gcl_frame_result(struct gcl_frame *f, int64_t ret);

/* Both of the above for the many answers that are a status and nothing else. */
cl_int gcl_frame_status(struct gcl_frame *f, uint16_t op);

/*
 * Finish: on success the event is handed to *event (or dropped if event is
 * NULL) and the transfer is finished or left to complete; on failure both are
 * undone. Returns err.
 */
cl_int gcl_frame_end(struct gcl_frame *f, cl_int err, cl_event *event);

/* -errno of the connection as the API's error. */
cl_int gcl_error(int err);

/* A NUL-terminated string as bytes, NUL included; absent if NULL. */
struct vocl_bytes gcl_text(const char *s);

#endif
