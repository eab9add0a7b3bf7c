// SPDX-License-Identifier: MIT
#include "defer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "channel.h"

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
    unsigned queued;
    unsigned threads;
    unsigned idle;
};

struct hcl_defer *hcl_defer_create(void)
{
    struct hcl_defer *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->more, NULL);
    d->last = &d->first;
    return d;
}

static struct job *next_job(struct hcl_defer *d)
{
    pthread_mutex_lock(&d->lock);
    d->idle++;
    while (!d->first)
        pthread_cond_wait(&d->more, &d->lock);
    d->idle--;
    struct job *job = d->first;
    d->first = job->next;
    if (!d->first)
        d->last = &d->first;
    d->queued--;
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
        d->queued++;
        pthread_cond_signal(&d->more);
    }
    pthread_mutex_unlock(&d->lock);
    if (rc)
        free(job);
    return rc;
}
