/* SPDX-License-Identifier: MIT */
/*
 * channel.h - the memory that one client and its worker share, and the rings
 * in it. The same over every transport.
 *
 * Layout: a header page, reply slots, event-status slots, the command ring
 * (guest to host), the message ring (host to guest). All offsets are constants:
 * neither side reads an offset or a size from the other. Every word is
 * little-endian and naturally aligned.
 *
 * Ownership: the helper initialises the channel (vocl_channel_init) before the
 * guest sees it. Each word below says which side writes it; the other side
 * must treat it as hostile: read once, check, use the copy.
 *
 * Threading: a ring has one producer and one consumer at a time; each side
 * serialises its own threads.
 */
#ifndef VOCL_CHANNEL_H
#define VOCL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"

#define VOCL_CHANNEL_MAGIC   0x48434c43u /* "CLCH" */
#define VOCL_CHANNEL_VERSION 1u

#define VOCL_CACHE_LINE 64

/* One reply slot per guest thread that waits at the same time; further threads
 * queue for one. */
#define VOCL_REPLY_SLOTS     64u
#define VOCL_REPLY_SLOT_SIZE 8192u
/* Events whose status the guest can read without asking. Further live events
 * get slot 0, which means "ask". 256 KiB. */
#define VOCL_EVENT_SLOTS 65536u
#define VOCL_CMD_RING_SIZE (512u << 10)
#define VOCL_MSG_RING_SIZE (128u << 10)

/* A reply slot's state word. The guest takes the slot to PENDING, and to
 * PENDING_ASLEEP before it sleeps on it; the host exchanges it for DONE and
 * wakes the guest if it was asleep. */
enum vocl_reply_state {
    VOCL_REPLY_FREE = 0,
    VOCL_REPLY_PENDING = 1,
    VOCL_REPLY_PENDING_ASLEEP = 2,
    VOCL_REPLY_DONE = 3,
};

struct vocl_reply_slot {
    uint32_t state; /* enum vocl_reply_state, both sides */
    uint32_t len;   /* host: bytes in data, <= sizeof(data) */
    _Alignas(8) uint64_t total; /* host: bytes of the whole reply; VOCL_OP_FETCH gets the rest */
    uint8_t data[VOCL_REPLY_SLOT_SIZE - 16];
};

/* What the helper writes into the notice of a piece of memory (slab.h in the
 * guest) when nothing of the runtime's uses the piece any more. */
#define VOCL_NOTICE_GONE 1u

/* An event-status slot holds a final status (<= 0: CL_COMPLETE or the error)
 * or one of these. The guest sets it before it sends the command; the host
 * exchanges it for the final status once. */
#define VOCL_EVENT_PENDING        0x7ffffffeu
#define VOCL_EVENT_PENDING_ASLEEP 0x7fffffffu /* the guest sleeps on it */

struct vocl_channel_header {
    uint32_t magic;   /* host, constant */
    uint32_t version; /* host, constant */
    uint64_t size;    /* host, constant: VOCL_CHANNEL_SIZE */
    uint64_t helper_pid; /* host, constant: for messages and tests only */
    uint32_t max_objects; /* host, constant: it takes objects of numbers below this; 0: not said */

    _Alignas(VOCL_CACHE_LINE) uint32_t cmd_head;  /* host: bytes consumed, free-running */
    _Alignas(VOCL_CACHE_LINE) uint32_t cmd_tail;  /* guest: bytes produced, free-running */
    _Alignas(VOCL_CACHE_LINE) uint32_t host_asleep; /* both: 1 = ring the doorbell */
    _Alignas(VOCL_CACHE_LINE) uint32_t cmd_full;  /* both: 1 = clear this and wake me at it when
                                                   * half the command ring is free */
    _Alignas(VOCL_CACHE_LINE) uint32_t msg_head;  /* guest */
    _Alignas(VOCL_CACHE_LINE) uint32_t msg_tail;  /* host */
    _Alignas(VOCL_CACHE_LINE) uint32_t msg_asleep; /* both: 1 = wake me at msg_tail */
    _Alignas(VOCL_CACHE_LINE) uint32_t heartbeat; /* host: moves at least every
                                                   * VOCL_HEARTBEAT_MS while the worker lives */
    _Alignas(VOCL_CACHE_LINE) uint32_t lost;      /* host: enum vocl_lost; != 0 ends every wait */
    uint32_t late; /* host: 1 = a posted call has failed, which the next synchronising one tells */
    /* To measure what a doorbell and a wake-up cost by themselves, in a VM: the guest
     * changes ping and rings; a worker that sleeps copies it to pong and wakes whoever
     * waits there. One that does not sleep answers when it goes to. */
    _Alignas(VOCL_CACHE_LINE) uint32_t ping; /* guest */
    _Alignas(VOCL_CACHE_LINE) uint32_t pong; /* host */
};

/* Why a worker has ended its client; the guest turns it into an error and a
 * VOCL_DEBUG line. */
