/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what the benchmark says about a handful of measured values. Plain
 * functions over arrays; nothing is kept.
 */
#ifndef VOCL_STATS_H
#define VOCL_STATS_H

#include <stddef.h>

struct stats {
    size_t n;
    double median;
    double low, high; /* the quartiles */
    double min, max;
};

/* Sorts v. All zero for n = 0. */
struct stats stats_of(double *v, size_t n);

/*
 * The value below which the part q (0..1) of n sorted values lies, between two
 * of them by their distance, as most programs do (Hyndman and Fan's type 7).
 * 0 for n = 0.
 */
double stats_quantile(const double *sorted, size_t n, double q);

/* Sorts v. */
double stats_median(double *v, size_t n);

#endif
