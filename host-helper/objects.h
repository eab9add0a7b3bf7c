/* SPDX-License-Identifier: MIT */
/*
 * objects.h - the client's OpenCL objects: from the number that the guest gave
 * to the native handle, by type.
 *
 * Ownership: the table owns one native reference of each entry, which release
 * gives back. Threading: any thread; a handle that was looked up stays valid
 * only as long as nobody releases it, so whoever hands one to another thread
 * retains it first, and whoever lets others release meanwhile pins it.
 */
#ifndef HCL_OBJECTS_H
#define HCL_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CL/cl_icd.h>

enum hcl_type {
    HCL_PLATFORM = 1,
    HCL_DEVICE,
    HCL_CONTEXT,
    HCL_QUEUE,
    HCL_MEM,
    HCL_SAMPLER,
    HCL_PROGRAM,
    HCL_KERNEL,
    HCL_EVENT,
    HCL_SVM, /* native: the allocation's struct hcl_svm (svm.h), which is `extra` too */
    /* Extensions' objects: entered by hcl_made_by(), which sees to their release. */
    HCL_COMMAND_BUFFER,
    HCL_SEMAPHORE,
    HCL_MUTABLE_COMMAND,
};
#define HCL_TYPE_LAST HCL_MUTABLE_COMMAND

/* Ids with this bit are given by the helper to platforms and root devices. */
#define HCL_HOST_ID 0x80000000u

struct hcl_worker;
struct hcl_objects;

struct hcl_objects *hcl_objects_create(const cl_icd_dispatch *cl, uint32_t max_objects);
void hcl_objects_destroy(struct hcl_objects *t);

/*
 * Enter a native handle (NULL: none, for a number that is only to be released) under
 * the guest's number, with something of ours to go
 * with it (NULL allowed); free_extra is called with it after the release.
 * Returns 0, -EEXIST or -EINVAL (a hostile number), -ENOSPC (over the limit).
 */
int hcl_objects_add(struct hcl_objects *t, uint64_t id, enum hcl_type type, void *native,
                    void *extra, void (*free_extra)(void *));

/* The native handle, or NULL if there is none of that number and type. */
void *hcl_objects_get(struct hcl_objects *t, uint64_t id, enum hcl_type type);

/* What was given as extra; NULL if none. */
void *hcl_objects_extra(struct hcl_objects *t, uint64_t id, enum hcl_type type);

/* The same if it was given with that free_extra; NULL if not: for a type that may
 * have things of several sorts beside it. */
void *hcl_objects_extra_of(struct hcl_objects *t, uint64_t id, enum hcl_type type,
                           void (*free_extra)(void *));

/* The next of the guest's numbers after `id` with an object of that type, or 0:
 * for walking them all, from 0. */
uint64_t hcl_objects_next(struct hcl_objects *t, uint64_t id, enum hcl_type type);

/* The guest's number of a native handle, or 0. Looks at them all. */
uint64_t hcl_objects_find(struct hcl_objects *t, enum hcl_type type, const void *native);

/* Take one more reference to what has this number, if that is this native handle;
 * false: it is not, and the handle may be of something that has gone. */
bool hcl_objects_retain(struct hcl_objects *t, uint64_t id, enum hcl_type type, void *native);

/*
 * Native objects in use by a thread that lets others release them. A release
 * of one forgets its number at once, but leaves the rest to whoever unpins it last,
 * on that thread. Cheaper than to retain it: some runtimes take a microsecond for
 * that (NVIDIA's, a queue).
 */
struct hcl_pins {
    struct hcl_pins *next, **link; /* the table's */
    const void *one[2];            /* NULL allowed */
    void *const *list;             /* the owner's; NULL allowed */
    size_t count;
};

/* They must be in the table when pinned. */
void hcl_objects_pin(struct hcl_objects *t, struct hcl_pins *p);
void hcl_objects_unpin(struct hcl_objects *t, struct hcl_pins *p);

/* Release the native reference and forget the number. 0 or -ENOENT. */
int hcl_objects_release(struct hcl_objects *t, uint64_t id);

/* How many there are of each type, by enum hcl_type. */
void hcl_objects_usage(struct hcl_objects *t, uint32_t live[HCL_TYPE_LAST + 1]);

/* Platforms and root devices: the number of a native handle, given now if it
 * is new. 0: no memory. */
uint32_t hcl_objects_host_id(struct hcl_objects *t, enum hcl_type type, void *native);

/* clRetain or clRelease of any type of the core (nothing for platforms). */
void hcl_native_retain(const cl_icd_dispatch *cl, enum hcl_type type, void *native);
void hcl_native_release(const cl_icd_dispatch *cl, enum hcl_type type, void *native);

#endif
