// SPDX-License-Identifier: MIT
#include "channel.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct vocl_reply_slot) == VOCL_REPLY_SLOT_SIZE, "reply slots are an array");
_Static_assert(sizeof(struct vocl_channel_header) <= VOCL_OFF_COUNTERS,
               "the header is one page, with the counters at its end");
_Static_assert(VOCL_OFF_COUNTERS % VOCL_CACHE_LINE == 0, "eight counters are a cache line");
_Static_assert(sizeof(struct vocl_record) == 8, "a record's body starts on a word");
_Static_assert(VOCL_CHANNEL_SIZE % 4096 == 0, "the channel is whole pages");

void vocl_channel_init(void *channel, uint64_t helper_pid)
{
    struct vocl_channel_header *h = vocl_channel_header(channel);
    h->version = VOCL_CHANNEL_VERSION;
    h->size = VOCL_CHANNEL_SIZE;
    h->helper_pid = helper_pid;
    h->host_asleep = 1; /* until the decoder runs, the first command must ring */
    __atomic_store_n(&h->magic, VOCL_CHANNEL_MAGIC, __ATOMIC_RELEASE);
}

bool vocl_channel_valid(const void *channel)
{
    const struct vocl_channel_header *h = channel;
    return __atomic_load_n(&h->magic, __ATOMIC_ACQUIRE) == VOCL_CHANNEL_MAGIC &&
           h->version == VOCL_CHANNEL_VERSION && h->size == VOCL_CHANNEL_SIZE;
}

void vocl_ring_init_cmd(struct vocl_ring *r, void *channel)
{
    struct vocl_channel_header *h = vocl_channel_header(channel);
    *r = (struct vocl_ring){(uint8_t *)channel + VOCL_OFF_CMD, VOCL_CMD_RING_SIZE, &h->cmd_head,
                            &h->cmd_tail, 0};
}

void vocl_ring_init_msg(struct vocl_ring *r, void *channel)
{
    struct vocl_channel_header *h = vocl_channel_header(channel);
    *r = (struct vocl_ring){(uint8_t *)channel + VOCL_OFF_MSG, VOCL_MSG_RING_SIZE, &h->msg_head,
                            &h->msg_tail, 0};
}

static uint8_t *ring_at(const struct vocl_ring *r, uint32_t index)
{
    return r->data + (index & (r->size - 1));
}

static uint32_t room_to_end(const struct vocl_ring *r)
{
    return r->size - (r->mine & (r->size - 1));
}

static void put_record(struct vocl_ring *r, uint32_t size, uint16_t op, uint16_t slot,
                       const void *body, uint32_t len)
{
    struct vocl_record rec = {.size = size, .op = op, .slot = slot};
    uint8_t *at = ring_at(r, r->mine);
    memcpy(at, &rec, sizeof(rec));
    if (len)
        memcpy(at + sizeof(rec), body, len);
    r->mine += size;
}

int vocl_ring_put(struct vocl_ring *r, uint16_t op, uint16_t slot, const void *body, uint32_t len)
{
    if (len % 8 || len > r->size / 4 - sizeof(struct vocl_record))
        return -EMSGSIZE;
    uint32_t size = sizeof(struct vocl_record) + len;
    uint32_t used = r->mine - __atomic_load_n(r->head, __ATOMIC_ACQUIRE);
    if (used > r->size)
        return -EPROTO;
    uint32_t pad = room_to_end(r) < size ? room_to_end(r) : 0;
    if (pad + size > r->size - used)
        return -EAGAIN;
    if (pad)
        put_record(r, pad, 0, VOCL_NO_SLOT, NULL, 0); /* VOCL_OP_PAD */
    put_record(r, size, op, slot, body, len);
    /* Sequentially consistent: the store must be seen before the consumer's
     * asleep flag is read (see channel.h), or both sides would sleep. */
    __atomic_store_n(r->tail, r->mine, __ATOMIC_SEQ_CST);
    return 0;
}

uint32_t vocl_ring_used(const struct vocl_ring *r)
{
    return __atomic_load_n(r->tail, __ATOMIC_SEQ_CST) - __atomic_load_n(r->head, __ATOMIC_SEQ_CST);
}

bool vocl_ring_empty(const struct vocl_ring *r)
{
    return __atomic_load_n(r->tail, __ATOMIC_SEQ_CST) == r->mine;
}

static void consume(struct vocl_ring *r, uint32_t size)
{
    r->mine += size;
    __atomic_store_n(r->head, r->mine, __ATOMIC_SEQ_CST);
}

int vocl_ring_get(struct vocl_ring *r, struct vocl_record *hdr, void *body, uint32_t cap)
{
    /* One padding record at the most comes before a record: a producer that
     * writes nothing else must not keep us here. */
    for (int records = 0; records < 2; records++) {
        uint32_t avail = __atomic_load_n(r->tail, __ATOMIC_ACQUIRE) - r->mine;
        if (!avail)
            return 0;
        if (avail > r->size || avail < sizeof(*hdr) || r->mine % 8)
            return -EPROTO;
        memcpy(hdr, ring_at(r, r->mine), sizeof(*hdr));
        if (hdr->size < sizeof(*hdr) || hdr->size % 8 || hdr->size > avail ||
            hdr->size > room_to_end(r))
            return -EPROTO;
        if (hdr->op) {
            uint32_t len = hdr->size - sizeof(*hdr);
            if (len > cap)
                return -EPROTO;
            memcpy(body, ring_at(r, r->mine) + sizeof(*hdr), len);
            consume(r, hdr->size);
            return 1;
        }
        consume(r, hdr->size);
    }
    return -EPROTO;
}
