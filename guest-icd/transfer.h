/* SPDX-License-Identifier: MIT */
/*
 * transfer.h - how bulk data gets across.
 *
 * Three ways, chosen by size and by what the transport can do: inside the
 * call (small), in staging memory that both sides see (copied here once), or
 * in place, the application's own pages being shared with the helper (VMs).
 * What a command that does not wait still needs is kept until it has
 * completed: staged results are copied to the application before any call of
 * ours tells it that the command is done.
 *
 * Ownership: a transfer belongs to its frame until it is finished or deferred.
 * Threading: any thread; the list of deferred transfers has a lock of its own.
 */
#ifndef GCL_TRANSFER_H
#define GCL_TRANSFER_H

#include <CL/cl.h>

#include "transport.h"
#include "wire.h"

/* Up to here the bytes travel inside the call: below the cost of a staging
 * buffer's book-keeping. */
#define GCL_INLINE_MAX ((size_t)4096)
/* From here on sharing the pages beats copying them, where it is possible at
 * all: a map costs a round trip to the host. */
#define GCL_MAP_MIN ((size_t)256 << 10)
/* From here on the helper's copying scattered pages beats our copying them into
 * staging memory, which is not kept any more for as much (staging.c). */
#define GCL_GATHER_MIN ((size_t)4 << 20)

/* The rows of a rectangular region of host memory, first byte first. */
struct gcl_rect {
    size_t first;      /* offset of the first byte from the pointer */
    size_t row;        /* bytes in a row */
    size_t rows;       /* rows in a slice */
    size_t slices;
    size_t row_pitch;
    size_t slice_pitch;
};

struct gcl_transfer {
    struct gcl_transfer *next;
    cl_event event; /* deferred: held until it completes */
    struct gcl_region region; /* id 0: inline */
    bool mapped;              /* region is the application's memory */
    bool out;                 /* device to host */
    void *ptr;
    size_t size;
    struct gcl_rect rect; /* rows == 0: a plain range */
};

/*
 * OpenCL 3.0 §5.2.3: a pitch is 0, which means tight and is filled in, or at least what
 * it steps over, and that of slices a multiple of that of rows. False: they do not fit
 * rows of `row` bytes in slices of `rows`.
 */
bool gcl_pitches_fill(size_t row, size_t rows, size_t *row_pitch, size_t *slice_pitch);

/* Such a region at origin; a pitch of 0 means tight. */
struct gcl_rect gcl_rect_of(const size_t *origin, const size_t *region, size_t row_pitch,
                            size_t slice_pitch);
/* Bytes from the pointer to the end of the last row; 0 if that overflows or a
 * parameter is NULL (the runtime then refuses the call). */
size_t gcl_rect_span(const size_t *origin, const size_t *region, size_t row_pitch,
                     size_t slice_pitch);

/* Prepare [ptr, ptr + size) to be read, or written, by the helper. *t is NULL
 * where nothing has to be kept. NULL ptr travels as no payload. */
cl_int gcl_transfer_in(const void *ptr, size_t size, bool gather, struct gcl_transfer **t,
                       struct vocl_payload *p);
cl_int gcl_transfer_out(void *ptr, size_t size, const struct gcl_rect *rect, bool blocking,
                        bool gather, struct gcl_transfer **t, struct vocl_payload *p);

/* An inline result has arrived. */
cl_int gcl_transfer_reply(struct gcl_transfer *t, struct vocl_bytes data);

/* The command is over: copy staged results out if it succeeded, free t. */
void gcl_transfer_finish(struct gcl_transfer *t, bool ok);

/* The command goes on; finish t when `event` (of ours, one more hold is taken)
 * has completed. */
void gcl_transfer_defer(struct gcl_transfer *t, cl_event event);

/*
 * Finish the deferred transfers whose command has completed. With `ask`, the
 * helper is asked about results whose status slot does not say so yet: to be
 * called wherever the application may have learnt that something completed,
 * since afterwards the data of every completed command is in place.
 */
void gcl_transfers_reap(bool ask);

#endif
