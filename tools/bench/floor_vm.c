/* SPDX-License-Identifier: MIT */
/*
 * The bare way from a guest's process to its worker and back: an ioctl that rings
 * the doorbell and sleeps, an interrupt that wakes. The worker answers a record
 * that asks for nothing. No library of ours is in it, as none is in any floor.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "channel.h"
#include "probe.h"
#include "virtio_ocl.h"

#define DEVICE "/dev/virtio-ocl"
/* A worker that has not answered by then has died. */
#define PATIENCE_MS 20000

/* What VOCL_OP_NOP takes: a record and one word, which divide the ring. */
struct nop {
    struct vocl_record record;
    uint64_t tag;
};

_Static_assert(VOCL_CMD_RING_SIZE % sizeof(struct nop) == 0, "no record wraps");

struct raw_client {
    int fd;
    uint8_t *channel;
    uint32_t tail;
};

static struct raw_client client;

static void send_nop(struct raw_client *c)
{
    struct nop nop = {.record = {.size = sizeof(nop), .op = VOCL_OP_NOP, .slot = 0}};

    memcpy(c->channel + VOCL_OFF_CMD + c->tail % VOCL_CMD_RING_SIZE, &nop, sizeof(nop));
    c->tail += sizeof(nop);
    __atomic_store_n(&vocl_channel_header(c->channel)->cmd_tail, c->tail, __ATOMIC_SEQ_CST);
}

static void kick_and_sleep(struct probe *p, struct raw_client *c)
{
    struct virtio_ocl_wait wait = {.offset = VOCL_OFF_REPLY,
                                   .old = VOCL_REPLY_PENDING_ASLEEP,
                                   .timeout_ms = PATIENCE_MS,
                                   .flags = VIRTIO_OCL_WAIT_KICK};
    uint32_t *state = &vocl_channel_reply(c->channel, 0)->state;

    __atomic_store_n(state, VOCL_REPLY_PENDING_ASLEEP, __ATOMIC_SEQ_CST);
    send_nop(c);
    while (__atomic_load_n(state, __ATOMIC_ACQUIRE) == VOCL_REPLY_PENDING_ASLEEP) {
        if (ioctl(c->fd, VIRTIO_OCL_IOC_WAIT, &wait) < 0 && errno != EINTR)
            fail(p, "the worker does not answer: %s", strerror(errno));
    }
}

static void kick_batch(struct probe *p, unsigned n)
{
    while (n--)
        kick_and_sleep(p, &client);
}

void measure_floor_kick(struct probe *p, const struct measurement *m)
{
    struct virtio_ocl_open args = {.version = VIRTIO_OCL_VERSION, .channel_len = VOCL_CHANNEL_SIZE};

    client.fd = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (client.fd < 0)
        return;
    if (ioctl(client.fd, VIRTIO_OCL_IOC_OPEN, &args) < 0)
        fail(p, "cannot open a client: %s", strerror(errno));
    client.tail = 0;
    client.channel =
        mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, client.fd, 0);
    if (client.channel == MAP_FAILED)
        fail(p, "cannot map the channel: %s", strerror(errno));
    value(m->name, seconds_each(p, kick_batch) * 1e6, "us", "less");
    munmap(client.channel, VOCL_CHANNEL_SIZE);
    close(client.fd);
}
