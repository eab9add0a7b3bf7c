/* SPDX-License-Identifier: MIT */
/* What the user of vocl bench wants. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "message.h"

#define DEFAULT_ROUNDS 5
#define DEFAULT_SECONDS 0.1
#define DEFAULT_MAX_SIZE ((size_t)1 << 30)
/* What a guest computes by itself is slow where its processor is emulated, and
 * it fills and checks whatever is moved. */
#define GUEST_MAX_SIZE ((size_t)256 << 20)
#define DEFAULT_CLIENTS 16

#define SMOKE_SECONDS 0.01
#define SMOKE_MAX_SIZE ((size_t)1 << 20)
#define SMOKE_CLIENTS 2

enum {
    OPT_VIA = 256,
    OPT_APP,
    OPT_ONLY,
    OPT_ROUNDS,
    OPT_SECONDS,
    OPT_MAX_SIZE,
    OPT_SMOKE,
    OPT_LIST,
    OPT_FORMAT,
    OPT_JSON,
    OPT_PLOT,
    OPT_MEM,
    OPT_ACCEL,
    OPT_QEMU,
    OPT_CPUS,
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "What is measured:", 1},
    {"via", OPT_VIA, "HOW", 0,
     "how the remote side runs: by a private helper (run, the default), in a throw-away VM (vm), "
     "in user-mode Linux (uml), or by the helper that listens at PATH (socket PATH)",
     1},
    {"app", OPT_APP, "COMMAND", 0, "a whole program in place of the measurements, by the shell", 1},
    {"only", OPT_ONLY, "PATTERN", 0, "only what fits, as 'launch.*' or 'read.1M'; repeatable", 1},
    {"list", OPT_LIST, NULL, 0, "print the measurements' names, and measure nothing", 1},
    {"runtime", 'r', "NAME", 0, "the first OpenCL platform whose name contains NAME", 1},
    {"allow-device", 'd', "NAME", 0, "the first device whose name contains NAME", 1},
    {NULL, 0, NULL, 0, "How much:", 2},
    {"rounds", OPT_ROUNDS, "N", 0, "pairs of both sides (5)", 2},
    {"seconds", OPT_SECONDS, "S", 0, "that each measurement takes, about (0.1)", 2},
    {"max-size", OPT_MAX_SIZE, "SIZE", 0, "the largest transfer (1G; 256M in a guest)", 2},
    {"smoke", OPT_SMOKE, NULL, 0, "everything, but short: to see that it works", 2},
    {NULL, 0, NULL, 0, "What is printed:", 3},
    {"format", OPT_FORMAT, "text|json", 0, "on standard output (text)", 3},
    {"json", OPT_JSON, "FILE", 0, "write JSON there as well", 3},
    {"plot", OPT_PLOT, "FILE", 0, "write a chart there: FILE.svg or FILE.png (needs gnuplot)", 3},
    {"verbose", 'v', NULL, 0, "show the helper's log, and what the library says", 3},
    {NULL, 0, NULL, 0, "With --via vm and --via uml, as for vocl vm:", 4},
    {"mem", OPT_MEM, "SIZE", 0, "the guest's memory (what the largest transfer needs)", 4},
    {"cpus", OPT_CPUS, "N", 0, "the guest's processors", 4},
    {"accel", OPT_ACCEL, "kvm|tcg", 0, "with or without KVM", 4},
    {"qemu", OPT_QEMU, "PATH", 0, "this QEMU", 4},
    {0},
};

struct request {
    struct bench_options *opt;
    bool smoke;
    int nonly;
};

static void usage(const char *what, const char *arg) __attribute__((noreturn));

static void usage(const char *what, const char *arg)
{
    say("bench: %s '%s'; 'vocl bench --help' tells more", what, arg);
    exit(VOCL_EXIT_USAGE);
}

static enum bench_via parse_via(const char *arg)
{
    static const char *const names[] = {"run", "vm", "uml", "socket"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(names[i], arg))
            return (enum bench_via)i;
    }
    usage("the remote side is by run, vm, uml or socket, not", arg);
}

