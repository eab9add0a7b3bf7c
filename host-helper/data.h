/* SPDX-License-Identifier: MIT */
/*
 * data.h - bulk data of a command on the host's side: finding it, keeping it
 * while the native command runs, giving it back afterwards.
 *
 * Threading: begun by the decoder, ended by whichever thread learns of the
 * command's completion.
 */
#ifndef HCL_DATA_H
#define HCL_DATA_H

#include "call.h"
#include "regions.h"
#include "svm.h"

/* The most that comes back inside a reply; the guest uses regions well below. */
#define HCL_INLINE_REPLY_MAX (1u << 20)

/* Maps whose unmap writes back. */
#define HCL_MAP_WRITES (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION)

struct hcl_data {
    void *ptr;                 /* for the native call */
    uint64_t len;
    struct hcl_region *region; /* held, or NULL */
    bool gathered;             /* region is not mapped: hcl_gather(), from `from` on */
    uint64_t from;
    struct hcl_svm *svm;       /* held, or NULL */
    void *copy;                /* ours, or NULL: inline data */
    bool out;                  /* the device writes it */
    struct hcl_data *with;     /* ended with it: a command's other data, or NULL */
};

/*
 * Make the payload addressable. need: the bytes that the native call may
 * touch; a payload that has fewer is CL_INVALID_VALUE, and so is a region that
 * does not exist. No payload gives a NULL ptr, which the runtime refuses.
 */
cl_int hcl_data_begin(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                      struct hcl_data *d);
/* The same where nothing may be moved at all; what is, is told to hcl_data_count(). */
cl_int hcl_data_hold(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                     struct hcl_data *d);
void hcl_data_count(struct hcl_call *c, const struct hcl_data *d, uint64_t bytes, bool out);
/* The same for commands that can gather: d->gathered says that this one has to, and
 * that there is no ptr. */
cl_int hcl_data_gather(struct hcl_call *c, const struct vocl_payload *p, uint64_t need, bool out,
                       struct hcl_data *d);
void hcl_data_end(struct hcl_data *d);

/* Bytes from the host pointer to the end of a rectangle (§5.2.3); UINT64_MAX if
 * that overflows or a parameter is missing. */
uint64_t hcl_rect_span(const size_t *origin, const size_t *region, uint64_t row_pitch,
                       uint64_t slice_pitch);

/*
 * The native command has been enqueued, without blocking (or refused: ret).
 * Takes over event and *d; answers now, or when the command is complete if
 * `blocking`. The answer is a status, and for out data a byte string.
 */
void hcl_enqueued_data(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot,
                       struct hcl_data *d, bool blocking);

/*
 * The native command has been carried out, by a call that blocked (or refused: ret).
 * Takes over event, NULL unless id, and *d; answers in the same way. Any thread.
 */
void hcl_transferred(struct hcl_call *c, cl_int ret, cl_event event, uint64_t id, uint64_t slot,
                     struct hcl_data *d);

#endif
