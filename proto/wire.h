/* SPDX-License-Identifier: MIT */
/*
 * wire.h - how a call's body is written and read.
 *
 * A body is a sequence of little-endian 64-bit words, and of byte strings
 * padded to words. Every scalar takes one word whatever its C type, so that
 * the wire does not depend on the guest's width and every array in a body is
 * aligned. The generated encoders and decoders (calls.py) are made of the
 * functions below.
 *
 * Ownership: a writer owns its buffer; a reader borrows the body, and what it
 * yields points into it. A reader must be given private memory, never the ring:
 * bytes that the other side can still change cannot be checked.
 *
 * Errors are sticky: after the first one a writer drops what it is given and a
 * reader yields zeros; check once, at the end.
 */
#ifndef VOCL_WIRE_H
#define VOCL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vocl_writer {
    uint8_t *buf;
    size_t len;
    size_t cap;
    int error; /* 0, -ENOMEM, or -EMSGSIZE past VOCL_MESSAGE_MAX */
};

struct vocl_reader {
    const uint8_t *cur;
    const uint8_t *end;
    int error; /* 0 or -EPROTO */
};

/* A byte string; data is NULL where the API's pointer was NULL. */
struct vocl_bytes {
    const void *data;
    uint64_t len;
};

/* An array of words (object ids, sizes); v is NULL where it is absent. */
struct vocl_words {
    const uint64_t *v;
    uint64_t count;
};

/* The longest array that fits a body. */
#define VOCL_WIRE_MAX_WORDS (32u << 20)

/* An array of byte strings, already checked; walk it with vocl_blobs_next. */
struct vocl_blobs {
    const struct vocl_bytes *list; /* writer only */
    uint64_t count;
    struct vocl_reader rest; /* reader only */
};

/* Bulk data: inside the body, in a region that both sides see, or in shared
 * virtual memory. */
enum vocl_payload_kind {
    VOCL_PAYLOAD_NONE = 0,
    VOCL_PAYLOAD_INLINE = 1, /* in: data follows; out: comes back in the reply */
    VOCL_PAYLOAD_REGION = 2, /* [offset, offset + len) of region */
    VOCL_PAYLOAD_SVM = 3,    /* [offset, offset + len) of the SVM allocation `region` */
    VOCL_PAYLOAD_GATHER = 4, /* as REGION, of one that the helper does not map but copies */
};

struct vocl_payload {
    uint64_t kind; /* enum vocl_payload_kind */
    uint64_t len;
    uint64_t region;
    uint64_t offset;
    const void *data; /* INLINE, host-bound; NULL where it travels in the reply */
};

void vocl_writer_init(struct vocl_writer *w);
void vocl_writer_finish(struct vocl_writer *w);
/* Forget the content and the error, keep the buffer. */
void vocl_writer_reset(struct vocl_writer *w);

void vocl_put_u64(struct vocl_writer *w, uint64_t v);
void vocl_put_bytes(struct vocl_writer *w, struct vocl_bytes b);
void vocl_put_words(struct vocl_writer *w, struct vocl_words a);
void vocl_put_blobs(struct vocl_writer *w, struct vocl_blobs b);
void vocl_put_payload(struct vocl_writer *w, struct vocl_payload p);

void vocl_reader_init(struct vocl_reader *r, const void *body, size_t len);
/* No error, and nothing left over. */
bool vocl_reader_done(const struct vocl_reader *r);

uint64_t vocl_get_u64(struct vocl_reader *r);
struct vocl_bytes vocl_get_bytes(struct vocl_reader *r);
struct vocl_words vocl_get_words(struct vocl_reader *r);
struct vocl_blobs vocl_get_blobs(struct vocl_reader *r);
struct vocl_payload vocl_get_payload(struct vocl_reader *r);

/* The next string of the array; false at its end. */
bool vocl_blobs_next(struct vocl_blobs *b, struct vocl_bytes *out);

/* The string as C text, or NULL if it is absent or not NUL-terminated. */
const char *vocl_bytes_text(struct vocl_bytes b);

#endif
