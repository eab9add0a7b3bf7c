// SPDX-License-Identifier: MIT
#include "objects.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    enum hcl_type type; /* 0: free */
    void *native;
    void *extra;
    void (*free_extra)(void *);
};

struct table {
    struct entry *at;
    uint32_t cap;
};

/* What the guest has released while it was pinned. */
struct doomed {
    struct doomed *next;
    struct entry entry;
};

struct hcl_objects {
    pthread_mutex_t lock;
    const cl_icd_dispatch *cl;
    uint32_t max;
    struct table guest; /* by the guest's number */
    struct table host;  /* by number without HCL_HOST_ID, from 0 */
    uint32_t num_host;
    uint32_t live[HCL_TYPE_LAST + 1]; /* by type */
    struct hcl_pins *pins;
    struct doomed *doomed;
};

struct hcl_objects *hcl_objects_create(const cl_icd_dispatch *cl, uint32_t max_objects)
{
    struct hcl_objects *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    pthread_mutex_init(&t->lock, NULL);
    t->cl = cl;
    t->max = max_objects;
    return t;
}

void hcl_objects_destroy(struct hcl_objects *t)
{
    if (!t)
        return;
    free(t->guest.at);
    free(t->host.at);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void hcl_native_retain(const cl_icd_dispatch *cl, enum hcl_type type, void *native)
{
    switch (type) {
    case HCL_PLATFORM:
    case HCL_COMMAND_BUFFER:
    case HCL_SEMAPHORE:
    case HCL_MUTABLE_COMMAND:
        return;
    case HCL_DEVICE:
        cl->clRetainDevice(native);
        return;
    case HCL_CONTEXT:
        cl->clRetainContext(native);
        return;
    case HCL_QUEUE:
        cl->clRetainCommandQueue(native);
        return;
    case HCL_MEM:
        cl->clRetainMemObject(native);
        return;
    case HCL_SAMPLER:
        cl->clRetainSampler(native);
        return;
    case HCL_PROGRAM:
        cl->clRetainProgram(native);
        return;
    case HCL_KERNEL:
        cl->clRetainKernel(native);
        return;
    case HCL_EVENT:
        cl->clRetainEvent(native);
        return;
    case HCL_SVM:
        return; /* counted by svm.c */
    }
}

void hcl_native_release(const cl_icd_dispatch *cl, enum hcl_type type, void *native)
{
    if (!native)
        return;
    switch (type) {
    case HCL_PLATFORM:
    case HCL_COMMAND_BUFFER:
    case HCL_SEMAPHORE:
    case HCL_MUTABLE_COMMAND:
        return;
    case HCL_DEVICE:
        cl->clReleaseDevice(native);
        return;
    case HCL_CONTEXT:
        cl->clReleaseContext(native);
        return;
    case HCL_QUEUE:
        cl->clReleaseCommandQueue(native);
        return;
    case HCL_MEM:
        cl->clReleaseMemObject(native);
        return;
    case HCL_SAMPLER:
        cl->clReleaseSampler(native);
        return;
    case HCL_PROGRAM:
        cl->clReleaseProgram(native);
        return;
    case HCL_KERNEL:
        cl->clReleaseKernel(native);
        return;
    case HCL_EVENT:
        cl->clReleaseEvent(native);
        return;
    case HCL_SVM:
        return; /* goes with what is entered beside it */
    }
}

static int reserve(struct table *t, uint32_t index)
{
    if (index < t->cap)
        return 0;
    uint32_t cap = t->cap ? t->cap : 64;
    while (cap <= index)
        cap *= 2;
    struct entry *at = realloc(t->at, cap * sizeof(*at));
    if (!at)
        return -ENOSPC;
    memset(at + t->cap, 0, (cap - t->cap) * sizeof(*at));
    t->at = at;
    t->cap = cap;
    return 0;
}

/* Under the lock. */
static void enter(struct hcl_objects *t, struct entry *at, struct entry e)
{
    *at = e;
    t->live[e.type]++;
}

int hcl_objects_add(struct hcl_objects *t, uint64_t id, enum hcl_type type, void *native,
                    void *extra, void (*free_extra)(void *))
{
    if (!id || id >= HCL_HOST_ID)
        return -EINVAL;
    /* The guest uses its numbers again, so the largest is how many there are. */
    if (id >= t->max)
        return -ENOSPC;
    pthread_mutex_lock(&t->lock);
    int rc = reserve(&t->guest, id);
    if (!rc && t->guest.at[id].type)
        rc = -EEXIST;
    if (!rc)
        enter(t, &t->guest.at[id], (struct entry){type, native, extra, free_extra});
    pthread_mutex_unlock(&t->lock);
    return rc;
}

/* Under the lock. */
static struct entry *find(struct hcl_objects *t, uint64_t id)
{
    bool host = id & HCL_HOST_ID;
    struct table *table = host ? &t->host : &t->guest;
    uint64_t index = host ? id - HCL_HOST_ID : id;
    return index < table->cap && table->at[index].type ? &table->at[index] : NULL;
}

static struct entry get_entry(struct hcl_objects *t, uint64_t id, enum hcl_type type)
{
    struct entry copy = {0};
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, id);
    if (e && e->type == type)
        copy = *e;
    pthread_mutex_unlock(&t->lock);
    return copy;
}

