// SPDX-License-Identifier: MIT
/*
 * Mapping, for every way in which a buffer can be made.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define N 300000u

/* How a buffer came to be. memory: what it was given, or NULL. */
struct kind {
    const char *name;
    cl_mem_flags flags;
};

static const struct kind kinds[] = {
    {"plain", 0},
    {"copy", CL_MEM_COPY_HOST_PTR},
    {"alloc", CL_MEM_ALLOC_HOST_PTR},
    {"alloc and copy", CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR},
    {"use", CL_MEM_USE_HOST_PTR},
};
#define NUM_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct mem {
    cl_mem mem;
    uint8_t *host; /* NULL: none given */
};

static bool takes_host(cl_mem_flags flags)
{
    return flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR);
}

/* A buffer with the pattern of a seed in it. */
static struct mem make(struct cl *cl, cl_mem_flags flags, size_t n, unsigned seed)
{
    struct mem m = {0};
    uint8_t *in = pattern(n, seed);
    cl_int err;
    if (takes_host(flags)) {
        m.host = aligned_alloc(4096, (n + 4095) / 4096 * 4096);
        memcpy(m.host, in, n);
    }
    m.mem = clCreateBuffer(cl->context, flags, n, m.host, &err);
    CL(err);
    if (!m.host)
        CL(clEnqueueWriteBuffer(cl->queue, m.mem, CL_TRUE, 0, n, in, 0, NULL, NULL));
    free(in);
    return m;
}

static void unmake(struct cl *cl, struct mem *m)
{
    CL(clReleaseMemObject(m->mem));
    CL(clFinish(cl->queue));
    free(m->host);
}

static uint8_t *map(struct cl *cl, cl_mem m, cl_map_flags flags, size_t offset, size_t size)
{
    cl_int err;
    void *p = clEnqueueMapBuffer(cl->queue, m, CL_TRUE, flags, offset, size, 0, NULL, NULL, &err);
    CL(err);
    CHECK(p);
    return p;
}

static void unmap(struct cl *cl, cl_mem m, void *p)
{
    CL(clEnqueueUnmapMemObject(cl->queue, m, p, 0, NULL, NULL));
}

/* What the device sees. */
static bool device_has(struct cl *cl, cl_mem m, size_t n, unsigned seed)
{
    uint8_t *out = calloc(1, n);
    cl_mem copy = cl_buffer(cl, n);
    CL(clEnqueueCopyBuffer(cl->queue, m, copy, 0, 0, n, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl->queue, copy, CL_TRUE, 0, n, out, 0, NULL, NULL));
    bool same = pattern_is(out, n, seed);
    CL(clReleaseMemObject(copy));
    free(out);
    return same;
}

static void for_each_kind(void (*test)(struct cl *cl, struct mem *m, cl_mem_flags flags))
{
    struct cl cl = cl_open(0);
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct mem m = make(&cl, kinds[i].flags, N, 1);
        test(&cl, &m, kinds[i].flags);
        unmake(&cl, &m);
    }
    cl_close(&cl);
}

static void read_whole(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t *p = map(cl, m->mem, CL_MAP_READ, 0, N);
    CHECK(pattern_is(p, N, 1));
    unmap(cl, m->mem, p);
    CHECK(device_has(cl, m->mem, N, 1));
}

static void write_whole(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t *p = map(cl, m->mem, CL_MAP_WRITE, 0, N);
    pattern_fill(p, N, 2);
    unmap(cl, m->mem, p);
    CHECK(device_has(cl, m->mem, N, 2));
}

static void write_a_part(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t *expected = pattern(N, 1), *out = calloc(1, N);
    uint8_t *p = map(cl, m->mem, CL_MAP_READ | CL_MAP_WRITE, 4096, 10000);
    CHECK(!memcmp(p, expected + 4096, 10000));
    pattern_fill(p + 100, 500, 7); /* the rest of what was mapped stays */
    unmap(cl, m->mem, p);
    pattern_fill(expected + 4196, 500, 7);
    CL(clEnqueueReadBuffer(cl->queue, m->mem, CL_TRUE, 0, N, out, 0, NULL, NULL));
    CHECK(!memcmp(out, expected, N));
    free(expected);
    free(out);
}

