/* SPDX-License-Identifier: MIT */
/*
 * fuzz_body.h - bodies made up from a fuzzer's bytes.
 *
 * The bytes are decisions: which call, which of a field's plausible values,
 * whether to spoil the result. So most of what comes out passes the decoder and
 * reaches the code behind it, and a fuzzer's mutations are meaningful ones.
 *
 * Threading: one thread.
 */
#ifndef FUZZ_BODY_H
#define FUZZ_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz_input.h"
#include "wire.h"

enum fuzz_kind { FUZZ_END, FUZZ_U64, FUZZ_BYTES, FUZZ_WORDS, FUZZ_BLOBS, FUZZ_PAYLOAD };

struct fuzz_field {
    enum fuzz_kind kind;
    const char *name;
};

struct fuzz_call {
    uint16_t op;
    const char *name;
    const struct fuzz_field *request;
    const struct fuzz_field *reply;
};

/* Generated. */
extern const struct fuzz_call fuzz_calls[];
extern const unsigned fuzz_num_calls;

/* The numbers that a host fuzzer's prelude gives its objects; requests name
 * them where a field asks for an object of that sort. */
enum fuzz_id {
    FUZZ_CONTEXT = 1,
    FUZZ_QUEUE,
    FUZZ_BUFFER,
    FUZZ_SHARED,
    FUZZ_ADDRESSED,
    FUZZ_IMAGE,
    FUZZ_SAMPLER,
    FUZZ_PROGRAM,
    FUZZ_KERNEL,
    FUZZ_USER_EVENT,
    FUZZ_EVENT,
    FUZZ_SVM,
    FUZZ_USM,
    FUZZ_COMMAND_BUFFER,
    FUZZ_SEMAPHORE,
    FUZZ_COMMAND,
    FUZZ_NEW, /* from here on to FUZZ_MAX_ID: what requests make */
    FUZZ_MAX_ID = 60,
};
#define FUZZ_PLATFORM 0x80000000u
#define FUZZ_DEVICE 0x80000001u
#define FUZZ_REGION 1u
#define FUZZ_REGION_SIZE 65536u
#define FUZZ_LISTED 2u /* the same size, and not mapped */

/* Where devices have every buffer that has an address: fake_native.h's. */
#define FUZZ_ADDRESS ((uint64_t)0x500000000000)

/* Write a body of these fields; one in some is spoilt. */
void fuzz_body(struct fuzz_input *in, const struct fuzz_field *fields, struct vocl_writer *w);

#endif
