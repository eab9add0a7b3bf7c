// SPDX-License-Identifier: MIT
/*
 * Buffers of a program's own memory, and of ours, in a guest:
 *
 *   pages WAY MIB [COUNT]
 *
 * makes COUNT buffers of MIB MiB, lets a kernel change every word of them, checks
 * a word of each page, and prints how long the buffers took to make, and to copy if
 * they are, and what the driver has counted meanwhile ("counters: allocs 0 hits 0 ..."). WAY is
 *
 *   plain      CL_MEM_USE_HOST_PTR of malloc()
 *   scattered  the same, of pages that lie singly
 *   stubborn   the same, and the program has asked for no huge pages
 *   ours       CL_MEM_ALLOC_HOST_PTR
 *   mapped     a plain buffer, through clEnqueueMapBuffer
 *   copied     a plain buffer, written from and read into scattered pages
 *              that the program has asked to have no huge pages for
 *
 * Exit status 77: the device takes no buffer of that size. The kernel has the
 * words of all pages in turn, so that the guest's processor, which may be an
 * emulated one, does little.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <CL/cl.h>

#define PAGE ((size_t)4096)
#define WORDS (PAGE / sizeof(uint32_t))
#define HUGE ((size_t)2 << 20)
#define MOST 16

static const char *const source =
    "kernel void change(global uint *p, ulong n)\n"
    "{\n"
    "    for (ulong i = get_global_id(0); i < n; i += get_global_size(0))\n"
    "        p[i] = p[i] * 3 + (uint)i;\n"
    "}\n";

static const char *const counted[] = {"allocs", "hits", "misses", "scattered"};
#define COUNTED (sizeof(counted) / sizeof(counted[0]))

static void check(cl_int err, const char *what)
{
    if (!err)
        return;
    printf("error %d from %s\n", err, what);
    exit(3);
}

#define CL(call) check(call, #call)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void read_counters(long *n)
{
    for (size_t i = 0; i < COUNTED; i++) {
        char path[80];
        snprintf(path, sizeof(path), "/sys/class/misc/virtio-ocl/%s", counted[i]);
        FILE *f = fopen(path, "r");
        if (!f || fscanf(f, "%ld", &n[i]) != 1) {
            perror(path);
            exit(2);
        }
        fclose(f);
    }
}

/* ---- memory ---- */

static void *reserve(size_t size)
{
    char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return p + (-(uintptr_t)p & (HUGE - 1));
}

/* Pages that take turns with others, which then go, have no neighbours. */
static void *scattered(size_t size)
{
    char *p = reserve(size), *others = reserve(size);

    madvise(p, size, MADV_NOHUGEPAGE);
    madvise(others, size, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < size; at += PAGE) {
        p[at] = 0;
        others[at] = 1;
    }
    munmap(others, size);
    return p;
}

static uint32_t *memory(const char *way, size_t size)
{
    if (!strcmp(way, "plain"))
        return calloc(size, 1);
    if (!strcmp(way, "ours") || !strcmp(way, "mapped"))
        return NULL;
    uint32_t *p = scattered(size);
    if (!strcmp(way, "scattered"))
        madvise(p, size, MADV_HUGEPAGE); /* takes the no back */
    return p;
}

/* ---- words: one of each page is set, that and another are looked at ---- */

static size_t word_of(size_t page)
{
    return page * WORDS + page * 37 % WORDS;
}

static void fill(uint32_t *p, size_t size, uint32_t seed)
{
    for (size_t page = 0; page < size / PAGE; page++)
        p[word_of(page)] = (uint32_t)page ^ seed;
}

static void look(const uint32_t *p, size_t size, uint32_t seed)
{
    for (size_t page = 0; page < size / PAGE; page++) {
        size_t set = word_of(page), other = set ^ 1;
        uint32_t want = ((uint32_t)page ^ seed) * 3 + (uint32_t)set;
        if (p[set] == want && p[other] == (uint32_t)other)
            continue;
        printf("page %zu holds %#x and %#x, not %#x and %#x\n", page, p[set], p[other], want,
               (uint32_t)other);
        exit(4);
    }
}

/* ---- OpenCL ---- */

struct cl {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_kernel kernel;
};

static void cl_open(struct cl *cl, size_t size)
{
    cl_platform_id platform;
    cl_ulong max;
    cl_int err;

    CL(clGetPlatformIDs(1, &platform, NULL));
    CL(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &cl->device, NULL));
    CL(clGetDeviceInfo(cl->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(max), &max, NULL));
    if (size > max) {
        printf("the device takes %llu MiB at most in one buffer\n", (unsigned long long)max >> 20);
        exit(77);
    }
    cl->context = clCreateContext(NULL, 1, &cl->device, NULL, NULL, &err);
    check(err, "clCreateContext");
    cl->queue = clCreateCommandQueue(cl->context, cl->device, 0, &err);
    check(err, "clCreateCommandQueue");
    cl_program program =
        clCreateProgramWithSource(cl->context, 1, (const char **)&source, NULL, &err);
    check(err, "clCreateProgramWithSource");
    CL(clBuildProgram(program, 1, &cl->device, "", NULL, NULL));
    cl->kernel = clCreateKernel(program, "change", &err);
    check(err, "clCreateKernel");
    CL(clReleaseProgram(program));
}

