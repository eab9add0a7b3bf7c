// SPDX-License-Identifier: MIT
#include "connection.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "count.h"
#include "spin.h"

#define DEFAULT_SOCKET "/run/virtio-ocl/helper.sock"
#define DEFAULT_DEVICE "/dev/virtio-ocl"

/* How long one transport wait may last before the helper's heartbeat is looked
 * at again. */
#define WAIT_SLICE_MS 1000u
/* Reply slots that calls which wait for commands leave to the others: a thread
 * that sets the user event for which all others wait must find one. */
#define RESERVED_SLOTS 8u

static struct {
    pthread_once_t once;
    int error; /* 0: open */
    struct gcl_transport *transport;
    struct vocl_spin spin;

    pthread_mutex_t send_lock;
    struct vocl_ring cmd; /* under send_lock */

    sem_t free_slots;
    sem_t waiting_slots; /* how many more calls may wait for commands */
    _Alignas(8) uint64_t used_slots; /* bit per reply slot; atomic on 32 bits, too */
} conn = {.once = PTHREAD_ONCE_INIT, .send_lock = PTHREAD_MUTEX_INITIALIZER};

_Static_assert(VOCL_REPLY_SLOTS == 64, "used_slots is one word");

void gcl_debug(const char *fmt, ...)
{
    const char *on = getenv("VOCL_DEBUG");
    if (!on || !*on || !strcmp(on, "0"))
        return;
    va_list ap;
    va_start(ap, fmt);
    fputs("virtio-ocl: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}

static void after_fork(void)
{
    conn.transport->forked = true;
    gcl_count_alone();
}

static struct gcl_transport *find_transport(void)
{
    char why[256] = "";
    const char *path = getenv("VOCL_SOCKET");
    struct gcl_transport *t = NULL;

    if (path && *path)
        t = gcl_transport_socket_open(path, why, sizeof(why));
    else if (!access(path = DEFAULT_DEVICE, F_OK))
        t = gcl_transport_virtio_open(path, why, sizeof(why));
    else if (!access(path = DEFAULT_SOCKET, F_OK))
        t = gcl_transport_socket_open(path, why, sizeof(why));
    else
        snprintf(why, sizeof(why), "neither " DEFAULT_DEVICE " nor " DEFAULT_SOCKET
                 " exists, and VOCL_SOCKET is not set");
    if (!t)
        gcl_debug("no helper: %s", why);
    else
        gcl_debug("connected through %s (%s)", path, t->ops->name);
    return t;
}

static void connect_once(void)
{
    const char *off = getenv("VOCL_DISABLE");
    conn.error = -ENODEV;
    if (off && *off && strcmp(off, "0")) {
        gcl_debug("disabled by VOCL_DISABLE");
        return;
    }
    conn.transport = find_transport();
    if (!conn.transport)
        return;
    vocl_ring_init_cmd(&conn.cmd, conn.transport->channel);
    sem_init(&conn.free_slots, 0, VOCL_REPLY_SLOTS);
    sem_init(&conn.waiting_slots, 0, VOCL_REPLY_SLOTS - RESERVED_SLOTS);
    vocl_spin_init(&conn.spin);
    gcl_count_in_channel(conn.transport->channel);
    pthread_atfork(NULL, NULL, after_fork);
    conn.error = 0;
}

int gcl_connection_open(void)
{
    pthread_once(&conn.once, connect_once);
    if (conn.transport && conn.transport->forked)
        return -EPERM;
    return __atomic_load_n(&conn.error, __ATOMIC_RELAXED);
}

struct gcl_transport *gcl_connection_transport(void)
{
    return conn.transport;
}

static struct vocl_channel_header *header(void)
{
    return vocl_channel_header(conn.transport->channel);
}

bool gcl_connection_lost(void)
{
    return __atomic_load_n(&conn.error, __ATOMIC_RELAXED) != 0;
}

bool gcl_connection_takes(uint32_t id)
{
    return id < header()->max_objects;
}

static int lose(const char *why)
{
    int open = 0;
    if (__atomic_compare_exchange_n(&conn.error, &open, -EIO, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        gcl_debug("the helper is lost: %s", why);
    return -EIO;
}

bool gcl_connection_untroubled(void)
{
    if (gcl_connection_open() || __atomic_load_n(&header()->late, __ATOMIC_ACQUIRE))
        return false;
    if (__atomic_load_n(&header()->lost, __ATOMIC_ACQUIRE) ||
        (conn.transport->ops->gone && conn.transport->ops->gone(conn.transport)))
        return !lose("it has ended");
    return true;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool changed(const uint32_t *word, uint32_t old)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE) != old;
}

int gcl_connection_wait(uint32_t *word, uint32_t old)
{
    uint32_t beat = __atomic_load_n(&header()->heartbeat, __ATOMIC_RELAXED);
    uint64_t last_beat = now_ms();

    while (!changed(word, old)) {
        if (__atomic_load_n(&header()->lost, __ATOMIC_RELAXED))
            return lose("the helper has ended this client; its log says why");
        gcl_count(GCL_N_SLEEPS, 1);
        int rc = conn.transport->ops->wait(conn.transport, word, old, WAIT_SLICE_MS);
        if (rc && rc != -ETIMEDOUT)
            return lose("the connection has ended");
        uint32_t now = __atomic_load_n(&header()->heartbeat, __ATOMIC_RELAXED);
        if (now != beat) {
            beat = now;
            last_beat = now_ms();
        } else if (now_ms() - last_beat > VOCL_HEARTBEAT_LOST_MS) {
            return lose("no heartbeat");
        }
    }
    return 0;
}

struct look {
    const uint32_t *word;
    uint32_t old;
};

static bool has_changed(const void *opaque)
{
    const struct look *l = opaque;
    return changed(l->word, l->old);
}

bool gcl_connection_look(const uint32_t *word, uint32_t old)
{
    struct look l = {word, old};
    uint64_t start;
    return has_changed(&l) || vocl_spin(&conn.spin, has_changed, &l, &start);
}

static int ring_doorbell(void)
{
    uint32_t *asleep = &header()->host_asleep;
    if (!__atomic_load_n(asleep, __ATOMIC_SEQ_CST) ||
        !__atomic_exchange_n(asleep, 0, __ATOMIC_SEQ_CST))
        return 0;
    gcl_count(GCL_N_DOORBELLS, 1);
    return conn.transport->ops->kick(conn.transport) ? lose("the doorbell is dead") : 0;
}

static bool has_room(const void *opaque)
{
    const struct vocl_ring *r = opaque;
    return vocl_ring_used(r) <= r->size / 2;
}

/* Under send_lock: the ring is full. The worker wakes us when half of it is free, so
 * that a stream of posts does not wake and sleep with every record. */
static int wait_for_room(void)
{
    uint64_t start;
    if (vocl_spin(&conn.spin, has_room, &conn.cmd, &start))
        return 0;
    __atomic_store_n(&header()->cmd_full, 1, __ATOMIC_SEQ_CST);
    int rc = ring_doorbell();
    while (!rc && !has_room(&conn.cmd) && __atomic_load_n(&header()->cmd_full, __ATOMIC_SEQ_CST))
        rc = gcl_connection_wait(&header()->cmd_full, 1);
    return rc;
}

/* Under send_lock: place one record, waiting for room. */
static int put_record(uint16_t op, uint16_t slot, const void *body, uint32_t len)
{
    for (;;) {
        int rc = vocl_ring_put(&conn.cmd, op, slot, body, len);
        if (rc == -EPROTO)
            return lose("the helper's ring index is nonsense");
        if (!rc)
            gcl_count_held(GCL_N_COMMAND_BYTES, len + sizeof(struct vocl_record));
        if (rc != -EAGAIN)
            return rc;
        gcl_count_held(GCL_N_RING_FULL, 1);
        if ((rc = wait_for_room()))
            return rc;
    }
}

/* A piece of a large body: its total length, what it is, and the bytes. */
#define FRAGMENT_DATA (VOCL_RECORD_MAX - 64)

static int put_fragments(uint16_t op, uint16_t slot, const uint8_t *body, uint64_t len)
{
    uint8_t *piece = malloc(16 + FRAGMENT_DATA);
    if (!piece)
        return -ENOMEM;
    int rc = 0;
    for (uint64_t at = 0; at < len && !rc; at += FRAGMENT_DATA) {
        uint64_t n = len - at < FRAGMENT_DATA ? len - at : FRAGMENT_DATA;
        uint64_t what = op | (uint64_t)slot << 16;
        memcpy(piece, &len, 8);
        memcpy(piece + 8, &what, 8);
        memcpy(piece + 16, body + at, n);
        rc = put_record(VOCL_OP_FRAGMENT, VOCL_NO_SLOT, piece, 16 + n);
        gcl_count_held(GCL_N_FRAGMENTS, 1);
        if (!rc)
            rc = ring_doorbell();
    }
    free(piece);
    return rc;
}

static int send_body(uint16_t op, uint16_t slot, const void *body, uint64_t len)
{
    if (len > VOCL_MESSAGE_MAX)
        return -EMSGSIZE;
    pthread_mutex_lock(&conn.send_lock);
    gcl_count_held(slot == VOCL_NO_SLOT ? GCL_N_POSTS : GCL_N_ROUND_TRIPS, 1);
    int rc = len + sizeof(struct vocl_record) > VOCL_RECORD_MAX
                 ? put_fragments(op, slot, body, len)
                 : put_record(op, slot, body, len);
    pthread_mutex_unlock(&conn.send_lock);
    return rc ? rc : ring_doorbell();
}

static void take(sem_t *sem)
{
    while (sem_wait(sem))
        ; /* EINTR */
}

static uint16_t take_slot(void)
{
    take(&conn.free_slots);
    uint64_t used = __atomic_load_n(&conn.used_slots, __ATOMIC_RELAXED);
    for (;;) {
        uint16_t slot = __builtin_ctzll(~used);
        if (__atomic_compare_exchange_n(&conn.used_slots, &used, used | 1ull << slot, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return slot;
    }
}

static void give_slot(uint16_t slot)
{
    __atomic_and_fetch(&conn.used_slots, ~(1ull << slot), __ATOMIC_RELEASE);
    sem_post(&conn.free_slots);
}

static int wait_reply(struct vocl_reply_slot *s)
{
    struct look l = {&s->state, VOCL_REPLY_PENDING};
    uint64_t start;
    if (has_changed(&l) || vocl_spin(&conn.spin, has_changed, &l, &start)) {
        gcl_count(GCL_N_SPINS_HIT, 1);
        return 0;
    }
    gcl_count(GCL_N_SPINS_MISSED, 1);
    uint32_t pending = VOCL_REPLY_PENDING;
    if (!__atomic_compare_exchange_n(&s->state, &pending, VOCL_REPLY_PENDING_ASLEEP, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
        return 0;
    int rc = gcl_connection_wait(&s->state, VOCL_REPLY_PENDING_ASLEEP);
    vocl_spin_slept(&conn.spin, start);
    return rc;
}

/* One exchange over a slot that we hold: the answer's first part. */
static int exchange(uint16_t slot, uint16_t op, const void *body, uint64_t len)
{
    struct vocl_reply_slot *s = vocl_channel_reply(conn.transport->channel, slot);
    __atomic_store_n(&s->state, VOCL_REPLY_PENDING, __ATOMIC_RELEASE);
    int rc = send_body(op, slot, body, len);
    return rc ? rc : wait_reply(s);
}

/* Copy what the slot holds to *reply + at. Returns the bytes, or -errno. */
static int64_t take_data(uint16_t slot, uint8_t *reply, uint64_t room)
{
    struct vocl_reply_slot *s = vocl_channel_reply(conn.transport->channel, slot);
    uint32_t len = __atomic_load_n(&s->len, __ATOMIC_RELAXED);
    if (len > sizeof(s->data) || len > room)
        return lose("malformed reply");
    memcpy(reply, s->data, len);
    return len;
}

static int64_t collect(uint16_t slot, uint8_t **reply, size_t *cap)
{
    struct vocl_reply_slot *s = vocl_channel_reply(conn.transport->channel, slot);
    uint64_t total = __atomic_load_n(&s->total, __ATOMIC_RELAXED);
    if (total > VOCL_MESSAGE_MAX)
        return lose("oversized reply");
    if (total > *cap || !*reply) {
        size_t want = total > sizeof(s->data) ? total : sizeof(s->data);
        uint8_t *bigger = realloc(*reply, want);
        if (!bigger)
            return -ENOMEM;
        *reply = bigger;
        *cap = want;
    }
    int64_t got = take_data(slot, *reply, total);
    while (got >= 0 && (uint64_t)got < total) {
        uint64_t offset = got;
        int rc = exchange(slot, VOCL_OP_FETCH, &offset, sizeof(offset));
        int64_t more = rc ? rc : take_data(slot, *reply + got, total - got);
        if (more <= 0)
            return more ? more : lose("empty reply");
        got += more;
    }
    return got;
}

int64_t gcl_connection_call(uint16_t op, bool waits, const void *body, uint64_t len,
                            uint8_t **reply, size_t *cap)
{
    if (waits)
        take(&conn.waiting_slots);
    uint16_t slot = take_slot();
    int64_t rc = exchange(slot, op, body, len);
    if (!rc)
        rc = collect(slot, reply, cap);
    /* A slot that a lost helper might still write to is not used again: calls
     * fail before they take one. */
    give_slot(slot);
    if (waits)
        sem_post(&conn.waiting_slots);
    return rc;
}

int gcl_connection_post(uint16_t op, const void *body, uint64_t len)
{
    int rc = gcl_connection_open();
    return rc ? rc : send_body(op, VOCL_NO_SLOT, body, len);
}

void gcl_connection_release(uint32_t id)
{
    uint64_t body = id;
    (void)gcl_connection_post(VOCL_OP_RELEASE, &body, sizeof(body));
}
