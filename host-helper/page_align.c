// SPDX-License-Identifier: MIT
#include "page_align.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static __thread size_t least;

void hcl_page_align(size_t alignment)
{
    least = alignment;
}

/* A sanitizer brings an allocator of its own, which it does not share. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HCL_OWN_MEMALIGN 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef HCL_OWN_MEMALIGN
#endif
#endif
#endif

#ifdef HCL_OWN_MEMALIGN
#define EXPORT __attribute__((visibility("default")))

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
        return EINVAL;
    void *p = memalign(alignment > least ? alignment : least, size);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment > least ? alignment : least, size);
}
#endif
