// SPDX-License-Identifier: MIT
/*
 * As errors.c: calls with something wrong in them, whose errors must be the
 * runtime's own. Here: images, samplers, sub-devices, programs and kernels of
 * every making, callbacks, timers; and handles of another kind or context.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define SHOW(call) printf("%4d  %s\n", call, #call)
/* For calls that return an object and the error by reference. */
#define SHOW_MADE(call)                                                                            \
    do {                                                                                           \
        cl_int err = 12345;                                                                        \
        const void *made = (const void *)(call);                                                   \
        /* PoCL (3.1) returns whatever where a context is refused. */                              \
        printf("%4d %s %s\n", err, made || err ? "" : "NULL", #call);                              \
    } while (0)

static struct cl cl, other;
static cl_mem m, other_m, image;
static cl_program built, unbuilt, other_program;
static cl_kernel k;
static cl_sampler sampler;
static cl_event gate, other_gate;
static char bytes[65536] __attribute__((aligned(64)));
static size_t n;
static cl_uint count;

/* clang-format off: one call, one line */

static void wrong_handles(void)
{
    SHOW(clGetCommandQueueInfo(NULL, CL_QUEUE_SIZE, 0, NULL, &n));
    SHOW(clRetainSampler(NULL));
    SHOW(clReleaseSampler(NULL));
    SHOW(clGetSamplerInfo(NULL, CL_SAMPLER_CONTEXT, 0, NULL, &n));
    SHOW(clGetImageInfo(NULL, CL_IMAGE_WIDTH, 0, NULL, &n));
    SHOW(clGetImageInfo(m, CL_IMAGE_WIDTH, 0, NULL, &n));
    SHOW(clGetKernelSubGroupInfo(NULL, cl.device, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE, 0, NULL,
                                 0, NULL, &n));
}

static void images(void)
{
    cl_image_format good = {CL_RGBA, CL_UNORM_INT8}, bad_order = {0x7777, CL_UNORM_INT8},
                    bad_type = {CL_RGBA, 0x7777}, packed = {CL_R, CL_UNORM_SHORT_565},
                    unlikely = {CL_LUMINANCE, CL_SIGNED_INT32};
    cl_image_desc d2 = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8};
    cl_image_desc no_width = d2, no_height = d2, huge = d2, pitch = d2, bad_kind = d2, buffer = d2,
                  line = d2, pitched = d2, depth = d2;
    no_width.image_width = 0;
    no_height.image_height = 0;
    huge.image_width = (size_t)1 << 40;
    pitch.image_row_pitch = 32; /* without a host pointer */
    pitched.image_row_pitch = 7;
    bad_kind.image_type = CL_MEM_OBJECT_BUFFER;
    buffer.mem_object = other_m;
    line.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER;
    depth.image_type = CL_MEM_OBJECT_IMAGE3D;
    SHOW_MADE(clCreateImage(NULL, 0, &good, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, NULL, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, NULL, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &bad_order, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &bad_type, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &packed, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &unlikely, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &no_width, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &no_height, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &huge, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &pitch, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_COPY_HOST_PTR, &good, &pitched, bytes, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &bad_kind, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &depth, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &line, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &buffer, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 0, &good, &d2, bytes, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_USE_HOST_PTR, &good, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_COPY_HOST_PTR, &good, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, &good, &d2,
                            bytes, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, &good, &d2,
                            bytes, &err));
    SHOW_MADE(
        clCreateImage(cl.context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY, &good, &d2, NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, CL_MEM_HOST_READ_ONLY | CL_MEM_HOST_NO_ACCESS, &good, &d2,
                            NULL, &err));
    SHOW_MADE(clCreateImage(cl.context, 1u << 30, &good, &d2, NULL, &err));
    SHOW_MADE(clCreateImage2D(cl.context, 0, &good, 8, 8, 0, NULL, &err));
    SHOW_MADE(clCreateImage2D(cl.context, 0, &good, 0, 8, 0, NULL, &err));
    SHOW_MADE(clCreateImage2D(cl.context, 0, NULL, 8, 8, 0, NULL, &err));
    SHOW_MADE(clCreateImage3D(cl.context, 0, &good, 8, 8, 2, 0, 0, NULL, &err));
    SHOW_MADE(clCreateImage3D(cl.context, 0, &good, 8, 8, 0, 0, 0, NULL, &err));
    SHOW(clGetSupportedImageFormats(NULL, 0, CL_MEM_OBJECT_IMAGE2D, 0, NULL, &count));
    SHOW(clGetSupportedImageFormats(cl.context, 0, 0x7777, 0, NULL, &count));
    SHOW(clGetSupportedImageFormats(cl.context, 0, CL_MEM_OBJECT_BUFFER, 0, NULL, &count));
    SHOW(clGetSupportedImageFormats(cl.context, CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY,
                                    CL_MEM_OBJECT_IMAGE2D, 0, NULL, &count));
    SHOW(clGetSupportedImageFormats(cl.context, 0, CL_MEM_OBJECT_IMAGE2D, 0,
                                    (cl_image_format *)bytes, &count));
    SHOW(clGetSupportedImageFormats(cl.context, 0, CL_MEM_OBJECT_IMAGE2D, 0, NULL, NULL));
}

