// SPDX-License-Identifier: MIT
#include "transport_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "channel.h"
#include "client.h"
#include "log.h"
#include "regions.h"
#include "socket.h"
#include "transport.h"

/*
 * Answers to REGION_DEL come from whatever native thread drops the last
 * reference, which must not block on a client that does not read. What the
 * socket does not take waits in `late`, and while anything waits no further
 * request is read: so at most one answer per region, and one more, can wait.
 */
struct transport_socket {
    struct hcl_transport base;
    int conn;
    int kick;             /* eventfd, the guest's doorbell */
    int interrupt;        /* eventfd */
    pthread_mutex_t lock; /* late*, and the order of answers */
    struct vocl_sock_answer *late;
    size_t late_len, late_cap;
};

static struct transport_socket *to_socket(struct hcl_transport *t)
{
    return (struct transport_socket *)t;
}

/*
 * The guest has the same open file: it may clear O_NONBLOCK and empty the
 * counter before we read it, to park the decoder here for ever. RWF_NOWAIT is
 * ours alone. Only that it was rung matters, not how often.
 */
static void drain(int eventfd)
{
    uint64_t n;
    struct iovec iov = {.iov_base = &n, .iov_len = sizeof(n)};
    ssize_t ignored = preadv2(eventfd, &iov, 1, -1, RWF_NOWAIT);
    (void)ignored;
}

static int socket_wait(struct hcl_transport *t, int timeout_ms)
{
    struct transport_socket *s = to_socket(t);
    struct pollfd fds[] = {
        {.fd = s->kick, .events = POLLIN},
        {.fd = s->interrupt, .events = POLLIN},
        {.fd = s->conn, .events = POLLRDHUP},
    };

    if (poll(fds, 3, timeout_ms) < 0)
        return errno == EINTR ? 0 : -errno;
    if (fds[2].revents)
        return -EPIPE;
    if (fds[0].revents)
        drain(s->kick);
    if (fds[1].revents)
        drain(s->interrupt);
    return 0;
}

static void socket_interrupt(struct hcl_transport *t)
{
    int saved = errno;
    uint64_t one = 1;
    /* Can only fail when the counter is full, and then it is readable. */
    ssize_t ignored = write(to_socket(t)->interrupt, &one, sizeof(one));
    (void)ignored;
    errno = saved;
}

