// SPDX-License-Identifier: MIT
#include "fake_helper.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-helper/regions.h"
#include "host-helper/server.h"
#include "host-helper/transport.h"
#include "proto/channel.h"

struct hcl_options fake_options = {
    .max_clients = 8,
    .max_regions = 16,
    .max_mapped = 64ull << 30,
};

/* ---- the worker ---- */

static void *control_thread(void *opaque)
{
    struct hcl_transport *t = opaque;
    struct pollfd p = {.fd = t->control_fd, .events = POLLIN};

    while (poll(&p, 1, -1) == 1 && t->ops->control(t) == 0)
        ;
    return NULL;
}

static uint64_t touch(struct hcl_transport *t, const struct fake_order *o)
{
    void *ptr;
    uint64_t sum = 0;
    struct hcl_region *r = hcl_region_get(t->regions, o->region, o->off, o->len, &ptr);

    if (!r)
        return FAKE_NO_REGION;
    if (o->op == FAKE_FILL)
        memset(ptr, (int)o->value, o->len);
    for (uint64_t i = 0; i < o->len; i++)
        sum += ((uint8_t *)ptr)[i];
    hcl_region_put(r);
    return sum;
}

/* The same for a region that is not mapped. */
static uint64_t copy(struct hcl_transport *t, const struct fake_order *o)
{
    struct hcl_region *r =
        hcl_region_get_listed(t->regions, o->region, o->off, o->len, o->value != 0);
    uint8_t *mem = malloc(o->len);
    uint64_t sum = 0;

    if (!r || !mem) {
        free(mem);
        return FAKE_NO_REGION;
    }
    memset(mem, (int)o->value, o->len);
    int rc = o->value ? hcl_region_copy(r, o->off, mem, o->len, true) : 0;
    if (rc == 0)
        rc = hcl_region_copy(r, o->off, mem, o->len, false);
    for (uint64_t i = 0; i < o->len; i++)
        sum += mem[i];
    hcl_region_put(r);
    free(mem);
    return rc == 0 ? sum : FAKE_NO_REGION;
}

/* Guest RAM is in memfds of that name (fake_vm.c). */
static uint64_t count_ram_maps(void)
{
    char line[512];
    uint64_t n = 0;
    FILE *f = fopen("/proc/self/maps", "r");

    while (f && fgets(line, sizeof(line), f))
        n += strstr(line, "guest-ram") != NULL;
    if (f)
        fclose(f);
    return n;
}

static void obey(struct hcl_transport *t, struct fake_order *o)
{
    static struct hcl_region *held;
    void *ptr;

    switch (o->op) {
    case FAKE_SUM:
    case FAKE_FILL:
        o->result = touch(t, o);
        break;
    case FAKE_COPY:
        o->result = copy(t, o);
        break;
    case FAKE_HOLD:
        held = hcl_region_get(t->regions, o->region, o->off, o->len, &ptr);
        o->result = held ? 0 : FAKE_NO_REGION;
        break;
    case FAKE_RELEASE:
        hcl_region_put(held);
        break;
    case FAKE_WAKE:
        for (uint64_t i = 0; i < o->value; i++)
            t->ops->wake(t, &o->op);
        break;
    case FAKE_RAM_MAPS:
        o->result = count_ram_maps();
        break;
    case FAKE_CRASH:
        kill(getpid(), SIGKILL);
        break;
    case FAKE_EXIT:
        _exit(1);
    case FAKE_DEAF:
        __atomic_store_n(&o->op, FAKE_NOTHING, __ATOMIC_RELEASE);
        for (;;)
            pause();
    }
    __atomic_store_n(&o->op, FAKE_NOTHING, __ATOMIC_RELEASE);
}

int hcl_worker_main(const struct hcl_options *opt, const struct hcl_client_id *id,
                    struct hcl_transport *t)
{
    struct fake_order *o = (struct fake_order *)vocl_channel_reply(t->channel, 0)->data;
    pthread_t control;

    if (strcmp(t->ops->name, "virtio") != 0 || !strstr(id->name, "pid 4711 fake?program"))
        return 1;
    if (pthread_create(&control, NULL, control_thread, t) != 0)
        return 1;
    while (t->ops->wait(t, -1) == 0) {
        if (__atomic_load_n(&o->op, __ATOMIC_ACQUIRE) != FAKE_NOTHING)
            obey(t, o);
    }
    pthread_join(control, NULL);
    t->ops->destroy(t);
    return 0;
}

/* ---- the server ---- */

__attribute__((noreturn)) static void serve(const char *path)
{
    /* CMocka's handlers would go on with the next test in a worker. */
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        signal(fatal[i], SIG_DFL);
    struct hcl_server *s = hcl_server_create(&fake_options);

    if (!s || hcl_vhost_user_start(s, path) < 0)
        _exit(3);
    int rc = hcl_server_run(s);
    hcl_server_destroy(s);
    exit(rc ? 4 : 0); /* with the leak sanitizer's opinion */
}

int fake_helper_start(struct fake_helper *h)
{
    strcpy(h->dir, "/tmp/vocl-test-XXXXXX");
    if (!mkdtemp(h->dir))
        return -1;
    snprintf(h->path, sizeof(h->path), "%s/vm.sock", h->dir);
    fflush(NULL);
    h->pid = fork();
    if (h->pid == 0)
        serve(h->path);
    for (int i = 0; i < 500 && access(h->path, F_OK) < 0; i++)
        usleep(10000);
    return 0;
}

int fake_helper_stop(struct fake_helper *h)
{
    int status = 0;

    kill(h->pid, SIGTERM);
    waitpid(h->pid, &status, 0);
    unlink(h->path);
    rmdir(h->dir);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}
