// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host-helper/regions.h"

#define PAGE 4096u
#define MAX_COUNT 100u
#define MAX_BYTES (1u << 20)

static int setup(void **state)
{
    *state = hcl_regions_create(MAX_COUNT, MAX_BYTES);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    hcl_regions_destroy(*state);
    return 0;
}

/* A published region of len bytes of anonymous memory. */
static void *make_region(struct hcl_regions *rs, uint32_t id, uint64_t len)
{
    void *base = NULL;

    assert_int_equal(hcl_region_reserve(rs, id, len, &base), 0);
    assert_ptr_equal(
        mmap(base, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
        base);
    assert_int_equal(hcl_region_publish(rs, id), 0);
    return base;
}

static bool is_mapped(void *p)
{
    return msync(p, PAGE, MS_ASYNC) == 0;
}

static void count_gone(void *opaque, uint32_t id)
{
    uint32_t *last = opaque;
    *last = id;
}

static void a_published_region_can_be_used(void **state)
{
    struct hcl_regions *rs = *state;
    char *base = make_region(rs, 7, 2 * PAGE);
    void *p = NULL;
    struct hcl_region *r = hcl_region_get(rs, 7, 100, 2 * PAGE - 100, &p);

    assert_non_null(r);
    assert_ptr_equal(p, base + 100);
    hcl_region_put(r);
}

static void a_reserved_region_cannot_be_used_yet(void **state)
{
    struct hcl_regions *rs = *state;
    void *base, *p;

    assert_int_equal(hcl_region_reserve(rs, 1, PAGE, &base), 0);
    assert_null(hcl_region_get(rs, 1, 0, 1, &p));
    assert_int_equal(hcl_region_publish(rs, 1), 0);
    assert_int_equal(hcl_region_publish(rs, 1), -ENOENT);
}

static void ranges_outside_a_region_are_refused(void **state)
{
    struct hcl_regions *rs = *state;
    void *p = (void *)1;

    make_region(rs, 1, PAGE);
    assert_null(hcl_region_get(rs, 1, 0, PAGE + 1, &p));
    assert_null(hcl_region_get(rs, 1, PAGE, 1, &p));
    assert_null(hcl_region_get(rs, 1, PAGE + 1, 0, &p));
    assert_null(hcl_region_get(rs, 1, 1, UINT64_MAX, &p));
    assert_null(hcl_region_get(rs, 1, UINT64_MAX, 2, &p));
    assert_null(hcl_region_get(rs, 0, 0, 1, &p));
    assert_null(hcl_region_get(rs, 2, 0, 1, &p));
    assert_null(hcl_region_get(rs, UINT32_MAX, 0, 1, &p));
    assert_ptr_equal(p, (void *)1);
}

static void nonsense_cannot_be_reserved(void **state)
{
    struct hcl_regions *rs = *state;
    void *base;

    assert_int_equal(hcl_region_reserve(rs, 0, PAGE, &base), -EINVAL);
    assert_int_equal(hcl_region_reserve(rs, MAX_COUNT + 1, PAGE, &base), -EINVAL);
    assert_int_equal(hcl_region_reserve(rs, UINT32_MAX, PAGE, &base), -EINVAL);
    assert_int_equal(hcl_region_reserve(rs, 1, 0, &base), -EINVAL);
    assert_int_equal(hcl_region_reserve(rs, 1, PAGE + 1, &base), -EINVAL);
    assert_int_equal(hcl_region_reserve(rs, 1, -(uint64_t)PAGE, &base), -EINVAL);
    make_region(rs, 1, PAGE);
    assert_int_equal(hcl_region_reserve(rs, 1, PAGE, &base), -EEXIST);
}

static void limits_hold_and_are_given_back(void **state)
{
    struct hcl_regions *rs = *state;
    void *base;
    uint32_t count;
    uint64_t bytes;

    for (uint32_t id = 1; id <= MAX_COUNT; id++)
        make_region(rs, id, PAGE);
    hcl_regions_usage(rs, &count, &bytes);
    assert_int_equal(count, MAX_COUNT);
    assert_int_equal(bytes, MAX_COUNT * PAGE);
    for (uint32_t id = 1; id <= MAX_COUNT; id++)
        assert_int_equal(hcl_region_unmap(rs, id, NULL, NULL), 0);
    hcl_regions_usage(rs, &count, &bytes);
    assert_int_equal(count, 0);
    assert_int_equal(bytes, 0);

    assert_int_equal(hcl_region_reserve(rs, 1, MAX_BYTES + PAGE, &base), -ENOSPC);
    make_region(rs, 1, MAX_BYTES);
    assert_int_equal(hcl_region_reserve(rs, 2, PAGE, &base), -ENOSPC);
}

static void an_unused_region_goes_at_once(void **state)
{
    struct hcl_regions *rs = *state;
    uint32_t gone = 0;
    void *base = make_region(rs, 3, PAGE);

    assert_int_equal(hcl_region_unmap(rs, 3, count_gone, &gone), 0);
    assert_int_equal(gone, 3);
    assert_false(is_mapped(base));
    assert_int_equal(hcl_region_unmap(rs, 3, count_gone, &gone), -ENOENT);
}

static void a_region_in_use_goes_with_its_last_user(void **state)
{
    struct hcl_regions *rs = *state;
    uint32_t gone = 0;
    void *p, *base = make_region(rs, 3, PAGE);
    struct hcl_region *first = hcl_region_get(rs, 3, 0, PAGE, &p);
    struct hcl_region *second = hcl_region_get(rs, 3, 0, 1, &p);

    assert_int_equal(hcl_region_unmap(rs, 3, count_gone, &gone), 0);
    assert_null(hcl_region_get(rs, 3, 0, 1, &p));
    assert_int_equal(hcl_region_unmap(rs, 3, NULL, NULL), -ENOENT);
    assert_int_equal(hcl_region_reserve(rs, 3, PAGE, &p), -EEXIST);
    hcl_region_put(first);
    assert_int_equal(gone, 0);
    assert_true(is_mapped(base));
    hcl_region_put(second);
    assert_int_equal(gone, 3);
    assert_false(is_mapped(base));
    make_region(rs, 3, PAGE);
}

static void large_regions_are_aligned_for_huge_pages(void **state)
{
    struct hcl_regions *rs = hcl_regions_create(4, 64u << 20);
    void *base;

    (void)state;
    for (uint32_t id = 1; id <= 3; id++) {
        assert_int_equal(hcl_region_reserve(rs, id, (4u << 20) + PAGE, &base), 0);
        assert_int_equal((uintptr_t)base % (2u << 20), 0);
    }
    hcl_regions_destroy(rs);
}

static void a_used_region_outlives_destroy(void **state)
{
    struct hcl_regions *rs = hcl_regions_create(4, MAX_BYTES);
    uint32_t gone = 0;
    void *p;

    (void)state;
    char *base = make_region(rs, 1, PAGE);
    make_region(rs, 2, PAGE);
    struct hcl_region *r = hcl_region_get(rs, 1, 0, PAGE, &p);
    assert_int_equal(hcl_region_unmap(rs, 1, count_gone, &gone), 0);
    hcl_regions_destroy(rs);
    base[0] = 1;
    hcl_region_put(r);
    assert_int_equal(gone, 0);
    assert_false(is_mapped(base));
}

/* The pages of a file in reverse order, one mapping each, as guest RAM comes. */
static void a_region_can_be_seen_a_second_time(void **state)
{
    struct hcl_regions *rs = *state;
    enum { PIECES = 40 };
    char *base, *second;
    void *p;
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, PIECES * PAGE), 0);
    assert_int_equal(hcl_region_reserve(rs, 1, PIECES * PAGE, (void **)&base), 0);
    for (int i = 0; i < PIECES; i++) {
        char *at = base + i * PAGE;
        assert_ptr_equal(mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                              (PIECES - 1 - i) * (off_t)PAGE),
                         at);
        *at = (char)i;
        assert_int_equal(hcl_region_piece(rs, 1, PAGE), 0);
    }
    assert_int_equal(hcl_region_publish(rs, 1), 0);
    struct hcl_region *r = hcl_region_get(rs, 1, PAGE, PAGE, &p);
    assert_int_equal(hcl_region_size(r), PIECES * PAGE);
    second = mmap(NULL, PIECES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(hcl_region_alias(r, second), 0);
    for (int i = 0; i < PIECES; i++)
        assert_int_equal(second[i * PAGE], i);
    second[3 * PAGE] = 77;
    assert_int_equal(base[3 * PAGE], 77);
    munmap(second, PIECES * PAGE);
    hcl_region_put(r);
    close(fd);
}

