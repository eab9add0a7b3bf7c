/* SPDX-License-Identifier: MIT */
/*
 * message.h - what comes from the helper unasked: callbacks and kernel output.
 *
 * One thread of ours, started by the first callback or the first program that
 * may print, sleeps on the message ring and delivers. A thread that returns
 * from a wait drains the ring first, so that what a kernel printed is on
 * stdout before the wait that covers it returns; callbacks found on the way
 * are left to the message thread.
 *
 * Threading: any thread.
 */
#ifndef GCL_MESSAGE_H
#define GCL_MESSAGE_H

/* Start the thread if it does not run. 0 or -errno. */
int gcl_messages_start(void);

/* Print what has been printed. Cheap if there is nothing. */
void gcl_messages_drain(void);

/*
 * The application is about to learn that something has completed: put in place
 * what completed commands have read (transfer.h) and printed. Every call that
 * waits, or that tells a final status, ends with this.
 */
void gcl_caught_up(void);

/*
 * A thread is about to release the last reference of a handle that has
 * destructor callbacks. Until the end, which runs those that the helper has
 * sent by then, they are this thread's alone: they run one after another, in
 * the order in which they were sent. r lives on the caller's stack.
 */
struct gcl_releasing {
    struct gcl_releasing *next;
    const void *handle;
};

void gcl_messages_release_begin(struct gcl_releasing *r, const void *handle);
void gcl_messages_release_end(struct gcl_releasing *r);

#endif
