/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench.h"
#include "message.h"
#include "process.h"

/* The longest that any one measurement has taken, a GiB in an emulated guest on
 * a busy machine, many times over: what takes longer hangs. */
#define ANSWER_MS 600000
#define STOP_MS 10000

#define MAX_ARGS 24
#define MAX_LINE 1024

struct bench_side {
    const char *name;
    pid_t pid;
    int to, from;
    struct bench_signals *signals;
    bool ended;
    char in[MAX_LINE];
    size_t nin;
};

/* ---- starting ---- */

/* The probe's own arguments, in text of the caller's. */
struct probe_args {
    char seconds[32], size[32], clients[32], runtime[256], device[256];
};

static void add_probe(const struct bench_options *opt, const char *probe, struct probe_args *a,
                      char **argv, int n)
{
    snprintf(a->seconds, sizeof(a->seconds), "--seconds=%g", opt->seconds);
    snprintf(a->size, sizeof(a->size), "--max-size=%zu", opt->max_size);
    snprintf(a->clients, sizeof(a->clients), "--max-clients=%u", opt->max_clients);
    argv[n++] = (char *)probe;
    argv[n++] = a->seconds;
    argv[n++] = a->size;
    argv[n++] = a->clients;
    if (opt->helper.runtime) {
        snprintf(a->runtime, sizeof(a->runtime), "--runtime=%s", opt->helper.runtime);
        argv[n++] = a->runtime;
    }
    if (opt->helper.allow_device) {
        snprintf(a->device, sizeof(a->device), "--device=%s", opt->helper.allow_device);
        argv[n++] = a->device;
    }
    argv[n] = NULL;
}

static struct bench_side *start(const char *name, char **argv, char **set,
                                struct bench_signals *signals)
{
    struct bench_side *side = calloc(1, sizeof(*side));
    int to[2] = {-1, -1}, from[2] = {-1, -1};

    if (!side || pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0) {
        say("cannot start %s: %s", argv[0], strerror(errno));
        goto err;
    }
    side->name = name;
    side->signals = signals;
    side->to = to[1];
    side->from = from[0];
    side->pid = process_start(&(struct process_spec){
        .argv = argv, .set = set, .in = to[0], .out = from[1], .err = -1, .death_signal = SIGTERM});
    close(to[0]);
    close(from[1]);
    if (side->pid > 0)
        return side;
    say("cannot start %s: %s", argv[0], strerror(-side->pid));
    to[0] = from[1] = -1;
err:
    for (int i = 0; i < 2; i++) {
        if (to[i] >= 0)
            close(to[i]);
        if (from[i] >= 0)
            close(from[i]);
    }
    free(side);
    return NULL;
}

struct bench_side *bench_side_native(const struct bench_options *opt, const char *probe,
                                     const char *cache, struct bench_signals *signals)
{
    char variable[PATH_MAX + 32];
    char *set[] = {"VOCL_DISABLE=1", variable, NULL}, *argv[MAX_ARGS];
    struct probe_args a;

    snprintf(variable, sizeof(variable), "POCL_CACHE_DIR=%s", cache);
    add_probe(opt, probe, &a, argv, 0);
    return start("native", argv, set, signals);
}

static int add_option(char **argv, int n, const char *name, const char *v)
{
    if (!v)
        return n;
    argv[n++] = (char *)name;
    argv[n++] = (char *)v;
    return n;
}

/* vocl vm finds our ICD by itself, and the probe in the guest's view of this
 * host's files. */
static int add_vm(const struct bench_options *opt, const char *socket, char *mem, char **argv)
{
    int n = 0;

    argv[n++] = "/proc/self/exe";
    argv[n++] = "vm";
    argv[n++] = "--vhost-user";
    argv[n++] = (char *)socket;
    argv[n++] = "--mem";
    argv[n++] = mem;
    if (opt->via == BENCH_UML)
        argv[n++] = "--uml";
    n = add_option(argv, n, "--accel", opt->accel);
    n = add_option(argv, n, "--qemu", opt->qemu);
    n = add_option(argv, n, "--cpus", opt->cpus);
    argv[n++] = "--";
    return n;
}

/* What the largest transfer needs in the guest: the program's array and what a
 * map of it is copied to, and the rest of a guest. */
static void guest_mem(const struct bench_options *opt, char *text, size_t len)
{
    size_t mib = 1024 + 3 * (opt->max_size >> 20);

    if (opt->mem)
        snprintf(text, len, "%s", opt->mem);
    else
        snprintf(text, len, "%zuM", mib);
}

