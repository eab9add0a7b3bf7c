// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-helper/tally.h"

/* Run fn(arg) in a child, and return the wait status. */
static int in_child(void (*fn)(struct hcl_tally *), struct hcl_tally *t)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL); /* CMocka has a handler of its own */
        fn(t);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void count_two(struct hcl_tally *t)
{
    vocl_count(&t->host[HCL_N_CALLS], 1);
    vocl_count_alone(&t->host[HCL_N_CALLS], 1);
    vocl_count_most(&t->host[HCL_N_QUEUE_MOST], 64);
    vocl_count_most(&t->host[HCL_N_QUEUE_MOST], 8);
}

static void what_a_worker_counts_the_server_reads(void **state)
{
    (void)state;
    struct hcl_tally *t = hcl_tally_create(), copy;
    assert_non_null(t);
    assert_int_equal(in_child(count_two, t), 0);
    hcl_tally_read(t, &copy);
    assert_int_equal(copy.host[HCL_N_CALLS], 2);
    assert_int_equal(copy.host[HCL_N_QUEUE_MOST], 64);
    hcl_tally_destroy(t);
}

static void touch(struct hcl_tally *t)
{
    *(volatile uint64_t *)t->host = 1;
}

static void another_worker_does_not_have_it(void **state)
{
    (void)state;
    struct hcl_tally *t = hcl_tally_create();
    assert_non_null(t);
    hcl_tally_keep(t);
    int status = in_child(touch, t);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    assert_int_equal(t->host[0], 0);
    hcl_tally_destroy(t);
}

/* A worker that its guest has taken over tries to take the page away. */
static void remove_page(struct hcl_tally *t)
{
    memset(t, 0xff, sizeof(*t));
    madvise(t, sizeof(*t), MADV_REMOVE);
    munmap(t, sizeof(*t));
}

static void a_worker_cannot_take_it_away(void **state)
{
    (void)state;
    struct hcl_tally *t = hcl_tally_create(), copy;
    assert_non_null(t);
    assert_int_equal(in_child(remove_page, t), 0);
    hcl_tally_read(t, &copy); /* does not end us by SIGBUS */
    hcl_tally_destroy(t);
    hcl_tally_destroy(NULL);
}

static void sums_do_not_overflow(void **state)
{
    (void)state;
    struct hcl_tally sum = {0}, t;
    memset(&t, 0xff, sizeof(t));
    hcl_tally_add(&sum, &t);
    hcl_tally_add(&sum, &t);
    assert_true(sum.host[HCL_N_CALLS] == UINT64_MAX);
    assert_true(sum.guest[GCL_N_POSTS] == UINT64_MAX);
    assert_true(sum.op[0] == UINT64_MAX);
}

static void what_was_live_is_not_added(void **state)
{
    (void)state;
    struct hcl_tally sum = {0}, t = {0};
    t.host[HCL_N_CALLS] = 3;
    t.host[HCL_N_MEMS] = 5;
    t.host[HCL_N_QUEUE_MOST] = 7;
    t.guest[GCL_N_OBJECTS] = 9;
    hcl_tally_add(&sum, &t);
    t.host[HCL_N_QUEUE_MOST] = 6;
    hcl_tally_add(&sum, &t);
    assert_int_equal(sum.host[HCL_N_CALLS], 6);
    assert_int_equal(sum.host[HCL_N_MEMS], 0);
    assert_int_equal(sum.host[HCL_N_QUEUE_MOST], 7);
    assert_int_equal(sum.guest[GCL_N_OBJECTS], 0);
}

/* Names are keys: none twice, none empty, and a sentence with each. */
static void check_list(const struct vocl_counter *list)
{
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++) {
        if (!list[i].name)
            continue;
        assert_true(*list[i].name && *list[i].text);
        for (unsigned j = 0; j < i; j++)
            assert_true(!list[j].name || strcmp(list[i].name, list[j].name) != 0);
    }
}

static void every_counter_is_described_once(void **state)
{
    (void)state;
    check_list(vocl_guest_counters);
    check_list(vocl_host_counters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_worker_counts_the_server_reads),
        cmocka_unit_test(another_worker_does_not_have_it),
        cmocka_unit_test(a_worker_cannot_take_it_away),
        cmocka_unit_test(sums_do_not_overflow),
        cmocka_unit_test(what_was_live_is_not_added),
        cmocka_unit_test(every_counter_is_described_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
