// SPDX-License-Identifier: MIT
#include "vm_ping.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "virtio_ocl.h"

/* Longer than any worker that lives is busy, which has nothing to do. */
#define PING_TIMEOUT_MS 10000

struct vm_ping {
    int fd;
    void *channel;
};

static int start(struct vm_ping *p, const char *path)
{
    struct virtio_ocl_open arg = {.version = VIRTIO_OCL_VERSION, .channel_len = VOCL_CHANNEL_SIZE};

    p->fd = open(path ? path : "/dev/virtio-ocl", O_RDWR | O_CLOEXEC);
    if (p->fd < 0)
        return -errno;
    if (ioctl(p->fd, VIRTIO_OCL_IOC_OPEN, &arg) < 0)
        return -errno;
    p->channel = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
    if (p->channel == MAP_FAILED)
        return -errno;
    return vocl_channel_valid(p->channel) ? 0 : -EPROTO;
}

struct vm_ping *vm_ping_open(const char *path)
{
    struct vm_ping *p = malloc(sizeof(*p));

    if (!p)
        return NULL;
    *p = (struct vm_ping){.fd = -1, .channel = MAP_FAILED};
    int rc = start(p, path);
    if (rc == 0)
        return p;
    vm_ping_close(p);
    errno = -rc;
    return NULL;
}

void vm_ping_close(struct vm_ping *p)
{
    if (!p)
        return;
    if (p->channel != MAP_FAILED)
        munmap(p->channel, VOCL_CHANNEL_SIZE);
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int64_t vm_ping(struct vm_ping *p)
{
    struct vocl_channel_header *h = vocl_channel_header(p->channel);
    uint32_t old = __atomic_load_n(&h->pong, __ATOMIC_RELAXED);
    struct virtio_ocl_wait arg = {
        .offset = offsetof(struct vocl_channel_header, pong),
        .old = old,
        .timeout_ms = PING_TIMEOUT_MS,
        .flags = VIRTIO_OCL_WAIT_KICK,
    };
    int64_t from = now_ns();

    __atomic_store_n(&h->ping, old + 1, __ATOMIC_SEQ_CST);
    while (ioctl(p->fd, VIRTIO_OCL_IOC_WAIT, &arg) < 0)
        if (errno != EINTR)
            return -errno;
    return now_ns() - from;
}
