// SPDX-License-Identifier: MIT
/*
 * The ICD's side of the unix socket (proto/socket.h): for containers and for
 * programs on the host itself. Sleeping is a futex on the channel, in slices
 * short enough to notice a helper that has died without a word.
 */
#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "count.h"
#include "reserve.h"
#include "socket.h"

/* How long the helper may take to greet us: it only forks before it does. */
#define HELLO_TIMEOUT_MS 5000
/* An answer takes a few microseconds; on a machine that swaps it may take as
 * long as a heartbeat. After this the connection is given up. */
#define ANSWER_TIMEOUT_MS VOCL_HEARTBEAT_LOST_MS
/* A dead helper is noticed within this time. */
#define WAIT_SLICE_MS 100
/* A slab's pages are there when they are touched, so it may be large. */
#define SLAB_SIZE ((size_t)4 << 20)

struct transport_socket {
    struct gcl_transport base;
    int conn;
    int kick;             /* eventfd, the helper's doorbell */
    pthread_mutex_t lock; /* requests and answers, and the ids below */
    uint32_t max_regions;
    uint32_t next_id;
    uint32_t *spare; /* ids given back and free again */
    size_t nspare, spare_cap;
};

static struct transport_socket *to_socket(struct gcl_transport *t)
{
    return (struct transport_socket *)t;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* poll() that signals do not shorten. Returns as poll() does. */
static int poll_until(struct pollfd *p, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - now_ms();
        int n = poll(p, 1, left > 0 ? (int)left : 0);
        if (n >= 0 || errno != EINTR)
            return n;
    }
}

static bool helper_gone(struct transport_socket *s)
{
    struct pollfd p = {.fd = s->conn, .events = POLLRDHUP};
    const struct vocl_channel_header *h = vocl_channel_header(s->base.channel);

    if (__atomic_load_n(&h->lost, __ATOMIC_ACQUIRE) != VOCL_LOST_NOT)
        return true;
    return poll(&p, 1, 0) > 0;
}

