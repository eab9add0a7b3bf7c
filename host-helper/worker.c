// SPDX-License-Identifier: MIT
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "call.h"
#include "calls.h"
#include "complete.h"
#include "count.h"
#include "crew.h"
#include "defer.h"
#include "event.h"
#include "in_place.h"
#include "log.h"
#include "message.h"
#include "native.h"
#include "sandbox.h"

/* How often the control thread looks for room while messages wait for it. */
#define MESSAGE_RETRY_MS 1

/* How long the crew may take to notice that the client has gone. */
#define STOP_GRACE_S 5

/* SIGTERM is the server's request to stop; the handler needs the channel. */
static struct vocl_channel_header *signal_header;

static void on_sigterm(int sig)
{
    (void)sig;
    __atomic_store_n(&signal_header->lost, VOCL_LOST_STOPPED, __ATOMIC_RELEASE);
    _exit(0);
}

void hcl_worker_stop(struct hcl_worker *w, enum vocl_lost why, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    if (__atomic_exchange_n(&w->stopping, true, __ATOMIC_ACQ_REL))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    hcl_log("client ended: %s", text);
    if (why == VOCL_LOST_PROTOCOL)
        hcl_count(w, HCL_N_MALFORMED, 1);
    __atomic_store_n(&w->header->lost, why, __ATOMIC_RELEASE);
    /* Last: the process may be over once another thread sees it. */
    __atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
    w->t->ops->interrupt(w->t);
}

/* Keep a reply that is larger than its slot until the guest has fetched it. */
static bool keep_rest(struct hcl_worker *w, uint16_t slot, const void *body, uint64_t len)
{
    struct hcl_rest *rest = &w->rest[slot];
    pthread_mutex_lock(&w->rest_lock);
    uint8_t *copy = realloc(rest->data, len);
    if (copy) {
        memcpy(copy, body, len);
        *rest = (struct hcl_rest){copy, len};
    }
    pthread_mutex_unlock(&w->rest_lock);
    return copy;
}

void hcl_wake(struct hcl_worker *w, uint32_t *word)
{
    hcl_count(w, HCL_N_WAKES, 1);
    w->t->ops->wake(w->t, word);
}

void hcl_send_piece(struct hcl_worker *w, uint16_t slot, const void *body, uint64_t len)
{
    if (slot >= VOCL_REPLY_SLOTS)
        return;
    struct vocl_reply_slot *s = vocl_channel_reply(w->t->channel, slot);
    uint32_t first = len < sizeof(s->data) ? len : sizeof(s->data);
    if (first < len && !keep_rest(w, slot, body, len)) {
        hcl_worker_stop(w, VOCL_LOST_LIMIT, "no memory for a reply of %llu bytes",
                        (unsigned long long)len);
        return;
    }
    memcpy(s->data, body, first);
    __atomic_store_n(&s->len, first, __ATOMIC_RELAXED);
    __atomic_store_n(&s->total, len, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&s->state, VOCL_REPLY_DONE, __ATOMIC_SEQ_CST) ==
        VOCL_REPLY_PENDING_ASLEEP)
        hcl_wake(w, &s->state);
}

void hcl_send_reply(struct hcl_worker *w, uint16_t slot, const void *body, uint64_t len)
{
    int64_t status = 0;
    if (slot >= VOCL_REPLY_SLOTS)
        return;
    if (len >= sizeof(status))
        memcpy(&status, body, sizeof(status));
    hcl_count(w, HCL_N_REPLIES, 1);
    hcl_count(w, HCL_N_REPLY_BYTES, (int64_t)len);
    if (status < 0)
        hcl_count(w, HCL_N_ERRORS, 1);
    hcl_send_piece(w, slot, body, len);
}

static void *control_thread(void *arg)
{
    struct hcl_worker *w = arg;
    struct pollfd p = {.fd = w->t->control_fd, .events = POLLIN};
    for (;;) {
        bool sent = hcl_messages_flush(w);
        int n = poll(&p, 1, sent ? (int)VOCL_HEARTBEAT_MS / 2 : MESSAGE_RETRY_MS);
        __atomic_add_fetch(&w->header->heartbeat, 1, __ATOMIC_RELAXED);
        if (!n)
            hcl_complete_check(w);
        hcl_count_publish(w);
        if (n > 0 && w->t->ops->control(w->t)) {
            __atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
            w->t->ops->interrupt(w->t);
            /* It may sit in a native call that does not return, and so may the
             * runtime's end of the process. */
            sleep(STOP_GRACE_S);
            hcl_log("the runtime does not let go of a client that has gone: giving up");
            _exit(1);
        }
    }
}

static int start_control(struct hcl_worker *w)
{
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, control_thread, w);
    if (!rc)
        pthread_detach(thread);
    return -rc;
}

static void catch_sigterm(struct hcl_worker *w)
{
    struct sigaction sa = {.sa_handler = on_sigterm};
    signal_header = w->header;
    sigaction(SIGTERM, &sa, NULL);
}

static int worker_init(struct hcl_worker *w)
{
    int rc;
    w->header = vocl_channel_header(w->t->channel);
    w->header->max_objects = w->opt->max_objects;
    catch_sigterm(w);
    vocl_ring_init_cmd(&w->cmd, w->t->channel);
    pthread_mutex_init(&w->rest_lock, NULL);
    hcl_complete_init(w);
    hcl_events_init(w);
    pthread_mutex_init(&w->addresses_lock, NULL);
    vocl_spin_init(&w->spin);
    hcl_messages_init(w);
    w->objects = hcl_objects_create(&w->cl, w->opt->max_objects);
    w->defer = hcl_defer_create();
    w->in_place = hcl_in_place_create();
    w->crew = hcl_crew_create(w);
    if (!w->objects || !w->defer || !w->in_place || !w->crew)
        return -ENOMEM;
    if ((rc = hcl_sandbox_enter(w->opt)) || (rc = hcl_print_start(w)) || (rc = start_control(w)))
        return rc;
    return hcl_native_load(&w->cl);
}

int hcl_worker_main(const struct hcl_options *opt, const struct hcl_client_id *id,
                    struct hcl_transport *t)
{
    static struct hcl_worker worker; /* the process's one instance */
    worker.opt = opt;
    worker.t = t;
    worker.tally = id->tally;
    prctl(PR_SET_NAME, "vocl-worker");
    hcl_log_debug("serving %s over %s", id->name, t->ops->name);
    int rc = worker_init(&worker);
    if (rc) {
        hcl_worker_stop(&worker, VOCL_LOST_LIMIT, "cannot start: %s", strerror(-rc));
        return 1;
    }
    if ((rc = hcl_crew_run(worker.crew)))
        hcl_worker_stop(&worker, VOCL_LOST_LIMIT, "no thread to decode with: %s", strerror(-rc));
    hcl_count_publish(&worker);
    /* Native threads may still run and use everything: nothing is torn down,
     * the process's end does that. */
    return __atomic_load_n(&worker.header->lost, __ATOMIC_RELAXED) ? 1 : 0;
}
