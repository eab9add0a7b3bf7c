// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "control_socket.h"
#include "log.h"
#include "probe.h"
#include "server.h"

/* More sockets than this are a mistake in a script. */
#define MAX_SOCKETS 64

enum {
    OPT_LISTEN = 0x100,
    OPT_VHOST_USER,
    OPT_CONTROL,
    OPT_RUNTIME,
    OPT_ALLOW_DEVICE,
    OPT_MAX_CLIENTS,
    OPT_MAX_REGIONS,
    OPT_MAX_MAPPED,
    OPT_MAX_OBJECTS,
    OPT_NO_SANDBOX,
    OPT_SHADOW_SVM,
    OPT_STAGE_BUFFERS,
    OPT_NO_CALLBACKS,
};

struct paths {
    const char *path[MAX_SOCKETS];
    int n;
};

struct arguments {
    struct hcl_options opt;
    struct paths listen;
    struct paths vhost_user;
    const char *control; /* NULL: in a well-known folder */
};

const char *argp_program_version = "vocl-helper " VOCL_VERSION;

static const struct argp_option option_table[] = {
    {.doc = "Sockets (at least one):"},
    {.name = "listen",
     .key = OPT_LISTEN,
     .arg = "PATH",
     .doc = "Serve programs of this machine and of containers over a unix socket (repeatable)"},
    {.name = "vhost-user",
     .key = OPT_VHOST_USER,
     .arg = "PATH",
     .doc = "Serve a VM: the socket of a vhost-user-ocl-pci device (repeatable)"},
    {.name = "control",
     .key = OPT_CONTROL,
     .arg = "PATH",
     .doc = "The socket that 'vocl top' asks, elsewhere than in the folders where it looks"},
    {.doc = "What is offered:"},
    {.name = "runtime",
     .key = OPT_RUNTIME,
     .arg = "SUBSTR",
     .doc = "Only platforms with this in their name"},
    {.name = "allow-device",
     .key = OPT_ALLOW_DEVICE,
     .arg = "SUBSTR",
     .doc = "Only devices with this in their name"},
    {.doc = "Limits; reaching one is an error for that client alone:"},
    {.name = "max-clients",
     .key = OPT_MAX_CLIENTS,
     .arg = "N",
     .doc = "Client processes at a time, per socket (64)"},
    {.name = "max-regions",
     .key = OPT_MAX_REGIONS,
     .arg = "N",
     .doc = "Pieces of memory that one client may share (8192)"},
    {.name = "max-mapped",
     .key = OPT_MAX_MAPPED,
     .arg = "SIZE",
     .doc = "Bytes that one client may share, with K, M or G (64G)"},
    {.name = "max-objects",
     .key = OPT_MAX_OBJECTS,
     .arg = "N",
     .doc = "OpenCL objects that one client may hold (1048576)"},
    {.doc = "Running:"},
    {.name = "no-sandbox",
     .key = OPT_NO_SANDBOX,
     .doc = "Do not confine workers (to find out whether a runtime needs more room)"},
    {.name = "shadow-svm",
     .key = OPT_SHADOW_SVM,
     .doc = "Copy shared virtual memory at maps, as for a device that is not the processor"},
    {.name = "stage-buffers",
     .key = OPT_STAGE_BUFFERS,
     .doc = "Copy what is read from and written to buffers, as for a device that is not the processor"},
    {.name = "no-callbacks",
     .key = OPT_NO_CALLBACKS,
     .doc = "Wait in the runtime's calls, as for a device that is not the processor"},
    {.name = "verbose", .key = 'v', .doc = "Say more in the log"},
    {0},
};

/* A number with an optional K, M or G. Returns 0 or -EINVAL. */
static int parse_size(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    unsigned shift = 0;

    if (*text < '0' || *text > '9')
        return -EINVAL; /* strtoull() takes blanks and signs */
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno)
        return -EINVAL;
    if (*end) {
        const char *unit = strchr("KMG", *end);
        if (!unit || end[1])
            return -EINVAL;
        shift = 10 * (unit - "KMG" + 1);
    }
    if (n == 0 || n > max >> shift)
        return -EINVAL;
    *value = n << shift;
    return 0;
}

static uint64_t size_argument(struct argp_state *state, const char *option, const char *text,
                              uint64_t max)
{
    uint64_t value = 0;

    if (parse_size(text, max, &value))
        argp_error(state, "--%s wants a number from 1 to %llu, not '%s'", option,
                   (unsigned long long)max, text);
    return value;
}

