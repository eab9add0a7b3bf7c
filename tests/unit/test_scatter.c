// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-icd/scatter.h"

#define HUGE ((size_t)2 << 20)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static void a_range_is_mapped_after_so_many_copies(void **state)
{
    struct gcl_scatter s;
    char a[8];

    gcl_scatter_init(&s);
    for (unsigned i = 0; i < GCL_SCATTER_COPIES; i++) {
        assert_false(gcl_scatter_map_anyway(&s, a, 4));
        assert_false(gcl_scatter_map_anyway(&s, a, 8)); /* another range */
    }
    assert_true(gcl_scatter_map_anyway(&s, a, 4));
    /* It was not kept, and comes again. */
    for (unsigned i = 0; i < GCL_SCATTER_COPIES; i++)
        assert_false(gcl_scatter_map_anyway(&s, a, 4));
    assert_true(gcl_scatter_map_anyway(&s, a, 4));
    assert_true(gcl_scatter_map_anyway(&s, a, 8));
}

static void more_ranges_than_are_remembered_are_copied(void **state)
{
    struct gcl_scatter s;
    char a[GCL_SCATTER_RANGES + 1];

    gcl_scatter_init(&s);
    for (unsigned i = 0; i < 3 * GCL_SCATTER_COPIES; i++)
        for (unsigned n = 0; n < sizeof(a); n++)
            assert_false(gcl_scatter_map_anyway(&s, a + n, 1));
}

static void what_does_not_last_is_not_mapped(void **state)
{
    struct gcl_scatter s;
    char a[8];

    gcl_scatter_init(&s);
    gcl_scatter_maps_do_not_last(&s);
    for (unsigned i = 0; i < 3 * GCL_SCATTER_COPIES; i++)
        assert_false(gcl_scatter_map_anyway(&s, a, 8));
}

/* Two huge pages' worth, aligned, of small pages. */
static char *small_pages(void)
{
    char *p = mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    p += -(uintptr_t)p & (HUGE - 1);
    assert_int_equal(madvise(p, 2 * HUGE, MADV_NOHUGEPAGE), 0);
    memset(p, 1, 2 * HUGE);
    return p;
}

static void only_whole_huge_pages_are_collapsed(void **state)
{
    struct gcl_scatter s;
    char *p = small_pages();

    gcl_scatter_init(&s);
    assert_false(gcl_scatter_collapse(&s, p, HUGE - 1));
    assert_false(gcl_scatter_collapse(&s, p + 1, 2 * HUGE - 2));
    assert_int_equal(s.collapses_failed, 0);
    munmap(p, 2 * HUGE);
}

static void failures_are_not_repeated_at_once(void **state)
{
    struct gcl_scatter s;
    char *refused = small_pages(), *good = small_pages();

    madvise(good, 2 * HUGE, MADV_HUGEPAGE);
    if (madvise(good, HUGE, MADV_COLLAPSE) < 0)
        skip(); /* a kernel before 6.1, or without a free huge page */
    gcl_scatter_init(&s);
    assert_true(gcl_scatter_collapse(&s, good, 2 * HUGE));
    assert_false(gcl_scatter_collapse(&s, refused, 2 * HUGE));
    assert_false(gcl_scatter_collapse(&s, good, 2 * HUGE)); /* left out */
    assert_true(gcl_scatter_collapse(&s, good, 2 * HUGE));
    for (unsigned tries = 0; tries < 1000; tries++)
        assert_false(gcl_scatter_collapse(&s, refused, 2 * HUGE));
    unsigned left_out = 0;
    while (!gcl_scatter_collapse(&s, good, 2 * HUGE))
        assert_true(++left_out < 64);
    for (size_t i = 0; i < 2 * HUGE; i += 4096)
        assert_int_equal(good[i], 1);
    munmap(refused, 2 * HUGE);
    munmap(good, 2 * HUGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_mapped_after_so_many_copies),
        cmocka_unit_test(more_ranges_than_are_remembered_are_copied),
        cmocka_unit_test(what_does_not_last_is_not_mapped),
        cmocka_unit_test(only_whole_huge_pages_are_collapsed),
        cmocka_unit_test(failures_are_not_repeated_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
