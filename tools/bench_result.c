/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_result.h"
#include "message.h"

static struct bench_series *find(struct bench_result *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!strcmp(r->series[i].name, name))
            return &r->series[i];
    }
    return NULL;
}

/* Behind the last one of its group, so that the table has them together. */
static struct bench_series *insert(struct bench_result *r, const char *group)
{
    struct bench_series *all = realloc(r->series, (r->n + 1) * sizeof(*all));
    size_t at = r->n;

    if (!all)
        return NULL;
    r->series = all;
    for (size_t i = 0; i < r->n; i++) {
        if (!strcmp(all[i].group, group))
            at = i + 1;
    }
    memmove(all + at + 1, all + at, (r->n - at) * sizeof(*all));
    r->n++;
    return &all[at];
}

static struct bench_series *add(struct bench_result *r, const char *group, const char *name,
                                const char *unit, bool more)
{
    struct bench_series *s = insert(r, group);

    if (!s)
        return NULL;
    snprintf(s->name, sizeof(s->name), "%s", name);
    snprintf(s->group, sizeof(s->group), "%s", group);
    snprintf(s->unit, sizeof(s->unit), "%s", unit);
    s->more = more;
    for (unsigned i = 0; i < BENCH_MAX_ROUNDS; i++)
        s->v[BENCH_NATIVE][i] = s->v[BENCH_REMOTE][i] = NAN;
    return s;
}

int bench_result_add(struct bench_result *r, enum bench_which side, unsigned round,
                     const char *group, const char *name, double v, const char *unit, bool more)
{
    struct bench_series *s = find(r, name);

    if (!s)
        s = add(r, group, name, unit, more);
    if (!s || round >= BENCH_MAX_ROUNDS)
        return -ENOMEM;
    s->v[side][round] = v;
    return 0;
}

void bench_result_warn(struct bench_result *r, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < r->nwarnings; i++) {
        if (!strcmp(r->warning[i], text))
            return;
    }
    say("warning: %s", text);
    if (r->nwarnings < BENCH_MAX_WARNINGS)
        r->warning[r->nwarnings] = strdup(text);
    if (r->nwarnings < BENCH_MAX_WARNINGS && r->warning[r->nwarnings])
        r->nwarnings++;
}

static struct stats stats_without_nan(const double *v, unsigned n)
{
    double have[BENCH_MAX_ROUNDS];
    size_t count = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!isnan(v[i]))
            have[count++] = v[i];
    }
    return stats_of(have, count);
}

struct bench_summary bench_summary_of(const struct bench_series *s, unsigned rounds)
{
    double ratio[BENCH_MAX_ROUNDS];
    struct bench_summary sum;

    for (unsigned i = 0; i < rounds; i++) {
        double native = s->v[BENCH_NATIVE][i];

        ratio[i] = native > 0 ? s->v[BENCH_REMOTE][i] / native : NAN;
    }
    sum.side[BENCH_NATIVE] = stats_without_nan(s->v[BENCH_NATIVE], rounds);
    sum.side[BENCH_REMOTE] = stats_without_nan(s->v[BENCH_REMOTE], rounds);
    sum.ratio = stats_without_nan(ratio, rounds);
    sum.difference = sum.side[BENCH_NATIVE].n && sum.side[BENCH_REMOTE].n
                         ? sum.side[BENCH_REMOTE].median - sum.side[BENCH_NATIVE].median
                         : NAN;
    return sum;
}

void bench_result_finish(struct bench_result *r)
{
    free(r->series);
    for (size_t i = 0; i < r->nwarnings; i++)
        free(r->warning[i]);
}
