// SPDX-License-Identifier: MIT
#include "callback.h"

#include <pthread.h>
#include <stdlib.h>

#include "frame.h"
#include "message.h"

enum kind { EVENT, PROGRAM, DESTRUCTOR, CONTEXT, INTERNAL };

struct record {
    struct record *next;
    uint64_t cookie;
    enum kind kind;
    void *handle;
    struct gcl_object *held;
    void *user_data;
    union {
        void(CL_CALLBACK *event)(cl_event, cl_int, void *);
        void(CL_CALLBACK *program)(cl_program, void *);
        void(CL_CALLBACK *destructor)(void *, void *);
        void(CL_CALLBACK *context)(const char *, const void *, size_t, void *);
        void (*internal)(void *);
    } fn;
};

/* A few hundred callbacks are under way at the most in programs that use them. */
#define BUCKETS 256

static struct {
    pthread_mutex_t lock;
    uint64_t next;
    struct record *bucket[BUCKETS];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER, .next = 1};

static uint64_t add(struct record init, struct gcl_object *held)
{
    if (gcl_messages_start())
        return 0;
    struct record *r = malloc(sizeof(*r));
    if (!r)
        return 0;
    *r = init;
    r->held = gcl_get(held);
    pthread_mutex_lock(&table.lock);
    r->cookie = table.next++;
    r->next = table.bucket[r->cookie % BUCKETS];
    table.bucket[r->cookie % BUCKETS] = r;
    uint64_t cookie = r->cookie;
    pthread_mutex_unlock(&table.lock);
    return cookie;
}

/* Unlink the record of a cookie; NULL if there is none of that sort. */
static struct record *take(uint64_t cookie)
{
    pthread_mutex_lock(&table.lock);
    struct record **at = &table.bucket[cookie % BUCKETS];
    while (*at && (*at)->cookie != cookie)
        at = &(*at)->next;
    struct record *r = *at;
    if (r)
        *at = r->next;
    pthread_mutex_unlock(&table.lock);
    return r;
}

static void record_free(struct record *r)
{
    gcl_put(r->held);
    free(r);
}

uint64_t gcl_callback_event(cl_event event, void(CL_CALLBACK *fn)(cl_event, cl_int, void *),
                            void *user_data)
{
    return add((struct record){.kind = EVENT, .handle = event, .user_data = user_data,
                               .fn.event = fn}, &event->base);
}

uint64_t gcl_callback_program(cl_program program, void(CL_CALLBACK *fn)(cl_program, void *),
                              void *user_data)
{
    return add((struct record){.kind = PROGRAM, .handle = program, .user_data = user_data,
                               .fn.program = fn}, &program->base);
}

uint64_t gcl_callback_done(struct gcl_object *held, void (*fn)(void *arg), void *arg)
{
    return add((struct record){.kind = INTERNAL, .user_data = arg, .fn.internal = fn}, held);
}

static uint64_t add_destructor(void *handle, void *fn, void *user_data)
{
    struct record r = {.kind = DESTRUCTOR, .handle = handle, .user_data = user_data};
    *(void **)&r.fn.destructor = fn;
    return add(r, NULL);
}

cl_int gcl_callback_set_destructor(struct gcl_object *o, uint16_t op, void *fn, void *user_data)
{
    struct gcl_frame f;
    if (!fn)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    uint64_t cookie = add_destructor(o, fn, user_data);
    vocl_put_u64(f.w, o->id);
    vocl_put_u64(f.w, cookie);
    err = cookie ? gcl_frame_status(&f, op) : CL_OUT_OF_HOST_MEMORY;
    if (err)
        gcl_callback_drop(cookie);
    else
        o->watched = true;
    return gcl_frame_end(&f, err, NULL);
}

uint64_t gcl_callback_context(void(CL_CALLBACK *fn)(const char *, const void *, size_t, void *),
                              void *user_data)
{
    return add((struct record){.kind = CONTEXT, .user_data = user_data, .fn.context = fn}, NULL);
}

bool gcl_callback_drop(uint64_t cookie)
{
    struct record *r = cookie ? take(cookie) : NULL;
    if (r)
        record_free(r);
    return r != NULL;
}

bool gcl_callback_is_destructor(uint64_t cookie, const void *handle)
{
    bool found = false;
    pthread_mutex_lock(&table.lock);
    for (struct record *r = table.bucket[cookie % BUCKETS]; r && !found; r = r->next)
        found = r->cookie == cookie && r->kind == DESTRUCTOR && r->handle == handle;
    pthread_mutex_unlock(&table.lock);
    return found;
}

void gcl_callback_run(uint64_t cookie, cl_int status)
{
    struct record *r = take(cookie);
    if (!r)
        return;
    if (r->kind == EVENT)
        r->fn.event(r->handle, status, r->user_data);
    else if (r->kind == PROGRAM)
        r->fn.program(r->handle, r->user_data);
    else if (r->kind == DESTRUCTOR)
        r->fn.destructor(r->handle, r->user_data);
    else if (r->kind == INTERNAL)
        r->fn.internal(r->user_data);
    record_free(r);
}

void gcl_callback_run_context(uint64_t cookie, const char *errinfo, struct vocl_bytes info)
{
    void(CL_CALLBACK *fn)(const char *, const void *, size_t, void *) = NULL;
    void *user_data = NULL;
    pthread_mutex_lock(&table.lock);
    for (struct record *r = table.bucket[cookie % BUCKETS]; r; r = r->next) {
        if (r->cookie == cookie && r->kind == CONTEXT) {
            fn = r->fn.context;
            user_data = r->user_data;
        }
    }
    pthread_mutex_unlock(&table.lock);
    if (fn)
        fn(errinfo, info.data, info.len, user_data);
}
