// SPDX-License-Identifier: MIT
/*
 * Both ends of the unix socket in one process: the guest's transport against
 * the worker's, and each against an end that does not keep to the protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guest-icd/transport.h"
#include "host-helper/client.h"
#include "host-helper/regions.h"
#include "host-helper/transport.h"
#include "host-helper/transport_socket.h"
#include "proto/channel.h"
#include "proto/socket.h"

#define PAGE 4096u

static const struct hcl_options options = {
    .max_clients = 4,
    .max_regions = 8,
    .max_mapped = 1u << 20,
    .max_objects = 100,
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* The worker's transport with a raw socket as its client. */
struct raw {
    struct hcl_transport *t;
    int sock;
    int channel, kick; /* what the HELLO brought */
    struct vocl_sock_hello hello;
};

static void raw_open(struct raw *w)
{
    int pair[2], fds[VOCL_SOCK_HELLO_FDS];
    unsigned n;

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    w->t = hcl_transport_socket_create(pair[0], &options);
    assert_non_null(w->t);
    w->sock = pair[1];
    assert_int_equal(vocl_sock_recv(w->sock, &w->hello, sizeof(w->hello), fds, VOCL_SOCK_HELLO_FDS,
                                    &n, MSG_DONTWAIT),
                     0);
    assert_int_equal(n, VOCL_SOCK_HELLO_FDS);
    w->channel = fds[VOCL_SOCK_FD_CHANNEL];
    w->kick = fds[VOCL_SOCK_FD_KICK];
}

static void raw_close(struct raw *w)
{
    close(w->sock);
    close(w->channel);
    close(w->kick);
    w->t->ops->destroy(w->t);
}

static int sealed_memfd(size_t size, int seals)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* Send a request, let the worker's side handle it, return the answer's status,
 * or -1 when there is none. */
static int ask(struct raw *w, uint32_t type, uint32_t id, uint64_t len, int fd)
{
    struct vocl_sock_request rq = {.type = type, .id = id, .len = len};
    struct vocl_sock_answer a;
    unsigned n;

    assert_int_equal(vocl_sock_send(w->sock, &rq, sizeof(rq), &fd, fd >= 0, 0), 0);
    assert_int_equal(w->t->ops->control(w->t), 0);
    if (vocl_sock_recv(w->sock, &a, sizeof(a), NULL, 0, &n, MSG_DONTWAIT))
        return -1;
    assert_int_equal(a.type, type);
    assert_int_equal(a.id, id);
    return a.status;
}

static void hello_brings_a_sealed_channel(void **state)
{
    struct raw w;

    (void)state;
    raw_open(&w);
    assert_int_equal(w.hello.magic, VOCL_SOCK_MAGIC);
    assert_int_equal(w.hello.version, VOCL_SOCK_VERSION);
    assert_int_equal(w.hello.status, VOCL_SOCK_OK);
    assert_int_equal(w.hello.max_regions, options.max_regions);
    assert_int_equal(ftruncate(w.channel, PAGE), -1);
    assert_int_equal(fcntl(w.channel, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    assert_int_equal(fcntl(w.channel, F_GETFD), FD_CLOEXEC);
    void *p = mmap(NULL, VOCL_CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, w.channel, 0);
    assert_true(vocl_channel_valid(p));
    vocl_channel_header(p)->cmd_tail = 4711;
    assert_int_equal(vocl_channel_header(w.t->channel)->cmd_tail, 4711);
    munmap(p, VOCL_CHANNEL_SIZE);
    raw_close(&w);
}

static void a_region_is_the_clients_memory(void **state)
{
    struct raw w;
    void *p;
    int fd = sealed_memfd(2 * PAGE, F_SEAL_SHRINK);

    (void)state;
    raw_open(&w);
    char *mine = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 3, 2 * PAGE, fd), VOCL_SOCK_OK);
    struct hcl_region *r = hcl_region_get(w.t->regions, 3, PAGE, 4, &p);
    assert_non_null(r);
    strcpy(p, "abc");
    assert_string_equal(mine + PAGE, "abc");
    hcl_region_put(r);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 3, PAGE, fd), VOCL_SOCK_BUSY);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_DEL, 3, 0, -1), VOCL_SOCK_OK);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_DEL, 3, 0, -1), VOCL_SOCK_INVALID);
    munmap(mine, 2 * PAGE);
    close(fd);
    raw_close(&w);
}

