/* SPDX-License-Identifier: MIT */
/*
 * What takes processes of its own: the first calls of a program, the memory that
 * one needs, and several programs at a time. Each is this program again, and is
 * told what to do in the same way.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../stats.h"
#include "probe.h"

#define OPENINGS 3
#define MAX_CLIENTS 16
#define MAX_ARGUMENTS 16
/* Launches between two looks at the clock. */
#define CHUNK 256

struct child {
    pid_t pid;
    FILE *to, *from;
};

static noreturn void become(struct probe *p, int in, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0)
        execv("/proc/self/exe", p->argv);
    _exit(127);
}

static struct child child_start(struct probe *p)
{
    struct child c = {0};
    int to[2], from[2];

    fflush(stdout);
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        fail(p, "no pipes for another process");
    c.pid = fork();
    if (c.pid < 0)
        fail(p, "cannot fork");
    if (!c.pid)
        become(p, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    c.to = fdopen(to[1], "w");
    c.from = fdopen(from[0], "r");
    if (!c.to || !c.from)
        fail(p, "out of memory");
    return c;
}

static void child_tell(const struct child *c, const char *command)
{
    fprintf(c->to, "%s\n", command);
    fflush(c->to);
}

/* The values of one answer, at most max of them; how many there were. */
static size_t child_hear(const struct probe *p, const struct child *c, double *v, size_t max)
{
    char line[512];
    size_t n = 0;

    while (fgets(line, sizeof(line), c->from)) {
        if (!strcmp(line, "done\n"))
            return n;
        if (!strncmp(line, "fail ", 5))
            fail(p, "in another process: %.*s", (int)strcspn(line + 5, "\n"), line + 5);
        if (!strncmp(line, "info ", 5) && p->relays)
            fputs(line, stdout);
        if (n < max && sscanf(line, "value %*s %lf", &v[n]) == 1)
            n++;
    }
    fail(p, "another process has died");
}

static double child_value(const struct probe *p, const struct child *c)
{
    double v;

    if (child_hear(p, c, &v, 1) != 1)
        fail(p, "another process measured nothing");
    return v;
}

static void child_stop(struct child *c)
{
    fclose(c->to);
    fclose(c->from);
    waitpid(c->pid, NULL, 0);
}

/* ---- the device ---- */

void identify(struct probe *p)
{
    struct child c = child_start(p);

    child_tell(&c, "device");
    p->relays = true;
    child_hear(p, &c, NULL, 0);
    p->relays = false;
    child_stop(&c);
}

/* ---- the first calls ---- */

void open_timed(struct probe *p)
{
    double start = now();
    cl_uint n = 0;
    cl_int e;

    clGetPlatformIDs(0, NULL, &n);
    value("platform", (now() - start) * 1e3, "ms", "less");
    device_find(p);
    p->context = clCreateContext(NULL, 1, &p->device, NULL, NULL, &e);
    must(p, e, "clCreateContext");
    p->queue = clCreateCommandQueue(p->context, p->device, 0, &e);
    must(p, e, "clCreateCommandQueue");
    value("queue", (now() - start) * 1e3, "ms", "less");
}

void measure_open(struct probe *p, const struct measurement *m)
{
    double platform[OPENINGS], queue[OPENINGS], v[2];

    for (int i = 0; i < OPENINGS; i++) {
        struct child c = child_start(p);

        child_tell(&c, "open");
        if (child_hear(p, &c, v, 2) != 2)
            fail(p, "another process did not say how long its first calls took");
        child_stop(&c);
        platform[i] = v[0];
        queue[i] = v[1];
    }
    value("open.platform", stats_median(platform, OPENINGS), "ms", "less");
    value("open.queue", stats_median(queue, OPENINGS), "ms", "less");
}

/* ---- memory ---- */

/* Of /proc/self/smaps_rollup, in MiB; negative if it does not say. */
static double rollup(const char *text, const char *key)
{
    const char *at = strstr(text, key);

    return at ? strtod(at + strlen(key), NULL) / 1024 : -1;
}

void print_memory(struct probe *p)
{
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    char text[4096];
    size_t n;

    if (!f)
        fail(p, "no /proc/self/smaps_rollup");
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    value("rss", rollup(text, "\nRss:"), "MiB", "less");
    value("pss", rollup(text, "\nPss:"), "MiB", "less");
    value("private", rollup(text, "\nPrivate_Clean:") + rollup(text, "\nPrivate_Dirty:"), "MiB",
          "less");
}

/* A program that has run a kernel. Whoever reads this looks at its worker. */
void measure_memory(struct probe *p, const struct measurement *m)
{
    struct child c = child_start(p);
    double v[3];

    child_tell(&c, "device");
    child_hear(p, &c, v, 0);
    child_tell(&c, "memory");
    if (child_hear(p, &c, v, 3) != 3 || v[0] < 0 || v[1] < 0)
        fail(p, "another process did not say how much memory it has");
    value("memory.rss", v[0], "MiB", "less");
    value("memory.pss", v[1], "MiB", "less");
    value("memory.private", v[2], "MiB", "less");
    wait_for_go(p);
    child_stop(&c);
}

/* ---- several at a time ---- */

void measure_client_rate(struct probe *p, const struct measurement *m)
{
    double start = now(), end = start + p->seconds, t;
    const size_t one = 1;
    unsigned long n = 0;

    do {
        for (int i = 0; i < CHUNK; i++)
            must(p, clEnqueueNDRangeKernel(p->queue, p->empty, 1, NULL, &one, &one, 0, NULL, NULL),
                 "clEnqueueNDRangeKernel");
        must(p, clFinish(p->queue), "clFinish");
        n += CHUNK;
        t = now();
    } while (t < end);
    value(m->name, (double)n / (t - start), "/s", "more");
}

/* All do it at the same time; v gets what each says. */
static void all(const struct probe *p, const struct child *c, unsigned n, const char *command,
                double *v)
{
    for (unsigned i = 0; i < n; i++)
        child_tell(&c[i], command);
    for (unsigned i = 0; i < n; i++)
        v[i] = child_value(p, &c[i]);
}

static void grow(struct probe *p, struct child *c, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        c[i] = child_start(p);
        child_tell(&c[i], "device");
    }
    for (unsigned i = from; i < to; i++)
        child_hear(p, &c[i], NULL, 0);
}

