// SPDX-License-Identifier: MIT
/*
 * A call with something wrong in it is refused by the call itself, however often
 * the like of it was accepted before. Each case is tried on a kernel that was
 * never launched, and again after many launches, arguments and commands that were
 * right; the error must be the same, and the next clFinish must know of none. What
 * is printed the runner compares with the runtime's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define MANY 100
#define ITEMS 64
#define BYTES (ITEMS * 4)

static const char source[] =
    "kernel void add(global uint *p, uint i) { p[get_global_id(0)] += i; }\n"
    "kernel void wide(global uint *p, ulong i) { p[get_global_id(0)] += (uint)i; }\n"
    "kernel void scratch(global uint *p, local uint *l)\n"
    "{ l[get_local_id(0)] = 1; p[get_global_id(0)] += l[get_local_id(0)]; }\n"
    "kernel __attribute__((reqd_work_group_size(4, 1, 1))) void fours(global uint *p)\n"
    "{ p[get_global_id(0)]++; }\n";
static const char image_source[] =
    "kernel void pixels(read_only image2d_t in, sampler_t s, global float4 *p)\n"
    "{ *p = read_imagef(in, s, (int2)(0, 0)); }\n";

/* Twice the same, so that there is another context. */
static struct cl cl, other;
static cl_program program, image_program; /* the second one: NULL without images */
static cl_mem m, m2, sub, other_m, unreadable;
static cl_mem image;
static cl_sampler sampler;
static cl_event other_event, failed;
static cl_command_queue second; /* of the same context */
static void *svm;               /* NULL without SVM */

/* Made anew for each try. */
static cl_kernel k, wide, scratch, fours, pixels;

static const size_t items = ITEMS, four = 4, zero = 0, many[4] = {4, 4, 4, 4};
static const uint32_t one = 1;
static const cl_ulong wide_one = 1;
static char memory[BYTES * 2];

static cl_kernel kernel(cl_program p, const char *name)
{
    cl_int err;
    cl_kernel made = clCreateKernel(p, name, &err);
    CL(err);
    return made;
}

static void set_right(void)
{
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(one), &one));
    CL(clSetKernelArg(wide, 0, sizeof(m), &m));
    CL(clSetKernelArg(wide, 1, sizeof(wide_one), &wide_one));
    CL(clSetKernelArg(scratch, 0, sizeof(m), &m));
    CL(clSetKernelArg(scratch, 1, BYTES, NULL));
    CL(clSetKernelArg(fours, 0, sizeof(m), &m));
    if (!pixels)
        return;
    CL(clSetKernelArg(pixels, 0, sizeof(image), &image));
    CL(clSetKernelArg(pixels, 1, sizeof(sampler), &sampler));
    CL(clSetKernelArg(pixels, 2, sizeof(m), &m));
}

static void make_kernels(void)
{
    k = kernel(program, "add");
    wide = kernel(program, "wide");
    scratch = kernel(program, "scratch");
    fours = kernel(program, "fours");
    pixels = image_program ? kernel(image_program, "pixels") : NULL;
    set_right();
}

static void release_kernels(void)
{
    CL(clReleaseKernel(k));
    CL(clReleaseKernel(wide));
    CL(clReleaseKernel(scratch));
    CL(clReleaseKernel(fours));
    if (pixels)
        CL(clReleaseKernel(pixels));
}

static cl_int launch(cl_kernel of, const size_t *local)
{
    return clEnqueueNDRangeKernel(cl.queue, of, 1, NULL, &items, local, 0, NULL, NULL);
}

static void launch_all(void)
{
    CL(launch(k, NULL));
    CL(launch(k, &four));
    CL(launch(wide, NULL));
    CL(launch(scratch, &four));
    CL(launch(fours, &four));
    if (pixels)
        CL(clEnqueueTask(cl.queue, pixels, 0, NULL, NULL));
}