static void memory_that_could_fault_is_refused(void **state)
{
    struct raw w;
    int unsealed = sealed_memfd(PAGE, 0);
    int grow_only = sealed_memfd(PAGE, F_SEAL_GROW);
    int too_short = sealed_memfd(PAGE, F_SEAL_SHRINK);
    int read_only = sealed_memfd(PAGE, F_SEAL_SHRINK | F_SEAL_WRITE);
    int not_memory = open("/dev/zero", O_RDWR | O_CLOEXEC);

    (void)state;
    raw_open(&w);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, unsealed), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, grow_only), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, 2 * PAGE, too_short), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, read_only), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, not_memory), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE - 1, too_short), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 0, PAGE, too_short), VOCL_SOCK_INVALID);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 9, PAGE, too_short), VOCL_SOCK_INVALID);
    /* After all that, a good one. */
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, too_short), VOCL_SOCK_OK);
    close(unsealed);
    close(grow_only);
    close(too_short);
    close(read_only);
    close(not_memory);
    raw_close(&w);
}

static void the_clients_limit_is_an_answer(void **state)
{
    struct raw w;
    int fd = sealed_memfd(2u << 20, F_SEAL_SHRINK);

    (void)state;
    raw_open(&w);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, 2u << 20, fd), VOCL_SOCK_LIMIT);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, 1u << 20, fd), VOCL_SOCK_OK);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 2, PAGE, fd), VOCL_SOCK_LIMIT);
    close(fd);
    raw_close(&w);
}

static void a_region_in_use_is_answered_when_it_is_gone(void **state)
{
    struct raw w;
    struct vocl_sock_answer a;
    unsigned n;
    void *p;
    int fd = sealed_memfd(PAGE, F_SEAL_SHRINK);

    (void)state;
    raw_open(&w);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 1, PAGE, fd), VOCL_SOCK_OK);
    struct hcl_region *r = hcl_region_get(w.t->regions, 1, 0, PAGE, &p);
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_DEL, 1, 0, -1), -1);
    /* Others are answered meanwhile. */
    assert_int_equal(ask(&w, VOCL_SOCK_REGION_ADD, 2, PAGE, fd), VOCL_SOCK_OK);
    hcl_region_put(r);
    assert_int_equal(vocl_sock_recv(w.sock, &a, sizeof(a), NULL, 0, &n, MSG_DONTWAIT), 0);
    assert_int_equal(a.type, VOCL_SOCK_REGION_DEL);
    assert_int_equal(a.id, 1);
    assert_int_equal(a.status, VOCL_SOCK_OK);
    close(fd);
    raw_close(&w);
}

/* A client that asks and never listens must neither block nor grow us. */
static void a_client_that_reads_nothing_is_read_no_further(void **state)
{
    struct raw w;
    struct vocl_sock_request rq = {.type = VOCL_SOCK_REGION_DEL, .id = 1};
    struct vocl_sock_answer a;
    unsigned n, answers = 0, requests = 0;

    (void)state;
    raw_open(&w);
    for (; requests < 100000; requests++) {
        if (vocl_sock_send(w.sock, &rq, sizeof(rq), NULL, 0, MSG_DONTWAIT))
            break;
        assert_int_equal(w.t->ops->control(w.t), 0);
    }
    assert_true(requests < 100000);
    /* Once it reads, every request has its answer. */
    while (answers < requests) {
        struct pollfd p = {.fd = w.sock, .events = POLLIN};
        assert_int_equal(w.t->ops->control(w.t), 0);
        if (poll(&p, 1, 0) == 1) {
            assert_int_equal(vocl_sock_recv(w.sock, &a, sizeof(a), NULL, 0, &n, 0), 0);
            answers++;
        }
    }
    raw_close(&w);
}

