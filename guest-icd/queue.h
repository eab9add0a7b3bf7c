/* SPDX-License-Identifier: MIT */
/*
 * queue.h - what the guest knows of a queue's commands: whether any can still be
 * running. If none can, a command whose work the program's own thread can do (a
 * copy in memory that both sides see, direct.h) needs no helper.
 *
 * A queue counts the commands that have begun to be sent, those that have been sent, and
 * of the latter those that are known to have ended. It is *quiet* when the first and
 * the last are the same number.
 *
 * Threading: any thread. A thread that does a command's work itself holds the
 * queue: commands of other threads are sent when it is done, since natively they
 * would not run beside it either.
 */
#ifndef GCL_QUEUE_H
#define GCL_QUEUE_H

#include "object.h"

/* A command is about to be sent. Waits for a thread that holds the queue. Returns
 * the number that gcl_queue_reached() takes when the command is known to be
 * complete. gcl_queue_sent() must follow, also if sending failed. */
size_t gcl_queue_begin(cl_command_queue q);
void gcl_queue_sent(cl_command_queue q);

/* A command of an in-order queue is complete, and so are those before it. (On
 * another queue this says nothing.) All its data is in place. */
void gcl_queue_reached(cl_command_queue q, size_t number);

/* What has been sent by now; gcl_queue_finished() with it when a clFinish that was
 * sent later has returned. */
size_t gcl_queue_mark(cl_command_queue q);
void gcl_queue_finished(cl_command_queue q, size_t mark);

/* Is no command of the queue's under way? */
bool gcl_queue_quiet(cl_command_queue q);

/* Hold a queue that is quiet; drain: wait for what is under way if the queue is
 * in-order, and so a new command would. False: nothing is held. */
bool gcl_queue_hold(cl_command_queue q, bool drain);
void gcl_queue_let_go(cl_command_queue q);

#endif
