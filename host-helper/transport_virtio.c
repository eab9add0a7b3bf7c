// SPDX-License-Identifier: MIT
#include "transport_virtio.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "client.h"
#include "log.h"
#include "map_budget.h"
#include "ram_window.h"
#include "regions.h"
#include "run_list.h"
#include "transport.h"
#include "vring.h"

/* What of a region's life regions.h does not know: its pieces, and its share
 * of the mapping budget. One entry per region number. */
struct region_state {
    bool filling;
    uint8_t *base;            /* while it is being filled, if it is to be mapped */
    struct hcl_run_list list; /* if it is not */
    uint64_t total;           /* 0: no such region */
    uint64_t filled;
    uint32_t runs;   /* mappings charged to the budget */
    uint32_t tag;    /* whom to answer when it is gone */
    uint32_t status; /* and with what */
};

struct virtio_transport {
    struct hcl_transport base;
    struct hcl_guest_ram ram;
    pthread_rwlock_t ram_lock; /* copies read the table for long */
    int kick_fd;
    int interrupt_fd;
    void *channel_map;

    /* wake(): any thread. Also held while ram and call_fd change. */
    pthread_mutex_t wake_lock;
    struct hcl_vring vring;
    struct ram_window rings[3]; /* desc, avail, used */
    struct ram_windows windows; /* wake buffers */

    /* Regions come from the control thread and go from any. */
    pthread_mutex_t lock;
    struct hcl_map_budget budget;
    size_t listed; /* runs, of HCL_LISTED_RUNS_MAX */
    uint32_t max_regions;
    struct region_state *region; /* [1..max_regions] */

    uint8_t *msg; /* HCL_LINK_MAX_MSG bytes, for control() */
};

static struct virtio_transport *vt_of(struct hcl_transport *t)
{
    return (struct virtio_transport *)t;
}

static void vt_wake(struct hcl_transport *t, uint32_t *word);

/* Any thread: the last user of a region may be a native callback. */
static int answer(struct virtio_transport *vt, uint32_t tag, uint32_t status)
{
    const struct hcl_link_answer a = {.tag = tag, .status = status};
    ssize_t n;

    do
        n = send(vt->base.control_fd, &a, sizeof(a), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(a) ? 0 : -EPIPE;
}

static uint32_t status_of(int rc)
{
    switch (rc) {
    case 0:
        return VIRTIO_OCL_S_OK;
    case -EEXIST:
        return VIRTIO_OCL_S_BUSY;
    case -EINVAL:
    case -ENOENT:
        return VIRTIO_OCL_S_INVALID;
    case -EFAULT:
        return VIRTIO_OCL_S_FAULT;
    default:
        return VIRTIO_OCL_S_NOMEM;
    }
}

/* ---- the doorbell ---- */

/* Returns whether the doorbell was for nothing else. */
static bool answer_ping(struct virtio_transport *vt)
{
    struct vocl_channel_header *h = vocl_channel_header(vt->base.channel);
    uint32_t ping = __atomic_load_n(&h->ping, __ATOMIC_ACQUIRE);

    if (ping == __atomic_load_n(&h->pong, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&h->pong, ping, __ATOMIC_RELEASE);
    vt_wake(&vt->base, &h->pong);
    return __atomic_load_n(&h->cmd_tail, __ATOMIC_SEQ_CST) ==
           __atomic_load_n(&h->cmd_head, __ATOMIC_RELAXED);
}

static int wait_once(struct hcl_transport *t, int timeout_ms, bool *again)
{
    struct virtio_transport *vt = vt_of(t);
    struct pollfd p[3] = {
        {.fd = vt->kick_fd, .events = POLLIN},
        {.fd = vt->interrupt_fd, .events = POLLIN},
        {.fd = t->control_fd}, /* its messages are the control thread's; we watch for the end */
    };

    int n = poll(p, 3, timeout_ms);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    if (p[0].revents & POLLIN)
        hcl_vring_fd_drain(vt->kick_fd);
    if (p[1].revents & POLLIN)
        hcl_vring_fd_drain(vt->interrupt_fd);
    *again = p[0].revents & POLLIN && answer_ping(vt) && !(p[1].revents & POLLIN);
    if (p[2].revents & (POLLHUP | POLLERR))
        return -ENOTCONN;
    if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL))
        return -ENOTCONN;
    return 0;
}

