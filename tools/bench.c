/* SPDX-License-Identifier: MIT */
/*
 * vocl bench - the same measurements natively and through a helper, by turns.
 *
 * Both probes are alive all the time, and one of them works. In every round each
 * measurement is taken on both sides, one directly after the other, and which of
 * them comes first alternates: what else the machine does meets both alike.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench.h"
#include "message.h"
#include "signals.h"
#include "vocl.h"

/* A transfer needs the program's array, the device's buffer, a copy on the way,
 * and the machine some room. */
#define MEMORY_PER_SIZE 4
#define LEAST_SIZE ((size_t)1 << 20)

/* What takes seconds is measured in every second round, from the first on: so a
 * run takes minutes, and has three values of it in five rounds. */
#define HEAVY_EVERY 2

#define MAX_MEASUREMENTS 256

/* ---- one run ---- */

struct bench {
    struct bench_options *opt;
    struct bench_result result;
    struct bench_signals signals;
    struct parts parts;
    struct scratch scratch;
    struct helper helper;
    pid_t server; /* the helper's, or 0: unknown */
    char probe[PATH_MAX], socket[PATH_MAX], vendors[PATH_MAX], native_cache[PATH_MAX];
    struct bench_side *side[BENCH_SIDES];

    struct {
        char name[48], group[64];
        bool heavy;
    } list[MAX_MEASUREMENTS];
    size_t n;

    /* What is being measured now. */
    enum bench_which which;
    unsigned round;
    const char *group;
    struct bench_workers before;
    struct bench_memory program;
};

static int add(struct bench *b, const char *name, double v, const char *unit, bool more)
{
    int ret = bench_result_add(&b->result, b->which, b->round, b->group, name, v, unit, more);

    if (ret)
        say("out of memory");
    return ret;
}

/* A client is its program and its worker, where it has one. */
static int add_memory(struct bench *b, const struct bench_memory *worker)
{
    const struct bench_memory *p = &b->program;

    int ret = add(b, "memory.rss", p->rss + worker->rss, "MiB", false)
                  ?: add(b, "memory.pss", p->pss + worker->pss, "MiB", false)
                  ?: add(b, "memory.private", p->private_ + worker->private_, "MiB", false)
                  ?: add(b, "memory.program_pss", p->pss, "MiB", false);

    if (!ret && worker->rss > 0)
        ret = add(b, "memory.worker_pss", worker->pss, "MiB", false);
    return ret;
}

/* The program waits meanwhile. */
static int look_at_memory(struct bench *b)
{
    static struct bench_workers now;
    struct bench_memory worker = {0};
    pid_t pid;
    int ret = 0;

    if (b->which == BENCH_NATIVE)
        return add_memory(b, &worker);
    bench_workers_list(b->server, &now);
    pid = b->server ? bench_workers_new(&b->before, &now) : 0;
    if (!pid)
        bench_result_warn(&b->result, "no figures of memory: the worker of the remote side's "
                                      "program is not to be told from others");
    else
        ret = bench_memory_of(pid, &worker);
    if (ret)
        bench_result_warn(&b->result, "no figures of memory: %s",
                          "the kernel does not let us look at the worker");
    return pid && !ret ? add_memory(b, &worker) : 0;
}

static int take_value(struct bench *b, const char *line)
{
    char name[48], unit[8], better[8];
    double v;

    if (sscanf(line, "value %47s %lf %7s %7s", name, &v, unit, better) != 4) {
        say("%s: the measuring program says what it should not: %s",
            bench_side_name(b->side[b->which]), line);
        return -EPROTO;
    }
    if (!strcmp(name, "memory.rss"))
        b->program.rss = v;
    else if (!strcmp(name, "memory.pss"))
        b->program.pss = v;
    else if (!strcmp(name, "memory.private"))
        b->program.private_ = v;
    else
        return add(b, name, v, unit, !strcmp(better, "more"));
    return 0;
}

static int take_line(void *context, char *line)
{
    struct bench *b = context;

    if (!strncmp(line, "value ", 6))
        return take_value(b, line);
    if (!strncmp(line, "skip ", 5))
        bench_result_warn(&b->result, "%s: not measured: %s", bench_side_name(b->side[b->which]),
                          line + 5);
    if (!strcmp(line, "pause"))
        return look_at_memory(b) ?: bench_side_go(b->side[b->which]);
    return 0;
}

static int take_device(void *context, char *line)
{
    struct bench_device *d = context;
    char *key, *text;

    if (strncmp(line, "info ", 5))
        return 0;
    key = line + 5;
    text = strchr(key, ' ');
    if (!text)
        return 0;
    *text++ = '\0';
    if (!strcmp(key, "platform"))
        snprintf(d->platform, sizeof(d->platform), "%s", text);
    else if (!strcmp(key, "version"))
        snprintf(d->version, sizeof(d->version), "%s", text);
    else if (!strcmp(key, "device"))
        snprintf(d->device, sizeof(d->device), "%s", text);
    else if (!strcmp(key, "driver"))
        snprintf(d->driver, sizeof(d->driver), "%s", text);
    else if (!strcmp(key, "system"))
        snprintf(d->system, sizeof(d->system), "%s", text);
    return 0;
}

