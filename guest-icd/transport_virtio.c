// SPDX-License-Identifier: MIT
/*
 * The ICD's side of /dev/virtio-ocl (proto/virtio_ocl.h): for VMs. The driver
 * does the work; what is left here is to say well what went wrong, and to
 * notice a helper that neither answers nor dies.
 */
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "count.h"
#include "scatter.h"
#include "virtio_ocl.h"

/* A waiter looks at the heartbeat this often: seldom enough to cost nothing,
 * and more than one beat apart. */
#define WAIT_SLICE_MS 2000

/* From here on the helper copies from and to the program's own pages, which it
 * maps for that (GCL_MAP_MIN). */
#define COPY_MAX ((size_t)256 << 10)
/* The driver's memory is there, and pinned, when it is asked for. */
#define SLAB_SIZE ((size_t)1 << 20)
/* And it is the guest's: large buffers stay with the host's runtime, where they
 * would be natively. */
#define BUFFERS_MAX ((uint64_t)64 << 20)

_Static_assert(WAIT_SLICE_MS > VOCL_HEARTBEAT_MS, "a slice sees a beat");
_Static_assert(WAIT_SLICE_MS < VOCL_HEARTBEAT_LOST_MS, "a loss is seen in time");

struct transport_virtio {
    struct gcl_transport base;
    int fd;
    struct gcl_scatter scatter;
};

static struct transport_virtio *to_virtio(struct gcl_transport *t)
{
    return (struct transport_virtio *)t;
}

/* The driver cuts a call short for a signal only when it has changed nothing. */
static int device_call(struct gcl_transport *t, unsigned long request, void *arg)
{
    int rc;

    do
        rc = ioctl(to_virtio(t)->fd, request, arg);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? -errno : 0;
}

/* Everything that says "not in this life" is the same to the caller. */
static int gone_or(int rc)
{
    return rc == -ENODEV || rc == -EIO ? -EIO : rc;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int virtio_kick(struct gcl_transport *t)
{
    return gone_or(device_call(t, VIRTIO_OCL_IOC_KICK, NULL));
}

/* What one waiter has seen of the helper's life. */
struct pulse {
    uint32_t beat;
    int64_t since; /* ms: no other beat since then */
};

static bool helper_alive(const struct gcl_transport *t, struct pulse *p)
{
    const struct vocl_channel_header *h = vocl_channel_header(t->channel);
    uint32_t beat = __atomic_load_n(&h->heartbeat, __ATOMIC_RELAXED);
    int64_t now = now_ms();

    if (__atomic_load_n(&h->lost, __ATOMIC_ACQUIRE) != VOCL_LOST_NOT)
        return false;
    if (beat != p->beat) {
        p->beat = beat;
        p->since = now;
    }
    return now - p->since < (int64_t)VOCL_HEARTBEAT_LOST_MS;
}

static int wait_slice(struct gcl_transport *t, uint32_t *word, uint32_t old, uint32_t ms)
{
    struct virtio_ocl_wait arg = {
        .offset = (uint64_t)((char *)word - (char *)t->channel),
        .old = old,
        .timeout_ms = ms,
    };
    /* Not device_call(): a signal must not begin the whole time again. */
    return ioctl(to_virtio(t)->fd, VIRTIO_OCL_IOC_WAIT, &arg) < 0 ? -errno : 0;
}

static int virtio_wait(struct gcl_transport *t, uint32_t *word, uint32_t old, unsigned timeout_ms)
{
    const struct vocl_channel_header *h = vocl_channel_header(t->channel);
    int64_t start = now_ms();
    int64_t left = timeout_ms;
    struct pulse pulse = {
        .beat = __atomic_load_n(&h->heartbeat, __ATOMIC_RELAXED),
        .since = start,
    };

    for (;;) {
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old)
            return 0;
        if (!helper_alive(t, &pulse))
            return -EIO;
        if (left <= 0)
            return -ETIMEDOUT;
        int rc = wait_slice(t, word, old, left < WAIT_SLICE_MS ? (uint32_t)left : WAIT_SLICE_MS);
        if (rc < 0 && rc != -EINTR && rc != -ETIMEDOUT)
            return gone_or(rc);
        left = (int64_t)timeout_ms - (now_ms() - start);
    }
}

static void virtio_unmap(struct gcl_transport *t, struct gcl_region *r)
{
    struct virtio_ocl_unmap arg = {.region = r->id};

    /* It fails only when there is no helper that could hold the pages. */
    if (!t->forked)
        device_call(t, VIRTIO_OCL_IOC_UNMAP, &arg);
    memset(r, 0, sizeof(*r));
}

static int map_pages(struct gcl_transport *t, void *addr, size_t len, uint32_t flags,
                     struct gcl_region *r)
{
    struct virtio_ocl_map arg = {.addr = (uintptr_t)addr, .len = len, .flags = flags};

    int rc = t->forked ? -EPERM : device_call(t, VIRTIO_OCL_IOC_MAP, &arg);
    if (rc < 0)
        return gone_or(rc);
    if (flags & VIRTIO_OCL_MAP_SCATTERED && !(arg.flags & VIRTIO_OCL_MAP_LASTS))
        gcl_scatter_maps_do_not_last(&to_virtio(t)->scatter);
    *r = (struct gcl_region){.id = arg.region,
                             .offset = arg.offset,
                             .addr = addr,
                             .len = len,
                             .gathered = arg.flags & VIRTIO_OCL_MAP_GATHER};
    gcl_count(GCL_N_REGISTRATIONS, 1);
    gcl_count(GCL_N_REGISTERED_BYTES, len);
    gcl_count(GCL_N_REGISTRATION_HITS, arg.flags & VIRTIO_OCL_MAP_FOUND ? 1 : 0);
    return 0;
}