static int vt_wait(struct hcl_transport *t, int timeout_ms)
{
    bool again;
    int rc;

    do {
        again = false;
        rc = wait_once(t, timeout_ms, &again);
    } while (rc == 0 && again);
    return rc;
}

static void vt_interrupt(struct hcl_transport *t)
{
    hcl_vring_fd_signal(vt_of(t)->interrupt_fd);
}

/*
 * Return one of the posted buffers. The caller has changed a word of the
 * channel; the fence puts that store before our look at the available ring.
 *
 * If no buffer is posted, nothing is lost: all of them are on their way in
 * the used ring, with an interrupt that the driver has not finished with. It
 * posts the buffers again and then wakes its sleepers, who look at their words
 * once more. We saw the ring empty, so the posting comes after our look and
 * the sleepers' look after the new word.
 */
static void vt_wake(struct hcl_transport *t, uint32_t *word)
{
    struct virtio_transport *vt = vt_of(t);
    const struct virtio_ocl_wake wake = {.reason = 0}; /* VIRTIO_OCL_WAKE in either byte order */
    struct hcl_chain c;

    _Static_assert(VIRTIO_OCL_WAKE == 0, "no byte swap needed");
    pthread_mutex_lock(&vt->wake_lock);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (hcl_vring_pop(&vt->vring, &c) == 1) {
        int rc = hcl_vring_write(&vt->vring, &c, &wake, sizeof(wake));
        hcl_vring_push(&vt->vring, c.head, rc == 0 ? sizeof(wake) : 0);
        hcl_vring_notify(&vt->vring);
    }
    pthread_mutex_unlock(&vt->wake_lock);
}

/* ---- regions ---- */

static int budget_take(struct virtio_transport *vt, struct region_state *rs, uint32_t runs)
{
    pthread_mutex_lock(&vt->lock);
    int rc = hcl_map_budget_take(&vt->budget, &rs->runs, runs);
    pthread_mutex_unlock(&vt->lock);
    return rc;
}

/* Where run i and those that follow it in guest RAM end. Returns the next run. */
static uint32_t join_runs(const struct hcl_link_run *run, uint32_t n, uint32_t i, uint64_t *len)
{
    uint64_t start = run[i].gpa;

    *len = run[i].len;
    for (i++; i < n && run[i].gpa == start + *len; i++)
        *len += run[i].len;
    return i;
}

/* How many mappings map_runs() makes of them, but for a run that goes on in
 * another of the VM's few pieces of RAM. */
static uint32_t mappings_for(const struct hcl_link_run *run, uint32_t n)
{
    uint32_t count = 0;
    uint64_t len;

    for (uint32_t i = 0; i < n; count++)
        i = join_runs(run, n, i, &len);
    return count;
}

/* Map a run's part that lies in one file. A file offset that is not at a page
 * cannot be mapped, although it is guest RAM. */
static int map_part(const struct hcl_guest_ram *ram, uint8_t *at, uint64_t gpa, uint64_t len,
                    int prot, uint64_t *done)
{
    uint64_t offset;
    int fd;

    *done = hcl_guest_ram_file(ram, gpa, len, &fd, &offset);
    if (*done == 0 || *done % HCL_PAGE_SIZE != 0 || offset % HCL_PAGE_SIZE != 0)
        return -EFAULT;
    void *p = mmap(at, *done, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, (off_t)offset);
    return p == MAP_FAILED ? -ENOMEM : 0;
}

/* Map runs one behind another at `at`, neighbours in one piece. rs: tell region
 * id of the pieces; NULL for what is no region. */
