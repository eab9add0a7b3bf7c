/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "stats.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double stats_quantile(const double *sorted, size_t n, double q)
{
    double at = n ? q * (double)(n - 1) : 0;
    size_t i = (size_t)at;

    if (!n)
        return 0;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

struct stats stats_of(double *v, size_t n)
{
    if (!n)
        return (struct stats){0};
    qsort(v, n, sizeof(*v), compare);
    return (struct stats){.n = n,
                          .median = stats_quantile(v, n, 0.5),
                          .low = stats_quantile(v, n, 0.25),
                          .high = stats_quantile(v, n, 0.75),
                          .min = v[0],
                          .max = v[n - 1]};
}

double stats_median(double *v, size_t n)
{
    return stats_of(v, n).median;
}