static void invalidate_a_part(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t *expected = pattern(N, 1), *out = calloc(1, N);
    uint8_t *p = map(cl, m->mem, CL_MAP_WRITE_INVALIDATE_REGION, 1000, 20000);
    pattern_fill(p, 20000, 7);
    unmap(cl, m->mem, p);
    pattern_fill(expected + 1000, 20000, 7);
    CL(clEnqueueReadBuffer(cl->queue, m->mem, CL_TRUE, 0, N, out, 0, NULL, NULL));
    CHECK(!memcmp(out, expected, N));
    free(expected);
    free(out);
}

static void device_work_shows(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t byte = 0x5a, *p;
    CL(clEnqueueFillBuffer(cl->queue, m->mem, &byte, 1, 0, N, 0, NULL, NULL));
    p = map(cl, m->mem, CL_MAP_READ, 5, 1000);
    CHECK(p[0] == byte && p[999] == byte);
    unmap(cl, m->mem, p);
}

static void overlapping_reads(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    uint8_t *expected = pattern(N, 1);
    cl_uint count;
    uint8_t *a = map(cl, m->mem, CL_MAP_READ, 0, 5000);
    uint8_t *b = map(cl, m->mem, CL_MAP_READ, 2000, 5000);
    uint8_t *c = map(cl, m->mem, CL_MAP_READ, 2000, 5000);
    CHECK(b == a + 2000 && c == b);
    CL(clGetMemObjectInfo(m->mem, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL));
    CHECK(count == 3);
    unmap(cl, m->mem, a);
    CHECK(!memcmp(b, expected + 2000, 5000));
    unmap(cl, m->mem, b);
    CHECK(!memcmp(c, expected + 2000, 5000));
    unmap(cl, m->mem, c);
    CL(clFinish(cl->queue));
    /* PoCL (3.1) counts down a little after the wait returns. */
    for (int i = 0; i < 100 && count; i++) {
        CL(clGetMemObjectInfo(m->mem, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL));
        sleep_ms(count ? 10 : 0);
    }
    CHECK(count == 0);
    free(expected);
}

static void host_pointer(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    void *host = (void *)1;
    uint8_t *p = map(cl, m->mem, CL_MAP_READ, 777, 1000);
    if (flags & CL_MEM_USE_HOST_PTR)
        CHECK(p == m->host + 777);
    unmap(cl, m->mem, p);
    CL(clGetMemObjectInfo(m->mem, CL_MEM_HOST_PTR, sizeof(host), &host, NULL));
    CHECK(host == (flags & CL_MEM_USE_HOST_PTR ? m->host : NULL));
}

static void map_twice(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    for (unsigned i = 2; i < 12; i++) {
        uint8_t *p = map(cl, m->mem, CL_MAP_WRITE, 0, N);
        CHECK(pattern_is(p, N, i - 1));
        pattern_fill(p, N, i);
        unmap(cl, m->mem, p);
    }
    CHECK(device_has(cl, m->mem, N, 11));
}