static int map_runs(const struct hcl_guest_ram *ram, uint8_t *at, const struct hcl_link_run *run,
                    uint32_t n, int prot, struct hcl_regions *rs, uint32_t id)
{
    for (uint32_t i = 0; i < n;) {
        uint64_t gpa = run[i].gpa;
        uint64_t len;
        i = join_runs(run, n, i, &len);
        while (len > 0) {
            uint64_t done;
            int rc = map_part(ram, at, gpa, len, prot, &done);
            if (rc == 0 && rs)
                rc = hcl_region_piece(rs, id, done);
            if (rc < 0)
                return rc;
            at += done;
            gpa += done;
            len -= done;
        }
    }
    return 0;
}

static uint64_t runs_len(const struct hcl_link_run *run, uint32_t n)
{
    uint64_t len = 0;
    for (uint32_t i = 0; i < n; i++)
        len += run[i].len; /* the server has checked the sum */
    return len;
}

/* hcl_region_gone_fn */
static void region_gone(void *opaque, uint32_t id)
{
    struct virtio_transport *vt = opaque;
    struct region_state *rs = &vt->region[id];

    pthread_mutex_lock(&vt->lock);
    const struct region_state was = *rs;
    hcl_map_budget_give(&vt->budget, was.runs);
    vt->listed -= was.list.n;
    hcl_run_list_finish(&rs->list);
    memset(rs, 0, sizeof(*rs));
    pthread_mutex_unlock(&vt->lock);
    answer(vt, was.tag, was.status);
}

/* Unmap a region, whole or in pieces; whoever waits for tag gets status. */
static int region_drop(struct virtio_transport *vt, uint32_t id, uint32_t tag, uint32_t status)
{
    struct region_state *rs = &vt->region[id];
    int rc = -ENOENT;

    pthread_mutex_lock(&vt->lock);
    if (rs->tag == 0 && rs->total != 0) { /* exists, and is not being unmapped already */
        rs->tag = tag;
        rs->status = status;
        rs->filling = false;
        rs->base = NULL;
        rc = 0;
    }
    pthread_mutex_unlock(&vt->lock);
    return rc < 0 ? rc : hcl_region_unmap(vt->base.regions, id, region_gone, vt);
}

/* hcl_region_copy_fn. The list is complete, and stays while the region is held. */
static int region_copy(void *opaque, uint32_t id, uint64_t off, void *mem, uint64_t len,
                       bool to_guest)
{
    struct virtio_transport *vt = opaque;

    pthread_rwlock_rdlock(&vt->ram_lock);
    int rc = hcl_run_list_copy(&vt->region[id].list, &vt->ram, off, mem, len, to_guest);
    pthread_rwlock_unlock(&vt->ram_lock);
    return rc;
}

static int list_runs(struct virtio_transport *vt, struct region_state *rs,
                     const struct hcl_link_run *run, uint32_t n)
{
    pthread_mutex_lock(&vt->lock);
    size_t before = rs->list.n;
    int rc = n <= HCL_LISTED_RUNS_MAX - vt->listed ? hcl_run_list_add(&rs->list, run, n) : -ENOMEM;
    vt->listed += rs->list.n - before;
    pthread_mutex_unlock(&vt->lock);
    return rc;
}

static int region_begin(struct virtio_transport *vt, const struct hcl_link_msg *m)
{
    struct region_state *rs = &vt->region[m->region];
    void *base = NULL;
    int rc = -EEXIST;

    pthread_mutex_lock(&vt->lock);
    if (rs->total == 0) {
        if (m->flags & VIRTIO_OCL_MAP_GATHER)
            rc = hcl_region_list(vt->base.regions, m->region, m->total_len,
                                 m->flags & VIRTIO_OCL_MAP_WRITE, region_copy, vt);
        else
            rc = hcl_region_reserve(vt->base.regions, m->region, m->total_len, &base);
        if (rc == 0)
            *rs = (struct region_state){.filling = true, .base = base, .total = m->total_len};
    }
    pthread_mutex_unlock(&vt->lock);
    return rc;
}

