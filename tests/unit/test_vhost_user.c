// SPDX-License-Identifier: MIT
/*
 * vhost-user messages: what QEMU and user-mode Linux send is understood, and
 * anything else ends that connection alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_helper.h"
#include "fake_vm.h"

static struct fake_helper helper;
static struct fake_vm vm;

static int setup(void **state)
{
    if (fake_helper_start(&helper) < 0)
        return -1;
    fake_vm_init(&vm);
    fake_vm_connect(&vm, helper.path);
    return 0;
}

static int teardown(void **state)
{
    fake_vm_finish(&vm);
    return fake_helper_stop(&helper);
}

/* The connection ends, and the next one is served as if nothing had been. */
static void assert_refused(void)
{
    fake_expect_closed(&vm);
    fake_vm_disconnect(&vm);
    fake_vm_connect(&vm, helper.path);
    assert_true(fake_get_u64(&vm, HCL_VU_GET_FEATURES) & HCL_VU_F_VERSION_1);
}

static void offers_its_features(void **state)
{
    uint64_t all = fake_get_u64(&vm, HCL_VU_GET_PROTOCOL_FEATURES);

    assert_int_equal(fake_get_u64(&vm, HCL_VU_GET_FEATURES),
                     HCL_VU_F_VERSION_1 | HCL_VU_F_PROTOCOL_FEATURES);
    assert_true(all & HCL_VU_PF_REPLY_ACK);
    assert_true(all & HCL_VU_PF_CONFIG);
    assert_true(all & HCL_VU_PF_MQ);
    assert_int_equal(fake_get_u64(&vm, HCL_VU_GET_QUEUE_NUM), fake_options.max_clients + 1);
    assert_int_equal(fake_get_u64(&vm, HCL_VU_GET_MAX_MEM_SLOTS), HCL_RAM_MAX_REGIONS);
}

static void config_space_has_the_magic_and_the_limits(void **state)
{
    fake_negotiate(&vm);
    struct virtio_ocl_config cfg = fake_config(&vm);
    assert_int_equal(cfg.magic, VIRTIO_OCL_MAGIC);
    assert_int_equal(cfg.version, VIRTIO_OCL_VERSION);
    assert_int_equal(cfg.client_queues, fake_options.max_clients);
    assert_int_equal(cfg.max_regions, fake_options.max_regions);
    assert_int_equal(cfg.max_mapped, fake_options.max_mapped);
    assert_in_range(cfg.max_region_runs, 1, 0x7fffffff);
}

/* QEMU names all queues that the device has before the guest runs. */
static void config_space_counts_the_queues_that_the_front_end_has(void **state)
{
    fake_start(&vm);
    assert_int_equal(fake_config(&vm).client_queues, FAKE_QUEUES - 1);
}

/* User-mode Linux reads from the start to what it wants. */
static void parts_of_config_space_can_be_read(void **state)
{
    struct {
        struct hcl_vu_config c;
        uint32_t words[2];
    } m = {.c.size = sizeof(m.words)};

    fake_send(&vm, HCL_VU_GET_CONFIG, 0, &m, sizeof(m), NULL, 0);
    assert_int_equal(fake_receive(&vm, HCL_VU_GET_CONFIG, &m, sizeof(m)), sizeof(m));
    assert_int_equal(m.words[0], VIRTIO_OCL_MAGIC);
    assert_int_equal(m.words[1], VIRTIO_OCL_VERSION);
    m.c.offset = 4;
    m.c.size = 4;
    fake_send(&vm, HCL_VU_GET_CONFIG, 0, &m, sizeof(m), NULL, 0);
    assert_int_equal(fake_receive(&vm, HCL_VU_GET_CONFIG, &m, sizeof(m)), sizeof(m.c) + 4);
    assert_int_equal(m.words[0], VIRTIO_OCL_VERSION);
    m.c.offset = 255;
    m.c.size = 2;
    fake_send(&vm, HCL_VU_GET_CONFIG, 0, &m, sizeof(m), NULL, 0);
    assert_refused();
}

static void config_space_cannot_be_written(void **state)
{
    struct {
        struct hcl_vu_config c;
        uint32_t word;
    } m = {.c.size = 4, .word = 1};

    fake_negotiate(&vm);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_CONFIG, &m, sizeof(m), NULL, 0), 1);
    fake_send(&vm, HCL_VU_SET_CONFIG, 0, &m, sizeof(m), NULL, 0);
    assert_int_equal(fake_config(&vm).magic, VIRTIO_OCL_MAGIC);
}

