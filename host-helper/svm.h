/* SPDX-License-Identifier: MIT */
/*
 * svm.h - shared virtual memory (OpenCL 3.0 §5.6): one address on both sides.
 *
 * The native runtime chooses the address, and the guest must have it free. On
 * devices that are the processor the guest's memory is then put in the place of
 * the runtime's pages (it is *placed*): both sides see the same bytes, and a map
 * moves nothing. Pages that another device knows of must stay what they are; the
 * guest's memory at that address is then a *shadow*, which a map reads into and
 * an unmap writes back: coarse-grained buffers and no more.
 *
 * On the wire a pointer is the number of its allocation and the offset in it.
 *
 * Ownership: the object table holds an allocation until the guest releases it,
 * and a command for as long as it runs; the last one frees it natively.
 * Threading: the decoder enters and finds; the count is atomic.
 */
#ifndef HCL_SVM_H
#define HCL_SVM_H

#include "worker.h"

struct hcl_svm;
struct hcl_call;
struct hcl_ext_functions;

/* [off, off + len) of allocation `id`, with a reference; *ptr receives the
 * native address. NULL: there is no such thing. */
struct hcl_svm *hcl_svm_hold(struct hcl_worker *w, uint64_t id, uint64_t off, uint64_t len,
                             void **ptr);
void hcl_svm_put(struct hcl_svm *s);

/* An allocation of cl_intel_unified_shared_memory, which is always placed: the
 * functions of its platform, whose commands it wants in place of the core's.
 * NULL: SVM. */
const struct hcl_ext_functions *hcl_svm_usm(const struct hcl_svm *s);

/* The native address of offset `off`, or NULL. Lives as long as the number. */
void *hcl_svm_at(struct hcl_worker *w, uint64_t id, uint64_t off);

/* n pointers as numbers and offsets (offsets absent: 0 each). NULL if one is
 * wrong or there are none; the list lives until the handler returns. */
const void **hcl_svm_list(struct hcl_call *c, struct vocl_words ids, struct vocl_words offsets);

/* The same bytes where the guest sees them: in its own memory if it is a shadow.
 * NULL: placed, so that native maps do. */
void *hcl_svm_shadow(struct hcl_svm *s, uint64_t off);

/* hcl_made() for a buffer, or a part of one, that is made of s (NULL: of no SVM). */
cl_int hcl_svm_made(struct hcl_call *c, cl_int ret, uint64_t id, cl_mem mem, struct hcl_svm *s);

/* What the buffer of that number is made of, for as long as it has the number;
 * NULL: of no SVM. */
struct hcl_svm *hcl_svm_of(struct hcl_worker *w, uint64_t buffer);

/* Is this device the processor? Then its SVM is placed. */
bool hcl_svm_device_places(struct hcl_worker *w, cl_device_id device);

/* What of a device's capabilities (CL_DEVICE_SVM_CAPABILITIES) the guest can have. */
cl_device_svm_capabilities hcl_svm_capabilities(struct hcl_worker *w, cl_device_id device,
                                                cl_device_svm_capabilities native);

#endif