static void without_waiting(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    (void)flags;
    cl_event mapped, unmapped;
    cl_command_type type;
    cl_int err;
    uint8_t byte = 0x11;
    CL(clEnqueueFillBuffer(cl->queue, m->mem, &byte, 1, 0, N, 0, NULL, NULL));
    uint8_t *p = clEnqueueMapBuffer(cl->queue, m->mem, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, 0, N,
                                    0, NULL, &mapped, &err);
    CL(err);
    CL(clWaitForEvents(1, &mapped));
    CHECK(p[0] == byte && p[N - 1] == byte);
    pattern_fill(p, N, 3);
    CL(clEnqueueUnmapMemObject(cl->queue, m->mem, p, 0, NULL, &unmapped));
    CL(clGetEventInfo(mapped, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_MAP_BUFFER);
    CL(clGetEventInfo(unmapped, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_COMMAND_UNMAP_MEM_OBJECT);
    CL(clReleaseEvent(mapped));
    CL(clReleaseEvent(unmapped));
    CHECK(device_has(cl, m->mem, N, 3));
}

static void sub_buffers(struct cl *cl, struct mem *m, cl_mem_flags flags)
{
    cl_buffer_region region = {8192, 50000};
    uint8_t *expected = pattern(N, 1), *out = calloc(1, N);
    size_t offset = 0;
    cl_mem parent = NULL;
    void *host = NULL;
    cl_int err;
    cl_mem sub =
        clCreateSubBuffer(m->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);
    CL(err);
    CL(clGetMemObjectInfo(sub, CL_MEM_OFFSET, sizeof(offset), &offset, NULL));
    CL(clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(parent), &parent, NULL));
    CL(clGetMemObjectInfo(sub, CL_MEM_HOST_PTR, sizeof(host), &host, NULL));
    CHECK(offset == 8192 && parent == m->mem);
    CHECK(host == (flags & CL_MEM_USE_HOST_PTR ? m->host + 8192 : NULL));
    uint8_t *p = map(cl, sub, CL_MAP_READ | CL_MAP_WRITE, 100, 1000);
    CHECK(!memcmp(p, expected + 8292, 1000));
    if (flags & CL_MEM_USE_HOST_PTR)
        CHECK(p == m->host + 8292);
    pattern_fill(p, 1000, 8);
    unmap(cl, sub, p);
    pattern_fill(expected + 8292, 1000, 8);
    CL(clEnqueueReadBuffer(cl->queue, m->mem, CL_TRUE, 0, N, out, 0, NULL, NULL));
    CHECK(!memcmp(out, expected, N));
    CL(clEnqueueReadBuffer(cl->queue, sub, CL_TRUE, 0, 50000, out, 0, NULL, NULL));
    CHECK(!memcmp(out, expected + 8192, 50000));
    CL(clReleaseMemObject(sub));
    free(expected);
    free(out);
}

static void a_read_map_shows_the_content(void)
{
    for_each_kind(read_whole);
}
static void what_a_write_map_wrote_reaches_the_device(void)
{
    for_each_kind(write_whole);
}
static void a_map_of_a_part_leaves_the_rest(void)
{
    for_each_kind(write_a_part);
}
static void an_invalidating_map_writes_its_region(void)
{
    for_each_kind(invalidate_a_part);
}
static void a_map_shows_what_the_device_did(void)
{
    for_each_kind(device_work_shows);
}
static void read_maps_may_overlap(void)
{
    for_each_kind(overlapping_reads);
}
static void host_pointers_are_as_the_buffer_was_made(void)
{
    for_each_kind(host_pointer);
}
static void a_buffer_can_be_mapped_again(void)
{
    for_each_kind(map_twice);
}
static void a_map_need_not_wait(void)
{
    for_each_kind(without_waiting);
}
static void a_sub_buffer_is_a_part_of_its_buffer(void)
{
    for_each_kind(sub_buffers);
}

/* COPY_HOST_PTR copies: later changes on either side stay there. */
static void copied_memory_is_the_programs_own(void)
{
    struct cl cl = cl_open(0);
    struct mem m = make(&cl, CL_MEM_COPY_HOST_PTR, N, 1);
    memset(m.host, 0, N);
    CHECK(device_has(&cl, m.mem, N, 1));
    uint8_t *p = map(&cl, m.mem, CL_MAP_WRITE, 0, N);
    pattern_fill(p, N, 2);
    unmap(&cl, m.mem, p);
    CL(clFinish(cl.queue));
    CHECK(m.host[0] == 0 && m.host[N - 1] == 0);
    unmake(&cl, &m);
    cl_close(&cl);
}

/* USE_HOST_PTR: a map is how the host sees what the device did, and how the
 * device sees what the host did. */
static void used_memory_is_up_to_date_while_mapped(void)
{
    struct cl cl = cl_open(0);
    struct mem m = make(&cl, CL_MEM_USE_HOST_PTR, N, 1);
    uint8_t byte = 0x77;
    CL(clEnqueueFillBuffer(cl.queue, m.mem, &byte, 1, 0, N, 0, NULL, NULL));
    uint8_t *p = map(&cl, m.mem, CL_MAP_READ | CL_MAP_WRITE, 0, N);
    CHECK(p == m.host);
    for (size_t i = 0; i < N; i++)
        if (m.host[i] != byte)
            CHECK(!"the host pointer is out of date");
    pattern_fill(m.host, N, 6);
    unmap(&cl, m.mem, p);
    CHECK(device_has(&cl, m.mem, N, 6));
    unmake(&cl, &m);
    cl_close(&cl);
}

static void host_access_flags_are_enforced(void)
{
    struct cl cl = cl_open(0);
    static const struct {
        cl_mem_flags flags;
        bool may_read, may_write;
    } access[] = {
        {CL_MEM_HOST_READ_ONLY, true, false},
        {CL_MEM_HOST_WRITE_ONLY, false, true},
        {CL_MEM_HOST_NO_ACCESS, false, false},
    };
    uint8_t bytes[64] = {0};
    size_t zero[3] = {0, 0, 0}, region[3] = {8, 2, 1};
    for (size_t i = 0; i < 3; i++) {
        cl_int read = access[i].may_read ? CL_SUCCESS : CL_INVALID_OPERATION;
        cl_int write = access[i].may_write ? CL_SUCCESS : CL_INVALID_OPERATION;
        cl_int err;
        cl_mem_flags flags = 0;
        cl_mem m = clCreateBuffer(cl.context, access[i].flags, 64, NULL, &err);
        CL(err);
        CL(clGetMemObjectInfo(m, CL_MEM_FLAGS, sizeof(flags), &flags, NULL));
        CHECK(flags & access[i].flags);
        CL_IS(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 64, bytes, 0, NULL, NULL), read);
        CL_IS(clEnqueueWriteBuffer(cl.queue, m, CL_TRUE, 0, 64, bytes, 0, NULL, NULL), write);
        CL_IS(clEnqueueReadBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, bytes,
                                      0, NULL, NULL),
              read);
        CL_IS(clEnqueueWriteBufferRect(cl.queue, m, CL_TRUE, zero, zero, region, 0, 0, 0, 0, bytes,
                                       0, NULL, NULL),
              write);
        void *p = clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_READ, 0, 64, 0, NULL, NULL, &err);
        CL_IS(err, read);
        if (p)
            unmap(&cl, m, p);
        p = clEnqueueMapBuffer(cl.queue, m, CL_TRUE, CL_MAP_WRITE, 0, 64, 0, NULL, NULL, &err);
        CL_IS(err, write);
        if (p)
            unmap(&cl, m, p);
        /* The device may do what it likes. */
        CL(clEnqueueFillBuffer(cl.queue, m, bytes, 1, 0, 64, 0, NULL, NULL));
        CL(clFinish(cl.queue));
        CL(clReleaseMemObject(m));
    }
    cl_close(&cl);
}

