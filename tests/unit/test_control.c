// SPDX-License-Identifier: MIT
/*
 * What the server tells of its clients, to whom, and that a worker which writes
 * nonsense into its tally does nothing to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-helper/control_socket.h"
#include "proto/control.h"

static char dir[32], path[64];
static const struct hcl_options options = {.max_clients = 2};
static pid_t server;

/* A hostile client, one that has ended, and a VM that is not there. */
static void fill(struct hcl_roster *r)
{
    const struct hcl_who bad = {.number = 1, .pid = 4711, .uid = HCL_UID_UNKNOWN, .comm = "bad"};
    const struct hcl_who old = {.number = 2, .pid = 4712, .uid = 1000, .comm = "old"};
    struct hcl_place *programs = hcl_place_create(r, HCL_PLACE_PROGRAMS, "/run/x.sock");
    struct hcl_served *s = hcl_served_create(programs, &bad);
    memset(s->tally, 0xff, sizeof(*s->tally));
    hcl_served_forked(s, 100);
    s = hcl_served_create(programs, &old);
    s->tally->host[HCL_N_CALLS] = 5;
    s->tally->host[HCL_N_MEMS] = 3;
    hcl_served_forked(s, 101);
    hcl_served_destroy(s);
    hcl_served_destroy(hcl_served_create(programs, &old)); /* never had a worker */
    struct hcl_place *vm = hcl_place_create(r, HCL_PLACE_VM, "/run/vm.sock\xff");
    for (uint64_t i = 0; i < 300; i++) /* an answer that no socket's buffer holds */
        hcl_served_forked(hcl_served_create(vm, &(struct hcl_who){.number = i}), 200);
}

static pid_t start_server(const char *at)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct hcl_server *s = hcl_server_create(&options);
        if (!s || hcl_control_start(s, at))
            _exit(3);
        fill(hcl_server_roster(s));
        int err = hcl_server_run(s);
        _exit(err ? 4 : 0);
    }
    return pid;
}

static int connect_to(const char *at)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    strcpy(sa.sun_path, at);
    for (int i = 0; i < 500; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
            return fd;
        close(fd);
        usleep(10000);
    }
    return -1;
}

static size_t read_all(int fd, char *text, size_t cap)
{
    size_t len = 0;
    ssize_t n;
    while (len < cap - 1 && (n = read(fd, text + len, cap - 1 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fd);
    return len;
}

static json_t *ask(const char *at)
{
    static char text[4 << 20];
    int fd = connect_to(at);
    assert_true(fd >= 0);
    assert_true(read_all(fd, text, sizeof(text)) > 0);
    json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);
    return doc;
}

static int end_server(void)
{
    int status = -1;
    kill(server, SIGTERM);
    assert_int_equal(waitpid(server, &status, 0), server);
    return status;
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/vocl-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/control", dir);
    server = start_server(path);
    return server < 0;
}

static int teardown(void **state)
{
    (void)state;
    return rmdir(dir);
}

static json_t *socket_named(json_t *doc, const char *serves)
{
    size_t i;
    json_t *s;
    json_array_foreach(json_object_get(doc, "sockets"), i, s)
    {
        if (!strcmp(json_string_value(json_object_get(s, "serves")), serves))
            return s;
    }
    return NULL;
}

static json_int_t number(json_t *o, const char *side, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(o, side), name));
}

static void nonsense_of_a_worker_is_shown_as_numbers(void **state)
{
    (void)state;
    json_t *doc = ask(path), *programs = socket_named(doc, "programs");
    json_t *clients = json_object_get(programs, "clients"), *bad = json_array_get(clients, 0);
    assert_int_equal(json_array_size(clients), 1);
    assert_string_equal(json_string_value(json_object_get(bad, "name")), "bad");
    assert_true(json_is_null(json_object_get(bad, "uid")));
    assert_int_equal(json_integer_value(json_object_get(bad, "pid")), 4711);
    assert_true(number(bad, "host", "calls") == INT64_MAX);
    assert_true(number(bad, "guest", "posts") == INT64_MAX);
    json_decref(doc);
    assert_int_equal(end_server(), 0);
}

