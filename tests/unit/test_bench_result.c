// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>

#include "tools/bench_result.h"

static void add(struct bench_result *r, enum bench_which side, unsigned round, const char *group,
                const char *name, double v)
{
    assert_int_equal(bench_result_add(r, side, round, group, name, v, "us", false), 0);
}

static void the_ratio_is_of_each_round_and_then_the_median(void **state)
{
    struct bench_result r = {0};
    const double native[] = {1, 10, 2}, remote[] = {2, 10, 6};
    struct bench_summary s;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        add(&r, BENCH_NATIVE, i, "g", "a", native[i]);
        add(&r, BENCH_REMOTE, i, "g", "a", remote[i]);
    }
    s = bench_summary_of(&r.series[0], 3);
    assert_true(s.side[BENCH_NATIVE].median == 2);
    assert_true(s.side[BENCH_REMOTE].median == 6);
    /* 2, 1, 3: not 6 / 2, the ratio of the medians. */
    assert_true(s.ratio.median == 2);
    assert_true(s.ratio.min == 1 && s.ratio.max == 3);
    assert_true(s.difference == 4);
    bench_result_finish(&r);
}

static void a_round_that_was_left_out_does_not_count(void **state)
{
    struct bench_result r = {0};
    struct bench_summary s;

    (void)state;
    for (unsigned i = 0; i < 5; i += 2) {
        add(&r, BENCH_NATIVE, i, "g", "a", 2);
        add(&r, BENCH_REMOTE, i, "g", "a", 3);
    }
    s = bench_summary_of(&r.series[0], 5);
    assert_int_equal(s.ratio.n, 3);
    assert_int_equal(s.side[BENCH_NATIVE].n, 3);
    assert_true(s.ratio.median == 1.5);
    bench_result_finish(&r);
}

static void what_one_side_alone_has_has_no_ratio(void **state)
{
    struct bench_result r = {0};
    struct bench_summary s;

    (void)state;
    add(&r, BENCH_REMOTE, 0, "g", "a", 3);
    s = bench_summary_of(&r.series[0], 1);
    assert_int_equal(s.ratio.n, 0);
    assert_true(isnan(s.difference));
    assert_true(s.side[BENCH_REMOTE].median == 3);
    bench_result_finish(&r);
}

static void a_native_zero_has_no_ratio(void **state)
{
    struct bench_result r = {0};

    (void)state;
    add(&r, BENCH_NATIVE, 0, "g", "a", 0);
    add(&r, BENCH_REMOTE, 0, "g", "a", 3);
    assert_int_equal(bench_summary_of(&r.series[0], 1).ratio.n, 0);
    bench_result_finish(&r);
}

static void a_group_stays_together(void **state)
{
    struct bench_result r = {0};
    const char *const names[] = {"a1", "a2", "b1"};

    (void)state;
    add(&r, BENCH_NATIVE, 0, "a", "a1", 1);
    add(&r, BENCH_NATIVE, 0, "b", "b1", 1);
    add(&r, BENCH_REMOTE, 0, "a", "a2", 1);
    assert_int_equal(r.n, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(r.series[i].name, names[i]);
    assert_true(isnan(r.series[1].v[BENCH_NATIVE][0]));
    bench_result_finish(&r);
}

static void more_rounds_than_there_is_room_for_are_refused(void **state)
{
    struct bench_result r = {0};

    (void)state;
    assert_int_not_equal(
        bench_result_add(&r, BENCH_NATIVE, BENCH_MAX_ROUNDS, "g", "a", 1, "us", false), 0);
    bench_result_finish(&r);
}

static void a_warning_is_kept_once(void **state)
{
    struct bench_result r = {0};

    (void)state;
    bench_result_warn(&r, "a test's %s", "warning");
    bench_result_warn(&r, "a test's warning");
    bench_result_warn(&r, "another of a test's");
    assert_int_equal(r.nwarnings, 2);
    assert_string_equal(r.warning[0], "a test's warning");
    for (int i = 0; i < 2 * BENCH_MAX_WARNINGS; i++)
        bench_result_warn(&r, "number %d of a test", i);
    assert_int_equal(r.nwarnings, BENCH_MAX_WARNINGS);
    bench_result_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ratio_is_of_each_round_and_then_the_median),
        cmocka_unit_test(a_round_that_was_left_out_does_not_count),
        cmocka_unit_test(what_one_side_alone_has_has_no_ratio),
        cmocka_unit_test(a_native_zero_has_no_ratio),
        cmocka_unit_test(a_group_stays_together),
        cmocka_unit_test(more_rounds_than_there_is_room_for_are_refused),
        cmocka_unit_test(a_warning_is_kept_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
