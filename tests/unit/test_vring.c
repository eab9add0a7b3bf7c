// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host-helper/vring.h"

#define NUM 16u

/* The guest's memory: gpa 0 is its first byte. */
static struct {
    _Alignas(4096) struct vring_desc desc[NUM];
    _Alignas(4096) union {
        struct vring_avail avail;
        uint8_t avail_space[4096];
    };
    union {
        struct vring_used used;
        uint8_t used_space[4096];
    };
    uint8_t data[65536];
} mem;

static struct hcl_vring vr;
static struct hcl_chain chain;

static void *at(void *opaque, uint64_t gpa, uint64_t len)
{
    if (gpa >= sizeof(mem) || len > sizeof(mem) - gpa)
        return NULL;
    return (uint8_t *)&mem + gpa;
}

static uint64_t data_gpa(size_t offset)
{
    return offsetof(typeof(mem), data) + offset;
}

static void desc(unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
    mem.desc[i] = (struct vring_desc){.addr = addr, .len = len, .flags = flags, .next = next};
}

static void offer(uint16_t head)
{
    mem.avail.ring[mem.avail.idx % NUM] = head;
    mem.avail.idx++;
}

static int setup(void **state)
{
    memset(&mem, 0, sizeof(mem));
    memset(&chain, 0, sizeof(chain));
    hcl_vring_init(&vr, NUM, mem.desc, &mem.avail, &mem.used, 0);
    vr.at = at;
    return 0;
}

static void empty_ring_gives_nothing(void **state)
{
    assert_int_equal(hcl_vring_pop(&vr, &chain), 0);
}

static void request_and_answer(void **state)
{
    char got[16] = {0};

    memcpy(mem.data, "hello, ", 7);
    memcpy(mem.data + 100, "device", 6);
    desc(3, data_gpa(0), 7, VRING_DESC_F_NEXT, 5);
    desc(5, data_gpa(100), 6, VRING_DESC_F_NEXT, 1);
    desc(1, data_gpa(200), 3, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 2);
    desc(2, data_gpa(300), 8, VRING_DESC_F_WRITE, 0);
    offer(3);
    assert_int_equal(hcl_vring_pop(&vr, &chain), 1);
    assert_int_equal(chain.head, 3);
    assert_int_equal(hcl_vring_read(&vr, &chain, got, sizeof(got)), 13);
    assert_string_equal(got, "hello, device");
    assert_int_equal(hcl_vring_write(&vr, &chain, "answer", 6), 0);
    assert_memory_equal(mem.data + 200, "ans", 3);
    assert_memory_equal(mem.data + 300, "wer", 3);
    assert_int_equal(hcl_vring_write(&vr, &chain, "longer answer", 12), -EMSGSIZE);
    hcl_vring_push(&vr, chain.head, 6);
    assert_int_equal(mem.used.idx, 1);
    assert_int_equal(mem.used.ring[0].id, 3);
    assert_int_equal(mem.used.ring[0].len, 6);
    assert_int_equal(hcl_vring_pop(&vr, &chain), 0);
}

static void read_is_bounded_but_tells_the_whole_length(void **state)
{
    char got[4];

    memcpy(mem.data, "0123456789", 10);
    desc(0, data_gpa(0), 10, 0, 0);
    offer(0);
    assert_int_equal(hcl_vring_pop(&vr, &chain), 1);
    assert_int_equal(hcl_vring_read(&vr, &chain, got, sizeof(got)), 10);
    assert_memory_equal(got, "0123", 4);
}

static void refuse(void)
{
    uint16_t last = vr.last_avail;
    assert_int_equal(hcl_vring_pop(&vr, &chain), -EPROTO);
    assert_int_equal(vr.last_avail, last);
}

static void loop_is_refused(void **state)
{
    desc(0, data_gpa(0), 4, VRING_DESC_F_NEXT, 1);
    desc(1, data_gpa(0), 4, VRING_DESC_F_NEXT, 0);
    offer(0);
    refuse();
    desc(0, data_gpa(0), 4, VRING_DESC_F_NEXT, 0);
    refuse();
}

static void index_out_of_range_is_refused(void **state)
{
    offer(NUM);
    refuse();
    mem.avail.ring[0] = 0;
    desc(0, data_gpa(0), 4, VRING_DESC_F_NEXT, NUM);
    refuse();
}

static void readable_after_writable_is_refused(void **state)
{
    desc(0, data_gpa(0), 4, VRING_DESC_F_WRITE | VRING_DESC_F_NEXT, 1);
    desc(1, data_gpa(8), 4, 0, 0);
    offer(0);
    refuse();
}