/* A buffer that is released while it is mapped: the unmap comes later or not
 * at all, and nothing crashes. */
static void a_mapped_buffer_may_be_released(void)
{
    for (size_t i = 0; i < NUM_KINDS; i++) {
        struct cl cl = cl_open(0);
        struct mem m = make(&cl, kinds[i].flags, N, 1);
        CL(clRetainMemObject(m.mem));
        uint8_t *p = map(&cl, m.mem, CL_MAP_WRITE, 0, N);
        CL(clReleaseMemObject(m.mem));
        pattern_fill(p, N, 2);
        unmap(&cl, m.mem, p);
        CHECK(device_has(&cl, m.mem, N, 2));
        unmake(&cl, &m);
        cl_close(&cl);
    }
}

struct gone {
    int calls;
    int order[3];
};

static struct gone gone;

static void CL_CALLBACK note_gone(cl_mem m, void *opaque)
{
    (void)m;
    int n = __atomic_load_n(&gone.calls, __ATOMIC_ACQUIRE);
    gone.order[n % 3] = (int)(intptr_t)opaque;
    __atomic_store_n(&gone.calls, n + 1, __ATOMIC_RELEASE);
}

static void destructor_callbacks_run_in_reverse_order(void)
{
    struct cl cl = cl_open(0);
    gone.calls = 0;
    cl_mem m = cl_buffer(&cl, 100);
    for (intptr_t i = 1; i <= 3; i++)
        CL(clSetMemObjectDestructorCallback(m, note_gone, (void *)i));
    CHECK(__atomic_load_n(&gone.calls, __ATOMIC_ACQUIRE) == 0);
    CL(clReleaseMemObject(m));
    for (double end = seconds() + 20;
         __atomic_load_n(&gone.calls, __ATOMIC_ACQUIRE) < 3 && seconds() < end;)
        sleep_ms(1);
    CHECK(gone.calls == 3 && gone.order[0] == 3 && gone.order[1] == 2 && gone.order[2] == 1);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_read_map_shows_the_content),
    CASE(what_a_write_map_wrote_reaches_the_device),
    CASE(a_map_of_a_part_leaves_the_rest),
    CASE(an_invalidating_map_writes_its_region),
    CASE(a_map_shows_what_the_device_did),
    CASE(read_maps_may_overlap),
    CASE(host_pointers_are_as_the_buffer_was_made),
    CASE(a_buffer_can_be_mapped_again),
    CASE(a_map_need_not_wait),
    CASE(a_sub_buffer_is_a_part_of_its_buffer),
    CASE(copied_memory_is_the_programs_own),
    CASE(used_memory_is_up_to_date_while_mapped),
    CASE(host_access_flags_are_enforced),
    CASE(a_mapped_buffer_may_be_released),
    CASE(destructor_callbacks_run_in_reverse_order),
};

CHECK_MAIN(cases)
