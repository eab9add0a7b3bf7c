// SPDX-License-Identifier: MIT
/*
 * VMs over vhost-user: one socket serves one VM at a time. When the front end
 * goes, the VM's workers are killed and the socket is served again; a front
 * end that connects meanwhile waits in the backlog.
 */
#include "vhost_user.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "server.h"
#include "unix_listen.h"

/* A second QEMU at the same socket waits; there is no use for a third. */
#define BACKLOG 2

/* Messages per turn of the server's loop; starting a device takes about 8 a
 * queue. */
#define MESSAGES_PER_TURN 64

struct endpoint {
    struct hcl_server *server;
    char *path;
    const char *name; /* in path */
    struct hcl_place *place;
    struct hcl_unix_listen listen;
    struct hcl_watch *listen_watch; /* NULL while a VM is served */
    int conn_fd;                    /* -1: none */
    struct hcl_watch *conn_watch;   /* NULL while an answer is put off */
    bool stopping;
    bool vu_inited;
    struct hcl_vu vu;
    struct hcl_vu_message in; /* the message that is coming in, */
    size_t got;               /* and how much of it is here */
    int fds[HCL_VU_MAX_FDS];
    unsigned nfds;
};

static void on_message(void *opaque, int fd, short revents);
static void on_connection(void *opaque, int fd, short revents);

static void close_fds(struct endpoint *e)
{
    for (unsigned i = 0; i < e->nfds; i++)
        close(e->fds[i]);
    e->nfds = 0;
}

static void endpoint_free(struct endpoint *e)
{
    hcl_place_destroy(e->place);
    free(e->path);
    free(e);
}

static int listen_again(struct endpoint *e)
{
    e->listen_watch = hcl_server_watch(e->server, e->listen.fd, POLLIN, on_connection, e);
    return e->listen_watch ? 0 : -ENOMEM;
}

/* hcl_vm_stopped_fn: the VM's last worker has exited. */
static void vm_gone(void *opaque)
{
    struct endpoint *e = opaque;

    hcl_vu_finish(&e->vu);
    e->vu_inited = false;
    if (e->stopping) {
        endpoint_free(e);
    } else if (listen_again(e) < 0) {
        hcl_log("%s: out of memory: no VM is served here any more", e->name);
    }
}

static void conn_close(struct endpoint *e)
{
    hcl_server_unwatch(e->server, e->conn_watch);
    e->conn_watch = NULL;
    close(e->conn_fd);
    e->conn_fd = -1;
    e->place->connected = false;
    e->got = 0;
    close_fds(e);
}

static void disconnect(struct endpoint *e, const char *why)
{
    hcl_log("%s: %s", e->name, why);
    conn_close(e);
    if (hcl_vm_abandon(e->vu.vm, vm_gone, e))
        vm_gone(e);
}

/* ---- receiving ---- */

/* The descriptors that came with a part of a message. Returns 0 or -EPROTO. */
static int take_fds(struct endpoint *e, struct msghdr *h)
{
    int rc = h->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        unsigned n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (unsigned i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (e->nfds < HCL_VU_MAX_FDS) {
                e->fds[e->nfds++] = fd;
            } else {
                close(fd);
                rc = -EPROTO;
            }
        }
    }
    return rc;
}

/* Receive up to `want` bytes of the message. Returns how many, or -errno;
 * -ENOTCONN is the orderly end. */
static ssize_t receive(struct endpoint *e, uint8_t *to, size_t want)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(HCL_VU_MAX_FDS * sizeof(int))];
    } ctl;
    struct iovec iov = {.iov_base = to, .iov_len = want};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl)};

    ssize_t n = recvmsg(e->conn_fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    int rc = take_fds(e, &h);
    if (rc < 0)
        return rc;
    return n == 0 ? -ENOTCONN : n;
}

/* Returns 1 (a message is complete), 0 (more is to come) or -errno. */
static int receive_message(struct endpoint *e)
{
    size_t head = sizeof(e->in.hdr);

    for (;;) {
        bool in_head = e->got < head;
        size_t want = in_head ? head - e->got : head + e->in.hdr.size - e->got;
        if (want == 0)
            return 1;
        uint8_t *to = in_head ? (uint8_t *)&e->in.hdr + e->got : e->in.payload + (e->got - head);
        ssize_t n = receive(e, to, want);
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return (int)n;
        e->got += (size_t)n;
        if (in_head && e->got == head && hcl_vu_check_header(&e->vu, &e->in.hdr) < 0)
            return -EPROTO;
    }
}

/* A reply is smaller than any socket's buffer; a front end that lets replies
 * pile up is broken. */