/* Until whoever sits between us and the runtime is sure of itself. */
static void do_right_things(void)
{
    static const cl_ulong nought = 0;
    for (int i = 0; i < MANY; i++) {
        set_right();
        launch_all();
        CL(clSetKernelArg(wide, 1, sizeof(nought), &nought));
        CL(launch(wide, NULL));
        CL(clSetKernelArg(k, 0, sizeof(m2), &m2));
        CL(launch(k, NULL));
        CL(clEnqueueTask(cl.queue, k, 0, NULL, NULL));
        CL(clEnqueueFillBuffer(cl.queue, m, &one, 4, 0, BYTES, 0, NULL, NULL));
        CL(clEnqueueCopyBuffer(cl.queue, m, m2, 0, 0, BYTES, 0, NULL, NULL));
        CL(clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, BYTES, memory, 0, NULL, NULL));
        CL(clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, BYTES, memory, 0, NULL, NULL));
        CL(clEnqueueMarkerWithWaitList(cl.queue, 0, NULL, NULL));
        CL(clEnqueueBarrierWithWaitList(cl.queue, 0, NULL, NULL));
        CL(clEnqueueBarrier(cl.queue));
        CL(clFlush(cl.queue));
    }
    set_right();
    CL(clFinish(cl.queue));
}

/* A try gives this; an event, where one is asked for, must not be touched. */
struct tried {
    cl_int code;
    bool untouched;
};

typedef cl_int try_fn(cl_event *event);

static struct tried try_once(try_fn *fn)
{
    cl_event before = (cl_event)(uintptr_t)0x5a5a5a50, e = before;
    struct tried t = {.code = fn(&e)};
    t.untouched = e == before;
    if (!t.code && !t.untouched)
        CL(clReleaseEvent(e));
    return t;
}

static void compare(const char *what, try_fn *fn)
{
    make_kernels();
    struct tried fresh = try_once(fn);
    CL(clFinish(cl.queue));
    release_kernels();
    make_kernels();
    do_right_things();
    struct tried after = try_once(fn), again = try_once(fn);
    CL(clFinish(cl.queue)); /* nothing was put off */
    set_right();
    launch_all(); /* and the kernels are as they were */
    CL(clFinish(cl.queue));
    release_kernels();
    printf("%4d %s\n", fresh.code, what);
    if (after.code != fresh.code || again.code != fresh.code ||
        after.untouched != fresh.untouched || again.untouched != fresh.untouched) {
        printf("but %d, and then %d\n", after.code, again.code);
        CHECK(!"a call that was refused at first was not refused later, or with another error");
    }
}

/* The tries, by name: what they call may use `e`, where its event is to go. */

#define LAUNCH(q, of, dim, offset, global, local, n, list)                                         \
    clEnqueueNDRangeKernel(q, of, dim, offset, global, local, n, list, e)