static void refused_messages_are_acknowledged_as_such(void **state)
{
    const struct hcl_vu_state odd = {0, 63}, huge = {0, 32768}, far = {HCL_VM_MAX_QUEUES, 64};
    const uint64_t features = 1ull << 29, kick = 1 | HCL_VU_VRING_NO_FD;

    fake_negotiate(&vm);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_NUM, &odd, sizeof(odd), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_NUM, &huge, sizeof(huge), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_NUM, &far, sizeof(far), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_FEATURES, &features, sizeof(features), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_KICK, &kick, sizeof(kick), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, 77, NULL, 0, NULL, 0), 1); /* unknown */
    assert_int_equal(fake_config(&vm).magic, VIRTIO_OCL_MAGIC);
}

static void refused_message_without_acknowledgement_ends_the_connection(void **state)
{
    const struct hcl_vu_state odd = {0, 63};

    fake_send(&vm, HCL_VU_SET_VRING_NUM, 0, &odd, sizeof(odd), NULL, 0);
    assert_refused();
    fake_send(&vm, 77, 0, NULL, 0, NULL, 0);
    assert_refused();
}

static void malformed_messages_end_the_connection(void **state)
{
    static const uint8_t zero[512];
    static const struct {
        uint32_t request, flags, size;
    } bad[] = {
        {HCL_VU_GET_FEATURES, 0x2, 0},               /* version 3 */
        {HCL_VU_GET_FEATURES, HCL_VU_FLAG_REPLY, 0}, /* a reply */
        {HCL_VU_GET_FEATURES, 0, 8},                 /* too long */
        {HCL_VU_SET_FEATURES, 0, 4},                 /* too short */
        {HCL_VU_SET_MEM_TABLE, 0, 4},                /* too short */
        {HCL_VU_GET_CONFIG, 0, 512},                 /* longer than any */
        {HCL_VU_SET_VRING_ADDR, 0, 39},              /* too short */
        {0, 0, 0},                                   /* no request */
        {UINT32_MAX, 0, 0},                          /* no request */
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fake_send(&vm, bad[i].request, bad[i].flags, zero, bad[i].size, NULL, 0);
        assert_refused();
    }
}

static void unexpected_descriptors_end_the_connection(void **state)
{
    const int fds[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};

    fake_send(&vm, HCL_VU_GET_FEATURES, 0, NULL, 0, fds, 1);
    assert_refused();
    fake_send(&vm, HCL_VU_GET_FEATURES, 0, NULL, 0, fds, 9);
    assert_refused();
}

/* A stream socket may cut a message anywhere. */
static void message_may_arrive_byte_by_byte(void **state)
{
    const struct {
        struct hcl_vu_header hdr;
        uint64_t features;
    } __attribute__((packed))
    m = {{HCL_VU_SET_FEATURES, HCL_VU_FLAG_VERSION, 8}, HCL_VU_F_VERSION_1};

    for (size_t i = 0; i < sizeof(m); i++) {
        assert_int_equal(send(vm.sock, (const char *)&m + i, 1, MSG_NOSIGNAL), 1);
        usleep(1000);
    }
    assert_true(fake_get_u64(&vm, HCL_VU_GET_FEATURES) & HCL_VU_F_VERSION_1);
}

static void bad_memory_tables_are_refused(void **state)
{
    struct {
        struct hcl_vu_memory m;
        struct hcl_vu_region r[8];
    } t = {.m.count = 1, .r = {{0, FAKE_RAM_SIZE, 0, 0}}};
    const uint32_t size = sizeof(t.m) + sizeof(t.r[0]);
    int fds[8];

    fake_negotiate(&vm);
    for (int i = 0; i < 8; i++)
        fds[i] = vm.fd[0];
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 2), 1);
    t.m.count = 2; /* only one is there */
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 2), 1);
    t.m.count = UINT32_MAX;
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 2), 1);
    t.m.count = 8; /* overlapping */
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, sizeof(t), fds, 8), 1);
    t.m.count = 1;
    t.r[0].size = FAKE_RAM_SIZE + 1;
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 1), 1);
    t.r[0].size = FAKE_RAM_SIZE;
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_MEM_TABLE, &t, size, fds, 1), 0);
}

