/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "probe.h"

#define CALLS "calls"
#define LAUNCHES "launches"
#define OPENING "opening and memory"
#define CLIENTS "clients at a time"
#define FLOOR "the machine itself"

/* From here on a transfer takes a good part of a second, its check another. */
#define HEAVY_SIZE (256u << 20)

static const struct measurement plain[] = {
    {.name = "floor.futex", .group = FLOOR, .run = measure_floor_futex, .alone = true},
    {.name = "floor.futex_asleep", .group = FLOOR, .run = measure_floor_asleep, .alone = true},
    {.name = "floor.vm_kick", .group = FLOOR, .run = measure_floor_kick, .alone = true},
    {.name = "floor.memcpy", .group = FLOOR, .run = measure_floor_copy, .alone = true},
    {.name = "call.null", .group = CALLS, .run = measure_null},
    {.name = "call.null_asleep", .group = CALLS, .run = measure_null_asleep},
    {.name = "call.finish", .group = CALLS, .run = measure_finish},
    {.name = "info.device", .group = CALLS, .run = measure_device_info},
    {.name = "info.kernel", .group = CALLS, .run = measure_kernel_info},
    {.name = "info.event", .group = CALLS, .run = measure_event_info},
    {.name = "buffer.create_release", .group = CALLS, .run = measure_create_release},
    {.name = "write.4B", .group = CALLS, .run = measure_write_4},
    {.name = "read.4B", .group = CALLS, .run = measure_read_4},
    {.name = "launch.enqueue", .group = LAUNCHES, .run = measure_enqueue},
    {.name = "launch.finish", .group = LAUNCHES, .run = measure_launch_finish},
    {.name = "launch.stream", .group = LAUNCHES, .run = measure_stream},
    {.name = "launch.args3", .group = LAUNCHES, .run = measure_args},
    {.name = "launch.chain", .group = LAUNCHES, .run = measure_chain},
};

/* One for each size. */
static const struct measurement sized[] = {
    {.name = "write", .group = "writes from ordinary memory", .run = measure_write},
    {.name = "read", .group = "reads to ordinary memory", .run = measure_read},
    {.name = "first_write",
     .group = "buffers made, written once and released",
     .run = measure_first_write},
    {.name = "write_rect", .group = "rectangular writes", .run = measure_write_rect},
    {.name = "read_rect", .group = "rectangular reads", .run = measure_read_rect},
    {.name = "map", .group = "maps and unmaps, the two calls", .run = measure_map},
    {.name = "map_use", .group = "maps, with every word read and written", .run = measure_map_use},
    {.name = "host_ptr",
     .group = "a kernel over the program's memory (USE_HOST_PTR)",
     .run = measure_host_ptr},
    {.name = "host_ptr_new",
     .group = "the same, with memory that is new each time",
     .run = measure_host_ptr_new},
};

static const struct measurement last[] = {
    {.name = "write_async.64K", .group = "writes that do not wait", .run = measure_write_async},
    {.name = "open", .group = OPENING, .run = measure_open, .alone = true},
    {.name = "memory", .group = OPENING, .run = measure_memory, .alone = true},
    {.name = "clients", .group = CLIENTS, .run = measure_clients, .heavy = true, .alone = true},
};

/* Run by name, by whoever knows it; not in the table. */
static const struct measurement unlisted[] = {
    {.name = "client.rate", .group = CLIENTS, .run = measure_client_rate},
};

static const struct {
    const char *name;
    size_t size;
} sizes[] = {
    {"4K", 4u << 10},   {"64K", 64u << 10},   {"1M", 1u << 20},
    {"16M", 16u << 20}, {"256M", 256u << 20}, {"1G", 1u << 30},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct measurement table[COUNT(plain) + COUNT(sized) * COUNT(sizes) + COUNT(last)];

static size_t add(size_t n, const struct measurement *from, size_t count)
{
    memcpy(table + n, from, count * sizeof(*from));
    return n + count;
}

static size_t add_sized(size_t n, const struct probe *p, const struct measurement *kind)
{
    for (size_t i = 0; i < COUNT(sizes); i++) {
        if (sizes[i].size > p->max_size)
            break;
        table[n] = *kind;
        table[n].size = sizes[i].size;
        table[n].heavy = sizes[i].size >= HEAVY_SIZE;
        snprintf(table[n].name, sizeof(table[n].name), "%s.%s", kind->name, sizes[i].name);
        n++;
    }
    return n;
}

const struct measurement *measurements(const struct probe *p, size_t *count)
{
    size_t n = add(0, plain, COUNT(plain));

    for (size_t i = 0; i < COUNT(sized); i++)
        n = add_sized(n, p, &sized[i]);
    *count = add(n, last, COUNT(last));
    return table;
}

const struct measurement *measurement_find(const struct probe *p, const char *name)
{
    size_t n;
    const struct measurement *m = measurements(p, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(m[i].name, name))
            return &m[i];
    }
    for (size_t i = 0; i < COUNT(unlisted); i++) {
        if (!strcmp(unlisted[i].name, name))
            return &unlisted[i];
    }
    return NULL;
}
