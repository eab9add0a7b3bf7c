// SPDX-License-Identifier: MIT
#include "vm_client.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "ram_guard.h"

/* Messages that wait for room in a link. More than the control queue can have
 * outstanding, plus some changes of the memory table: a worker that lets them
 * pile up is stuck. */
#define MAX_UNSENT (HCL_VRING_MAX_NUM + 64)

/* How often a loss is reported again while no wake buffer is posted. */
#define LOST_RETRY_MS 10

void hcl_vm_client_init(struct hcl_vm *vm, uint32_t index)
{
    struct hcl_vm_client *c = &vm->client[index];

    memset(c, 0, sizeof(*c));
    c->vm = vm;
    c->index = index;
    c->link_fd = -1;
    c->timer_fd = -1;
    c->unsent_end = &c->unsent;
}

/* ---- timer ---- */

static void timer_stop(struct hcl_vm_client *c)
{
    if (c->timer_fd < 0)
        return;
    hcl_server_unwatch(c->vm->server, c->timer_watch);
    close(c->timer_fd);
    c->timer_fd = -1;
    c->timer_watch = NULL;
}

/* Without a timer there is no grace and no second try: returns false. */
static bool timer_start(struct hcl_vm_client *c, long ms, hcl_watch_fn fn)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    const struct itimerspec spec = {.it_interval = t, .it_value = t};

    timer_stop(c);
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return false;
    if (timerfd_settime(fd, 0, &spec, NULL) < 0)
        goto fail;
    c->timer_watch = hcl_server_watch(c->vm->server, fd, POLLIN, fn, c);
    if (!c->timer_watch)
        goto fail;
    c->timer_fd = fd;
    return true;

fail:
    close(fd);
    return false;
}

/* ---- sending over the link ---- */

static void link_event(void *opaque, int fd, short revents);

static void link_close(struct hcl_vm_client *c)
{
    struct hcl_vm_unsent *u;

    while ((u = c->unsent)) {
        c->unsent = u->next;
        for (unsigned i = 0; i < u->nfds; i++)
            close(u->fds[i]);
        free(u);
    }
    c->unsent_end = &c->unsent;
    c->n_unsent = 0;
    if (c->link_fd < 0)
        return;
    if (c->link_watch)
        hcl_server_unwatch(c->vm->server, c->link_watch);
    c->link_watch = NULL;
    close(c->link_fd);
    c->link_fd = -1;
}

static int link_watch(struct hcl_vm_client *c, bool wants_out)
{
    if (c->link_watch)
        hcl_server_unwatch(c->vm->server, c->link_watch);
    c->link_wants_out = wants_out;
    c->link_watch = hcl_server_watch(c->vm->server, c->link_fd,
                                     (short)(POLLIN | (wants_out ? POLLOUT : 0)), link_event, c);
    return c->link_watch ? 0 : -ENOMEM;
}

static int link_send_now(int link_fd, const void *data, size_t len, const int *fds, unsigned nfds)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(HCL_RAM_MAX_REGIONS * sizeof(int))];
    } ctl;
    struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

    if (nfds > 0) {
        memset(&ctl, 0, sizeof(ctl));
        h.msg_control = &ctl;
        h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
        struct cmsghdr *m = CMSG_FIRSTHDR(&h);
        m->cmsg_level = SOL_SOCKET;
        m->cmsg_type = SCM_RIGHTS;
        m->cmsg_len = CMSG_LEN(nfds * sizeof(int));
        memcpy(CMSG_DATA(m), fds, nfds * sizeof(int));
    }
    ssize_t n = sendmsg(link_fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? -errno : 0;
}

static int link_keep(struct hcl_vm_client *c, const void *data, size_t len, const int *fds,
                     unsigned nfds)
{
    if (c->n_unsent == MAX_UNSENT)
        return -ENOSPC;
    struct hcl_vm_unsent *u = malloc(sizeof(*u) + len);
    if (!u)
        return -ENOMEM;
    memcpy(u->data, data, len);
    u->len = len;
    u->next = NULL;
    for (u->nfds = 0; u->nfds < nfds; u->nfds++) {
        u->fds[u->nfds] = dup(fds[u->nfds]);
        if (u->fds[u->nfds] < 0)
            goto fail;
    }
    *c->unsent_end = u;
    c->unsent_end = &u->next;
    c->n_unsent++;
    return c->link_wants_out ? 0 : link_watch(c, true);

fail:
    while (u->nfds-- > 0)
        close(u->fds[u->nfds]);
    free(u);
    return -EMFILE;
}

