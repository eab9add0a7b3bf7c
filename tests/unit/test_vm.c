// SPDX-License-Identifier: MIT
/*
 * A VM's clients through the real control queue: what the guest's driver may
 * rely on, and what a hostile one does not achieve.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_helper.h"
#include "fake_vm.h"
#include "host-helper/map_budget.h"
#include "proto/channel.h"

static struct fake_helper helper;
static struct fake_vm vm;
static void *channel; /* of client 1 */

static int setup(void **state)
{
    channel = NULL;
    if (fake_helper_start(&helper) < 0)
        return -1;
    fake_vm_init(&vm);
    fake_vm_connect(&vm, helper.path);
    fake_start(&vm);
    return 0;
}

static int teardown(void **state)
{
    if (channel)
        munmap(channel, VOCL_CHANNEL_SIZE);
    fake_vm_finish(&vm);
    return fake_helper_stop(&helper);
}

static void open_client(void)
{
    if (channel)
        munmap(channel, VOCL_CHANNEL_SIZE);
    assert_int_equal(fake_open(&vm, 1, &channel), VIRTIO_OCL_S_OK);
    fake_post_wakes(&vm, 1, VIRTIO_OCL_WAKE_BUFFERS);
}

static struct fake_order *order_slot(void)
{
    return (struct fake_order *)vocl_channel_reply(channel, 0)->data;
}

static void order_send(enum fake_op op, uint32_t region, uint64_t off, uint64_t len, uint64_t value)
{
    struct fake_order *o = order_slot();

    o->region = region;
    o->off = off;
    o->len = len;
    o->value = value;
    __atomic_store_n(&o->op, op, __ATOMIC_RELEASE);
    fake_kick(&vm, 1);
}

static uint64_t order(enum fake_op op, uint32_t region, uint64_t off, uint64_t len, uint64_t value)
{
    struct fake_order *o = order_slot();

    order_send(op, region, off, len, value);
    for (int i = 0; i < 5000 && __atomic_load_n(&o->op, __ATOMIC_ACQUIRE) != FAKE_NOTHING; i++)
        usleep(1000);
    assert_int_equal(o->op, FAKE_NOTHING);
    return o->result;
}

static pid_t worker_pid(void)
{
    return (pid_t)vocl_channel_header(channel)->helper_pid;
}

static void assert_gone(pid_t pid)
{
    for (int i = 0; i < 5000 && kill(pid, 0) == 0; i++)
        usleep(1000);
    assert_int_equal(kill(pid, 0), -1);
}

static uint32_t map(uint32_t region, uint64_t gpa, uint64_t len, uint32_t flags)
{
    const struct virtio_ocl_run run = {gpa, len};
    const struct fake_map m = {1, region, flags, len, 0};
    return fake_map(&vm, &m, &run, 1);
}

/* ---- the life of a client ---- */

static void open_answers_with_an_initialised_channel(void **state)
{
    open_client();
    assert_true(vocl_channel_valid(channel));
    assert_int_equal(kill(worker_pid(), 0), 0);
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
}

static void close_answers_after_the_worker_has_gone(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_INVALID);
}

static void queue_serves_one_client_after_another(void **state)
{
    for (int i = 0; i < 3; i++) {
        open_client();
        order(FAKE_WAKE, 0, 0, 0, 1);
        assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
        assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
    }
}

static void second_open_of_a_queue_is_busy(void **state)
{
    open_client();
    assert_int_equal(fake_open(&vm, 1, NULL), VIRTIO_OCL_S_BUSY);
    assert_int_equal(fake_open(&vm, 2, NULL), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_open(&vm, 3, NULL), VIRTIO_OCL_S_INVALID); /* no such queue */
}

static void worker_that_ignores_close_is_killed(void **state)
{
    open_client();
    order(FAKE_DEAF, 0, 0, 0, 0);
    pid_t pid = worker_pid();
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(kill(pid, 0), -1);
}

static void worker_maps_no_more_than_it_needs(void **state)
{
    open_client();
    /* The channel's two runs and the three rings; wake buffers come later. */
    assert_int_equal(order(FAKE_RAM_MAPS, 0, 0, 0, 0), 5);
}

/* ---- wake-ups ---- */