static int region_fill(struct virtio_transport *vt, const struct hcl_link_msg *m,
                       const struct hcl_link_run *run)
{
    struct region_state *rs = &vt->region[m->region];
    uint64_t len = runs_len(run, m->count);
    int prot = PROT_READ | (m->flags & VIRTIO_OCL_MAP_WRITE ? PROT_WRITE : 0);

    if (rs->total != m->total_len || rs->filled != m->offset || len > rs->total - rs->filled)
        return -EINVAL;
    int rc = rs->base ? budget_take(vt, rs, mappings_for(run, m->count))
                      : list_runs(vt, rs, run, m->count);
    if (rc == 0 && rs->base)
        rc = map_runs(&vt->ram, rs->base + rs->filled, run, m->count, prot, vt->base.regions,
                      m->region);
    if (rc < 0)
        return rc;
    rs->filled += len;
    if (rs->filled < rs->total)
        return 0;
    rs->filling = false;
    rs->base = NULL;
    return hcl_region_publish(vt->base.regions, m->region);
}

static int handle_map(struct virtio_transport *vt, const struct hcl_link_msg *m,
                      const struct hcl_link_run *run)
{
    int rc = 0;

    if (m->offset == 0)
        rc = region_begin(vt, m);
    else if (!vt->region[m->region].filling)
        rc = -ENOENT;
    if (rc < 0)
        return answer(vt, m->tag, status_of(rc)); /* nothing of ours to undo */
    rc = region_fill(vt, m, run);
    if (rc < 0)
        return region_drop(vt, m->region, m->tag, status_of(rc));
    return answer(vt, m->tag, VIRTIO_OCL_S_OK);
}

static int handle_unmap(struct virtio_transport *vt, const struct hcl_link_msg *m)
{
    if (region_drop(vt, m->region, m->tag, VIRTIO_OCL_S_OK) < 0)
        return answer(vt, m->tag, VIRTIO_OCL_S_INVALID);
    return 0;
}

static int handle_undo(struct virtio_transport *vt, const struct hcl_link_msg *m)
{
    if (!vt->region[m->region].filling || region_drop(vt, m->region, m->tag, m->status) < 0)
        return answer(vt, m->tag, m->status);
    return 0;
}

/* ---- control messages ---- */

/* What is mapped stays mapped; only what comes next looks at the new table. */
static int handle_ram(struct virtio_transport *vt, const struct hcl_link_msg *m, const int *fds,
                      unsigned nfds)
{
    const struct hcl_link_region *from = (const void *)(m + 1);
    struct hcl_ram_region r[HCL_RAM_MAX_REGIONS] = {0};

    if (m->count != nfds || nfds > HCL_RAM_MAX_REGIONS)
        return -EPROTO;
    for (unsigned i = 0; i < nfds; i++) {
        r[i].gpa = from[i].gpa;
        r[i].size = from[i].size;
        r[i].user = from[i].user;
        r[i].offset = from[i].offset;
        r[i].fd = fds[i];
    }
    pthread_mutex_lock(&vt->wake_lock);
    pthread_rwlock_wrlock(&vt->ram_lock);
    ram_windows_finish(&vt->windows);
    int rc = hcl_guest_ram_set(&vt->ram, r, nfds);
    pthread_rwlock_unlock(&vt->ram_lock);
    pthread_mutex_unlock(&vt->wake_lock);
    return rc;
}

static int handle_call(struct virtio_transport *vt, const int *fds, unsigned nfds)
{
    if (nfds > 1)
        return -EPROTO;
    pthread_mutex_lock(&vt->wake_lock);
    if (vt->vring.call_fd >= 0)
        close(vt->vring.call_fd);
    vt->vring.call_fd = nfds ? fds[0] : -1;
    pthread_mutex_unlock(&vt->wake_lock);
    return 0;
}

