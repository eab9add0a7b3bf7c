// SPDX-License-Identifier: MIT
/*
 * Shared virtual memory (OpenCL 3.0 §5.6): one address for the program and its
 * kernels, coarse-grained and fine-grained. Runs natively and through us.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define N 1024

static const char source[] = "typedef struct node { global struct node *next; int value; } node;\n"
                             "kernel void twice(global int *p) { p[get_global_id(0)] *= 2; }\n"
                             "kernel void sum(global node *first, global int *out) {\n"
                             "    int s = 0;\n"
                             "    for (; first; first = first->next) s += first->value;\n"
                             "    *out = s;\n"
                             "}\n"
                             "kernel void count(global volatile int *n) { atomic_inc(n); }\n";

static bool has(struct cl *cl, cl_device_svm_capabilities what)
{
    cl_device_svm_capabilities can = 0;
    CL(clGetDeviceInfo(cl->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(can), &can, NULL));
    return (can & what) == what;
}

static struct cl open_svm(void)
{
    struct cl cl = cl_open(0);
    if (!has(&cl, CL_DEVICE_SVM_COARSE_GRAIN_BUFFER))
        check_skip("this device has no shared virtual memory");
    return cl;
}

static void *alloc(struct cl *cl, size_t size)
{
    void *p = clSVMAlloc(cl->context, CL_MEM_READ_WRITE, size, 0);
    CHECK(p);
    return p;
}

static void map(struct cl *cl, void *p, size_t size, cl_map_flags flags)
{
    CL(clEnqueueSVMMap(cl->queue, CL_TRUE, flags, p, size, 0, NULL, NULL));
}

static void unmap(struct cl *cl, void *p)
{
    CL(clEnqueueSVMUnmap(cl->queue, p, 0, NULL, NULL));
}

static void run(struct cl *cl, cl_kernel k, size_t n)
{
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
}

static void a_kernel_sees_what_was_written_while_mapped(void)
{
    struct cl cl = open_svm();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    int *p = alloc(&cl, N * sizeof(int));
    map(&cl, p, N * sizeof(int), CL_MAP_WRITE_INVALIDATE_REGION);
    for (int i = 0; i < N; i++)
        p[i] = i;
    unmap(&cl, p);
    CL(clSetKernelArgSVMPointer(k, 0, p));
    run(&cl, k, N);
    map(&cl, p, N * sizeof(int), CL_MAP_READ);
    for (int i = 0; i < N; i++)
        CHECK(p[i] == 2 * i);
    unmap(&cl, p);
    CL(clFinish(cl.queue));
    clSVMFree(cl.context, p);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void a_pointer_may_lie_inside_an_allocation(void)
{
    struct cl cl = open_svm();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    int *p = alloc(&cl, N * sizeof(int));
    int one = 1;
    CL(clEnqueueSVMMemFill(cl.queue, p, &one, sizeof(one), N * sizeof(int), 0, NULL, NULL));
    CL(clSetKernelArgSVMPointer(k, 0, p + 10));
    run(&cl, k, 5);
    map(&cl, p + 8, 16 * sizeof(int), CL_MAP_READ);
    for (int i = 8; i < 24; i++)
        CHECK(p[i] == (i >= 10 && i < 15 ? 2 : 1));
    unmap(&cl, p + 8);
    CL(clFinish(cl.queue));
    clSVMFree(cl.context, p);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

struct node {
    struct node *next;
    cl_int value;
};

/* The point of it all: a pointer means the same on both sides. */
static void a_kernel_follows_a_list_that_the_program_linked(void)
{
    struct cl cl = open_svm();
    cl_kernel k = cl_kernel_of(&cl, source, "sum");
    enum { NODES = 40 };
    struct node *node[NODES];
    cl_int *sum = alloc(&cl, sizeof(*sum)), expected = 0;
    for (int i = 0; i < NODES; i++)
        node[i] = alloc(&cl, sizeof(struct node));
    for (int i = 0; i < NODES; i++) {
        map(&cl, node[i], sizeof(struct node), CL_MAP_WRITE);
        *node[i] = (struct node){i + 1 < NODES ? node[i + 1] : NULL, i * i};
        expected += i * i;
        unmap(&cl, node[i]);
    }
    CL(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(node), node));
    CL(clSetKernelArgSVMPointer(k, 0, node[0]));
    CL(clSetKernelArgSVMPointer(k, 1, sum));
    run(&cl, k, 1);
    CL_ANY(
        clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, 0, NULL)); /* unset: PoCL takes it */
    map(&cl, sum, sizeof(*sum), CL_MAP_READ);
    CHECK(*sum == expected);
    unmap(&cl, sum);
    CL(clFinish(cl.queue));
    for (int i = 0; i < NODES; i++)
        clSVMFree(cl.context, node[i]);
    clSVMFree(cl.context, sum);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void copy(struct cl *cl, cl_bool blocking, void *dst, const void *src, size_t size)
{
    CL(clEnqueueSVMMemcpy(cl->queue, blocking, dst, src, size, 0, NULL, NULL));
}