static void send_garbage(const void *msg, size_t len, const int *fds, unsigned nfds)
{
    struct raw w;

    raw_open(&w);
    assert_int_equal(vocl_sock_send(w.sock, msg, len, fds, nfds, 0), 0);
    assert_int_equal(w.t->ops->control(w.t), -EPROTO);
    raw_close(&w);
}

static void garbage_ends_the_client(void **state)
{
    char junk[200];
    struct vocl_sock_request unknown = {.type = 99, .id = 1, .len = PAGE};
    struct vocl_sock_request add = {.type = VOCL_SOCK_REGION_ADD, .id = 1, .len = PAGE};
    struct vocl_sock_request del = {.type = VOCL_SOCK_REGION_DEL, .id = 1};
    int two[2] = {eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC)};
    int before = count_fds();

    (void)state;
    memset(junk, 0x5a, sizeof(junk));
    send_garbage(junk, 1, NULL, 0);
    send_garbage(junk, sizeof(junk), NULL, 0);
    send_garbage(junk, sizeof(struct vocl_sock_request), NULL, 0);
    send_garbage(&unknown, sizeof(unknown), NULL, 0);
    send_garbage(&add, sizeof(add), NULL, 0); /* no descriptor */
    send_garbage(&add, sizeof(add), two, 2);  /* two */
    send_garbage(&del, sizeof(del), two, 1);  /* one too many */
    send_garbage(junk, sizeof(junk), two, 2);
    assert_int_equal(count_fds(), before);
    close(two[0]);
    close(two[1]);
}

static void the_doorbell_and_interrupt_end_a_wait(void **state)
{
    struct raw w;
    uint64_t one = 1;

    (void)state;
    raw_open(&w);
    int64_t start = now_ms();
    assert_int_equal(w.t->ops->wait(w.t, 50), 0);
    assert_true(now_ms() - start >= 45);
    assert_int_equal(write(w.kick, &one, sizeof(one)), sizeof(one));
    assert_int_equal(w.t->ops->wait(w.t, -1), 0);
    w.t->ops->interrupt(w.t);
    assert_int_equal(w.t->ops->wait(w.t, -1), 0);
    start = now_ms();
    assert_int_equal(w.t->ops->wait(w.t, 50), 0);
    assert_true(now_ms() - start >= 45);
    raw_close(&w);
}

/* The doorbell is shared: its flags and its count belong to the client too. */
static void a_client_cannot_park_the_decoder_at_the_doorbell(void **state)
{
    struct raw w;

    (void)state;
    raw_open(&w);
    assert_int_equal(fcntl(w.kick, F_SETFL, 0), 0);
    for (int i = 0; i < 100; i++) {
        uint64_t one = 1;
        assert_int_equal(write(w.kick, &one, sizeof(one)), sizeof(one));
        assert_int_equal(w.t->ops->wait(w.t, 1000), 0);
    }
    assert_int_equal(w.t->ops->wait(w.t, 10), 0);
    raw_close(&w);
}

static void the_clients_end_is_noticed(void **state)
{
    struct raw w;

    (void)state;
    raw_open(&w);
    close(w.sock);
    int64_t start = now_ms();
    assert_int_equal(w.t->ops->wait(w.t, -1), -EPIPE);
    assert_int_equal(w.t->ops->control(w.t), -EPIPE);
    assert_true(now_ms() - start < 100);
    w.sock = -1;
    raw_close(&w);
}

/*
 * From here on: the guest's transport, connected to a helper in a thread.
 */
