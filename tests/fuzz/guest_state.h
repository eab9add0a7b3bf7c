/* SPDX-License-Identifier: MIT */
/*
 * guest_state.h - the ICD's two instances of state that live as long as a
 * process, opened for a fuzzer that lives through many connections.
 */
#ifndef GUEST_STATE_H
#define GUEST_STATE_H

/* guest_connection.c: forget that the helper was lost, and begin a ring anew. */
void guest_connection_reset(void);

/* guest_message.c: the same for the messages; */
void guest_messages_reset(void);
/* and do what the message thread does, until nothing is left. */
void guest_messages_deliver(void);

#endif