enum vocl_lost {
    VOCL_LOST_NOT = 0,
    VOCL_LOST_PROTOCOL = 1, /* the guest sent something malformed */
    VOCL_LOST_DIED = 2,     /* the worker has died (the runtime crashed, or it was killed) */
    VOCL_LOST_STOPPED = 3,  /* the helper is shutting down */
    VOCL_LOST_LIMIT = 4,    /* a resource limit that leaves no way to go on */
};

#define VOCL_HEARTBEAT_MS 500u
/* A waiter that has seen no heartbeat for this long gives the helper up. Long
 * enough for a machine that swaps; a worker's death is reported much sooner by
 * the transport. */
#define VOCL_HEARTBEAT_LOST_MS 15000u

#define VOCL_HEADER_SIZE  4096u
/* The guest's counters (counters.h): the last quarter of the header page. Guest. */
#define VOCL_OFF_COUNTERS (VOCL_HEADER_SIZE - VOCL_COUNTERS_MAX * 8u)
#define VOCL_OFF_REPLY    VOCL_HEADER_SIZE
#define VOCL_OFF_EVENT    (VOCL_OFF_REPLY + VOCL_REPLY_SLOTS * VOCL_REPLY_SLOT_SIZE)
#define VOCL_OFF_CMD      (VOCL_OFF_EVENT + VOCL_EVENT_SLOTS * 4u)
#define VOCL_OFF_MSG      (VOCL_OFF_CMD + VOCL_CMD_RING_SIZE)
#define VOCL_CHANNEL_SIZE (VOCL_OFF_MSG + VOCL_MSG_RING_SIZE)

static inline struct vocl_channel_header *vocl_channel_header(void *channel)
{
    return channel;
}

static inline struct vocl_reply_slot *vocl_channel_reply(void *channel, uint32_t slot)
{
    return (struct vocl_reply_slot *)((char *)channel + VOCL_OFF_REPLY) + slot;
}

static inline uint32_t *vocl_channel_event(void *channel, uint32_t slot)
{
    return (uint32_t *)((char *)channel + VOCL_OFF_EVENT) + slot;
}

static inline uint64_t *vocl_channel_counters(void *channel)
{
    return (uint64_t *)((char *)channel + VOCL_OFF_COUNTERS);
}

/* Host: fill a zeroed channel's header. */
void vocl_channel_init(void *channel, uint64_t helper_pid);

/* Guest: does this look like a channel of our version? */
bool vocl_channel_valid(const void *channel);

/*
 * A record in a ring. A record never wraps: what is left at the end of the
 * ring is filled with a VOCL_OP_PAD record. Records are multiples of 8 bytes.
 */
struct vocl_record {
    uint32_t size; /* bytes, this header included; multiple of 8 */
    uint16_t op;   /* enum vocl_op, or enum vocl_msg on the message ring */
    uint16_t slot; /* reply slot, or VOCL_NO_SLOT */
    /* body follows */
};

#define VOCL_NO_SLOT 0xffffu

/* A call whose body is larger goes as VOCL_OP_FRAGMENT records, sent without
 * others between them and put together by the consumer. An eighth of the ring,
 * so that a few can be under way at once. */
#define VOCL_RECORD_MAX (VOCL_CMD_RING_SIZE / 8)
/* No call is larger than this: program sources and binaries are the largest
 * things that travel inside a call. */
#define VOCL_MESSAGE_MAX (256u << 20)

/*
 * One side's view of one ring. Keeps its own index privately, so that the
 * other side can only lie about its own.
 */
struct vocl_ring {
    uint8_t *data;
    uint32_t size;  /* power of two */
    uint32_t *head; /* shared: consumer's index */
    uint32_t *tail; /* shared: producer's index */
    uint32_t mine;  /* private copy of the index that this side owns */
};

/* The four views. */
void vocl_ring_init_cmd(struct vocl_ring *r, void *channel);
void vocl_ring_init_msg(struct vocl_ring *r, void *channel);

/*
 * Producer: place a record of op with body of len bytes (a multiple of 8) and
 * publish it. Returns 0, -EAGAIN if there is no room now, -EPROTO if the
 * consumer's index is nonsense, -EMSGSIZE if it can never fit.
 */
int vocl_ring_put(struct vocl_ring *r, uint16_t op, uint16_t slot, const void *body, uint32_t len);

/*
 * Consumer: copy the next record out. hdr receives its header; body, of cap
 * bytes, its body. Returns 1 (got one), 0 (empty), -EPROTO (malformed, or
 * larger than cap: the other side is broken or hostile).
 */
int vocl_ring_get(struct vocl_ring *r, struct vocl_record *hdr, void *body, uint32_t cap);

/* Bytes that are taken, by the shared indices: a hint, which the other side may falsify. */
uint32_t vocl_ring_used(const struct vocl_ring *r);

/* Consumer: is there anything? One shared read. */
bool vocl_ring_empty(const struct vocl_ring *r);

#endif
