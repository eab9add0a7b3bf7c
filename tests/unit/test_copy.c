// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy.h"

enum { MOST = 3 << 20 };

static void fill(uint8_t *p, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}

/* All of it, and nothing beside it, whatever the alignment. */
static void copies_are_exact(bool helper)
{
    uint8_t *from = malloc(MOST + 256), *to = malloc(MOST + 256);
    const size_t sizes[] = {0,     1,      63,     64,      65,      4096, 65535, 65536,
                            65537, 262144, 262145, 1000003, 1000003, MOST, MOST};
    fill(from, MOST + 256, 1);
    for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
        for (size_t shift = 0; shift < 70; shift += 23) {
            size_t n = sizes[s], at = 64 + (shift * 7) % 67;
            memset(to, 0xaa, MOST + 256);
            gcl_copy_with(helper, s % 2 ? GCL_COPY_IN : GCL_COPY_OUT, to + at, from + shift, n);
            assert_memory_equal(to + at, from + shift, n);
            assert_int_equal(to[at - 1], 0xaa);
            assert_int_equal(to[at + n], 0xaa);
        }
    }
    free(from);
    free(to);
}

static void one_thread_copies_exactly(void **state)
{
    (void)state;
    copies_are_exact(false);
}

static void two_threads_copy_exactly(void **state)
{
    (void)state;
    copies_are_exact(true);
}

static void *copy_often(void *arg)
{
    (void)arg;
    copies_are_exact(true);
    return NULL;
}

static void many_may_copy_at_once(void **state)
{
    (void)state;
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, copy_often, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

/* It has one thread alone, and must not wait for another. */
static void a_forked_child_copies_by_itself(void **state)
{
    (void)state;
    int status;
    copies_are_exact(true);
    pid_t child = fork();
    if (!child) {
        alarm(60);
        copies_are_exact(true);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_copies_exactly),
        cmocka_unit_test(two_threads_copy_exactly),
        cmocka_unit_test(many_may_copy_at_once),
        cmocka_unit_test(a_forked_child_copies_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
