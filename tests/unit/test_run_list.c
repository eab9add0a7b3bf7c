// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host-helper/run_list.h"

#define PAGE ((uint64_t)HCL_PAGE_SIZE)
#define PAGES 64u
#define HIGH (1ull << 32)

/* Two regions of RAM, whose every page holds its number; the second begins where
 * the first ends, as QEMU's do not, and one that is apart. */
static struct hcl_guest_ram ram;
static int fd[3];

static int setup(void **state)
{
    const uint64_t gpa[3] = {0, PAGES * PAGE, HIGH};

    hcl_guest_ram_init(&ram, false);
    for (unsigned i = 0; i < 3; i++) {
        fd[i] = memfd_create("guest-ram", 0);
        uint8_t page[HCL_PAGE_SIZE];
        for (unsigned n = 0; n < PAGES; n++) {
            memset(page, (int)(i * PAGES + n), sizeof(page));
            if (write(fd[i], page, sizeof(page)) != (ssize_t)sizeof(page))
                return -1;
        }
        const struct hcl_ram_region r = {
            .gpa = gpa[i], .size = PAGES * PAGE, .user = 0x7000000000ull + gpa[i], .fd = fd[i]};
        if (hcl_guest_ram_add(&ram, &r))
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    hcl_guest_ram_finish(&ram);
    return 0;
}

static void pages_come_in_the_lists_order(void **state)
{
    const struct hcl_link_run runs[] = {{5 * PAGE, PAGE}, {3 * PAGE, 2 * PAGE}, {HIGH, PAGE}};
    struct hcl_run_list l = {0};
    uint8_t out[4 * HCL_PAGE_SIZE];

    assert_int_equal(hcl_run_list_add(&l, runs, 3), 0);
    assert_int_equal(l.len, sizeof(out));
    assert_int_equal(hcl_run_list_copy(&l, &ram, 0, out, sizeof(out), false), 0);
    const uint8_t want[] = {5, 3, 4, 2 * PAGES};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(out[i * PAGE], want[i]);
        assert_int_equal(out[i * PAGE + PAGE - 1], want[i]);
    }
    /* A part that begins and ends inside of pages. */
    assert_int_equal(hcl_run_list_copy(&l, &ram, PAGE - 1, out, 2 * PAGE + 2, false), 0);
    assert_int_equal(out[0], 5);
    assert_int_equal(out[1], 3);
    assert_int_equal(out[PAGE], 3);
    assert_int_equal(out[PAGE + 1], 4);
    assert_int_equal(out[2 * PAGE + 1], 2 * PAGES);
    hcl_run_list_finish(&l);
}

static void neighbours_become_one(void **state)
{
    const struct hcl_link_run runs[] = {{PAGE, PAGE}, {2 * PAGE, PAGE}};
    const struct hcl_link_run next = {3 * PAGE, PAGE};
    struct hcl_run_list l = {0};

    assert_int_equal(hcl_run_list_add(&l, runs, 2), 0);
    assert_int_equal(hcl_run_list_add(&l, &next, 1), 0);
    assert_int_equal(l.n, 1);
    assert_int_equal(l.len, 3 * PAGE);
    hcl_run_list_finish(&l);
}

static void a_run_goes_on_in_the_next_region(void **state)
{
    const struct hcl_link_run run = {(PAGES - 1) * PAGE, 2 * PAGE};
    struct hcl_run_list l = {0};
    uint8_t out[2 * HCL_PAGE_SIZE];

    assert_int_equal(hcl_run_list_add(&l, &run, 1), 0);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 0, out, sizeof(out), false), 0);
    assert_int_equal(out[0], PAGES - 1);
    assert_int_equal(out[PAGE], PAGES);
    hcl_run_list_finish(&l);
}

static void what_is_written_is_in_the_guests_pages(void **state)
{
    const struct hcl_link_run runs[] = {{9 * PAGE, PAGE}, {7 * PAGE, PAGE}};
    struct hcl_run_list l = {0};
    uint8_t in[8] = "gathered", byte;

    assert_int_equal(hcl_run_list_add(&l, runs, 2), 0);
    assert_int_equal(hcl_run_list_copy(&l, &ram, PAGE - 4, in, sizeof(in), true), 0);
    assert_int_equal(pread(fd[0], &byte, 1, 9 * PAGE + PAGE - 4), 1);
    assert_int_equal(byte, 'g');
    assert_int_equal(pread(fd[0], &byte, 1, 7 * PAGE + 3), 1);
    assert_int_equal(byte, 'd');
    assert_int_equal(pread(fd[0], &byte, 1, 7 * PAGE + 4), 1);
    assert_int_equal(byte, 7);
    hcl_run_list_finish(&l);
}

static void many_runs_are_found(void **state)
{
    struct hcl_run_list l = {0};
    uint8_t byte;

    for (unsigned i = 0; i < 3000; i++) {
        const struct hcl_link_run run = {(i * 2 % PAGES) * PAGE, PAGE};
        assert_int_equal(hcl_run_list_add(&l, &run, 1), 0);
    }
    assert_int_equal(l.n, 3000);
    for (unsigned i = 0; i < 3000; i++) {
        assert_int_equal(hcl_run_list_copy(&l, &ram, i * PAGE + i % PAGE, &byte, 1, false), 0);
        assert_int_equal(byte, i * 2 % PAGES);
    }
    hcl_run_list_finish(&l);
}

static void what_is_beyond_or_gone_is_an_error(void **state)
{
    const struct hcl_link_run runs[] = {{0, 2 * PAGE}, {16 * HIGH, PAGE}};
    struct hcl_run_list l = {0};
    uint8_t out[2 * HCL_PAGE_SIZE];

    assert_int_equal(hcl_run_list_add(&l, runs, 2), 0);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 3 * PAGE, out, 1, false), -EFAULT);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 1, out, UINT64_MAX, false), -EFAULT);
    assert_int_equal(hcl_run_list_copy(&l, &ram, UINT64_MAX, out, 1, false), -EFAULT);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 3 * PAGE, out, 0, false), 0);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 2 * PAGE, out, 1, false), -EFAULT);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 0, out, sizeof(out), false), 0);
    assert_int_equal(ftruncate(fd[0], PAGE), 0);
    assert_int_equal(hcl_run_list_copy(&l, &ram, 0, out, sizeof(out), false), -EFAULT);
    hcl_run_list_finish(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_come_in_the_lists_order, setup, teardown),
        cmocka_unit_test_setup_teardown(neighbours_become_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_goes_on_in_the_next_region, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_written_is_in_the_guests_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(many_runs_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_beyond_or_gone_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
