/* SPDX-License-Identifier: MIT */
/* The machine that was measured on. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* Of the processors, in use by others: from here on they are in the way. */
#define BUSY 0.3

static void read_processor(char *text, size_t len)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[512], *colon;

    snprintf(text, len, "unknown processor");
    while (f && fgets(line, sizeof(line), f)) {
        colon = strstr(line, ": ");
        if (strncmp(line, "model name", 10) || !colon)
            continue;
        colon[strcspn(colon, "\n")] = '\0';
        snprintf(text, len, "%s", colon + 2);
        break;
    }
    if (f)
        fclose(f);
}

void bench_host_describe(struct bench_result *r)
{
    time_t t = time(NULL);
    struct utsname u;
    struct tm tm;

    read_processor(r->processor, sizeof(r->processor));
    r->processors = sysconf(_SC_NPROCESSORS_ONLN);
    r->memory_mib = sysconf(_SC_PHYS_PAGES) / 1024 * (sysconf(_SC_PAGESIZE) / 1024);
    if (!uname(&u))
        snprintf(r->kernel, sizeof(r->kernel), "%s %s", u.release, u.machine);
    if (gmtime_r(&t, &tm))
        strftime(r->date, sizeof(r->date), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (getloadavg(r->load, 1) == 1 && r->load[0] > BUSY * (double)r->processors)
        bench_result_warn(r, "the machine is busy: load %.2f on %ld processors before the run",
                          r->load[0], r->processors);
}
