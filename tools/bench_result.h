/* SPDX-License-Identifier: MIT */
/*
 * bench_result.h - what a benchmark has found: for each measurement the values of
 * both sides, round by round. Start with zeros; bench_result_finish() frees.
 */
#ifndef VOCL_BENCH_RESULT_H
#define VOCL_BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "stats.h"

enum bench_which { BENCH_NATIVE, BENCH_REMOTE, BENCH_SIDES };

/* No run has more: a hundred takes hours. */
#define BENCH_MAX_ROUNDS 100

struct bench_series {
    char name[48], group[64], unit[8];
    bool more; /* is better */
    /* NaN where a side has measured nothing in that round. */
    double v[BENCH_SIDES][BENCH_MAX_ROUNDS];
};

struct bench_device {
    char platform[256], version[256], device[256], driver[256];
    char system[256]; /* that the program runs on: in a VM, the guest */
};

/* At most so many are kept; each is said once. */
#define BENCH_MAX_WARNINGS 32

struct bench_result {
    const char *via;
    unsigned rounds; /* that have been done */
    struct bench_series *series;
    size_t n;
    struct bench_device device[BENCH_SIDES];
    char processor[256], kernel[256], date[32];
    long processors, memory_mib;
    double load[2]; /* of one minute, at the start and at the end */
    char *warning[BENCH_MAX_WARNINGS];
    size_t nwarnings;
};

struct bench_summary {
    struct stats side[BENCH_SIDES];
    struct stats ratio; /* remote/native of each round that has both */
    double difference;  /* of the medians, remote - native; NaN without both */
};

/* A side's value of a round. -ENOMEM, or 0. */
int bench_result_add(struct bench_result *r, enum bench_which side, unsigned round,
                     const char *group, const char *name, double v, const char *unit, bool more);

/* Keep a warning, and say it on stderr; once. */
void bench_result_warn(struct bench_result *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct bench_summary bench_summary_of(const struct bench_series *s, unsigned rounds);

void bench_result_finish(struct bench_result *r);

#endif
