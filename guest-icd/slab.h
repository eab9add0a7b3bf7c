/* SPDX-License-Identifier: MIT */
/*
 * slab.h - memory that both sides see, in pieces smaller than a region.
 *
 * A small buffer would not be worth a region of its own: a round trip, a page
 * and more at the least. So it gets a piece of a slab. A piece that a native object
 * has been made of is used again only when the runtime has let go of it, which
 * may be long after the application's release: the helper then writes the
 * piece's notice, a word at the end of the slab.
 *
 * Ownership: slabs are made when they are needed and given back when they are
 * empty; what free pieces keep of pages is limited (GCL_SLAB_KEEP).
 * Threading: any thread.
 */
#ifndef GCL_SLAB_H
#define GCL_SLAB_H

#include "transport.h"

/* Every piece begins at a multiple of this, which is as much as any device of
 * an ordinary kind asks for (CL_DEVICE_MEM_BASE_ADDR_ALIGN) and a cache line. */
#define GCL_SLAB_ALIGN ((size_t)128)
/* Pages that free pieces may keep: enough for a program that makes and releases
 * buffers in a loop, little enough for the promise of 8 MiB a client. */
#define GCL_SLAB_KEEP ((size_t)2 << 20)

struct gcl_piece;

/* The largest piece. What is larger gets a region of its own: there the region's
 * price is small beside that of the pages themselves. */
size_t gcl_slab_piece_max(void);

/* A piece of size bytes (at most gcl_slab_piece_max()): *r is it, as a region, and
 * *notice the offset in the region of the word that the helper is to write when
 * the piece is free again. NULL: none could be had. */
struct gcl_piece *gcl_slab_take(size_t size, struct gcl_region *r, uint64_t *notice);

/* Give it back. used: a native object was made of it, so wait for the notice. */
void gcl_slab_give(struct gcl_piece *p, bool used);

/* How many slabs there are and how many bytes free pieces keep: for tests. */
void gcl_slab_usage(size_t *slabs, size_t *kept);

#endif
