// SPDX-License-Identifier: MIT
#include "defer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "channel.h"
#include "spin.h"

struct job {
    struct job *next;
    hcl_defer_fn fn;
    void *arg;
};

struct hcl_defer {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *first;
    struct job **last;
    unsigned queued; /* atomic to read without the lock */
    unsigned most; /* ever queued */
    unsigned threads;
    unsigned idle; /* the one that looks among them */
    bool looking;
    bool may_look;
    struct vocl_spin spin;
};

struct hcl_defer *hcl_defer_create(void)
{
    struct hcl_defer *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->more, NULL);
    d->last = &d->first;
    vocl_spin_init(&d->spin);
    d->may_look = vocl_spin_has_cores();
    return d;
}

static bool has_job(const void *opaque)
{
    const struct hcl_defer *d = opaque;
    return __atomic_load_n(&d->queued, __ATOMIC_RELAXED);
}

/* Under the lock, which is let go of meanwhile. */
static void look(struct hcl_defer *d)
{
    uint64_t start;
    d->looking = true;
    pthread_mutex_unlock(&d->lock);
    vocl_spin(&d->spin, has_job, d, &start);
    pthread_mutex_lock(&d->lock);
    d->looking = false;
}

static struct job *next_job(struct hcl_defer *d)
{
    pthread_mutex_lock(&d->lock);
    d->idle++;
    if (!d->first && d->may_look && !d->looking)
        look(d);
    while (!d->first)
        pthread_cond_wait(&d->more, &d->lock);
    d->idle--;
    struct job *job = d->first;
    d->first = job->next;
    if (!d->first)
        d->last = &d->first;
    __atomic_sub_fetch(&d->queued, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&d->lock);
    return job;
}

static void *waiter(void *arg)
{
    for (;;) {
        struct job *job = next_job(arg);
        job->fn(job->arg);
        free(job);
    }
    return NULL;
}

/* Under the lock. */
static int add_thread(struct hcl_defer *d)
{
    pthread_t thread;
    if (d->threads >= VOCL_REPLY_SLOTS)
        return 0;
    int rc = pthread_create(&thread, NULL, waiter, d);
    if (rc)
        return d->threads ? 0 : -ENOMEM;
    pthread_detach(thread);
    d->threads++;
    return 0;
}

bool hcl_defer_is_busy(struct hcl_defer *d)
{
    pthread_mutex_lock(&d->lock);
    bool busy = d->threads - d->idle + d->queued >= VOCL_REPLY_SLOTS / 2;
    pthread_mutex_unlock(&d->lock);
    return busy;
}

int hcl_defer(struct hcl_defer *d, hcl_defer_fn fn, void *arg)
{
    struct job *job = malloc(sizeof(*job));
    if (!job)
        return -ENOMEM;
    *job = (struct job){.fn = fn, .arg = arg};
    pthread_mutex_lock(&d->lock);
    int rc = d->queued >= HCL_DEFER_QUEUE_MAX ? -ENOSPC : 0;
    if (!rc && d->idle <= d->queued)
        rc = add_thread(d);
    if (!rc) {
        *d->last = job;
        d->last = &job->next;
        __atomic_add_fetch(&d->queued, 1, __ATOMIC_RELAXED);
        if (d->queued > d->most)
            d->most = d->queued;
        if (!d->looking || d->queued > 1)
            pthread_cond_signal(&d->more);
    }
    pthread_mutex_unlock(&d->lock);
    if (rc)
        free(job);
    return rc;
}

void hcl_defer_usage(struct hcl_defer *d, unsigned *threads, unsigned *most)
{
    pthread_mutex_lock(&d->lock);
    *threads = d->threads;
    *most = d->most;
    pthread_mutex_unlock(&d->lock);
}
