/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int left_ms(int64_t deadline)
{
    int64_t left = deadline - now_ms();

    if (!deadline)
        return -1;
    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

int exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int place(int fd, int target)
{
    return fd < 0 ? 0 : dup2(fd, target);
}

/* In the child. Returns only on failure, with errno. */
static void become(const struct process_spec *spec, pid_t parent)
{
    int in = spec->in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : spec->in;
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, spec->death_signal);
    if (getppid() != parent)
        _exit(1); /* vocl died before the line above */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (place(in, 0) < 0 || place(spec->out, 1) < 0 || place(spec->err, 2) < 0)
        return;
    for (int i = 0; i < spec->nkeep; i++)
        fcntl(spec->keep[i], F_SETFD, 0);
    for (char *const *e = spec->set; e && *e; e++)
        putenv(*e);
    execvp(spec->argv[0], spec->argv);
}

pid_t process_start(const struct process_spec *spec)
{
    pid_t parent = getpid(), pid;
    int failure[2], e = 0;

    if (pipe2(failure, O_CLOEXEC) < 0)
        return -errno;
    pid = fork();
    if (!pid) {
        become(spec, parent);
        e = errno;
        _exit(write(failure[1], &e, sizeof(e)) < 0);
    }
    e = pid < 0 ? errno : 0;
    close(failure[1]);
    if (pid > 0 && read(failure[0], &e, sizeof(e)) == sizeof(e))
        waitpid(pid, NULL, 0);
    close(failure[0]);
    return e ? -e : pid;
}

/* It stays there to be waited for. */
static int await_end(pid_t pid, int timeout_ms)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n;

    if (fd < 0)
        return -errno;
    do
        n = poll(&p, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n <= 0)
        return n ? -errno : -ETIMEDOUT;
    return 0;
}

int process_wait(pid_t pid, int timeout_ms, int *status)
{
    int ret = await_end(pid, timeout_ms);

    if (ret)
        return ret;
    return waitpid(pid, status, 0) < 0 ? -errno : 0;
}

void process_stop(pid_t pid, int grace_ms)
{
    int status;

    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    await_end(pid, grace_ms);
    /* What it leaves behind goes, too: a user-mode Linux that was killed leaves
     * processes that hold its sockets. The group is ours until the wait. */
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}

int process_filter(char *const *argv, int timeout_ms, int fd_in, int fd_out)
{
    struct process_spec spec = {
        .argv = argv, .in = fd_in, .out = fd_out, .err = -1, .death_signal = SIGKILL};
    pid_t pid = process_start(&spec);
    int status, ret;

    if (pid < 0)
        return pid;
    ret = process_wait(pid, timeout_ms, &status);
    if (ret == -ETIMEDOUT)
        process_stop(pid, 0);
    return ret < 0 ? ret : exit_status(status);
}

/* Output beyond len is read and dropped, so that the program ends by itself. */
static void collect(int fd, int64_t deadline, char *out, size_t len)
{
    char rest[4096];
    size_t used = 0;

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        size_t room = len - 1 - used;
        ssize_t n;

        if (poll(&p, 1, left_ms(deadline)) == 0)
            break;
        n = read(fd, room ? out + used : rest, room ? room : sizeof(rest));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += room ? (size_t)n : 0;
    }
    out[used] = '\0';
}

int process_output(char *const *argv, int timeout_ms, char *out, size_t len)
{
    int64_t deadline = now_ms() + timeout_ms;
    struct process_spec spec = {.argv = argv, .in = -1, .err = -1, .death_signal = SIGKILL};
    int fd[2], status, ret;
    pid_t pid;

    if (pipe2(fd, O_CLOEXEC) < 0)
        return -errno;
    spec.out = fd[1];
    pid = process_start(&spec);
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        return pid;
    }
    collect(fd[0], deadline, out, len);
    close(fd[0]);
    ret = process_wait(pid, left_ms(deadline), &status);
    if (ret == -ETIMEDOUT)
        process_stop(pid, 0);
    return ret < 0 ? ret : exit_status(status);
}
