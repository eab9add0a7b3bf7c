/* SPDX-License-Identifier: MIT */
/*
 * check.h - what the end-to-end programs share. Each is an OpenCL program like
 * any other, a list of cases named for the behaviour that they pin; it prints
 * "ok NAME" for each case that holds, and stops at the first that does not.
 * Run with names as arguments, it does those cases alone.
 *
 * Threading: CHECK and CL may be used on any thread.
 */
#ifndef E2E_CHECK_H
#define E2E_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CL/cl.h>

/* End the program with a message unless cond holds. */
#define CHECK(cond) check_failed_unless(cond, __FILE__, __LINE__, #cond)
/* The same for a call that must return CL_SUCCESS, */
#define CL(call) check_status(call, CL_SUCCESS, __FILE__, __LINE__, #call)
/* or a certain error, */
#define CL_IS(call, error) check_status(call, error, __FILE__, __LINE__, #call)
/* or may return whatever the runtime likes. */
#define CL_ANY(call) ((void)(call))

void check_failed_unless(bool ok, const char *file, int line, const char *what);
void check_status(cl_int status, cl_int expected, const char *file, int line, const char *what);

/* This machine cannot do it: end the program as one to skip. */
__attribute__((noreturn)) void check_skip(const char *why);

struct check_case {
    const char *name;
    void (*run)(void);
};

#define CASE(f)                                                                                    \
    {                                                                                              \
#f, f                                                                                      \
    }

int check_main(int argc, char **argv, const struct check_case *cases, size_t n);
#define CHECK_MAIN(cases)                                                                          \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return check_main(argc, argv, cases, sizeof(cases) / sizeof((cases)[0]));                  \
    }

/* The first device of the first platform that has one, with one queue. */
struct cl {
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
};

struct cl cl_open(cl_command_queue_properties properties);
void cl_close(struct cl *cl);

/* A function of an extension, which the platform must have. */
void *cl_function(struct cl *cl, const char *name);

cl_mem cl_buffer(struct cl *cl, size_t size);
/* Build; on failure, print the log and end the program. */
cl_program cl_build(struct cl *cl, const char *source);
cl_kernel cl_kernel_of(struct cl *cl, const char *source, const char *name);

/* A buffer of n bytes that a seed determines, and the check that another is
 * the same. */
uint8_t *pattern(size_t n, unsigned seed);
void pattern_fill(void *p, size_t n, unsigned seed);
bool pattern_is(const void *p, size_t n, unsigned seed);

double seconds(void);
void sleep_ms(unsigned ms);

#endif