static int check_msg(const struct virtio_transport *vt, const struct hcl_link_msg *m, size_t len)
{
    size_t each =
        m->type == HCL_LINK_RAM ? sizeof(struct hcl_link_region) : sizeof(struct hcl_link_run);

    if (m->count > (len - sizeof(*m)) / each)
        return -EPROTO;
    if ((m->type == HCL_LINK_MAP || m->type == HCL_LINK_UNMAP || m->type == HCL_LINK_UNDO) &&
        (m->region == 0 || m->region > vt->max_regions))
        return -EPROTO;
    return 0;
}

/* RAM and CALL take the descriptors when they succeed. */
static int dispatch(struct virtio_transport *vt, size_t len, int *fds, unsigned *nfds)
{
    const struct hcl_link_msg *m = (const void *)vt->msg;

    if (len < sizeof(*m) || check_msg(vt, m, len) < 0)
        return -EPROTO;
    int rc = -EPROTO;
    switch (m->type) {
    case HCL_LINK_MAP:
        return handle_map(vt, m, (const void *)(m + 1));
    case HCL_LINK_UNMAP:
        return handle_unmap(vt, m);
    case HCL_LINK_UNDO:
        return handle_undo(vt, m);
    case HCL_LINK_RAM:
        rc = handle_ram(vt, m, fds, *nfds);
        break;
    case HCL_LINK_CALL:
        rc = handle_call(vt, fds, *nfds);
        break;
    }
    if (rc == 0)
        *nfds = 0;
    return rc;
}

/* Returns the packet's length, 0 at the end, or -errno. */
static ssize_t receive(struct virtio_transport *vt, int *fds, unsigned *nfds)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(HCL_RAM_MAX_REGIONS * sizeof(int))];
    } ctl;
    struct iovec iov = {.iov_base = vt->msg, .iov_len = HCL_LINK_MAX_MSG};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl)};

    *nfds = 0;
    ssize_t n = recvmsg(vt->base.control_fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0)
        return -errno;
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        *nfds = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), *nfds * sizeof(int));
    }
    return h.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EPROTO : n;
}

static int vt_control(struct hcl_transport *t)
{
    struct virtio_transport *vt = vt_of(t);
    int fds[HCL_RAM_MAX_REGIONS];
    unsigned nfds;

    ssize_t n = receive(vt, fds, &nfds);
    if (n == -EAGAIN || n == -EINTR)
        return 0;
    int rc = n == 0 ? -ENOTCONN : n < 0 ? (int)n : dispatch(vt, (size_t)n, fds, &nfds);
    for (unsigned i = 0; i < nfds; i++)
        close(fds[i]);
    return rc;
}

/* ---- beginning and end ---- */

static void vt_destroy(struct hcl_transport *t)
{
    if (!t)
        return;
    struct virtio_transport *vt = vt_of(t);

    hcl_regions_destroy(t->regions);
    ram_windows_finish(&vt->windows);
    for (unsigned i = 0; i < 3; i++)
        ram_window_finish(&vt->rings[i]);
    if (vt->channel_map)
        munmap(vt->channel_map, VOCL_CHANNEL_SIZE);
    hcl_guest_ram_finish(&vt->ram);
    if (vt->vring.call_fd >= 0)
        close(vt->vring.call_fd);
    if (vt->interrupt_fd >= 0)
        close(vt->interrupt_fd);
    close(vt->kick_fd);
    close(t->control_fd);
    pthread_mutex_destroy(&vt->lock);
    pthread_rwlock_destroy(&vt->ram_lock);
    pthread_mutex_destroy(&vt->wake_lock);
    free(vt->region);
    free(vt->msg);
    free(vt);
}

static const struct hcl_transport_ops virtio_ops = {
    .name = "virtio",
    .wait = vt_wait,
    .interrupt = vt_interrupt,
    .wake = vt_wake,
    .control = vt_control,
    .destroy = vt_destroy,
};

