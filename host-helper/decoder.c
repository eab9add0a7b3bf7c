// SPDX-License-Identifier: MIT
#include "decoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "calls.h"
#include "count.h"
#include "handlers.h"
#include "spin.h"

struct hcl_decoder {
    struct hcl_call call;
    uint64_t body[VOCL_RECORD_MAX / 8]; /* private copy: nobody changes it under us */
};

static void free_arena(struct hcl_call *c)
{
    while (c->arena) {
        void *block = c->arena;
        c->arena = *(void **)block;
        free(block);
    }
}

static void count_call(struct hcl_call *c)
{
    struct hcl_tally *t = c->w->tally;
    hcl_count_alone(c->w, c->slot == VOCL_NO_SLOT ? HCL_N_POSTS : HCL_N_CALLS, 1);
    if (t && c->op < HCL_TALLY_OPS)
        vocl_count_alone(&t->op[c->op], 1);
}

static void carry_out(struct hcl_decoder *d, uint16_t op, uint16_t slot, const void *body,
                      uint64_t len)
{
    struct hcl_call *c = &d->call;
    c->op = op;
    c->slot = slot;
    c->first_word = 0;
    memcpy(&c->first_word, body, len < sizeof(c->first_word) ? len : sizeof(c->first_word));
    vocl_reader_init(&c->body, body, len);
    vocl_writer_reset(&c->reply);
    count_call(c);
    if (op >= 256 || !hcl_handlers[op])
        hcl_worker_stop(c->w, VOCL_LOST_PROTOCOL, "unknown op %u", op);
    else
        hcl_handlers[op](c);
    free_arena(c);
}

static int add_fragment(struct hcl_assembly *a, const uint64_t *body, uint64_t len)
{
    if (len < 16 || body[0] > VOCL_MESSAGE_MAX || !body[0] || body[0] % 8)
        return -EPROTO;
    uint64_t n = len - 16;
    if (!a->total) {
        /* Grown as the pieces come: a false total costs its sender the bytes. */
        *a = (struct hcl_assembly){.total = body[0], .what = body[1]};
    }
    if (body[0] != a->total || body[1] != a->what || !n || n > a->total - a->len)
        return -EPROTO;
    uint8_t *data = realloc(a->data, a->len + n);
    if (!data)
        return -ENOMEM;
    a->data = data;
    memcpy(a->data + a->len, body + 2, n);
    a->len += n;
    return 0;
}

static void take_fragment(struct hcl_decoder *d, uint64_t len)
{
    struct hcl_assembly *a = &d->call.w->parts;
    int rc = add_fragment(a, d->body, len);
    if (rc) {
        hcl_worker_stop(d->call.w, rc == -ENOMEM ? VOCL_LOST_LIMIT : VOCL_LOST_PROTOCOL,
                        "bad fragment: %s", strerror(-rc));
        return;
    }
    if (a->len < a->total)
        return;
    struct hcl_assembly whole = *a;
    *a = (struct hcl_assembly){0};
    carry_out(d, whole.what & 0xffff, whole.what >> 16 & 0xffff, whole.data, whole.len);
    free(whole.data);
}

/* A guest that waits for room is woken when there is some for a while. */
static void wake_producer(struct hcl_worker *w)
{
    uint32_t *full = &w->header->cmd_full;
    if (__atomic_load_n(full, __ATOMIC_SEQ_CST) && vocl_ring_used(&w->cmd) <= w->cmd.size / 2 &&
        __atomic_exchange_n(full, 0, __ATOMIC_SEQ_CST)) {
        hcl_count_alone(w, HCL_N_RING_FULL, 1);
        hcl_wake(w, full);
    }
}

static void take_record(struct hcl_decoder *d, const struct vocl_record *hdr)
{
    struct hcl_worker *w = d->call.w;
    uint64_t len = hdr->size - sizeof(*hdr);
    hcl_count_alone(w, HCL_N_COMMAND_BYTES, hdr->size);
    wake_producer(w);
    if (hdr->op == VOCL_OP_FRAGMENT)
        take_fragment(d, len);
    else if (w->parts.total)
        hcl_worker_stop(w, VOCL_LOST_PROTOCOL, "a record between fragments");
    else
        carry_out(d, hdr->op, hdr->slot, d->body, len);
}

static bool has_work(const void *opaque)
{
    const struct hcl_worker *w = opaque;
    return !vocl_ring_empty(&w->cmd) || __atomic_load_n(&w->stop, __ATOMIC_ACQUIRE);
}

/* Nothing in the ring: look for a while. */
static bool found_work(struct hcl_worker *w)
{
    uint64_t start;
    if (vocl_spin(&w->spin, has_work, w, &start)) {
        hcl_count_alone(w, HCL_N_SPINS_HIT, 1);
        return true;
    }
    hcl_count_alone(w, HCL_N_SPINS_MISSED, 1);
    wake_producer(w); /* it may have begun to wait after the last record was taken */
    w->idle_since = start;
    return false;
}

/* To look at the guest's index takes its cache line away from it: now and then. */
#define QUEUE_LOOK_EVERY 64u

/* What waits behind the record that was taken. The guest's index may be nonsense. */
static void count_queue(struct hcl_worker *w)
{
    if (w->records++ % QUEUE_LOOK_EVERY)
        return;
    uint32_t behind = __atomic_load_n(w->cmd.tail, __ATOMIC_RELAXED) - w->cmd.mine;
    if (w->tally && behind <= w->cmd.size)
        vocl_count_most(&w->tally->host[HCL_N_QUEUE_MOST], behind);
}

/* Whoever was idle has slept, here or on another thread of the crew. */
static void end_idle(struct hcl_worker *w)
{
    if (w->idle_since)
        vocl_spin_slept(&w->spin, w->idle_since);
    w->idle_since = 0;
}

struct hcl_decoder *hcl_decoder_create(struct hcl_worker *w)
{
    struct hcl_decoder *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->call.w = w;
    vocl_writer_init(&d->call.reply);
    return d;
}

void hcl_decoder_destroy(struct hcl_decoder *d)
{
    if (d)
        vocl_writer_finish(&d->call.reply);
    free(d);
}

bool hcl_decoder_lead(struct hcl_decoder *d)
{
    struct hcl_worker *w = d->call.w;
    struct vocl_record hdr;
    d->call.leads = true;
    end_idle(w);
    while (d->call.leads && !__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
        int rc = vocl_ring_get(&w->cmd, &hdr, d->body, sizeof(d->body));
        if (rc > 0) {
            count_queue(w);
            take_record(d, &hdr);
        } else if (rc < 0) {
            hcl_worker_stop(w, VOCL_LOST_PROTOCOL, "malformed record in the command ring");
        } else if (!found_work(w)) {
            return true;
        }
    }
    return d->call.leads;
}
