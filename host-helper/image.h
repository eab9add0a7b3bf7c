/* SPDX-License-Identifier: MIT */
/*
 * image.h - the geometry of an image's pixels, as guest-icd/image.h has it,
 * from what the runtime says of the image.
 */
#ifndef HCL_IMAGE_H
#define HCL_IMAGE_H

#include "call.h"

/* Bytes that a transfer of the region touches in host memory; UINT64_MAX if
 * that overflows or cannot be told. */
uint64_t hcl_image_span(struct hcl_call *c, cl_mem image, const size_t *region, uint64_t row_pitch,
                        uint64_t slice_pitch);

#endif
