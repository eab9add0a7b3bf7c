// SPDX-License-Identifier: MIT
/*
 * A rectangle's span is worked out on both sides: the guest shares that many
 * bytes, and the helper refuses a command that could touch more. They must
 * agree, or a good program is refused; and neither may overflow, or a hostile
 * one is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "data.h"
#include "transfer.h"

static void a_span_ends_with_the_last_row(void **state)
{
    (void)state;
    size_t origin[3] = {4, 2, 1}, region[3] = {8, 3, 2};
    size_t span = (1 + 1) * 200 + (2 + 2) * 20 + 4 + 8;
    assert_int_equal(gcl_rect_span(origin, region, 20, 200), span);
    assert_int_equal(hcl_rect_span(origin, region, 20, 200), span);
}

static void a_pitch_of_zero_is_tight(void **state)
{
    (void)state;
    size_t origin[3] = {0, 0, 0}, region[3] = {8, 3, 2};
    assert_int_equal(gcl_rect_span(origin, region, 0, 0), 8 * 3 * 2);
    assert_int_equal(hcl_rect_span(origin, region, 0, 0), 8 * 3 * 2);
    assert_int_equal(gcl_rect_span(origin, region, 10, 0), 30 + 20 + 8);
    assert_int_equal(hcl_rect_span(origin, region, 10, 0), 30 + 20 + 8);
}

static void rows_lie_inside_the_span(void **state)
{
    (void)state;
    size_t origin[3] = {4, 2, 1}, region[3] = {8, 3, 2};
    struct gcl_rect r = gcl_rect_of(origin, region, 20, 200);
    assert_int_equal(r.first, 200 + 40 + 4);
    assert_int_equal(r.first + (r.slices - 1) * r.slice_pitch + (r.rows - 1) * r.row_pitch + r.row,
                     gcl_rect_span(origin, region, 20, 200));
}

static void what_overflows_has_no_span(void **state)
{
    (void)state;
    static const struct {
        size_t origin[3], region[3], row_pitch, slice_pitch;
    } cases[] = {
        {{0, 0, 0}, {8, SIZE_MAX, 2}, 0, 0},
        {{0, 0, 0}, {8, 2, SIZE_MAX}, 0, 0},
        {{SIZE_MAX, 0, 0}, {1, 1, 1}, 0, 0},
        {{SIZE_MAX - 7, 0, 0}, {8, 1, 1}, 0, 0},
        {{0, SIZE_MAX, 0}, {8, 2, 1}, 0, 0},
        {{0, 0, SIZE_MAX}, {8, 1, 2}, 0, 0},
        {{0, 2, 0}, {8, 2, 1}, SIZE_MAX / 2, 0},
        {{0, 0, 2}, {8, 1, 2}, 8, SIZE_MAX / 2},
        {{0, 1, 1}, {8, 1, 1}, SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(gcl_rect_span(cases[i].origin, cases[i].region, cases[i].row_pitch,
                                       cases[i].slice_pitch),
                         0);
        assert_true(hcl_rect_span(cases[i].origin, cases[i].region, cases[i].row_pitch,
                                  cases[i].slice_pitch) == UINT64_MAX);
    }
}

static void missing_or_empty_parameters_have_no_span(void **state)
{
    (void)state;
    size_t origin[3] = {0, 0, 0}, region[3] = {8, 1, 1}, empty[3] = {8, 0, 1};
    assert_int_equal(gcl_rect_span(NULL, region, 0, 0), 0);
    assert_int_equal(gcl_rect_span(origin, NULL, 0, 0), 0);
    assert_true(hcl_rect_span(NULL, region, 0, 0) == UINT64_MAX);
    assert_true(hcl_rect_span(origin, NULL, 0, 0) == UINT64_MAX);
    assert_int_equal(gcl_rect_span(origin, empty, 0, 0), 0);
    assert_int_equal(hcl_rect_span(origin, empty, 0, 0), 0);
}

/* A small generator, so that every run sees the same numbers. */
static size_t next(uint64_t *seed)
{
    static const size_t edges[] = {0,        1, 2, 7, 4096, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX - 1,
                                   1ul << 32};
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    size_t r = *seed >> 33;
    return r % 3 ? r % 64 : edges[r / 3 % (sizeof(edges) / sizeof(edges[0]))];
}

static void both_sides_agree(void **state)
{
    (void)state;
    uint64_t seed = 1;
    unsigned fits = 0;
    for (int i = 0; i < 200000; i++) {
        size_t o[3], r[3], row, slice;
        for (int k = 0; k < 3; k++) {
            o[k] = next(&seed);
            r[k] = next(&seed);
        }
        row = next(&seed);
        slice = next(&seed);
        uint64_t guest = gcl_rect_span(o, r, row, slice), host = hcl_rect_span(o, r, row, slice);
        if (host == UINT64_MAX)
            assert_true(guest == 0 || guest == UINT64_MAX);
        else
            assert_true(guest == host);
        fits += guest != 0;
    }
    assert_true(fits > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_ends_with_the_last_row),
        cmocka_unit_test(a_pitch_of_zero_is_tight),
        cmocka_unit_test(rows_lie_inside_the_span),
        cmocka_unit_test(what_overflows_has_no_span),
        cmocka_unit_test(missing_or_empty_parameters_have_no_span),
        cmocka_unit_test(both_sides_agree),
    };
    return cmocka_run_group_tests_name("rect", tests, NULL, NULL);
}
