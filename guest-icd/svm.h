/* SPDX-License-Identifier: MIT */
/*
 * svm.h - shared virtual memory in the guest (OpenCL 3.0 §5.6): the program's
 * allocations, by address.
 *
 * The helper's runtime chooses an allocation's address and the guest puts memory
 * that both sides see there. If the address is taken here, another is asked for.
 * Where the host could put that memory in place of the runtime's, a map moves
 * nothing; elsewhere it is a shadow (host-helper/svm.h).
 *
 * Threading: any thread.
 */
#ifndef GCL_SVM_H
#define GCL_SVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extension_types.h"
#include "object.h"
#include "transport.h"

/* Has this process addresses wherever a host's process may have them? User-mode
 * Linux has 39 bits where others have 47: no SVM then. */
bool gcl_svm_possible(void);

/* What is asked for: SVM, or an allocation of cl_intel_unified_shared_memory. */
struct gcl_svm_request {
    cl_context context;
    cl_svm_mem_flags flags; /* SVM */
    cl_uint usm;            /* CL_MEM_TYPE_*_INTEL; 0: SVM */
    cl_device_id device;    /* USM, may be NULL, and so may */
    const cl_mem_properties_intel *properties;
    size_t size;
    cl_uint alignment;
};

/* Allocate; *ptr is touched on success only. */
cl_int gcl_svm_alloc(const struct gcl_svm_request *rq, void **ptr);

/* Where a pointer lies. */
struct gcl_svm_place {
    uint32_t id;              /* the allocation's number */
    uint64_t offset;          /* in it */
    cl_context context;       /* whose it is */
    bool placed;              /* both sides see the same bytes without a map */
    struct gcl_region region; /* from the pointer on; the allocation's, not to be freed */
};

/* Does [ptr, ptr + size) lie in an allocation? A few instructions in a program
 * that has none. */
bool gcl_svm_find(const void *ptr, size_t size, struct gcl_svm_place *at);

/* What a pointer's allocation was made from, with its first byte in *base and
 * without the properties; false if it lies in none. */
bool gcl_svm_what(const void *ptr, struct gcl_svm_request *rq, void **base);

/* Of clSetKernelExecInfo's value: how many pointers to SVM it holds; 0: it is none of
 * those that do, or has no pointers in it. */
size_t gcl_svm_exec_pointers(cl_kernel_exec_info name, size_t size, const void *value);

/* The rest of its values: how many bytes of one cross. No flag is longer than 64 bits,
 * and of a value that is none the runtime reads nothing. */
size_t gcl_svm_exec_bytes(cl_kernel_exec_info name, size_t size);

/* The queries and commands that both kinds have, under either name. */
cl_int gcl_svm_fill(cl_command_queue queue, cl_command_type command, void *ptr, const void *pattern,
                    size_t pattern_size, size_t size, cl_uint n, const cl_event *list,
                    cl_event *event);
cl_int gcl_svm_copy(cl_command_queue queue, cl_command_type command, cl_bool blocking, void *dst,
                    const void *src, size_t size, cl_uint n, const cl_event *list, cl_event *event);
cl_int gcl_svm_migrate(cl_command_queue queue, cl_command_type command, cl_uint num,
                       const void **pointers, const size_t *sizes, cl_mem_migration_flags flags,
                       cl_uint n, const cl_event *list, cl_event *event);

/* Enter a map of [ptr, ptr + size), which lies in an allocation; and take the
 * newest one at ptr out again: false if there is none. */
cl_int gcl_svm_map_add(const void *ptr, size_t size, cl_map_flags flags);
bool gcl_svm_map_take(const void *ptr, size_t *size, cl_map_flags *flags);

/* clSVMFree: ptr as it was allocated; anything else is left alone. */
void gcl_svm_free(const void *ptr);

#endif