static void socket_wake(struct hcl_transport *t, uint32_t *word)
{
    (void)t;
    /* Not FUTEX_PRIVATE_FLAG: the sleeper is in another process. */
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Requests are read only while no answer waits to be sent. */
static void update_interest(struct transport_socket *s)
{
    struct epoll_event ev = {.events = (s->late_len ? EPOLLOUT : EPOLLIN) | EPOLLRDHUP};
    epoll_ctl(s->base.control_fd, EPOLL_CTL_MOD, s->conn, &ev);
}

static int push_late(struct transport_socket *s, const struct vocl_sock_answer *a)
{
    if (s->late_len == s->late_cap) {
        size_t cap = s->late_cap ? 2 * s->late_cap : 16;
        struct vocl_sock_answer *late = realloc(s->late, cap * sizeof(*late));
        if (!late)
            return -ENOMEM;
        s->late = late;
        s->late_cap = cap;
    }
    s->late[s->late_len++] = *a;
    update_interest(s);
    return 0;
}

/* Any thread. */
static void send_answer(struct transport_socket *s, const struct vocl_sock_answer *a)
{
    pthread_mutex_lock(&s->lock);
    int err = s->late_len ? -EAGAIN : vocl_sock_send(s->conn, a, sizeof(*a), NULL, 0, MSG_DONTWAIT);
    if (err == -EAGAIN)
        err = push_late(s, a);
    pthread_mutex_unlock(&s->lock);
    /* An answer lost would leave the client waiting: end it, which wait()
     * and control() notice. */
    if (err)
        shutdown(s->conn, SHUT_RDWR);
}

/* Returns 0 (all sent), -EAGAIN (some left) or -errno. */
static int flush_late(struct transport_socket *s)
{
    size_t sent = 0;
    int err = 0;

    pthread_mutex_lock(&s->lock);
    if (!s->late_len)
        goto unlock;
    while (sent < s->late_len) {
        err = vocl_sock_send(s->conn, &s->late[sent], sizeof(s->late[0]), NULL, 0, MSG_DONTWAIT);
        if (err)
            break;
        sent++;
    }
    s->late_len -= sent;
    memmove(s->late, s->late + sent, s->late_len * sizeof(s->late[0]));
    update_interest(s);
unlock:
    pthread_mutex_unlock(&s->lock);
    return err;
}

static enum vocl_sock_status status_of(int err)
{
    switch (err) {
    case 0:
        return VOCL_SOCK_OK;
    case -EEXIST:
        return VOCL_SOCK_BUSY;
    case -ENOSPC:
        return VOCL_SOCK_LIMIT;
    case -ENOMEM:
        return VOCL_SOCK_NOMEM;
    default:
        return VOCL_SOCK_INVALID;
    }
}

static int region_add(struct hcl_regions *rs, uint32_t id, uint64_t len, int memfd)
{
    void *base;
    int err = vocl_sock_check_memfd(memfd, len);
    if (err)
        return err;
    err = hcl_region_reserve(rs, id, len, &base);
    if (err)
        return err;
    if (mmap(base, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, 0) == MAP_FAILED) {
        err = errno == ENOMEM ? -ENOMEM : -EINVAL;
        hcl_region_unmap(rs, id, NULL, NULL);
        return err;
    }
    return hcl_region_publish(rs, id);
}

static void region_gone(void *opaque, uint32_t id)
{
    struct vocl_sock_answer a = {.type = VOCL_SOCK_REGION_DEL, .id = id, .status = VOCL_SOCK_OK};
    send_answer(opaque, &a);
}

static void answer(struct transport_socket *s, const struct vocl_sock_request *rq, int err)
{
    struct vocl_sock_answer a = {.type = rq->type, .id = rq->id, .status = status_of(err)};

    if (err)
        hcl_log_debug("region %u of %llu bytes: request %u refused: %s", rq->id,
                      (unsigned long long)rq->len, rq->type, strerror(-err));
    send_answer(s, &a);
}

/* Returns 0, also when the request is refused, or -EPROTO when it makes no
 * sense at all. */
static int handle(struct transport_socket *s, const struct vocl_sock_request *rq, int memfd)
{
    int err;

    switch (rq->type) {
    case VOCL_SOCK_REGION_ADD:
        if (memfd < 0)
            return -EPROTO;
        answer(s, rq, region_add(s->base.regions, rq->id, rq->len, memfd));
        return 0;
    case VOCL_SOCK_REGION_DEL:
        if (memfd >= 0)
            return -EPROTO;
        err = hcl_region_unmap(s->base.regions, rq->id, region_gone, s);
        if (err)
            answer(s, rq, err);
        return 0;
    default:
        return -EPROTO;
    }
}

static int socket_control(struct hcl_transport *t)
{
    struct transport_socket *s = to_socket(t);
    struct vocl_sock_request rq;
    unsigned nfds;
    int memfd = -1;

    int err = flush_late(s);
    if (err)
        return err == -EAGAIN ? 0 : err;
    err = vocl_sock_recv(s->conn, &rq, sizeof(rq), &memfd, 1, &nfds, MSG_DONTWAIT);
    if (err == -EAGAIN)
        return 0;
    if (!err) {
        err = handle(s, &rq, nfds ? memfd : -1);
        /* A mapping needs no descriptor. */
        if (nfds)
            close(memfd);
    }
    if (err == -EPROTO)
        hcl_log("malformed message on the socket: the client is ended");
    return err;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void socket_destroy(struct hcl_transport *t)
{
    if (!t)
        return;
    struct transport_socket *s = to_socket(t);
    hcl_regions_destroy(t->regions);
    if (t->channel)
        munmap(t->channel, VOCL_CHANNEL_SIZE);
    close_fd(t->control_fd);
    close_fd(s->interrupt);
    close_fd(s->kick);
    close_fd(s->conn);
    pthread_mutex_destroy(&s->lock);
    free(s->late);
    free(s);
}

static const struct hcl_transport_ops socket_ops = {
    .name = "socket",
    .wait = socket_wait,
    .interrupt = socket_interrupt,
    .wake = socket_wake,
    .control = socket_control,
    .destroy = socket_destroy,
};

/* Returns the channel's memfd, mapped and initialised, or -errno. */
static int create_channel(struct transport_socket *s)
{
    int fd = memfd_create("vocl-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, VOCL_CHANNEL_SIZE) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        goto fail;
    void *p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        goto fail;
    s->base.channel = p;
    vocl_channel_init(p, getpid());
    return fd;

fail:;
    int err = -errno;
    close(fd);
    return err;
}

static int create_fds(struct transport_socket *s)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP};

    s->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->base.control_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->kick < 0 || s->interrupt < 0 || s->base.control_fd < 0)
        return -errno;
    return epoll_ctl(s->base.control_fd, EPOLL_CTL_ADD, s->conn, &ev) < 0 ? -errno : 0;
}