#define LAUNCHES(X)                                                                                \
    X(a_right_launch, LAUNCH(cl.queue, k, 1, NULL, &items, &four, 0, NULL))                        \
    X(no_queue, LAUNCH(NULL, k, 1, NULL, &items, NULL, 0, NULL))                                   \
    X(no_dimension, LAUNCH(cl.queue, k, 0, NULL, &items, NULL, 0, NULL))                           \
    X(four_dimensions, LAUNCH(cl.queue, k, 4, NULL, many, NULL, 0, NULL))                          \
    X(no_global_size, LAUNCH(cl.queue, k, 1, NULL, NULL, NULL, 0, NULL))                           \
    X(global_size_of_zero, LAUNCH(cl.queue, k, 1, NULL, &zero, NULL, 0, NULL))                     \
    X(second_global_size_of_zero, LAUNCH(cl.queue, k, 2, NULL, ((size_t[]){4, 0}), NULL, 0, NULL)) \
    X(local_size_that_does_not_divide,                                                             \
      LAUNCH(cl.queue, k, 1, NULL, &items, ((size_t[]){7}), 0, NULL))                              \
    X(accepted_local_size_that_does_not_divide,                                                    \
      LAUNCH(cl.queue, k, 1, NULL, ((size_t[]){ITEMS - 2}), &four, 0, NULL))                       \
    X(local_size_above_the_global_one, LAUNCH(cl.queue, k, 1, NULL, &four, &items, 0, NULL))       \
    X(local_size_too_large,                                                                        \
      LAUNCH(cl.queue, k, 1, NULL, ((size_t[]){1 << 20}), ((size_t[]){1 << 20}), 0, NULL))         \
    X(local_size_of_zero, LAUNCH(cl.queue, k, 1, NULL, &items, &zero, 0, NULL))                    \
    X(local_size_too_large_in_all, LAUNCH(cl.queue, k, 3, NULL, ((size_t[]){256, 256, 256}),       \
                                          ((size_t[]){256, 256, 256}), 0, NULL))                   \
    X(queue_of_another_context, LAUNCH(other.queue, k, 1, NULL, &items, NULL, 0, NULL))            \
    X(list_of_no_events, LAUNCH(cl.queue, k, 1, NULL, &items, NULL, 0, &other_event))              \
    X(event_of_another_context, LAUNCH(cl.queue, k, 1, NULL, &items, NULL, 1, &other_event))       \
    X(failed_event, LAUNCH(second, k, 1, NULL, &items, NULL, 1, &failed))                          \
    X(task_on_another_context, clEnqueueTask(other.queue, k, 0, NULL, e))                          \
    X(task_with_anothers_event, clEnqueueTask(cl.queue, k, 1, &other_event, e))                    \
    X(task_of_a_kernel_that_needs_more, clEnqueueTask(cl.queue, fours, 0, NULL, e))                \
    X(required_size_left_out, LAUNCH(cl.queue, fours, 1, NULL, &items, NULL, 0, NULL))             \
    X(required_size_left_out_that_does_not_divide,                                                 \
      LAUNCH(cl.queue, fours, 1, NULL, ((size_t[]){6}), NULL, 0, NULL))                            \
    X(other_than_the_required_size,                                                                \
      LAUNCH(cl.queue, fours, 1, NULL, &items, ((size_t[]){8}), 0, NULL))                          \
    X(required_size_in_another_dimension,                                                          \
      LAUNCH(cl.queue, fours, 2, NULL, ((size_t[]){4, 4}), ((size_t[]){1, 4}), 0, NULL))           \
    X(right_size_in_two_dimensions,                                                                \
      LAUNCH(cl.queue, fours, 2, NULL, ((size_t[]){4, 4}), ((size_t[]){4, 1}), 0, NULL))

#define SET(of, index, size, value) clSetKernelArg(of, index, size, value)
#define ARGUMENTS(X)                                                                               \
    X(size_below_an_integers, SET(k, 1, 2, &one))                                                  \
    X(size_above_an_integers, SET(k, 1, 16, memory))                                               \
    X(size_of_none, SET(k, 1, 0, &one))                                                            \
    X(no_value_for_an_integer, SET(k, 1, 4, NULL))                                                 \
    X(no_value_and_no_size, SET(k, 1, 0, NULL))                                                    \
    X(index_too_large, SET(k, 2, 4, &one))                                                         \
    X(index_far_too_large, SET(k, 1u << 31, 4, &one))                                              \
    X(integer_for_a_buffer, SET(k, 0, 2, &one))                                                    \
    X(sub_buffer, SET(k, 0, sizeof(cl_mem), &sub))                                                 \
    X(null_buffer, SET(k, 0, sizeof(cl_mem), ((cl_mem[]){NULL})))                                  \
    X(no_value_for_a_buffer, SET(k, 0, sizeof(cl_mem), NULL))                                      \
    X(buffer_with_no_size, SET(k, 0, 0, &m))                                                       \
    X(buffer_for_a_wide_integer, SET(wide, 1, sizeof(cl_mem), &m))                                 \
    X(local_memory_with_a_value, SET(scratch, 1, BYTES, memory))                                   \
    X(local_memory_of_none, SET(scratch, 1, 0, NULL))                                              \
    X(local_memory_of_another_size, SET(scratch, 1, BYTES / 2, NULL))                              \
    X(buffer_for_local_memory, SET(scratch, 1, sizeof(cl_mem), &m))                                \
    X(no_kernel_to_set, SET(NULL, 0, sizeof(cl_mem), &m))

#define IMAGE_ARGUMENTS(X)                                                                         \
    X(image_for_a_buffer, SET(k, 0, sizeof(cl_mem), &image))                                       \
    X(null_image, SET(pixels, 0, sizeof(cl_mem), NULL))                                            \
    X(image_of_another_size, SET(pixels, 0, 3, &image))                                            \
    X(no_sampler, SET(pixels, 1, sizeof(cl_sampler), NULL))                                        \
    X(sampler_of_another_size, SET(pixels, 1, 3, &sampler))