/* A worker that cannot be told something any more is of no use. */
static void link_send(struct hcl_vm_client *c, const void *data, size_t len, const int *fds,
                      unsigned nfds)
{
    int rc = -EAGAIN;

    if (c->link_fd < 0)
        return;
    if (!c->unsent)
        rc = link_send_now(c->link_fd, data, len, fds, nfds);
    if (rc == -EAGAIN || rc == -EINTR || rc == -ENOBUFS)
        rc = link_keep(c, data, len, fds, nfds);
    if (rc < 0 && c->pid > 0) {
        hcl_log("[%s] cannot reach the worker: %s", c->id.name, strerror(-rc));
        kill(c->pid, SIGKILL);
    }
}

static void link_flush(struct hcl_vm_client *c)
{
    struct hcl_vm_unsent *u;

    while ((u = c->unsent)) {
        int rc = link_send_now(c->link_fd, u->data, u->len, u->fds, u->nfds);
        if (rc == -EAGAIN || rc == -EINTR || rc == -ENOBUFS)
            return;
        /* Other errors: the worker has gone, which its exit will tell us. */
        c->unsent = u->next;
        c->n_unsent--;
        for (unsigned i = 0; i < u->nfds; i++)
            close(u->fds[i]);
        free(u);
    }
    c->unsent_end = &c->unsent;
    if (link_watch(c, false) < 0)
        kill(c->pid, SIGKILL);
}

/* ---- answers ---- */

static struct hcl_vm_request *take_waiting(struct hcl_vm_client *c, uint32_t tag)
{
    for (struct hcl_vm_request **at = &c->waiting; *at; at = &(*at)->next) {
        struct hcl_vm_request *r = *at;
        if (r->tag != tag)
            continue;
        *at = r->next;
        return r;
    }
    return NULL;
}

/* Returns -EPROTO if the worker has answered what nobody asked. */
static int handle_answer(struct hcl_vm_client *c, const struct hcl_link_answer *a)
{
    if (a->status > VIRTIO_OCL_S_FAULT)
        return -EPROTO;
    if (a->tag == c->open_tag && c->state == HCL_CLIENT_STARTING) {
        /* A failure is answered when the process has gone, so that the queue
         * is free for the next OPEN. */
        c->open_error = a->status;
        if (a->status != VIRTIO_OCL_S_OK)
            return 0;
        c->state = HCL_CLIENT_RUNNING;
    }
    struct hcl_vm_request *r = take_waiting(c, a->tag);
    if (!r)
        return -EPROTO;
    hcl_vm_complete(c->vm, r, a->status);
    return 0;
}

static void grace_over(void *opaque, int fd, short revents)
{
    struct hcl_vm_client *c = opaque;

    timer_stop(c);
    if (c->pid > 0) {
        hcl_log_debug("[%s] worker killed, it did not end in time", c->id.name);
        kill(c->pid, SIGKILL);
    }
}

static void end_with_grace(struct hcl_vm_client *c)
{
    link_close(c);
    if (c->pid > 0 && !timer_start(c, HCL_VM_CLOSE_GRACE_MS, grace_over))
        kill(c->pid, SIGKILL);
}

static void link_event(void *opaque, int fd, short revents)
{
    struct hcl_vm_client *c = opaque;
    struct hcl_link_answer a;

    if (revents & POLLOUT)
        link_flush(c);
    /* One per turn of the loop: no worker keeps the server to itself. */
    ssize_t n = recv(fd, &a, sizeof(a), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        end_with_grace(c); /* it is on its way out */
    } else if (n != (ssize_t)sizeof(a) || handle_answer(c, &a) < 0) {
        hcl_log("[%s] the worker sent nonsense and is killed", c->id.name);
        link_close(c);
        kill(c->pid, SIGKILL);
    }
}

/* ---- the end of a worker ---- */

/* Returns false if no buffer is posted at the moment. */
static bool send_lost(struct hcl_vm_client *c)
{
    const struct hcl_vm_queue_state *qs = &c->vm->queue[c->index];
    const struct hcl_ring_place *at = &qs->q.ring;
    const struct virtio_ocl_wake wake = {.reason = htole32(VIRTIO_OCL_LOST)};
    struct hcl_vring vr;
    struct hcl_chain chain;
    void *desc, *avail, *used;

    if (!qs->started || hcl_vm_ring_map(c->vm, at, &desc, &avail, &used) < 0)
        return true;
    hcl_vring_init(&vr, at->num, desc, avail, used, hcl_vring_in_order_base(used));
    vr.call_fd = qs->q.call_fd;
    vr.at = c->vm->control.at;
    vr.opaque = c->vm->control.opaque;
    int rc = hcl_vring_pop(&vr, &chain);
    if (rc <= 0)
        return rc < 0;
    rc = hcl_vring_write(&vr, &chain, &wake, sizeof(wake));
    hcl_vring_push(&vr, chain.head, rc == 0 ? sizeof(wake) : 0);
    hcl_vring_notify(&vr);
    return true;
}