void *hcl_objects_get(struct hcl_objects *t, uint64_t id, enum hcl_type type)
{
    return get_entry(t, id, type).native;
}

void *hcl_objects_extra(struct hcl_objects *t, uint64_t id, enum hcl_type type)
{
    return get_entry(t, id, type).extra;
}

void *hcl_objects_extra_of(struct hcl_objects *t, uint64_t id, enum hcl_type type,
                           void (*free_extra)(void *))
{
    struct entry e = get_entry(t, id, type);
    return e.free_extra == free_extra ? e.extra : NULL;
}

uint64_t hcl_objects_next(struct hcl_objects *t, uint64_t id, enum hcl_type type)
{
    pthread_mutex_lock(&t->lock);
    do
        id++;
    while (id < t->guest.cap && t->guest.at[id].type != type);
    if (id >= t->guest.cap)
        id = 0;
    pthread_mutex_unlock(&t->lock);
    return id;
}

uint64_t hcl_objects_find(struct hcl_objects *t, enum hcl_type type, const void *native)
{
    uint64_t id = 0;
    pthread_mutex_lock(&t->lock);
    for (uint32_t i = 1; i < t->guest.cap && !id; i++)
        if (t->guest.at[i].native == native && t->guest.at[i].type == type)
            id = i;
    pthread_mutex_unlock(&t->lock);
    return id;
}

bool hcl_objects_retain(struct hcl_objects *t, uint64_t id, enum hcl_type type, void *native)
{
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, id);
    bool there = e && e->type == type && e->native == native;
    if (there)
        hcl_native_retain(t->cl, type, native); /* before a release could come between */
    pthread_mutex_unlock(&t->lock);
    return there;
}

static bool has(const struct hcl_pins *p, const void *native)
{
    bool found = p->one[0] == native || p->one[1] == native;
    for (size_t i = 0; i < p->count && !found; i++)
        found = p->list[i] == native;
    return found;
}

/* Under the lock. */
static bool is_pinned(const struct hcl_objects *t, const void *native)
{
    const struct hcl_pins *p = t->pins;
    while (p && !has(p, native))
        p = p->next;
    return p;
}

void hcl_objects_pin(struct hcl_objects *t, struct hcl_pins *p)
{
    pthread_mutex_lock(&t->lock);
    p->link = &t->pins;
    p->next = t->pins;
    if (p->next)
        p->next->link = &p->next;
    t->pins = p;
    pthread_mutex_unlock(&t->lock);
}

static void release_entry(struct hcl_objects *t, const struct entry *e)
{
    hcl_native_release(t->cl, e->type, e->native);
    if (e->free_extra)
        e->free_extra(e->extra);
}

/* Under the lock: take out of the doomed what nobody has pinned any more. */
static struct doomed *take_free(struct hcl_objects *t)
{
    struct doomed *taken = NULL;
    for (struct doomed **at = &t->doomed; *at;) {
        struct doomed *d = *at;
        if (is_pinned(t, d->entry.native)) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        d->next = taken;
        taken = d;
    }
    return taken;
}

void hcl_objects_unpin(struct hcl_objects *t, struct hcl_pins *p)
{
    pthread_mutex_lock(&t->lock);
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    struct doomed *d = take_free(t);
    pthread_mutex_unlock(&t->lock);
    while (d) {
        struct doomed *next = d->next;
        release_entry(t, &d->entry);
        free(d);
        d = next;
    }
}

/* Under the lock. Without memory the reference is kept for good: better than to pull
 * the object from under whoever uses it. */
static void doom(struct hcl_objects *t, const struct entry *e)
{
    struct doomed *d = malloc(sizeof(*d));
    if (!d)
        return;
    *d = (struct doomed){t->doomed, *e};
    t->doomed = d;
}

int hcl_objects_release(struct hcl_objects *t, uint64_t id)
{
    struct entry copy = {0};
    bool pinned = false;
    if (id & HCL_HOST_ID)
        return -ENOENT;
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, id);
    if (e) {
        copy = *e;
        *e = (struct entry){0};
        t->live[copy.type]--;
        pinned = is_pinned(t, copy.native);
    }
    if (pinned)
        doom(t, &copy);
    pthread_mutex_unlock(&t->lock);
    if (!e)
        return -ENOENT;
    if (!pinned)
        release_entry(t, &copy);
    return 0;
}

void hcl_objects_usage(struct hcl_objects *t, uint32_t live[HCL_TYPE_LAST + 1])
{
    pthread_mutex_lock(&t->lock);
    memcpy(live, t->live, sizeof(t->live));
    pthread_mutex_unlock(&t->lock);
}

uint32_t hcl_objects_host_id(struct hcl_objects *t, enum hcl_type type, void *native)
{
    uint32_t id = 0;
    pthread_mutex_lock(&t->lock);
    for (uint32_t i = 0; i < t->num_host && !id; i++)
        if (t->host.at[i].native == native && t->host.at[i].type == type)
            id = HCL_HOST_ID | i;
    if (!id && !reserve(&t->host, t->num_host)) {
        enter(t, &t->host.at[t->num_host], (struct entry){.type = type, .native = native});
        id = HCL_HOST_ID | t->num_host++;
    }
    pthread_mutex_unlock(&t->lock);
    return id;
}
