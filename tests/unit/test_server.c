// SPDX-License-Identifier: MIT
/*
 * The server with its own listener and with workers that do as their test
 * says: hcl_worker_main() is ours here, no OpenCL is involved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest-icd/transport.h"
#include "host-helper/server.h"
#include "host-helper/transport.h"
#include "proto/channel.h"

static char dir[32], path[64];
static struct hcl_options options = {
    .max_clients = 2,
    .max_regions = 8,
    .max_mapped = 1u << 20,
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What the workers of this test do. */
static enum { UNTIL_HANGUP, CRASH, DEAF } behaviour;

int hcl_worker_main(const struct hcl_options *opt, const struct hcl_client_id *id,
                    struct hcl_transport *t)
{
    (void)opt;
    (void)id;
    switch (behaviour) {
    case CRASH:
        usleep(50000);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
        return 1;
    case DEAF:
        signal(SIGTERM, SIG_IGN);
        for (;;)
            pause();
    default:
        while (t->ops->wait(t, -1) == 0)
            ;
        t->ops->destroy(t);
        return 0;
    }
}

/* The server runs in a child; ready once its socket answers. */
static pid_t start_server(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct hcl_server *s = hcl_server_create(&options);
        if (!s || hcl_listen_start(s, path))
            _exit(3);
        int err = hcl_server_run(s);
        hcl_server_destroy(s);
        _exit(err ? 4 : 0);
    }
    for (int i = 0; i < 500 && access(path, F_OK); i++)
        usleep(10000);
    return pid;
}