static bool wanted(const struct bench_options *opt, const char *name)
{
    if (!opt->only[0])
        return true;
    for (const char *const *only = opt->only; *only; only++) {
        if (!fnmatch(*only, name, 0))
            return true;
    }
    return false;
}

static int take_listed(void *context, char *line)
{
    struct bench *b = context;
    char weight[8];

    if (b->n < MAX_MEASUREMENTS &&
        sscanf(line, "measurement %47s %7s %63[^\n]", b->list[b->n].name, weight,
               b->list[b->n].group) == 3 &&
        wanted(b->opt, b->list[b->n].name))
        b->list[b->n++].heavy = !strcmp(weight, "heavy");
    return 0;
}

static int list(struct bench *b)
{
    int ret = bench_side_ask(b->side[BENCH_NATIVE], "list", take_listed, b);

    if (!ret && !b->n) {
        say("bench: nothing that is measured fits --only; 'vocl bench --list' prints the names");
        ret = -ENOENT;
    }
    return ret;
}

static void progress(const struct bench *b, const char *name)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kround %u of %u: %s", b->round + 1, b->opt->rounds, name);
}

static void progress_end(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
}

static int measure(struct bench *b, enum bench_which which, const char *command)
{
    b->which = which;
    if (which == BENCH_REMOTE && b->server)
        bench_workers_list(b->server, &b->before);
    return bench_side_ask(b->side[which], command, take_line, b);
}

/* Both sides, and the one first that was second in the round before. */
static int pair(struct bench *b, const char *name, const char *group, const char *command)
{
    enum bench_which first = b->round % 2 ? BENCH_REMOTE : BENCH_NATIVE;

    b->group = group;
    progress(b, name);
    return measure(b, first, command) ?: measure(b, BENCH_SIDES - 1 - first, command);
}

static int round_of_measurements(struct bench *b)
{
    char command[64];
    int ret = 0;

    for (size_t i = 0; i < b->n && !ret; i++) {
        if (b->list[i].heavy && b->round % HEAVY_EVERY)
            continue;
        snprintf(command, sizeof(command), "measure %s", b->list[i].name);
        ret = pair(b, b->list[i].name, b->list[i].group, command);
    }
    return ret;
}

static int discard(void *context, char *line)
{
    return 0;
}

/* The kernels' caches are filled, and the files read, by a run that is not counted. */
static int warm_up_app(struct bench *b, const char *command)
{
    return bench_side_ask(b->side[BENCH_NATIVE], command, discard, NULL)
               ?: bench_side_ask(b->side[BENCH_REMOTE], command, discard, NULL);
}

static int rounds(struct bench *b)
{
    char *command = NULL;
    int ret = b->opt->app ? 0 : list(b);

    if (b->opt->app && asprintf(&command, "app %s", b->opt->app) < 0)
        return -ENOMEM;
    if (!ret && command)
        ret = warm_up_app(b, command);
    for (b->round = 0; b->round < b->opt->rounds && !ret; b->round++) {
        ret = command ? pair(b, "the program", b->opt->app, command) : round_of_measurements(b);
        if (!ret)
            b->result.rounds++;
    }
    free(command);
    progress_end();
    return ret;
}

static int identify(struct bench *b)
{
    struct bench_device *d = b->result.device;
    int ret =
        bench_side_ask(b->side[BENCH_NATIVE], "identify", take_device, &d[BENCH_NATIVE])
            ?: bench_side_ask(b->side[BENCH_REMOTE], "identify", take_device, &d[BENCH_REMOTE]);

    if (!ret && strcmp(d[BENCH_NATIVE].device, d[BENCH_REMOTE].device))
        bench_result_warn(&b->result, "the sides have different devices: native %s, remote %s",
                          d[BENCH_NATIVE].device, d[BENCH_REMOTE].device);
    return ret;
}

static void limit_size(struct bench *b)
{
    size_t have = (size_t)sysconf(_SC_AVPHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE), size;

    for (size = b->opt->max_size; size > LEAST_SIZE && size * MEMORY_PER_SIZE > have; size /= 2)
        ;
    if (size < b->opt->max_size)
        bench_result_warn(&b->result,
                          "this machine has %zu MiB of memory free: no transfer over %zu MiB",
                          have >> 20, size >> 20);
    b->opt->max_size = size;
}

/* ---- from start to end ---- */

static int make_cache(struct bench *b, const char *name, char *path)
{
    char folder[64];

    snprintf(folder, sizeof(folder), "bench/%s", name);
    if (cache_folder(path, folder) < 0) /* there is no home: begin anew each time */
        path_join(path, b->scratch.path, name);
    return 0;
}