static int send_reply(struct endpoint *e, const struct hcl_vu_message *m)
{
    struct iovec iov[2] = {
        {.iov_base = (void *)&m->hdr, .iov_len = sizeof(m->hdr)},
        {.iov_base = (void *)m->payload, .iov_len = m->hdr.size},
    };
    const struct msghdr h = {.msg_iov = iov, .msg_iovlen = 2};

    if (m->hdr.size == 0)
        return 0;
    ssize_t n = sendmsg(e->conn_fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n == (ssize_t)(sizeof(m->hdr) + m->hdr.size) ? 0 : -EPIPE;
}

/* hcl_vu_finished_fn */
static void on_finished(void *opaque, const struct hcl_vu_message *reply)
{
    struct endpoint *e = opaque;

    e->conn_watch = hcl_server_watch(e->server, e->conn_fd, POLLIN, on_message, e);
    if (!e->conn_watch || send_reply(e, reply) < 0)
        disconnect(e, "the VM has gone while its device was being stopped");
}

/* Returns 0, HCL_VU_PUT_OFF or -errno. */
static int handle_message(struct endpoint *e)
{
    struct hcl_vu_message reply;
    unsigned nfds = e->nfds;

    e->got = 0;
    e->nfds = 0; /* hcl_vu_handle() takes them */
    int rc = hcl_vu_handle(&e->vu, &e->in, e->fds, nfds, &reply);
    return rc == 0 ? send_reply(e, &reply) : rc;
}

static void on_message(void *opaque, int fd, short revents)
{
    struct endpoint *e = opaque;
    int rc = 1;

    for (int i = 0; i < MESSAGES_PER_TURN && rc == 1; i++) {
        rc = receive_message(e);
        if (rc != 1)
            break;
        rc = handle_message(e);
        if (rc == HCL_VU_PUT_OFF) {
            hcl_server_unwatch(e->server, e->conn_watch);
            e->conn_watch = NULL;
            return;
        }
        rc = rc < 0 ? rc : 1;
    }
    if (rc == -ENOTCONN || rc == -ECONNRESET)
        disconnect(e, "the VM has disconnected");
    else if (rc < 0)
        disconnect(e, "the VM's connection is closed after a bad message");
}

/* hcl_vm_pending_fn. While an answer is put off, nothing is read. */
static bool message_pending(void *opaque)
{
    struct endpoint *e = opaque;
    struct pollfd p = {.fd = e->conn_fd, .events = POLLIN};

    return e->conn_watch && poll(&p, 1, 0) > 0;
}

/* ---- connecting ---- */

static int serve(struct endpoint *e, int conn)
{
    int rc = hcl_vu_init(&e->vu, e->server, e->name, on_finished, message_pending, e);
    if (rc < 0)
        return rc;
    e->conn_watch = hcl_server_watch(e->server, conn, POLLIN, on_message, e);
    if (!e->conn_watch) {
        hcl_vu_finish(&e->vu);
        return -ENOMEM;
    }
    hcl_vm_set_place(e->vu.vm, e->place);
    e->vu_inited = true;
    e->conn_fd = conn;
    e->place->connected = true;
    hcl_server_unwatch(e->server, e->listen_watch);
    e->listen_watch = NULL;
    return 0;
}

static void on_connection(void *opaque, int fd, short revents)
{
    struct endpoint *e = opaque;

    int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (conn < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            hcl_log("%s: cannot accept a VM: %s", e->name, strerror(errno));
        return;
    }
    int rc = serve(e, conn);
    if (rc < 0) {
        hcl_log("%s: cannot serve a VM: %s", e->name, strerror(-rc));
        close(conn);
        return;
    }
    hcl_log("%s: a VM has connected", e->name);
}

/* hcl_stop_fn */
static void on_stop(void *opaque)
{
    struct endpoint *e = opaque;

    e->stopping = true;
    hcl_server_unwatch(e->server, e->listen_watch);
    hcl_unix_listen_close(&e->listen, e->path);
    if (e->conn_fd >= 0) {
        conn_close(e);
        if (!hcl_vm_shutdown(e->vu.vm, vm_gone, e))
            return;
    }
    if (e->vu_inited) {
        if (hcl_vm_abandon(e->vu.vm, vm_gone, e))
            vm_gone(e);
        return;
    }
    endpoint_free(e);
}

int hcl_vhost_user_start(struct hcl_server *s, const char *path)
{
    struct endpoint *e = calloc(1, sizeof(*e));
    int rc = -ENOMEM;

    if (!e)
        return -ENOMEM;
    e->server = s;
    e->conn_fd = -1;
    e->path = strdup(path);
    e->place = hcl_place_create(hcl_server_roster(s), HCL_PLACE_VM, path);
    if (!e->path || !e->place)
        goto fail;
    const char *slash = strrchr(e->path, '/');
    e->name = slash ? slash + 1 : e->path;
    signal(SIGPIPE, SIG_IGN); /* user-mode Linux' call descriptors are sockets */
    rc = hcl_unix_listen_open(&e->listen, path, SOCK_STREAM, BACKLOG);
    if (rc < 0)
        goto fail;
    rc = listen_again(e);
    if (rc == 0)
        rc = hcl_server_on_stop(s, on_stop, e);
    if (rc < 0)
        goto fail_listen;
    return 0;

fail_listen:
    hcl_server_unwatch(s, e->listen_watch);
    hcl_unix_listen_close(&e->listen, path);
fail:
    endpoint_free(e);
    return rc;
}
