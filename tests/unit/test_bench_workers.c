// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench.h"

static pid_t start(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (!pid) {
        pause();
        _exit(0);
    }
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void the_child_that_is_new_is_found(void **state)
{
    static struct bench_workers before, now;
    pid_t old = start(), new;

    (void)state;
    bench_workers_list(getpid(), &before);
    new = start();
    bench_workers_list(getpid(), &now);
    assert_int_equal(before.n, 1);
    assert_int_equal(before.pid[0], old);
    assert_int_equal(now.n, 2);
    assert_int_equal(bench_workers_new(&before, &now), new);
    end(old);
    end(new);
}

static void two_new_ones_are_not_told_apart(void **state)
{
    const struct bench_workers before = {.pid = {1}, .n = 1}, same = {.pid = {1}, .n = 1},
                               two = {.pid = {3, 1, 2}, .n = 3}, other = {.pid = {2}, .n = 1};

    (void)state;
    assert_int_equal(bench_workers_new(&before, &same), 0);
    assert_int_equal(bench_workers_new(&before, &two), 0);
    assert_int_equal(bench_workers_new(&before, &other), 2);
}

static void memory_is_what_the_kernel_says(void **state)
{
    struct bench_memory m;
    pid_t pid = start();

    (void)state;
    assert_int_equal(bench_memory_of(pid, &m), 0);
    assert_true(m.rss > 0 && m.pss > 0 && m.rss >= m.pss && m.rss >= m.private_);
    end(pid);
    assert_int_equal(bench_memory_of(pid, &m), -ENOENT);
}

static void a_listener_is_found_by_its_socket(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "test_bench_workers.sock"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    unlink(addr.sun_path);
    assert_int_equal(bench_listener(addr.sun_path), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(bench_listener(addr.sun_path), getpid());
    close(fd);
    unlink(addr.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_child_that_is_new_is_found),
        cmocka_unit_test(two_new_ones_are_not_told_apart),
        cmocka_unit_test(memory_is_what_the_kernel_says),
        cmocka_unit_test(a_listener_is_found_by_its_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
