// SPDX-License-Identifier: MIT
#include "wire.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"

/* Arrays of words are read in place. */
_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "a big-endian host needs a swapping reader");

void vocl_writer_init(struct vocl_writer *w)
{
    *w = (struct vocl_writer){0};
}

void vocl_writer_finish(struct vocl_writer *w)
{
    free(w->buf);
    *w = (struct vocl_writer){0};
}

void vocl_writer_reset(struct vocl_writer *w)
{
    w->len = 0;
    w->error = 0;
}

static size_t padded(size_t len)
{
    return (len + 7) & ~(size_t)7;
}

/* Room for len more bytes, or NULL with the error set. */
static uint8_t *writer_room(struct vocl_writer *w, size_t len)
{
    if (w->error)
        return NULL;
    if (len > VOCL_MESSAGE_MAX - w->len) {
        w->error = -EMSGSIZE;
        return NULL;
    }
    if (len > w->cap - w->len) {
        size_t cap = w->cap ? w->cap : 512;
        while (cap - w->len < len)
            cap *= 2;
        uint8_t *buf = realloc(w->buf, cap);
        if (!buf) {
            w->error = -ENOMEM;
            return NULL;
        }
        w->buf = buf;
        w->cap = cap;
    }
    uint8_t *at = w->buf + w->len;
    w->len += len;
    return at;
}

void vocl_put_u64(struct vocl_writer *w, uint64_t v)
{
    uint8_t *at = writer_room(w, 8);
    if (at)
        memcpy(at, &v, 8);
}

/* Raw bytes, zero-padded: padding is compared in tests and must not leak memory. */
static void put_padded(struct vocl_writer *w, const void *data, uint64_t len)
{
    if (len > VOCL_MESSAGE_MAX) {
        w->error = w->error ? w->error : -EMSGSIZE;
        return;
    }
    uint8_t *at = writer_room(w, padded(len));
    if (!at || !len)
        return;
    memset(at + padded(len) - 8, 0, 8);
    memcpy(at, data, len);
}

/* A length word is 0 for an absent pointer and the length plus one otherwise. */
void vocl_put_bytes(struct vocl_writer *w, struct vocl_bytes b)
{
    vocl_put_u64(w, b.data ? b.len + 1 : 0);
    if (b.data)
        put_padded(w, b.data, b.len);
}

void vocl_put_words(struct vocl_writer *w, struct vocl_words a)
{
    vocl_put_u64(w, a.v ? a.count + 1 : 0);
    if (a.v && a.count > VOCL_MESSAGE_MAX / 8)
        w->error = w->error ? w->error : -EMSGSIZE;
    else if (a.v)
        put_padded(w, a.v, a.count * 8);
}

void vocl_put_blobs(struct vocl_writer *w, struct vocl_blobs b)
{
    vocl_put_u64(w, b.count);
    for (uint64_t i = 0; i < b.count; i++)
        vocl_put_bytes(w, b.list[i]);
}

void vocl_put_payload(struct vocl_writer *w, struct vocl_payload p)
{
    vocl_put_u64(w, p.kind);
    vocl_put_u64(w, p.len);
    vocl_put_u64(w, p.region);
    vocl_put_u64(w, p.offset);
    if (p.kind == VOCL_PAYLOAD_INLINE)
        vocl_put_bytes(w, (struct vocl_bytes){p.data, p.data ? p.len : 0});
}

void vocl_reader_init(struct vocl_reader *r, const void *body, size_t len)
{
    r->cur = body;
    r->end = r->cur + len;
    r->error = 0;
}

bool vocl_reader_done(const struct vocl_reader *r)
{
    return !r->error && r->cur == r->end;
}

static void reader_fail(struct vocl_reader *r)
{
    r->error = -EPROTO;
    r->cur = r->end;
}

static const void *reader_take(struct vocl_reader *r, uint64_t len)
{
    if (len > (uint64_t)(r->end - r->cur)) {
        reader_fail(r);
        return NULL;
    }
    const void *at = r->cur;
    r->cur += len;
    return at;
}

uint64_t vocl_get_u64(struct vocl_reader *r)
{
    const void *at = reader_take(r, 8);
    uint64_t v = 0;
    if (at)
        memcpy(&v, at, 8);
    return v;
}

/* count items of `size` bytes; NULL and a sticky error if they do not fit. */
static const void *take_items(struct vocl_reader *r, uint64_t count, size_t size)
{
    if (count > VOCL_MESSAGE_MAX / size) {
        reader_fail(r);
        return NULL;
    }
    return reader_take(r, padded(count * size));
}

struct vocl_bytes vocl_get_bytes(struct vocl_reader *r)
{
    uint64_t n = vocl_get_u64(r);
    const void *at = n ? take_items(r, n - 1, 1) : NULL;
    return at ? (struct vocl_bytes){at, n - 1} : (struct vocl_bytes){0};
}

struct vocl_words vocl_get_words(struct vocl_reader *r)
{
    uint64_t n = vocl_get_u64(r);
    const void *at = n ? take_items(r, n - 1, 8) : NULL;
    return at ? (struct vocl_words){at, n - 1} : (struct vocl_words){0};
}

struct vocl_blobs vocl_get_blobs(struct vocl_reader *r)
{
    struct vocl_blobs b = {.count = vocl_get_u64(r)};
    b.rest = *r; /* not in the line above: initialisers have no order */
    /* Each string takes a word at least, so a false count ends this loop early. */
    for (uint64_t i = 0; i < b.count && !r->error; i++)
        vocl_get_bytes(r);
    if (r->error)
        return (struct vocl_blobs){0};
    b.rest.end = r->cur;
    return b;
}

bool vocl_blobs_next(struct vocl_blobs *b, struct vocl_bytes *out)
{
    if (b->rest.cur == b->rest.end)
        return false;
    *out = vocl_get_bytes(&b->rest);
    return true;
}

struct vocl_payload vocl_get_payload(struct vocl_reader *r)
{
    struct vocl_payload p = {.kind = vocl_get_u64(r)};
    p.len = vocl_get_u64(r);
    p.region = vocl_get_u64(r);
    p.offset = vocl_get_u64(r);
    if (p.kind == VOCL_PAYLOAD_INLINE) {
        struct vocl_bytes b = vocl_get_bytes(r);
        p.data = b.data;
        if (b.data && b.len != p.len)
            reader_fail(r);
    } else if (p.kind > VOCL_PAYLOAD_GATHER) {
        reader_fail(r);
    }
    return r->error ? (struct vocl_payload){0} : p;
}

const char *vocl_bytes_text(struct vocl_bytes b)
{
    const char *s = b.data;
    return s && b.len && s[b.len - 1] == '\0' ? s : NULL;
}
