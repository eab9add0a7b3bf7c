// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-helper/guest_ram.h"

#define MIB (1u << 20)

static struct hcl_guest_ram ram;

static int memfd(size_t size)
{
    int fd = memfd_create("ram", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static struct hcl_ram_region region(uint64_t gpa, uint64_t size, uint64_t user, uint64_t offset,
                                    int fd)
{
    return (struct hcl_ram_region){
        .gpa = gpa, .size = size, .user = user, .offset = offset, .fd = fd};
}

static int setup(void **state)
{
    hcl_guest_ram_init(&ram, true);
    return 0;
}

static int teardown(void **state)
{
    hcl_guest_ram_finish(&ram);
    return 0;
}

/* Two regions, as QEMU has them above 2 GiB: one file, a hole in between. */
static void set_two(void)
{
    int fd = memfd(4 * MIB);
    const struct hcl_ram_region r[2] = {
        region(0, 2 * MIB, 0x10000000, 0, fd),
        region(0x100000000, 2 * MIB, 0x20000000, 2 * MIB, dup(fd)),
    };
    assert_int_equal(hcl_guest_ram_set(&ram, r, 2), 0);
}

static void finds_file_and_offset(void **state)
{
    uint64_t offset = 0;
    int fd = -1;

    set_two();
    assert_int_equal(hcl_guest_ram_file(&ram, 4096, 8192, &fd, &offset), 8192);
    assert_int_equal(fd, ram.r[0].fd);
    assert_int_equal(offset, 4096);
    assert_int_equal(hcl_guest_ram_file(&ram, 0x100001000, 4096, &fd, &offset), 4096);
    assert_int_equal(fd, ram.r[1].fd);
    assert_int_equal(offset, 2 * MIB + 4096);
}

static void shortens_a_range_at_a_regions_end(void **state)
{
    uint64_t offset;
    int fd;

    set_two();
    assert_int_equal(hcl_guest_ram_file(&ram, 2 * MIB - 4096, 8192, &fd, &offset), 4096);
    assert_int_equal(hcl_guest_ram_file(&ram, 2 * MIB, 4096, &fd, &offset), 0);
    assert_int_equal(hcl_guest_ram_file(&ram, UINT64_MAX - 4095, 4096, &fd, &offset), 0);
}

static void covers_ranges_across_adjacent_regions_only(void **state)
{
    const struct hcl_ram_region next = region(2 * MIB, MIB, 0x30000000, 0, memfd(MIB));

    set_two();
    assert_true(hcl_guest_ram_covers(&ram, 0, 2 * MIB));
    assert_false(hcl_guest_ram_covers(&ram, 0, 2 * MIB + 1));
    assert_false(hcl_guest_ram_covers(&ram, 0, UINT64_MAX));
    assert_int_equal(hcl_guest_ram_add(&ram, &next), 0);
    assert_true(hcl_guest_ram_covers(&ram, 0, 3 * MIB));
}

static void maps_what_the_file_holds(void **state)
{
    set_two();
    char *p = hcl_guest_ram_at(&ram, 0x100000000 + 100, 5);
    assert_non_null(p);
    memcpy(p, "hello", 5);
    char got[5];
    assert_int_equal(pread(ram.r[0].fd, got, 5, 2 * MIB + 100), 5);
    assert_memory_equal(got, "hello", 5);
    assert_null(hcl_guest_ram_at(&ram, 2 * MIB - 4, 5));
}

static void translates_front_end_addresses(void **state)
{
    uint64_t gpa = 0;

    set_two();
    assert_int_equal(hcl_guest_ram_user(&ram, 0x20000040, 64, &gpa), 0);
    assert_int_equal(gpa, 0x100000040);
    assert_int_equal(hcl_guest_ram_user(&ram, 0x20000000 + 2 * MIB - 1, 2, &gpa), -EFAULT);
    assert_int_equal(hcl_guest_ram_user(&ram, 0x50000000, 1, &gpa), -EFAULT);
    assert_int_equal(gpa, 0x100000040);
}

static void refuses_bad_regions_and_keeps_the_old_table(void **state)
{
    int fd = memfd(MIB);
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    const struct {
        struct hcl_ram_region r[2];
        unsigned n;
    } bad[] = {
        {{region(0, 0, 0, 0, fd)}, 1},                                    /* empty */
        {{region(0, 2 * MIB, 0, 0, fd)}, 1},                              /* beyond the file */
        {{region(0, MIB, 0, 4096, fd)}, 1},                               /* beyond the file */
        {{region(UINT64_MAX - 4095, MIB, 0, 0, fd)}, 1},                  /* overflows */
        {{region(0, MIB, UINT64_MAX - 4095, 0, fd)}, 1},                  /* overflows */
        {{region(0, MIB, 0, UINT64_MAX - 4095, fd)}, 1},                  /* overflows */
        {{region(0, 4096, 0, 0, p[0])}, 1},                               /* a pipe */
        {{region(0, 8192, 0, 0, fd), region(4096, 4096, MIB, 0, fd)}, 2}, /* overlap */
        {{region(0, 8192, 0, 0, fd), region(MIB, 4096, 4096, 0, fd)}, 2}, /* overlap */
    };

    set_two();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hcl_guest_ram_set(&ram, bad[i].r, bad[i].n), -EINVAL);
        assert_int_equal(ram.n, 2);
        assert_true(fcntl(fd, F_GETFD) >= 0); /* still the caller's */
    }
    close(fd);
    close(p[0]);
    close(p[1]);
}