struct helper {
    char dir[32], path[64];
    int listener;
    pthread_t thread;
    struct hcl_transport *t;
    int stop;      /* eventfd, */
    bool stopping; /* and what the thread sanitizer can see of it */
    /* In place of a HELLO, if set. */
    const void *say;
    size_t say_len;
    bool silent;
};

static void *helper_thread(void *opaque)
{
    struct helper *h = opaque;
    int conn = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);
    struct pollfd fds[2] = {{.fd = h->stop, .events = POLLIN}, {.events = POLLIN}};

    if (conn < 0 || h->silent || h->say) {
        if (h->say)
            vocl_sock_send(conn, h->say, h->say_len, NULL, 0, 0);
        poll(fds, 1, -1);
        (void)__atomic_load_n(&h->stopping, __ATOMIC_ACQUIRE);
        close(conn);
        return NULL;
    }
    struct hcl_transport *t = hcl_transport_socket_create(conn, &options);
    fds[1].fd = t->control_fd;
    __atomic_store_n(&h->t, t, __ATOMIC_RELEASE);
    while (poll(fds, 2, -1) > 0 && !fds[0].revents) {
        if (fds[1].revents && t->ops->control(t))
            break;
    }
    (void)__atomic_load_n(&h->stopping, __ATOMIC_ACQUIRE);
    t->ops->destroy(t);
    return NULL;
}

static void helper_start(struct helper *h)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    strcpy(h->dir, "/tmp/vocl-test-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->path, sizeof(h->path), "%s/s", h->dir);
    strcpy(sa.sun_path, h->path);
    h->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
    assert_int_equal(listen(h->listener, 4), 0);
    h->stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pthread_create(&h->thread, NULL, helper_thread, h), 0);
}

static void helper_end(struct helper *h)
{
    __atomic_store_n(&h->stopping, true, __ATOMIC_RELEASE);
    eventfd_write(h->stop, 1);
    pthread_join(h->thread, NULL);
}

static void helper_finish(struct helper *h)
{
    close(h->listener);
    close(h->stop);
    unlink(h->path);
    rmdir(h->dir);
}

/* A guest's transport is never closed: keep them where the leak sanitizer
 * finds them. */
static struct gcl_transport *opened[8];

static struct gcl_transport *guest_open(struct helper *h)
{
    static unsigned n;
    char why[256] = "";
    struct gcl_transport *t = gcl_transport_socket_open(h->path, why, sizeof(why));
    if (!t)
        print_error("%s\n", why);
    assert_non_null(t);
    opened[n++] = t;
    while (!__atomic_load_n(&h->t, __ATOMIC_ACQUIRE))
        usleep(100);
    return t;
}

/* free() does not wait, so ids and bytes come back a little later. */
static int alloc_soon(struct gcl_transport *t, size_t len, struct gcl_region *r)
{
    int err = -ENOSPC;

    for (int i = 0; i < 1000 && err == -ENOSPC; i++) {
        err = t->ops->alloc(t, len, NULL, r);
        if (err)
            usleep(1000);
    }
    return err;
}

static void a_guest_allocates_and_frees_regions(void **state)
{
    struct helper h = {0};
    struct gcl_region r[8], extra;
    void *p;

    (void)state;
    helper_start(&h);
    struct gcl_transport *t = guest_open(&h);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 8; i++) {
            assert_int_equal(alloc_soon(t, 100 + i, &r[i]), 0);
            assert_int_equal(r[i].len, 100 + i);
            sprintf(r[i].addr, "%d %d", round, i);
            struct hcl_region *theirs =
                hcl_region_get(h.t->regions, r[i].id, r[i].offset, r[i].len, &p);
            assert_non_null(theirs);
            assert_string_equal(p, r[i].addr);
            hcl_region_put(theirs);
        }
        assert_int_equal(t->ops->alloc(t, 1, NULL, &extra), -ENOSPC);
        for (int i = 0; i < 8; i++)
            t->ops->free(t, &r[i]);
    }
    assert_int_equal(t->ops->alloc(t, 2u << 20, NULL, &extra), -ENOSPC);
    assert_int_equal(t->ops->alloc(t, 0, NULL, &extra), -EINVAL);
    helper_end(&h);
    assert_int_equal(t->ops->alloc(t, PAGE, NULL, &extra), -EIO);
    helper_finish(&h);
}