static void copies_go_between_svm_and_ordinary_memory(void)
{
    static const size_t sizes[] = {16, 5000, 3 << 20};
    struct cl cl = open_svm();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        size_t n = sizes[i];
        uint8_t *a = alloc(&cl, n), *b = alloc(&cl, n), *in = pattern(n, 7), *out = malloc(n);
        uint8_t *late = malloc(n);
        CHECK(out && late);
        copy(&cl, CL_FALSE, a, in, n);
        copy(&cl, CL_FALSE, b, a, n);
        copy(&cl, CL_TRUE, out, b, n);
        CHECK(pattern_is(out, n, 7));
        copy(&cl, CL_FALSE, late, b, n);
        CL(clFinish(cl.queue));
        CHECK(pattern_is(late, n, 7));
        memset(late, 0, n);
        copy(&cl, CL_TRUE, late, out, n);
        CHECK(pattern_is(late, n, 7));
        clSVMFree(cl.context, a);
        clSVMFree(cl.context, b);
        free(in), free(out), free(late);
    }
    cl_close(&cl);
}

static void overlapping_copies_are_refused(void)
{
    struct cl cl = open_svm();
    char *p = alloc(&cl, 64);
    CL_IS(clEnqueueSVMMemcpy(cl.queue, CL_TRUE, p, p + 8, 16, 0, NULL, NULL), CL_MEM_COPY_OVERLAP);
    CL_IS(clEnqueueSVMMemcpy(cl.queue, CL_TRUE, p, NULL, 16, 0, NULL, NULL), CL_INVALID_VALUE);
    clSVMFree(cl.context, p);
    clSVMFree(cl.context, NULL);
    cl_close(&cl);
}

static void a_buffer_of_svm_is_the_same_memory(void)
{
    struct cl cl = open_svm();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    size_t size = N * sizeof(int);
    int *p = alloc(&cl, size), *back = malloc(size);
    cl_int err, three = 3;
    cl_bool svm = CL_FALSE;
    void *host = NULL;
    CHECK(back);
    cl_mem m = clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR, size, p, &err);
    CL(err);
    CL(clGetMemObjectInfo(m, CL_MEM_USES_SVM_POINTER, sizeof(svm), &svm, NULL));
    CL(clGetMemObjectInfo(m, CL_MEM_HOST_PTR, sizeof(host), &host, NULL));
    CHECK(svm && host == p);
    CL(clEnqueueFillBuffer(cl.queue, m, &three, sizeof(three), 0, size, 0, NULL, NULL));
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    run(&cl, k, N);
    CL(clFinish(cl.queue));
    int *mapped = clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, size, 0,
                                     NULL, NULL, &err);
    CL(err);
    CHECK(mapped == p);
    for (int i = 0; i < N; i++)
        CHECK(mapped[i] == 6);
    mapped[5] = 77;
    CHECK(!clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR, size + 8192, p, &err));
    CHECK(err == CL_INVALID_BUFFER_SIZE);
    CL(clEnqueueUnmapMemObject(cl.queue, m, mapped, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, size, back, 0, NULL, NULL));
    CHECK(back[4] == 6 && back[5] == 77);
    CL(clReleaseMemObject(m));
    clSVMFree(cl.context, p);
    free(back);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void a_part_of_a_buffer_of_svm_is_the_same_memory(void)
{
    struct cl cl = open_svm();
    size_t size = 64 * 1024;
    cl_int err;
    uint8_t *p = alloc(&cl, size), seven = 7, back = 0;
    cl_mem m = clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR, size / 2, p + size / 4, &err);
    CL(err);
    cl_buffer_region at = {size / 8, size / 8};
    cl_mem part = clCreateSubBuffer(m, 0, CL_BUFFER_CREATE_TYPE_REGION, &at, &err);
    CL(err);
    CL(clEnqueueFillBuffer(cl.queue, part, &seven, 1, 0, at.size, 0, NULL, NULL));
    uint8_t *mapped = clEnqueueMapBuffer(cl.queue, part, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 16,
                                         32, 0, NULL, NULL, &err);
    CL(err);
    CHECK(mapped == p + size / 4 + size / 8 + 16);
    CHECK(mapped[0] == 7 && mapped[31] == 7);
    mapped[5] = 77;
    CL(clEnqueueUnmapMemObject(cl.queue, part, mapped, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, size / 8 + 16 + 5, 1, &back, 0, NULL, NULL));
    CHECK(back == 77);
    CL(clReleaseMemObject(part));
    CL(clReleaseMemObject(m));
    clSVMFree(cl.context, p);
    cl_close(&cl);
}

