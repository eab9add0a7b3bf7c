// SPDX-License-Identifier: MIT
/*
 * Pipes, where the device has them. (What one says that has none, errors.c pins.)
 */
#include <stdio.h>

#include "check.h"

static bool has_pipes(struct cl *cl)
{
    cl_bool has = CL_FALSE;
    cl_int err = clGetDeviceInfo(cl->device, CL_DEVICE_PIPE_SUPPORT, sizeof(has), &has, NULL);
    return !err && has;
}

static cl_program build(struct cl *cl, const char *source)
{
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl->context, 1, &source, NULL, &err);
    CL(err);
    CL(clBuildProgram(p, 1, &cl->device, "-cl-std=CL2.0 -cl-kernel-arg-info", NULL, NULL));
    return p;
}

static void pipe_info_is_as_created(void)
{
    struct cl cl = cl_open(0);
    cl_int err;
    cl_uint packet = 0, packets = 0, refs = 0;
    cl_mem_object_type type = 0;
    cl_context context = NULL;
    size_t n = 1;
    cl_mem p = clCreatePipe(cl.context, 0, 4, 100, NULL, &err);
    CL(err);
    CL(clGetPipeInfo(p, CL_PIPE_PACKET_SIZE, sizeof(packet), &packet, NULL));
    CL(clGetPipeInfo(p, CL_PIPE_MAX_PACKETS, sizeof(packets), &packets, NULL));
    CHECK(packet == 4 && packets >= 100);
    if (!clGetPipeInfo(p, CL_PIPE_PROPERTIES, 0, NULL, &n)) /* OpenCL 3.0 */
        CHECK(n == 0);
    CL(clRetainMemObject(p));
    CL(clGetMemObjectInfo(p, CL_MEM_TYPE, sizeof(type), &type, NULL));
    CL(clGetMemObjectInfo(p, CL_MEM_CONTEXT, sizeof(context), &context, NULL));
    CL(clGetMemObjectInfo(p, CL_MEM_REFERENCE_COUNT, sizeof(refs), &refs, NULL));
    CHECK(type == CL_MEM_OBJECT_PIPE && context == cl.context && refs == 2);
    CL(clReleaseMemObject(p));
    CL(clReleaseMemObject(p));
    cl_close(&cl);
}

static const char source[] = "kernel void fill(global const uint *in, write_only pipe uint p)\n"
                             "{ uint x = in[get_global_id(0)]; while (write_pipe(p, &x)) ; }\n"
                             "kernel void drain(read_only pipe uint p, global uint *out)\n"
                             "{ uint x = 0; if (!read_pipe(p, &x)) out[get_global_id(0)] = x; }\n";

static void packets_pass_from_kernel_to_kernel(void)
{
    enum { N = 64 };
    struct cl cl = cl_open(0);
    uint32_t in[N], out[N], seen[N] = {0};
    size_t n = N;
    cl_int err;
    cl_mem a = cl_buffer(&cl, sizeof(in)), b = cl_buffer(&cl, sizeof(out));
    cl_mem p = clCreatePipe(cl.context, 0, 4, N, NULL, &err);
    CL(err);
    cl_program program = build(&cl, source);
    cl_kernel fill = clCreateKernel(program, "fill", &err);
    CL(err);
    cl_kernel drain = clCreateKernel(program, "drain", &err);
    CL(err);
    for (uint32_t i = 0; i < N; i++)
        in[i] = i;
    CL(clEnqueueWriteBuffer(cl.queue, a, CL_TRUE, 0, sizeof(in), in, 0, NULL, NULL));
    CL(clSetKernelArg(fill, 0, sizeof(a), &a));
    CL(clSetKernelArg(fill, 1, sizeof(p), &p));
    CL(clSetKernelArg(drain, 0, sizeof(p), &p));
    CL(clSetKernelArg(drain, 1, sizeof(b), &b));
    CL(clEnqueueNDRangeKernel(cl.queue, fill, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clEnqueueNDRangeKernel(cl.queue, drain, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clEnqueueReadBuffer(cl.queue, b, CL_TRUE, 0, sizeof(out), out, 0, NULL, NULL));
    for (uint32_t i = 0; i < N; i++) {
        CHECK(out[i] < N);
        seen[out[i]]++;
    }
    for (uint32_t i = 0; i < N; i++)
        CHECK(seen[i] == 1);
    CL(clReleaseKernel(fill));
    CL(clReleaseKernel(drain));
    CL(clReleaseProgram(program));
    CL(clReleaseMemObject(p));
    CL(clReleaseMemObject(a));
    CL(clReleaseMemObject(b));
    cl_close(&cl);
}

static void a_pipe_is_no_image(void)
{
    struct cl cl = cl_open(0);
    size_t width;
    cl_int err;
    cl_mem p = clCreatePipe(cl.context, 0, 4, 4, NULL, &err);
    CL(err);
    CL_IS(clGetImageInfo(p, CL_IMAGE_WIDTH, sizeof(width), &width, NULL), CL_INVALID_MEM_OBJECT);
    CL(clReleaseMemObject(p));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(pipe_info_is_as_created),
    CASE(packets_pass_from_kernel_to_kernel),
    CASE(a_pipe_is_no_image),
};

int main(int argc, char **argv)
{
    struct cl cl = cl_open(0);
    bool has = has_pipes(&cl);
    cl_close(&cl);
    if (has)
        return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
    puts("skipped: the runtime's first device has no pipes");
    return 77;
}
