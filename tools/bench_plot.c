/* SPDX-License-Identifier: MIT */
/*
 * The chart: how fast each measurement is remote, where native is 1, with the
 * spread of the rounds. gnuplot draws it; it is not needed for anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "message.h"
#include "process.h"

#define GNUPLOT_MS 60000
#define ROW_PIXELS 18
#define FRAME_PIXELS 150
#define WIDTH_PIXELS 900

static const char *terminal(const char *file)
{
    const char *suffix = strrchr(file, '.');

    if (suffix && !strcmp(suffix, ".svg"))
        return "svg";
    return suffix && !strcmp(suffix, ".png") ? "pngcairo" : NULL;
}

int bench_plot_check(const char *file)
{
    char *const version[] = {"gnuplot", "--version", NULL};
    char text[64];

    if (!terminal(file)) {
        say("a chart is an .svg or a .png, not %s", file);
        return -EINVAL;
    }
    if (!process_output(version, GNUPLOT_MS, text, sizeof(text)))
        return 0;
    say("--plot needs gnuplot, and there is none: install the package gnuplot-nox");
    return -ENOENT;
}

/* Of a ratio where less is better, what it says about speed. */
static double speed(const struct bench_series *s, double ratio)
{
    return s->more ? ratio : 1 / ratio;
}

struct range {
    double low, high;
};

static size_t write_data(FILE *f, const struct bench_result *r, struct range *x)
{
    size_t rows = 0;

    fprintf(f, "$data << END\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct bench_series *s = &r->series[i];
        struct bench_summary sum = bench_summary_of(s, r->rounds);
        double a, b;

        if (!sum.ratio.n || !(sum.ratio.min > 0))
            continue;
        a = speed(s, s->more ? sum.ratio.min : sum.ratio.max);
        b = speed(s, s->more ? sum.ratio.max : sum.ratio.min);
        x->low = a < x->low ? a : x->low;
        x->high = b > x->high ? b : x->high;
        fprintf(f, "%zu \"%s\" %.6g %.6g %.6g\n", rows++, s->name, speed(s, sum.ratio.median), a,
                b);
    }
    fprintf(f, "END\n");
    return rows;
}

static void write_script(FILE *f, const struct bench_result *r, const char *kind)
{
    struct range x = {.low = 0.5, .high = 2}; /* at least, so that native is in the middle */
    size_t rows = write_data(f, r, &x);

    fprintf(f, "set terminal %s noenhanced size %d,%zu\n", kind, WIDTH_PIXELS,
            FRAME_PIXELS + ROW_PIXELS * rows);
    fprintf(f, "set title \"remote (%s) beside native, %u rounds: speed, native is 1\\n%s\"\n",
            r->via, r->rounds, r->date);
    fprintf(f,
            "set logscale x 10\nset grid x\nunset key\nset border 3\n"
            "set xlabel \"slower than native < 1 < faster\"\n"
            "set format x \"%%g\"\nset xrange [%g:%g]\n"
            "set yrange [%zu.5:-0.5]\nset ytics nomirror\n"
            "set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb '#888888'\n"
            "plot $data using 3:1:4:5:ytic(2) with xerrorbars pt 7 ps 0.6 lc rgb '#1f5fa8'\n",
            x.low / 1.1, x.high * 1.1, rows ? rows - 1 : 0);
}

/* gnuplot reads the script from a file without a name. */
static int run_gnuplot(const struct bench_result *r, const char *kind, int out)
{
    char *const argv[] = {"gnuplot", NULL};
    int fd = memfd_create("vocl-bench-plot", MFD_CLOEXEC), ret;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

    if (!f)
        return -errno;
    write_script(f, r, kind);
    fflush(f);
    lseek(fd, 0, SEEK_SET);
    ret = process_filter(argv, GNUPLOT_MS, fd, out);
    fclose(f);
    return ret > 0 ? -EIO : ret;
}

int bench_plot(const char *file, const struct bench_result *r)
{
    int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), ret;

    if (out < 0) {
        say("cannot write %s: %s", file, strerror(errno));
        return -errno;
    }
    ret = run_gnuplot(r, terminal(file), out);
    close(out);
    if (ret)
        say("gnuplot did not draw %s: %s", file, strerror(-ret));
    return ret;
}