/* Returns the exit status, or 256 + signal. */
static int end_server(pid_t pid)
{
    int status;

    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/vocl-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/run.sock", dir);
    behaviour = UNTIL_HANGUP;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

/* Kept where the leak sanitizer finds them: they are never closed. */
static struct gcl_transport *opened[32];
static unsigned nopened;

static struct gcl_transport *connect_client(char *why, size_t len)
{
    /* bind() comes before listen(). */
    struct gcl_transport *t = NULL;
    for (int i = 0; i < 100 && !t; i++) {
        t = gcl_transport_socket_open(path, why, len);
        if (!t && !strstr(why, "nobody listens"))
            break;
        if (!t)
            usleep(10000);
    }
    if (t)
        opened[nopened++] = t;
    return t;
}

static pid_t worker_of(struct gcl_transport *t)
{
    return vocl_channel_header(t->channel)->helper_pid;
}

static void each_client_has_a_process_of_its_own(void **state)
{
    char why[256];
    pid_t server = start_server();
    struct gcl_transport *a = connect_client(why, sizeof(why));
    struct gcl_transport *b = connect_client(why, sizeof(why));

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_int_not_equal(worker_of(a), worker_of(b));
    assert_int_not_equal(worker_of(a), server);
    assert_int_equal(end_server(server), 0);
    assert_int_equal(a->ops->wait(a, vocl_channel_event(a->channel, 1), 0, 60000), -EIO);
}

static void one_client_too_many_is_told_so(void **state)
{
    char why[256] = "";
    pid_t server = start_server();

    (void)state;
    struct gcl_transport *a = connect_client(why, sizeof(why));
    assert_non_null(a);
    assert_non_null(connect_client(why, sizeof(why)));
    assert_null(connect_client(why, sizeof(why)));
    assert_non_null(strstr(why, "limit of 2 clients"));
    /* A place that is given back can be taken. */
    kill(worker_of(a), SIGKILL);
    struct gcl_transport *c = NULL;
    for (int i = 0; i < 100 && !c; i++) {
        usleep(10000);
        c = connect_client(why, sizeof(why));
    }
    assert_non_null(c);
    assert_int_equal(end_server(server), 0);
}

static void a_crash_ends_its_own_client_alone(void **state)
{
    char why[256];

    (void)state;
    behaviour = CRASH;
    pid_t server = start_server();
    struct gcl_transport *a = connect_client(why, sizeof(why));
    assert_non_null(a);
    int64_t start = now_ms();
    assert_int_equal(a->ops->wait(a, vocl_channel_event(a->channel, 1), 0, 60000), -EIO);
    assert_true(now_ms() - start < 1000);
    assert_non_null(connect_client(why, sizeof(why)));
    assert_int_equal(end_server(server), 0);
}

static void a_deaf_worker_is_killed_after_the_grace(void **state)
{
    char why[256];

    (void)state;
    behaviour = DEAF;
    pid_t server = start_server();
    struct gcl_transport *a = connect_client(why, sizeof(why));
    assert_non_null(a);
    usleep(50000); /* until it is deaf */
    int64_t start = now_ms();
    assert_int_equal(end_server(server), 0);
    assert_in_range(now_ms() - start, HCL_STOP_GRACE_MS - 50, HCL_STOP_GRACE_MS + 2000);
    assert_int_equal(kill(worker_of(a), 0), -1);
}

static void workers_die_with_the_server(void **state)
{
    char why[256];
    int status;
    pid_t server = start_server();
    struct gcl_transport *a = connect_client(why, sizeof(why));

    (void)state;
    assert_non_null(a);
    kill(server, SIGKILL);
    waitpid(server, &status, 0);
    assert_int_equal(a->ops->wait(a, vocl_channel_event(a->channel, 1), 0, 2000), -EIO);
}

static void the_socket_is_its_owners_and_goes_with_the_server(void **state)
{
    struct stat st;
    pid_t server = start_server();

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    usleep(50000); /* until it runs */
    assert_int_equal(end_server(server), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
    char why[256];
    int status;

    (void)state;
    pid_t first = start_server();
    assert_non_null(connect_client(why, sizeof(why)));
    pid_t second = start_server();
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_non_null(connect_client(why, sizeof(why)));

    kill(first, SIGKILL);
    waitpid(first, &status, 0);
    assert_int_equal(access(path, F_OK), 0);
    pid_t third = start_server();
    assert_non_null(connect_client(why, sizeof(why)));
    assert_int_equal(end_server(third), 0);
}

static void a_file_in_the_sockets_place_is_left_alone(void **state)
{
    int status;
    struct stat st;

    (void)state;
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    pid_t server = start_server();
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

/* hcl_server_fork() by itself. */
static void end_server_child(void *opaque, pid_t pid, int status)
{
    (void)pid;
    *(int *)opaque = status;
    raise(SIGTERM);
}

static void a_child_keeps_only_what_it_is_given(void **state)
{
    int keep[2], other, status = -1;

    (void)state;
    struct hcl_server *s = hcl_server_create(&options);
    assert_int_equal(pipe2(keep, O_CLOEXEC), 0);
    other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t pid = hcl_server_fork(s, keep, 2, end_server_child, &status);
    assert_true(pid >= 0);
    if (pid == 0) {
        sigset_t mask;
        sigprocmask(SIG_SETMASK, NULL, &mask);
        bool good = fcntl(keep[0], F_GETFD) >= 0 && fcntl(keep[1], F_GETFD) >= 0 &&
                    fcntl(other, F_GETFD) < 0 && !sigismember(&mask, SIGTERM) &&
                    fcntl(2, F_GETFD) >= 0;
        for (int fd = 3; fd < 256; fd++)
            good = good && (fd == keep[0] || fd == keep[1] || fcntl(fd, F_GETFD) < 0);
        _exit(good ? 42 : 1);
    }
    assert_int_equal(hcl_server_run(s), 0);
    assert_int_equal(WEXITSTATUS(status), 42);
    hcl_server_destroy(s);
    close(keep[0]);
    close(keep[1]);
    close(other);
}

struct pair {
    struct hcl_server *s;
    struct hcl_watch *mine, *other;
    int calls;
};

static void remove_both(void *opaque, int fd, short revents)
{
    struct pair *p = opaque;

    (void)fd;
    assert_true(revents & POLLIN);
    p->calls++;
    hcl_server_unwatch(p->s, p->mine);
    hcl_server_unwatch(p->s, p->other);
    raise(SIGTERM);
}

static void a_watch_may_remove_others_while_it_runs(void **state)
{
    int fds[2];
    struct pair p = {0};

    (void)state;
    p.s = hcl_server_create(&options);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    p.mine = hcl_server_watch(p.s, fds[0], POLLIN, remove_both, &p);
    p.other = hcl_server_watch(p.s, fds[0], POLLIN, remove_both, &p);
    assert_int_equal(hcl_server_run(p.s), 0);
    assert_int_equal(p.calls, 1);
    hcl_server_destroy(p.s);
    close(fds[0]);
    close(fds[1]);
}

static void readiness_is_announced(void **state)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char notify_path[80], text[32] = "";

    (void)state;
    snprintf(notify_path, sizeof(notify_path), "%s/notify", dir);
    strcpy(sa.sun_path, notify_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    setenv("NOTIFY_SOCKET", notify_path, 1);
    pid_t server = start_server();
    assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, "READY=1");
    assert_int_equal(end_server(server), 0);
    unsetenv("NOTIFY_SOCKET");
    unlink(notify_path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_client_has_a_process_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(one_client_too_many_is_told_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crash_ends_its_own_client_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_deaf_worker_is_killed_after_the_grace, setup, teardown),
        cmocka_unit_test_setup_teardown(workers_die_with_the_server, setup, teardown),
        cmocka_unit_test_setup_teardown(the_socket_is_its_owners_and_goes_with_the_server, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stale_socket_is_replaced_and_a_live_one_is_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_in_the_sockets_place_is_left_alone, setup, teardown),
        cmocka_unit_test(a_child_keeps_only_what_it_is_given),
        cmocka_unit_test(a_watch_may_remove_others_while_it_runs),
        cmocka_unit_test_setup_teardown(readiness_is_announced, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
