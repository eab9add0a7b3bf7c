// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "wire.h"

static struct vocl_reader reader_of(const struct vocl_writer *w)
{
    struct vocl_reader r;
    vocl_reader_init(&r, w->buf, w->len);
    return r;
}

static void an_absent_pointer_differs_from_an_empty_string(void **state)
{
    (void)state;
    struct vocl_writer w;
    vocl_writer_init(&w);
    vocl_put_bytes(&w, (struct vocl_bytes){NULL, 0});
    vocl_put_bytes(&w, (struct vocl_bytes){"", 0});
    vocl_put_words(&w, (struct vocl_words){NULL, 0});
    vocl_put_words(&w, (struct vocl_words){(const uint64_t[]){0}, 0});
    assert_int_equal(w.len, 4 * 8);

    struct vocl_reader r = reader_of(&w);
    assert_null(vocl_get_bytes(&r).data);
    struct vocl_bytes empty = vocl_get_bytes(&r);
    assert_non_null(empty.data);
    assert_int_equal(empty.len, 0);
    assert_null(vocl_get_words(&r).v);
    assert_non_null(vocl_get_words(&r).v);
    assert_true(vocl_reader_done(&r));
    vocl_writer_finish(&w);
}

static void padding_is_zero_even_in_a_used_buffer(void **state)
{
    (void)state;
    struct vocl_writer w;
    vocl_writer_init(&w);
    for (size_t len = 1; len <= 17; len++) {
        vocl_writer_reset(&w);
        for (int i = 0; i < 8; i++)
            vocl_put_u64(&w, UINT64_MAX); /* what the buffer held before */
        vocl_writer_reset(&w);
        vocl_put_bytes(&w, (struct vocl_bytes){"abcdefghijklmnopq", len});
        assert_int_equal(w.len, 8 + (len + 7) / 8 * 8);
        assert_memory_equal(w.buf + 8, "abcdefghijklmnopq", len);
        for (size_t i = 8 + len; i < w.len; i++)
            assert_int_equal(w.buf[i], 0);
    }
    vocl_writer_finish(&w);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    struct vocl_writer w;
    vocl_writer_init(&w);
    vocl_put_u64(&w, 0x0807060504030201u);
    assert_memory_equal(w.buf, "\1\2\3\4\5\6\7\10", 8);
    vocl_writer_finish(&w);
}

static void a_message_over_the_limit_is_refused_and_stays_refused(void **state)
{
    (void)state;
    struct vocl_writer w;
    vocl_writer_init(&w);
    vocl_put_bytes(&w, (struct vocl_bytes){"x", (uint64_t)VOCL_MESSAGE_MAX + 1});
    assert_int_equal(w.error, -EMSGSIZE);
    size_t len = w.len;
    vocl_put_u64(&w, 1);
    assert_int_equal(w.len, len);
    assert_int_equal(w.error, -EMSGSIZE);

    vocl_writer_reset(&w);
    assert_int_equal(w.error, 0);
    vocl_put_u64(&w, 1);
    assert_int_equal(w.len, 8);
    vocl_writer_finish(&w);
}

static void lengths_that_overflow_are_refused_by_the_writer(void **state)
{
    (void)state;
    static const uint64_t lens[] = {UINT64_MAX, UINT64_MAX - 7, 1ull << 61, 1ull << 63};
    struct vocl_writer w;
    vocl_writer_init(&w);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        vocl_writer_reset(&w);
        vocl_put_bytes(&w, (struct vocl_bytes){"x", lens[i]});
        assert_int_equal(w.error, -EMSGSIZE);
        vocl_writer_reset(&w);
        vocl_put_words(&w, (struct vocl_words){(const uint64_t[]){1}, lens[i]});
        assert_int_equal(w.error, -EMSGSIZE);
    }
    vocl_writer_finish(&w);
}

static void lengths_past_the_end_are_refused_by_the_reader(void **state)
{
    (void)state;
    static const uint64_t lens[] = {10, UINT64_MAX, UINT64_MAX - 6, 1ull << 61, (1ull << 61) + 2};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        uint64_t body[2] = {lens[i], 0};
        struct vocl_reader r;
        vocl_reader_init(&r, body, sizeof(body));
        assert_null(vocl_get_bytes(&r).data);
        assert_int_equal(r.error, -EPROTO);
        vocl_reader_init(&r, body, sizeof(body));
        assert_null(vocl_get_words(&r).v);
        assert_int_equal(r.error, -EPROTO);
    }
}

