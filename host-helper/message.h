/* SPDX-License-Identifier: MIT */
/*
 * message.h - messages that the guest has not asked for. Sending never waits:
 * what the ring does not take is kept, up to a limit, and sent by the control
 * thread as the guest makes room.
 */
#ifndef HCL_MESSAGE_H
#define HCL_MESSAGE_H

#include "worker.h"

/* Kept for a guest that is slow to read, above all kernel output. A guest that
 * lets more than this gather is ended. */
#define HCL_MESSAGES_MAX (64u << 20)

void hcl_messages_init(struct hcl_worker *w);

/* Send what waits. Returns false if some of it still does. */
bool hcl_messages_flush(struct hcl_worker *w);

#endif
