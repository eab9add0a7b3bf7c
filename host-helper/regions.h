/* SPDX-License-Identifier: MIT */
/*
 * regions.h - the memory that a worker shares with its client, by number.
 *
 * A region is a range of this process's address space that the transport has
 * filled with the client's pages. Native commands refer to it while they run,
 * so it is counted: an unmap that finds it in use takes effect when the last
 * user is done.
 *
 * Threading: all functions may be called from any thread.
 */
#ifndef HCL_REGIONS_H
#define HCL_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hcl_regions;
struct hcl_region;

/* Called, without any lock held, when nothing refers to a region any more and
 * it has been unmapped from this process. */
typedef void (*hcl_region_gone_fn)(void *opaque, uint32_t id);

/* max_regions and max_bytes are the client's limits. Returns NULL: no memory. */
struct hcl_regions *hcl_regions_create(uint32_t max_regions, uint64_t max_bytes);
void hcl_regions_destroy(struct hcl_regions *rs);

/*
 * Reserve `len` bytes (a multiple of the page size) of address space as region
 * `id`, PROT_NONE, not yet usable; *base receives the address, which the
 * caller fills with mmap(MAP_FIXED). Returns 0, -EEXIST, -EINVAL (id or len
 * out of range), -ENOSPC (over the client's limits) or -ENOMEM.
 */
int hcl_region_reserve(struct hcl_regions *rs, uint32_t id, uint64_t len, void **base);

/*
 * The next `len` bytes of a reserved region have been filled by one mmap(). For
 * regions of several mappings; hcl_region_alias() wants to know. Returns 0,
 * -ENOENT or -ENOMEM.
 */
int hcl_region_piece(struct hcl_regions *rs, uint32_t id, uint64_t len);

/* Copy `len` bytes from `off` on between a region that is not mapped and memory
 * here. to_guest: into the region. Returns 0 or -errno. */
typedef int (*hcl_region_copy_fn)(void *opaque, uint32_t id, uint64_t off, void *mem, uint64_t len,
                                  bool to_guest);

/*
 * As hcl_region_reserve(), for memory that is never mapped here: it is a list that
 * the transport has, and copy() knows. writable: copy() may be asked to write.
 */
int hcl_region_list(struct hcl_regions *rs, uint32_t id, uint64_t len, bool writable,
                    hcl_region_copy_fn copy, void *opaque);

/* The region is filled and may be used from now on. Returns 0 or -ENOENT. */
int hcl_region_publish(struct hcl_regions *rs, uint32_t id);

/*
 * Unmap the region as soon as nothing uses it, then call gone (which may be
 * NULL), possibly before this returns. Returns 0 or -ENOENT.
 */
int hcl_region_unmap(struct hcl_regions *rs, uint32_t id, hcl_region_gone_fn gone, void *opaque);

/*
 * Look up [off, off + len) of a published region and take a reference.
 * Returns NULL (nothing taken) if there is no such region or the range does
 * not lie in it. *ptr receives the address.
 */
struct hcl_region *hcl_region_get(struct hcl_regions *rs, uint32_t id, uint64_t off, uint64_t len,
                                  void **ptr);
void hcl_region_put(struct hcl_region *r);

/*
 * The same for a listed region, which has no address. to_guest: it must be writable.
 * hcl_region_get() does not find these, nor this the others.
 */
struct hcl_region *hcl_region_get_listed(struct hcl_regions *rs, uint32_t id, uint64_t off,
                                         uint64_t len, bool to_guest);
/* Copy, in a range that was looked up. */
int hcl_region_copy(struct hcl_region *r, uint64_t off, void *mem, uint64_t len, bool to_guest);

/* Its length: all of it, whatever was looked up. */
size_t hcl_region_size(const struct hcl_region *r);

/*
 * Show the whole of a region that the caller holds a second time, in place of
 * whatever is mapped at [at, at + its length). The second view is the caller's
 * to take down, while it still holds the region. Returns 0 or -errno; after a
 * failure some of the range may show the region.
 */
int hcl_region_alias(struct hcl_region *r, void *at);

/* What the client has mapped now: for limits, the log and tests. */
void hcl_regions_usage(struct hcl_regions *rs, uint32_t *count, uint64_t *bytes);

#endif
