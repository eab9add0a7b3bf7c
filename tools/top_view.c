/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "top_view.h"

/* ---- looking things up ---- */

static int64_t member(json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static int64_t count(json_t *client, const char *side, const char *name)
{
    return member(json_object_get(client, side), name);
}

/* A string of somebody's, as far as it may go to a terminal. */
static const char *plain(const char *s, char *buf, size_t len)
{
    size_t n = 0;

    for (; s && s[n] && n < len - 1; n++)
        buf[n] = s[n] >= ' ' && s[n] <= '~' ? s[n] : '?';
    buf[n] = '\0';
    return buf;
}

static const char *text(json_t *o, const char *name, char *buf, size_t len)
{
    return plain(json_string_value(json_object_get(o, name)), buf, len);
}

/* The same client in an earlier array; a worker's pid alone may have been used
 * again. */
static json_t *find_client(json_t *documents, json_t *helper, json_t *client)
{
    json_t *doc, *s, *c;
    size_t i, j, k;

    json_array_foreach(documents, i, doc)
    {
        if (member(json_object_get(doc, "helper"), "pid") != member(helper, "pid"))
            continue;
        json_array_foreach(json_object_get(doc, "sockets"), j, s) json_array_foreach(
            json_object_get(s, "clients"), k,
            c) if (member(c, "worker") == member(client, "worker") &&
                   member(c, "number") == member(client, "number") &&
                   json_number_value(json_object_get(c, "seconds")) <=
                       json_number_value(json_object_get(client, "seconds"))) return c;
    }
    return NULL;
}

/* ---- rates ---- */

struct rates {
    json_t *now, *before;
    double host, guest; /* seconds over which each side has counted */
};

/* The guest's counts are as old as the worker's last look at them, and the look
 * says when it was. */
static struct rates rates_of(const struct top_view *v, json_t *helper, json_t *client)
{
    struct rates r = {client, find_client(v->before, helper, client), 0, 0};

    r.host = r.before ? v->seconds : json_number_value(json_object_get(client, "seconds"));
    r.guest = r.host;
    if (r.before)
        r.guest = (double)(count(r.now, "host", "published_ms") -
                           count(r.before, "host", "published_ms")) /
                  1000;
    return r;
}

static double rate(const struct rates *r, const char *side, const char *name)
{
    double seconds = !strcmp(side, "host") ? r->host : r->guest;
    double n = (double)count(r->now, side, name) - (double)count(r->before, side, name);

    return seconds > 0 && n > 0 ? n / seconds : 0;
}

static double both(const struct rates *r, const char *side, const char *way)
{
    char write[64], read[64];

    snprintf(write, sizeof(write), "%s_write_bytes", way);
    snprintf(read, sizeof(read), "%s_read_bytes", way);
    return rate(r, side, write) + rate(r, side, read);
}

/* ---- numbers for people ---- */

/* At most seven characters. */
static const char *human(double n, double step, char *buf, size_t len)
{
    static const char unit[] = " kMGTPE";
    int u = 0;

    while (n >= step * 0.9995 && u < (int)sizeof(unit) - 2) {
        n /= step;
        u++;
    }
    if (u == 0)
        snprintf(buf, len, n < 9.95 && n != (double)(int)n ? "%.1f" : "%.0f", n);
    else
        snprintf(buf, len, "%.*f%c", n < 9.995 ? 2 : n < 99.95 ? 1 : 0, n, unit[u]);
    return buf;
}

static const char *times(double n, char buf[16])
{
    return human(n, 1000, buf, 16);
}

static const char *bytes(double n, char buf[16])
{
    return human(n, 1024, buf, 16);
}

static const char *duration(double seconds, char buf[32])
{
    long s = (long)seconds;

    if (s < 60)
        snprintf(buf, 32, "%.1f s", seconds);
    else if (s < 3600)
        snprintf(buf, 32, "%ld min %ld s", s / 60, s % 60);
    else
        snprintf(buf, 32, "%ld h %ld min", s / 3600, s % 3600 / 60);
    return buf;
}

/* ---- lines ---- */

static void put_line(const struct top_view *v, FILE *out, const char *line)
{
    if (v->width > 0)
        fprintf(out, "%.*s\n", v->width, line);
    else
        fprintf(out, "%s\n", line);
}

#define LINE 512

static void print_heading(const struct top_view *v, FILE *out)
{
    put_line(
        v, out,
        "      PID   UID PROGRAM           CALLS/s TRIPS/s WAKES/s  INLINE  STAGED  DIRECT     SVM "
        "OBJECTS  SHARED");
}

static void print_client(const struct top_view *v, FILE *out, json_t *helper, json_t *c)
{
    struct rates r = rates_of(v, helper, c);
    char name[17], uid[16] = "-", line[LINE];
    char a[16], b[16], d[16], e[16], f[16], g[16], h[16], i[16], j[16];

    if (json_is_integer(json_object_get(c, "uid")))
        snprintf(uid, sizeof(uid), "%lld", (long long)member(c, "uid"));
    snprintf(line, sizeof(line), "  %7lld %5s %-16s %8s %7s %7s %7s %7s %7s %7s %7s %7s",
             (long long)member(c, "pid"), uid, text(c, "name", name, sizeof(name)),
             times(rate(&r, "host", "calls") + rate(&r, "host", "posts"), a),
             times(rate(&r, "host", "replies"), b), times(rate(&r, "host", "wakes"), d),
             bytes(both(&r, "host", "inline"), e), bytes(both(&r, "guest", "staged"), f),
             bytes(both(&r, "guest", "mapped") + both(&r, "guest", "direct"), g),
             bytes(both(&r, "guest", "svm"), h), times((double)count(c, "guest", "objects"), i),
             bytes((double)count(c, "host", "region_bytes"), j));
    put_line(v, out, line);
}

static void print_counter(FILE *out, const struct rates *r, const char *side,
                          const struct vocl_counter *c)
{
    int64_t n = count(r->now, side, c->name);
    double per_second = c->kind == VOCL_COUNTER_TOTAL ? rate(r, side, c->name) : 0;
    char total[16], second[16];

    if (!n)
        return;
    fprintf(out, "          %-22s %15lld", c->name, (long long)n);
    if (c->unit == VOCL_COUNTER_BYTES)
        fprintf(out, " %8s", bytes((double)n, total));
    else if (per_second > 0)
        fprintf(out, " %8s", "");
    if (per_second > 0)
        fprintf(out, " %8s/s",
                c->unit == VOCL_COUNTER_BYTES ? bytes(per_second, second)
                                              : times(per_second, second));
    fputc('\n', out);
}

static void print_side(FILE *out, const struct rates *r, const char *side, const char *title,
                       const struct vocl_counter *list)
{
    fprintf(out, "        %s\n", title);
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        if (list[i].name && strcmp(list[i].name, "published_ms"))
            print_counter(out, r, side, &list[i]);
}

struct call {
    const char *name;
    int64_t n;
};

static int more_first(const void *a, const void *b)
{
    const struct call *x = a, *y = b;

    return (x->n < y->n) - (x->n > y->n) ?: strcmp(x->name, y->name);
}

static void print_calls(FILE *out, const struct rates *r)
{
    json_t *all = json_object_get(r->now, "calls"), *v;
    struct call *list = calloc(json_object_size(all) + 1, sizeof(*list));
    const char *key;
    char second[16], name[39];
    size_t n = 0;

    if (!list)
        return;
    json_object_foreach(all, key, v) list[n++] = (struct call){key, json_integer_value(v)};
    qsort(list, n, sizeof(*list), more_first);
    fprintf(out, "        calls, by the worker\n");
    for (size_t i = 0; i < n; i++) {
        double more = (double)(list[i].n - count(r->before, "calls", list[i].name));

        fprintf(out, "          %-38s %15lld", plain(list[i].name, name, sizeof(name)),
                (long long)list[i].n);
        if (more > 0 && r->host > 0)
            fprintf(out, " %8s/s", times(more / r->host, second));
        fputc('\n', out);
    }
    free(list);
}

static void print_details(const struct top_view *v, FILE *out, json_t *helper, json_t *c)
{
    struct rates r = rates_of(v, helper, c);
    char age[32];

    fprintf(out, "        served for %s by worker %lld\n",
            duration(json_number_value(json_object_get(c, "seconds")), age),
            (long long)member(c, "worker"));
    print_side(out, &r, "guest", "counted in the program's library", vocl_guest_counters);
    print_side(out, &r, "host", "counted in the worker", vocl_host_counters);
    print_calls(out, &r);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = member(*(json_t *const *)a, "number"), y = member(*(json_t *const *)b, "number");

    return (x > y) - (x < y);
}

static void print_clients(const struct top_view *v, FILE *out, json_t *helper, json_t *clients)
{
    size_t n = json_array_size(clients);
    json_t **list = calloc(n + 1, sizeof(*list));

    for (size_t i = 0; list && i < n; i++)
        list[i] = json_array_get(clients, i);
    if (list)
        qsort(list, n, sizeof(*list), by_number);
    for (size_t i = 0; list && i < n; i++) {
        bool chosen = v->client && member(list[i], "pid") == v->client;

        if (v->client && !chosen)
            continue;
        print_client(v, out, helper, list[i]);
        if (v->details || chosen)
            print_details(v, out, helper, list[i]);
    }
    free(list);
}

static void print_past(const struct top_view *v, FILE *out, json_t *socket)
{
    json_t *past = json_object_get(socket, "past");
    char line[LINE], n[16], calls[16], moved[16];
    double total = (double)(count(past, "guest", "direct_write_bytes") +
                            count(past, "guest", "direct_read_bytes"));

    if (!member(socket, "ended") || v->client)
        return;
    for (unsigned i = HCL_N_INLINE_WRITE; i <= HCL_N_SVM_READ; i++)
        if (vocl_host_counters[i].name)
            total += (double)count(past, "host", vocl_host_counters[i].name);
    snprintf(line, sizeof(line), "          %s ended, after %s calls and %sB of data",
             times((double)member(socket, "ended"), n),
             times((double)(count(past, "host", "calls") + count(past, "host", "posts")), calls),
             bytes(total, moved));
    put_line(v, out, line);
}

static void print_socket(const struct top_view *v, FILE *out, json_t *helper, json_t *s)
{
    bool vm = !strcmp(json_string_value(json_object_get(s, "serves")) ?: "", "vm");
    char path[PATH_MAX], line[PATH_MAX + 64];

    snprintf(line, sizeof(line), "  %s %s%s", vm ? "VM      " : "programs",
             text(s, "path", path, sizeof(path)),
             vm && !json_is_true(json_object_get(s, "connected")) ? " (no VM there)" : "");
    put_line(v, out, line);
    print_clients(v, out, helper, json_object_get(s, "clients"));
    print_past(v, out, s);
}

static void print_helper(const struct top_view *v, FILE *out, json_t *doc)
{
    json_t *helper = json_object_get(doc, "helper"), *sockets = json_object_get(doc, "sockets"), *s;
    char version[32], age[32], error[128], path[128], line[LINE];
    size_t i;

    if (json_object_get(doc, "error")) {
        snprintf(line, sizeof(line), "helper at %s: %s", text(doc, "control", path, sizeof(path)),
                 text(doc, "error", error, sizeof(error)));
        put_line(v, out, line);
        return;
    }
    snprintf(line, sizeof(line), "helper %lld, user %lld, version %s, for %s",
             (long long)member(helper, "pid"), (long long)member(helper, "uid"),
             text(helper, "version", version, sizeof(version)),
             duration(json_number_value(json_object_get(helper, "seconds")), age));
    put_line(v, out, line);
    json_array_foreach(sockets, i, s) print_socket(v, out, helper, s);
}

void top_view_print(const struct top_view *v, FILE *out)
{
    json_t *doc;
    size_t i;

    print_heading(v, out);
    json_array_foreach(v->now, i, doc) print_helper(v, out, doc);
}

bool top_view_has(json_t *documents, int64_t pid)
{
    json_t *doc, *s, *c;
    size_t i, j, k;

    json_array_foreach(documents, i, doc) json_array_foreach(json_object_get(doc, "sockets"), j, s)
        json_array_foreach(json_object_get(s, "clients"), k,
                           c) if (member(c, "pid") == pid) return true;
    return false;
}

static void print_list(FILE *out, const char *title, const struct vocl_counter *list)
{
    fprintf(out, "%s\n", title);
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        if (list[i].name)
            fprintf(out, "  %-22s %s%s\n", list[i].name, list[i].text,
                    list[i].kind == VOCL_COUNTER_LIVE   ? " (now)"
                    : list[i].kind == VOCL_COUNTER_MOST ? " (most)"
                                                        : "");
}

void top_view_counters(FILE *out)
{
    print_list(out, "guest: counted in the program's library; write is to the device, read from it",
               vocl_guest_counters);
    print_list(out, "host: counted in the worker", vocl_host_counters);
}
