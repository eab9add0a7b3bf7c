// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "host-helper/map_budget.h"

static void leaves_the_runtime_what_it_needs(void **state)
{
    struct hcl_map_budget b;
    unsigned long count = 65530;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");

    if (f && fscanf(f, "%lu", &count) != 1)
        count = 65530;
    if (f)
        fclose(f);
    hcl_map_budget_init(&b);
    assert_true(count - b.all >= HCL_MAPS_FOR_RUNTIME || b.all <= count / 2);
    assert_true(b.region < b.all && b.region > b.all / 2 && b.all > 0);
}

static void takes_and_gives(void **state)
{
    struct hcl_map_budget b = {.all = 10, .region = 6};
    uint32_t one = 0, two = 0;

    assert_int_equal(hcl_map_budget_take(&b, &one, 6), 0);
    assert_int_equal(hcl_map_budget_take(&b, &one, 1), -ENOMEM);
    assert_int_equal(hcl_map_budget_take(&b, &two, 5), -ENOMEM);
    assert_int_equal(hcl_map_budget_take(&b, &two, 4), 0);
    assert_int_equal(b.used, 10);
    assert_int_equal(one, 6);
    assert_int_equal(two, 4);
    hcl_map_budget_give(&b, one);
    assert_int_equal(hcl_map_budget_take(&b, &two, 2), 0);
    assert_int_equal(b.used, 6);
}

static void a_number_beyond_all_is_refused(void **state)
{
    struct hcl_map_budget b = {.all = 10, .region = 6};
    uint32_t one = 3;

    b.used = 3;
    assert_int_equal(hcl_map_budget_take(&b, &one, UINT32_MAX), -ENOMEM);
    assert_int_equal(hcl_map_budget_take(&b, &one, UINT32_MAX - 2), -ENOMEM);
    assert_int_equal(b.used, 3);
    assert_int_equal(one, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_the_runtime_what_it_needs),
        cmocka_unit_test(takes_and_gives),
        cmocka_unit_test(a_number_beyond_all_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
