/* SPDX-License-Identifier: MIT */
/*
 * run_list.h - guest memory in many pieces, to be copied and not mapped.
 *
 * Ownership: a list owns its runs, and neither the VM's memory table nor its files.
 * Threading: none of its own. A complete list is only read.
 */
#ifndef HCL_RUN_LIST_H
#define HCL_RUN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_ram.h"
#include "vm_link.h"

struct hcl_listed_run {
    uint64_t at; /* where in the region it begins */
    uint64_t gpa;
    uint64_t len;
};

struct hcl_run_list {
    struct hcl_listed_run *run; /* rising, without gaps */
    size_t n, cap;
    uint64_t len;
};

void hcl_run_list_finish(struct hcl_run_list *l);

/* Append. Neighbours become one. Returns 0 or -ENOMEM. */
int hcl_run_list_add(struct hcl_run_list *l, const struct hcl_link_run *run, uint32_t n);

/*
 * Copy [off, off + len) of the list, which lies in it, to mem, or from mem if
 * to_guest. Reads and writes the VM's memory file: a page that its front end has
 * taken away is an error here, and no signal. Returns 0, -EFAULT or -errno.
 */
int hcl_run_list_copy(const struct hcl_run_list *l, const struct hcl_guest_ram *ram, uint64_t off,
                      void *mem, uint64_t len, bool to_guest);

#endif
