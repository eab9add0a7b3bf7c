/* SPDX-License-Identifier: MIT */
/*
 * page_align.h - have the native runtime's allocations begin with a page.
 *
 * clSVMAlloc takes no alignment beyond that of the largest data type, but the
 * guest can only have whole pages; and some runtimes (PoCL 3.1) know an
 * allocation by its first byte alone, so that handing out a later one will not
 * do. Runtimes for the processor allocate with posix_memalign or aligned_alloc:
 * the helper defines these two, as the C library allows, and they ask the same
 * allocator for more alignment while a thread says so. Where a runtime does
 * otherwise the caller sees it by the address.
 *
 * Threading: the setting is the calling thread's own.
 */
#ifndef HCL_PAGE_ALIGN_H
#define HCL_PAGE_ALIGN_H

#include <stddef.h>

/* From now on at least `alignment` (a power of two); 0: as asked for. */
void hcl_page_align(size_t alignment);

#endif