static void buffers_are_read_into_svm(void)
{
    struct cl cl = open_svm();
    size_t size = 1 << 20;
    uint8_t *in = pattern(size, 3), *p = alloc(&cl, size);
    cl_mem m = cl_buffer(&cl, size);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, size, in, 0, NULL, NULL));
    map(&cl, p, size, CL_MAP_WRITE);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, size, p, 0, NULL, NULL));
    CHECK(pattern_is(p, size, 3));
    pattern_fill(p, size, 4);
    CL(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, size, p, 0, NULL, NULL));
    unmap(&cl, p);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, size, in, 0, NULL, NULL));
    CHECK(pattern_is(in, size, 4));
    clSVMFree(cl.context, p);
    CL(clReleaseMemObject(m));
    free(in);
    cl_close(&cl);
}

struct freed {
    cl_command_queue queue;
    cl_context context;
    void *list[2];
    int called; /* atomic */
};

static void CL_CALLBACK free_both(cl_command_queue queue, cl_uint n, void *list[], void *user_data)
{
    struct freed *f = user_data;
    CHECK(queue == f->queue && n == 2 && list[0] == f->list[0] && list[1] == f->list[1]);
    clSVMFree(f->context, list[0]);
    clSVMFree(f->context, list[1]);
    __atomic_store_n(&f->called, 1, __ATOMIC_RELEASE);
}

static void a_callback_frees_in_its_turn(void)
{
    struct cl cl = open_svm();
    struct freed f = {
        .queue = cl.queue, .context = cl.context, .list = {alloc(&cl, 100), alloc(&cl, 100000)}};
    cl_event event;
    cl_command_type type;
    CL(clEnqueueSVMFree(cl.queue, 2, f.list, free_both, &f, 0, NULL, &event));
    CL(clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_SVM_FREE);
    CL(clFinish(cl.queue));
    for (int i = 0; i < 500 && !__atomic_load_n(&f.called, __ATOMIC_ACQUIRE); i++)
        sleep_ms(10);
    CHECK(__atomic_load_n(&f.called, __ATOMIC_ACQUIRE));
    CL(clReleaseEvent(event));
    cl_close(&cl);
}

static void freeing_waits_for_the_commands_before_it(void)
{
    struct cl cl = open_svm();
    cl_int err;
    cl_event gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    void *p = alloc(&cl, 4096);
    char zero = 0, back = 1;
    CL(clEnqueueSVMMemFill(cl.queue, p, &zero, 1, 4096, 1, &gate, NULL));
    CL(clEnqueueSVMMemcpy(cl.queue, CL_FALSE, &back, p, 1, 0, NULL, NULL));
    CL(clEnqueueSVMFree(cl.queue, 1, &p, NULL, NULL, 0, NULL, NULL));
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    CL(clFinish(cl.queue));
    CHECK(back == 0);
    CL(clReleaseEvent(gate));
    cl_close(&cl);
}

static void thousands_of_allocations_come_and_go(void)
{
    struct cl cl = open_svm();
    enum { LIVE = 200 };
    void *live[LIVE] = {0};
    for (int i = 0; i < 3000; i++) {
        int at = i * 7 % LIVE;
        clSVMFree(cl.context, live[at]);
        live[at] = alloc(&cl, 16 + (size_t)i % 3 * 100000);
    }
    for (int i = 0; i < LIVE; i++)
        clSVMFree(cl.context, live[i]);
    cl_close(&cl);
}

static void what_cannot_be_allocated_is_refused(void)
{
    struct cl cl = open_svm();
    CHECK(!clSVMAlloc(cl.context, CL_MEM_READ_WRITE, 0, 0));
    CHECK(!clSVMAlloc(cl.context, CL_MEM_READ_WRITE, SIZE_MAX, 0));
    CHECK(!clSVMAlloc(cl.context, CL_MEM_READ_WRITE, 64, 3));
    CHECK(!clSVMAlloc(cl.context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, 64, 0));
    CHECK(!clSVMAlloc(cl.context, CL_MEM_SVM_ATOMICS, 64, 0));
    CHECK(!clSVMAlloc(NULL, CL_MEM_READ_WRITE, 64, 0));
    cl_close(&cl);
}

