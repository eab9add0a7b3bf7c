// SPDX-License-Identifier: MIT
#include "message.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "callback.h"
#include "channel.h"
#include "connection.h"
#include "count.h"
#include "thread.h"
#include "transfer.h"

/* A callback that waits for the message thread. */
struct pending {
    struct pending *next;
    uint16_t op;
    size_t len;
    uint8_t body[];
};

static struct {
    pthread_mutex_t lock; /* the ring's consumer, and everything below */
    pthread_mutex_t start_lock;
    bool started;
    bool broken;
    struct vocl_ring ring;
    struct pending *first;
    struct pending **last;
    struct gcl_releasing *releasing;
} msg = {.lock = PTHREAD_MUTEX_INITIALIZER, .start_lock = PTHREAD_MUTEX_INITIALIZER};

static struct vocl_channel_header *header(void)
{
    return vocl_channel_header(gcl_connection_transport()->channel);
}

static void print_text(struct vocl_reader *r)
{
    struct vocl_msg_print_req m;
    vocl_get_msg_print_req(r, &m);
    if (m.text.data)
        fwrite(m.text.data, 1, m.text.len, stdout);
    gcl_count(GCL_N_PRINT_BYTES, m.text.data ? m.text.len : 0);
    fflush(stdout);
}

static void keep(uint16_t op, const uint8_t *body, size_t len)
{
    struct pending *p = malloc(sizeof(*p) + len);
    if (!p) {
        gcl_debug("out of memory: a callback is lost");
        return;
    }
    *p = (struct pending){.op = op, .len = len};
    memcpy(p->body, body, len);
    *msg.last = p;
    msg.last = &p->next;
}

/* Under the lock: empty the ring. */
static void read_ring(void)
{
    static uint8_t body[VOCL_MSG_RING_SIZE / 4]; /* under the lock */
    struct vocl_record hdr;
    int rc;
    while (!msg.broken && (rc = vocl_ring_get(&msg.ring, &hdr, body, sizeof(body)))) {
        if (rc < 0) {
            gcl_debug("malformed message: no more callbacks");
            msg.broken = true;
            return;
        }
        size_t len = hdr.size - sizeof(hdr);
        struct vocl_reader r;
        vocl_reader_init(&r, body, len);
        if (hdr.op == VOCL_MSG_PRINT)
            print_text(&r);
        else
            keep(hdr.op, body, len);
    }
}

void gcl_messages_drain(void)
{
    if (!__atomic_load_n(&msg.started, __ATOMIC_ACQUIRE) || gcl_connection_transport()->forked)
        return;
    pthread_mutex_lock(&msg.lock);
    read_ring();
    pthread_mutex_unlock(&msg.lock);
}

void gcl_caught_up(void)
{
    gcl_transfers_reap(true);
    gcl_messages_drain();
}

static void deliver(struct pending *p)
{
    struct vocl_reader r;
    vocl_reader_init(&r, p->body, p->len);
    /* A callback may look at the data of the command that it is told of. */
    gcl_transfers_reap(true);
    gcl_count(GCL_N_CALLBACKS, 1);
    if (p->op == VOCL_MSG_EVENT) {
        struct vocl_msg_event_req m;
        vocl_get_msg_event_req(&r, &m);
        gcl_callback_run(m.cookie, (cl_int)m.status);
    } else if (p->op == VOCL_MSG_DONE) {
        struct vocl_msg_done_req m;
        vocl_get_msg_done_req(&r, &m);
        gcl_callback_run(m.cookie, CL_COMPLETE);
    } else if (p->op == VOCL_MSG_CONTEXT) {
        struct vocl_msg_context_req m;
        vocl_get_msg_context_req(&r, &m);
        const char *text = vocl_bytes_text(m.errinfo);
        gcl_callback_run_context(m.cookie, text ? text : "", m.private_info);
    }
    free(p);
}

static uint64_t done_cookie(const struct pending *p)
{
    struct vocl_reader r;
    struct vocl_msg_done_req m = {0};
    vocl_reader_init(&r, p->body, p->len);
    if (p->op == VOCL_MSG_DONE)
        vocl_get_msg_done_req(&r, &m);
    return m.cookie;
}

/* Under the lock: unlink what *at points at. */
static struct pending *unlink_pending(struct pending **at)
{
    struct pending *p = *at;
    if (p && !(*at = p->next))
        msg.last = at;
    return p;
}

void gcl_messages_release_begin(struct gcl_releasing *r, const void *handle)
{
    pthread_mutex_lock(&msg.lock);
    *r = (struct gcl_releasing){msg.releasing, handle};
    msg.releasing = r;
    pthread_mutex_unlock(&msg.lock);
}

/* The next destructor callback of the handle that is being released; when there
 * is none, the claim ends. */
static struct pending *take_destructor(struct gcl_releasing *r)
{
    pthread_mutex_lock(&msg.lock);
    if (msg.started)
        read_ring();
    struct pending **at = &msg.first;
    while (*at && !gcl_callback_is_destructor(done_cookie(*at), r->handle))
        at = &(*at)->next;
    struct pending *p = unlink_pending(at);
    if (!p) {
        struct gcl_releasing **claim = &msg.releasing;
        while (*claim != r)
            claim = &(*claim)->next;
        *claim = r->next;
    }
    pthread_mutex_unlock(&msg.lock);
    return p;
}

void gcl_messages_release_end(struct gcl_releasing *r)
{
    struct pending *p;
    while ((p = take_destructor(r)))
        deliver(p);
}

/* Under the lock: is this some releasing thread's to run? */
static bool is_claimed(const struct pending *p)
{
    for (struct gcl_releasing *r = msg.releasing; r; r = r->next)
        if (gcl_callback_is_destructor(done_cookie(p), r->handle))
            return true;
    return false;
}

/* Under the lock: the first that is for the message thread, or the list's end. */
static struct pending **first_unclaimed(void)
{
    struct pending **at = &msg.first;
    while (*at && is_claimed(*at))
        at = &(*at)->next;
    return at;
}

static struct pending *next_pending(void)
{
    pthread_mutex_lock(&msg.lock);
    read_ring();
    struct pending *p = unlink_pending(first_unclaimed());
    pthread_mutex_unlock(&msg.lock);
    return p;
}

static void *message_thread(void *arg)
{
    (void)arg;
    for (;;) {
        struct pending *p = next_pending();
        if (p) {
            deliver(p);
            continue;
        }
        uint32_t tail = __atomic_load_n(msg.ring.tail, __ATOMIC_SEQ_CST);
        __atomic_store_n(&header()->msg_asleep, 1, __ATOMIC_SEQ_CST);
        pthread_mutex_lock(&msg.lock);
        bool idle = vocl_ring_empty(&msg.ring) && !*first_unclaimed();
        pthread_mutex_unlock(&msg.lock);
        if (msg.broken || (idle && gcl_connection_wait(msg.ring.tail, tail)))
            return NULL;
    }
}

int gcl_messages_start(void)
{
    if (__atomic_load_n(&msg.started, __ATOMIC_ACQUIRE))
        return 0;
    int rc = 0;
    pthread_mutex_lock(&msg.start_lock);
    if (!msg.started) {
        vocl_ring_init_msg(&msg.ring, gcl_connection_transport()->channel);
        msg.last = &msg.first;
        rc = gcl_thread_start(message_thread, NULL);
        if (!rc)
            __atomic_store_n(&msg.started, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&msg.start_lock);
    return rc;
}