/* hcl_vring_at_fn */
static void *wake_buffer_at(void *opaque, uint64_t gpa, uint64_t len)
{
    struct virtio_transport *vt = opaque;
    return ram_windows_at(&vt->windows, &vt->ram, gpa, len);
}

/* The worker that served this queue before us may have died between taking a
 * buffer and returning it; the used ring is what the driver has seen. */
static int open_vring(struct virtio_transport *vt, const struct hcl_virtio_handover *h)
{
    const struct hcl_ring_place *at = &h->ring;
    void *desc, *avail, *used;

    int rc =
        ram_window_init(&vt->rings[0], &vt->ram, at->desc, hcl_vring_desc_size(at->num), &desc);
    if (rc == 0)
        rc = ram_window_init(&vt->rings[1], &vt->ram, at->avail, hcl_vring_avail_size(at->num),
                             &avail);
    if (rc == 0)
        rc =
            ram_window_init(&vt->rings[2], &vt->ram, at->used, hcl_vring_used_size(at->num), &used);
    if (rc < 0)
        return rc;
    hcl_vring_init(&vt->vring, at->num, desc, avail, used, hcl_vring_in_order_base(used));
    vt->vring.call_fd = h->call_fd;
    vt->vring.at = wake_buffer_at;
    vt->vring.opaque = vt;
    return 0;
}

static int open_channel(struct virtio_transport *vt, const struct hcl_virtio_handover *h)
{
    if (runs_len(h->runs, h->nruns) != VOCL_CHANNEL_SIZE)
        return -EINVAL;
    void *p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED)
        return -errno;
    vt->channel_map = p;
    int rc = map_runs(&vt->ram, p, h->runs, h->nruns, PROT_READ | PROT_WRITE, NULL, 0);
    if (rc < 0)
        return rc;
    vocl_channel_init(p, (uint64_t)getpid());
    vt->base.channel = p;
    return 0;
}

static int open_all(struct virtio_transport *vt, const struct hcl_options *opt,
                    const struct hcl_virtio_handover *h)
{
    vt->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (vt->interrupt_fd < 0)
        return -errno;
    vt->max_regions = opt->max_regions;
    hcl_map_budget_init(&vt->budget);
    vt->region = calloc((size_t)opt->max_regions + 1, sizeof(*vt->region));
    vt->msg = malloc(HCL_LINK_MAX_MSG);
    vt->base.regions = hcl_regions_create(opt->max_regions, opt->max_mapped);
    if (!vt->region || !vt->msg || !vt->base.regions)
        return -ENOMEM;
    int rc = open_vring(vt, h);
    return rc < 0 ? rc : open_channel(vt, h);
}

struct hcl_transport *hcl_transport_virtio_create(const struct hcl_options *opt,
                                                  const struct hcl_virtio_handover *h)
{
    struct virtio_transport *vt = calloc(1, sizeof(*vt));
    if (!vt)
        return NULL;
    signal(SIGPIPE, SIG_IGN); /* user-mode Linux' call descriptor is a socket */
    vt->base.ops = &virtio_ops;
    vt->base.control_fd = h->link_fd;
    vt->kick_fd = h->kick_fd;
    vt->vring.call_fd = h->call_fd;
    vt->interrupt_fd = -1;
    vt->ram = *h->ram;
    vt->ram.mapped = false;
    for (unsigned i = 0; i < vt->ram.n; i++) {
        vt->ram.r[i].map = NULL; /* did not survive the fork */
        vt->ram.r[i].base = NULL;
    }
    pthread_mutex_init(&vt->wake_lock, NULL);
    pthread_mutex_init(&vt->lock, NULL);
    pthread_rwlock_init(&vt->ram_lock, NULL);

    int rc = open_all(vt, opt, h);
    if (rc < 0)
        hcl_log("cannot take over the client's memory: %s", strerror(-rc));
    if (answer(vt, h->open_tag, status_of(rc)) < 0 && rc == 0)
        rc = -EPIPE;
    if (rc == 0)
        return &vt->base;
    vt_destroy(&vt->base);
    return NULL;
}
