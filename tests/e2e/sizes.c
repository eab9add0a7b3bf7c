// SPDX-License-Identifier: MIT
/*
 * The queries whose values are size_t, as numbers: a 32-bit program must read
 * the same on the same host, up to what its size_t can hold.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

static cl_int device(void *o, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetDeviceInfo(o, name, size, value, ret);
}

static cl_int image(void *o, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetImageInfo(o, name, size, value, ret);
}

static cl_int mem(void *o, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetMemObjectInfo(o, name, size, value, ret);
}

static cl_int program(void *o, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetProgramInfo(o, name, size, value, ret);
}

static cl_int group(void *o, cl_uint name, size_t size, void *value, size_t *ret)
{
    return clGetKernelWorkGroupInfo(o, NULL, name, size, value, ret);
}

static void show(cl_int (*query)(void *, cl_uint, size_t, void *, size_t *), void *o, cl_uint name)
{
    size_t value[64], n = 0, again = 0;
    CL(query(o, name, 0, NULL, &n));
    CHECK(n % sizeof(size_t) == 0 && n <= sizeof(value));
    CL(query(o, name, n, value, &again));
    CHECK(again == n);
    if (n)
        CL_IS(query(o, name, n - 1, value, NULL), CL_INVALID_VALUE);
    printf("%04x:", name);
    for (size_t i = 0; i < n / sizeof(size_t); i++)
        printf(" %zu", value[i] > UINT32_MAX ? (size_t)UINT32_MAX : value[i]);
    printf("\n");
}

int main(void)
{
    static const cl_uint device_names[] = {
        CL_DEVICE_MAX_WORK_GROUP_SIZE,   CL_DEVICE_MAX_WORK_ITEM_SIZES,
        CL_DEVICE_IMAGE2D_MAX_WIDTH,     CL_DEVICE_IMAGE3D_MAX_DEPTH,
        CL_DEVICE_IMAGE_MAX_BUFFER_SIZE, CL_DEVICE_IMAGE_MAX_ARRAY_SIZE,
        CL_DEVICE_MAX_PARAMETER_SIZE,    CL_DEVICE_PROFILING_TIMER_RESOLUTION,
        CL_DEVICE_PRINTF_BUFFER_SIZE,    CL_DEVICE_MAX_GLOBAL_VARIABLE_SIZE,
        CL_DEVICE_PARTITION_PROPERTIES,  CL_DEVICE_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
    };
    struct cl cl = cl_open(0);
    cl_image_format rgba = {CL_RGBA, CL_UNORM_INT8};
    cl_image_desc desc = {
        .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 20, .image_height = 10};
    cl_int err;
    for (size_t i = 0; i < sizeof(device_names) / sizeof(device_names[0]); i++)
        show(device, cl.device, device_names[i]);
    cl_mem m = clCreateImage(cl.context, 0, &rgba, &desc, NULL, &err);
    CL(err);
    for (cl_uint name = CL_IMAGE_ELEMENT_SIZE; name <= CL_IMAGE_ARRAY_SIZE; name++)
        show(image, m, name);
    show(mem, m, CL_MEM_SIZE);
    CL(clReleaseMemObject(m));
    m = cl_buffer(&cl, 12345);
    show(mem, m, CL_MEM_SIZE);
    show(mem, m, CL_MEM_OFFSET);
    cl_program p = cl_build(&cl, "kernel __attribute__((reqd_work_group_size(4, 2, 1)))\n"
                                 "void k(global int *a, int b) { *a = b; }");
    show(program, p, CL_PROGRAM_NUM_KERNELS);
    cl_kernel k = clCreateKernel(p, "k", &err);
    CL(err);
    show(group, k, CL_KERNEL_WORK_GROUP_SIZE);
    show(group, k, CL_KERNEL_COMPILE_WORK_GROUP_SIZE);
    show(group, k, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE);
    cl_mem none = NULL;
    printf("buffer %d, null buffer %d, too small %d\n", clSetKernelArg(k, 0, sizeof(m), &m),
           clSetKernelArg(k, 0, sizeof(none), &none), clSetKernelArg(k, 0, 1, &none));
    CL(clReleaseKernel(k));
    CL(clReleaseProgram(p));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
    return 0;
}