static int virtio_map(struct gcl_transport *t, void *addr, size_t len, unsigned flags,
                      struct gcl_region *r)
{
    struct gcl_scatter *s = &to_virtio(t)->scatter;
    uint32_t how = flags & GCL_MAP_WRITE ? VIRTIO_OCL_MAP_WRITE : 0;

    int rc = map_pages(t, addr, len, how, r);
    if (rc == -E2BIG && gcl_scatter_collapse(s, addr, len))
        rc = map_pages(t, addr, len, how, r);
    if (rc == -E2BIG && (flags & GCL_MAP_KEEP || gcl_scatter_map_anyway(s, addr, len)))
        rc = map_pages(t, addr, len, how | VIRTIO_OCL_MAP_SCATTERED, r);
    if (rc == -E2BIG && flags & GCL_MAP_GATHER)
        rc = map_pages(t, addr, len, how | VIRTIO_OCL_MAP_GATHER, r);
    return rc;
}

static int virtio_alloc(struct gcl_transport *t, size_t len, void *at, struct gcl_region *r)
{
    struct virtio_ocl_alloc arg = {.len = len};

    int rc = t->forked ? -EPERM : device_call(t, VIRTIO_OCL_IOC_ALLOC, &arg);
    if (rc < 0)
        return gone_or(rc);
    struct gcl_region new = {.id = arg.region, .len = len};
    new.addr = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0),
                    to_virtio(t)->fd, (off_t)arg.mmap_offset);
    if (new.addr == MAP_FAILED) {
        rc = -errno;
        virtio_unmap(t, &new);
        return rc;
    }
    *r = new;
    gcl_count(GCL_N_ALLOCATIONS, 1);
    gcl_count(GCL_N_ALLOCATED_BYTES, len);
    return 0;
}

static void virtio_free(struct gcl_transport *t, struct gcl_region *r)
{
    munmap(r->addr, r->len);
    virtio_unmap(t, r);
}

static const struct gcl_transport_ops virtio_ops = {
    .name = "virtio",
    .copy_max = COPY_MAX,
    .slab_size = SLAB_SIZE,
    .buffers_max = BUFFERS_MAX,
    .kick = virtio_kick,
    .wait = virtio_wait,
    .alloc = virtio_alloc,
    .free = virtio_free,
    .map = virtio_map,
    .unmap = virtio_unmap,
};

/* ---- connecting ---- */

static const char *open_advice(int err)
{
    switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return "load the driver (modprobe virtio_ocl) and check that this VM has a virtio-ocl "
               "device";
    case EACCES:
    case EPERM:
        return "you may not use the device: ask for membership of its group (ls -l shows it)";
    default:
        return "see the kernel's log (dmesg)";
    }
}

static const char *start_advice(int err)
{
    switch (err) {
    case EBUSY:
        return "every client queue of the device is taken: end another program, or give the VM "
               "more queues";
    case EPROTO:
        return "driver and library speak different versions: install matching ones";
    case ENODEV:
        return "the device has been removed or reset";
    case EIO:
        return "the helper could not start a worker: see its log on the host";
    case ENOMEM:
        return "the guest or the host is out of memory, or at a limit of the helper";
    case ENOTTY:
        return "this is no virtio-ocl device: check the path";
    default:
        return "see the kernel's log (dmesg) and the helper's log on the host";
    }
}

static int start_client(struct transport_virtio *v, const char *path, char *why, size_t len)
{
    struct virtio_ocl_open arg = {.version = VIRTIO_OCL_VERSION, .channel_len = VOCL_CHANNEL_SIZE};

    int rc = device_call(&v->base, VIRTIO_OCL_IOC_OPEN, &arg);
    if (rc < 0)
        snprintf(why, len, "%s: %s: %s", path, strerror(-rc), start_advice(-rc));
    return rc;
}

/* Returns 0 or -errno. */
static int map_channel(struct transport_virtio *v, const char *path, char *why, size_t len)
{
    void *p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
    if (p == MAP_FAILED) {
        int rc = -errno;
        snprintf(why, len, "%s: cannot map the channel: %s", path, strerror(-rc));
        return rc;
    }
    if (!vocl_channel_valid(p)) {
        snprintf(why, len, "%s: the helper has another channel layout: install matching versions",
                 path);
        munmap(p, VOCL_CHANNEL_SIZE);
        return -EPROTO;
    }
    v->base.channel = p;
    return 0;
}

struct gcl_transport *gcl_transport_virtio_open(const char *path, char *why, size_t len)
{
    struct transport_virtio *v = calloc(1, sizeof(*v));

    if (!v) {
        snprintf(why, len, "out of memory");
        return NULL;
    }
    v->base.ops = &virtio_ops;
    gcl_scatter_init(&v->scatter);
    v->fd = open(path, O_RDWR | O_CLOEXEC);
    if (v->fd < 0) {
        snprintf(why, len, "%s: %s: %s", path, strerror(errno), open_advice(errno));
        goto fail;
    }
    if (start_client(v, path, why, len) < 0 || map_channel(v, path, why, len) < 0)
        goto fail_open;
    return &v->base;

fail_open:
    close(v->fd);
fail:
    free(v);
    return NULL;
}
