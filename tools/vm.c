/* SPDX-License-Identifier: MIT */
/*
 * vocl vm - a program in a throw-away virtual machine made of this machine's own
 * files. docs/vm.md describes it from the user's side.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"
#include "process.h"
#include "session.h"
#include "signals.h"
#include "vm.h"
#include "vocl.h"

/* Debian's kernel and a small program run in 256 MiB; PyOpenCL wants more. The
 * memory is taken from the host page by page, as the guest touches it. */
#define DEFAULT_MEM_MIB 2048
#define MIN_MEM_MIB 128
#define MAX_MEM_MIB (16u << 20)
#define MAX_CPUS 255

/* From the program's end to the VM's: power-off takes 0.2 s. */
#define POWER_OFF_MS 5000
#define KILL_MS 2000

enum {
    OPT_QEMU = 256,
    OPT_ACCEL,
    OPT_MEM,
    OPT_CPUS,
    OPT_KERNEL,
    OPT_APPEND,
    OPT_TIMEOUT,
    OPT_UML,
    OPT_DEVICE,
    OPT_VHOST_USER,
    OPT_NO_DEVICE
};

static const struct argp_option options[] = {
    {"accel", OPT_ACCEL, "kvm|tcg", 0, "default: kvm where it works, else tcg", 1},
    {"mem", OPT_MEM, "SIZE", 0, "the guest's memory, as 512M or 4G (2G)", 1},
    {"cpus", OPT_CPUS, "N", 0, "the guest's processors (KVM: up to 4, else 1)", 1},
    {"kernel", OPT_KERNEL, "FILE", 0, "the guest's kernel (one of /boot)", 1},
    {"append", OPT_APPEND, "TEXT", 0, "more for the kernel's command line", 1},
    {"timeout", OPT_TIMEOUT, "SECONDS", 0, "end the VM after that, with exit status 124", 1},
    {"qemu", OPT_QEMU, "PATH", 0, "this QEMU (qemu-system-x86_64)", 2},
    {"device", OPT_DEVICE, "WAY", 0,
     "how QEMU has the device: in-tree, preload or test-device (the first that works)", 2},
    {"uml", OPT_UML, NULL, 0, "user-mode Linux instead of QEMU", 2},
    {"runtime", 'r', "NAME", 0, "offer only OpenCL platforms whose name contains NAME", 3},
    {"allow-device", 'd', "NAME", 0, "offer only devices whose name contains NAME", 3},
    {"vhost-user", OPT_VHOST_USER, "SOCKET", 0, "use the helper that listens there", 3},
    {"no-device", OPT_NO_DEVICE, NULL, 0, "a guest without OpenCL and without helper", 3},
    {"quiet", 'q', NULL, 0, "say nothing that is not an error", 4},
    {"verbose", 'v', NULL, 0, "show the guest's console and the helper's log", 4},
    {0},
};

static void usage(const char *fmt, const char *arg) __attribute__((noreturn));

static void usage(const char *what, const char *arg)
{
    say("vm: %s '%s'; 'vocl vm --help' tells more", what, arg);
    exit(VOCL_EXIT_USAGE);
}

static unsigned parse_number(const char *arg, unsigned min, unsigned max, const char *what)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);

    if (arg[0] < '0' || arg[0] > '9' || *end || n < min || n > max)
        usage(what, arg);
    return (unsigned)n;
}