static void lost_again(void *opaque, int fd, short revents)
{
    struct hcl_vm_client *c = opaque;

    hcl_vring_fd_drain(fd);
    if (send_lost(c))
        timer_stop(c);
}

static void report_loss(struct hcl_vm_client *c)
{
    if (!send_lost(c))
        timer_start(c, LOST_RETRY_MS, lost_again);
}

static void log_exit(const struct hcl_vm_client *c, int status)
{
    bool expected = c->state == HCL_CLIENT_ENDING;

    if (WIFSIGNALED(status) && !(expected && WTERMSIG(status) == SIGKILL))
        hcl_log("[%s] worker died of signal %d (%s)", c->id.name, WTERMSIG(status),
                strsignal(WTERMSIG(status)));
    else if (!expected)
        hcl_log("[%s] worker ended with status %d", c->id.name,
                WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    else
        hcl_log_debug("[%s] worker ended", c->id.name);
}

static void fail_waiting(struct hcl_vm_client *c)
{
    struct hcl_vm_request *r;

    while ((r = c->waiting)) {
        uint32_t status = VIRTIO_OCL_S_LOST;
        c->waiting = r->next;
        if (r->tag == c->open_tag && c->open_error != VIRTIO_OCL_S_OK)
            status = c->open_error;
        hcl_vm_complete(c->vm, r, status);
    }
}

/*
 * hcl_child_fn. The process is gone and with it every mapping of the client's
 * pages: from here on LOST and the answer to CLOSE tell the truth.
 */
static void worker_exited(void *opaque, pid_t pid, int status)
{
    struct hcl_vm_client *c = opaque;
    bool lost = c->state == HCL_CLIENT_RUNNING && !c->vm->silent;

    log_exit(c, status);
    hcl_served_destroy(c->served);
    c->served = NULL;
    c->pid = 0;
    timer_stop(c);
    link_close(c);
    fail_waiting(c);
    c->state = lost ? HCL_CLIENT_LOST : HCL_CLIENT_FREE;
    if (lost)
        report_loss(c);
    if (c->close_request) {
        struct hcl_vm_request *r = c->close_request;
        c->close_request = NULL;
        hcl_vm_complete(c->vm, r, VIRTIO_OCL_S_OK);
    }
    hcl_vm_client_ended(c->vm);
}

void hcl_vm_client_close(struct hcl_vm_client *c, struct hcl_vm_request *r)
{
    if (c->state == HCL_CLIENT_LOST) {
        timer_stop(c);
        c->state = HCL_CLIENT_FREE;
        hcl_vm_complete(c->vm, r, VIRTIO_OCL_S_OK);
        return;
    }
    c->close_request = r;
    c->state = HCL_CLIENT_ENDING;
    end_with_grace(c);
}

void hcl_vm_client_kill(struct hcl_vm_client *c)
{
    if (c->pid == 0) {
        timer_stop(c);
        c->state = HCL_CLIENT_FREE;
        return;
    }
    c->state = HCL_CLIENT_ENDING;
    kill(c->pid, SIGKILL);
}

void hcl_vm_client_shutdown(struct hcl_vm_client *c)
{
    timer_stop(c);
    link_close(c);
    c->state = c->pid == 0 ? HCL_CLIENT_FREE : HCL_CLIENT_ENDING;
}

/* ---- the beginning of a worker ---- */

/* Returns 0 or -ENOMEM. */
static int name_client(struct hcl_vm_client *c, uint32_t pid, const char *comm)
{
    struct hcl_who who = {.number = c->index, .pid = pid, .uid = HCL_UID_UNKNOWN};

    for (size_t n = 0; n < sizeof(who.comm) - 1 && comm[n]; n++)
        who.comm[n] = comm[n] > ' ' && comm[n] < 0x7f ? comm[n] : '?';
    snprintf(c->id.name, sizeof(c->id.name), "%s#%u pid %u %s", c->vm->name, c->index, pid,
             who.comm);
    if (c->vm->place && !(c->served = hcl_served_create(c->vm->place, &who)))
        return -ENOMEM;
    c->id.tally = c->served ? c->served->tally : NULL;
    return 0;
}

/* In the child. */
__attribute__((noreturn)) static void worker_run(struct hcl_vm_client *c, int link_fd,
                                                 const struct hcl_link_run *runs, uint32_t nruns)
{
    const struct hcl_options *opt = hcl_server_options(c->vm->server);
    const struct hcl_vm_queue *q = &c->vm->queue[c->index].q;
    const struct hcl_client_id id = c->id;
    const struct hcl_virtio_handover h = {
        .ram = c->vm->ram,
        .ring = q->ring,
        .kick_fd = q->kick_fd,
        .call_fd = q->call_fd,
        .link_fd = link_fd,
        .open_tag = c->open_tag,
        .runs = runs,
        .nruns = nruns,
    };

    ram_guard_finish();
    hcl_log_client(id.name);
    struct hcl_transport *t = hcl_transport_virtio_create(opt, &h);
    _exit(t ? hcl_worker_main(opt, &id, t) : 1);
}

static pid_t worker_fork(struct hcl_vm_client *c, int link_fd, const struct hcl_link_run *runs,
                         uint32_t nruns)
{
    const struct hcl_vm_queue *q = &c->vm->queue[c->index].q;
    const struct hcl_guest_ram *ram = c->vm->ram;
    int keep[HCL_RAM_MAX_REGIONS + 3];
    int n = 0;

    for (unsigned i = 0; i < ram->n; i++)
        keep[n++] = ram->r[i].fd;
    keep[n++] = link_fd;
    keep[n++] = q->kick_fd;
    if (q->call_fd >= 0)
        keep[n++] = q->call_fd;
    pid_t pid = hcl_server_fork(c->vm->server, keep, n, worker_exited, c);
    if (pid == 0)
        worker_run(c, link_fd, runs, nruns);
    return pid;
}

static int worker_start(struct hcl_vm_client *c, const struct hcl_link_run *runs, uint32_t nruns)
{
    int sv[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
        return -errno;
    c->link_fd = sv[0];
    int rc = link_watch(c, false);
    if (rc < 0)
        goto fail;
    pid_t pid = worker_fork(c, sv[1], runs, nruns);
    if (pid < 0) {
        rc = pid;
        goto fail;
    }
    close(sv[1]);
    c->pid = pid;
    if (c->served)
        hcl_served_forked(c->served, pid);
    return 0;

fail:
    close(sv[1]);
    link_close(c);
    return rc;
}

void hcl_vm_client_open(struct hcl_vm_client *c, struct hcl_vm_request *r, uint32_t pid,
                        const char *comm, const struct hcl_link_run *runs, uint32_t nruns)
{
    c->open_tag = r->tag;
    c->open_error = VIRTIO_OCL_S_OK;
    int rc = name_client(c, pid, comm);
    if (rc == 0)
        rc = worker_start(c, runs, nruns);
    if (rc < 0) {
        hcl_served_destroy(c->served);
        c->served = NULL;
        hcl_log("[%s] cannot start a worker: %s", c->id.name, strerror(-rc));
        hcl_vm_complete(c->vm, r, VIRTIO_OCL_S_NOMEM);
        return;
    }
    c->state = HCL_CLIENT_STARTING;
    r->next = c->waiting;
    c->waiting = r;
    hcl_log_debug("[%s] worker %d", c->id.name, (int)c->pid);
}

void hcl_vm_client_request(struct hcl_vm_client *c, struct hcl_vm_request *r,
                           struct hcl_link_msg *m)
{
    m->tag = r->tag;
    r->next = c->waiting;
    c->waiting = r;
    link_send(c, m, sizeof(*m) + m->count * sizeof(struct hcl_link_run), NULL, 0);
}

void hcl_vm_client_send_ram(struct hcl_vm_client *c)
{
    struct {
        struct hcl_link_msg m;
        struct hcl_link_region r[HCL_RAM_MAX_REGIONS];
    } msg = {.m.type = HCL_LINK_RAM};
    const struct hcl_guest_ram *ram = c->vm->ram;
    int fds[HCL_RAM_MAX_REGIONS];

    for (unsigned i = 0; i < ram->n; i++) {
        const struct hcl_ram_region *from = &ram->r[i];
        msg.r[i] = (struct hcl_link_region){
            .gpa = from->gpa, .size = from->size, .user = from->user, .offset = from->offset};
        fds[i] = from->fd;
    }
    msg.m.count = ram->n;
    link_send(c, &msg, sizeof(msg.m) + ram->n * sizeof(msg.r[0]), fds, ram->n);
}

void hcl_vm_client_send_call(struct hcl_vm_client *c, int call_fd)
{
    const struct hcl_link_msg m = {.type = HCL_LINK_CALL};
    link_send(c, &m, sizeof(m), &call_fd, call_fd >= 0 ? 1 : 0);
}