static int socket_kick(struct gcl_transport *t)
{
    struct transport_socket *s = to_socket(t);
    const struct vocl_channel_header *h = vocl_channel_header(t->channel);
    uint64_t one = 1;

    if (__atomic_load_n(&h->lost, __ATOMIC_ACQUIRE) != VOCL_LOST_NOT)
        return -EIO;
    while (write(s->kick, &one, sizeof(one)) < 0) {
        if (errno == EAGAIN) /* the counter is full, so it is readable */
            return 0;
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

static int socket_wait(struct gcl_transport *t, uint32_t *word, uint32_t old, unsigned timeout_ms)
{
    struct transport_socket *s = to_socket(t);
    int64_t deadline = now_ms() + timeout_ms;

    for (;;) {
        if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != old)
            return 0;
        if (helper_gone(s))
            return -EIO;
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return -ETIMEDOUT;
        if (left > WAIT_SLICE_MS)
            left = WAIT_SLICE_MS;
        struct timespec slice = {.tv_nsec = left * 1000000};
        /* Not FUTEX_PRIVATE_FLAG: the waker is in another process. */
        if (syscall(SYS_futex, word, FUTEX_WAIT, old, &slice, NULL, 0) == 0)
            return 0;
        if (errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT)
            return -errno;
    }
}

/* Lock held for all of the following. */

/* Nothing that the other end says from here on can be trusted. */
static int give_up(struct transport_socket *s)
{
    shutdown(s->conn, SHUT_RDWR);
    return -EIO;
}

static void id_give_back(struct transport_socket *s, uint32_t id)
{
    if (s->nspare >= s->max_regions)
        return; /* a helper that answers what was not asked */
    if (s->nspare == s->spare_cap) {
        size_t cap = s->spare_cap ? 2 * s->spare_cap : 64;
        uint32_t *spare = realloc(s->spare, cap * sizeof(*spare));
        if (!spare)
            return; /* one id less */
        s->spare = spare;
        s->spare_cap = cap;
    }
    s->spare[s->nspare++] = id;
}

/* Returns 0 when there is none. */
static uint32_t id_take(struct transport_socket *s)
{
    if (s->nspare)
        return s->spare[--s->nspare];
    return s->next_id < s->max_regions ? ++s->next_id : 0;
}

static int errno_of(uint32_t status)
{
    switch (status) {
    case VOCL_SOCK_OK:
        return 0;
    case VOCL_SOCK_LIMIT:
        return -ENOSPC;
    case VOCL_SOCK_NOMEM:
        return -ENOMEM;
    default:
        return -EINVAL;
    }
}

/*
 * Take one answer off the socket. Returns 1 when it is the one to REGION_ADD
 * for id `want`, with its result in *result; 0 when it was another; -EAGAIN
 * when there is none; -EIO when the connection is of no more use.
 */
static int take_answer(struct transport_socket *s, uint32_t want, int *result)
{
    struct vocl_sock_answer a;
    unsigned nfds;
    int err = vocl_sock_recv(s->conn, &a, sizeof(a), NULL, 0, &nfds, MSG_DONTWAIT);

    if (err == -EAGAIN)
        return err;
    if (err)
        return give_up(s);
    if (a.type == VOCL_SOCK_REGION_DEL && a.id != 0 && a.id <= s->next_id) {
        /* Refused means that the helper knows nothing of it: free as well. */
        id_give_back(s, a.id);
        return 0;
    }
    if (a.type == VOCL_SOCK_REGION_ADD && want != 0 && a.id == want) {
        *result = errno_of(a.status);
        return 1;
    }
    return give_up(s);
}

static int take_all_answers(struct transport_socket *s)
{
    int err;

    do
        err = take_answer(s, 0, NULL);
    while (err == 0);
    return err == -EAGAIN ? 0 : err;
}

static int send_request(struct transport_socket *s, const struct vocl_sock_request *rq, int memfd)
{
    int64_t deadline = now_ms() + ANSWER_TIMEOUT_MS;

    for (;;) {
        /* First, because the helper reads no request while we read no answer. */
        int err = take_all_answers(s);
        if (err)
            return err;
        err = vocl_sock_send(s->conn, rq, sizeof(*rq), &memfd, memfd >= 0, MSG_DONTWAIT);
        if (err != -EAGAIN)
            return err ? -EIO : 0;
        struct pollfd p = {.fd = s->conn, .events = POLLIN | POLLOUT};
        if (poll_until(&p, deadline) <= 0)
            return give_up(s);
    }
}

static int await_added(struct transport_socket *s, uint32_t id)
{
    int64_t deadline = now_ms() + ANSWER_TIMEOUT_MS;

    for (;;) {
        int result = 0;
        int got = take_answer(s, id, &result);
        if (got == 1)
            return result;
        if (got < 0 && got != -EAGAIN)
            return got;
        struct pollfd p = {.fd = s->conn, .events = POLLIN};
        if (got == -EAGAIN && poll_until(&p, deadline) <= 0)
            return give_up(s);
    }
}

static int region_add(struct transport_socket *s, size_t len, int memfd, uint32_t *id)
{
    int err = take_all_answers(s);
    if (err)
        return err;
    uint32_t n = id_take(s);
    if (!n)
        return -ENOSPC;
    struct vocl_sock_request rq = {.type = VOCL_SOCK_REGION_ADD, .id = n, .len = len};
    err = send_request(s, &rq, memfd);
    if (!err)
        err = await_added(s, n);
    if (err) {
        id_give_back(s, n);
        return err;
    }
    *id = n;
    return 0;
}

/* Lock no longer held. */

/* Sealed shared memory of len bytes, mapped at *addr if that is not NULL, else
 * anywhere, which *addr receives. Returns its descriptor or -errno. */
static int create_memory(size_t len, void **addr)
{
    int err;
    int fd = memfd_create("vocl-region", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, len) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        goto fail;
    void *at = *addr ? *addr : vocl_reserve(len);
    if (at == MAP_FAILED)
        goto fail;
    void *p = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED) {
        err = -errno;
        if (!*addr)
            munmap(at, len);
        close(fd);
        return err;
    }
    if (len >= VOCL_HUGE_PAGE)
        madvise(p, len, MADV_HUGEPAGE); /* where the host allows it for shmem */
    *addr = p;
    return fd;

fail:
    err = -errno;
    close(fd);
    return err;
}

