// SPDX-License-Identifier: MIT
/*
 * A hostile client: connects as the ICD does (guest-icd/transport_socket.c),
 * then writes nonsense into the channel. Ends with 0 when the helper has ended
 * this client, and says how; with 1 if it has not within 10 s.
 *
 * garbage SOCKET size|op|body|tail|fragment|head|release
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "channel.h"
#include "guest-icd/transport.h"

static struct vocl_ring ring;

/* A record whose size is a lie. */
static void false_size(void *channel)
{
    (void)channel;
    struct vocl_record r = {.size = 0xfffffff8u, .op = VOCL_OP_NOP, .slot = 0};
    memcpy(ring.data, &r, sizeof(r));
    __atomic_store_n(ring.tail, 4096, __ATOMIC_SEQ_CST);
}

static void unknown_op(void *channel)
{
    (void)channel;
    vocl_ring_put(&ring, 254, 0, NULL, 0);
}

static void short_body(void *channel)
{
    (void)channel;
    uint64_t word = 1;
    vocl_ring_put(&ring, VOCL_OP_clCreateBuffer, 0, &word, sizeof(word));
}

static void false_tail(void *channel)
{
    vocl_channel_header(channel)->cmd_tail = 0x12345677;
}

static void false_fragment(void *channel)
{
    (void)channel;
    uint64_t body[3] = {8, 0, 0};
    body[0] = UINT64_MAX;
    vocl_ring_put(&ring, VOCL_OP_FRAGMENT, 0, body, sizeof(body));
}

/* The index that the worker owns, and the one of the messages that it sends. */
static void false_head(void *channel)
{
    unknown_op(channel);
    vocl_channel_header(channel)->cmd_head = 0x55555555;
    vocl_channel_header(channel)->msg_head = 0x55555555;
}

static void false_release(void *channel)
{
    (void)channel;
    uint64_t id = 4711;
    vocl_ring_put(&ring, VOCL_OP_RELEASE, VOCL_NO_SLOT, &id, sizeof(id));
}

static void write_garbage(const char *how, void *channel)
{
    static const struct {
        const char *name;
        void (*write)(void *channel);
    } ways[] = {
        {"size", false_size},       {"op", unknown_op},   {"body", short_body},
        {"tail", false_tail},       {"head", false_head}, {"fragment", false_fragment},
        {"release", false_release},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (!strcmp(how, ways[i].name))
            ways[i].write(channel);
}

int main(int argc, char **argv)
{
    char why[256] = "";
    if (argc != 3)
        return 2;
    struct gcl_transport *t = gcl_transport_socket_open(argv[1], why, sizeof(why));
    if (!t) {
        fprintf(stderr, "garbage: %s\n", why);
        return 2;
    }
    struct vocl_channel_header *h = vocl_channel_header(t->channel);
    vocl_ring_init_cmd(&ring, t->channel);
    write_garbage(argv[2], t->channel);
    t->ops->kick(t);
    for (time_t end = time(NULL) + 10; time(NULL) < end;) {
        uint32_t lost = __atomic_load_n(&h->lost, __ATOMIC_ACQUIRE);
        if (lost) {
            printf("lost %u\n", lost);
            return 0;
        }
        t->ops->wait(t, &h->lost, 0, 50);
    }
    return 1;
}
