// SPDX-License-Identifier: MIT
/*
 * Programs and kernels: building, what the build says, binaries, linking, and
 * what can be asked of a kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static const char add_source[] =
    "kernel void add(global const int *a, global int *b, int c)\n"
    "{ size_t i = get_global_id(0); b[i] = a[i] + c; }\n"
    "kernel void set(global int *a, int c) { a[get_global_id(0)] = c; }\n";

static cl_program create(struct cl *cl, const char *source)
{
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl->context, 1, &source, NULL, &err);
    CL(err);
    return p;
}

static char *build_text(cl_program p, cl_device_id d, cl_program_build_info what)
{
    size_t n = 0;
    CL(clGetProgramBuildInfo(p, d, what, 0, NULL, &n));
    char *text = calloc(1, n + 1);
    CL(clGetProgramBuildInfo(p, d, what, n, text, NULL));
    return text;
}

/* Does the kernel "set" of this program work? */
static void run_set(struct cl *cl, cl_program p)
{
    cl_int err, value = 4711, out[4] = {0};
    size_t n = 4;
    cl_mem m = cl_buffer(cl, sizeof(out));
    cl_kernel k = clCreateKernel(p, "set", &err);
    CL(err);
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(value), &value));
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl->queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    CHECK(out[0] == 4711 && out[3] == 4711);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
}

