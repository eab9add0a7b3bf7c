/* SPDX-License-Identifier: MIT */
/*
 * staging.h - memory that both sides see, kept for use again.
 *
 * Asking the transport for memory costs a round trip to the host, so buffers
 * that come back are kept, up to a limit, in classes of powers of two.
 *
 * Threading: any thread.
 */
#ifndef GCL_STAGING_H
#define GCL_STAGING_H

#include "transport.h"

/* Kept for use again: enough for the pieces of a large transfer (stream.h), little
 * enough for the promise of 8 MiB a client beyond the runtime's own. */
#define GCL_STAGING_KEEP ((size_t)3 << 20)

/* At least size bytes. Returns 0 or -errno. */
int gcl_staging_take(size_t size, struct gcl_region *r);
void gcl_staging_give(struct gcl_region *r);

#endif