/* Or another thread's mapping could come between the two who take it down. */
static void an_address_stays_taken_when_memory_for_it_is_refused(void **state)
{
    struct helper h = {0};
    struct gcl_region r;
    size_t len = 2u << 20; /* over the limit */

    (void)state;
    helper_start(&h);
    struct gcl_transport *t = guest_open(&h);
    uint8_t *at = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(at != MAP_FAILED);
    assert_int_equal(t->ops->alloc(t, len, at, &r), -ENOSPC);
    void *again =
        mmap(at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_true(again == MAP_FAILED && errno == EEXIST);
    assert_int_equal(t->ops->alloc(t, PAGE, at, &r), 0);
    assert_ptr_equal(r.addr, at);
    t->ops->free(t, &r);
    munmap(at + PAGE, len - PAGE);
    helper_end(&h);
    helper_finish(&h);
}

static void *wake_later(void *opaque)
{
    struct helper *h = opaque;
    uint32_t *word = vocl_channel_event(h->t->channel, 5);

    usleep(30000);
    __atomic_store_n(word, 1, __ATOMIC_RELEASE);
    h->t->ops->wake(h->t, word);
    return NULL;
}

static void a_guest_sleeps_until_it_is_woken(void **state)
{
    struct helper h = {0};
    pthread_t waker;

    (void)state;
    helper_start(&h);
    struct gcl_transport *t = guest_open(&h);
    uint32_t *word = vocl_channel_event(t->channel, 5);

    assert_int_equal(t->ops->wait(t, word, 99, 1000), 0);
    int64_t start = now_ms();
    assert_int_equal(t->ops->wait(t, word, 0, 250), -ETIMEDOUT);
    assert_true(now_ms() - start >= 245);
    pthread_create(&waker, NULL, wake_later, &h);
    start = now_ms();
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0)
        assert_int_equal(t->ops->wait(t, word, 0, 5000), 0);
    assert_true(now_ms() - start < 90); /* sooner than a slice ends */
    pthread_join(waker, NULL);

    assert_int_equal(t->ops->kick(t), 0);
    assert_int_equal(h.t->ops->wait(h.t, 1000), 0);
    helper_end(&h);
    helper_finish(&h);
}

static void *end_later(void *opaque)
{
    usleep(50000);
    helper_end(opaque);
    return NULL;
}

static void a_guest_notices_that_the_helper_is_gone(void **state)
{
    struct helper h = {0};
    pthread_t ender;

    (void)state;
    helper_start(&h);
    struct gcl_transport *t = guest_open(&h);
    pthread_create(&ender, NULL, end_later, &h);
    int64_t start = now_ms();
    assert_int_equal(t->ops->wait(t, vocl_channel_event(t->channel, 1), 0, 60000), -EIO);
    assert_true(now_ms() - start < 1000);
    pthread_join(ender, NULL);
    helper_finish(&h);
}

static void a_lost_client_waits_no_more(void **state)
{
    struct helper h = {0};

    (void)state;
    helper_start(&h);
    struct gcl_transport *t = guest_open(&h);
    __atomic_store_n(&vocl_channel_header(h.t->channel)->lost, VOCL_LOST_PROTOCOL,
                     __ATOMIC_RELEASE);
    assert_int_equal(t->ops->wait(t, vocl_channel_event(t->channel, 1), 0, 60000), -EIO);
    assert_int_equal(t->ops->kick(t), -EIO);
    helper_end(&h);
    helper_finish(&h);
}

