// SPDX-License-Identifier: MIT
/*
 * What a program may do to memory that the driver remembers as mapped: each time
 * the device must get what the program sees at these addresses now. Where the
 * driver keeps registrations (the environment has CACHED=1), its counters must
 * say that it has, and no more than it may.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PAGE ((size_t)4096)
#define MiB ((size_t)1 << 20)
/* Mapped, not staged; a few huge pages with ragged ends. */
#define SIZE (8 * MiB + 3 * PAGE)

static struct cl cl;
static cl_mem buffer;

static long counter(const char *name)
{
    char path[80];
    long n = -1;

    snprintf(path, sizeof(path), "/sys/class/misc/virtio-ocl/%s", name);
    FILE *f = fopen(path, "r");
    CHECK(f && fscanf(f, "%ld", &n) == 1);
    fclose(f);
    return n;
}

/* Between two looks at the counters, so many found and so many pinned. */
struct count {
    long hits, misses;
};

static struct count count_now(void)
{
    return (struct count){counter("hits"), counter("misses")};
}

/* Fewer are pinned where pages of the program's have come to lie singly, and are
 * copied. */
static void counted(struct count before, long hits, long misses)
{
    struct count now = count_now();

    if (!getenv("CACHED"))
        return;
    CHECK(now.hits - before.hits == hits);
    CHECK(now.misses - before.misses <= misses);
}

/* at NULL: where huge pages are possible. */
static uint8_t *fresh_at(void *at, size_t size, unsigned seed)
{
    if (!at) {
        at = mmap(NULL, size + 2 * MiB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(at != MAP_FAILED);
        at = (uint8_t *)at + (-(uintptr_t)at & (2 * MiB - 1));
    }
    uint8_t *p =
        mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(p == at);
    pattern_fill(p, size, seed);
    return p;
}

static void open_all(void)
{
    cl = cl_open(0);
    buffer = cl_buffer(&cl, SIZE);
}

static void close_all(void *p, size_t size)
{
    CL(clReleaseMemObject(buffer));
    cl_close(&cl);
    munmap(p, size);
}

static void to_device(const void *p, size_t size)
{
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_TRUE, 0, size, p, 0, NULL, NULL));
}

/* What the device has: in memory of the transport's, so that looking maps none
 * of the program's. */
static const uint8_t *look(size_t size)
{
    cl_int err;
    const uint8_t *p =
        clEnqueueMapBuffer(cl.queue, buffer, CL_TRUE, CL_MAP_READ, 0, size, 0, NULL, NULL, &err);
    CL(err);
    return p;
}

static void looked(const uint8_t *p)
{
    CL(clEnqueueUnmapMemObject(cl.queue, buffer, (void *)p, 0, NULL, NULL));
    CL(clFinish(cl.queue));
}

static void device_has(size_t size, unsigned seed)
{
    const uint8_t *p = look(size);
    CHECK(pattern_is(p, size, seed));
    looked(p);
}

static void device_has_bytes_of(const void *of, size_t size)
{
    const uint8_t *p = look(size);
    CHECK(!memcmp(p, of, size));
    looked(p);
}

/* ---- cases ---- */

static void the_same_array_again_is_found(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    struct count before = count_now();
    to_device(a, SIZE);
    for (unsigned i = 2; i < 6; i++) {
        pattern_fill(a, SIZE, i);
        to_device(a, SIZE);
        device_has(SIZE, i);
    }
    to_device(a + PAGE, SIZE / 2); /* a part of it, too */
    counted(before, 5, 1);
    close_all(a, SIZE);
}

/* A mapping that the device may not write to does not do for a read. */
static void a_read_after_a_write_is_no_hit(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    memset(a, 0, SIZE);
    struct count before = count_now();
    CL(clEnqueueReadBuffer(cl.queue, buffer, CL_TRUE, 0, SIZE, a, 0, NULL, NULL));
    CHECK(pattern_is(a, SIZE, 1));
    counted(before, 0, 1);
    close_all(a, SIZE);
}

static void part_unmapped_and_mapped_anew(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    munmap(a + 3 * MiB, 2 * MiB + PAGE);
    fresh_at(a + 3 * MiB, 2 * MiB + PAGE, 2);
    struct count before = count_now();
    to_device(a, SIZE);
    device_has_bytes_of(a, SIZE);
    counted(before, 0, 1);
    close_all(a, SIZE);
}

static void part_replaced_in_one_step(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    fresh_at(a + PAGE, PAGE, 2);
    struct count before = count_now();
    to_device(a, SIZE);
    device_has_bytes_of(a, SIZE);
    counted(before, 0, 1);
    close_all(a, SIZE);
}

