// SPDX-License-Identifier: MIT
/*
 * A guest process that speaks to the worker in its own words. Each case opens
 * the device, puts something malformed into the command ring and rings the
 * doorbell; its client must end with VOCL_LOST_PROTOCOL. Prints "ok NAME" for
 * each; status 1 if one has not ended so.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"
#include "virtio_ocl.h"

#define DEVICE "/dev/virtio-ocl"
/* The worker needs milliseconds, on a busy machine. */
#define PATIENCE_MS 20000
#define STEP_MS 50

/* Fill the ring; return the tail to publish. */
typedef uint32_t (*malform_fn)(uint8_t *ring);

static uint32_t put(uint8_t *ring, uint32_t size, uint16_t op, uint16_t slot)
{
    struct vocl_record record = {.size = size, .op = op, .slot = slot};

    memcpy(ring, &record, sizeof(record));
    return sizeof(record);
}

static uint32_t random_bytes(uint8_t *ring)
{
    uint32_t x = 4711;

    for (uint32_t i = 0; i < VOCL_CMD_RING_SIZE; i++) {
        x = x * 1664525u + 1013904223u;
        ring[i] = x >> 24;
    }
    return VOCL_CMD_RING_SIZE;
}

static uint32_t tail_beyond_the_ring(uint8_t *ring)
{
    put(ring, 8, 1, VOCL_NO_SLOT);
    return VOCL_CMD_RING_SIZE + 8;
}

static uint32_t record_without_size(uint8_t *ring)
{
    return put(ring, 0, 1, VOCL_NO_SLOT);
}

static uint32_t record_longer_than_sent(uint8_t *ring)
{
    return put(ring, 4096, 1, VOCL_NO_SLOT);
}

static uint32_t record_of_odd_size(uint8_t *ring)
{
    put(ring, 13, 1, VOCL_NO_SLOT);
    return 16;
}

static uint32_t unknown_call(uint8_t *ring)
{
    return put(ring, 8, 0xfff0, VOCL_NO_SLOT);
}

static const struct {
    const char *name;
    malform_fn malform;
} cases[] = {
    {"random bytes", random_bytes},
    {"a tail beyond the ring", tail_beyond_the_ring},
    {"a record without size", record_without_size},
    {"a record longer than sent", record_longer_than_sent},
    {"a record of odd size", record_of_odd_size},
    {"an unknown call", unknown_call},
};

/* The client's end, or VOCL_LOST_NOT if it does not come. */
static uint32_t await_end(int fd, const struct vocl_channel_header *header)
{
    struct virtio_ocl_wait wait = {.offset = offsetof(struct vocl_channel_header, lost),
                                   .old = VOCL_LOST_NOT,
                                   .timeout_ms = STEP_MS};
    uint32_t lost = VOCL_LOST_NOT;

    for (int ms = 0; !lost && ms < PATIENCE_MS; ms += STEP_MS) {
        if (ioctl(fd, VIRTIO_OCL_IOC_WAIT, &wait) < 0 && errno != ETIMEDOUT)
            ms = PATIENCE_MS; /* no more is to come */
        lost = __atomic_load_n(&header->lost, __ATOMIC_ACQUIRE);
    }
    return lost;
}

static int send_malformed(malform_fn malform, uint32_t *lost)
{
    struct virtio_ocl_open open_args = {.version = VIRTIO_OCL_VERSION,
                                        .channel_len = VOCL_CHANNEL_SIZE};
    struct vocl_channel_header *header;
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC), ret = -1;
    uint8_t *channel;

    if (fd < 0)
        return -1;
    if (ioctl(fd, VIRTIO_OCL_IOC_OPEN, &open_args) < 0)
        goto close_device;
    channel = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (channel == MAP_FAILED)
        goto close_device;
    header = vocl_channel_header(channel);
    __atomic_store_n(&header->cmd_tail, malform(channel + VOCL_OFF_CMD), __ATOMIC_SEQ_CST);
    ret = ioctl(fd, VIRTIO_OCL_IOC_KICK);
    if (!ret)
        *lost = await_end(fd, header);
    munmap(channel, VOCL_CHANNEL_SIZE);
close_device:
    close(fd);
    return ret;
}

int main(void)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t lost = VOCL_LOST_NOT;

        if (send_malformed(cases[i].malform, &lost) < 0) {
            printf("not ok %s: %s\n", cases[i].name, strerror(errno));
            return 1;
        }
        printf("%s %s (%u)\n", lost == VOCL_LOST_PROTOCOL ? "ok" : "not ok", cases[i].name, lost);
        failed |= lost != VOCL_LOST_PROTOCOL;
    }
    return failed;
}