#define SVM_ARGUMENTS(X)                                                                           \
    X(svm_for_a_buffer, clSetKernelArgSVMPointer(k, 0, svm))                                       \
    X(no_svm_for_a_buffer, clSetKernelArgSVMPointer(k, 0, NULL))                                   \
    X(svm_for_an_integer, clSetKernelArgSVMPointer(k, 1, svm))                                     \
    X(svm_for_a_wide_integer, clSetKernelArgSVMPointer(wide, 1, svm))                              \
    X(no_svm_for_a_wide_integer, clSetKernelArgSVMPointer(wide, 1, NULL))                          \
    X(svm_for_local_memory, clSetKernelArgSVMPointer(scratch, 1, svm))                             \
    X(no_svm_for_local_memory, clSetKernelArgSVMPointer(scratch, 1, NULL))                         \
    X(svm_index_too_large, clSetKernelArgSVMPointer(k, 2, svm))

#define FILL(q, of, pattern, size, at, len)                                                        \
    clEnqueueFillBuffer(q, of, pattern, size, at, len, 0, NULL, e)
#define COPY(q, from, to, src, dst, len) clEnqueueCopyBuffer(q, from, to, src, dst, len, 0, NULL, e)
#define COMMANDS(X)                                                                                \
    X(fill_with_nothing, FILL(cl.queue, m, NULL, 4, 0, BYTES))                                     \
    X(fill_with_a_pattern_of_no_size, FILL(cl.queue, m, memory, 0, 0, BYTES))                      \
    X(fill_with_three_bytes, FILL(cl.queue, m, memory, 3, 0, 3 * 4))                               \
    X(fill_with_256_bytes, FILL(cl.queue, m, memory, 256, 0, BYTES))                               \
    X(fill_at_half_a_pattern, FILL(cl.queue, m, memory, 8, 4, 8))                                  \
    X(fill_of_half_a_pattern, FILL(cl.queue, m, memory, 8, 0, 12))                                 \
    X(fill_behind_the_end, FILL(cl.queue, m, memory, 4, BYTES, 4))                                 \
    X(fill_past_the_end, FILL(cl.queue, m, memory, 4, BYTES - 4, 8))                               \
    X(fill_of_nothing, FILL(cl.queue, m, memory, 4, 0, 0))                                         \
    X(fill_of_all_there_is, FILL(cl.queue, m, memory, 4, 4, SIZE_MAX / 2 - 3))                         \
    X(fill_on_another_context, FILL(other.queue, m, memory, 4, 0, 4))                              \
    X(fill_of_anothers_buffer, FILL(cl.queue, other_m, memory, 4, 0, 4))                           \
    X(fill_of_a_sub_buffer, FILL(cl.queue, sub, memory, 4, 0, 4))                                  \
    X(fill_after_anothers_event,                                                                   \
      clEnqueueFillBuffer(cl.queue, m, memory, 4, 0, 4, 1, &other_event, e))                       \
    X(copy_onto_itself, COPY(cl.queue, m, m, 0, 0, 4))                                             \
    X(copy_that_overlaps, COPY(cl.queue, m, m, 0, 4, 8))                                           \
    X(copy_beside_itself, COPY(cl.queue, m, m, 0, 8, 8))                                           \
    X(copy_from_past_the_end, COPY(cl.queue, m, m2, BYTES - 4, 0, 8))                              \
    X(copy_to_past_the_end, COPY(cl.queue, m, m2, 0, BYTES - 4, 8))                                \
    X(copy_of_all_there_is, COPY(cl.queue, m, m2, 8, 0, SIZE_MAX / 2 - 7))                             \
    X(copy_on_another_context, COPY(other.queue, m, m2, 0, 0, 4))                                  \
    X(copy_from_another_context, COPY(cl.queue, other_m, m, 0, 0, 4))                              \
    X(copy_to_another_context, COPY(cl.queue, m, other_m, 0, 0, 4))                                \
    X(copy_into_a_part_of_itself, COPY(cl.queue, m, sub, 0, 0, 4))                                 \
    X(copy_after_anothers_event,                                                                   \
      clEnqueueCopyBuffer(cl.queue, m, m2, 0, 0, 4, 1, &other_event, e))                           \
    X(marker_without_an_event, clEnqueueMarker(cl.queue, NULL))                                    \
    X(marker_after_anothers_event, clEnqueueMarkerWithWaitList(cl.queue, 1, &other_event, e))      \
    X(marker_after_no_events, clEnqueueMarkerWithWaitList(cl.queue, 1, NULL, e))                   \
    X(barrier_after_anothers_event, clEnqueueBarrierWithWaitList(cl.queue, 1, &other_event, e))    \
    X(barrier_after_a_null_event,                                                                  \
      clEnqueueBarrierWithWaitList(cl.queue, 1, ((cl_event[]){NULL}), e))                          \
    X(barrier_on_no_queue, clEnqueueBarrier(NULL))                                                 \
    X(flush_of_no_queue, clFlush(NULL))

