/* SPDX-License-Identifier: MIT */
/*
 * image.h - images in the guest: the geometry of their pixels in host memory.
 *
 * An image's native memory is always the runtime's own (a map moves pixels
 * through a shadow with rows of the mapped width), so what matters here is how
 * many bytes a region takes under the application's pitches.
 *
 * Threading: any thread.
 */
#ifndef GCL_IMAGE_H
#define GCL_IMAGE_H

#include "memory.h"
#include "transfer.h"

/* Bytes of one pixel; 0 for a format that OpenCL does not know. */
size_t gcl_format_size(const cl_image_format *format);

/* A region of an image under the given pitches (0: tight), from its first
 * pixel on. Not an image: an empty one, and the runtime refuses the call. */
struct gcl_rect gcl_image_rect(cl_mem image, const size_t *region, size_t row_pitch,
                               size_t slice_pitch);
size_t gcl_image_span(cl_mem image, const size_t *region, size_t row_pitch, size_t slice_pitch);

/* clEnqueueUnmapMemObject of an image. */
cl_int gcl_image_unmap(cl_command_queue queue, cl_mem image, void *ptr, cl_uint n,
                       const cl_event *list, cl_event *event);

#endif
