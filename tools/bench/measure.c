/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "../stats.h"
#include "probe.h"

/* Samples that a median is taken from, at most: more say nothing new. */
#define MAX_SAMPLES 4096
/* Of streams so many are timed: one that was disturbed does not count then. */
#define BATCHES 5
#define MAX_BATCH (1u << 28)
double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double time_batch(struct probe *p, batch_fn batch, unsigned n)
{
    double start = now();

    batch(p, n);
    return now() - start;
}

double seconds_each(struct probe *p, batch_fn batch)
{
    double v[BATCHES];
    unsigned n = 16;

    batch(p, n); /* what comes first is slower */
    while (time_batch(p, batch, n) < p->seconds / (2 * BATCHES) && n < MAX_BATCH)
        n *= 2;
    for (int i = 0; i < BATCHES; i++)
        v[i] = time_batch(p, batch, n) / n;
    return stats_median(v, BATCHES);
}

/* A first turn this slow is as good as a second, and nobody waits for that. Longer
 * than it takes to touch a GiB for the first time on a busy machine, of which the
 * second turn is to be free. */
#define SLOW_TURN 8.0

double median_of(struct probe *p, op_fn op, void *state)
{
    double *v = malloc(MAX_SAMPLES * sizeof(*v)), start = now(), end, median;
    unsigned n = 0;

    if (!v)
        fail(p, "out of memory");
    v[n] = op(p, state, 0);
    end = now() - start < SLOW_TURN ? now() + p->seconds : 0;
    if (!end)
        n++;
    while (!n || (n < MAX_SAMPLES && now() < end)) {
        v[n] = op(p, state, n + 1);
        n++;
    }
    median = stats_median(v, n);
    free(v);
    return median;
}
