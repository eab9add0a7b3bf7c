// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-helper/client.h"
#include "host-helper/sandbox.h"

/* Runs in a child that has entered the sandbox; says what went wrong. */
typedef const char *(*inside_fn)(void);

static void run_inside(bool sandbox, inside_fn fn)
{
    const struct hcl_options opt = {.sandbox = sandbox};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (hcl_sandbox_enter(&opt))
            _exit(2);
        const char *wrong = fn();
        if (wrong)
            dprintf(2, "in the sandbox: %s\n", wrong);
        _exit(wrong ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool denied(long result)
{
    return result == -1 && errno == EPERM;
}

static const char *look_for_capabilities(void)
{
    static char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    unsigned long long caps = 0;
    while (f && fgets(line, sizeof(line), f))
        if ((sscanf(line, "CapEff: %llx", &caps) == 1 || sscanf(line, "CapPrm: %llx", &caps) == 1 ||
             sscanf(line, "CapInh: %llx", &caps) == 1) && caps)
            return line;
    return f ? NULL : "no /proc";
}

static void capabilities_are_gone(void **state)
{
    (void)state;
    run_inside(true, look_for_capabilities);
}

static const char *try_sockets(void)
{
    if (!denied(socket(AF_INET, SOCK_STREAM, 0)))
        return "AF_INET is open";
    if (!denied(socket(AF_INET6, SOCK_DGRAM, 0)))
        return "AF_INET6 is open";
    if (!denied(socket(AF_NETLINK, SOCK_RAW, 0)))
        return "AF_NETLINK is open";
    if (!denied(syscall(SYS_socket, AF_INET | 1ul << 32, SOCK_STREAM, 0)))
        return "AF_INET is open with high bits";
    if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
        return "AF_UNIX is closed";
    return NULL;
}

static const char *try_other_processes(void)
{
    struct rlimit lim;
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};

    if (!denied(kill(getppid(), 0)) || !denied(kill(-1, 0)))
        return "signals reach others";
    if (!denied(syscall(SYS_tgkill, getppid(), getppid(), 0)))
        return "tgkill reaches others";
    if (kill(getpid(), 0) || syscall(SYS_tgkill, getpid(), getpid(), 0))
        return "signals do not reach ourselves";
    if (!denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)))
        return "ptrace is open";
    if (!denied(process_vm_readv(getppid(), &iov, 1, &iov, 1, 0)))
        return "process_vm_readv is open";
    if (!denied(prlimit(getppid(), RLIMIT_NOFILE, NULL, &lim)))
        return "others' limits are open";
    if (getrlimit(RLIMIT_NOFILE, &lim))
        return "our limits are closed";
    return NULL;
}

static const char *try_kernel(void)
{
    struct timeval tv = {0};

    if (!denied(mount("none", "/mnt", "tmpfs", 0, NULL)) || !denied(umount("/mnt")))
        return "mounting is open";
    if (!denied(chroot("/")))
        return "chroot is open";
    if (!denied(unshare(CLONE_NEWUSER)))
        return "unshare is open";
    if (!denied(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)))
        return "clone makes namespaces";
    if (syscall(SYS_clone3, NULL, 0) != -1 || errno != ENOSYS)
        return "clone3 exists";
    if (!denied(syscall(SYS_bpf, 0, NULL, 0)))
        return "bpf is open";
    if (!denied(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)))
        return "perf_event_open is open";
    if (!denied(syscall(SYS_io_uring_setup, 1, NULL)))
        return "io_uring is open";
    if (!denied(syscall(SYS_userfaultfd, 0)))
        return "userfaultfd is open";
    if (!denied(settimeofday(&tv, NULL)))
        return "the clock can be set";
    if (!denied(setuid(getuid())))
        return "setuid is open";
    return NULL;
}

static const char *try_terminal(void)
{
    if (!denied(ioctl(0, TIOCSTI, "x")))
        return "TIOCSTI is open";
    if (!denied(syscall(SYS_ioctl, 0, TIOCSTI | 1ul << 32, "x")))
        return "TIOCSTI is open with high bits";
    return NULL;
}

static const char *try_limits(void)
{
    struct rlimit lim;

    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return "new privileges are possible";
    if (getrlimit(RLIMIT_CORE, &lim) || lim.rlim_max != 0)
        return "core dumps are possible";
    return NULL;
}

static void *thread(void *opaque)
{
    return opaque;
}

/* What a runtime that compiles needs: threads, files, and to start programs. */
static const char *try_work(void)
{
    char path[] = "/tmp/vocl-test-XXXXXX";
    pthread_t th;

    if (pthread_create(&th, NULL, thread, NULL) || pthread_join(th, NULL))
        return "no threads";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, "x", 1) != 1 || unlink(path))
        return "no files";
    if (system("exit 7 | exit 7") != 7 << 8)
        return "no programs";
    return NULL;
}

static void sockets_are_local(void **state)
{
    (void)state;
    run_inside(true, try_sockets);
}

static void other_processes_are_out_of_reach(void **state)
{
    (void)state;
    run_inside(true, try_other_processes);
}

static void the_kernels_levers_are_out_of_reach(void **state)
{
    (void)state;
    run_inside(true, try_kernel);
}

static void the_terminal_takes_no_input_from_us(void **state)
{
    (void)state;
    run_inside(true, try_terminal);
}

static void privileges_and_cores_go_even_without_a_sandbox(void **state)
{
    (void)state;
    run_inside(true, try_limits);
    run_inside(false, try_limits);
}

static void ordinary_work_goes_on(void **state)
{
    (void)state;
    run_inside(true, try_work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_are_gone),
        cmocka_unit_test(sockets_are_local),
        cmocka_unit_test(other_processes_are_out_of_reach),
        cmocka_unit_test(the_kernels_levers_are_out_of_reach),
        cmocka_unit_test(the_terminal_takes_no_input_from_us),
        cmocka_unit_test(privileges_and_cores_go_even_without_a_sandbox),
        cmocka_unit_test(ordinary_work_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
