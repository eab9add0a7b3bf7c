/* SPDX-License-Identifier: MIT */
/*
 * probe.h - vocl-bench-probe: measures OpenCL as a program sees it. It links to
 * the OpenCL loader alone and measures nothing by other means than a program has
 * (floor_vm.c apart), so that the same binary runs natively, through a helper
 * and in a guest.
 *
 * `vocl bench` starts one on each side and gives it one measurement at a time
 * (serve.c has the lines that they exchange), so that a figure of one side and
 * the same figure of the other are taken within the same second.
 *
 * One thread. Whatever goes wrong ends the program with a `fail` line: a
 * benchmark with an error in it has no figures.
 */
#ifndef VOCL_BENCH_PROBE_H
#define VOCL_BENCH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#include <CL/cl.h>

struct probe {
    const char *runtime, *device_name; /* parts of names, in any case; or NULL */
    double seconds;                    /* that one measurement may take, about */
    size_t max_size;                   /* of a transfer, bytes */
    unsigned max_clients;
    char **argv;         /* how a child of the same kind is started */
    bool served;         /* somebody reads the lines and answers */
    bool relays;         /* what children say about the device */
    const char *running; /* the measurement, for messages */

    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    cl_kernel empty, args3, increment, fill, check, invert;
    cl_mem small;       /* SMALL_SIZE bytes */
    cl_mem bad;         /* one word: what the check kernel has found wrong */
    cl_ulong max_alloc; /* CL_DEVICE_MAX_MEM_ALLOC_SIZE */
};

#define SMALL_SIZE 4096

/* ---- serve.c ---- */

/*
 * Do first, if not NULL, and then what standard input says, a command a line, to
 * its end. Each is answered by any number of lines and then "done":
 *
 *   list           "measurement NAME light|heavy GROUP" for each, in the order of the table
 *   device         "info KEY TEXT" about what is measured; opens it
 *   identify       the same, and opens nothing: another process does
 *   measure NAME   values; "pause" among them waits for the line "go"
 *   open           values: what the first calls take; only before "device"
 *   memory         values: of this process
 *   app COMMAND    value: how long the shell's command takes, start to end
 *
 * Values are "value NAME NUMBER UNIT less|more", or "skip NAME WHY". "fail NAME
 * WHY" is the last line ever.
 */
void serve(struct probe *p, char *first);

/* Print "pause", and wait for whoever reads that. */
void wait_for_go(const struct probe *p);

/* Print "info KEY TEXT". */
void info(const char *key, const char *text);

/* Print the line "value NAME NUMBER UNIT less|more": which is better. */
void value(const char *name, double number, const char *unit, const char *better);

/* Print "skip NAME WHY": this cannot be measured here. */
void skip(const char *name, const char *why);

/* Print "fail NAME WHY", and end the program. */
noreturn void fail(const struct probe *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* fail() unless e is CL_SUCCESS. */
void must(const struct probe *p, cl_int e, const char *what);

/* ---- device.c ---- */

/* Find the device, and make all that every measurement needs; once. */
void device_open(struct probe *p);

/* Open it, and say what it is in info lines. */
void device_print(struct probe *p);

/* The first platform and device that fit the names. */
void device_find(struct probe *p);

/* ---- measure.c ---- */

double now(void); /* monotonic seconds */

/* Seconds for one operation, where batch() does n of them: the median of some
 * batches. n is chosen so that p->seconds is about what all takes. */
typedef void (*batch_fn)(struct probe *p, unsigned n);
double seconds_each(struct probe *p, batch_fn batch);

/* The median of what op() returns: the seconds of whatever part of it is timed.
 * Once without counting, then until p->seconds have passed in all. */
typedef double (*op_fn)(struct probe *p, void *state, unsigned turn);
double median_of(struct probe *p, op_fn op, void *state);

/* ---- pattern.c: every word tells its place and its turn ---- */

/* Word i of turn seed is pattern(i, seed); that of ~seed is its complement. */
void pattern_fill(uint32_t *words, size_t n, size_t first, uint32_t seed);
void pattern_check(const struct probe *p, const uint32_t *words, size_t n, size_t first,
                   uint32_t seed);

/* The same by the device, for the first size bytes of a buffer. */
void pattern_fill_buffer(const struct probe *p, cl_mem buffer, size_t size, uint32_t seed);
void pattern_check_buffer(const struct probe *p, cl_mem buffer, size_t size, uint32_t seed);

extern const char pattern_source[];

/* ---- the measurements ---- */

struct measurement {
    const char *group; /* the heading under which it is printed */
    void (*run)(struct probe *p, const struct measurement *m);
    size_t size; /* of a transfer, bytes; or 0 */
    bool heavy;  /* it takes seconds */
    bool alone;  /* it opens no device by itself */
    char name[32];
};

/* table.c: all of them, in the order of the printed table; *n of them. */
const struct measurement *measurements(const struct probe *p, size_t *n);
const struct measurement *measurement_find(const struct probe *p, const char *name);

/* calls.c */
void measure_null(struct probe *p, const struct measurement *m);
void measure_null_asleep(struct probe *p, const struct measurement *m);
void measure_finish(struct probe *p, const struct measurement *m);
void measure_device_info(struct probe *p, const struct measurement *m);
void measure_kernel_info(struct probe *p, const struct measurement *m);
void measure_event_info(struct probe *p, const struct measurement *m);
void measure_create_release(struct probe *p, const struct measurement *m);
void measure_read_4(struct probe *p, const struct measurement *m);
void measure_write_4(struct probe *p, const struct measurement *m);

/* launches.c */
void measure_enqueue(struct probe *p, const struct measurement *m);
void measure_stream(struct probe *p, const struct measurement *m);
void measure_args(struct probe *p, const struct measurement *m);
void measure_chain(struct probe *p, const struct measurement *m);
void measure_launch_finish(struct probe *p, const struct measurement *m);

/* transfers.c, mapped.c */
void measure_write(struct probe *p, const struct measurement *m);
void measure_read(struct probe *p, const struct measurement *m);
void measure_first_write(struct probe *p, const struct measurement *m);
void measure_write_rect(struct probe *p, const struct measurement *m);
void measure_read_rect(struct probe *p, const struct measurement *m);
void measure_write_async(struct probe *p, const struct measurement *m);
void measure_map(struct probe *p, const struct measurement *m);
void measure_map_use(struct probe *p, const struct measurement *m);
void measure_host_ptr(struct probe *p, const struct measurement *m);
void measure_host_ptr_new(struct probe *p, const struct measurement *m);

/* floor.c */
void measure_floor_futex(struct probe *p, const struct measurement *m);
void measure_floor_asleep(struct probe *p, const struct measurement *m);
void measure_floor_copy(struct probe *p, const struct measurement *m);

/* floor_vm.c: nothing where there is no /dev/virtio-ocl */
void measure_floor_kick(struct probe *p, const struct measurement *m);

/* children.c */
void identify(struct probe *p);
void open_timed(struct probe *p);
void print_memory(struct probe *p);
void measure_client_rate(struct probe *p, const struct measurement *m);
void measure_open(struct probe *p, const struct measurement *m);
void measure_memory(struct probe *p, const struct measurement *m);
void measure_clients(struct probe *p, const struct measurement *m);

#endif