static void a_program_keeps_its_source(void)
{
    struct cl cl = cl_open(0);
    const char *parts[3] = {"kernel void a(global int *p) ", "{ *p = 1; }XXX", "\n"};
    size_t lengths[3] = {0, 11, 0}; /* 0: up to the NUL */
    char source[100];
    size_t n;
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl.context, 3, parts, lengths, &err);
    CL(err);
    CL(clGetProgramInfo(p, CL_PROGRAM_SOURCE, sizeof(source), source, &n));
    CHECK(n == strlen(source) + 1);
    CHECK(!strcmp(source, "kernel void a(global int *p) { *p = 1; }\n"));
    CL(clBuildProgram(p, 0, NULL, NULL, NULL, NULL));
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void build_info_tells_what_was_built(void)
{
    struct cl cl = cl_open(0);
    cl_program p = create(&cl, add_source);
    cl_build_status status;
    cl_program_binary_type type;
    cl_device_id device;
    cl_uint devices;
    size_t kernels;
    CL(clGetProgramBuildInfo(p, cl.device, CL_PROGRAM_BUILD_STATUS, sizeof(status), &status, NULL));
    CHECK(status == CL_BUILD_NONE);
    CL(clBuildProgram(p, 1, &cl.device, "-DX=1 -cl-mad-enable", NULL, NULL));
    CL(clGetProgramBuildInfo(p, cl.device, CL_PROGRAM_BUILD_STATUS, sizeof(status), &status, NULL));
    CL(clGetProgramBuildInfo(p, cl.device, CL_PROGRAM_BINARY_TYPE, sizeof(type), &type, NULL));
    CHECK(status == CL_BUILD_SUCCESS && type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
    char *options = build_text(p, cl.device, CL_PROGRAM_BUILD_OPTIONS);
    CHECK(!strcmp(options, "-DX=1 -cl-mad-enable"));
    free(options);
    CL(clGetProgramInfo(p, CL_PROGRAM_NUM_DEVICES, sizeof(devices), &devices, NULL));
    CL(clGetProgramInfo(p, CL_PROGRAM_DEVICES, sizeof(device), &device, NULL));
    CHECK(devices == 1 && device == cl.device);
    CL(clGetProgramInfo(p, CL_PROGRAM_NUM_KERNELS, sizeof(kernels), &kernels, NULL));
    CHECK(kernels == 2);
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void a_failed_build_has_a_log(void)
{
    struct cl cl = cl_open(0);
    cl_program p = create(&cl, "kernel void broken(global int *a) { *a = no_such_thing; }\n");
    cl_build_status status;
    cl_int err;
    CL_IS(clBuildProgram(p, 1, &cl.device, "", NULL, NULL), CL_BUILD_PROGRAM_FAILURE);
    CL(clGetProgramBuildInfo(p, cl.device, CL_PROGRAM_BUILD_STATUS, sizeof(status), &status, NULL));
    CHECK(status == CL_BUILD_ERROR);
    char *log = build_text(p, cl.device, CL_PROGRAM_BUILD_LOG);
    CHECK(strstr(log, "no_such_thing"));
    free(log);
    CHECK(!clCreateKernel(p, "broken", &err));
    CL_IS(err, CL_INVALID_PROGRAM_EXECUTABLE);
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

struct built {
    cl_program program;
    int count;
    bool wrong;
};

static void CL_CALLBACK on_built(cl_program p, void *opaque)
{
    struct built *b = opaque;
    b->wrong = b->wrong || p != b->program;
    __atomic_add_fetch(&b->count, 1, __ATOMIC_RELEASE);
}

static void await_built(struct built *b)
{
    for (double end = seconds() + 30; !__atomic_load_n(&b->count, __ATOMIC_ACQUIRE);) {
        CHECK(seconds() < end);
        sleep_ms(1);
    }
    CHECK(!b->wrong && b->count == 1);
}

static void a_build_calls_back(void)
{
    struct cl cl = cl_open(0);
    struct built good = {create(&cl, add_source), 0, false};
    struct built bad = {create(&cl, "kernel void broken("), 0, false};
    cl_build_status status;
    CL(clBuildProgram(good.program, 1, &cl.device, "", on_built, &good));
    await_built(&good);
    run_set(&cl, good.program);
    CL_ANY(clBuildProgram(bad.program, 1, &cl.device, "", on_built, &bad));
    await_built(&bad);
    CL(clGetProgramBuildInfo(bad.program, cl.device, CL_PROGRAM_BUILD_STATUS, sizeof(status),
                             &status, NULL));
    CHECK(status == CL_BUILD_ERROR);
    CL(clReleaseProgram(good.program));
    CL(clReleaseProgram(bad.program));
    cl_close(&cl);
}

static void a_binary_can_be_saved_and_loaded(void)
{
    struct cl cl = cl_open(0);
    cl_program p = cl_build(&cl, add_source);
    size_t size = 0;
    cl_int status = -1, err;
    CL(clGetProgramInfo(p, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, NULL));
    CHECK(size > 0);
    unsigned char *binary = calloc(1, size);
    CL(clGetProgramInfo(p, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL));
    CL(clReleaseProgram(p));
    p = clCreateProgramWithBinary(cl.context, 1, &cl.device, &size, (const unsigned char **)&binary,
                                  &status, &err);
    CL(err);
    CL(status);
    free(binary);
    CL(clBuildProgram(p, 1, &cl.device, "", NULL, NULL));
    run_set(&cl, p);
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void a_bad_binary_is_refused(void)
{
    struct cl cl = cl_open(0);
    const unsigned char *binary = (const unsigned char *)"this is no binary";
    size_t size = 17, zero = 0;
    cl_int status = 0, err;
    CHECK(!clCreateProgramWithBinary(cl.context, 1, &cl.device, &size, &binary, &status, &err));
    CL_IS(err, CL_INVALID_BINARY);
    CHECK(!clCreateProgramWithBinary(cl.context, 1, &cl.device, &zero, &binary, NULL, &err));
    CL_IS(err, CL_INVALID_VALUE);
    cl_close(&cl);
}

static void compile_and_link_with_headers(void)
{
    struct cl cl = cl_open(0);
    cl_program header = create(&cl, "int twice(int x);\n");
    cl_program library = create(&cl, "int twice(int x) { return 2 * x; }\n");
    cl_program user = create(&cl, "#include \"lib/twice.h\"\n"
                                  "kernel void set(global int *a, int c)\n"
                                  "{ a[get_global_id(0)] = twice(c) - c; }\n");
    const char *name = "lib/twice.h";
    cl_program_binary_type type;
    cl_int err;
    CL(clCompileProgram(library, 1, &cl.device, "", 0, NULL, NULL, NULL, NULL));
    CL(clCompileProgram(user, 1, &cl.device, "", 1, &header, &name, NULL, NULL));
    CL(clGetProgramBuildInfo(user, cl.device, CL_PROGRAM_BINARY_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_PROGRAM_BINARY_TYPE_COMPILED_OBJECT);
    cl_program both[2] = {library, user};
    cl_program linked = clLinkProgram(cl.context, 1, &cl.device, "", 2, both, NULL, NULL, &err);
    CL(err);
    CL(clGetProgramBuildInfo(linked, cl.device, CL_PROGRAM_BINARY_TYPE, sizeof(type), &type, NULL));
    CHECK(type == CL_PROGRAM_BINARY_TYPE_EXECUTABLE);
    run_set(&cl, linked);
    CL(clReleaseProgram(header));
    CL(clReleaseProgram(library));
    CL(clReleaseProgram(user));
    CL(clReleaseProgram(linked));
    cl_close(&cl);
}

static void a_failed_compilation_is_an_error(void)
{
    struct cl cl = cl_open(0);
    cl_program p = create(&cl, "#include \"no/such/header.h\"\n");
    CL_IS(clCompileProgram(p, 1, &cl.device, "", 0, NULL, NULL, NULL, NULL),
          CL_COMPILE_PROGRAM_FAILURE);
    char *log = build_text(p, cl.device, CL_PROGRAM_BUILD_LOG);
    CHECK(strstr(log, "header.h"));
    free(log);
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void kernels_of_a_program_are_all_found(void)
{
    struct cl cl = cl_open(0);
    cl_program p = cl_build(&cl, add_source);
    cl_kernel k[2] = {0};
    cl_uint n = 0;
    char name[2][16], names[64];
    CL(clCreateKernelsInProgram(p, 0, NULL, &n));
    CHECK(n == 2);
    CL_IS(clCreateKernelsInProgram(p, 1, k, NULL), CL_INVALID_VALUE);
    CL(clCreateKernelsInProgram(p, 2, k, &n));
    for (int i = 0; i < 2; i++)
        CL(clGetKernelInfo(k[i], CL_KERNEL_FUNCTION_NAME, sizeof(name[i]), name[i], NULL));
    CHECK(strcmp(name[0], name[1]));
    CHECK((!strcmp(name[0], "add") || !strcmp(name[0], "set")));
    CL(clGetProgramInfo(p, CL_PROGRAM_KERNEL_NAMES, sizeof(names), names, NULL));
    CHECK(strstr(names, "add") && strstr(names, "set"));
    CL(clReleaseKernel(k[0]));
    CL(clReleaseKernel(k[1]));
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void kernel_info_is_right(void)
{
    struct cl cl = cl_open(0);
    cl_program p = cl_build(&cl, add_source), of;
    cl_context context;
    cl_uint args, refs;
    cl_int err;
    cl_kernel k = clCreateKernel(p, "add", &err);
    CL(err);
    CL(clGetKernelInfo(k, CL_KERNEL_NUM_ARGS, sizeof(args), &args, NULL));
    CL(clGetKernelInfo(k, CL_KERNEL_PROGRAM, sizeof(of), &of, NULL));
    CL(clGetKernelInfo(k, CL_KERNEL_CONTEXT, sizeof(context), &context, NULL));
    CL(clGetKernelInfo(k, CL_KERNEL_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    CHECK(args == 3 && of == p && context == cl.context && refs == 1);
    CHECK(!clCreateKernel(p, "no_such_kernel", &err));
    CL_IS(err, CL_INVALID_KERNEL_NAME);
    CL(clReleaseKernel(k));
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void kernel_argument_info_is_right(void)
{
    struct cl cl = cl_open(0);
    cl_program p = create(&cl, "kernel void k(global const float *restrict input, local int *tmp,"
                               " constant int4 *table, uint n) { if (n) tmp[0] = input[0]; }\n");
    cl_kernel_arg_address_qualifier space;
    cl_kernel_arg_type_qualifier qualifier;
    char text[64];
    cl_int err;
    CL(clBuildProgram(p, 1, &cl.device, "-cl-kernel-arg-info", NULL, NULL));
    cl_kernel k = clCreateKernel(p, "k", &err);
    CL(err);
    static const cl_kernel_arg_address_qualifier spaces[] = {
        CL_KERNEL_ARG_ADDRESS_GLOBAL, CL_KERNEL_ARG_ADDRESS_LOCAL, CL_KERNEL_ARG_ADDRESS_CONSTANT,
        CL_KERNEL_ARG_ADDRESS_PRIVATE};
    static const char *const names[] = {"input", "tmp", "table", "n"};
    static const char *const types[] = {"float*", "int*", "int4*", "uint"};
    for (cl_uint i = 0; i < 4; i++) {
        CL(clGetKernelArgInfo(k, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(space), &space, NULL));
        CHECK(space == spaces[i]);
        CL(clGetKernelArgInfo(k, i, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL));
        CHECK(!strcmp(text, names[i]));
        CL(clGetKernelArgInfo(k, i, CL_KERNEL_ARG_TYPE_NAME, sizeof(text), text, NULL));
        CHECK(!strcmp(text, types[i]));
    }
    CL(clGetKernelArgInfo(k, 0, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(qualifier), &qualifier, NULL));
    CHECK(qualifier & CL_KERNEL_ARG_TYPE_CONST);
    CL_IS(clGetKernelArgInfo(k, 4, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL),
          CL_INVALID_ARG_INDEX);
    CL(clReleaseKernel(k));
    CL(clReleaseProgram(p));
    cl_close(&cl);
}

static void work_group_info_is_right(void)
{
    struct cl cl = cl_open(0);
    cl_kernel k = cl_kernel_of(&cl,
                               "kernel __attribute__((reqd_work_group_size(4, 2, 1)))\n"
                               "void k(global int *p) { p[0] = 1; }\n",
                               "k");
    size_t size = 0, required[3] = {0};
    CL(clGetKernelWorkGroupInfo(k, cl.device, CL_KERNEL_WORK_GROUP_SIZE, sizeof(size), &size,
                                NULL));
    CHECK(size >= 8);
    CL(clGetKernelWorkGroupInfo(k, NULL, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(required),
                                required, NULL));
    CHECK(required[0] == 4 && required[1] == 2 && required[2] == 1);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void arguments_of_every_sort_reach_the_kernel(void)
{
    static const char source[] =
        "typedef struct { int a; char b; long c; } thing;\n"
        "kernel void k(global long *out, thing t, float4 v, local int *tmp, uchar c, double3 d)\n"
        "{ tmp[0] = t.a; out[0] = tmp[0]; out[1] = t.b; out[2] = t.c; out[3] = v.w; out[4] = c;\n"
        "  out[5] = d.z; }\n";
    struct cl cl = cl_open(0);
    struct {
        cl_int a;
        cl_char b;
        cl_long c;
    } thing = {11, -22, 1ll << 40};
    cl_float4 v = {{1, 2, 3, 44}};
    cl_double3 d = {{1, 2, 66, 0}};
    cl_uchar c = 255;
    cl_long out[6] = {0};
    cl_mem m = cl_buffer(&cl, sizeof(out));
    cl_kernel k = cl_kernel_of(&cl, source, "k");
    size_t one = 1;
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(thing), &thing));
    CL(clSetKernelArg(k, 2, sizeof(v), &v));
    CL(clSetKernelArg(k, 3, 64, NULL));
    CL(clSetKernelArg(k, 4, sizeof(c), &c));
    CL(clSetKernelArg(k, 5, sizeof(d), &d));
    CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, &one, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    CHECK(out[0] == 11 && out[1] == -22 && out[2] == 1ll << 40 && out[3] == 44 && out[4] == 255 &&
          out[5] == 66);
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

/* Arguments are taken at the launch: setting them again, or releasing a buffer
 * that is no argument any more, changes nothing that is under way. */
static void arguments_are_taken_at_the_launch(void)
{
    struct cl cl = cl_open(0);
    cl_kernel k = cl_kernel_of(&cl, add_source, "set");
    size_t one = 1;
    cl_int out[32], err;
    cl_mem m[32];
    cl_event gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    for (cl_int i = 0; i < 32; i++) {
        m[i] = cl_buffer(&cl, 4);
        CL(clSetKernelArg(k, 0, sizeof(m[i]), &m[i]));
        CL(clSetKernelArg(k, 1, sizeof(i), &i));
        CL(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 1, &gate, NULL));
    }
    CL(clSetUserEventStatus(gate, CL_COMPLETE));
    for (cl_int i = 0; i < 32; i++) {
        CL(clEnqueueReadBuffer(cl.queue, m[i], CL_TRUE, 0, 4, &out[i], 0, NULL, NULL));
        CHECK(out[i] == i);
        CL(clReleaseMemObject(m[i]));
    }
    CL(clReleaseEvent(gate));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void launches_have_offsets_and_three_dimensions(void)
{
    static const char source[] =
        "kernel void k(global int *out)\n"
        "{ size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
        "  out[(z * 8 + y) * 8 + x] = get_local_size(0) * 100 + get_num_groups(1) * 10 +\n"
        "                              get_global_offset(2); }\n";
    struct cl cl = cl_open(0);
    size_t offset[3] = {2, 1, 3}, global[3] = {4, 6, 2}, local[3] = {2, 3, 1};
    cl_int out[512] = {0}, zero = 0;
    cl_mem m = cl_buffer(&cl, sizeof(out));
    cl_kernel k = cl_kernel_of(&cl, source, "k");
    CL(clEnqueueFillBuffer(cl.queue, m, &zero, 4, 0, sizeof(out), 0, NULL, NULL));
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clEnqueueNDRangeKernel(cl.queue, k, 3, offset, global, local, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    for (size_t i = 0; i < 512; i++) {
        size_t x = i % 8, y = i / 8 % 8, z = i / 64;
        bool in = x >= 2 && x < 6 && y >= 1 && y < 7 && z >= 3 && z < 5;
        CHECK(out[i] == (in ? 223 : 0));
    }
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void a_cloned_kernel_has_the_arguments(void)
{
    struct cl cl = cl_open(0);
    cl_int value = 5, out = 0, err;
    size_t one = 1;
    cl_mem m = cl_buffer(&cl, 4);
    cl_kernel k = cl_kernel_of(&cl, add_source, "set");
    CL(clSetKernelArg(k, 0, sizeof(m), &m));
    CL(clSetKernelArg(k, 1, sizeof(value), &value));
    cl_kernel clone = clCloneKernel(k, &err);
    CL(err);
    value = 6;
    CL(clSetKernelArg(k, 1, sizeof(value), &value));
    CL(clEnqueueNDRangeKernel(cl.queue, clone, 1, NULL, &one, NULL, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 4, &out, 0, NULL, NULL));
    CHECK(out == 5);
    CL(clReleaseKernel(clone));
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* A program may name its types as it likes. */
static void a_types_name_that_resembles_a_handles_is_a_value(void)
{
    static const char source[] = "typedef struct { int w, h; } image_size;\n"
                                 "typedef ulong job_queue_t;\n"
                                 "kernel void k(image_size s, job_queue_t q, global ulong *out)\n"
                                 "{ out[0] = s.w * s.h; out[1] = q; }\n";
    struct cl cl = cl_open(0);
    cl_kernel k = cl_kernel_of(&cl, source, "k");
    cl_mem m = cl_buffer(&cl, 2 * sizeof(cl_ulong));
    cl_int size[2] = {6, 7};
    cl_ulong queue = 77, out[2] = {0};
    CL(clSetKernelArg(k, 0, sizeof(size), size));
    CL(clSetKernelArg(k, 1, sizeof(queue), &queue));
    CL(clSetKernelArg(k, 2, sizeof(m), &m));
    CL(clEnqueueTask(cl.queue, k, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    CHECK(out[0] == 42 && out[1] == 77);
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

/* Larger than a record of the ring, and than the ring itself. */
static void a_source_may_be_long(void)
{
    struct cl cl = cl_open(0);
    size_t n = 3u << 20;
    char *source = malloc(n + sizeof(add_source));
    memset(source, ' ', n);
    for (size_t i = 79; i < n; i += 80)
        source[i] = '\n';
    memcpy(source + n, add_source, sizeof(add_source));
    cl_program p = create(&cl, source);
    size_t size = 0;
    CL(clGetProgramInfo(p, CL_PROGRAM_SOURCE, 0, NULL, &size));
    CHECK(size == n + sizeof(add_source));
    char *back = malloc(size);
    CL(clGetProgramInfo(p, CL_PROGRAM_SOURCE, size, back, NULL));
    CHECK(!memcmp(source, back, size));
    CL(clBuildProgram(p, 1, &cl.device, "", NULL, NULL));
    run_set(&cl, p);
    CL(clReleaseProgram(p));
    free(source);
    free(back);
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_program_keeps_its_source),
    CASE(build_info_tells_what_was_built),
    CASE(a_failed_build_has_a_log),
    CASE(a_build_calls_back),
    CASE(a_binary_can_be_saved_and_loaded),
    CASE(a_bad_binary_is_refused),
    CASE(compile_and_link_with_headers),
    CASE(a_failed_compilation_is_an_error),
    CASE(kernels_of_a_program_are_all_found),
    CASE(kernel_info_is_right),
    CASE(kernel_argument_info_is_right),
    CASE(work_group_info_is_right),
    CASE(arguments_of_every_sort_reach_the_kernel),
    CASE(arguments_are_taken_at_the_launch),
    CASE(launches_have_offsets_and_three_dimensions),
    CASE(a_cloned_kernel_has_the_arguments),
    CASE(a_types_name_that_resembles_a_handles_is_a_value),
    CASE(a_source_may_be_long),
};

CHECK_MAIN(cases)