static size_t parse_size(const char *arg)
{
    char *end;
    unsigned long long n = strtoull(arg, &end, 10);
    const char *units = "KMG", *unit = *end ? strchr(units, *end) : NULL;

    if (arg[0] < '0' || arg[0] > '9' || (*end && !unit) || (unit && end[1]) || !n || n >> 40)
        usage("a size is written as 64K, 16M or 1G, not", arg);
    return (size_t)n << (unit ? 10 * (unit - units + 1) : 0);
}

static unsigned parse_rounds(const char *arg)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);

    if (arg[0] < '0' || arg[0] > '9' || *end || n < 1 || n > BENCH_MAX_ROUNDS)
        usage("the number of rounds is from 1 to 100, not", arg);
    return (unsigned)n;
}

static double parse_seconds(const char *arg)
{
    char *end;
    double s = strtod(arg, &end);

    if (end == arg || *end || !(s > 0 && s <= 60))
        usage("a measurement takes more than 0 and up to 60 seconds, not", arg);
    return s;
}

static void parse_only(struct request *r, char *arg)
{
    if (r->nonly == BENCH_MAX_ONLY)
        usage("too many patterns, with", arg);
    r->opt->only[r->nonly++] = arg;
}

static error_t parse_guest(int key, char *arg, struct bench_options *opt)
{
    switch (key) {
    case OPT_MEM:
        opt->mem = arg;
        return 0;
    case OPT_CPUS:
        opt->cpus = arg;
        return 0;
    case OPT_ACCEL:
        opt->accel = arg;
        return 0;
    case OPT_QEMU:
        opt->qemu = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct request *r = state->input;
    struct bench_options *opt = r->opt;

    switch (key) {
    case OPT_VIA:
        opt->via = parse_via(arg);
        return 0;
    case OPT_APP:
        if (!arg[strspn(arg, " ")] || strchr(arg, '\n'))
            usage("a program is a line for the shell, not", arg);
        opt->app = arg;
        return 0;
    case OPT_ONLY:
        parse_only(r, arg);
        return 0;
    case OPT_LIST:
        opt->list = true;
        return 0;
    case OPT_ROUNDS:
        opt->rounds = parse_rounds(arg);
        return 0;
    case OPT_SECONDS:
        opt->seconds = parse_seconds(arg);
        return 0;
    case OPT_MAX_SIZE:
        opt->max_size = parse_size(arg);
        return 0;
    case OPT_SMOKE:
        r->smoke = true;
        return 0;
    case OPT_FORMAT:
        if (strcmp(arg, "text") && strcmp(arg, "json"))
            usage("the format is text or json, not", arg);
        opt->json_only = !strcmp(arg, "json");
        return 0;
    case OPT_JSON:
        opt->json = arg;
        return 0;
    case OPT_PLOT:
        opt->plot = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (opt->via != BENCH_SOCKET || opt->socket)
            usage("what is this for:", arg);
        opt->socket = arg;
        return 0;
    default:
        return helper_option(&opt->helper, key, arg) ? 0 : parse_guest(key, arg, opt);
    }
}

static void set_defaults(struct request *r)
{
    struct bench_options *opt = r->opt;
    bool guest = opt->via == BENCH_VM || opt->via == BENCH_UML;

    if (opt->via == BENCH_SOCKET && !opt->socket)
        usage("the path of the helper's socket is missing behind", "--via socket");
    if (!opt->rounds)
        opt->rounds = r->smoke ? 1 : DEFAULT_ROUNDS;
    if (opt->seconds <= 0)
        opt->seconds = r->smoke ? SMOKE_SECONDS : DEFAULT_SECONDS;
    if (!opt->max_size)
        opt->max_size = r->smoke ? SMOKE_MAX_SIZE : guest ? GUEST_MAX_SIZE : DEFAULT_MAX_SIZE;
    opt->max_clients = r->smoke ? SMOKE_CLIENTS : DEFAULT_CLIENTS;
}

void bench_options_parse(struct bench_options *opt, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "",
        .doc = "Measure OpenCL natively and through virtio-ocl, by turns, and compare."
               "\vdocs/benchmarking.md explains each measurement. Exit status: 0; 125 if something "
               "could not be measured or data was wrong, with the reason; 2 for a mistake here."};
    struct request r = {.opt = opt};

    argp_parse(&argp, argc, argv, 0, NULL, &r);
    set_defaults(&r);
}