#define READ(q, from, at, len, to) clEnqueueReadBuffer(q, from, CL_FALSE, at, len, to, 0, NULL, e)
#define WRITE(q, to, at, len, from) clEnqueueWriteBuffer(q, to, CL_FALSE, at, len, from, 0, NULL, e)
#define TRANSFERS(X)                                                                               \
    X(read_to_nowhere, READ(cl.queue, m, 0, BYTES, NULL))                                          \
    X(read_past_the_end, READ(cl.queue, m, 4, BYTES, memory))                                      \
    X(read_behind_the_end, READ(cl.queue, m, BYTES, 4, memory))                                    \
    X(read_of_anothers_buffer, READ(cl.queue, other_m, 0, BYTES, memory))                          \
    X(read_on_another_context, READ(other.queue, m, 0, BYTES, memory))                             \
    X(read_of_what_the_host_may_not, READ(cl.queue, unreadable, 0, BYTES, memory))                 \
    X(read_of_a_sub_buffer, READ(cl.queue, sub, 0, 4, memory))                                     \
    X(read_past_a_sub_buffer, READ(cl.queue, sub, 0, BYTES, memory))                               \
    X(read_after_anothers_event,                                                                   \
      clEnqueueReadBuffer(cl.queue, m, CL_FALSE, 0, BYTES, memory, 1, &other_event, e))            \
    X(write_from_nowhere, WRITE(cl.queue, m, 0, BYTES, NULL))                                      \
    X(write_past_the_end, WRITE(cl.queue, m, 4, BYTES, memory))                                    \
    X(write_behind_the_end, WRITE(cl.queue, m, BYTES, 4, memory))                                  \
    X(write_to_anothers_buffer, WRITE(cl.queue, other_m, 0, BYTES, memory))                        \
    X(write_on_another_context, WRITE(other.queue, m, 0, BYTES, memory))                           \
    X(write_to_what_the_host_may_not, WRITE(cl.queue, unreadable, 0, BYTES, memory))               \
    X(write_after_anothers_event,                                                                  \
      clEnqueueWriteBuffer(cl.queue, m, CL_FALSE, 0, BYTES, memory, 1, &other_event, e))

#define AS_FUNCTION(name, call)                                                                    \
    static cl_int name(cl_event *e)                                                                \
    {                                                                                              \
        (void)e;                                                                                   \
        return call;                                                                               \
    }
LAUNCHES(AS_FUNCTION)
ARGUMENTS(AS_FUNCTION)
IMAGE_ARGUMENTS(AS_FUNCTION)
SVM_ARGUMENTS(AS_FUNCTION)
COMMANDS(AS_FUNCTION)
TRANSFERS(AS_FUNCTION)

#define AS_COMPARISON(name, call) compare(#name, name);

static void a_launch_is_refused_as_at_first(void)
{
    LAUNCHES(AS_COMPARISON)
}

static void an_argument_is_refused_as_at_first(void)
{
    ARGUMENTS(AS_COMPARISON)
    if (image_program) {
        IMAGE_ARGUMENTS(AS_COMPARISON)
    }
}

static void an_svm_argument_is_refused_as_at_first(void)
{
    if (svm) {
        SVM_ARGUMENTS(AS_COMPARISON)
    }
}

static void a_command_is_refused_as_at_first(void)
{
    COMMANDS(AS_COMPARISON)
}

