// SPDX-License-Identifier: MIT
#include "../../guest-icd/connection.c"

#include "guest_state.h"

void guest_connection_reset(void)
{
    if (!conn.transport)
        return;
    conn.error = 0;
    conn.used_slots = 0;
    sem_init(&conn.free_slots, 0, VOCL_REPLY_SLOTS);
    sem_init(&conn.waiting_slots, 0, VOCL_REPLY_SLOTS - RESERVED_SLOTS);
    vocl_ring_init_cmd(&conn.cmd, conn.transport->channel);
}