static void after_an_error_a_reader_yields_zeros(void **state)
{
    (void)state;
    uint64_t body[3] = {100, 7, 7};
    struct vocl_reader r;
    vocl_reader_init(&r, body, sizeof(body));
    vocl_get_bytes(&r);
    assert_int_equal(vocl_get_u64(&r), 0);
    assert_null(vocl_get_bytes(&r).data);
    assert_int_equal(vocl_get_blobs(&r).count, 0);
    assert_int_equal(vocl_get_payload(&r).kind, VOCL_PAYLOAD_NONE);
    assert_false(vocl_reader_done(&r));
}

static void a_false_count_of_strings_costs_no_time(void **state)
{
    (void)state;
    uint64_t body[3] = {UINT64_MAX, 0, 0};
    struct vocl_reader r;
    vocl_reader_init(&r, body, sizeof(body));
    struct vocl_blobs b = vocl_get_blobs(&r);
    struct vocl_bytes one;
    assert_int_equal(b.count, 0);
    assert_false(vocl_blobs_next(&b, &one));
    assert_int_equal(r.error, -EPROTO);
}

static void strings_of_an_array_keep_their_order_and_their_absence(void **state)
{
    (void)state;
    static const struct vocl_bytes list[] = {{"one", 3}, {NULL, 0}, {"", 0}, {"twelve bytes", 12}};
    struct vocl_writer w;
    struct vocl_bytes one;
    vocl_writer_init(&w);
    vocl_put_blobs(&w, (struct vocl_blobs){.list = list, .count = 4});
    vocl_put_u64(&w, 77);
    struct vocl_reader r = reader_of(&w);
    struct vocl_blobs b = vocl_get_blobs(&r);
    assert_int_equal(b.count, 4);
    assert_int_equal(vocl_get_u64(&r), 77);
    for (int i = 0; i < 4; i++) {
        assert_true(vocl_blobs_next(&b, &one));
        assert_int_equal(one.len, list[i].len);
        assert_int_equal(!one.data, !list[i].data);
        if (one.len)
            assert_memory_equal(one.data, list[i].data, one.len);
    }
    assert_false(vocl_blobs_next(&b, &one));
    vocl_writer_finish(&w);
}

static void a_payload_must_be_of_a_known_kind_and_of_its_length(void **state)
{
    (void)state;
    uint64_t unknown[4] = {VOCL_PAYLOAD_GATHER + 1, 5, 0, 0};
    uint64_t shorter[6] = {VOCL_PAYLOAD_INLINE, 9, 0, 0, 5 + 1, 0};
    struct vocl_reader r;
    vocl_reader_init(&r, unknown, sizeof(unknown));
    vocl_get_payload(&r);
    assert_int_equal(r.error, -EPROTO);
    vocl_reader_init(&r, shorter, sizeof(shorter));
    assert_null(vocl_get_payload(&r).data);
    assert_int_equal(r.error, -EPROTO);
}

static void text_needs_its_terminator(void **state)
{
    (void)state;
    assert_string_equal(vocl_bytes_text((struct vocl_bytes){"abc", 4}), "abc");
    assert_null(vocl_bytes_text((struct vocl_bytes){"abc", 3}));
    assert_null(vocl_bytes_text((struct vocl_bytes){"", 0}));
    assert_null(vocl_bytes_text((struct vocl_bytes){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_absent_pointer_differs_from_an_empty_string),
        cmocka_unit_test(padding_is_zero_even_in_a_used_buffer),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(a_message_over_the_limit_is_refused_and_stays_refused),
        cmocka_unit_test(lengths_that_overflow_are_refused_by_the_writer),
        cmocka_unit_test(lengths_past_the_end_are_refused_by_the_reader),
        cmocka_unit_test(after_an_error_a_reader_yields_zeros),
        cmocka_unit_test(a_false_count_of_strings_costs_no_time),
        cmocka_unit_test(strings_of_an_array_keep_their_order_and_their_absence),
        cmocka_unit_test(a_payload_must_be_of_a_known_kind_and_of_its_length),
        cmocka_unit_test(text_needs_its_terminator),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
