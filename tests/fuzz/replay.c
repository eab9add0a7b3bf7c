// SPDX-License-Identifier: MIT
/*
 * replay.c - a fuzzer as an ordinary test.
 *
 * PROGRAM COUNT     COUNT inputs from a fixed generator: the same in every run
 * PROGRAM FILE...   these inputs, as libFuzzer saves them when it finds one
 *
 * To look at one that crashes: FUZZ_VERBOSE=1 says its number, FUZZ_SAVE=NUMBER
 * runs it alone and writes it to ./crash-input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Some inputs are long, most are short; runs of one byte are common, since the
 * decision 0 is the plainest one. */
#define MAX_INPUT 6000

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t make_input(uint64_t number, uint8_t *out)
{
    uint64_t state = (number + 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 4; i++)
        next(&state);
    size_t n = 1 + next(&state) % (number % 10 ? 600 : MAX_INPUT);
    for (size_t i = 0; i < n; i++)
        out[i] = next(&state) >> 24;
    return n;
}

static void keep(const uint8_t *data, size_t n)
{
    FILE *f = fopen("crash-input", "wb");
    if (f) {
        fwrite(data, 1, n, f);
        fclose(f);
    }
}

static int run_file(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    size_t n = fread(data, 1, sizeof(data), f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        return 1;
    memcpy(exact, data, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t input[MAX_INPUT];
    char *end = NULL;
    uint64_t count = argc == 2 ? strtoull(argv[1], &end, 10) : 0;
    int rc = 0;
    if (!end || *end) {
        for (int i = 1; i < argc; i++)
            rc |= run_file(argv[i]);
        return rc;
    }
    const char *only = getenv("FUZZ_SAVE"); /* write this one to crash-input, and run it */
    for (uint64_t i = only ? strtoull(only, NULL, 10) : 0; i < count; i++) {
        size_t n = make_input(i, input);
        if (only)
            keep(input, n);
        if (getenv("FUZZ_VERBOSE"))
            fprintf(stderr, "%llu\n", (unsigned long long)i);
        LLVMFuzzerTestOneInput(input, n);
        if (only)
            break;
    }
    fprintf(stderr, "%llu inputs\n", (unsigned long long)count);
    return 0;
}
