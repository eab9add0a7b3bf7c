/* SPDX-License-Identifier: MIT */
/*
 * vocl top - what the helpers of this host do, client by client.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "process.h"
#include "top_source.h"
#include "top_view.h"
#include "vocl.h"

/* Nothing to show is no failure of ours, and not success. */
#define EXIT_NOTHING 1

/* Workers publish every quarter of a second: faster than this shows nothing new. */
#define MIN_INTERVAL 0.1
#define MAX_INTERVAL 86400.0

struct top {
    const char *socket; /* NULL: all that are found */
    double interval;    /* seconds */
    bool once, json, details;
    int64_t client;
};

enum { OPT_ONCE = 0x100, OPT_COUNTERS };

static const struct argp_option options[] = {
    {"socket", 's', "PATH", 0,
     "the helper that serves programs or a VM at PATH, or whose --control is PATH; without this, "
     "every helper of yours on this host, and for root everybody's",
     0},
    {"interval", 'i', "SECONDS", 0, "look again after so long (1)", 0},
    {"once", OPT_ONCE, NULL, 0,
     "print one table and end; rates are averages since each client came", 0},
    {"json", 'j', NULL, 0, "print everything as JSON, a document per line, or one with --once", 0},
    {"all", 'a', NULL, 0, "print every counter of every client that is not 0", 0},
    {"client", 'c', "PID", 0, "print every counter of the client with this process id", 0},
    {"counters", OPT_COUNTERS, NULL, 0, "say what each counter means, and end", 0},
    {0},
};

static double number(struct argp_state *state, const char *option, const char *arg, double min,
                     double max)
{
    char *end;
    double n;

    errno = 0;
    n = strtod(arg, &end);
    if (errno || end == arg || *end || !(n >= min && n <= max))
        argp_error(state, "--%s wants a number from %g to %.0f, not '%s'", option, min, max, arg);
    return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct top *top = state->input;

    switch (key) {
    case 's':
        top->socket = arg;
        return 0;
    case 'i':
        top->interval = number(state, "interval", arg, MIN_INTERVAL, MAX_INTERVAL);
        return 0;
    case OPT_ONCE:
        top->once = true;
        return 0;
    case 'j':
        top->json = true;
        return 0;
    case 'a':
        top->details = true;
        return 0;
    case 'c':
        top->client = (int64_t)number(state, "client", arg, 1, INT32_MAX);
        return 0;
    case OPT_COUNTERS:
        top_view_counters(stdout);
        exit(0);
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* NULL: the reason has been printed. */
static json_t *collect(const struct top *top)
{
    json_t *all = top->socket ? top_collect_at(top->socket) : top_collect();

    if (!all && !top->socket)
        say("top: out of memory");
    return all;
}

static void print_json(const struct top *top, json_t *all)
{
    json_t *doc = json_pack("{s:O}", "helpers", all);

    json_dumpf(doc, stdout, top->once ? JSON_INDENT(2) : JSON_COMPACT);
    putchar('\n');
    json_decref(doc);
}

static int terminal_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

static const char nobody[] =
    "no helper of yours runs on this host ('vocl run' starts one; inside a "
    "VM there is none: run 'vocl top' on its host)";

static void print_table(const struct top *top, json_t *all, json_t *before, double seconds)
{
    const struct top_view view = {
        .now = all,
        .before = before,
        .seconds = seconds,
        .details = top->details,
        .client = top->client,
        .width = top->details || top->client ? 0 : terminal_width(),
    };

    if (json_array_size(all))
        top_view_print(&view, stdout);
    else
        printf("%s\n", nobody);
}

static int once(const struct top *top)
{
    json_t *all = collect(top);
    int status = 0;

    if (!all)
        return VOCL_EXIT_FAILED;
    if (top->json)
        print_json(top, all);
    if (!json_array_size(all)) {
        say("top: %s", nobody);
        status = EXIT_NOTHING;
    } else if (top->client && !top_view_has(all, top->client)) {
        say("top: no client has process id %lld", (long long)top->client);
        status = EXIT_NOTHING;
    } else if (!top->json) {
        print_table(top, all, NULL, 0);
    }
    json_decref(all);
    return status;
}

/* Until the interval has passed; true: a signal ends us. */
static bool rest(const sigset_t *ending, double interval)
{
    struct timespec t = {.tv_sec = (time_t)interval};

    t.tv_nsec = (long)((interval - (double)t.tv_sec) * 1e9);
    return sigtimedwait(ending, NULL, &t) > 0;
}

static void hold_signals(sigset_t *ending)
{
    sigemptyset(ending);
    sigaddset(ending, SIGINT);
    sigaddset(ending, SIGTERM);
    sigaddset(ending, SIGHUP);
    sigprocmask(SIG_BLOCK, ending, NULL);
}

static int watch(const struct top *top)
{
    json_t *before = NULL, *all;
    bool screen = !top->json && isatty(STDOUT_FILENO);
    int64_t then = 0, now;
    sigset_t ending;

    hold_signals(&ending);
    while ((all = collect(top))) {
        now = now_ms();
        if (screen)
            fputs("\033[H\033[2J", stdout); /* home, and clear the screen */
        if (top->json)
            print_json(top, all);
        else
            print_table(top, all, before, (double)(now - then) / 1000);
        if (!screen && !top->json)
            putchar('\n');
        if (fflush(stdout)) /* whoever read us has gone */
            break;
        json_decref(before);
        before = all;
        then = now;
        if (rest(&ending, top->interval)) {
            json_decref(before);
            return 0;
        }
    }
    json_decref(before);
    return VOCL_EXIT_FAILED;
}

int vocl_top_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Show what the helpers of this host do, client by client, every second."
               "\vA line per client: calls, answers and wake-ups per second; bytes per second that "
               "went inside calls, through staging memory, directly between the program's "
               "memory and the buffer or command, and in place in memory that both sides see "
               "(SVM); live OpenCL "
               "objects, and memory shared with "
               "the worker.\n\n"
               "Exit status: 0; 1 with --once if there is nothing to show; 2 a mistake on the "
               "command line; 125 if the helper at --socket cannot be asked."};
    struct top top = {.interval = 1};

    signal(SIGPIPE, SIG_IGN);
    argp_parse(&argp, argc, argv, 0, NULL, &top);
    return top.once ? once(&top) : watch(&top);
}