static void ring_outside_of_memory_does_not_start(void **state)
{
    const struct hcl_vu_state num = {0, FAKE_NUM}, on = {0, 1};
    const struct hcl_vu_addr addr = {.desc = 0x1000, .avail = 0x2000, .used = 0x3000};
    const uint64_t index = 0;

    fake_negotiate(&vm);
    fake_set_mem_table(&vm, true); /* whose front-end addresses are high */
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_NUM, &num, sizeof(num), NULL, 0), 0);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0), 0);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_KICK, &index, 8, &vm.queue[0].kick, 1), 0);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_ENABLE, &on, sizeof(on), NULL, 0), 1);
}

static void ring_does_not_start_for_a_legacy_driver(void **state)
{
    uint64_t features = HCL_VU_F_PROTOCOL_FEATURES;
    const struct hcl_vu_state on = {0, 1};

    fake_start(&vm);
    fake_stop_queue(&vm, 0);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_FEATURES, &features, 8, NULL, 0), 0);
    const uint64_t index = 0;
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_KICK, &index, 8, &vm.queue[0].kick, 1), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_ENABLE, &on, sizeof(on), NULL, 0), 1);
}

static void files_that_are_no_events_are_refused(void **state)
{
    const uint64_t index = 0;

    fake_negotiate(&vm);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_KICK, &index, 8, &vm.fd[0], 1), 1);
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_CALL, &index, 8, &vm.fd[0], 1), 1);
}

/* User-mode Linux' call descriptors are sockets. */
static void call_descriptor_may_be_a_socket(void **state)
{
    const struct virtio_ocl_ctl_hdr req = {VIRTIO_OCL_CTL_CLOSE, 1};
    const uint64_t index = 0;
    int sv[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    fake_start(&vm);
    close(vm.queue[0].call);
    vm.queue[0].call = sv[0];
    assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_CALL, &index, 8, &sv[1], 1), 0);
    close(sv[1]);
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_INVALID);
}

/* libvirt restarts a VM before the old QEMU has quite gone. */
static void second_front_end_waits_for_the_first(void **state)
{
    struct fake_vm second = {.sock = -1};

    fake_start(&vm);
    fake_vm_connect(&second, helper.path);
    fake_send(&second, HCL_VU_GET_FEATURES, 0, NULL, 0, NULL, 0);
    assert_int_equal(fake_config(&vm).magic, VIRTIO_OCL_MAGIC);
    fake_vm_disconnect(&vm);
    uint64_t features;
    assert_int_equal(fake_receive(&second, HCL_VU_GET_FEATURES, &features, 8), 8);
    fake_vm_disconnect(&second);
}

/* Not a fuzzer, but more than a person would write down: random messages from
 * a fixed seed, each in a connection that is set up as far as it goes. */
static void random_messages_do_no_harm(void **state)
{
    uint8_t payload[300];

    srandom(1);
    for (int i = 0; i < 300; i++) {
        if (i % 4 == 0)
            fake_start(&vm);
        for (size_t n = 0; n < sizeof(payload); n++)
            payload[n] = random() % 3 ? 0 : (uint8_t)random();
        int fds[3] = {vm.fd[0], vm.queue[0].kick, vm.queue[1].call};
        static const uint32_t sizes[] = {0, 8, 8, 8, 40, 40, 72, 76, 264};
        fake_send(&vm, (uint32_t)random() % 42, 0, payload, sizes[random() % 9], fds,
                  (unsigned)random() % 2);
        fake_vm_disconnect(&vm);
        fake_vm_connect(&vm, helper.path);
        assert_true(fake_get_u64(&vm, HCL_VU_GET_FEATURES) & HCL_VU_F_VERSION_1);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(offers_its_features),
        TEST(config_space_has_the_magic_and_the_limits),
        TEST(config_space_counts_the_queues_that_the_front_end_has),
        TEST(parts_of_config_space_can_be_read),
        TEST(config_space_cannot_be_written),
        TEST(refused_messages_are_acknowledged_as_such),
        TEST(refused_message_without_acknowledgement_ends_the_connection),
        TEST(malformed_messages_end_the_connection),
        TEST(unexpected_descriptors_end_the_connection),
        TEST(message_may_arrive_byte_by_byte),
        TEST(bad_memory_tables_are_refused),
        TEST(ring_outside_of_memory_does_not_start),
        TEST(ring_does_not_start_for_a_legacy_driver),
        TEST(files_that_are_no_events_are_refused),
        TEST(call_descriptor_may_be_a_socket),
        TEST(second_front_end_waits_for_the_first),
        TEST(random_messages_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
