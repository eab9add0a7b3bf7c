// SPDX-License-Identifier: MIT
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "count.h"
#include "decoder.h"
#include "worker.h"

struct hcl_crew {
    struct hcl_worker *w;
    bool led;     /* atomic: somebody has the role */
    bool at_door; /* atomic, set under the lock: somebody sleeps at the doorbell, or goes there */
    pthread_mutex_t lock;
    pthread_cond_t called, ended;
    unsigned threads, spares;
    bool sent; /* a spare has been sent to the doorbell and has not left yet */
    bool over;
};

struct member {
    struct hcl_crew *crew;
    struct hcl_decoder *decoder;
    bool at_door; /* where it begins */
};

struct hcl_crew *hcl_crew_create(struct hcl_worker *w)
{
    struct hcl_crew *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->w = w;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->called, NULL);
    pthread_cond_init(&c->ended, NULL);
    return c;
}

/* ---- the role ---- */

static bool take(struct hcl_crew *c)
{
    bool no = false;
    if (!__atomic_compare_exchange_n(&c->led, &no, true, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&c->w->header->host_asleep, 0, __ATOMIC_SEQ_CST);
    return true;
}

/*
 * Returns whether a record has arrived for which perhaps nobody rings: its sender
 * looked at host_asleep before we set it. One that comes later rings, and whoever it
 * wakes finds the role free.
 */
static bool let_go(struct hcl_crew *c)
{
    const struct vocl_ring *cmd = &c->w->cmd;
    uint32_t *tail = cmd->tail;
    uint32_t read = cmd->mine;
    __atomic_store_n(&c->led, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&c->w->header->host_asleep, 1, __ATOMIC_SEQ_CST);
    return __atomic_load_n(tail, __ATOMIC_SEQ_CST) != read;
}

/* ---- the doorbell ---- */

static void end(struct hcl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->over = true;
    pthread_cond_broadcast(&c->called);
    pthread_cond_broadcast(&c->ended);
    pthread_mutex_unlock(&c->lock);
}

static bool stopping(struct hcl_crew *c)
{
    return __atomic_load_n(&c->w->stop, __ATOMIC_ACQUIRE);
}

static void set_at_door(struct hcl_crew *c, bool at_door)
{
    __atomic_store_n(&c->at_door, at_door, __ATOMIC_RELEASE);
}

/* Be a spare until there is a place at the doorbell. false: it is all over. */
static bool go_to_door(struct hcl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    c->spares++;
    while (c->at_door && !c->sent && !c->over)
        pthread_cond_wait(&c->called, &c->lock);
    c->spares--;
    c->sent = false;
    set_at_door(c, true);
    bool over = c->over;
    pthread_mutex_unlock(&c->lock);
    return !over;
}

/* Sleep until there is something to do and nobody who leads. false: it is all over. */
static bool mind_door(struct hcl_crew *c)
{
    struct hcl_transport *t = c->w->t;
    while (!stopping(c)) {
        if (t->ops->wait(t, -1)) {
            __atomic_store_n(&c->w->stop, true, __ATOMIC_RELEASE);
            return false;
        }
        if (take(c)) {
            hcl_count_alone(c->w, HCL_N_DOORBELLS, 1);
            pthread_mutex_lock(&c->lock);
            set_at_door(c, false);
            pthread_mutex_unlock(&c->lock);
            return true;
        }
    }
    return false;
}

/* ---- the threads ---- */

static void *member_thread(void *arg)
{
    struct member m = *(struct member *)arg;
    struct hcl_crew *c = m.crew;
    free(arg);
    while ((m.at_door || go_to_door(c)) && mind_door(c)) {
        m.at_door = false;
        /* With the role it has been idle for long: a record may have come since. */
        while (hcl_decoder_lead(m.decoder) && let_go(c) && !stopping(c) && take(c))
            ;
    }
    hcl_decoder_destroy(m.decoder);
    end(c);
    return NULL;
}

/* One that begins at the doorbell. Under the lock. */
static int add_thread(struct hcl_crew *c)
{
    pthread_t thread;
    struct member *m = malloc(sizeof(*m));
    struct hcl_decoder *d = hcl_decoder_create(c->w);
    int rc = m && d ? 0 : ENOMEM;
    if (!rc) {
        *m = (struct member){c, d, true};
        rc = pthread_create(&thread, NULL, member_thread, m);
    }
    if (rc) {
        hcl_decoder_destroy(d);
        free(m);
        return -rc;
    }
    pthread_detach(thread);
    c->threads++;
    set_at_door(c, true);
    return 0;
}

/* Somebody must sleep at the doorbell while we are away. */
static bool send_doorman(struct hcl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    if (c->at_door)
        ;
    else if (c->spares) {
        c->sent = true;
        set_at_door(c, true);
        pthread_cond_signal(&c->called);
    } else if (c->threads < HCL_CREW_MAX) {
        add_thread(c);
    }
    bool sent = c->at_door;
    pthread_mutex_unlock(&c->lock);
    return sent;
}

bool hcl_crew_hand_over(struct hcl_crew *c)
{
    if (!__atomic_load_n(&c->at_door, __ATOMIC_ACQUIRE) && !send_doorman(c))
        return false;
    if (let_go(c))
        c->w->t->ops->interrupt(c->w->t);
    return true;
}

bool hcl_crew_take_back(struct hcl_crew *c)
{
    return take(c);
}

int hcl_crew_run(struct hcl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    int rc = add_thread(c);
    while (!rc && !c->over)
        pthread_cond_wait(&c->ended, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return rc;
}