static int socket_alloc(struct gcl_transport *t, size_t len, void *at, struct gcl_region *r)
{
    struct transport_socket *s = to_socket(t);
    size_t page = sysconf(_SC_PAGESIZE);
    uint32_t id;
    void *addr = at;

    if (len == 0 || len > SIZE_MAX / 2)
        return -EINVAL;
    if (t->forked)
        return -EPERM;
    size_t whole = (len + page - 1) & ~(page - 1);
    int fd = create_memory(whole, &addr);
    if (fd < 0)
        return fd;

    pthread_mutex_lock(&s->lock);
    int err = region_add(s, whole, fd, &id);
    pthread_mutex_unlock(&s->lock);
    close(fd);
    if (err) {
        if (!at)
            munmap(addr, whole);
        return err;
    }
    *r = (struct gcl_region){.id = id, .offset = 0, .addr = addr, .len = len};
    gcl_count(GCL_N_ALLOCATIONS, 1);
    gcl_count(GCL_N_ALLOCATED_BYTES, len);
    return 0;
}

/* Does not wait for the answer: the pages live as long as either side maps
 * them, and the id is not used again before it. */
static void socket_free(struct gcl_transport *t, struct gcl_region *r)
{
    struct transport_socket *s = to_socket(t);
    struct vocl_sock_request rq = {.type = VOCL_SOCK_REGION_DEL, .id = r->id};

    munmap(r->addr, r->len);
    if (t->forked)
        return;
    pthread_mutex_lock(&s->lock);
    send_request(s, &rq, -1);
    pthread_mutex_unlock(&s->lock);
}

static bool socket_gone(struct gcl_transport *t)
{
    return helper_gone(to_socket(t));
}

static const struct gcl_transport_ops socket_ops = {
    .name = "socket",
    .copy_max = SIZE_MAX,
    .slab_size = SLAB_SIZE,
    .buffers_max = UINT64_MAX,
    .gone = socket_gone,
    .kick = socket_kick,
    .wait = socket_wait,
    .alloc = socket_alloc,
    .free = socket_free,
};

/* The reason for a failure, in one line for a person. */
struct reason {
    char *text;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct reason *why, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why->text, why->len, fmt, ap);
    va_end(ap);
}

static void say_connect_error(struct reason *why, const char *path, int err)
{
    if (err == ENOENT)
        say(why, "no helper socket at %s: start one with 'vocl-helper --listen %s'", path, path);
    else if (err == ECONNREFUSED)
        say(why, "nobody listens at %s any more: start 'vocl-helper --listen %s'", path, path);
    else if (err == EACCES)
        say(why, "no permission to use %s: it must be yours or opened to you", path);
    else if (err == EPROTOTYPE || err == ENOTSOCK)
        say(why, "%s is not a vocl-helper socket: check the path", path);
    else if (err == EAGAIN)
        say(why, "the helper at %s accepts nobody: is it stopped or overloaded?", path);
    else
        say(why, "cannot connect to %s: %s", path, strerror(err));
}

/* Returns the connected socket or -1. */
static int connect_to(const char *path, struct reason *why)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    /* connect() waits while the helper's backlog is full. */
    struct timeval limit = {.tv_sec = HELLO_TIMEOUT_MS / 1000};

    if (strlen(path) >= sizeof(sa.sun_path)) {
        say(why, "the socket's path is too long (at most %zu bytes): %s", sizeof(sa.sun_path) - 1,
            path);
        return -1;
    }
    strcpy(sa.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        say(why, "cannot make a socket: %s", strerror(errno));
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    int err;
    do
        err = connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ? errno : 0;
    while (err == EINTR);
    if (err) {
        say_connect_error(why, path, err);
        close(fd);
        return -1;
    }
    return fd;
}