/* Returns how long it took; checks that the reason says what is wanted. */
static int64_t open_fails(struct helper *h, const char *reason)
{
    char why[256] = "";
    int64_t start = now_ms();

    helper_start(h);
    assert_null(gcl_transport_socket_open(h->path, why, sizeof(why)));
    if (!strstr(why, reason))
        print_error("got: %s\n", why);
    assert_non_null(strstr(why, reason));
    int64_t took = now_ms() - start;
    helper_end(h);
    helper_finish(h);
    return took;
}

static void a_refusal_reaches_the_guest_as_text(void **state)
{
    const struct vocl_sock_hello full = {.magic = VOCL_SOCK_MAGIC,
                                         .version = VOCL_SOCK_VERSION,
                                         .status = VOCL_SOCK_FULL,
                                         .reason = "the limit of 4 clients is reached"};
    struct helper h = {.say = &full, .say_len = sizeof(full)};

    (void)state;
    open_fails(&h, "the limit of 4 clients is reached");
}

static void a_wrong_helper_is_refused(void **state)
{
    struct vocl_sock_hello bad = {.magic = 1};
    struct helper h = {.say = &bad, .say_len = sizeof(bad)};
    int before = count_fds();

    (void)state;
    open_fails(&h, "not a vocl-helper socket");
    bad = (struct vocl_sock_hello){.magic = VOCL_SOCK_MAGIC, .version = 77};
    h = (struct helper){.say = &bad, .say_len = sizeof(bad)};
    open_fails(&h, "speaks version 77");
    /* A good one without its descriptors. */
    bad = (struct vocl_sock_hello){
        .magic = VOCL_SOCK_MAGIC, .version = VOCL_SOCK_VERSION, .channel_size = VOCL_CHANNEL_SIZE};
    h = (struct helper){.say = &bad, .say_len = sizeof(bad)};
    open_fails(&h, "unfit greeting");
    h = (struct helper){.say = &bad, .say_len = 5};
    open_fails(&h, "without a greeting");
    assert_int_equal(count_fds(), before);
}

static void a_silent_helper_is_given_up(void **state)
{
    struct helper h = {.silent = true};

    (void)state;
    assert_in_range(open_fails(&h, "does not answer"), 4500, 6000);
}

static void a_missing_helper_is_explained(void **state)
{
    char why[256] = "";

    (void)state;
    assert_null(gcl_transport_socket_open("/nonexistent/s", why, sizeof(why)));
    assert_non_null(strstr(why, "vocl-helper --listen"));
    assert_null(gcl_transport_socket_open("/dev/null", why, sizeof(why)));
    char path[300];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_null(gcl_transport_socket_open(path, why, sizeof(why)));
    assert_non_null(strstr(why, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_brings_a_sealed_channel),
        cmocka_unit_test(a_region_is_the_clients_memory),
        cmocka_unit_test(memory_that_could_fault_is_refused),
        cmocka_unit_test(the_clients_limit_is_an_answer),
        cmocka_unit_test(a_region_in_use_is_answered_when_it_is_gone),
        cmocka_unit_test(a_client_that_reads_nothing_is_read_no_further),
        cmocka_unit_test(garbage_ends_the_client),
        cmocka_unit_test(the_doorbell_and_interrupt_end_a_wait),
        cmocka_unit_test(a_client_cannot_park_the_decoder_at_the_doorbell),
        cmocka_unit_test(the_clients_end_is_noticed),
        cmocka_unit_test(a_guest_allocates_and_frees_regions),
        cmocka_unit_test(an_address_stays_taken_when_memory_for_it_is_refused),
        cmocka_unit_test(a_guest_sleeps_until_it_is_woken),
        cmocka_unit_test(a_guest_notices_that_the_helper_is_gone),
        cmocka_unit_test(a_lost_client_waits_no_more),
        cmocka_unit_test(a_refusal_reaches_the_guest_as_text),
        cmocka_unit_test(a_wrong_helper_is_refused),
        cmocka_unit_test(a_silent_helper_is_given_up),
        cmocka_unit_test(a_missing_helper_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