static int say_hello(struct transport_socket *s, const struct hcl_options *opt, int channel_fd)
{
    const struct vocl_sock_hello hello = {
        .magic = VOCL_SOCK_MAGIC,
        .version = VOCL_SOCK_VERSION,
        .status = VOCL_SOCK_OK,
        .max_regions = opt->max_regions,
        .max_mapped = opt->max_mapped,
        .channel_size = VOCL_CHANNEL_SIZE,
    };
    const int fds[VOCL_SOCK_HELLO_FDS] = {
        [VOCL_SOCK_FD_CHANNEL] = channel_fd,
        [VOCL_SOCK_FD_KICK] = s->kick,
    };

    return vocl_sock_send(s->conn, &hello, sizeof(hello), fds, VOCL_SOCK_HELLO_FDS, MSG_DONTWAIT);
}

void hcl_transport_socket_refuse(int conn, unsigned status, const char *reason)
{
    struct vocl_sock_hello hello = {
        .magic = VOCL_SOCK_MAGIC,
        .version = VOCL_SOCK_VERSION,
        .status = status,
    };

    snprintf(hello.reason, sizeof(hello.reason), "%s", reason);
    vocl_sock_send(conn, &hello, sizeof(hello), NULL, 0, MSG_DONTWAIT);
}

struct hcl_transport *hcl_transport_socket_create(int conn, const struct hcl_options *opt)
{
    int err = -ENOMEM, channel_fd = -1;
    struct transport_socket *s = calloc(1, sizeof(*s));
    if (!s)
        goto fail;
    s->base.ops = &socket_ops;
    s->base.control_fd = -1;
    s->conn = conn;
    s->kick = s->interrupt = -1;
    pthread_mutex_init(&s->lock, NULL);

    s->base.regions = hcl_regions_create(opt->max_regions, opt->max_mapped);
    if (!s->base.regions)
        goto fail;
    err = create_fds(s);
    if (err)
        goto fail;
    err = channel_fd = create_channel(s);
    if (channel_fd < 0)
        goto fail;
    err = say_hello(s, opt, channel_fd);
    close(channel_fd);
    if (err)
        goto fail;
    return &s->base;

fail:
    hcl_log("cannot set up the client's channel: %s", strerror(-err));
    hcl_transport_socket_refuse(conn, VOCL_SOCK_NOMEM,
                                "the helper cannot set up a channel: see its log");
    if (s)
        socket_destroy(&s->base);
    else
        close(conn);
    return NULL;
}