static void who_has_ended_is_in_the_past(void **state)
{
    (void)state;
    json_t *doc = ask(path), *programs = socket_named(doc, "programs");
    json_t *past = json_object_get(programs, "past");
    assert_int_equal(json_integer_value(json_object_get(programs, "ended")), 1);
    assert_int_equal(number(past, "host", "calls"), 5);
    assert_int_equal(number(past, "host", "mems"), 0); /* went with it */
    json_decref(doc);
    assert_int_equal(end_server(), 0);
}

static void a_vm_that_is_not_there_is_shown_so(void **state)
{
    (void)state;
    json_t *doc = ask(path), *vm = socket_named(doc, "vm");
    assert_non_null(vm);
    assert_true(json_is_false(json_object_get(vm, "connected")));
    assert_string_equal(json_string_value(json_object_get(vm, "path")), "(not UTF-8)");
    assert_int_equal(json_array_size(json_object_get(vm, "clients")), 300);
    json_decref(doc);
    assert_int_equal(end_server(), 0);
}

static void readers_that_do_not_read_hold_up_nobody(void **state)
{
    (void)state;
    int fd[40];
    for (int i = 0; i < 40; i++)
        assert_true((fd[i] = connect_to(path)) >= 0);
    json_decref(ask(path));
    for (int i = 0; i < 40; i++)
        close(fd[i]);
    json_decref(ask(path));
    assert_int_equal(end_server(), 0);
}

static void another_user_is_told_nothing(void **state)
{
    (void)state;
    int status = -1;
    struct stat st;
    json_decref(ask(path)); /* it listens */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    if (geteuid() != 0) {
        end_server();
        skip();
    }
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(path, 0666), 0); /* somebody has changed it */
    pid_t pid = fork();
    if (pid == 0) {
        char text[64];
        if (setuid(65534))
            _exit(2);
        _exit(read_all(connect_to(path), text, sizeof(text)) ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(end_server(), 0);
}

/* A shell's condition on the folder becomes true within some seconds. */
static void await(const char *condition, const char *folder)
{
    char command[512];
    snprintf(command, sizeof(command), "cd %.200s && %s", folder, condition);
    bool done = false;
    for (int i = 0; i < 500 && !(done = system(command) == 0); i++)
        usleep(10000);
    assert_true(done);
}

/* Without a path it is in a folder where vocl looks, and what a killed helper
 * has left there is cleared away. */
static void it_is_found_without_a_path(void **state)
{
    (void)state;
    char folder[128];
    json_decref(ask(path));
    assert_int_equal(end_server(), 0);
    setenv("XDG_RUNTIME_DIR", dir, 1);
    assert_int_equal(vocl_control_folder(0, geteuid(), folder, sizeof(folder)), 0);
    server = start_server(NULL);
    await("ls *" VOCL_CONTROL_SUFFIX " 2>/dev/null >&2", folder);
    assert_true(vocl_control_folder_safe(folder, geteuid()));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    await("mv *" VOCL_CONTROL_SUFFIX " stale" VOCL_CONTROL_SUFFIX, folder);
    server = start_server(NULL);
    await("! test -e stale" VOCL_CONTROL_SUFFIX " && ls *" VOCL_CONTROL_SUFFIX " 2>/dev/null >&2",
          folder);
    assert_int_equal(end_server(), 0);
    assert_int_equal(rmdir(folder), 0); /* it has removed its own */
    unsetenv("XDG_RUNTIME_DIR");
}

static void a_folder_that_others_may_write_is_not_trusted(void **state)
{
    (void)state;
    assert_true(vocl_control_folder_safe(dir, geteuid()));
    assert_false(vocl_control_folder_safe(dir, geteuid() + 1));
    assert_int_equal(chmod(dir, 0777), 0);
    assert_false(vocl_control_folder_safe(dir, geteuid()));
    json_decref(ask(path));
    assert_int_equal(end_server(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nonsense_of_a_worker_is_shown_as_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(who_has_ended_is_in_the_past, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vm_that_is_not_there_is_shown_so, setup, teardown),
        cmocka_unit_test_setup_teardown(readers_that_do_not_read_hold_up_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(another_user_is_told_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_found_without_a_path, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_others_may_write_is_not_trusted, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
