// SPDX-License-Identifier: MIT
#include "fake_native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_callback {
    struct fake_callback *next;
    void *fn;
    void *user_data;
};

struct command {
    struct command *next;
    struct fake *event, *mem;
    struct fake_rows rows;
    bool out;
    cl_uint num_waits;
    struct fake *waits[];
};

static struct fake *objects;
static struct command *pending;
static struct fake *platform, *device;

__attribute__((noreturn)) static void broken(const char *what)
{
    fprintf(stderr, "fake native runtime: %s\n", what);
    abort();
}

struct fake *fake_create(enum hcl_type type)
{
    struct fake *f = calloc(1, sizeof(*f));
    if (!f)
        broken("no memory");
    *f = (struct fake){.dispatch = &objects, .next = objects, .type = type, .refs = 1};
    objects = f;
    return f;
}

/* Not a walk through the list of all objects: a wild handle is a crash here as
 * it is in a real runtime. */
struct fake *fake_of(const void *handle, enum hcl_type type)
{
    struct fake *f = (struct fake *)handle;
    if (!f)
        broken("a NULL handle");
    if (f->type != type)
        broken("a handle of another type");
    if (f->refs <= 0)
        broken("a handle that was released");
    return f;
}

void fake_retain(struct fake *f)
{
    f->refs++;
}

/* The last one registered is the first to be called (OpenCL 3.0 §5.5.3). */
static void call_destructors(struct fake *f)
{
    while (f->callbacks) {
        struct fake_callback *c = f->callbacks;
        f->callbacks = c->next;
        ((void(CL_CALLBACK *)(void *, void *))c->fn)(f, c->user_data);
        free(c);
    }
}

void fake_release(struct fake *f)
{
    if (f == platform || f == device || --f->refs)
        return;
    if (f->type == HCL_MEM && f->data) {
        fake_read(f->data, f->size); /* it must last as long as the buffer */
        if (!f->parent && !(f->flags & CL_MEM_USE_HOST_PTR))
            free(f->data);
        f->data = NULL;
    }
    if (f->type != HCL_EVENT)
        call_destructors(f);
    if (f->parent)
        fake_release(f->parent);
}

struct fake *fake_platform(void)
{
    return platform;
}

struct fake *fake_device(void)
{
    return device;
}

static void call_event(struct fake *event, struct fake_callback *c)
{
    ((void(CL_CALLBACK *)(void *, cl_int, void *))c->fn)(event, event->status, c->user_data);
    free(c);
}

void fake_on_end(struct fake *f, void *fn, void *user_data)
{
    struct fake_callback *c = malloc(sizeof(*c));
    if (!c)
        broken("no memory");
    *c = (struct fake_callback){f->callbacks, fn, user_data};
    if (f->type == HCL_EVENT && f->status <= 0)
        call_event(f, c);
    else
        f->callbacks = c;
}

size_t fake_largest_addressed(void)
{
    size_t most = 0;
    for (struct fake *f = objects; f; f = f->next)
        if (f->refs > 0 && f->has_address && f->size > most)
            most = f->size;
    return most;
}

void fake_read(const void *p, size_t n)
{
    const volatile uint8_t *at = p;
    for (size_t i = 0; i < n; i++)
        (void)at[i];
}

void fake_write(void *p, size_t n)
{
    memset(p, 0x5a, n);
}

static bool is_ready(const struct command *c)
{
    for (cl_uint i = 0; i < c->num_waits; i++)
        if (c->waits[i]->status > 0)
            return false;
    return true;
}

static void touch(const struct fake_rows *r, bool out)
{
    for (size_t z = 0; r->ptr && z < r->slices; z++) {
        for (size_t y = 0; y < r->rows; y++) {
            uint8_t *at = r->ptr + z * r->slice_pitch + y * r->row_pitch;
            if (out)
                fake_write(at, r->row);
            else
                fake_read(at, r->row);
        }
    }
}

static void complete(struct fake *event, cl_int status)
{
    event->status = status;
    while (event->callbacks) {
        struct fake_callback *c = event->callbacks;
        event->callbacks = c->next;
        call_event(event, c);
    }
}

static void run(struct command *c)
{
    touch(&c->rows, c->out);
    for (cl_uint i = 0; i < c->num_waits; i++)
        fake_release(c->waits[i]);
    if (c->mem)
        fake_release(c->mem);
    complete(c->event, CL_COMPLETE);
    fake_release(c->event);
    free(c);
}

static void run_ready(void)
{
    for (struct command **at = &pending; *at;) {
        struct command *c = *at;
        if (!is_ready(c)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        run(c);
        at = &pending; /* it may have made others ready */
    }
}

cl_int fake_enqueue(const void *queue, const void *mem, struct fake_rows rows, bool out, cl_uint n,
                    const cl_event *list, cl_event *event)
{
    fake_of(queue, HCL_QUEUE);
    if (!n != !list)
        return CL_INVALID_EVENT_WAIT_LIST;
    struct command *c = calloc(1, sizeof(*c) + n * sizeof(c->waits[0]));
    if (!c)
        return CL_OUT_OF_HOST_MEMORY;
    *c =
        (struct command){.event = fake_create(HCL_EVENT), .rows = rows, .out = out, .num_waits = n};
    c->event->status = CL_QUEUED;
    for (cl_uint i = 0; i < n; i++) {
        c->waits[i] = fake_of(list[i], HCL_EVENT);
        fake_retain(c->waits[i]);
    }
    if (mem) {
        c->mem = fake_of(mem, HCL_MEM);
        fake_retain(c->mem);
    }
    if (event) {
        *event = (cl_event)c->event;
        fake_retain(c->event);
    }
    c->next = pending;
    pending = c;
    run_ready();
    return CL_SUCCESS;
}

void fake_set_status(struct fake *event, cl_int status)
{
    complete(event, status);
    run_ready();
}

void fake_native_init(cl_icd_dispatch *cl)
{
    memset(cl, 0, sizeof(*cl));
    fake_native_fill(cl);
    platform = fake_create(HCL_PLATFORM);
    device = fake_create(HCL_DEVICE);
}

/* User events: what waits for them completes with them. */
void fake_native_settle(void)
{
    for (struct fake *f = objects; f; f = f->next)
        if (f->type == HCL_EVENT && f->is_user && f->status > 0)
            complete(f, CL_COMPLETE);
    run_ready();
}

void fake_native_finish(void)
{
    fake_native_settle();
    /* Buffers whose memory is a region's give it back. */
    for (struct fake *f = objects; f; f = f->next) {
        if (f->type == HCL_MEM && f->refs > 0 && !f->parent) {
            f->refs = 1;
            fake_release(f);
        }
    }
    while (objects) {
        struct fake *f = objects;
        objects = f->next;
        while (f->callbacks) {
            struct fake_callback *c = f->callbacks;
            f->callbacks = c->next;
            free(c);
        }
        free(f);
    }
    platform = device = NULL;
}