static void indirect_and_unknown_flags_are_refused(void **state)
{
    desc(0, data_gpa(0), 16, VRING_DESC_F_INDIRECT, 0);
    offer(0);
    refuse();
    mem.desc[0].flags = 0x8000;
    refuse();
}

static void more_than_a_ring_full_is_refused(void **state)
{
    mem.avail.idx = NUM + 1;
    refuse();
    mem.avail.idx = NUM;
    assert_int_equal(hcl_vring_pop(&vr, &chain), 1);
}

static void memory_outside_is_a_fault(void **state)
{
    char got[8];

    desc(0, UINT64_MAX - 3, 8, VRING_DESC_F_NEXT, 1);
    desc(1, sizeof(mem) - 4, 8, VRING_DESC_F_WRITE, 0);
    offer(0);
    assert_int_equal(hcl_vring_pop(&vr, &chain), 1);
    assert_int_equal(hcl_vring_read(&vr, &chain, got, sizeof(got)), -EFAULT);
    assert_int_equal(hcl_vring_write(&vr, &chain, got, sizeof(got)), -EFAULT);
}

static void indices_wrap(void **state)
{
    mem.avail.idx = 0xfffe;
    mem.used.idx = 0xfffe;
    hcl_vring_init(&vr, NUM, mem.desc, &mem.avail, &mem.used, hcl_vring_in_order_base(&mem.used));
    vr.at = at;
    for (unsigned i = 0; i < 5; i++) {
        desc(i, data_gpa(0), 4, 0, 0);
        offer((uint16_t)i);
        assert_int_equal(hcl_vring_pop(&vr, &chain), 1);
        assert_int_equal(chain.head, i);
        hcl_vring_push(&vr, chain.head, 0);
    }
    assert_int_equal(mem.used.idx, 3);
    assert_int_equal(mem.used.ring[2].id, 4);
}

static bool signalled(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void interrupts_unless_asked_not_to(void **state)
{
    int fd = eventfd(0, EFD_CLOEXEC);

    assert_int_equal(hcl_vring_fd_prepare(fd), 0);
    hcl_vring_notify(&vr); /* no descriptor: nothing happens */
    vr.call_fd = fd;
    mem.avail.flags = VRING_AVAIL_F_NO_INTERRUPT;
    hcl_vring_notify(&vr);
    assert_false(signalled(fd));
    mem.avail.flags = 0;
    hcl_vring_notify(&vr);
    assert_true(signalled(fd));
    hcl_vring_fd_drain(fd);
    assert_false(signalled(fd));
    close(fd);
}

/* User-mode Linux' descriptors; a full one must not block us. */
static void call_descriptor_may_be_a_socket(void **state)
{
    int sv[2], p[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    assert_int_equal(hcl_vring_fd_prepare(sv[1]), 0);
    for (int i = 0; i < 100000; i++)
        hcl_vring_fd_signal(sv[1]);
    assert_true(signalled(sv[0]));
    close(sv[0]);
    close(sv[1]);
    assert_int_equal(pipe(p), 0);
    assert_int_equal(hcl_vring_fd_prepare(p[1]), -EINVAL);
    close(p[0]);
    close(p[1]);
}

static void sizes_of_rings(void **state)
{
    assert_true(hcl_vring_num_valid(1));
    assert_true(hcl_vring_num_valid(HCL_VRING_MAX_NUM));
    assert_false(hcl_vring_num_valid(0));
    assert_false(hcl_vring_num_valid(3));
    assert_false(hcl_vring_num_valid(HCL_VRING_MAX_NUM * 2));
    assert_int_equal(hcl_vring_desc_size(256), 4096);
    assert_int_equal(hcl_vring_avail_size(256), 516);
    assert_int_equal(hcl_vring_used_size(256), 2052);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_ring_gives_nothing),
        TEST(request_and_answer),
        TEST(read_is_bounded_but_tells_the_whole_length),
        TEST(loop_is_refused),
        TEST(index_out_of_range_is_refused),
        TEST(readable_after_writable_is_refused),
        TEST(indirect_and_unknown_flags_are_refused),
        TEST(more_than_a_ring_full_is_refused),
        TEST(memory_outside_is_a_fault),
        TEST(indices_wrap),
        TEST(interrupts_unless_asked_not_to),
        TEST(call_descriptor_may_be_a_socket),
        TEST(sizes_of_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
