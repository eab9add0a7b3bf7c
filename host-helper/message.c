// SPDX-License-Identifier: MIT
#include "message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "log.h"

struct hcl_waiting {
    struct hcl_waiting *next;
    uint16_t op;
    uint32_t len;
    uint8_t body[];
};

/* Under msg_lock. 0, or -errno if the ring would not take it. */
static int put(struct hcl_worker *w, uint16_t op, const void *body, uint32_t len)
{
    int rc = vocl_ring_put(&w->msg, op, VOCL_NO_SLOT, body, len);
    if (rc)
        return rc;
    uint32_t *asleep = &w->header->msg_asleep;
    if (__atomic_load_n(asleep, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(asleep, 0, __ATOMIC_SEQ_CST))
        hcl_wake(w, w->msg.tail);
    hcl_count_alone(w, HCL_N_MESSAGES, 1);
    return 0;
}

static void keep(struct hcl_worker *w, uint16_t op, const void *body, uint32_t len)
{
    struct hcl_waiting *m = malloc(sizeof(*m) + len);
    if (!m || w->msg_waiting_bytes > HCL_MESSAGES_MAX) {
        free(m);
        hcl_worker_stop(w, VOCL_LOST_LIMIT, "the guest does not read its messages");
        return;
    }
    *m = (struct hcl_waiting){.op = op, .len = len};
    memcpy(m->body, body, len);
    *w->msg_last = m;
    w->msg_last = &m->next;
    w->msg_waiting_bytes += len;
    hcl_count_alone(w, HCL_N_MESSAGES_KEPT, len);
}

bool hcl_messages_flush(struct hcl_worker *w)
{
    pthread_mutex_lock(&w->msg_lock);
    int rc = 0;
    while (w->msg_first && !rc) {
        struct hcl_waiting *m = w->msg_first;
        rc = put(w, m->op, m->body, m->len);
        if (rc)
            break;
        w->msg_first = m->next;
        if (!w->msg_first)
            w->msg_last = &w->msg_first;
        w->msg_waiting_bytes -= m->len;
        hcl_count_alone(w, HCL_N_MESSAGES_KEPT, -(int64_t)m->len);
        free(m);
    }
    pthread_mutex_unlock(&w->msg_lock);
    return rc == 0;
}

void hcl_send_message(struct hcl_worker *w, uint16_t op, const struct vocl_writer *body)
{
    if (body->error) {
        hcl_worker_stop(w, VOCL_LOST_LIMIT, "no memory for a message");
        return;
    }
    pthread_mutex_lock(&w->msg_lock);
    int rc = w->msg_first ? -EAGAIN : put(w, op, body->buf, body->len);
    if (rc == -EAGAIN)
        keep(w, op, body->buf, body->len);
    else if (rc)
        hcl_worker_stop(w, VOCL_LOST_PROTOCOL, "the message ring's index is nonsense");
    pthread_mutex_unlock(&w->msg_lock);
}

void hcl_messages_init(struct hcl_worker *w)
{
    pthread_mutex_init(&w->msg_lock, NULL);
    vocl_ring_init_msg(&w->msg, w->t->channel);
    w->msg_last = &w->msg_first;
}