static void pages_given_back_read_as_zeros(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    CHECK(!madvise(a + 2 * MiB, 3 * MiB, MADV_DONTNEED));
    struct count before = count_now();
    to_device(a, SIZE);
    CHECK(a[2 * MiB] == 0 && a[5 * MiB - 1] == 0);
    device_has_bytes_of(a, SIZE);
    counted(before, 0, 1);
    close_all(a, SIZE);
}

static void moved_away_and_something_else_in_its_place(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    uint8_t *to = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(to != MAP_FAILED);
    to_device(a, SIZE);
    CHECK(mremap(a, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    fresh_at(a, SIZE, 2);
    struct count before = count_now();
    to_device(a, SIZE);
    device_has(SIZE, 2);
    to_device(to, SIZE);
    device_has(SIZE, 1);
    counted(before, 0, 2);
    munmap(to, SIZE);
    close_all(a, SIZE);
}

static void shrunk_and_grown_again(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    CHECK(mremap(a, SIZE, SIZE / 2 & ~(PAGE - 1), 0) == a);
    uint8_t *b = mremap(a, SIZE / 2 & ~(PAGE - 1), SIZE, MREMAP_MAYMOVE);
    CHECK(b != MAP_FAILED);
    struct count before = count_now();
    to_device(b, SIZE);
    device_has_bytes_of(b, SIZE);
    counted(before, 0, 1);
    close_all(b, SIZE);
}

static void protected_and_opened_again(void)
{
    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    CHECK(!mprotect(a, SIZE, PROT_READ));
    to_device(a, SIZE);
    device_has(SIZE, 1);
    CHECK(!mprotect(a, SIZE, PROT_READ | PROT_WRITE));
    pattern_fill(a, SIZE, 2);
    to_device(a, SIZE);
    device_has(SIZE, 2);
    close_all(a, SIZE);
}

/* A child that writes to its copy of the memory until it is told to end. */
struct child {
    pid_t pid;
    int written[2], end[2];
};

static void child_start(struct child *c, uint8_t *p, unsigned seed)
{
    char byte = 0;

    CHECK(!pipe(c->written) && !pipe(c->end));
    c->pid = fork();
    CHECK(c->pid >= 0);
    if (c->pid == 0) {
        close(c->end[1]);
        if (seed)
            pattern_fill(p, SIZE, seed);
        if (write(c->written[1], &byte, 1) != 1 || read(c->end[0], &byte, 1) != 0)
            _exit(1);
        _exit(seed && !pattern_is(p, SIZE, seed));
    }
    CHECK(read(c->written[0], &byte, 1) == 1);
}

static void child_end(struct child *c)
{
    int status;

    close(c->written[0]);
    close(c->written[1]);
    close(c->end[0]);
    close(c->end[1]);
    CHECK(waitpid(c->pid, &status, 0) == c->pid && status == 0);
}

static void a_child_that_writes_has_pages_of_its_own(void)
{
    struct child child;

    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    to_device(a, SIZE);
    child_start(&child, a, 9);
    to_device(a, SIZE);
    device_has(SIZE, 1);
    pattern_fill(a, SIZE, 2);
    to_device(a, SIZE);
    device_has(SIZE, 2);
    child_end(&child);
    pattern_fill(a, SIZE, 3);
    to_device(a, SIZE);
    device_has(SIZE, 3);
    close_all(a, SIZE);
}

/* Copy-on-write the other way: the pages are pinned while a child has them, too. */
static void pages_that_a_child_shares_become_the_parents_own(void)
{
    struct child child;

    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    child_start(&child, a, 0);
    to_device(a, SIZE);
    for (unsigned i = 2; i < 5; i++) {
        pattern_fill(a, SIZE, i);
        to_device(a, SIZE);
        device_has(SIZE, i);
    }
    child_end(&child);
    pattern_fill(a, SIZE, 5);
    to_device(a, SIZE);
    device_has(SIZE, 5);
    close_all(a, SIZE);
}

/* Kernels write to it while it is changed around them: what was given away does
 * not come back, what was kept is written to. */
static void a_buffer_of_memory_that_is_partly_given_away(void)
{
    cl_int err;

    open_all();
    uint8_t *a = fresh_at(NULL, SIZE, 1);
    cl_mem m = clCreateBuffer(cl.context, CL_MEM_USE_HOST_PTR, SIZE, a, &err);
    CL(err);
    munmap(a + 4 * MiB, SIZE - 4 * MiB);
    uint8_t *other = mmap(a + 4 * MiB, SIZE - 4 * MiB, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(other == a + 4 * MiB);
    cl_uint word = 0x01020304;
    CL(clEnqueueFillBuffer(cl.queue, m, &word, sizeof(word), 0, SIZE, 0, NULL, NULL));
    void *p =
        clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 0, 4 * MiB, 0, NULL, NULL, &err);
    CL(err);
    CHECK(p == a && !memcmp(a, &word, 4) && !memcmp(a + 4 * MiB - 4, &word, 4));
    CHECK(other[0] == 0 && other[SIZE - 4 * MiB - 1] == 0);
    CL(clEnqueueUnmapMemObject(cl.queue, m, p, 0, NULL, NULL));
    CL(clReleaseMemObject(m));
    close_all(a, SIZE);
}

/* Each page by itself, and no huge page wanted. */
static uint8_t *scattered(size_t size, unsigned seed)
{
    uint8_t *a = fresh_at(NULL, size, 1), *b = fresh_at(NULL, size, 1);
    madvise(a, size, MADV_DONTNEED);
    madvise(b, size, MADV_DONTNEED);
    madvise(a, size, MADV_NOHUGEPAGE);
    madvise(b, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += PAGE)
        a[at] = b[at] = 1;
    munmap(b, size);
    pattern_fill(a, size, seed);
    return a;
}

/* Copied, but not for ever. */
static void a_scattered_array_is_mapped_after_many_copies(void)
{
    size_t size = 512 << 10;

    open_all();
    uint8_t *a = scattered(size, 1);
    struct count before = count_now();
    for (unsigned i = 0; i < 40; i++) {
        pattern_fill(a, size, i);
        to_device(a, size);
        device_has(size, i);
    }
    if (getenv("CACHED")) {
        CHECK(count_now().misses == before.misses + 1);
        CHECK(count_now().hits >= before.hits + 20);
    }
    close_all(a, size);
}

/* What the helper gathers page by page comes in the order of the queue, like
 * anything else: nothing here waits before the end. */
static void gathered_commands_keep_their_order(void)
{
    cl_uint word = 0x01020304;

    open_all();
    cl_mem other = cl_buffer(&cl, SIZE);
    uint8_t *a = scattered(SIZE, 1), *b = scattered(SIZE, 2), *out = scattered(SIZE, 3);
    long allocs = counter("allocs"), regions = counter("regions");
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_FALSE, 0, SIZE, a, 0, NULL, NULL));
    CL(clEnqueueFillBuffer(cl.queue, buffer, &word, 4, 0, PAGE, 0, NULL, NULL));
    CL(clEnqueueCopyBuffer(cl.queue, buffer, other, 0, 0, SIZE, 0, NULL, NULL));
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_FALSE, 0, SIZE, b, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, other, CL_FALSE, 0, SIZE, out, 0, NULL, NULL));
    CL(clFinish(cl.queue));
    CHECK(!memcmp(out, &word, 4) && !memcmp(out + PAGE - 4, &word, 4));
    CHECK(!memcmp(out + PAGE, a + PAGE, SIZE - PAGE));
    CL(clEnqueueReadBuffer(cl.queue, buffer, CL_TRUE, 0, SIZE, out, 0, NULL, NULL));
    CHECK(pattern_is(out, SIZE, 2));
    CHECK(counter("allocs") == allocs); /* nothing was staged */
    if (getenv("CACHED"))
        CHECK(counter("regions") == regions + 3);
    CL(clReleaseMemObject(other));
    munmap(b, SIZE);
    munmap(out, SIZE);
    close_all(a, SIZE);
}