static void clients(const struct probe *p, const struct child *c, unsigned n)
{
    double v[MAX_CLIENTS], sum = 0;
    char name[32];

    all(p, c, n, "measure launch.finish", v);
    snprintf(name, sizeof(name), "clients.%u.latency", n);
    value(name, stats_median(v, n), "us", "less");
    all(p, c, n, "measure client.rate", v);
    for (unsigned i = 0; i < n; i++)
        sum += v[i];
    snprintf(name, sizeof(name), "clients.%u.rate", n);
    value(name, sum, "/s", "more");
}

/*
 * Become a program that has not opened the device, and is told this measurement
 * first: a VM's device serves so many clients at a time, and this one is none of
 * those that are counted.
 */
static void begin_anew(struct probe *p, const char *name)
{
    char first[64];
    char *argv[MAX_ARGUMENTS + 2];
    int n = 0;

    for (; p->argv[n] && n < MAX_ARGUMENTS; n++)
        argv[n] = p->argv[n];
    snprintf(first, sizeof(first), "--first=measure %s", name);
    argv[n++] = first;
    argv[n] = NULL;
    fflush(stdout);
    execv("/proc/self/exe", argv);
    fail(p, "cannot run this program again");
}

void measure_clients(struct probe *p, const struct measurement *m)
{
    struct child c[MAX_CLIENTS];
    unsigned have = 0;

    if (p->context && p->served)
        begin_anew(p, m->name);
    for (unsigned n = 1; n <= MAX_CLIENTS && n <= p->max_clients; n *= 2) {
        grow(p, c, have, n);
        have = n;
        clients(p, c, n);
    }
    while (have)
        child_stop(&c[--have]);
}
