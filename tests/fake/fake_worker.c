// SPDX-License-Identifier: MIT
#include "fake_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "complete.h"
#include "crew.h"
#include "decoder.h"
#include "defer.h"
#include "extension.h"
#include "fake_native.h"
#include "event.h"
#include "in_place.h"
#include "log.h"
#include "message.h"
#include "regions.h"

/* ---- in place of log.c, defer.c and crew.c ---- */

unsigned fake_log_lines;

void hcl_log(const char *fmt, ...)
{
    (void)fmt;
    fake_log_lines++;
}

void hcl_log_debug(const char *fmt, ...)
{
    (void)fmt;
}

void hcl_log_client(const char *name)
{
    (void)name;
}

void hcl_log_verbose(int on)
{
    (void)on;
}

struct hcl_defer *hcl_defer_create(void)
{
    return NULL;
}

bool hcl_defer_is_busy(struct hcl_defer *d)
{
    (void)d;
    return false;
}

void hcl_defer_usage(struct hcl_defer *d, unsigned *threads, unsigned *most)
{
    (void)d;
    *threads = *most = 0;
}

static int nothing_to_do(struct hcl_transport *t, int timeout_ms)
{
    (void)t, (void)timeout_ms;
    return -1;
}

static void interrupt(struct hcl_transport *t)
{
    (void)t;
}

const uint32_t *fake_woken;

static void wake(struct hcl_transport *t, uint32_t *word)
{
    (void)t;
    fake_woken = word;
}

const struct hcl_transport_ops fake_quiet_ops = {
    .name = "test", .wait = nothing_to_do, .interrupt = interrupt, .wake = wake};

bool fake_defer_held;
static struct {
    hcl_defer_fn fn;
    void *arg;
} held;

int hcl_defer(struct hcl_defer *d, hcl_defer_fn fn, void *arg)
{
    (void)d;
    if (fake_defer_held && held.fn)
        return -ENOSPC;
    held.fn = fn;
    held.arg = arg;
    if (!fake_defer_held)
        fake_defer_run();
    return 0;
}

bool fake_defer_run(void)
{
    hcl_defer_fn fn = held.fn;
    held.fn = NULL;
    if (fn)
        fn(held.arg);
    return fn;
}

bool (*fake_crew_blocks)(void);
bool (*fake_crew_takes_back)(void);

struct hcl_crew *hcl_crew_create(struct hcl_worker *w)
{
    (void)w;
    return NULL;
}

int hcl_crew_run(struct hcl_crew *c)
{
    (void)c;
    return 0;
}

bool hcl_crew_hand_over(struct hcl_crew *c)
{
    (void)c;
    return !fake_crew_blocks || fake_crew_blocks();
}

bool hcl_crew_take_back(struct hcl_crew *c)
{
    (void)c;
    return !fake_crew_takes_back || fake_crew_takes_back();
}

/* ---- the worker ---- */

_Alignas(4096) uint8_t fake_channel[VOCL_CHANNEL_SIZE];

static struct hcl_regions *make_regions(uint32_t region, size_t size)
{
    struct hcl_regions *rs = hcl_regions_create(8, 1 << 20);
    void *base;
    if (!rs || hcl_region_reserve(rs, region, size, &base) ||
        mmap(base, size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, -1, 0) !=
            base ||
        hcl_region_publish(rs, region))
        abort();
    return rs;
}

void fake_worker_begin(struct fake_worker *f, const struct hcl_transport_ops *ops,
                       const struct hcl_options *opt, uint32_t region, size_t size)
{
    struct hcl_worker *w = &f->worker;
    memset(fake_channel, 0, VOCL_HEADER_SIZE);
    vocl_channel_init(fake_channel, 1);
    *f = (struct fake_worker){.base = {.ops = ops, .channel = fake_channel, .control_fd = -1},
                              .region = region};
    f->base.regions = make_regions(region, size);
    w->opt = opt;
    w->t = &f->base;
    w->header = vocl_channel_header(fake_channel);
    fake_native_init(&w->cl);
    w->objects = hcl_objects_create(&w->cl, opt->max_objects);
    w->in_place = hcl_in_place_create();
    vocl_ring_init_cmd(&f->cmd, fake_channel);
    vocl_ring_init_cmd(&w->cmd, fake_channel);
    pthread_mutex_init(&w->rest_lock, NULL);
    hcl_complete_init(w);
    hcl_events_init(w);
    pthread_mutex_init(&w->print_lock, NULL);
    pthread_mutex_init(&w->addresses_lock, NULL);
    vocl_spin_init(&w->spin);
    hcl_messages_init(w);
    w->print_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    fake_log_lines = 0;
}

void fake_worker_decode(struct fake_worker *f, unsigned waits)
{
    struct hcl_worker *w = &f->worker;
    struct hcl_decoder *d = hcl_decoder_create(w);
    if (!d)
        abort();
    do
        hcl_decoder_lead(d);
    while (!w->stop && waits-- && !w->t->ops->wait(w->t, -1));
    hcl_decoder_destroy(d);
}

static void region_gone(void *gone, uint32_t id)
{
    (void)id;
    *(bool *)gone = true;
}

bool fake_worker_unmap(struct fake_worker *f)
{
    if (!f->unmapped)
        hcl_region_unmap(f->base.regions, f->region, region_gone, &f->gone);
    f->unmapped = true;
    return f->gone;
}

void fake_worker_end(struct fake_worker *f)
{
    struct hcl_worker *w = &f->worker;
    fake_native_settle();
    for (int type = HCL_DEVICE; type <= HCL_TYPE_LAST; type++)
        for (uint64_t id = 0; (id = hcl_objects_next(w->objects, id, type));)
            hcl_objects_release(w->objects, id);
    fake_native_finish();
    if (!fake_worker_unmap(f))
        abort();
    hcl_regions_destroy(f->base.regions);
    hcl_objects_destroy(w->objects);
    hcl_in_place_destroy(w->in_place);
    hcl_ext_finish(w);
    for (int i = 0; i < (int)VOCL_REPLY_SLOTS; i++)
        free(w->rest[i].data);
    while (w->msg_first) {
        void *next = *(void **)w->msg_first;
        free(w->msg_first);
        w->msg_first = next;
    }
    free(w->parts.data);
    close(w->print_fd);
}

/* A context's notification may come for as long as the process lives. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:make_cookie\n";
}
