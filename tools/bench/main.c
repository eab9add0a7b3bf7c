/* SPDX-License-Identifier: MIT */
/*
 * vocl-bench-probe - the program that `vocl bench` runs on both sides; probe.h
 * says more. By hand: vocl-bench-probe 'launch.*' 'read.1M'
 */
#include <argp.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

const char *argp_program_version = "vocl-bench-probe (virtio-ocl) " VOCL_VERSION;

#define MAX_PATTERNS 64

struct request {
    struct probe probe;
    const char *patterns[MAX_PATTERNS];
    int n;
    char *first; /* command, before those of standard input; or NULL */
};

static const struct argp_option options[] = {
    {"runtime", 'r', "NAME", 0, "the first platform whose name contains NAME", 0},
    {"device", 'd', "NAME", 0, "the first device whose name contains NAME", 0},
    {"seconds", 's', "S", 0, "one measurement takes about so long (0.1)", 0},
    {"max-size", 'm', "BYTES", 0, "no transfer is larger", 0},
    {"max-clients", 'c', "N", 0, "not more programs at a time (16)", 0},
    {"first", 'f', "COMMAND", OPTION_HIDDEN, NULL, 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;

    switch (key) {
    case 'r':
        r->probe.runtime = arg;
        return 0;
    case 'd':
        r->probe.device_name = arg;
        return 0;
    case 's':
        r->probe.seconds = strtod(arg, NULL);
        return 0;
    case 'm':
        r->probe.max_size = strtoull(arg, NULL, 10);
        return 0;
    case 'c':
        r->probe.max_clients = (unsigned)strtoul(arg, NULL, 10);
        return 0;
    case 'f':
        r->first = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (r->n == MAX_PATTERNS)
            argp_error(state, "too many patterns");
        r->patterns[r->n++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The same options, without the patterns: it is told what to do. */
static char **child_arguments(const struct probe *p, char *program)
{
    static char seconds[32], size[32], clients[32], runtime[256], device[256];
    static char *argv[7];
    int n = 0;

    snprintf(seconds, sizeof(seconds), "--seconds=%g", p->seconds);
    snprintf(size, sizeof(size), "--max-size=%zu", p->max_size);
    snprintf(clients, sizeof(clients), "--max-clients=%u", p->max_clients);
    snprintf(runtime, sizeof(runtime), "--runtime=%s", p->runtime ? p->runtime : "");
    snprintf(device, sizeof(device), "--device=%s", p->device_name ? p->device_name : "");
    argv[n++] = program;
    argv[n++] = seconds;
    argv[n++] = size;
    argv[n++] = clients;
    argv[n++] = runtime;
    argv[n++] = device;
    return argv;
}

static void measure_matching(struct request *r)
{
    size_t n;
    const struct measurement *m = measurements(&r->probe, &n);

    device_open(&r->probe);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < r->n; k++) {
            if (fnmatch(r->patterns[k], m[i].name, 0))
                continue;
            r->probe.running = m[i].name;
            m[i].run(&r->probe, &m[i]);
            break;
        }
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[PATTERN...]",
        .doc = "Measure OpenCL: what fits the patterns; without any, what standard input says."};
    struct request r = {.probe = {.seconds = 0.1, .max_size = 1u << 30, .max_clients = 16}};

    signal(SIGPIPE, SIG_IGN); /* a child that has died is reported, not followed */
    argp_parse(&argp, argc, argv, 0, NULL, &r);
    r.probe.argv = child_arguments(&r.probe, argv[0]);
    if (r.n)
        measure_matching(&r);
    else
        serve(&r.probe, r.first);
    return 0;
}
