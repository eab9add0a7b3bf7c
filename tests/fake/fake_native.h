/* SPDX-License-Identifier: MIT */
/*
 * fake_native.h - an OpenCL runtime that computes nothing and believes nothing.
 *
 * It stands behind the worker's decoder in the fuzzers and in unit tests. Every handle that it is
 * given must be one of its own, alive and of the right type, and every byte
 * that a command may touch is touched, at the time when a real runtime would:
 * at once, or when the user event that it waits for is set. What is wrong
 * aborts, or is seen by the sanitizers.
 *
 * Ownership: objects live in a list until fake_native_finish(); a released one
 * stays there as a corpse, so that its use is noticed.
 * Threading: one thread.
 */
#ifndef FAKE_NATIVE_H
#define FAKE_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CL/cl_icd.h>

#include "objects.h"

/* Where the device has every buffer that has an address. */
#define FAKE_ADDRESS ((uint64_t)0x500000000000)

/* Objects larger than this are refused, so that a fuzzer stays quick. */
#define FAKE_MAX_BYTES ((size_t)1 << 20)

struct fake_callback;

struct fake {
    const void *dispatch; /* must be first: cl_khr_icd */
    struct fake *next;
    enum hcl_type type;
    int refs; /* 0: dead */
    cl_mem_flags flags;
    cl_mem_object_type mem_type;
    uint8_t *data; /* mem: its content, ours or the host pointer's */
    size_t size;
    bool has_address; /* mem: cl_ext_buffer_device_address's */
    struct fake *parent;
    cl_int status; /* event */
    bool is_user;  /* event */
    struct fake_callback *callbacks;
};

/* The memory of the host that a command touches: rows of bytes. */
struct fake_rows {
    uint8_t *ptr;
    size_t row, rows, slices, row_pitch, slice_pitch;
};

/* Begin with no objects but one platform and one device. */
void fake_native_init(cl_icd_dispatch *cl);
/* Set what still waits free. */
void fake_native_settle(void);
/* Forget everything. Objects that are still alive are fine: the worker's end
 * does not release them either. */
void fake_native_finish(void);

/* The table's entries (fake_calls.c, fake_extensions.c, fake_memory.c,
 * fake_programs.c). */
void fake_native_fill(cl_icd_dispatch *cl);

struct fake *fake_create(enum hcl_type type);
/* The object behind a handle; aborts unless it is alive and of that type. */
struct fake *fake_of(const void *handle, enum hcl_type type);
void fake_retain(struct fake *f);
void fake_release(struct fake *f);
struct fake *fake_platform(void);
struct fake *fake_device(void);

/* Call fn(handle, user_data) when f is destroyed; or, for an event, fn(handle,
 * status, user_data) when it is final. */
void fake_on_end(struct fake *f, void *fn, void *user_data);

/*
 * A command: when every event of the list is final, touch the rows of the host
 * (writing if `out`), and complete. Holds mem until then.
 */
cl_int fake_enqueue(const void *queue, const void *mem, struct fake_rows rows, bool out, cl_uint n,
                    const cl_event *list, cl_event *event);
void fake_set_status(struct fake *event, cl_int status);

/* Of the live buffers that have an address, which all have the same, the largest; 0: none. */
size_t fake_largest_addressed(void);

/* Touch memory; a wrong bound is for the sanitizers to see. */
void fake_read(const void *p, size_t n);
void fake_write(void *p, size_t n);

#endif
