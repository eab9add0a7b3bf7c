/* SPDX-License-Identifier: MIT */
/*
 * call.h - one call under way in the decoder, and what handlers do with it.
 *
 * A handler reads its request from body, calls the native runtime, writes its
 * answer to reply and sends it with hcl_reply(); or it hands the call to a
 * waiter (defer.h), which answers later; or it blocks without the decoder's role
 * (block.h).
 *
 * Ownership: a call, its arena and its buffers are the decoder's and are valid
 * until the handler returns.
 */
#ifndef HCL_CALL_H
#define HCL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker.h"

struct hcl_call {
    struct hcl_worker *w;
    uint16_t op;
    uint16_t slot;       /* VOCL_NO_SLOT: posted, there is no answer */
    uint64_t first_word; /* of the body: a command's queue */
    struct vocl_reader body;
    struct vocl_writer reply;
    void *arena;          /* list of blocks freed after the handler */
    bool leads;           /* the thread has the decoder's role: block.h */
    struct hcl_pins pins; /* while it blocks */
};

/* Has the request been read whole and without error? If not, the client is
 * ended and the handler must return. */
bool hcl_call_ok(struct hcl_call *c);

/* The request is one that our guest does not send: end the client. */
void hcl_malformed(struct hcl_call *c);

/* Send what is in c->reply. */
void hcl_reply(struct hcl_call *c);

/* Answer with a status alone. */
void hcl_reply_status(struct hcl_call *c, cl_int status);

/* n zeroed bytes that live until the handler returns; NULL: no memory. */
void *hcl_alloc(struct hcl_call *c, size_t n);

static inline void *hcl_object(struct hcl_worker *w, uint64_t id, enum hcl_type type)
{
    return hcl_objects_get(w->objects, id, type);
}

/* An array of native handles; NULL if there is none (or it is empty and not of
 * events), or a number is wrong. */
void *hcl_objects_list(struct hcl_call *c, struct vocl_words ids, enum hcl_type type);
#define hcl_objects(c, ids, type) hcl_objects_list(c, ids, type)

/* Sizes that must be absent or `count` of them (at most max); false: the client
 * has been ended. */
bool hcl_sizes(struct hcl_call *c, struct vocl_words words, uint64_t count, uint64_t max,
               const size_t **out);

/* A list of 64-bit properties must be absent or end with 0 where pairs end;
 * false: the client has been ended. */
bool hcl_properties_ok(struct hcl_call *c, struct vocl_words list);

/*
 * Are these properties of a buffer or an image ones that we know? OpenCL 3.0 has
 * none, and cl_ext_buffer_device_address a plain number; those of other extensions
 * are devices' handles, or descriptors and handles of the worker's, which a guest
 * must not name.
 */
bool hcl_mem_properties_known(struct vocl_words list);

/*
 * Is the value that this query asks for a handle or a pointer? Those are the
 * guest's to answer, and ours would tell it where the worker's memory is.
 */
bool hcl_info_is_handle(cl_uint param_name);

/*
 * How long may a value get whose length follows from the room that the program
 * has for it, `asked` bytes? That is a size for each dimension.
 */
size_t hcl_info_most(uint64_t asked);

/*
 * Room for an info value of n bytes. size: what to pass as param_value_size;
 * value: NULL if none is wanted. Returns CL_SUCCESS or an error.
 */
cl_int hcl_info_room(struct hcl_call *c, size_t n, uint64_t asked, uint64_t want, size_t *size,
                     void **value);

/* The error to answer when an object could not be entered (hcl_objects_add): a
 * number that our guest would not give ends the client. */
cl_int hcl_add_error(struct hcl_worker *w, uint16_t op, int rc);

/*
 * A native object has been made for the guest's number: enter it, or release
 * it and return the error to answer. ret is the native call's own status.
 */
cl_int hcl_made(struct hcl_call *c, cl_int ret, uint64_t id, enum hcl_type type, void *native);

/*
 * n objects of one type have been made, for as many of the guest's numbers:
 * enter all, or release all and return the error to answer.
 */
cl_int hcl_made_all(struct hcl_call *c, enum hcl_type type, const uint64_t *ids,
                    void *const *native, size_t n);

/* The same for the event of a command; also watches it for its status slot. */
cl_int hcl_enqueued(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot);

#endif
