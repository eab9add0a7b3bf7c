/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what every fuzzer is: one function. With -Dfuzz=true libFuzzer calls
 * it; in the ordinary build replay.c does, with a fixed stream of inputs, or
 * with the files that it is given.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
