// SPDX-License-Identifier: MIT
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

struct hcl_watch {
    LIST_ENTRY(hcl_watch) link;
    int fd;
    short events;
    bool dead; /* removed while callbacks run: freed after them */
    hcl_watch_fn fn;
    void *opaque;
};

struct hcl_child {
    LIST_ENTRY(hcl_child) link;
    pid_t pid;
    hcl_child_fn fn;
    void *opaque;
};

struct stopper {
    LIST_ENTRY(stopper) link;
    hcl_stop_fn fn;
    void *opaque;
};

struct hcl_server {
    const struct hcl_options *opt;
    struct hcl_roster roster;
    int signal_fd;
    sigset_t old_mask;
    LIST_HEAD(, hcl_watch) watches;
    LIST_HEAD(, hcl_child) children;
    LIST_HEAD(, stopper) stoppers;
    bool dispatching;
    bool stopping;
    int64_t stop_deadline; /* ms, monotonic */
    /* What poll() is given, and which watch each entry is. */
    struct pollfd *polled;
    struct hcl_watch **polled_watch;
    size_t polled_cap;
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const struct hcl_options *hcl_server_options(const struct hcl_server *s)
{
    return s->opt;
}

struct hcl_roster *hcl_server_roster(struct hcl_server *s)
{
    return &s->roster;
}

struct hcl_watch *hcl_server_watch(struct hcl_server *s, int fd, short events, hcl_watch_fn fn,
                                   void *opaque)
{
    struct hcl_watch *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    *w = (struct hcl_watch){.fd = fd, .events = events, .fn = fn, .opaque = opaque};
    LIST_INSERT_HEAD(&s->watches, w, link);
    return w;
}

static void watch_free(struct hcl_watch *w)
{
    LIST_REMOVE(w, link);
    free(w);
}

void hcl_server_unwatch(struct hcl_server *s, struct hcl_watch *w)
{
    if (!w)
        return;
    if (s->dispatching)
        w->dead = true;
    else
        watch_free(w);
}

static void free_dead_watches(struct hcl_server *s)
{
    struct hcl_watch *next;

    for (struct hcl_watch *w = LIST_FIRST(&s->watches); w; w = next) {
        next = LIST_NEXT(w, link);
        if (w->dead)
            watch_free(w);
    }
}

int hcl_server_on_stop(struct hcl_server *s, hcl_stop_fn fn, void *opaque)
{
    struct stopper *st = calloc(1, sizeof(*st));
    if (!st)
        return -ENOMEM;
    st->fn = fn;
    st->opaque = opaque;
    LIST_INSERT_HEAD(&s->stoppers, st, link);
    return 0;
}

static int compare_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Close everything but 0, 1, 2 and keep[]: whatever another client's part of
 * the server has open is none of this child's business. */
static void close_others(const int *keep, int nkeep)
{
    int sorted[HCL_FORK_MAX_KEEP];
    int from = STDERR_FILENO + 1;

    if (nkeep > 0)
        memcpy(sorted, keep, nkeep * sizeof(int));
    qsort(sorted, nkeep, sizeof(int), compare_int);
    for (int i = 0; i < nkeep; i++) {
        if (sorted[i] < from)
            continue;
        if (sorted[i] > from)
            close_range(from, sorted[i] - 1, 0);
        from = sorted[i] + 1;
    }
    close_range(from, ~0u, 0);
}

static void child_setup(struct hcl_server *s, pid_t parent, const int *keep, int nkeep)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the server died before the line above */
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    /* A terminal's ^C reaches the whole group; it is the server that stops us. */
    signal(SIGINT, SIG_IGN);
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    close_others(keep, nkeep);
}

pid_t hcl_server_fork(struct hcl_server *s, const int *keep, int nkeep, hcl_child_fn fn,
                      void *opaque)
{
    pid_t parent = getpid();

    if (nkeep < 0 || nkeep > HCL_FORK_MAX_KEEP)
        return -EINVAL;
    struct hcl_child *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    pid_t pid = fork();
    if (pid < 0) {
        int err = -errno;
        free(c);
        return err;
    }
    if (pid == 0) {
        child_setup(s, parent, keep, nkeep);
        return 0;
    }
    *c = (struct hcl_child){.pid = pid, .fn = fn, .opaque = opaque};
    LIST_INSERT_HEAD(&s->children, c, link);
    return pid;
}

static void reap_children(struct hcl_server *s)
{
    struct hcl_child *c;
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        LIST_FOREACH(c, &s->children, link)
        {
            if (c->pid == pid)
                break;
        }
        if (!c)
            continue;
        LIST_REMOVE(c, link);
        c->fn(c->opaque, pid, status);
        free(c);
    }
}

/* Tell whoever started us (systemd) how we are. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un sa = {.sun_family = AF_UNIX};

    if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(sa.sun_path))
        return;
    memcpy(sa.sun_path, path, strlen(path));
    if (sa.sun_path[0] == '@') /* an abstract socket, as systemd writes it */
        sa.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa,
           offsetof(struct sockaddr_un, sun_path) + strlen(path));
    close(fd);
}