struct bench_side *bench_side_remote(const struct bench_options *opt, const char *probe,
                                     const char *socket, const char *vendors,
                                     struct bench_signals *signals)
{
    bool guest = opt->via == BENCH_VM || opt->via == BENCH_UML;
    char at[PATH_MAX + 32], icds[PATH_MAX + 32], mem[32];
    char *set[] = {"VOCL_DISABLE=0",
                   opt->helper.verbose ? "VOCL_DEBUG=1" : "VOCL_DEBUG=0",
                   "OCL_ICD_FILENAMES=",
                   at,
                   icds,
                   NULL};
    char *argv[MAX_ARGS];
    struct probe_args a;

    snprintf(at, sizeof(at), "VOCL_SOCKET=%s", socket);
    snprintf(icds, sizeof(icds), "OCL_ICD_VENDORS=%s", vendors);
    guest_mem(opt, mem, sizeof(mem));
    add_probe(opt, probe, &a, argv, guest ? add_vm(opt, socket, mem, argv) : 0);
    if (guest)
        set[2] = NULL; /* vocl vm sets the rest */
    return start("remote", argv, set, signals);
}

void bench_side_stop(struct bench_side *side)
{
    int status;

    if (!side)
        return;
    close(side->to); /* its standard input ends, and so does it */
    if (process_wait(side->pid, side->ended ? STOP_MS : 0, &status) < 0)
        process_stop(side->pid, STOP_MS);
    close(side->from);
    free(side);
}

const char *bench_side_name(const struct bench_side *side)
{
    return side->name;
}

/* ---- talking ---- */

static bool signalled(struct bench_signals *s)
{
    struct signalfd_siginfo info;

    while (read(s->fd, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD)
            s->caught = (int)info.ssi_signo;
    }
    return s->caught;
}

/* Some more bytes. 0 or -errno, printed. */
static int receive(struct bench_side *side, int64_t deadline)
{
    struct pollfd p[] = {{.fd = side->from, .events = POLLIN},
                         {.fd = side->signals->fd, .events = POLLIN}};
    int ready = poll(p, 2, left_ms(deadline));
    ssize_t n;

    if (!ready) {
        say("%s: no answer for %d seconds", side->name, ANSWER_MS / 1000);
        return -ETIMEDOUT;
    }
    if (ready > 0 && p[1].revents && signalled(side->signals))
        return -EINTR;
    if (ready < 0 || !p[0].revents)
        return 0;
    n = read(side->from, side->in + side->nin, sizeof(side->in) - side->nin);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0) {
        say("%s: the measuring program has ended", side->name);
        return -EPIPE;
    }
    side->nin += (size_t)n;
    return 0;
}

/* The next line, without its newline; line has MAX_LINE bytes. */
static int next_line(struct bench_side *side, char *line, int64_t deadline)
{
    char *end;
    size_t len;
    int ret;

    while (!(end = memchr(side->in, '\n', side->nin))) {
        if (side->nin == sizeof(side->in)) {
            say("%s: the measuring program says what it should not", side->name);
            return -EPROTO;
        }
        ret = receive(side, deadline);
        if (ret)
            return ret;
    }
    len = (size_t)(end - side->in);
    memcpy(line, side->in, len);
    line[len] = '\0';
    side->nin -= len + 1;
    memmove(side->in, end + 1, side->nin);
    return 0;
}

static int tell(struct bench_side *side, const char *text)
{
    size_t len = strlen(text);

    /* A pipe that is read holds far more than a command. */
    if (write(side->to, text, len) == (ssize_t)len && write(side->to, "\n", 1) == 1)
        return 0;
    say("%s: the measuring program has ended", side->name);
    return -EPIPE;
}

int bench_side_go(struct bench_side *side)
{
    return tell(side, "go");
}

int bench_side_ask(struct bench_side *side, const char *command, bench_line_fn fn, void *context)
{
    int64_t deadline = now_ms() + ANSWER_MS;
    char line[MAX_LINE];
    int ret = tell(side, command);

    while (!ret) {
        ret = next_line(side, line, deadline);
        if (ret || !strcmp(line, "done"))
            break;
        if (!strncmp(line, "fail ", 5)) {
            say("%s: %s", side->name, line + 5);
            ret = -EIO;
        } else {
            ret = fn(context, line);
        }
    }
    side->ended = !ret;
    return ret;
}
