/* SPDX-License-Identifier: MIT */
/*
 * vocl run - a program against a private helper on this host.
 *
 * The program stays in vocl's process group and on its terminal, as it would
 * under env(1): a ^C reaches it from the terminal. Signals that somebody sends
 * to vocl are passed on.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "message.h"
#include "process.h"
#include "signals.h"
#include "vocl.h"

struct run {
    struct helper_options helper;
    const char *socket; /* somebody else's helper, or NULL */
    char **program;
};

static const struct argp_option options[] = {
    {"runtime", 'r', "NAME", 0, "offer only OpenCL platforms whose name contains NAME", 0},
    {"allow-device", 'd', "NAME", 0, "offer only devices whose name contains NAME", 0},
    {"socket", 's', "PATH", 0, "use the helper that listens there, start none", 0},
    {"verbose", 'v', NULL, 0, "show the helper's log", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct run *run = state->input;

    switch (key) {
    case 's':
        run->socket = arg;
        return 0;
    case ARGP_KEY_ARG:
        run->program = state->argv + state->next - 1;
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        say("run: no program; 'vocl run --help' tells more");
        exit(VOCL_EXIT_USAGE);
    default:
        return helper_option(&run->helper, key, arg) ? 0 : ARGP_ERR_UNKNOWN;
    }
}

static pid_t start_program(char **program, const sigset_t *mask)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(program[0], program);
    say("cannot run %s: %s", program[0], strerror(errno));
    _exit(errno == ENOENT ? VOCL_EXIT_NOT_FOUND : VOCL_EXIT_CANNOT_RUN);
}

/* The program's exit status. Its end has no limit: it is the user's. */
static int await_program(pid_t pid, const sigset_t *watched)
{
    siginfo_t info;
    int status;

    for (;;) {
        int sig = sigwaitinfo(watched, &info);

        if (sig == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
            return exit_status(status);
        /* SI_KERNEL: from the terminal, which has signalled the program too. */
        if (sig > 0 && sig != SIGCHLD && info.si_code != SI_KERNEL)
            kill(pid, sig);
    }
}

static int run_program(const struct run *run, const char *vendors, const sigset_t *held,
                       const sigset_t *before)
{
    int sig = signals_pending(held);
    pid_t pid;

    if (sig)
        return VOCL_EXIT_SIGNAL + sig;
    setenv("VOCL_SOCKET", run->socket, 1);
    setenv("OCL_ICD_VENDORS", vendors, 1);
    unsetenv("OCL_ICD_FILENAMES");
    pid = start_program(run->program, before);
    if (pid > 0)
        return await_program(pid, held);
    say("cannot fork: %s", strerror(errno));
    return VOCL_EXIT_FAILED;
}

/* Absolute, since the program may go elsewhere before its first OpenCL call. */
static int find_socket(struct run *run, char *path)
{
    if (!realpath(run->socket, path)) {
        say("no helper at %s: %s", run->socket, strerror(errno));
        return -errno;
    }
    run->socket = path;
    return 0;
}

static int start_helper(struct run *run, struct helper *helper, const struct parts *parts,
                        const struct scratch *scratch, char *path)
{
    path_join(path, scratch->path, "run.sock");
    run->socket = path;
    return helper_start(helper, parts, scratch, &run->helper, "--listen", path);
}

int vocl_run_main(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .args_doc = "[--] PROGRAM [ARGUMENT...]",
                                     .doc = "Run PROGRAM against a private helper on this host."};
    char socket[PATH_MAX], vendors[PATH_MAX];
    struct helper helper = {0};
    struct scratch scratch;
    sigset_t held, before;
    struct parts parts;
    struct run run = {0};
    int ret;

    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run);
    signals_hold(&held, &before);
    ret = parts_init(&parts);
    if (!ret)
        ret = scratch_create(&scratch);
    if (ret < 0) {
        say("cannot make a private folder: %s", strerror(-ret));
        return VOCL_EXIT_FAILED;
    }
    ret = run.socket ? find_socket(&run, socket)
                     : start_helper(&run, &helper, &parts, &scratch, socket);
    if (!ret)
        ret = helper_vendors(&parts, &scratch, vendors);
    ret = ret < 0 ? VOCL_EXIT_FAILED : run_program(&run, vendors, &held, &before);
    helper_stop(&helper);
    scratch_destroy(&scratch);
    return ret;
}
