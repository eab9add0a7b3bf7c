/* SPDX-License-Identifier: MIT */
/*
 * fuzz_input.h - a fuzzer's bytes, taken as decisions one after another.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fuzzer's bytes; zeros when they have run out. */
struct fuzz_input {
    const uint8_t *at;
    const uint8_t *end;
};

bool fuzz_empty(const struct fuzz_input *in);
/* A number below n (n > 0). */
uint32_t fuzz_pick(struct fuzz_input *in, uint32_t n);
uint64_t fuzz_u64(struct fuzz_input *in);

#endif
