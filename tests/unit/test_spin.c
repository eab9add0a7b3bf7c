// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spin.h"

static bool never(const void *opaque)
{
    (void)opaque;
    return false;
}

static bool at_once(const void *opaque)
{
    (void)opaque;
    return true;
}

static void what_is_done_is_found_without_sleeping(void **state)
{
    (void)state;
    struct vocl_spin s;
    uint64_t start;
    vocl_spin_init(&s);
    s.credit = 0;
    assert_true(vocl_spin(&s, at_once, NULL, &start));
    assert_int_equal(s.credit, 1);
}

static void waits_that_last_make_it_sleep_almost_at_once(void **state)
{
    (void)state;
    struct vocl_spin s;
    uint64_t start;
    vocl_spin_init(&s);
    for (unsigned i = 0; i < VOCL_SPIN_CREDIT_MAX; i++) {
        assert_true(s.credit > 0);
        assert_false(vocl_spin(&s, never, NULL, &start));
    }
    assert_int_equal(s.credit, 0);
    assert_false(vocl_spin(&s, never, NULL, &start));
    assert_int_equal(s.credit, 0);
}

static void a_short_sleep_makes_it_look_again(void **state)
{
    (void)state;
    struct vocl_spin s;
    uint64_t start;
    vocl_spin_init(&s);
    s.credit = 0;
    vocl_spin_slept(&s, 0); /* since the machine started */
    assert_int_equal(s.credit, 0);
    for (unsigned tries = 0; tries < 1000 && !s.credit; tries++) { /* we may be preempted */
        vocl_spin(&s, at_once, NULL, &start);
        s.credit = 0;
        vocl_spin_slept(&s, start);
    }
    assert_int_equal(s.credit, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done_is_found_without_sleeping),
        cmocka_unit_test(waits_that_last_make_it_sleep_almost_at_once),
        cmocka_unit_test(a_short_sleep_makes_it_look_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
