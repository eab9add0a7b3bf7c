// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "buddy.h"

enum { ORDER = 8, UNITS = 1 << ORDER };

static void all_of_it_can_be_had_at_once(void **state)
{
    (void)state;
    size_t first = 1, other;
    struct gcl_buddy *b = gcl_buddy_create(ORDER);
    assert_true(gcl_buddy_take(b, ORDER, &first));
    assert_int_equal(first, 0);
    assert_false(gcl_buddy_take(b, 0, &other));
    assert_false(gcl_buddy_empty(b));
    gcl_buddy_give(b, first);
    assert_true(gcl_buddy_empty(b));
    assert_false(gcl_buddy_take(b, ORDER + 1, &other));
    gcl_buddy_destroy(b);
}

static void single_units_fill_it(void **state)
{
    (void)state;
    bool seen[UNITS] = {false};
    size_t at;
    struct gcl_buddy *b = gcl_buddy_create(ORDER);
    for (int i = 0; i < UNITS; i++) {
        assert_true(gcl_buddy_take(b, 0, &at));
        assert_true(at < UNITS && !seen[at]);
        seen[at] = true;
    }
    assert_false(gcl_buddy_take(b, 0, &at));
    for (int i = 0; i < UNITS; i += 2)
        gcl_buddy_give(b, i);
    assert_false(gcl_buddy_take(b, 1, &at)); /* no two neighbours are free */
    for (int i = 1; i < UNITS; i += 2)
        gcl_buddy_give(b, i);
    assert_true(gcl_buddy_empty(b));
    assert_true(gcl_buddy_take(b, ORDER, &at));
    gcl_buddy_destroy(b);
}

/* What is taken is aligned, lies inside and overlaps nothing; and as long as a
 * run of that size is free where one may begin, it is found. */
static void pieces_of_all_sizes_never_overlap(void **state)
{
    (void)state;
    struct {
        size_t first;
        unsigned order;
    } taken[UNITS];
    size_t count = 0;
    unsigned char used[UNITS] = {0};
    struct gcl_buddy *b = gcl_buddy_create(ORDER);
    srand(1);
    for (int turn = 0; turn < 200000; turn++) {
        if (rand() % 2 || !count) {
            unsigned order = rand() % 6;
            size_t at, n = (size_t)1 << order, fits = 0;
            for (size_t i = 0; i < UNITS; i += n)
                fits += !memchr(used + i, 1, n);
            assert_int_equal(gcl_buddy_take(b, order, &at), fits > 0);
            if (!fits)
                continue;
            assert_int_equal(at % n, 0);
            assert_true(at <= UNITS - n && !memchr(used + at, 1, n));
            memset(used + at, 1, n);
            taken[count].first = at;
            taken[count++].order = order;
        } else {
            size_t i = rand() % count;
            gcl_buddy_give(b, taken[i].first);
            memset(used + taken[i].first, 0, (size_t)1 << taken[i].order);
            taken[i] = taken[--count];
        }
        assert_int_equal(gcl_buddy_empty(b), count == 0);
    }
    gcl_buddy_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_can_be_had_at_once),
        cmocka_unit_test(single_units_fill_it),
        cmocka_unit_test(pieces_of_all_sizes_never_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