static void a_part_is_gathered_to_where_it_belongs(void)
{
    open_all();
    uint8_t *a = scattered(SIZE, 1), *out = fresh_at(NULL, SIZE, 0);
    memset(out, 0, SIZE);
    to_device(out, SIZE);
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_TRUE, 4321, 5 * MiB + 7, a + 100, 0, NULL, NULL));
    const uint8_t *p = look(SIZE);
    CHECK(!memcmp(p, out, 4321) && !memcmp(p + 4321, a + 100, 5 * MiB + 7));
    CHECK(!memcmp(p + 4321 + 5 * MiB + 7, out, SIZE - (4321 + 5 * MiB + 7)));
    looked(p);
    pattern_fill(a, SIZE, 9);
    CL(clEnqueueReadBuffer(cl.queue, buffer, CL_TRUE, 4322, 5 * MiB + 5, a + 333, 0, NULL, NULL));
    pattern_fill(out, SIZE, 9);
    CHECK(!memcmp(a, out, 333));
    CHECK(!memcmp(a + 333 + 5 * MiB + 5, out + 333 + 5 * MiB + 5, SIZE - (333 + 5 * MiB + 5)));
    pattern_fill(out, SIZE, 1);
    CHECK(!memcmp(a + 333, out + 101, 5 * MiB + 5));
    munmap(out, SIZE);
    close_all(a, SIZE);
}

