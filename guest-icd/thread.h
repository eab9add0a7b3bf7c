/* SPDX-License-Identifier: MIT */
/*
 * thread.h - the library's own threads in somebody else's program.
 */
#ifndef GCL_THREAD_H
#define GCL_THREAD_H

/*
 * Start fn(arg) on a thread that nobody joins. The program's signals are its own
 * threads' business: ours has all of them blocked. Returns 0 or -errno.
 */
int gcl_thread_start(void *(*fn)(void *arg), void *arg);

#endif
