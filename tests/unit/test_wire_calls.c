// SPDX-License-Identifier: MIT
/*
 * Every body that crosses: what is written is what is read, a truncated body
 * is refused, and a corrupted one is survived. The sanitizers' builds see
 * reads past the end: each body lies in memory of exactly its size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "wire_check.h"

static uint8_t *exact_copy(const struct vocl_writer *w, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len)
        memcpy(copy, w->buf, len);
    return copy;
}

/* Read the first len bytes of a body. Returns whether they were accepted; then
 * *again holds what they mean, written again. */
static bool read_body(const struct wire_check_body *b, const uint8_t *body, size_t len,
                      struct vocl_writer *again)
{
    struct vocl_reader r;
    vocl_reader_init(&r, body, len);
    vocl_writer_reset(again);
    b->recode(&r, again);
    return vocl_reader_done(&r);
}

static void for_each_body(void (*check)(const struct wire_check_body *b,
                                        const struct vocl_writer *body, struct vocl_writer *again))
{
    struct vocl_writer body, again;
    vocl_writer_init(&body);
    vocl_writer_init(&again);
    for (size_t i = 0; i < wire_check_num_bodies; i++) {
        vocl_writer_reset(&body);
        wire_check_bodies[i].encode(&body);
        assert_int_equal(body.error, 0);
        assert_int_equal(body.len % 8, 0);
        check(&wire_check_bodies[i], &body, &again);
    }
    vocl_writer_finish(&body);
    vocl_writer_finish(&again);
}

static void check_round_trip(const struct wire_check_body *b, const struct vocl_writer *body,
                             struct vocl_writer *again)
{
    uint8_t *copy = exact_copy(body, body->len);
    if (!read_body(b, copy, body->len, again))
        fail_msg("%s does not read what it wrote", b->name);
    if (again->len != body->len || (body->len && memcmp(again->buf, copy, body->len)))
        fail_msg("%s reads something else than it wrote", b->name);
    free(copy);
}

static void check_truncation(const struct wire_check_body *b, const struct vocl_writer *body,
                             struct vocl_writer *again)
{
    for (size_t len = 0; len < body->len; len++) {
        uint8_t *copy = exact_copy(body, len);
        if (read_body(b, copy, len, again))
            fail_msg("%s is accepted with %zu of its %zu bytes", b->name, len, body->len);
        free(copy);
    }
}

static void check_trailing_bytes(const struct wire_check_body *b, const struct vocl_writer *body,
                                 struct vocl_writer *again)
{
    uint8_t *copy = calloc(1, body->len + 8);
    assert_non_null(copy);
    if (body->len)
        memcpy(copy, body->buf, body->len);
    if (read_body(b, copy, body->len + 8, again))
        fail_msg("%s is accepted with a word too much", b->name);
    free(copy);
}

static void check_corruption(const struct wire_check_body *b, const struct vocl_writer *body,
                             struct vocl_writer *again)
{
    static const uint64_t bad[] = {0,
                                   1,
                                   2,
                                   9,
                                   0x7fffffff,
                                   0x80000000u,
                                   UINT64_MAX,
                                   UINT64_MAX - 6,
                                   1ull << 61,
                                   1ull << 63,
                                   (1ull << 61) + 2,
                                   (256u << 20) + 1};
    uint8_t *copy = exact_copy(body, body->len);
    for (size_t at = 0; at < body->len; at += 8) {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            memcpy(copy + at, &bad[i], 8);
            bool ok = read_body(b, copy, body->len, again);
            if (ok && again->error)
                fail_msg("%s accepts what cannot be written", b->name);
        }
        memcpy(copy + at, body->buf + at, 8);
    }
    free(copy);
}

static void every_body_reads_back_as_written(void **state)
{
    (void)state;
    for_each_body(check_round_trip);
}

static void every_truncated_body_is_refused(void **state)
{
    (void)state;
    for_each_body(check_truncation);
}

static void every_body_with_trailing_bytes_is_refused(void **state)
{
    (void)state;
    for_each_body(check_trailing_bytes);
}

static void every_corrupted_word_is_survived(void **state)
{
    (void)state;
    for_each_body(check_corruption);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_body_reads_back_as_written),
        cmocka_unit_test(every_truncated_body_is_refused),
        cmocka_unit_test(every_body_with_trailing_bytes_is_refused),
        cmocka_unit_test(every_corrupted_word_is_survived),
    };
    return cmocka_run_group_tests_name("wire_calls", tests, NULL, NULL);
}