static void image_commands(void)
{
    size_t zero[3] = {0}, region[3] = {4, 4, 1}, empty[3] = {4, 0, 1}, deep[3] = {4, 4, 2},
           far[3] = {6, 0, 0}, pitch;
    float color[4] = {0};
    SHOW(clEnqueueReadImage(NULL, image, CL_TRUE, zero, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, NULL, CL_TRUE, zero, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, m, CL_TRUE, zero, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(other.queue, image, CL_TRUE, zero, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, NULL, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, NULL, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, region, 0, 0, NULL, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, empty, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, deep, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, far, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, region, 3, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueReadImage(cl.queue, image, CL_TRUE, zero, region, 0, 0, bytes, 1, NULL, NULL));
    SHOW(clEnqueueWriteImage(cl.queue, m, CL_TRUE, zero, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteImage(cl.queue, image, CL_TRUE, NULL, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteImage(cl.queue, image, CL_TRUE, far, region, 0, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueWriteImage(cl.queue, image, CL_TRUE, zero, region, 0, 0, NULL, 0, NULL, NULL));
    SHOW(clEnqueueWriteImage(cl.queue, image, CL_TRUE, zero, region, 3, 0, bytes, 0, NULL, NULL));
    SHOW(clEnqueueCopyImage(cl.queue, image, NULL, zero, zero, region, 0, NULL, NULL));
    SHOW(clEnqueueCopyImage(cl.queue, NULL, image, zero, zero, region, 0, NULL, NULL));
    SHOW(clEnqueueCopyImage(cl.queue, image, image, zero, far, region, 0, NULL, NULL));
    SHOW(clEnqueueCopyImageToBuffer(cl.queue, image, m, zero, region, 4095, 0, NULL, NULL));
    SHOW(clEnqueueCopyImageToBuffer(cl.queue, image, m, far, region, 0, 0, NULL, NULL));
    SHOW(clEnqueueCopyBufferToImage(cl.queue, m, image, 4095, zero, region, 0, NULL, NULL));
    SHOW(clEnqueueFillImage(cl.queue, NULL, color, zero, region, 0, NULL, NULL));
    SHOW(clEnqueueFillImage(cl.queue, image, NULL, zero, region, 0, NULL, NULL));
    SHOW(clEnqueueFillImage(cl.queue, image, color, NULL, region, 0, NULL, NULL));
    SHOW(clEnqueueFillImage(cl.queue, image, color, far, region, 0, NULL, NULL));
    SHOW_MADE(clEnqueueMapImage(NULL, image, CL_TRUE, CL_MAP_READ, zero, region, &pitch, NULL, 0,
                                NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapImage(cl.queue, NULL, CL_TRUE, CL_MAP_READ, zero, region, &pitch, NULL, 0,
                                NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapImage(cl.queue, image, CL_TRUE, CL_MAP_READ, zero, region, NULL, NULL, 0,
                                NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapImage(cl.queue, image, CL_TRUE, CL_MAP_READ, NULL, region, &pitch, NULL,
                                0, NULL, NULL, &err));
    SHOW_MADE(clEnqueueMapImage(cl.queue, image, CL_TRUE, CL_MAP_READ, far, region, &pitch, NULL, 0,
                                NULL, NULL, &err));
    SHOW(clEnqueueUnmapMemObject(cl.queue, image, bytes, 0, NULL, NULL));
}

static void samplers(void)
{
    cl_sampler_properties unknown[] = {0x7777, 1, 0},
                          bad_value[] = {CL_SAMPLER_FILTER_MODE, 0x7777, 0},
                          twice[] = {CL_SAMPLER_FILTER_MODE, CL_FILTER_LINEAR,
                                     CL_SAMPLER_FILTER_MODE, CL_FILTER_LINEAR, 0},
                          mips[] = {0x1155, CL_FILTER_LINEAR, 0};
    SHOW_MADE(clCreateSampler(NULL, CL_TRUE, CL_ADDRESS_CLAMP, CL_FILTER_LINEAR, &err));
    SHOW_MADE(clCreateSampler(cl.context, CL_TRUE, 0x7777, CL_FILTER_LINEAR, &err));
    SHOW_MADE(clCreateSampler(cl.context, CL_TRUE, CL_ADDRESS_CLAMP, 0x7777, &err));
    SHOW_MADE(clCreateSampler(cl.context, 7, CL_ADDRESS_CLAMP, CL_FILTER_LINEAR, &err));
    SHOW_MADE(clCreateSampler(cl.context, CL_FALSE, CL_ADDRESS_REPEAT, CL_FILTER_LINEAR, &err));
    SHOW_MADE(clCreateSamplerWithProperties(NULL, NULL, &err));
    SHOW_MADE(clCreateSamplerWithProperties(cl.context, unknown, &err));
    SHOW_MADE(clCreateSamplerWithProperties(cl.context, bad_value, &err));
    SHOW_MADE(clCreateSamplerWithProperties(cl.context, twice, &err));
    SHOW_MADE(clCreateSamplerWithProperties(cl.context, mips, &err));
    SHOW(clGetSamplerInfo(sampler, 0xffff, 0, NULL, &n));
    SHOW(clGetSamplerInfo(sampler, CL_SAMPLER_CONTEXT, 1, bytes, NULL));
}

static void contexts(void)
{
    cl_context_properties null_platform[] = {CL_CONTEXT_PLATFORM, 0, 0},
                          sync[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform,
                                    CL_CONTEXT_INTEROP_USER_SYNC, CL_TRUE, 0},
                          unknown[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)cl.platform,
                                       0x7777, 0, 0};
    cl_device_id twice[2] = {cl.device, cl.device}, second_null[2] = {cl.device, NULL};
    SHOW_MADE(clCreateContext(null_platform, 1, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(sync, 1, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(unknown, 1, &cl.device, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 2, twice, NULL, NULL, &err));
    SHOW_MADE(clCreateContext(NULL, 2, second_null, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(null_platform, CL_DEVICE_TYPE_ALL, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(sync, CL_DEVICE_TYPE_ALL, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(unknown, CL_DEVICE_TYPE_ALL, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(NULL, CL_DEVICE_TYPE_ALL, NULL, bytes, &err));
    SHOW_MADE(clCreateContextFromType(NULL, CL_DEVICE_TYPE_GPU, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(NULL, CL_DEVICE_TYPE_ACCELERATOR, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(NULL, CL_DEVICE_TYPE_CUSTOM, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(NULL, 0, NULL, NULL, &err));
    SHOW_MADE(clCreateContextFromType(NULL, (cl_device_type)1 << 40, NULL, NULL, &err));
    SHOW(clSetContextDestructorCallback(NULL, NULL, NULL));
    SHOW(clSetContextDestructorCallback(cl.context, NULL, NULL));
}

static void sub_devices(void)
{
    cl_device_partition_property nothing[] = {0}, unknown[] = {0x7777, 1, 0},
                                 none[] = {CL_DEVICE_PARTITION_EQUALLY, 0, 0},
                                 too_many[] = {CL_DEVICE_PARTITION_EQUALLY, 1 << 20, 0},
                                 one[] = {CL_DEVICE_PARTITION_EQUALLY, 1, 0},
                                 no_counts[] = {CL_DEVICE_PARTITION_BY_COUNTS,
                                                CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0},
                                 big_count[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1 << 20,
                                                CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0},
                                 one_count[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1,
                                                CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0},
                                 domain[] = {CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN,
                                             CL_DEVICE_AFFINITY_DOMAIN_NUMA, 0},
                                 bad_domain[] = {CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN, 0x7777, 0};
    cl_device_id out[64];
    SHOW(clCreateSubDevices(cl.device, nothing, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, unknown, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, none, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, too_many, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, no_counts, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, big_count, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, one_count, 0, NULL, &count));
    printf("would make %u\n", count);
    SHOW(clCreateSubDevices(cl.device, domain, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, bad_domain, 0, NULL, &count));
    SHOW(clCreateSubDevices(cl.device, one, 0, NULL, NULL));
    SHOW(clCreateSubDevices(cl.device, one, 0, out, &count));
    count = 0;
    SHOW(clCreateSubDevices(cl.device, one, 0, NULL, &count));
    printf("would make %u\n", count);
    if (count > 1)
        SHOW(clCreateSubDevices(cl.device, one, 1, out, NULL)); /* too few */
}

static void timers(void)
{
    cl_ulong a, b;
    SHOW(clGetDeviceAndHostTimer(NULL, &a, &b));
    SHOW(clGetDeviceAndHostTimer(cl.device, &a, &b));
    SHOW(clGetDeviceAndHostTimer(cl.device, NULL, &b));
    SHOW(clGetDeviceAndHostTimer(cl.device, &a, NULL));
    SHOW(clGetHostTimer(NULL, &a));
    SHOW(clGetHostTimer(cl.device, &a));
    SHOW(clGetHostTimer(cl.device, NULL));
}

static void CL_CALLBACK never(cl_program p, void *opaque)
{
    (void)p, (void)opaque;
}

static void CL_CALLBACK never_native(void *opaque)
{
    (void)opaque;
}

static void CL_CALLBACK never_event(cl_event e, cl_int status, void *opaque)
{
    (void)e, (void)status, (void)opaque;
}

static void programs(void)
{
    const unsigned char *binary = (const unsigned char *)"this is no binary at all",
                        *null_binary = NULL;
    size_t length = 24, zero = 0;
    cl_int status = 12345;
    cl_uint value = 1;
    cl_device_id none = NULL;
    SHOW_MADE(clCreateProgramWithBinary(NULL, 1, &cl.device, &length, &binary, &status, &err));
    SHOW_MADE(
        clCreateProgramWithBinary(cl.context, 0, &cl.device, &length, &binary, &status, &err));
    SHOW_MADE(clCreateProgramWithBinary(cl.context, 1, NULL, &length, &binary, &status, &err));
    SHOW_MADE(clCreateProgramWithBinary(cl.context, 1, &none, &length, &binary, &status, &err));
    SHOW_MADE(clCreateProgramWithBinary(cl.context, 1, &cl.device, NULL, &binary, &status, &err));
    SHOW_MADE(clCreateProgramWithBinary(cl.context, 1, &cl.device, &zero, &binary, &status, &err));
    SHOW_MADE(
        clCreateProgramWithBinary(cl.context, 1, &cl.device, &length, &null_binary, &status, &err));
    status = 12345;
    SHOW_MADE(
        clCreateProgramWithBinary(cl.context, 1, &cl.device, &length, &binary, &status, &err));
    printf("status %d\n", status);
    SHOW_MADE(clCreateProgramWithBuiltInKernels(NULL, 1, &cl.device, "x", &err));
    SHOW_MADE(clCreateProgramWithBuiltInKernels(cl.context, 0, &cl.device, "x", &err));
    SHOW_MADE(clCreateProgramWithBuiltInKernels(cl.context, 1, NULL, "x", &err));
    SHOW_MADE(clCreateProgramWithBuiltInKernels(cl.context, 1, &cl.device, NULL, &err));
    SHOW_MADE(clCreateProgramWithBuiltInKernels(cl.context, 1, &cl.device, "no such kernel", &err));
    SHOW_MADE(clCreateProgramWithIL(NULL, bytes, 20, &err));
    SHOW_MADE(clCreateProgramWithIL(cl.context, NULL, 20, &err));
    SHOW_MADE(clCreateProgramWithIL(cl.context, bytes, 0, &err));
    SHOW_MADE(clCreateProgramWithIL(cl.context, bytes, 20, &err));
    SHOW(clSetProgramSpecializationConstant(NULL, 0, 4, &value));
    SHOW(clSetProgramReleaseCallback(NULL, never, NULL));
    SHOW(clSetProgramReleaseCallback(unbuilt, never, NULL));
    SHOW(clUnloadPlatformCompiler(NULL));
    SHOW(clUnloadPlatformCompiler(cl.platform));
    SHOW(clUnloadCompiler());
    SHOW(clCompileProgram(unbuilt, 1, NULL, "", 0, NULL, NULL, NULL, NULL));
    SHOW(clCompileProgram(unbuilt, 0, &cl.device, "", 0, NULL, NULL, NULL, NULL));
    SHOW(clCompileProgram(unbuilt, 0, NULL, "", 0, NULL, NULL, NULL, bytes));
    SHOW(clCompileProgram(unbuilt, 0, NULL, "-no-such-option", 0, NULL, NULL, NULL, NULL));
    SHOW(clCompileProgram(built, 0, NULL, "", 0, NULL, NULL, NULL, NULL)); /* has a kernel */
    SHOW(clBuildProgram(unbuilt, 0, NULL, "-no-such-option", NULL, NULL));
    SHOW_MADE(clLinkProgram(cl.context, 1, NULL, "", 1, &built, NULL, NULL, &err));
    SHOW_MADE(clLinkProgram(cl.context, 0, &cl.device, "", 1, &built, NULL, NULL, &err));
    SHOW_MADE(clLinkProgram(cl.context, 0, NULL, "", 1, NULL, NULL, NULL, &err));
    SHOW_MADE(clLinkProgram(cl.context, 0, NULL, "", 1, &unbuilt, NULL, NULL, &err));
    SHOW(clGetProgramInfo(unbuilt, CL_PROGRAM_NUM_KERNELS, 0, NULL, &n));
    SHOW(clGetProgramInfo(unbuilt, CL_PROGRAM_KERNEL_NAMES, 0, NULL, &n));
    SHOW(clGetProgramInfo(unbuilt, CL_PROGRAM_BINARY_SIZES, 0, NULL, &n));
    SHOW(clGetProgramInfo(unbuilt, CL_PROGRAM_BINARIES, 0, NULL, &n));
    SHOW(clGetProgramInfo(built, CL_PROGRAM_BINARIES, 1, bytes, NULL));
    SHOW(clGetProgramInfo(built, CL_PROGRAM_IL, 0, NULL, &n));
    SHOW(clCreateKernelsInProgram(NULL, 0, NULL, &count));
    SHOW(clCreateKernelsInProgram(unbuilt, 0, NULL, &count));
    SHOW(clCreateKernelsInProgram(built, 0, NULL, NULL));
    SHOW(clCreateKernelsInProgram(built, 0, NULL, &count));
    printf("would make %u\n", count);
}

static void kernels(void)
{
    size_t one = 1, ones[3] = {1, 1, 1}, zero = 0, two = 2, three = 3, sizes[8] = {0};
    SHOW_MADE(clCloneKernel(NULL, &err));
    SHOW(clSetKernelArg(k, 0, sizeof(cl_mem), NULL));
    SHOW(clSetKernelArg(k, 0, sizeof(cl_mem), &sampler));
    SHOW(clSetKernelArg(k, 0, sizeof(cl_mem), &cl.queue));
    SHOW(clSetKernelArg(k, 0, 0, NULL));
    SHOW(clSetKernelArg(k, 1, 4, NULL));
    SHOW(clSetKernelArg(k, 1, 0, bytes));
    SHOW(clSetKernelArg(k, 1, 0, NULL));
    SHOW(clSetKernelArg(k, 1, SIZE_MAX, bytes));
    SHOW(clSetKernelArg(k, 2, 0, NULL));
    SHOW(clSetKernelArg(k, 2, 64, bytes));
    SHOW(clSetKernelArg(k, 2, 64, NULL));
    SHOW(clSetKernelArg(k, 0, sizeof(cl_mem), &m));
    SHOW(clSetKernelArg(k, 1, 4, bytes));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, NULL, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &zero, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &three, &two, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, &zero, 0, NULL, NULL));
    SHOW(clEnqueueNDRangeKernel(cl.queue, k, 1, NULL, &one, NULL, 0, &gate, NULL));
    SHOW(clEnqueueTask(NULL, k, 0, NULL, NULL));
    SHOW(clGetKernelWorkGroupInfo(k, cl.device, CL_KERNEL_GLOBAL_WORK_SIZE, sizeof(sizes), sizes,
                                  &n));
    SHOW(clGetKernelWorkGroupInfo(k, cl.device, CL_KERNEL_WORK_GROUP_SIZE, 1, bytes, NULL));
    for (cl_uint name = CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE - 1;
         name <= CL_KERNEL_COMPILE_NUM_SUB_GROUPS + 2; name++) {
        printf("sub-group info %x\n", name);
        SHOW(clGetKernelSubGroupInfo(k, cl.device, name, 0, NULL, 0, NULL, &n));
        SHOW(clGetKernelSubGroupInfo(k, cl.device, name, sizeof(ones), ones, sizeof(sizes), sizes,
                                     &n));
        SHOW(clGetKernelSubGroupInfo(k, cl.device, name, 3, ones, sizeof(sizes), sizes, &n));
        SHOW(clGetKernelSubGroupInfo(k, cl.device, name, sizeof(two), &two, sizeof(sizes), sizes,
                                     &n));
        SHOW(clGetKernelSubGroupInfo(k, NULL, name, sizeof(ones), ones, sizeof(sizes), sizes, &n));
    }
    SHOW(clEnqueueNativeKernel(NULL, never_native, NULL, 0, 0, NULL, NULL, 0, NULL, NULL));
    SHOW(clEnqueueNativeKernel(cl.queue, NULL, bytes, 4, 0, NULL, NULL, 0, NULL, NULL));
    CL(clFinish(cl.queue));
}

static void events(void)
{
    cl_event e = NULL;
    cl_int err;
    SHOW(clEnqueueWaitForEvents(NULL, 1, &gate));
    SHOW(clEnqueueMarker(NULL, &e));
    SHOW(clEnqueueMarkerWithWaitList(cl.queue, 1, &other_gate, NULL));
    SHOW(clEnqueueBarrierWithWaitList(NULL, 0, NULL, NULL));
    SHOW(clEnqueueBarrierWithWaitList(cl.queue, 0, &gate, NULL));
    SHOW(clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_END, 0, NULL, &n));
    SHOW(clGetEventProfilingInfo(gate, 0xffff, 0, NULL, &n));
    SHOW(clSetEventCallback(gate, 0x7777, never_event, NULL));
    SHOW(clSetUserEventStatus(gate, 7));
    SHOW(clSetUserEventStatus(gate, CL_COMPLETE));
    SHOW(clSetUserEventStatus(gate, CL_COMPLETE)); /* once only */
    SHOW(clSetUserEventStatus(gate, -1));
    CL(clEnqueueMarkerWithWaitList(cl.queue, 0, NULL, &e));
    SHOW(clSetUserEventStatus(e, CL_COMPLETE));
    CL(clWaitForEvents(1, &e));
    CL(clReleaseEvent(e));
    e = clCreateUserEvent(cl.context, &err);
    CL(err);
    cl_event both[2] = {e, other_gate};
    SHOW(clWaitForEvents(2, both));
    CL(clSetUserEventStatus(e, -5));
    SHOW(clWaitForEvents(1, &e));
    CL(clReleaseEvent(e));
}

static void copies(void)
{
    size_t zero[3] = {0}, region[3] = {8, 8, 1}, far[3] = {0, 511, 1};
    SHOW(clEnqueueCopyBufferRect(cl.queue, m, other_m, zero, zero, region, 0, 0, 0, 0, 0, NULL,
                                 NULL));
    SHOW(clEnqueueCopyBufferRect(cl.queue, m, m, zero, far, region, 8, 0, 8, 0, 0, NULL, NULL));
    SHOW(clEnqueueCopyBufferRect(cl.queue, m, m, zero, zero, region, 8, 0, 8, 0, 0, NULL, NULL));
    SHOW(clEnqueueCopyBufferRect(cl.queue, m, m, zero, zero, region, 4, 0, 8, 0, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 1, &other_m, 0, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 1, &m, 0x7777, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(NULL, 1, &m, 0, 0, NULL, NULL));
    SHOW(clEnqueueMigrateMemObjects(cl.queue, 1, &m, CL_MIGRATE_MEM_OBJECT_HOST, 0, NULL, NULL));
    CL(clFinish(cl.queue));
}

/* clang-format on */

int main(void)
{
    cl_image_format rgba = {CL_RGBA, CL_UNORM_INT8};
    cl_image_desc d = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8};
    const char *source = "kernel void k() {}";
    cl_int err;
    setvbuf(stdout, NULL, _IOLBF, 0);
    cl = cl_open(0);
    other = cl_open(0);
    m = cl_buffer(&cl, 4096);
    other_m = cl_buffer(&other, 4096);
    image = clCreateImage(cl.context, 0, &rgba, &d, NULL, &err);
    CL(err);
    sampler = clCreateSampler(cl.context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &err);
    CL(err);
    built = cl_build(&cl, "kernel void k(global int *a, int b, local int *c) { *a = b + *c; }");
    unbuilt = clCreateProgramWithSource(cl.context, 1, &source, NULL, &err);
    CL(err);
    other_program = clCreateProgramWithSource(other.context, 1, &source, NULL, &err);
    CL(err);
    k = clCreateKernel(built, "k", &err);
    CL(err);
    gate = clCreateUserEvent(cl.context, &err);
    CL(err);
    other_gate = clCreateUserEvent(other.context, &err);
    CL(err);
    wrong_handles();
    contexts();
    sub_devices();
    timers();
    images();
    image_commands();
    samplers();
    programs();
    kernels();
    copies();
    events();
    return 0;
}