static int start_helper(struct bench *b)
{
    bool guest = b->opt->via == BENCH_VM || b->opt->via == BENCH_UML;
    char cache[PATH_MAX];
    int ret;

    path_join(b->socket, b->scratch.path, "bench.sock");
    make_cache(b, "remote", cache);
    setenv("POCL_CACHE_DIR", cache, 1); /* the helper's; the native side has its own */
    ret = helper_start(&b->helper, &b->parts, &b->scratch, &b->opt->helper,
                       guest ? "--vhost-user" : "--listen", b->socket);
    b->server = b->helper.pid;
    return ret;
}

static int find_helper(struct bench *b)
{
    if (!realpath(b->opt->socket, b->socket)) {
        say("no helper at %s: %s", b->opt->socket, strerror(errno));
        return -errno;
    }
    b->server = bench_listener(b->socket);
    return 0;
}

static int start_native(struct bench *b)
{
    if (parts_bench_probe(&b->parts, b->probe) < 0) {
        say("no vocl-bench-probe: is the build complete (ninja), or the package installed?");
        return -ENOENT;
    }
    make_cache(b, "native", b->native_cache);
    b->side[BENCH_NATIVE] = bench_side_native(b->opt, b->probe, b->native_cache, &b->signals);
    return b->side[BENCH_NATIVE] ? 0 : -EIO;
}

static int start(struct bench *b)
{
    int ret = start_native(b);

    if (!ret)
        ret = b->opt->via == BENCH_SOCKET ? find_helper(b) : start_helper(b);
    if (!ret)
        ret = helper_vendors(&b->parts, &b->scratch, b->vendors);
    if (ret)
        return ret;
    b->side[BENCH_REMOTE] = bench_side_remote(b->opt, b->probe, b->socket, b->vendors, &b->signals);
    return b->side[BENCH_REMOTE] ? 0 : -EIO;
}

static void stop(struct bench *b)
{
    bench_side_stop(b->side[BENCH_REMOTE]);
    bench_side_stop(b->side[BENCH_NATIVE]);
    helper_stop(&b->helper);
    scratch_destroy(&b->scratch);
}

static int print(const struct bench_options *opt, const struct bench_result *r)
{
    FILE *f = NULL;
    int ret = 0;

    if (opt->json_only)
        ret = bench_json(stdout, r);
    else
        bench_text(stdout, r);
    if (opt->json) {
        f = fopen(opt->json, "we");
        if (!f)
            say("cannot write %s: %s", opt->json, strerror(errno));
        ret = f ? bench_json(f, r) : -errno;
        if (f && fclose(f))
            ret = -EIO;
    }
    if (opt->plot && !ret)
        ret = bench_plot(opt->plot, r);
    return ret;
}

static const char *via_name(const struct bench_options *opt)
{
    static const char *const names[] = {"vocl run", "vocl vm", "vocl vm --uml", "a socket"};

    return names[opt->via];
}

static int run(struct bench *b)
{
    int ret = start(b);

    if (!ret)
        ret = identify(b);
    if (!ret)
        ret = rounds(b);
    if (ret && b->which == BENCH_REMOTE)
        helper_show_log(&b->helper);
    stop(b);
    if (getloadavg(&b->result.load[1], 1) != 1)
        b->result.load[1] = 0;
    if (!ret)
        ret = print(b->opt, &b->result);
    bench_result_finish(&b->result);
    if (b->signals.caught)
        return VOCL_EXIT_SIGNAL + b->signals.caught;
    return ret ? VOCL_EXIT_FAILED : 0;
}

/* Without a helper: the probe knows. */
static int print_list(struct bench *b)
{
    int ret = start_native(b);

    if (!ret)
        ret = list(b);
    for (size_t i = 0; i < b->n && !ret; i++)
        printf("%-24s %s\n", b->list[i].name, b->list[i].group);
    stop(b);
    return ret ? VOCL_EXIT_FAILED : 0;
}

int vocl_bench_main(int argc, char **argv)
{
    struct bench_options opt = {0};
    static struct bench b;
    sigset_t held, before;
    int ret;

    bench_options_parse(&opt, argc, argv);
    if (opt.plot && bench_plot_check(opt.plot) < 0)
        return VOCL_EXIT_FAILED;
    signals_hold(&held, &before);
    signal(SIGPIPE, SIG_IGN);
    b.opt = &opt;
    b.result.via = via_name(&opt);
    b.signals.fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    ret = parts_init(&b.parts);
    if (!ret)
        ret = scratch_create(&b.scratch);
    if (ret < 0) {
        say("cannot make a private folder: %s", strerror(-ret));
        return VOCL_EXIT_FAILED;
    }
    if (opt.list)
        return print_list(&b);
    bench_host_describe(&b.result);
    limit_size(&b);
    return run(&b);
}