static void a_gathered_write_waits_for_its_events_and_fails_with_them(void)
{
    cl_event go, done;
    cl_int err, status;

    open_all();
    uint8_t *a = scattered(SIZE, 1);
    go = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_FALSE, 0, SIZE, a, 1, &go, &done));
    CL(clFlush(cl.queue));
    sleep_ms(50);
    CL(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL));
    CHECK(status > CL_COMPLETE);
    CL(clSetUserEventStatus(go, CL_COMPLETE));
    CL(clWaitForEvents(1, &done));
    device_has(SIZE, 1);
    CL(clReleaseEvent(go));
    CL(clReleaseEvent(done));
    go = clCreateUserEvent(cl.context, &err);
    CL(err);
    CL(clEnqueueWriteBuffer(cl.queue, buffer, CL_FALSE, 0, SIZE, a, 1, &go, &done));
    CL(clSetUserEventStatus(go, -5));
    CL_IS(clWaitForEvents(1, &done), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    CL(clReleaseEvent(go));
    CL(clReleaseEvent(done));
    close_all(a, SIZE);
}

static void a_gathered_array_may_change_between_two_uses(void)
{
    open_all();
    uint8_t *a = scattered(SIZE, 1);
    to_device(a, SIZE);
    device_has(SIZE, 1);
    CHECK(!madvise(a + 2 * MiB, 3 * MiB, MADV_DONTNEED));
    to_device(a, SIZE);
    device_has_bytes_of(a, SIZE);
    pattern_fill(a, SIZE, 2);
    CL(clEnqueueReadBuffer(cl.queue, buffer, CL_TRUE, 0, SIZE, a, 0, NULL, NULL));
    device_has_bytes_of(a, SIZE);
    CHECK(a[2 * MiB] == 0 && a[5 * MiB - 1] == 0);
    close_all(a, SIZE);
}

static void more_arrays_than_are_kept(void)
{
    enum { ARRAYS = 200, EACH = 512 << 10 };

    open_all();
    uint8_t *a = fresh_at(NULL, ARRAYS * EACH, 1);
    for (unsigned i = 0; i < ARRAYS; i++)
        to_device(a + i * EACH, EACH);
    if (getenv("CACHED"))
        CHECK(counter("regions") >= 128);
    for (unsigned tries = 0; counter("regions") > 128 + 8 && tries < 500; tries++)
        sleep_ms(10); /* UNMAPs are not waited for */
    CHECK(counter("regions") <= 128 + 8);
    close_all(a, ARRAYS * EACH);
}

/* The same pages, pinned once more for every range that no other covers. */
static void more_bytes_than_are_kept(void)
{
    long total = sysconf(_SC_PHYS_PAGES);
    size_t size = 256 * MiB;

    cl = cl_open(0);
    buffer = cl_buffer(&cl, size);
    uint8_t *a =
        mmap(NULL, size + 32 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(a != MAP_FAILED);
    for (unsigned i = 0; i < 32; i++)
        to_device(a + i * PAGE, size);
    long idle = counter("idle_pages");
    CHECK(idle <= total / 8 * 3 + 1);
    if (getenv("CACHED"))
        CHECK(idle >= (long)(size / PAGE));
    close_all(a, size + 32 * PAGE);
}

static const struct check_case cases[] = {
    CASE(the_same_array_again_is_found),
    CASE(a_read_after_a_write_is_no_hit),
    CASE(part_unmapped_and_mapped_anew),
    CASE(part_replaced_in_one_step),
    CASE(pages_given_back_read_as_zeros),
    CASE(moved_away_and_something_else_in_its_place),
    CASE(shrunk_and_grown_again),
    CASE(protected_and_opened_again),
    CASE(a_child_that_writes_has_pages_of_its_own),
    CASE(pages_that_a_child_shares_become_the_parents_own),
    CASE(a_buffer_of_memory_that_is_partly_given_away),
    CASE(a_scattered_array_is_mapped_after_many_copies),
    CASE(gathered_commands_keep_their_order),
    CASE(a_part_is_gathered_to_where_it_belongs),
    CASE(a_gathered_write_waits_for_its_events_and_fails_with_them),
    CASE(a_gathered_array_may_change_between_two_uses),
    CASE(more_arrays_than_are_kept),
    CASE(more_bytes_than_are_kept),
};

CHECK_MAIN(cases)
