// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>

#include "tools/stats.h"

static void same(double got, double wanted)
{
    assert_true(fabs(got - wanted) < 1e-12);
}

static void the_median_of_an_odd_number_is_the_one_in_the_middle(void **state)
{
    double v[] = {9, 1, 5};

    (void)state;
    same(stats_median(v, 3), 5);
}

static void the_median_of_an_even_number_is_between_the_two_in_the_middle(void **state)
{
    double v[] = {4, 1, 100, 2};

    (void)state;
    same(stats_median(v, 4), 3);
}

static void one_value_is_everything(void **state)
{
    double v[] = {7};
    struct stats s = stats_of(v, 1);

    (void)state;
    assert_int_equal(s.n, 1);
    same(s.median, 7);
    same(s.low, 7);
    same(s.high, 7);
    same(s.min, 7);
    same(s.max, 7);
}

static void nothing_is_zero(void **state)
{
    struct stats s = stats_of(NULL, 0);

    (void)state;
    assert_int_equal(s.n, 0);
    same(s.median, 0);
    same(stats_quantile(NULL, 0, 0.5), 0);
}

/* As R's quantile() and numpy's percentile() have it. */
static void quartiles_lie_between_values_by_their_distance(void **state)
{
    double v[] = {40, 10, 30, 20};
    struct stats s = stats_of(v, 4);

    (void)state;
    same(s.low, 17.5);
    same(s.median, 25);
    same(s.high, 32.5);
    same(s.min, 10);
    same(s.max, 40);
}

static void the_ends_are_the_least_and_the_greatest(void **state)
{
    const double v[] = {1, 2, 4, 8, 16};

    (void)state;
    same(stats_quantile(v, 5, 0), 1);
    same(stats_quantile(v, 5, 1), 16);
    same(stats_quantile(v, 5, 0.25), 2);
}

static void one_far_value_does_not_move_the_median(void **state)
{
    double v[] = {1, 1, 1, 1, 1e9};

    (void)state;
    same(stats_median(v, 5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_of_an_odd_number_is_the_one_in_the_middle),
        cmocka_unit_test(the_median_of_an_even_number_is_between_the_two_in_the_middle),
        cmocka_unit_test(one_value_is_everything),
        cmocka_unit_test(nothing_is_zero),
        cmocka_unit_test(quartiles_lie_between_values_by_their_distance),
        cmocka_unit_test(the_ends_are_the_least_and_the_greatest),
        cmocka_unit_test(one_far_value_does_not_move_the_median),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