/* As QEMU's -m: MiB without a suffix. */
static unsigned parse_mem(const char *arg)
{
    char *end;
    unsigned long n = strtoul(arg, &end, 10);
    unsigned shift = *end == 'G' || *end == 'g' ? 10 : 0;

    if (arg[0] < '0' || arg[0] > '9' || n > MAX_MEM_MIB || (*end && !strchr("MmGg", *end)) ||
        (*end && end[1]) || n << shift > MAX_MEM_MIB || n << shift < MIN_MEM_MIB)
        usage("memory must be from 128M on and written as 512M or 4G, not", arg);
    return (unsigned)(n << shift);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct vm_options *opt = state->input;

    switch (key) {
    case OPT_ACCEL:
        if (strcmp(arg, "kvm") && strcmp(arg, "tcg"))
            usage("the accelerator is kvm or tcg, not", arg);
        opt->accel = arg;
        return 0;
    case OPT_MEM:
        opt->mem_mib = parse_mem(arg);
        return 0;
    case OPT_CPUS:
        opt->cpus = parse_number(arg, 1, MAX_CPUS, "not a number of processors:");
        return 0;
    case OPT_KERNEL:
        opt->kernel = arg;
        return 0;
    case OPT_APPEND:
        opt->append = arg;
        return 0;
    case OPT_TIMEOUT:
        opt->timeout_s = parse_number(arg, 1, 1u << 30, "not a number of seconds:");
        return 0;
    case OPT_QEMU:
        opt->qemu = arg;
        return 0;
    case OPT_DEVICE:
        if (strcmp(arg, "in-tree") && strcmp(arg, "preload") && strcmp(arg, "test-device"))
            usage("the device's way is in-tree, preload or test-device, not", arg);
        opt->device = arg;
        return 0;
    case OPT_UML:
        opt->uml = true;
        return 0;
    case OPT_VHOST_USER:
        opt->vhost_user = arg;
        return 0;
    case OPT_NO_DEVICE:
        opt->no_device = true;
        return 0;
    case 'q':
        opt->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        opt->program = state->argv + state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        say("vm: no program; 'vocl vm --help' tells more");
        exit(VOCL_EXIT_USAGE);
    default:
        return helper_option(&opt->helper, key, arg) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

/* The program's environment: the caller's, with the way to our ICD. */
static void set_environment(const struct vm *vm)
{
    unsetenv("VOCL_SOCKET"); /* a host's socket is of no use in the guest */
    unsetenv("OCL_ICD_FILENAMES");
    if (!vm->opt->no_device)
        setenv("OCL_ICD_VENDORS", vm->vendors, 1);
}

static const char *reason(enum session_outcome end)
{
    switch (end) {
    case SESSION_VM_ENDED:
        return "the VM ended";
    case SESSION_TIMED_OUT:
        return "it took too long";
    case SESSION_SILENT:
        return "it showed no sign of life";
    default:
        return "its agent spoke nonsense";
    }
}

/* Exit status for an end that is not the program's; said on stderr. */
static int report(struct session *s, enum session_outcome end, bool booting, bool user_limit,
                  bool kvm)
{
    if (end == SESSION_INTERRUPTED)
        return VOCL_EXIT_SIGNAL + session_status(s);
    session_print_tails(s);
    if (end == SESSION_TIMED_OUT && user_limit)
        say("%s, and the time is up (--timeout)",
            booting ? "the guest has not booted" : "the program still runs");
    else if (booting)
        say("the guest did not boot%s: %s", kvm ? " under KVM, which was asked for" : "",
            reason(end));
    else
        say("the guest was lost while the program ran: %s", reason(end));
    return end == SESSION_TIMED_OUT && user_limit ? VOCL_EXIT_TIMEOUT : VOCL_EXIT_FAILED;
}

static void announce(const struct vm *vm)
{
    char line[512];

    if (vm->opt->quiet)
        return;
    vm->backend->describe(vm, line, sizeof(line));
    say("%s", line);
}

/* -EAGAIN: it did not boot, and there is another way to try. Else exit status. */
static int run_guest(struct vm *vm, struct session *s, int64_t deadline)
{
    int64_t now = now_ms(), limit = now + vm->backend->boot_ms(vm);
    int silence = vm->backend->silence_ms(vm), status;
    bool user_limit = deadline && deadline < limit;
    enum session_outcome end =
        session_boot(s, user_limit ? deadline : limit, silence ? now + silence : 0);

    if (end != SESSION_DONE) {
        if (end != SESSION_INTERRUPTED && !(end == SESSION_TIMED_OUT && user_limit) &&
            vm->backend->fall_back(vm, reason(end)))
            return -EAGAIN;
        return report(s, end, true, user_limit, vm->opt->accel && !strcmp(vm->opt->accel, "kvm"));
    }
    set_environment(vm);
    end = session_run(s, vm->opt->program, environ, deadline);
    if (end != SESSION_DONE)
        return report(s, end, false, true, false);
    status = session_status(s);
    session_end(s, now_ms() + POWER_OFF_MS);
    return status;
}

static int run_once(struct vm *vm, const sigset_t *held, int64_t deadline)
{
    struct session *s;
    struct guest g;
    int ret = vm->backend->start(vm, &g);

    if (ret < 0)
        return VOCL_EXIT_FAILED;
    s = session_create(&g, held, vm->opt->helper.verbose);
    if (s) {
        announce(vm);
        ret = run_guest(vm, s, deadline);
    } else {
        say("out of memory");
        ret = VOCL_EXIT_FAILED;
    }
    process_stop(g.pid, KILL_MS);
    session_destroy(s);
    return ret;
}

/* Is there someone who listens? The helper takes it as a VM that leaves again. */
static int knock(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, ret = 0;

    if (strlen(path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        ret = errno == EAGAIN ? 0 : -errno; /* others wait there already */
    close(fd);
    return ret;
}

static int find_helper(struct vm *vm)
{
    int ret = realpath(vm->opt->vhost_user, vm->socket) ? knock(vm->socket) : -errno;

    if (!ret)
        return helper_vendors(vm->parts, vm->scratch, vm->vendors);
    say("no helper at %s: %s", vm->opt->vhost_user, strerror(-ret));
    return ret;
}

static int start_helper(struct vm *vm, struct helper *helper)
{
    if (vm->opt->no_device)
        return 0;
    if (vm->opt->vhost_user)
        return find_helper(vm);
    path_join(vm->socket, vm->scratch->path, "vm.sock");
    return helper_vendors(vm->parts, vm->scratch, vm->vendors)
               ?: helper_start(helper, vm->parts, vm->scratch, &vm->opt->helper, "--vhost-user",
                               vm->socket);
}

static int run_vm(struct vm *vm, const sigset_t *held)
{
    int64_t deadline = vm->opt->timeout_s ? now_ms() + vm->opt->timeout_s * (int64_t)1000 : 0;
    struct helper helper = {0};
    int ret = vm->backend->prepare(vm);

    if (!ret)
        ret = start_helper(vm, &helper);
    if (ret < 0) {
        ret = VOCL_EXIT_FAILED;
    } else {
        do
            ret = run_once(vm, held, deadline);
        while (ret == -EAGAIN);
        if (ret == VOCL_EXIT_FAILED)
            helper_show_log(&helper);
    }
    helper_stop(&helper);
    vm->backend->finish(vm);
    return ret;
}

int vocl_vm_main(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[--] PROGRAM [ARGUMENT...]",
        .doc = "Run PROGRAM in a throw-away virtual machine made of this machine's files."};
    struct vm_options opt = {.mem_mib = DEFAULT_MEM_MIB, .append = ""};
    static struct vm vm;
    struct scratch scratch;
    sigset_t held, before;
    struct parts parts;
    int ret;

    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opt);
    signals_hold(&held, &before);
    signal(SIGPIPE, SIG_IGN);
    ret = parts_init(&parts);
    if (!ret)
        ret = scratch_create(&scratch);
    if (ret < 0) {
        say("cannot make a private folder: %s", strerror(-ret));
        return VOCL_EXIT_FAILED;
    }
    vm.opt = &opt;
    vm.parts = &parts;
    vm.scratch = &scratch;
    vm.backend = opt.uml ? &vm_uml : &vm_qemu;
    ret = run_vm(&vm, &held);
    scratch_destroy(&scratch);
    return ret;
}
