/* SPDX-License-Identifier: MIT */
/*
 * worker.h - one client's process, from the inside.
 *
 * Threads: the *crew* (crew.h) decodes: the one of them that has the decoder's role
 * reads the command ring and carries out every call in order, never blocking, unless
 * it lets go of the role for that (block.h); *waiters* (defer.h) sit in other native
 * calls that block;
 * the *control* thread serves the transport's control descriptor and moves the
 * heartbeat; the *print* thread forwards what the runtime writes to stdout;
 * and the native runtime calls back on threads of its own. Any thread may answer.
 *
 * What is marked "decoder only" below belongs to whoever has the role, and so do
 * the tables behind ext. Any thread may use the rest: what does not change after the
 * start, the native runtime, the object table, regions, holds on SVM (hcl_svm_put),
 * events (event.h), late errors, answers, messages and printed text.
 */
#ifndef HCL_WORKER_H
#define HCL_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <CL/cl_icd.h>

#include "channel.h"
#include "client.h"
#include "objects.h"
#include "pile.h"
#include "spin.h"
#include "transport.h"
#include "wire.h"

struct hcl_completion;
struct hcl_crew;
struct hcl_defer;
struct hcl_ext;
struct hcl_in_place;
struct hcl_tally;
struct hcl_waiting;
struct watched;

/* What did not fit a reply slot, kept until the guest has fetched it. */
struct hcl_rest {
    uint8_t *data;
    uint64_t len;
};

/* A call's body that comes in pieces. */
struct hcl_assembly {
    uint8_t *data;
    uint64_t len; /* bytes so far */
    uint64_t total;
    uint64_t what;
};

struct hcl_worker {
    const struct hcl_options *opt;
    struct hcl_transport *t;
    struct vocl_channel_header *header;
    struct hcl_tally *tally; /* count.h */
    cl_icd_dispatch cl;      /* the native runtime */
    struct hcl_objects *objects;
    struct hcl_defer *defer;
    struct hcl_ext *ext; /* extension.h; decoder only */
    pthread_mutex_t addresses_lock;
    struct hcl_addresses *addresses; /* device_address.h; under the lock */

    struct hcl_in_place *in_place; /* in_place.h */

    struct hcl_crew *crew;
    unsigned crowded; /* atomic: block.c */

    struct vocl_ring cmd;      /* decoder only, and so are the next four */
    struct hcl_assembly parts; /* of the call that has begun */
    struct vocl_spin spin;
    uint64_t idle_since; /* when the ring was found empty; 0: it is not */
    unsigned records;    /* taken */

    pthread_mutex_t msg_lock;
    struct vocl_ring msg; /* under msg_lock, and so are the next three */
    struct hcl_waiting *msg_first;
    struct hcl_waiting **msg_last;
    uint64_t msg_waiting_bytes;

    /* A good guest has one answer under way in a slot; a hostile one has two
     * threads of ours answer into the same. */
    pthread_mutex_t rest_lock;
    struct hcl_rest rest[VOCL_REPLY_SLOTS];

    pthread_mutex_t completions_lock;
    struct hcl_completion *completions; /* complete.h; under the lock, and so is the next */
    uint64_t completions_serial;
    struct hcl_pile to_ask; /* complete.c's, whose status may not be believed */

    int print_fd;   /* what the runtime writes to stdout */
    bool may_print; /* some program of the client's may call printf */
    pthread_mutex_t print_lock;

    struct hcl_pile asked; /* event.c's, whose status is to be asked for */
    cl_int late_error;     /* atomic: late.h; CL_SUCCESS: none */
    unsigned late_logged;  /* atomic: how many of them the log has */
    bool errors_set;       /* atomic: a user event has been set to an error */
    bool stopping;         /* atomic: somebody says why */
    bool stop;             /* atomic: the crew is to end */
};

/* Answer a call. Any thread; the body is copied. slot may be VOCL_NO_SLOT. */
void hcl_send_reply(struct hcl_worker *w, uint16_t slot, const void *body, uint64_t len);

/* The same with what has no status at its beginning: a further piece of an answer. */
void hcl_send_piece(struct hcl_worker *w, uint16_t slot, const void *body, uint64_t len);

/* Wake whoever in the guest sleeps on *word. Any thread. */
void hcl_wake(struct hcl_worker *w, uint32_t *word);

/* Send a message (message.h). Any thread; does not wait. */
void hcl_send_message(struct hcl_worker *w, uint16_t op, const struct vocl_writer *body);

/* End this client: the reason goes into the log and, as a code, to the guest. */
__attribute__((format(printf, 3, 4))) void hcl_worker_stop(struct hcl_worker *w, enum vocl_lost why,
                                                           const char *fmt, ...);

/* print.c: take over stdout; then forward what is there. Called before any
 * answer that tells the guest of a completion. */
int hcl_print_start(struct hcl_worker *w);
void hcl_print_flush(struct hcl_worker *w);

#endif
