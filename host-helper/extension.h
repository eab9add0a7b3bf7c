/* SPDX-License-Identifier: MIT */
/*
 * extension.h - the native functions of extensions, and the objects that they
 * make.
 *
 * A function of an extension is a platform's own, and the loader does not know
 * which platform an object belongs to. But every object of the core begins with
 * its vendor's dispatch table (cl_khr_icd), and so does its platform. An object
 * of an extension need not; it is entered with its platform's functions beside
 * it, which also release it.
 *
 * Ownership: the functions of a platform are found once and live as long as the
 * worker. Threading: the decoder; what was found may be used by any thread.
 */
#ifndef HCL_EXTENSION_H
#define HCL_EXTENSION_H

#include "call.h"
#include "ext_functions.h"

/* The functions of the platform of a native object of the core. Never NULL; a
 * function that the platform lacks is. */
const struct hcl_ext_functions *hcl_ext_of(struct hcl_worker *w, const void *native);

/* The version of an extension that a device has, 0: none, or it does not say. */
cl_version hcl_ext_version(struct hcl_worker *w, cl_device_id device, const char *name);

/* Those with which the object of this number was made. Never NULL. */
const struct hcl_ext_functions *hcl_ext_made(struct hcl_worker *w, uint64_t id, enum hcl_type type);

/* hcl_made() for an object that one of the functions x has made. */
cl_int hcl_made_by(struct hcl_call *c, const struct hcl_ext_functions *x, cl_int ret, uint64_t id,
                   enum hcl_type type, void *native);

/* A command that is being recorded works on [off, off + len) of an allocation (svm.h):
 * *ptr receives its native address. The command buffer holds the allocation. */
cl_int hcl_record_svm(struct hcl_call *c, uint64_t buffer_id, uint64_t svm, uint64_t off,
                      uint64_t len, void **ptr);

/* A command has been recorded, with a handle if the guest gave it a number (id):
 * enter that. kernel: the command's, or NULL. Or it has not, for the reason ret: let
 * go of what it would have worked on. Returns ret, or an error. */
cl_int hcl_recorded(struct hcl_call *c, cl_int ret, uint64_t buffer_id, uint64_t id,
                    cl_mutable_command_khr native, cl_kernel kernel);

/* Is this number a command's that was recorded into that buffer? Its kernel, or NULL. */
bool hcl_ext_owns(struct hcl_worker *w, uint64_t buffer, uint64_t command);
cl_kernel hcl_ext_kernel(struct hcl_worker *w, uint64_t command);

/* Are these properties of a command ones that we know to be plain numbers? */
bool hcl_command_properties_known(struct vocl_words list);

/* The worker ends. */
void hcl_ext_finish(struct hcl_worker *w);

/* 64-bit integers must be absent or `count`; false: the client has been ended. */
bool hcl_ulongs(struct hcl_call *c, struct vocl_words words, uint64_t count, const cl_ulong **out);

/* Sync points must be absent or fit 32 bits; false: the client has been ended. */
bool hcl_sync_points(struct hcl_call *c, struct vocl_words words, const cl_sync_point_khr **out);

#endif