static void kill_children(struct hcl_server *s)
{
    struct hcl_child *c;
    LIST_FOREACH(c, &s->children, link)
    {
        kill(c->pid, SIGKILL);
    }
}

void hcl_server_stop(struct hcl_server *s)
{
    struct stopper *st;

    if (s->stopping)
        return;
    s->stopping = true;
    s->stop_deadline = now_ms() + HCL_STOP_GRACE_MS;
    while ((st = LIST_FIRST(&s->stoppers))) {
        LIST_REMOVE(st, link);
        st->fn(st->opaque);
        free(st);
    }
}

/* The second signal of an impatient user ends the grace. */
static void on_stop_signal(struct hcl_server *s)
{
    if (s->stopping) {
        s->stop_deadline = now_ms();
        return;
    }
    notify("STOPPING=1");
    hcl_log("stopping");
    hcl_server_stop(s);
}

static void on_signal(void *opaque, int fd, short revents)
{
    struct hcl_server *s = opaque;
    struct signalfd_siginfo si;

    (void)revents;
    while (read(fd, &si, sizeof(si)) == sizeof(si)) {
        if (si.ssi_signo == SIGCHLD)
            reap_children(s);
        else
            on_stop_signal(s);
    }
}

struct hcl_server *hcl_server_create(const struct hcl_options *opt)
{
    sigset_t mask;
    struct hcl_server *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->opt = opt;
    hcl_roster_init(&s->roster);
    LIST_INIT(&s->watches);
    LIST_INIT(&s->children);
    LIST_INIT(&s->stoppers);

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, &s->old_mask);
    s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->signal_fd < 0)
        goto fail_mask;
    if (!hcl_server_watch(s, s->signal_fd, POLLIN, on_signal, s))
        goto fail_fd;
    return s;

fail_fd:
    close(s->signal_fd);
fail_mask:
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    free(s);
    return NULL;
}

void hcl_server_destroy(struct hcl_server *s)
{
    if (!s)
        return;
    while (!LIST_EMPTY(&s->watches))
        watch_free(LIST_FIRST(&s->watches));
    while (!LIST_EMPTY(&s->children)) {
        struct hcl_child *c = LIST_FIRST(&s->children);
        LIST_REMOVE(c, link);
        free(c);
    }
    while (!LIST_EMPTY(&s->stoppers)) {
        struct stopper *st = LIST_FIRST(&s->stoppers);
        LIST_REMOVE(st, link);
        free(st);
    }
    close(s->signal_fd);
    sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    free(s->polled);
    free(s->polled_watch);
    free(s);
}

static int polled_reserve(struct hcl_server *s, size_t n)
{
    if (n <= s->polled_cap)
        return 0;
    struct pollfd *polled = realloc(s->polled, n * sizeof(*polled));
    if (!polled)
        return -ENOMEM;
    s->polled = polled;
    struct hcl_watch **watch = realloc(s->polled_watch, n * sizeof(struct hcl_watch *));
    if (!watch)
        return -ENOMEM;
    s->polled_watch = watch;
    s->polled_cap = n;
    return 0;
}

/* Returns the number of entries, or -errno. */
static int fill_polled(struct hcl_server *s)
{
    struct hcl_watch *w;
    size_t n = 0;

    LIST_FOREACH(w, &s->watches, link)
    n++;
    int err = polled_reserve(s, n);
    if (err)
        return err;
    n = 0;
    LIST_FOREACH(w, &s->watches, link)
    {
        s->polled[n] = (struct pollfd){.fd = w->fd, .events = w->events};
        s->polled_watch[n++] = w;
    }
    return n;
}

/* One turn of the loop. Watches added by a callback are polled in the next. */
static int turn(struct hcl_server *s, int timeout_ms)
{
    int n = fill_polled(s);
    if (n < 0)
        return n;
    if (poll(s->polled, n, timeout_ms) < 0)
        return errno == EINTR ? 0 : -errno;

    s->dispatching = true;
    for (int i = 0; i < n; i++) {
        struct hcl_watch *w = s->polled_watch[i];
        if (s->polled[i].revents && !w->dead)
            w->fn(w->opaque, s->polled[i].fd, s->polled[i].revents);
    }
    s->dispatching = false;
    free_dead_watches(s);
    return 0;
}

static void wait_for_killed(struct hcl_server *s)
{
    /* SIGKILL can be late for a process in the kernel, but not for ever. */
    for (int i = 0; i < 100 && !LIST_EMPTY(&s->children); i++) {
        struct timespec ts = {.tv_nsec = 10000000};
        nanosleep(&ts, NULL);
        reap_children(s);
    }
}

int hcl_server_run(struct hcl_server *s)
{
    int err = 0;

    hcl_log("ready");
    notify("READY=1");
    while (!err && !s->stopping)
        err = turn(s, -1);
    while (!err && !LIST_EMPTY(&s->children)) {
        int64_t left = s->stop_deadline - now_ms();
        if (left <= 0)
            break;
        err = turn(s, left);
    }
    if (err)
        hcl_log("event loop: %s", strerror(-err));
    kill_children(s);
    wait_for_killed(s);
    return err;
}
