/* SPDX-License-Identifier: MIT */
/*
 * gather.h - reads and writes of memory of the guest's that is too scattered to
 * be mapped: it is copied, page by page, straight from or to where the native
 * runtime has mapped the buffer. There is no other copy.
 *
 * The command is three: a native map, our copy once that is complete, and a native
 * unmap that waits for a user event which the copy sets. The unmap's event is the
 * command's, and so whatever the program orders behind the command is behind the
 * copy, too.
 *
 * Threading: begun by the decoder; the copy is made by whoever learns that the map
 * is complete (complete.h).
 */
#ifndef HCL_GATHER_H
#define HCL_GATHER_H

#include "call.h"
#include "data.h"

/* As clEnqueueReadBuffer (d->out) and clEnqueueWriteBuffer of d->len bytes, without
 * blocking, for data that hcl_data_gather() has found to be gathered. d has to live
 * until *event is complete. */
cl_int hcl_gather(struct hcl_call *c, cl_command_queue queue, cl_mem buffer, size_t offset,
                  const struct hcl_data *d, cl_uint n, const cl_event *list, cl_event *event);

#endif
