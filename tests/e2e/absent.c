// SPDX-License-Identifier: MIT
/*
 * Calls that docs/coverage.md says are not carried: each is there, and says
 * what the specification has for a device that cannot do it. Remote only.
 */
#include <string.h>

#include <CL/cl_ext.h>

#include "check.h"

/* A program that finds an extension calls its functions. */
static void no_extension_is_shown_without_its_functions(void)
{
    static const struct {
        const char *extension, *function;
    } needs[] = {
        {"cl_khr_command_buffer", "clCreateCommandBufferKHR"},
        {"cl_khr_semaphore", "clCreateSemaphoreWithPropertiesKHR"},
        {"cl_khr_gl_sharing", "clCreateFromGLBuffer"},
        {"cl_intel_unified_shared_memory", "clHostMemAllocINTEL"},
        {"cl_pocl_content_size", "clSetContentSizeBufferPoCL"},
        {"cl_ext_device_fission", "clCreateSubDevicesEXT"},
    };
    struct cl cl = cl_open(0);
    cl_platform_id platform;
    char list[2][8192];
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_PLATFORM, sizeof(platform), &platform, NULL));
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_EXTENSIONS, sizeof(list[0]), list[0], NULL));
    CL(clGetPlatformInfo(platform, CL_PLATFORM_EXTENSIONS, sizeof(list[1]), list[1], NULL));
    CHECK(strstr(list[0], "cl_khr_byte_addressable_store"));
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
        if (strstr(list[0], needs[i].extension) || strstr(list[1], needs[i].extension))
            CHECK(clGetExtensionFunctionAddressForPlatform(platform, needs[i].function));
    cl_close(&cl);
}

static void svm_is_refused(void)
{
    struct cl cl = cl_open(0);
    cl_device_svm_capabilities can = 1;
    static char memory[64];
    void *p = memory;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_SVM_CAPABILITIES, sizeof(can), &can, NULL));
    CHECK(can == 0);
    CHECK(!clSVMAlloc(cl.context, CL_MEM_READ_WRITE, 64, 0));
    clSVMFree(cl.context, NULL);
    CL_IS(clEnqueueSVMFree(cl.queue, 1, &p, NULL, NULL, 0, NULL, NULL), CL_INVALID_OPERATION);
    CL_IS(clEnqueueSVMMemcpy(cl.queue, CL_TRUE, p, p, 8, 0, NULL, NULL), CL_INVALID_OPERATION);
    CL_IS(clEnqueueSVMMemFill(cl.queue, p, p, 1, 8, 0, NULL, NULL), CL_INVALID_OPERATION);
    CL_IS(clEnqueueSVMMap(cl.queue, CL_TRUE, CL_MAP_READ, p, 8, 0, NULL, NULL),
          CL_INVALID_OPERATION);
    CL_IS(clEnqueueSVMUnmap(cl.queue, p, 0, NULL, NULL), CL_INVALID_OPERATION);
    CL_IS(clEnqueueSVMMigrateMem(cl.queue, 1, (const void **)&p, NULL, 0, 0, NULL, NULL),
          CL_INVALID_OPERATION);
    cl_close(&cl);
}

static void svm_arguments_are_refused(void)
{
    struct cl cl = cl_open(0);
    static char memory[64];
    cl_kernel k = cl_kernel_of(&cl, "kernel void k(global int *p) { *p = 1; }", "k");
    CL_IS(clSetKernelArgSVMPointer(k, 0, memory), CL_INVALID_OPERATION);
    CL_IS(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(void *), memory),
          CL_INVALID_OPERATION);
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

/* PoCL (3.1) ends the process when it is asked for one; that is not passed on. */
static void queues_on_a_device_without_them_are_refused(void)
{
    struct cl cl = cl_open(0);
    cl_queue_properties list[] = {CL_QUEUE_PROPERTIES,
                                  CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, 0};
    cl_uint most = 0;
    cl_int err = CL_SUCCESS;
    clGetDeviceInfo(cl.device, CL_DEVICE_MAX_ON_DEVICE_QUEUES, sizeof(most), &most, NULL);
    if (!most) {
        CHECK(!clCreateCommandQueueWithProperties(cl.context, cl.device, list, &err));
        CHECK(err == CL_INVALID_QUEUE_PROPERTIES);
        CL(clFinish(cl.queue));
    }
    cl_close(&cl);
}

/* They would need regions of four dimensions; PoCL (3.1) ends the process. */
static void images_of_several_levels_or_samples_are_refused(void)
{
    struct cl cl = cl_open(0);
    cl_image_format format = {CL_RGBA, CL_UNORM_INT8};
    cl_image_desc levels = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8,
                            .image_height = 8, .num_mip_levels = 3};
    cl_image_desc samples = {.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8,
                             .image_height = 8, .num_samples = 2};
    cl_int err = CL_SUCCESS;
    CHECK(!clCreateImage(cl.context, 0, &format, &levels, NULL, &err));
    CHECK(err == CL_INVALID_IMAGE_DESCRIPTOR);
    CHECK(!clCreateImage(cl.context, 0, &format, &samples, NULL, &err));
    CHECK(err == CL_INVALID_IMAGE_DESCRIPTOR);
    CL(clFinish(cl.queue));
    cl_close(&cl);
}

static void no_extension_function_is_promised(void)
{
    struct cl cl = cl_open(0);
    CHECK(!clGetExtensionFunctionAddressForPlatform(cl.platform, "clCreateFromNothingKHR"));
    CHECK(!clGetExtensionFunctionAddressForPlatform(cl.platform, "clHostMemAllocINTEL"));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(no_extension_is_shown_without_its_functions),
    CASE(svm_is_refused),
    CASE(svm_arguments_are_refused),
    CASE(queues_on_a_device_without_them_are_refused),
    CASE(images_of_several_levels_or_samples_are_refused),
    CASE(no_extension_function_is_promised),
};

CHECK_MAIN(cases)