static void a_transfer_is_refused_as_at_first(void)
{
    TRANSFERS(AS_COMPARISON)
}

/* ---- what takes more than one call ---- */

/* Right launches of one kernel say nothing about another of the same name. */
static void an_argument_that_was_never_set_is_missed(void)
{
    make_kernels();
    do_right_things();
    cl_kernel bare = kernel(program, "add");
    cl_int err, unset = launch(bare, NULL), half, half_clone;
    CHECK(unset == CL_INVALID_KERNEL_ARGS);
    CL(clSetKernelArg(bare, 0, sizeof(m), &m));
    CHECK((half = launch(bare, NULL)) == CL_INVALID_KERNEL_ARGS);
    cl_kernel clone = clCloneKernel(bare, &err);
    if (!err) {
        CHECK((half_clone = launch(clone, NULL)) == CL_INVALID_KERNEL_ARGS);
        CL(clSetKernelArg(clone, 1, sizeof(one), &one));
        CL(launch(clone, NULL));
        CL(clReleaseKernel(clone));
    }
    CL(clSetKernelArg(bare, 1, sizeof(one), &one));
    CL(launch(bare, NULL));
    CL(launch(bare, NULL));
    CL(clFinish(cl.queue));
    CL(clReleaseKernel(bare));
    release_kernels();
}

static const char maybe_source[] =
    "kernel void maybe(global uint *p, uint n) { if (n) p[get_global_id(0)] = n; }\n";

/* A runtime may refuse to launch with no buffer; then it does every time. */
static void a_null_buffer_is_judged_at_every_launch(void)
{
    static const cl_mem null;
    cl_kernel maybe = cl_kernel_of(&cl, maybe_source, "maybe");
    uint32_t nought = 0;
    cl_int err[MANY];
    CL(clSetKernelArg(maybe, 1, sizeof(nought), &nought));
    for (int i = 0; i < MANY; i++) {
        CL(clSetKernelArg(maybe, 0, sizeof(m), &m));
        CL(launch(maybe, NULL));
        CL(launch(maybe, NULL));
        CL(clSetKernelArg(maybe, 0, sizeof(null), i % 2 ? &null : NULL));
        err[i] = launch(maybe, NULL);
        CHECK(err[i] == err[i % 2]);
    }
    printf("%4d launch with a buffer that is NULL\n", err[1]);
    CL(clFinish(cl.queue));
    CL(clReleaseKernel(maybe));
}

/* What a device has no room for is refused, whatever was accepted before. */
static void too_much_local_memory_is_judged_at_every_launch(void)
{
    char version[256] = "";
    cl_ulong room = 0;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_VERSION, sizeof(version), version, NULL));
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(room), &room, NULL));
    if (strstr(version, "PoCL")) /* it does not count, and crashes */
        return;
    make_kernels();
    cl_int set[3], err[3] = {0};
    for (int i = 0; i < 3; i++) {
        set_right();
        launch_all();
        launch_all();
        set[i] = clSetKernelArg(scratch, 1, (size_t)room * 4, NULL);
        if (!set[i])
            err[i] = launch(scratch, &four);
        CHECK(set[i] == set[0] && err[i] == err[0]);
        CHECK(set[i] || err[i]);
    }
    printf("%4d %4d too much local memory\n", set[0], err[0]);
    set_right();
    CL(clFinish(cl.queue));
    release_kernels();
}

