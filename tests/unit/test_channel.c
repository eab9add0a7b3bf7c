// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"

struct pair {
    void *channel;
    struct vocl_ring guest; /* producer */
    struct vocl_ring host;  /* consumer */
};

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    p->channel = aligned_alloc(4096, VOCL_CHANNEL_SIZE);
    memset(p->channel, 0, VOCL_CHANNEL_SIZE);
    vocl_channel_init(p->channel, 4711);
    vocl_ring_init_cmd(&p->guest, p->channel);
    vocl_ring_init_cmd(&p->host, p->channel);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;
    free(p->channel);
    free(p);
    return 0;
}

static uint64_t body[VOCL_CMD_RING_SIZE / 8];

/* Put both indices to the same place, as if that much had gone through. */
static void start_at(struct pair *p, uint32_t index)
{
    p->guest.mine = p->host.mine = index;
    *p->guest.head = *p->guest.tail = index;
}

static void a_channel_of_another_version_is_refused(void **state)
{
    struct pair *p = *state;
    assert_true(vocl_channel_valid(p->channel));
    vocl_channel_header(p->channel)->version++;
    assert_false(vocl_channel_valid(p->channel));
    vocl_channel_header(p->channel)->version--;
    vocl_channel_header(p->channel)->size += 4096;
    assert_false(vocl_channel_valid(p->channel));
}

static void records_come_out_as_they_went_in(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[4] = {0};
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 0);
    assert_int_equal(vocl_ring_put(&p->guest, 7, 3, (uint64_t[]){1, 2}, 16), 0);
    assert_int_equal(vocl_ring_put(&p->guest, 8, VOCL_NO_SLOT, NULL, 0), 0);
    assert_false(vocl_ring_empty(&p->host));
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 1);
    assert_int_equal(hdr.size, 24);
    assert_int_equal(hdr.op, 7);
    assert_int_equal(hdr.slot, 3);
    assert_memory_equal(out, ((uint64_t[]){1, 2}), 16);
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 1);
    assert_int_equal(hdr.op, 8);
    assert_int_equal(hdr.slot, VOCL_NO_SLOT);
    assert_true(vocl_ring_empty(&p->host));
}

static void a_record_never_wraps_and_the_rest_is_padded(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[64];
    for (uint32_t left = 8; left <= 80; left += 8) {
        start_at(p, VOCL_CMD_RING_SIZE - left);
        assert_int_equal(vocl_ring_put(&p->guest, 9, 1, body, 64), 0);
        assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 1);
        assert_int_equal(hdr.op, 9);
        assert_int_equal(hdr.size, 72);
        assert_true(vocl_ring_empty(&p->host));
        assert_int_equal(p->host.mine, p->guest.mine);
    }
}

static void indices_may_overflow_32_bits(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[64];
    start_at(p, UINT32_MAX - 7 - 64);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(vocl_ring_put(&p->guest, 9, 1, &i, 8), 0);
        assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 1);
        assert_int_equal(out[0], i);
    }
}

static void a_full_ring_takes_no_more_until_it_is_read(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[VOCL_RECORD_MAX / 8];
    unsigned n = 0;
    int rc;
    while (!(rc = vocl_ring_put(&p->guest, 5, 0, body, 1016)))
        n++;
    assert_int_equal(rc, -EAGAIN);
    assert_int_equal(n, VOCL_CMD_RING_SIZE / 1024);
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), 1);
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, 1016), 0);
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, NULL, 0), -EAGAIN);
    while ((rc = vocl_ring_get(&p->host, &hdr, out, sizeof(out))) == 1)
        n--;
    assert_int_equal(rc, 0);
    assert_int_equal(n, 0);
}

static void what_can_never_fit_is_refused(void **state)
{
    struct pair *p = *state;
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, VOCL_CMD_RING_SIZE), -EMSGSIZE);
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, UINT32_MAX - 7), -EMSGSIZE);
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, 4), -EMSGSIZE);
    assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, VOCL_RECORD_MAX - 8), 0);
}