static void wake_returns_a_buffer_and_interrupts(void **state)
{
    open_client();
    order(FAKE_WAKE, 0, 0, 0, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
    assert_int_equal(fake_wake(&vm, 1, 50), -1);
}

static void wakes_without_posted_buffers_are_harmless(void **state)
{
    open_client();
    order(FAKE_WAKE, 0, 0, 0, 100);
    for (int i = 0; i < (int)VIRTIO_OCL_WAKE_BUFFERS; i++)
        assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
    assert_int_equal(fake_wake(&vm, 1, 50), -1);
    order(FAKE_WAKE, 0, 0, 0, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
}

/* QEMU does this when the guest masks an interrupt vector. */
static void call_descriptor_may_change_under_a_worker(void **state)
{
    uint64_t index = 1;
    int old = vm.queue[1].call;

    open_client();
    vm.queue[1].call = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(
        fake_ack(&vm, HCL_VU_SET_VRING_CALL, &index, sizeof(index), &vm.queue[1].call, 1), 0);
    /* The link keeps the order: after a MAP the worker has it. */
    assert_int_equal(map(1, FAKE_HIGH + (1 << 20), FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    order(FAKE_WAKE, 0, 0, 0, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
    close(old);
}

/* ---- regions ---- */

static void mapped_runs_are_one_contiguous_region(void **state)
{
    const struct virtio_ocl_run runs[] = {
        {FAKE_HIGH + 0x300000, 2 * FAKE_PAGE},
        {FAKE_HIGH + 0x100000, FAKE_PAGE},
        {FAKE_HIGH + 0x101000, FAKE_PAGE}, /* goes on where the last one ends */
    };
    const struct fake_map m = {1, 7, VIRTIO_OCL_MAP_WRITE, 4 * FAKE_PAGE, 0};

    open_client();
    memset(fake_at(&vm, runs[0].gpa), 1, 2 * FAKE_PAGE);
    memset(fake_at(&vm, runs[1].gpa), 2, 2 * FAKE_PAGE);
    assert_int_equal(fake_map(&vm, &m, runs, 3), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_SUM, 7, 0, 4 * FAKE_PAGE, 0), 6 * FAKE_PAGE);
    order(FAKE_FILL, 7, 2 * FAKE_PAGE - 1, 2, 9);
    assert_int_equal(*(uint8_t *)fake_at(&vm, runs[0].gpa + 2 * FAKE_PAGE - 1), 9);
    assert_int_equal(*(uint8_t *)fake_at(&vm, runs[1].gpa), 9);
    assert_int_equal(fake_unmap(&vm, 1, 7), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_SUM, 7, 0, 1, 0), FAKE_NO_REGION);
    assert_int_equal(fake_unmap(&vm, 1, 7), VIRTIO_OCL_S_INVALID);
}

static void region_in_pieces_is_usable_when_complete(void **state)
{
    const struct virtio_ocl_run run = {FAKE_HIGH + 0x100000, FAKE_PAGE};
    struct fake_map m = {1, 2, 0, 3 * FAKE_PAGE, 0};

    open_client();
    for (; m.offset < m.total_len; m.offset += FAKE_PAGE) {
        assert_int_equal(fake_map(&vm, &m, &run, 1), VIRTIO_OCL_S_OK);
        bool complete = m.offset + FAKE_PAGE == m.total_len;
        uint64_t sum = order(FAKE_SUM, 2, 0, 1, 0);
        assert_int_equal(sum, complete ? 0 : FAKE_NO_REGION);
    }
    assert_int_equal(fake_map(&vm, &m, &run, 1), VIRTIO_OCL_S_INVALID);
}

static void refused_piece_undoes_the_region(void **state)
{
    const struct virtio_ocl_run good = {FAKE_HIGH + 0x100000, FAKE_PAGE};
    const struct virtio_ocl_run outside = {FAKE_HIGH + FAKE_RAM_SIZE, FAKE_PAGE};
    const struct fake_map first = {1, 2, 0, 2 * FAKE_PAGE, 0};
    const struct fake_map second = {1, 2, 0, 2 * FAKE_PAGE, FAKE_PAGE};

    open_client();
    assert_int_equal(fake_map(&vm, &first, &good, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_map(&vm, &second, &outside, 1), VIRTIO_OCL_S_FAULT);
    assert_int_equal(fake_map(&vm, &second, &good, 1), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_map(&vm, &first, &good, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_map(&vm, &second, &good, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_SUM, 2, 0, 2 * FAKE_PAGE, 0), 0);
    /* A refused piece for a region that is complete leaves that alone. */
    assert_int_equal(fake_map(&vm, &second, &outside, 1), VIRTIO_OCL_S_FAULT);
    assert_int_equal(order(FAKE_SUM, 2, 0, 2 * FAKE_PAGE, 0), 0);
}

static void piece_out_of_order_undoes_the_region(void **state)
{
    const struct virtio_ocl_run run = {FAKE_HIGH + 0x100000, FAKE_PAGE};
    const struct fake_map first = {1, 2, 0, 3 * FAKE_PAGE, 0};
    const struct fake_map third = {1, 2, 0, 3 * FAKE_PAGE, 2 * FAKE_PAGE};

    open_client();
    assert_int_equal(fake_map(&vm, &first, &run, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_map(&vm, &third, &run, 1), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(2, run.gpa, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
}

static void unmap_waits_for_the_last_user(void **state)
{
    const struct virtio_ocl_ctl_unmap unmap = {{VIRTIO_OCL_CTL_UNMAP, 1}, 3, 0};
    uint32_t status = 0;

    open_client();
    assert_int_equal(map(3, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_HOLD, 3, 0, 1, 0), 0);
    uint32_t slot = fake_request(&vm, &unmap, sizeof(unmap));
    /* Meanwhile other regions come and go. */
    assert_int_equal(map(4, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    assert_false(fake_answered(&vm, slot, 50, &status));
    order(FAKE_RELEASE, 0, 0, 0, 0);
    assert_true(fake_answered(&vm, slot, FAKE_TIMEOUT, &status));
    assert_int_equal(status, VIRTIO_OCL_S_OK);
}

static void bad_maps_are_refused(void **state)
{
    const uint64_t ok = FAKE_HIGH + 0x100000;

    open_client();
    assert_int_equal(map(1, FAKE_LOW + FAKE_RAM_SIZE, FAKE_PAGE, 0), VIRTIO_OCL_S_FAULT);
    assert_int_equal(map(1, FAKE_HIGH + FAKE_RAM_SIZE - FAKE_PAGE, 2 * FAKE_PAGE, 0),
                     VIRTIO_OCL_S_FAULT);
    assert_int_equal(map(1, UINT64_MAX - FAKE_PAGE + 1, FAKE_PAGE, 0), VIRTIO_OCL_S_FAULT);
    assert_int_equal(map(1, ok + 1, FAKE_PAGE, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(1, ok, FAKE_PAGE + 1, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(1, ok, 0, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(0, ok, FAKE_PAGE, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(fake_options.max_regions + 1, ok, FAKE_PAGE, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(1, ok, FAKE_PAGE, 2), VIRTIO_OCL_S_INVALID);
    assert_int_equal(map(1, ok, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    assert_int_equal(map(1, ok, FAKE_PAGE, 0), VIRTIO_OCL_S_BUSY);
}

static void lengths_are_checked(void **state)
{
    const struct virtio_ocl_run huge[2] = {{FAKE_LOW, FAKE_RAM_SIZE}, {FAKE_LOW, FAKE_RAM_SIZE}};
    const struct fake_map small = {1, 1, 0, FAKE_RAM_SIZE, 0};
    const struct fake_map over = {1, 1, 0, UINT64_MAX - 4095, 0};
    const struct fake_map far = {1, 1, 0, FAKE_RAM_SIZE * 2, UINT64_MAX - 4095};
    const struct fake_map none = {1, 1, 0, FAKE_PAGE, 0};
    const struct virtio_ocl_ctl_hdr bare = {VIRTIO_OCL_CTL_MAP, 1};
    const struct virtio_ocl_ctl_hdr unknown = {99, 1};
    const uint32_t tiny[2] = {VIRTIO_OCL_CTL_CLOSE, 64};

    open_client();
    assert_int_equal(fake_map(&vm, &small, huge, 2), VIRTIO_OCL_S_INVALID); /* runs too long */
    assert_int_equal(fake_map(&vm, &over, huge, 2), VIRTIO_OCL_S_NOMEM);
    assert_int_equal(fake_map(&vm, &far, huge, 1), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_map(&vm, &none, NULL, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_call(&vm, &bare, sizeof(bare)), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_call(&vm, &unknown, sizeof(unknown)), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_call(&vm, tiny, sizeof(tiny)), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_close(&vm, 0), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_close(&vm, 2), VIRTIO_OCL_S_INVALID); /* not open */
}

/* Pages of which no two are neighbours: every one is a mapping. */
static struct virtio_ocl_run *scattered_runs(void)
{
    struct virtio_ocl_run *runs = calloc(VIRTIO_OCL_MAX_RUNS, sizeof(*runs));

    assert_non_null(runs);
    for (uint64_t i = 0; i < VIRTIO_OCL_MAX_RUNS; i++)
        runs[i] = (struct virtio_ocl_run){FAKE_LOW + i * 2 * FAKE_PAGE % FAKE_RAM_SIZE, FAKE_PAGE};
    return runs;
}

/* Map `pieces` times all of runs as one region. Returns the first bad status. */
static uint32_t map_pieces(uint32_t region, const struct virtio_ocl_run *runs, unsigned pieces)
{
    const uint64_t piece = VIRTIO_OCL_MAX_RUNS * FAKE_PAGE;
    struct fake_map m = {1, region, 0, pieces * piece, 0};
    uint32_t status = VIRTIO_OCL_S_OK;

    for (; m.offset < m.total_len && status == VIRTIO_OCL_S_OK; m.offset += piece)
        status = fake_map(&vm, &m, runs, VIRTIO_OCL_MAX_RUNS);
    return status;
}

/* Many requests with all their runs at once: the link has no room for them. */
static void burst_of_large_maps_is_answered(void **state)
{
    struct virtio_ocl_run *runs = scattered_runs();
    uint32_t slot[8], status = 0;

    open_client();
    for (uint32_t i = 0; i < 8; i++) {
        const struct fake_map m = {1, i + 1, 0, VIRTIO_OCL_MAX_RUNS * FAKE_PAGE, 0};
        slot[i] = fake_map_send(&vm, &m, runs, VIRTIO_OCL_MAX_RUNS);
    }
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(fake_answered(&vm, slot[i], 20000, &status));
        assert_int_equal(status, VIRTIO_OCL_S_OK);
    }
    free(runs);
}

/* vm.max_map_count must not be reached inside the native runtime. */
static void mappings_have_a_budget(void **state)
{
    struct virtio_ocl_run *runs = scattered_runs();
    struct hcl_map_budget b;

    hcl_map_budget_init(&b);
    const unsigned in_region = b.region / VIRTIO_OCL_MAX_RUNS;
    const unsigned in_all = b.all / VIRTIO_OCL_MAX_RUNS;
    open_client();
    assert_int_equal(map_pieces(1, runs, in_region + 1), VIRTIO_OCL_S_NOMEM);
    assert_int_equal(map_pieces(1, runs, in_region), VIRTIO_OCL_S_OK);
    assert_int_equal(map_pieces(2, runs, in_all - in_region), VIRTIO_OCL_S_OK);
    assert_int_equal(map_pieces(3, runs, 1), VIRTIO_OCL_S_NOMEM);
    assert_int_equal(fake_unmap(&vm, 1, 2), VIRTIO_OCL_S_OK);
    assert_int_equal(map_pieces(3, runs, 1), VIRTIO_OCL_S_OK);
    free(runs);
}

/* Pages that follow one another cost what they are: one mapping. */
static void neighbours_cost_one_mapping(void **state)
{
    struct virtio_ocl_run *runs = calloc(VIRTIO_OCL_MAX_RUNS, sizeof(*runs));
    struct hcl_map_budget b;

    assert_non_null(runs);
    for (uint64_t i = 0; i < VIRTIO_OCL_MAX_RUNS; i++)
        runs[i] = (struct virtio_ocl_run){FAKE_LOW + i * FAKE_PAGE, FAKE_PAGE};
    hcl_map_budget_init(&b);
    open_client();
    const uint64_t before = order(FAKE_RAM_MAPS, 0, 0, 0, 0);
    const unsigned pieces = b.region / VIRTIO_OCL_MAX_RUNS + 2;
    assert_int_equal(map_pieces(1, runs, pieces), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_RAM_MAPS, 0, 0, 0, 0), before + pieces);
    free(runs);
}

static void gathered_runs_are_copied_and_not_mapped(void **state)
{
    const struct virtio_ocl_run runs[] = {
        {FAKE_HIGH + 0x300000, FAKE_PAGE},
        {FAKE_HIGH + 0x100000, FAKE_PAGE},
    };
    const uint32_t flags = VIRTIO_OCL_MAP_WRITE | VIRTIO_OCL_MAP_GATHER;
    struct fake_map m = {1, 7, flags, 2 * FAKE_PAGE, 0};

    open_client();
    const uint64_t before = order(FAKE_RAM_MAPS, 0, 0, 0, 0);
    memset(fake_at(&vm, runs[0].gpa), 1, FAKE_PAGE);
    memset(fake_at(&vm, runs[1].gpa), 2, FAKE_PAGE);
    assert_int_equal(fake_map(&vm, &m, runs, 2), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_RAM_MAPS, 0, 0, 0, 0), before);
    assert_int_equal(order(FAKE_SUM, 7, 0, 1, 0), FAKE_NO_REGION);
    assert_int_equal(order(FAKE_COPY, 7, 0, 2 * FAKE_PAGE, 0), 3 * FAKE_PAGE);
    assert_int_equal(order(FAKE_COPY, 7, FAKE_PAGE - 1, 2, 9), 18);
    assert_int_equal(*(uint8_t *)fake_at(&vm, runs[0].gpa + FAKE_PAGE - 1), 9);
    assert_int_equal(*(uint8_t *)fake_at(&vm, runs[1].gpa), 9);
    assert_int_equal(*(uint8_t *)fake_at(&vm, runs[1].gpa + 1), 2);
    assert_int_equal(order(FAKE_COPY, 7, 1, 2 * FAKE_PAGE, 0), FAKE_NO_REGION);
    assert_int_equal(fake_unmap(&vm, 1, 7), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_COPY, 7, 0, 1, 0), FAKE_NO_REGION);
    m.flags = VIRTIO_OCL_MAP_GATHER;
    assert_int_equal(fake_map(&vm, &m, runs, 2), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_COPY, 7, 0, 1, 9), FAKE_NO_REGION); /* it may only be read */
}

static void refused_piece_of_a_gathered_region_undoes_it(void **state)
{
    const struct virtio_ocl_run run = {FAKE_HIGH + 0x100000, FAKE_PAGE};
    struct fake_map m = {1, 2, VIRTIO_OCL_MAP_GATHER, 3 * FAKE_PAGE, 0};

    open_client();
    assert_int_equal(fake_map(&vm, &m, &run, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_COPY, 2, 0, 1, 0), FAKE_NO_REGION);
    m.offset = 2 * FAKE_PAGE; /* not the next one */
    assert_int_equal(fake_map(&vm, &m, &run, 1), VIRTIO_OCL_S_INVALID);
    assert_int_equal(fake_unmap(&vm, 1, 2), VIRTIO_OCL_S_INVALID);
    m.offset = 0;
    assert_int_equal(fake_map(&vm, &m, &run, 1), VIRTIO_OCL_S_OK);
}

/* More runs than could be mapped, up to a limit of their own. */
static void gathered_runs_have_a_limit(void **state)
{
    const uint32_t most = HCL_LISTED_RUNS_MAX / VIRTIO_OCL_MAX_RUNS;
    const uint64_t piece = VIRTIO_OCL_MAX_RUNS * FAKE_PAGE;
    struct virtio_ocl_run *runs = scattered_runs();
    struct fake_map m = {1, 1, VIRTIO_OCL_MAP_GATHER, most * piece, 0};

    open_client();
    const uint64_t page = vm.next_page;
    for (; m.offset < m.total_len; m.offset += piece) {
        assert_int_equal(fake_map(&vm, &m, runs, VIRTIO_OCL_MAX_RUNS), VIRTIO_OCL_S_OK);
        vm.next_page = page; /* the request's memory is for the next one */
    }
    struct fake_map more = {1, 2, VIRTIO_OCL_MAP_GATHER, FAKE_PAGE, 0};
    assert_int_equal(fake_map(&vm, &more, runs, 1), VIRTIO_OCL_S_NOMEM);
    assert_int_equal(fake_unmap(&vm, 1, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_map(&vm, &more, runs, 1), VIRTIO_OCL_S_OK);
    free(runs);
}

static void bytes_have_a_limit(void **state)
{
    const struct virtio_ocl_run run = {FAKE_LOW, FAKE_RAM_SIZE};
    const struct fake_map over = {1, 1, 0, fake_options.max_mapped + FAKE_PAGE, 0};
    const struct fake_map most = {1, 1, 0, fake_options.max_mapped, 0};

    open_client();
    assert_int_equal(fake_map(&vm, &over, &run, 1), VIRTIO_OCL_S_NOMEM);
    assert_int_equal(fake_map(&vm, &most, &run, 1), VIRTIO_OCL_S_OK);
    assert_int_equal(map(2, FAKE_HIGH, FAKE_PAGE, 0), VIRTIO_OCL_S_NOMEM);
}

/* ---- losses ---- */

static void dead_worker_is_reported(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    assert_int_equal(map(1, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    order_send(FAKE_CRASH, 0, 0, 0, 0);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_LOST);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(map(2, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_LOST);
    assert_int_equal(fake_unmap(&vm, 1, 1), VIRTIO_OCL_S_LOST);
    assert_int_equal(fake_open(&vm, 1, NULL), VIRTIO_OCL_S_BUSY);
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
    open_client();
    assert_int_equal(map(1, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
}

static void loss_is_reported_when_a_buffer_comes(void **state)
{
    assert_int_equal(fake_open(&vm, 1, &channel), VIRTIO_OCL_S_OK);
    order_send(FAKE_CRASH, 0, 0, 0, 0);
    assert_int_equal(fake_wake(&vm, 1, 100), -1);
    fake_post_wakes(&vm, 1, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_LOST);
}

static void what_waits_for_a_dying_worker_is_answered(void **state)
{
    const struct virtio_ocl_ctl_unmap unmap = {{VIRTIO_OCL_CTL_UNMAP, 1}, 3, 0};
    uint32_t status = 0;

    open_client();
    assert_int_equal(map(3, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    assert_int_equal(order(FAKE_HOLD, 3, 0, 1, 0), 0);
    uint32_t slot = fake_request(&vm, &unmap, sizeof(unmap));
    order_send(FAKE_CRASH, 0, 0, 0, 0);
    assert_true(fake_answered(&vm, slot, FAKE_TIMEOUT, &status));
    assert_int_equal(status, VIRTIO_OCL_S_LOST);
}

static void write_to_a_read_only_region_ends_that_client_alone(void **state)
{
    assert_int_equal(fake_open(&vm, 2, NULL), VIRTIO_OCL_S_OK);
    open_client();
    assert_int_equal(map(1, FAKE_HIGH + 0x100000, FAKE_PAGE, 0), VIRTIO_OCL_S_OK);
    order_send(FAKE_FILL, 1, 0, 1, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_LOST);
    assert_int_equal(fake_close(&vm, 2), VIRTIO_OCL_S_OK);
}

/* ---- stopping ---- */

static void stopping_a_queue_ends_its_worker(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    order(FAKE_WAKE, 0, 0, 0, 2);
    order(FAKE_DEAF, 0, 0, 0, 0);
    assert_int_equal(fake_stop_queue(&vm, 1), 2);
    assert_int_equal(kill(pid, 0), -1);
    fake_start_queue(&vm, 1);
    open_client();
}

static void stopping_the_control_queue_ends_all_workers(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    assert_int_equal(fake_open(&vm, 2, NULL), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_stop_queue(&vm, 0), 2);
    assert_int_equal(kill(pid, 0), -1);
    for (unsigned i = 1; i < FAKE_QUEUES; i++)
        fake_stop_queue(&vm, i);
    for (unsigned i = 0; i < FAKE_QUEUES; i++)
        fake_start_queue(&vm, i);
    open_client();
    assert_int_equal(fake_open(&vm, 2, NULL), VIRTIO_OCL_S_OK);
}

/* All that user-mode Linux does before it frees its queues. */
static void disabling_a_queue_stops_it(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    for (uint32_t i = FAKE_QUEUES; i-- > 0;) {
        const struct hcl_vu_state off = {i, 0};
        assert_int_equal(fake_ack(&vm, HCL_VU_SET_VRING_ENABLE, &off, sizeof(off), NULL, 0), 0);
    }
    assert_int_equal(kill(pid, 0), -1);
    for (unsigned i = 0; i < FAKE_QUEUES; i++)
        fake_start_queue(&vm, i);
    open_client();
}

static void reset_device_stops_everything(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    assert_int_equal(fake_ack(&vm, HCL_VU_RESET_DEVICE, NULL, 0, NULL, 0), 0);
    assert_int_equal(kill(pid, 0), -1);
}

static void disconnecting_ends_all_workers(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    order(FAKE_DEAF, 0, 0, 0, 0);
    fake_vm_disconnect(&vm);
    assert_gone(pid);
    fake_vm_connect(&vm, helper.path);
    fake_start(&vm);
    open_client();
}

/* Anything worse than this would be the teardown's exit status. */
static void server_stops_with_clients_running(void **state)
{
    open_client();
    assert_int_equal(fake_open(&vm, 2, NULL), VIRTIO_OCL_S_OK);
}

/* ---- a hostile control queue ---- */

static void assert_control_dead_until_restart(void)
{
    const struct virtio_ocl_ctl_hdr req = {VIRTIO_OCL_CTL_CLOSE, 2};
    uint32_t status;

    assert_false(fake_answered(&vm, fake_request(&vm, &req, sizeof(req)), 100, &status));
    /* The client that was there goes on. */
    order(FAKE_WAKE, 0, 0, 0, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
    fake_stop_queue(&vm, 0);
    for (unsigned i = 0; i < FAKE_QUEUES; i++) {
        fake_stop_queue(&vm, i);
        fake_start_queue(&vm, i);
    }
    open_client();
}

static void descriptor_loop_kills_the_control_queue_only(void **state)
{
    struct vring_desc {
        uint64_t addr;
        uint32_t len;
        uint16_t flags, next;
    } *desc = fake_at(&vm, vm.queue[0].gpa);
    const struct fake_desc d[2] = {{FAKE_LOW, 8, false}, {FAKE_LOW, 8, false}};

    open_client();
    fake_offer(&vm, 0, 60, d, 2, false);
    desc[61].flags = 1;
    desc[61].next = 60;
    fake_kick(&vm, 0);
    assert_control_dead_until_restart();
}

static void request_outside_of_ram_kills_the_control_queue_only(void **state)
{
    const struct fake_desc d = {FAKE_HIGH + FAKE_RAM_SIZE, 8, false};

    open_client();
    fake_offer(&vm, 0, 60, &d, 1, true);
    assert_control_dead_until_restart();
}

/* The front end, not the guest, but a helper serves other VMs too. */
static void truncated_memory_kills_that_vm_only(void **state)
{
    open_client();
    pid_t pid = worker_pid();
    assert_int_equal(ftruncate(vm.fd[0], 0), 0);
    fake_kick(&vm, 0);
    fake_kick(&vm, 1);
    fake_vm_disconnect(&vm);
    assert_gone(pid);
    munmap(channel, VOCL_CHANNEL_SIZE);
    channel = NULL;
    fake_vm_finish(&vm);
    fake_vm_init(&vm);
    fake_vm_connect(&vm, helper.path);
    fake_start(&vm);
    open_client();
}

/* There is nowhere to say so, but the buffer comes back. */
static void request_without_room_for_an_answer_is_returned(void **state)
{
    const struct fake_desc d = {FAKE_LOW + FAKE_PAGE, 8, false};
    uint32_t len = 1;

    fake_offer(&vm, 0, 60, &d, 1, true);
    assert_int_equal(fake_used(&vm, 0, FAKE_TIMEOUT, &len), 60);
    assert_int_equal(len, 0);
}

static void open_checks_its_channel(void **state)
{
    struct {
        struct virtio_ocl_ctl_open o;
        struct virtio_ocl_run r;
    } good = {
        .o = {.hdr = {VIRTIO_OCL_CTL_OPEN, 1}, .nruns = 1, .channel_len = VOCL_CHANNEL_SIZE},
        .r = {FAKE_HIGH + 0x100000, VOCL_CHANNEL_SIZE},
    };
    typeof(good) req = good;

    req.o.channel_len = 8192;
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_INVALID);
    req = good;
    req.r.len = FAKE_PAGE;
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_INVALID);
    req = good;
    req.r.gpa = FAKE_HIGH + FAKE_RAM_SIZE - FAKE_PAGE;
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_FAULT);
    req = good;
    req.o.nruns = 0x10000001;
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_INVALID);
}

/* The worker of this test refuses a client of another name. */
static void worker_that_ends_at_once_is_reported(void **state)
{
    struct {
        struct virtio_ocl_ctl_open o;
        struct virtio_ocl_run r;
    } req = {
        .o = {.hdr = {VIRTIO_OCL_CTL_OPEN, 1}, .nruns = 1, .channel_len = VOCL_CHANNEL_SIZE},
        .r = {FAKE_HIGH + 0x100000, VOCL_CHANNEL_SIZE},
    };

    fake_post_wakes(&vm, 1, 1);
    assert_int_equal(fake_call(&vm, &req, sizeof(req)), VIRTIO_OCL_S_OK);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_LOST);
    assert_int_equal(fake_close(&vm, 1), VIRTIO_OCL_S_OK);
}

/* ---- guest RAM that comes and goes ---- */

static void new_memory_table_reaches_running_workers(void **state)
{
    fake_set_mem_table(&vm, false);
    /* Responses of this file's requests are in the high region. */
    fake_set_mem_table(&vm, true);
    open_client();
    assert_int_equal(map(1, FAKE_LOW + 0x800000, FAKE_PAGE, VIRTIO_OCL_MAP_WRITE), VIRTIO_OCL_S_OK);

    int fd = memfd_create("guest-ram", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 0x200000), 0);
    struct hcl_vu_one_region add = {.region = {0x200000000, 0x100000, 0x600000000000, 0x100000}};
    assert_int_equal(fake_ack(&vm, HCL_VU_ADD_MEM_REG, &add, sizeof(add), &fd, 1), 0);
    assert_int_equal(map(2, 0x200000000 + FAKE_PAGE, FAKE_PAGE, VIRTIO_OCL_MAP_WRITE),
                     VIRTIO_OCL_S_OK);
    order(FAKE_FILL, 2, 5, 1, 42);
    uint8_t byte = 0;
    assert_int_equal(pread(fd, &byte, 1, 0x100000 + FAKE_PAGE + 5), 1);
    assert_int_equal(byte, 42);

    assert_int_equal(fake_ack(&vm, HCL_VU_REM_MEM_REG, &add, sizeof(add), &fd, 1), 0);
    assert_int_equal(map(3, 0x200000000, FAKE_PAGE, 0), VIRTIO_OCL_S_FAULT);
    assert_int_equal(order(FAKE_SUM, 2, 5, 1, 0), 42); /* what is mapped stays */
    assert_int_equal(order(FAKE_FILL, 1, 0, 1, 1), 1);
    order(FAKE_WAKE, 0, 0, 0, 1);
    assert_int_equal(fake_wake(&vm, 1, FAKE_TIMEOUT), VIRTIO_OCL_WAKE);
    close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_answers_with_an_initialised_channel),
        TEST(close_answers_after_the_worker_has_gone),
        TEST(queue_serves_one_client_after_another),
        TEST(second_open_of_a_queue_is_busy),
        TEST(worker_that_ignores_close_is_killed),
        TEST(worker_maps_no_more_than_it_needs),
        TEST(wake_returns_a_buffer_and_interrupts),
        TEST(wakes_without_posted_buffers_are_harmless),
        TEST(call_descriptor_may_change_under_a_worker),
        TEST(mapped_runs_are_one_contiguous_region),
        TEST(region_in_pieces_is_usable_when_complete),
        TEST(refused_piece_undoes_the_region),
        TEST(piece_out_of_order_undoes_the_region),
        TEST(unmap_waits_for_the_last_user),
        TEST(bad_maps_are_refused),
        TEST(lengths_are_checked),
        TEST(burst_of_large_maps_is_answered),
        TEST(mappings_have_a_budget),
        TEST(neighbours_cost_one_mapping),
        TEST(gathered_runs_are_copied_and_not_mapped),
        TEST(refused_piece_of_a_gathered_region_undoes_it),
        TEST(gathered_runs_have_a_limit),
        TEST(bytes_have_a_limit),
        TEST(dead_worker_is_reported),
        TEST(loss_is_reported_when_a_buffer_comes),
        TEST(what_waits_for_a_dying_worker_is_answered),
        TEST(write_to_a_read_only_region_ends_that_client_alone),
        TEST(stopping_a_queue_ends_its_worker),
        TEST(stopping_the_control_queue_ends_all_workers),
        TEST(disabling_a_queue_stops_it),
        TEST(reset_device_stops_everything),
        TEST(disconnecting_ends_all_workers),
        TEST(server_stops_with_clients_running),
        TEST(descriptor_loop_kills_the_control_queue_only),
        TEST(request_outside_of_ram_kills_the_control_queue_only),
        TEST(truncated_memory_kills_that_vm_only),
        TEST(request_without_room_for_an_answer_is_returned),
        TEST(open_checks_its_channel),
        TEST(worker_that_ends_at_once_is_reported),
        TEST(new_memory_table_reaches_running_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
