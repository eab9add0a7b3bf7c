/* SPDX-License-Identifier: MIT */
/* The same for machines, with the value of every round. docs/benchmarking.md has
 * the members; they are added to, never changed. */
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "bench.h"
#include "message.h"

#define FORMAT_VERSION 1
#define DIGITS 9

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *side(const struct stats *s, const double *v, unsigned rounds)
{
    json_t *values = json_array();

    for (unsigned i = 0; i < rounds; i++)
        json_array_append_new(values, number(v[i]));
    return json_pack("{s:o, s:o}", "median", number(s->n ? s->median : NAN), "values", values);
}

static json_t *ratio(const struct stats *s)
{
    if (!s->n)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "median", number(s->median), "low",
                     number(s->low), "high", number(s->high), "min", number(s->min), "max",
                     number(s->max));
}

static json_t *measurement(const struct bench_series *s, unsigned rounds)
{
    struct bench_summary sum = bench_summary_of(s, rounds);

    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "name", s->name, "group", s->group,
                     "unit", s->unit, "better", s->more ? "more" : "less", "native",
                     side(&sum.side[BENCH_NATIVE], s->v[BENCH_NATIVE], rounds), "remote",
                     side(&sum.side[BENCH_REMOTE], s->v[BENCH_REMOTE], rounds), "ratio",
                     ratio(&sum.ratio), "difference", number(sum.difference));
}

/* A device's name may be anything; JSON is UTF-8. */
static json_t *text(const char *s)
{
    json_t *j = json_string(s);

    return j ? j : json_string("?");
}

static json_t *device(const struct bench_device *d)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "platform", text(d->platform), "version",
                     text(d->version), "device", text(d->device), "driver", text(d->driver),
                     "system", text(d->system));
}

static json_t *machine(const struct bench_result *r)
{
    return json_pack("{s:o, s:I, s:I, s:o, s:[o, o]}", "processor", text(r->processor),
                     "processors", (json_int_t)r->processors, "memory_mib",
                     (json_int_t)r->memory_mib, "kernel", text(r->kernel), "load",
                     number(r->load[0]), number(r->load[1]));
}

int bench_json(FILE *f, const struct bench_result *r)
{
    json_t *measurements = json_array(), *warnings = json_array(), *all;
    int ret;

    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(measurements, measurement(&r->series[i], r->rounds));
    for (size_t i = 0; i < r->nwarnings; i++)
        json_array_append_new(warnings, text(r->warning[i]));
    all = json_pack("{s:i, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "format", FORMAT_VERSION,
                    "vocl", VOCL_VERSION, "date", r->date, "via", r->via, "rounds", (int)r->rounds,
                    "machine", machine(r), "native", device(&r->device[BENCH_NATIVE]), "remote",
                    device(&r->device[BENCH_REMOTE]), "warnings", warnings, "measurements",
                    measurements);
    ret = all ? json_dumpf(all, f, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) : -1;
    json_decref(all);
    if (!ret && fputs("\n", f) >= 0 && !fflush(f))
        return 0;
    say("cannot write the JSON");
    return -EIO;
}