/* Accepted on one device is not accepted on another. */
static void each_device_judges_for_itself(void)
{
    cl_device_partition_property halves[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1, 1,
                                             CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_device_id sub_device[2];
    const char *text = source;
    cl_int err;
    if (clCreateSubDevices(cl.device, halves, 2, sub_device, NULL))
        return; /* a device of one unit */
    cl_context c = clCreateContext(NULL, 2, sub_device, NULL, NULL, &err);
    CL(err);
    cl_command_queue q[2];
    for (int i = 0; i < 2; i++) {
        q[i] = clCreateCommandQueue(c, sub_device[i], 0, &err);
        CL(err);
    }
    cl_program p = clCreateProgramWithSource(c, 1, &text, NULL, &err);
    CL(err);
    CL(clBuildProgram(p, 2, sub_device, "", NULL, NULL));
    cl_mem buffer = clCreateBuffer(c, CL_MEM_READ_WRITE, BYTES, NULL, &err);
    CL(err);
    cl_kernel add = kernel(p, "add");
    CL(clSetKernelArg(add, 0, sizeof(buffer), &buffer));
    CL(clSetKernelArg(add, 1, sizeof(one), &one));
    for (int i = 0; i < MANY; i++) {
        size_t large = 1 << 20;
        CL(clEnqueueNDRangeKernel(q[0], add, 1, NULL, &items, &four, 0, NULL, NULL));
        err = clEnqueueNDRangeKernel(q[1], add, 1, NULL, &large, &large, 0, NULL, NULL);
        CHECK(err == CL_INVALID_WORK_GROUP_SIZE || err == CL_INVALID_WORK_ITEM_SIZE);
        CL(clEnqueueNDRangeKernel(q[1], add, 1, NULL, &items, &four, 0, NULL, NULL));
        CL_IS(clEnqueueNDRangeKernel(cl.queue, add, 1, NULL, &items, &four, 0, NULL, NULL),
              CL_INVALID_CONTEXT);
    }
    CL(clFinish(q[0]));
    CL(clFinish(q[1]));
    CL(clReleaseKernel(add));
    CL(clReleaseMemObject(buffer));
    CL(clReleaseProgram(p));
    for (int i = 0; i < 2; i++)
        CL(clReleaseCommandQueue(q[i]));
    CL(clReleaseContext(c));
    sleep_ms(100); /* PoCL (3.1): see queue.c */
    for (int i = 0; i < 2; i++)
        CL(clReleaseDevice(sub_device[i]));
}

/* ---- */

static cl_event user_event(cl_context c)
{
    cl_int err;
    cl_event e = clCreateUserEvent(c, &err);
    CL(err);
    return e;
}

static void make_images(void)
{
    const cl_image_format format = {CL_RGBA, CL_FLOAT};
    const cl_image_desc desc = {
        .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4, .image_height = 4};
    cl_bool can = CL_FALSE;
    cl_int err;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_IMAGE_SUPPORT, sizeof(can), &can, NULL));
    if (!can)
        return;
    image = clCreateImage(cl.context, CL_MEM_READ_WRITE, &format, &desc, NULL, &err);
    CL(err);
    sampler = clCreateSampler(cl.context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &err);
    CL(err);
    image_program = cl_build(&cl, image_source);
}

static void make_objects(void)
{
    const cl_buffer_region region = {0, BYTES / 2};
    cl_device_svm_capabilities can = 0;
    cl_int err;
    cl = cl_open(0);
    other = cl_open(0);
    program = cl_build(&cl, source);
    m = cl_buffer(&cl, BYTES);
    m2 = cl_buffer(&cl, BYTES);
    other_m = cl_buffer(&other, BYTES);
    sub = clCreateSubBuffer(m, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
    CL(err);
    unreadable = clCreateBuffer(cl.context, CL_MEM_HOST_NO_ACCESS, BYTES, NULL, &err);
    CL(err);
    second = clCreateCommandQueue(cl.context, cl.device, 0, &err);
    CL(err);
    other_event = user_event(other.context); /* complete: PoCL (3.1) would wait for it */
    CL(clSetUserEventStatus(other_event, CL_COMPLETE));
    failed = user_event(cl.context);
    CL(clSetUserEventStatus(failed, -7));
    make_images();
    clGetDeviceInfo(cl.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(can), &can, NULL);
    if (can & CL_DEVICE_SVM_COARSE_GRAIN_BUFFER)
        svm = clSVMAlloc(cl.context, CL_MEM_READ_WRITE, BYTES, 0);
}

static const struct check_case cases[] = {
    CASE(a_launch_is_refused_as_at_first),
    CASE(an_argument_is_refused_as_at_first),
    CASE(an_svm_argument_is_refused_as_at_first),
    CASE(a_command_is_refused_as_at_first),
    CASE(a_transfer_is_refused_as_at_first),
    CASE(an_argument_that_was_never_set_is_missed),
    CASE(a_null_buffer_is_judged_at_every_launch),
    CASE(too_much_local_memory_is_judged_at_every_launch),
    CASE(each_device_judges_for_itself),
};

int main(int argc, char **argv)
{
    make_objects();
    return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