static void adds_and_removes_regions(void **state)
{
    int fd = memfd(MIB);
    const struct hcl_ram_region r = region(0x40000000, MIB, 0x40000000, 0, fd);

    set_two();
    assert_int_equal(hcl_guest_ram_add(&ram, &r), 0);
    assert_int_equal(hcl_guest_ram_add(&ram, &r), -EINVAL);
    assert_non_null(hcl_guest_ram_at(&ram, 0x40000000, MIB));
    assert_int_equal(hcl_guest_ram_remove(&ram, 0x40000000, 0x40000000, 4096), -ENOENT);
    assert_int_equal(hcl_guest_ram_remove(&ram, 0x40000000, 0x40000000, MIB), 0);
    assert_null(hcl_guest_ram_at(&ram, 0x40000000, 1));
    assert_true(fcntl(fd, F_GETFD) < 0);
    assert_non_null(hcl_guest_ram_at(&ram, 0, MIB));
}

static void refuses_more_regions_than_it_announces(void **state)
{
    for (unsigned i = 0; i <= HCL_RAM_MAX_REGIONS; i++) {
        int fd = memfd(4096);
        const struct hcl_ram_region r = region(i * 4096ull, 4096, i * 4096ull, 0, fd);
        int rc = hcl_guest_ram_add(&ram, &r);
        assert_int_equal(rc, i < HCL_RAM_MAX_REGIONS ? 0 : -ENOSPC);
        if (rc < 0)
            close(fd);
    }
}

/* A worker must not find the VM's memory in its address space. */
static void mappings_do_not_survive_a_fork(void **state)
{
    set_two();
    volatile char *p = hcl_guest_ram_at(&ram, 0, 1);
    *p = 1;
    pid_t pid = fork();
    if (pid == 0) {
        unsigned char vec;
        void *page = (void *)((uintptr_t)p & ~(uintptr_t)4095);
        _exit(mincore(page, 4096, &vec) < 0 && errno == ENOMEM ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_file_and_offset),
        TEST(shortens_a_range_at_a_regions_end),
        TEST(covers_ranges_across_adjacent_regions_only),
        TEST(maps_what_the_file_holds),
        TEST(translates_front_end_addresses),
        TEST(refuses_bad_regions_and_keeps_the_old_table),
        TEST(adds_and_removes_regions),
        TEST(refuses_more_regions_than_it_announces),
        TEST(mappings_do_not_survive_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