/* No map, no command: the program and a running kernel share the bytes. */
static void fine_grained_memory_needs_no_map(void)
{
    struct cl cl = open_svm();
    cl_svm_mem_flags flags = CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER;
    if (has(&cl, CL_DEVICE_SVM_FINE_GRAIN_BUFFER)) {
        cl_kernel k = cl_kernel_of(&cl, source, "twice");
        int *p = clSVMAlloc(cl.context, flags, N * sizeof(int), 0);
        CHECK(p);
        for (int i = 0; i < N; i++)
            p[i] = i;
        CL(clSetKernelArgSVMPointer(k, 0, p));
        run(&cl, k, N);
        CL(clFinish(cl.queue));
        for (int i = 0; i < N; i++)
            CHECK(p[i] == 2 * i);
        clSVMFree(cl.context, p);
        CL(clReleaseKernel(k));
    } else {
        CHECK(!clSVMAlloc(cl.context, flags, 64, 0));
    }
    cl_close(&cl);
}

static void atomics_are_one_with_the_kernels(void)
{
    struct cl cl = open_svm();
    if (has(&cl, CL_DEVICE_SVM_FINE_GRAIN_BUFFER | CL_DEVICE_SVM_ATOMICS)) {
        cl_kernel k = cl_kernel_of(&cl, source, "count");
        int *n = clSVMAlloc(cl.context, CL_MEM_SVM_FINE_GRAIN_BUFFER | CL_MEM_SVM_ATOMICS,
                            sizeof(int), 0);
        CHECK(n);
        *n = 0;
        CL(clSetKernelArgSVMPointer(k, 0, n));
        run(&cl, k, 100000);
        CL(clFlush(cl.queue));
        for (int i = 0; i < 100000; i++)
            __atomic_add_fetch(n, 1, __ATOMIC_RELAXED);
        CL(clFinish(cl.queue));
        CHECK(*n == 200000);
        clSVMFree(cl.context, n);
        CL(clReleaseKernel(k));
    }
    cl_close(&cl);
}

static void pointers_that_are_no_svm_are_refused(void)
{
    struct cl cl = open_svm();
    char *p = alloc(&cl, 64), *none = NULL;
    CL_IS(clEnqueueSVMMap(cl.queue, CL_TRUE, CL_MAP_READ, NULL, 8, 0, NULL, NULL),
          CL_INVALID_VALUE);
    CL_IS(clEnqueueSVMMap(cl.queue, CL_TRUE, CL_MAP_READ, p, 0, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(clEnqueueSVMUnmap(cl.queue, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(clEnqueueSVMFree(cl.queue, 0, NULL, NULL, NULL, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(clEnqueueSVMMigrateMem(cl.queue, 0, NULL, NULL, 0, 0, NULL, NULL), CL_INVALID_VALUE);
    CL_IS(clEnqueueSVMMap(NULL, CL_TRUE, CL_MAP_READ, p, 8, 0, NULL, NULL),
          CL_INVALID_COMMAND_QUEUE);
    CL_IS(clSetKernelArgSVMPointer(NULL, 0, none), CL_INVALID_KERNEL);
    CL(clEnqueueSVMMigrateMem(cl.queue, 1, (const void **)&p, NULL, 0, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    clSVMFree(cl.context, p);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_kernel_sees_what_was_written_while_mapped),
    CASE(a_pointer_may_lie_inside_an_allocation),
    CASE(a_kernel_follows_a_list_that_the_program_linked),
    CASE(copies_go_between_svm_and_ordinary_memory),
    CASE(overlapping_copies_are_refused),
    CASE(a_buffer_of_svm_is_the_same_memory),
    CASE(a_part_of_a_buffer_of_svm_is_the_same_memory),
    CASE(buffers_are_read_into_svm),
    CASE(a_callback_frees_in_its_turn),
    CASE(freeing_waits_for_the_commands_before_it),
    CASE(thousands_of_allocations_come_and_go),
    CASE(what_cannot_be_allocated_is_refused),
    CASE(fine_grained_memory_needs_no_map),
    CASE(atomics_are_one_with_the_kernels),
    CASE(pointers_that_are_no_svm_are_refused),
};

CHECK_MAIN(cases)
