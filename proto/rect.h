/* SPDX-License-Identifier: MIT */
/*
 * rect.h - how much memory a rectangular region touches (OpenCL 3.0 §5.2.3).
 * Both sides ask: the guest to know what to carry, the helper to know what the
 * native runtime will touch.
 */
#ifndef VOCL_RECT_H
#define VOCL_RECT_H

#include <stddef.h>
#include <stdint.h>

#define VOCL_RECT_OVERFLOW UINT64_MAX

/*
 * Bytes from the pointer that origin counts from to the end of the region's
 * last row. Pitches in bytes, 0 meaning tight. 0 for an empty region;
 * VOCL_RECT_OVERFLOW if 64 bits do not hold it.
 */
static inline uint64_t vocl_rect_span(const size_t *origin, const size_t *region,
                                      uint64_t row_pitch, uint64_t slice_pitch)
{
    uint64_t rows, slices, span;
    if (!region[0] || !region[1] || !region[2])
        return 0;
    row_pitch = row_pitch ? row_pitch : region[0];
    if (!slice_pitch && __builtin_mul_overflow(region[1], row_pitch, &slice_pitch))
        return VOCL_RECT_OVERFLOW;
    if (__builtin_add_overflow(origin[1], region[1] - 1, &rows) ||
        __builtin_add_overflow(origin[2], region[2] - 1, &slices) ||
        __builtin_mul_overflow(rows, row_pitch, &rows) ||
        __builtin_mul_overflow(slices, slice_pitch, &slices) ||
        __builtin_add_overflow(rows, slices, &span) ||
        __builtin_add_overflow(span, origin[0], &span) ||
        __builtin_add_overflow(span, region[0], &span))
        return VOCL_RECT_OVERFLOW;
    return span;
}

#endif