/* For the thread sanitizer. */
static void *use_regions(void *opaque)
{
    struct hcl_regions *rs = opaque;

    for (int i = 0; i < 2000; i++) {
        char *p;
        struct hcl_region *r = hcl_region_get(rs, 1 + i % 4, 8, 8, (void **)&p);
        if (!r)
            continue;
        __atomic_fetch_add(p, 1, __ATOMIC_RELAXED);
        hcl_region_put(r);
    }
    return NULL;
}

static void threads_may_use_what_another_unmaps(void **state)
{
    struct hcl_regions *rs = *state;
    pthread_t users[2];

    for (int i = 0; i < 2; i++)
        pthread_create(&users[i], NULL, use_regions, rs);
    for (int i = 0; i < 500; i++) {
        void *base;
        uint32_t id = 1 + i % 4;
        if (hcl_region_reserve(rs, id, PAGE, &base) == -EEXIST)
            continue;
        mmap(base, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        hcl_region_publish(rs, id);
        hcl_region_unmap(rs, 1 + (i + 2) % 4, NULL, NULL);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(users[i], NULL);
}

struct copied {
    uint32_t id;
    uint64_t off, len;
    void *mem;
    bool to_guest;
};

static int note_copy(void *opaque, uint32_t id, uint64_t off, void *mem, uint64_t len,
                     bool to_guest)
{
    *(struct copied *)opaque = (struct copied){id, off, len, mem, to_guest};
    return -EFAULT;
}

static void a_listed_region_is_copied_and_has_no_address(void **state)
{
    struct hcl_regions *rs = *state;
    struct copied last = {0};
    uint32_t gone = 0;
    char mem[4];
    void *ptr;

    assert_int_equal(hcl_region_list(rs, 3, 2 * PAGE, true, note_copy, &last), 0);
    assert_null(hcl_region_get_listed(rs, 3, 0, 1, false)); /* not yet */
    assert_int_equal(hcl_region_publish(rs, 3), 0);
    assert_null(hcl_region_get(rs, 3, 0, 1, &ptr));
    assert_null(hcl_region_get_listed(rs, 3, 0, 2 * PAGE + 1, false));
    assert_null(hcl_region_get_listed(rs, 3, UINT64_MAX, 1, false));
    struct hcl_region *r = hcl_region_get_listed(rs, 3, 5, sizeof(mem), true);
    assert_non_null(r);
    assert_int_equal(hcl_region_copy(r, 5, mem, sizeof(mem), true), -EFAULT);
    assert_int_equal(last.id, 3);
    assert_int_equal(last.off, 5);
    assert_int_equal(last.len, sizeof(mem));
    assert_ptr_equal(last.mem, mem);
    assert_true(last.to_guest);
    assert_int_equal(hcl_region_unmap(rs, 3, count_gone, &gone), 0);
    assert_int_equal(gone, 0);
    hcl_region_put(r);
    assert_int_equal(gone, 3);
}

static void a_read_only_list_is_not_written_to(void **state)
{
    struct hcl_regions *rs = *state;

    assert_int_equal(hcl_region_list(rs, 3, PAGE, false, note_copy, NULL), 0);
    assert_int_equal(hcl_region_publish(rs, 3), 0);
    assert_null(hcl_region_get_listed(rs, 3, 0, 1, true));
    struct hcl_region *r = hcl_region_get_listed(rs, 3, 0, 1, false);
    assert_non_null(r);
    hcl_region_put(r);
    make_region(rs, 4, PAGE);
    assert_null(hcl_region_get_listed(rs, 4, 0, 1, false)); /* it is mapped */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_published_region_can_be_used, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reserved_region_cannot_be_used_yet, setup, teardown),
        cmocka_unit_test_setup_teardown(ranges_outside_a_region_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_cannot_be_reserved, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_hold_and_are_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unused_region_goes_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_region_in_use_goes_with_its_last_user, setup, teardown),
        cmocka_unit_test_setup_teardown(a_region_can_be_seen_a_second_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_listed_region_is_copied_and_has_no_address, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_read_only_list_is_not_written_to, setup, teardown),
        cmocka_unit_test(large_regions_are_aligned_for_huge_pages),
        cmocka_unit_test(a_used_region_outlives_destroy),
        cmocka_unit_test_setup_teardown(threads_may_use_what_another_unmaps, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