static void cl_close(struct cl *cl)
{
    CL(clReleaseKernel(cl->kernel));
    CL(clReleaseCommandQueue(cl->queue));
    CL(clReleaseContext(cl->context));
}

static cl_mem make(struct cl *cl, const char *way, size_t size, void *host)
{
    cl_mem_flags flags = CL_MEM_READ_WRITE;
    cl_int err;

    if (!strcmp(way, "ours"))
        flags |= CL_MEM_ALLOC_HOST_PTR;
    else if (host && strcmp(way, "copied"))
        flags |= CL_MEM_USE_HOST_PTR;
    cl_mem m =
        clCreateBuffer(cl->context, flags, size, flags & CL_MEM_USE_HOST_PTR ? host : NULL, &err);
    check(err, "clCreateBuffer");
    return m;
}

static void change(struct cl *cl, cl_mem m, size_t size)
{
    cl_ulong n = size / sizeof(uint32_t);
    size_t items = 1024;

    CL(clSetKernelArg(cl->kernel, 0, sizeof(m), &m));
    CL(clSetKernelArg(cl->kernel, 1, sizeof(n), &n));
    CL(clEnqueueNDRangeKernel(cl->queue, cl->kernel, 1, NULL, &items, NULL, 0, NULL, NULL));
    CL(clFinish(cl->queue));
}

static void *map(struct cl *cl, cl_mem m, size_t size, cl_map_flags flags)
{
    cl_int err;
    void *p = clEnqueueMapBuffer(cl->queue, m, CL_TRUE, flags, 0, size, 0, NULL, NULL, &err);
    check(err, "clEnqueueMapBuffer");
    return p;
}

static void unmap(struct cl *cl, cl_mem m, void *p)
{
    CL(clEnqueueUnmapMemObject(cl->queue, m, p, 0, NULL, NULL));
    CL(clFinish(cl->queue));
}

static void set(struct cl *cl, cl_mem m, size_t size, uint32_t seed)
{
    void *p = map(cl, m, size, CL_MAP_WRITE_INVALIDATE_REGION);
    memset(p, 0, size);
    fill(p, size, seed);
    unmap(cl, m, p);
}

static void look_mapped(struct cl *cl, cl_mem m, size_t size, uint32_t seed)
{
    void *p = map(cl, m, size, CL_MAP_READ);
    look(p, size, seed);
    unmap(cl, m, p);
}

/* Each buffer is there before the first is used. */
static void use(struct cl *cl, const char *way, size_t size, unsigned count, uint32_t **host)
{
    cl_mem m[MOST];
    double start = now_ms();

    for (unsigned i = 0; i < count; i++)
        m[i] = make(cl, way, size, host[i]);
    printf("made in %.2f ms\n", now_ms() - start);
    for (unsigned i = 0; i < count; i++) {
        start = now_ms();
        if (!strcmp(way, "copied")) {
            CL(clEnqueueWriteBuffer(cl->queue, m[i], CL_TRUE, 0, size, host[i], 0, NULL, NULL));
            printf("written in %.2f ms\n", now_ms() - start);
        }
        if (!host[i])
            set(cl, m[i], size, i);
    }
    for (unsigned i = 0; i < count; i++)
        change(cl, m[i], size);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(way, "copied")) {
            look_mapped(cl, m[i], size, i);
        } else {
            memset(host[i], 0, size);
            start = now_ms();
            CL(clEnqueueReadBuffer(cl->queue, m[i], CL_TRUE, 0, size, host[i], 0, NULL, NULL));
            printf("read in %.2f ms\n", now_ms() - start);
            look(host[i], size, i);
        }
        CL(clReleaseMemObject(m[i]));
    }
}

int main(int argc, char **argv)
{
    struct cl cl;
    uint32_t *host[MOST];
    long before[COUNTED], after[COUNTED];

    unsigned count = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
    if (argc < 3 || !count || count > MOST)
        return 2;
    size_t size = (size_t)atol(argv[2]) << 20;
    cl_open(&cl, size);
    for (unsigned i = 0; i < count; i++) {
        host[i] = memory(argv[1], size);
        if (host[i])
            fill(host[i], size, i);
    }
    read_counters(before);
    use(&cl, argv[1], size, count, host);
    read_counters(after);
    printf("counters:");
    for (size_t i = 0; i < COUNTED; i++)
        printf(" %s %ld", counted[i], after[i] - before[i]);
    printf("\n");
    cl_close(&cl);
    return 0;
}
