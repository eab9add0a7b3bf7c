/* SPDX-License-Identifier: MIT */
/*
 * bench.h - `vocl bench`: one program on two sides, the same figures from both.
 *
 *   vocl bench ─┬─ vocl-bench-probe                      natively
 *               ├─ vocl-helper
 *               └─ vocl-bench-probe                      through the helper, or
 *                  vocl vm --vhost-user … ─ the probe    in a guest of it
 *
 * bench.c has the order of things, bench_side.c talks to one
 * probe, bench_result.c keeps what they say, and bench_text.c, bench_json.c and
 * bench_plot.c print it. One thread.
 */
#ifndef VOCL_BENCH_H
#define VOCL_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench_result.h"
#include "helper.h"
#include "parts.h"
#include "scratch.h"

enum bench_via { BENCH_RUN, BENCH_VM, BENCH_UML, BENCH_SOCKET };

#define BENCH_MAX_ONLY 64

struct bench_options {
    enum bench_via via;
    const char *socket; /* somebody else's helper, or NULL */
    struct helper_options helper;
    const char *only[BENCH_MAX_ONLY + 1]; /* patterns, NULL at the end; none: all */
    unsigned rounds;
    double seconds; /* that one measurement takes, about */
    size_t max_size;
    unsigned max_clients;
    const char *app;                       /* a shell's command to measure instead, or NULL */
    const char *mem, *accel, *qemu, *cpus; /* for the VM: as given, or NULL */
    const char *json, *plot;               /* files, or NULL */
    bool json_only;                        /* --format json */
    bool list;                             /* names alone */
};

/* bench_options.c. A mistake ends the program. */
void bench_options_parse(struct bench_options *opt, int argc, char **argv);

/* The signals that end a run: a non-blocking signalfd, and what it has said. */
struct bench_signals {
    int fd;
    int caught; /* 0: none */
};

/* bench_side.c: one probe, and how it is reached. */
struct bench_side;

/*
 * Start the probe on a side: natively with helper NULL. vendors is what our ICD
 * is found by, socket the helper's. NULL with the reason printed.
 */
struct bench_side *bench_side_native(const struct bench_options *opt, const char *probe,
                                     const char *cache, struct bench_signals *signals);
struct bench_side *bench_side_remote(const struct bench_options *opt, const char *probe,
                                     const char *socket, const char *vendors,
                                     struct bench_signals *signals);

/* Let it end, or end it. Takes NULL. */
void bench_side_stop(struct bench_side *side);

/*
 * Give it one command and take its answer, line by line without the newline, by
 * line() until that returns other than 0, or to its end. 0, or -errno with the
 * reason printed: -EINTR after a signal, -ETIMEDOUT, -EPIPE if the probe has
 * died, -EIO if it says that it has failed.
 */
typedef int (*bench_line_fn)(void *context, char *line);
int bench_side_ask(struct bench_side *side, const char *command, bench_line_fn line, void *context);

/* Answer to the line "pause", from within line(). */
int bench_side_go(struct bench_side *side);

const char *bench_side_name(const struct bench_side *side);

/* bench_workers.c: the processes that serve clients. */
#define BENCH_MAX_WORKERS 1024

struct bench_workers {
    pid_t pid[BENCH_MAX_WORKERS];
    size_t n;
};

struct bench_memory {
    double rss, pss, private_; /* MiB */
};

/* The children that process has now. */
void bench_workers_list(pid_t process, struct bench_workers *w);

/* The one in now that is not in before; 0: there is none, or more than one. */
pid_t bench_workers_new(const struct bench_workers *before, const struct bench_workers *now);

/* 0, or -errno if the kernel does not let us look. */
int bench_memory_of(pid_t pid, struct bench_memory *m);

/* The process that listens at path; 0: unknown. */
pid_t bench_listener(const char *path);

/* bench_host.c */

/* What the machine is, and what may be wrong with it: into r. */
void bench_host_describe(struct bench_result *r);

/* bench_text.c, bench_json.c, bench_plot.c. 0, or -errno with the reason printed. */
void bench_text(FILE *f, const struct bench_result *r);
int bench_json(FILE *f, const struct bench_result *r);
int bench_plot(const char *file, const struct bench_result *r);

/* Can that be drawn? To be asked before the measurements, not after them. */
int bench_plot_check(const char *file);

#endif
