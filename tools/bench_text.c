/* SPDX-License-Identifier: MIT */
/* The table for people: a line for each measurement, under headings. */
#include <math.h>
#include <string.h>

#include "bench.h"

/* Three or four digits that count, and never an exponent. */
static const char *number(char *text, size_t len, double v)
{
    double size = fabs(v);

    if (isnan(v))
        snprintf(text, len, "-");
    else
        snprintf(text, len, "%.*f", size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3, v);
    return text;
}

static double median(const struct stats *s)
{
    return s->n ? s->median : NAN;
}

static void line(FILE *f, const struct bench_series *s, const struct bench_summary *sum)
{
    char native[32], remote[32], difference[32], ratio[32], low[32], high[32];

    fprintf(f, "  %-22s %-5s %10s %10s %10s", s->name, s->unit,
            number(native, sizeof(native), median(&sum->side[BENCH_NATIVE])),
            number(remote, sizeof(remote), median(&sum->side[BENCH_REMOTE])),
            number(difference, sizeof(difference), sum->difference));
    if (sum->ratio.n)
        fprintf(f, " %8s   %s .. %s", number(ratio, sizeof(ratio), sum->ratio.median),
                number(low, sizeof(low), sum->ratio.min),
                number(high, sizeof(high), sum->ratio.max));
    fprintf(f, "\n");
}

static void device(FILE *f, const char *what, const struct bench_device *d)
{
    fprintf(f, "%-10s %s; %s, driver %s; on %s\n", what, d->device, d->platform, d->driver,
            d->system);
}

static void head(FILE *f, const struct bench_result *r)
{
    const struct bench_device *native = &r->device[BENCH_NATIVE];
    const struct bench_device *remote = &r->device[BENCH_REMOTE];

    fprintf(f, "virtio-ocl %s, remote by way of %s, %u round%s, %s\n", VOCL_VERSION, r->via,
            r->rounds, r->rounds == 1 ? "" : "s", r->date);
    fprintf(f, "%-10s %s, %ld processors, %ld MiB; Linux %s; load %.2f to %.2f\n", "machine",
            r->processor, r->processors, r->memory_mib, r->kernel, r->load[0], r->load[1]);
    device(f, "native", native);
    if (memcmp(native, remote, sizeof(*native)))
        device(f, "remote", remote);
    for (size_t i = 0; i < r->nwarnings; i++)
        fprintf(f, "warning: %s\n", r->warning[i]);
}

void bench_text(FILE *f, const struct bench_result *r)
{
    const char *group = "";

    head(f, r);
    fprintf(f, "\n%-24s %-5s %10s %10s %10s %8s   %s\n", "", "unit", "native", "remote",
            "difference", "ratio", "lowest .. highest");
    for (size_t i = 0; i < r->n; i++) {
        const struct bench_series *s = &r->series[i];
        struct bench_summary sum = bench_summary_of(s, r->rounds);

        if (strcmp(group, s->group))
            fprintf(f, "%s\n", s->group);
        group = s->group;
        line(f, s, &sum);
    }
    fprintf(f, "\nnative, remote: medians of the rounds. ratio: remote/native of each round, its\n"
               "median, lowest and highest. us, ms, s, MiB: less is better; /s, GB/s: more is.\n");
}
