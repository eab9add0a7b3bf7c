/* SPDX-License-Identifier: MIT */
/*
 * stream.h - large transfers, piece by piece.
 *
 * What is staged is copied twice, and memory for all of it at once would cost more
 * than that: its pages have to be made and mapped on both sides. So a large
 * transfer becomes several small ones of the same kind, which use a few kept pieces of
 * staging memory in turn: this thread copies the one while the native runtime is
 * at the other.
 *
 * That is done only where the commands can begin at once, since the thread waits
 * for them: behind a quiet queue, or one that a blocking call may drain. The queue
 * is held meanwhile, so that no other thread's command comes between the pieces.
 *
 * The functions gcl_stream_NAME are declared by the generator for the calls that
 * calls.py marks. They return false where the ordinary way has to be taken; else
 * *err is what the call returns. Threading: any thread.
 */
#ifndef GCL_STREAM_H
#define GCL_STREAM_H

#include <stddef.h>

/* A piece. Small enough for several to stay in a processor's cache between the
 * two copies, large enough for the cost of a command to vanish. */
#define GCL_STREAM_PIECE ((size_t)1 << 20)
/* Pieces under way at a time: one being copied on either side and one between. They
 * are what the staging memory that is kept holds (GCL_STAGING_KEEP). */
#define GCL_STREAM_DEPTH 3

#endif