static void a_producer_notices_a_false_head(void **state)
{
    struct pair *p = *state;
    static const uint32_t heads[] = {8, 1, UINT32_MAX - VOCL_CMD_RING_SIZE, 0x80000000u};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        *p->guest.head = heads[i];
        assert_int_equal(vocl_ring_put(&p->guest, 5, 0, body, 8), -EPROTO);
    }
}

static void a_consumer_notices_a_false_tail(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[8];
    static const uint32_t tails[] = {4, 7, VOCL_CMD_RING_SIZE + 8, UINT32_MAX, 0x80000000u};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        *p->guest.tail = tails[i];
        assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), -EPROTO);
    }
}

static void a_consumer_notices_a_false_size(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[8];
    static const uint32_t sizes[] = {0,
                                     4,
                                     7,
                                     9,
                                     1024 + 8,
                                     0x80000000u,
                                     UINT32_MAX,
                                     UINT32_MAX - 7,
                                     sizeof(out) + 16 /* more than the caller has room for */};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        start_at(p, 0);
        struct vocl_record rec = {.size = sizes[i], .op = 5};
        memcpy(p->host.data, &rec, sizeof(rec));
        *p->guest.tail = 1024;
        assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), -EPROTO);
    }
}

static void a_record_past_the_end_of_the_ring_is_refused(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[64];
    struct vocl_record rec = {.size = 64, .op = 5};
    start_at(p, VOCL_CMD_RING_SIZE - 16);
    memcpy(p->host.data + VOCL_CMD_RING_SIZE - 16, &rec, sizeof(rec));
    *p->guest.tail = VOCL_CMD_RING_SIZE + 64;
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), -EPROTO);
}

static void a_ring_of_padding_alone_is_no_endless_loop(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[8];
    struct vocl_record pad = {.size = 8, .op = 0};
    for (uint32_t at = 0; at < VOCL_CMD_RING_SIZE; at += 8)
        memcpy(p->host.data + at, &pad, sizeof(pad));
    /* A producer that goes on writing it would keep the consumer for ever. */
    *p->guest.tail = VOCL_CMD_RING_SIZE;
    assert_int_equal(vocl_ring_get(&p->host, &hdr, out, sizeof(out)), -EPROTO);
}

#define STREAM 200000u

static void *produce(void *arg)
{
    struct vocl_ring *r = arg;
    static uint64_t record[40];
    for (uint64_t i = 0; i < STREAM; i++) {
        uint32_t words = 1 + i * 7 % 39;
        for (uint32_t k = 0; k < words; k++)
            record[k] = i;
        while (vocl_ring_put(r, 1 + i % 200, i % 64, record, words * 8) == -EAGAIN)
            sched_yield();
    }
    return NULL;
}

static void two_threads_stream_without_loss(void **state)
{
    struct pair *p = *state;
    struct vocl_record hdr;
    uint64_t out[40];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, &p->guest), 0);
    for (uint64_t i = 0; i < STREAM;) {
        int rc = vocl_ring_get(&p->host, &hdr, out, sizeof(out));
        if (!rc) {
            sched_yield();
            continue;
        }
        uint32_t words = 1 + i * 7 % 39;
        if (rc != 1 || hdr.size != 8 + words * 8 || hdr.op != 1 + i % 200 || out[0] != i ||
            out[words - 1] != i)
            fail_msg("record %u is wrong", (unsigned)i);
        i++;
    }
    pthread_join(thread, NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_channel_of_another_version_is_refused),
        T(records_come_out_as_they_went_in),
        T(a_record_never_wraps_and_the_rest_is_padded),
        T(indices_may_overflow_32_bits),
        T(a_full_ring_takes_no_more_until_it_is_read),
        T(what_can_never_fit_is_refused),
        T(a_producer_notices_a_false_head),
        T(a_consumer_notices_a_false_tail),
        T(a_consumer_notices_a_false_size),
        T(a_record_past_the_end_of_the_ring_is_refused),
        T(a_ring_of_padding_alone_is_no_endless_loop),
        T(two_threads_stream_without_loss),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
