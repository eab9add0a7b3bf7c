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

#include "object.h"
#include "transport.h"

/* Has this process addresses wherever a host's process may have them? User-mode
 * Linux has 39 bits where others have 47: no SVM then. */
bool gcl_svm_possible(void);

/* Where a pointer lies. */
struct gcl_svm_place {
    uint32_t id;              /* the allocation's number */
    uint64_t offset;          /* in it */
    bool placed;              /* both sides see the same bytes without a map */
    struct gcl_region region; /* from the pointer on; the allocation's, not to be freed */
};

/* Does [ptr, ptr + size) lie in an allocation? A few instructions in a program
 * that has none. */
bool gcl_svm_find(const void *ptr, size_t size, struct gcl_svm_place *at);

/* Enter a map of [ptr, ptr + size), which lies in an allocation; and take the
 * newest one at ptr out again: false if there is none. */
cl_int gcl_svm_map_add(const void *ptr, size_t size, cl_map_flags flags);
bool gcl_svm_map_take(const void *ptr, size_t *size, cl_map_flags *flags);

/* clSVMFree: ptr as it was allocated; anything else is left alone. */
void gcl_svm_free(const void *ptr);

#endif