/* Is a hello one that we can work with? */
static bool hello_valid(struct vocl_sock_hello *h, unsigned nfds, const char *path,
                        struct reason *why)
{
    h->reason[sizeof(h->reason) - 1] = '\0';
    if (h->magic != VOCL_SOCK_MAGIC) {
        say(why, "%s is not a vocl-helper socket: check the path", path);
        return false;
    }
    if (h->version != VOCL_SOCK_VERSION) {
        say(why, "the helper at %s speaks version %u, this library %u: install matching versions",
            path, h->version, VOCL_SOCK_VERSION);
        return false;
    }
    if (h->status != VOCL_SOCK_OK) {
        say(why, "the helper at %s refused: %s", path, h->reason);
        return false;
    }
    if (h->channel_size != VOCL_CHANNEL_SIZE || nfds != VOCL_SOCK_HELLO_FDS) {
        say(why, "the helper at %s sent an unfit greeting: install matching versions", path);
        return false;
    }
    return true;
}

/* fds receives the two descriptors. Returns 0 or -EPROTO. */
static int receive_hello(int conn, const char *path, struct vocl_sock_hello *h, int *fds,
                         struct reason *why)
{
    struct pollfd p = {.fd = conn, .events = POLLIN};
    unsigned nfds = 0;

    if (poll_until(&p, now_ms() + HELLO_TIMEOUT_MS) <= 0) {
        say(why, "the helper at %s does not answer (%d s): see its log", path,
            HELLO_TIMEOUT_MS / 1000);
        return -EPROTO;
    }
    int err = vocl_sock_recv(conn, h, sizeof(*h), fds, VOCL_SOCK_HELLO_FDS, &nfds, MSG_DONTWAIT);
    if (err) {
        say(why, "the helper at %s closed the connection without a greeting: see its log", path);
        return -EPROTO;
    }
    if (hello_valid(h, nfds, path, why))
        return 0;
    for (unsigned i = 0; i < nfds; i++)
        close(fds[i]);
    return -EPROTO;
}

/* Returns the channel, or NULL. */
static void *map_channel(int memfd, const char *path, struct reason *why)
{
    void *p;

    if (vocl_sock_check_memfd(memfd, VOCL_CHANNEL_SIZE)) {
        say(why, "the helper at %s sent an unfit channel: install matching versions", path);
        return NULL;
    }
    p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    if (p == MAP_FAILED) {
        say(why, "cannot map the channel: %s", strerror(errno));
        return NULL;
    }
    if (!vocl_channel_valid(p)) {
        say(why, "the helper at %s has another channel layout: install matching versions", path);
        munmap(p, VOCL_CHANNEL_SIZE);
        return NULL;
    }
    return p;
}

struct gcl_transport *gcl_transport_socket_open(const char *path, char *text, size_t len)
{
    struct reason why = {.text = text, .len = len};
    struct vocl_sock_hello hello;
    int fds[VOCL_SOCK_HELLO_FDS];
    struct transport_socket *s = calloc(1, sizeof(*s));
    if (!s) {
        say(&why, "out of memory");
        return NULL;
    }

    s->conn = connect_to(path, &why);
    if (s->conn < 0)
        goto fail;
    if (receive_hello(s->conn, path, &hello, fds, &why))
        goto fail_conn;
    s->kick = fds[VOCL_SOCK_FD_KICK];
    s->base.channel = map_channel(fds[VOCL_SOCK_FD_CHANNEL], path, &why);
    close(fds[VOCL_SOCK_FD_CHANNEL]);
    if (!s->base.channel)
        goto fail_kick;
    s->base.ops = &socket_ops;
    s->max_regions = hello.max_regions;
    pthread_mutex_init(&s->lock, NULL);
    return &s->base;

fail_kick:
    close(s->kick);
fail_conn:
    close(s->conn);
fail:
    free(s);
    return NULL;
}
