/* SPDX-License-Identifier: MIT */
/* The bare way from a guest's process to its worker and back, without OpenCL. */
#include <errno.h>
#include <string.h>

#include "../vm_ping.h"
#include "probe.h"

static double ping_once(struct probe *p, void *state, unsigned turn)
{
    int64_t ns = vm_ping(state);

    if (ns < 0)
        fail(p, "the worker does not answer: %s", strerror((int)-ns));
    return (double)ns * 1e-9;
}

void measure_floor_kick(struct probe *p, const struct measurement *m)
{
    struct vm_ping *ping = vm_ping_open(NULL);

    if (!ping && errno == ENOENT)
        return; /* no VM of ours */
    if (!ping)
        fail(p, "cannot open a client: %s", strerror(errno));
    value(m->name, median_of(p, ping_once, ping) * 1e6, "us", "less");
    vm_ping_close(ping);
}