static void add_path(struct argp_state *state, struct paths *p, const char *path)
{
    if (!*path)
        argp_error(state, "a socket's path is empty");
    if (p->n == MAX_SOCKETS)
        argp_error(state, "more than %d sockets of a kind", MAX_SOCKETS);
    p->path[p->n++] = path;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_LISTEN:
        add_path(state, &a->listen, arg);
        return 0;
    case OPT_VHOST_USER:
        add_path(state, &a->vhost_user, arg);
        return 0;
    case OPT_CONTROL:
        if (!*arg)
            argp_error(state, "a socket's path is empty");
        a->control = arg;
        return 0;
    case OPT_RUNTIME:
        a->opt.runtime = arg;
        return 0;
    case OPT_ALLOW_DEVICE:
        a->opt.allow_device = arg;
        return 0;
    case OPT_MAX_CLIENTS:
        a->opt.max_clients = size_argument(state, "max-clients", arg, 1u << 20);
        return 0;
    case OPT_MAX_REGIONS:
        /* A region is at least one VMA, and vm.max_map_count is 65530. */
        a->opt.max_regions = size_argument(state, "max-regions", arg, 60000);
        return 0;
    case OPT_MAX_MAPPED:
        a->opt.max_mapped = size_argument(state, "max-mapped", arg, UINT64_MAX);
        return 0;
    case OPT_MAX_OBJECTS:
        a->opt.max_objects = size_argument(state, "max-objects", arg, UINT32_MAX);
        return 0;
    case OPT_NO_SANDBOX:
        a->opt.sandbox = false;
        return 0;
    case OPT_SHADOW_SVM:
        a->opt.shadow_svm = true;
        return 0;
    case OPT_STAGE_BUFFERS:
        a->opt.stage_buffers = true;
        return 0;
    case OPT_NO_CALLBACKS:
        a->opt.no_callbacks = true;
        return 0;
    case 'v':
        a->opt.verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    case ARGP_KEY_END:
        if (a->listen.n + a->vhost_user.n == 0)
            argp_failure(state, 2, 0, "no socket: give --listen PATH or --vhost-user PATH");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = option_table,
    .parser = parse_option,
    .doc = "Give this host's OpenCL devices to programs in VMs and containers.",
};

static int open_sockets(struct hcl_server *s, const struct arguments *a)
{
    int err = hcl_control_start(s, a->control);

    if (err && !a->control)
        err = 0; /* it serves all the same, and has said what is missing */
    for (int i = 0; i < a->listen.n && !err; i++)
        err = hcl_listen_start(s, a->listen.path[i]);
    for (int i = 0; i < a->vhost_user.n && !err; i++)
        err = hcl_vhost_user_start(s, a->vhost_user.path[i]);
    return err;
}

static int serve(const struct arguments *a)
{
    struct hcl_server *s = hcl_server_create(&a->opt);
    if (!s) {
        hcl_log("cannot start: %s", strerror(errno));
        return -ENOMEM;
    }
    int err = open_sockets(s, a);
    if (!err)
        err = hcl_server_run(s);
    else
        hcl_server_stop(s);
    hcl_server_destroy(s);
    return err;
}

/*
 * The process model.
 *
 *   vocl-helper (this process: one thread, an event loop, no OpenCL)
 *    │  accepts clients, answers VMs' control queues, forks, reaps
 *    │
 *    ├── probe      at start only: is there a device to serve?  (probe.c)
 *    ├── worker     client 1: its ring, its objects, libOpenCL  (worker.c)
 *    │    └── …     what the runtime starts: PoCL's linker
 *    ├── worker     client 2
 *    └── …
 *
 * A worker is forked, not executed, when its client comes: it has never seen
 * another client's data, and the server has nothing in it that a runtime could
 * disturb. The server loads no OpenCL, because a runtime's threads do not
 * survive a fork. A worker that crashes is one closed socket for one client; a
 * server that dies takes its workers with it (PR_SET_PDEATHSIG).
 *
 * Exit status: 0 stopped by a signal, 1 could not start or go on, 2 usage.
 */
int main(int argc, char **argv)
{
    struct arguments a = {
        .opt =
            {
                .max_clients = 64,
                .max_regions = 8192,
                .max_mapped = 64ull << 30,
                .max_objects = 1u << 20,
                .sandbox = true,
            },
    };

    argp_err_exit_status = 2;
    argp_parse(&parser, argc, argv, 0, NULL, &a);
    hcl_log_verbose(a.opt.verbose);
    /* For every process below us: where our own ICD is installed too, the
     * native loader must not serve the helper from the helper for ever. */
    setenv("VOCL_DISABLE", "1", 1);
    if (hcl_probe_runtime(&a.opt))
        return 1;
    return serve(&a) ? 1 : 0;
}
