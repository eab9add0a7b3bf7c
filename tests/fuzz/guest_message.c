// SPDX-License-Identifier: MIT
#include "thread.h"

/* The fuzzer is the message thread. */
static int no_thread(void *(*fn)(void *))
{
    (void)fn;
    return 0;
}

#define gcl_thread_start(fn, arg) no_thread(fn)

#include "../../guest-icd/message.c"

#include "guest_state.h"

void guest_messages_deliver(void)
{
    struct pending *p;
    while (msg.started && (p = next_pending()))
        deliver(p);
}

void guest_messages_reset(void)
{
    if (!msg.started)
        return;
    guest_messages_deliver();
    msg.broken = false;
    vocl_ring_init_msg(&msg.ring, gcl_connection_transport()->channel);
}
