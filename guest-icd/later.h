/* SPDX-License-Identifier: MIT */
/*
 * later.h - large copies that the program does not wait for, to and from buffers in
 * memory of both sides.
 *
 * A thread of the library's makes them, as natively one of the runtime's would. For
 * the rest of the world the command is a marker that waits for a user event, which
 * is set when the copy has been made; what has to come before the copy is another
 * marker, whose callback starts it.
 *
 * Threading: any thread. The copying thread is started by the first such copy; it
 * makes one after another.
 */
#ifndef GCL_LATER_H
#define GCL_LATER_H

#include "object.h"

/* From here on it is worth the four records that it takes. */
#define GCL_LATER_MIN ((size_t)256 << 10)

/*
 * Copy `size` bytes between ptr and the buffer at offset, out of it or into it, as a
 * command of the queue, which does not wait. The range has been checked, and m is in place. False:
 * nothing has been done, take the ordinary way.
 */
bool gcl_copy_later(cl_command_queue q, cl_mem m, bool out, size_t offset, size_t size, void *ptr,
                    cl_uint n, const cl_event *list, cl_event *event);

#endif
