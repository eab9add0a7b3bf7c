// SPDX-License-Identifier: MIT
/*
 * What docs/coverage.md says does not cross, or only in part: no extension is
 * shown whose functions are not there, and what is refused is refused by an error
 * of the specification's, also where a runtime ends the process. Remote only.
 */
#include <string.h>

#include <CL/cl_ext.h>

#include "check.h"
#include "extension_types.h"

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
        {"cl_ext_buffer_device_address", "clSetKernelArgDevicePointerEXT"},
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
    CHECK(!clGetExtensionFunctionAddressForPlatform(cl.platform, "clImportMemoryARM"));
    cl_close(&cl);
}

/* cl_ext_device_fission's functions are the loader's, too, whether or not the
 * runtime advertises it. */
static void sub_devices_have_their_earlier_functions(void)
{
    struct cl cl = cl_open(0);
    cl_device_partition_property_ext counts[] = {CL_DEVICE_PARTITION_BY_COUNTS_EXT, 1, 1,
                                                 CL_PARTITION_BY_COUNTS_LIST_END_EXT,
                                                 CL_PROPERTIES_LIST_END_EXT};
    cl_device_partition_property core[] = {CL_DEVICE_PARTITION_BY_COUNTS, 1, 1,
                                           CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    cl_device_partition_property_ext many[] = {CL_DEVICE_PARTITION_BY_COUNTS_EXT, 100000,
                                               CL_PARTITION_BY_COUNTS_LIST_END_EXT,
                                               CL_PROPERTIES_LIST_END_EXT};
    cl_device_partition_property_ext unknown[] = {0x7777, 1, 0};
    cl_device_id sub[2] = {0}, parent = NULL;
    cl_uint units = 0, n = 0;
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(units), &units, NULL));
    CL_IS(clCreateSubDevicesEXT(cl.device, unknown, 0, NULL, &n), CL_INVALID_VALUE);
    CHECK(clCreateSubDevicesEXT(cl.device, many, 0, NULL, &n) < 0);
    if (units >= 2 && !clCreateSubDevices(cl.device, core, 0, NULL, &n)) {
        CL(clCreateSubDevicesEXT(cl.device, counts, 0, NULL, &n));
        CHECK(n == 2);
        CL(clCreateSubDevicesEXT(cl.device, counts, 2, sub, NULL));
        CL(clGetDeviceInfo(sub[1], CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent, NULL));
        CHECK(parent == cl.device);
        CL(clRetainDeviceEXT(sub[0]));
        CL(clGetDeviceInfo(sub[0], CL_DEVICE_REFERENCE_COUNT, sizeof(n), &n, NULL));
        CHECK(n == 2);
        CL(clReleaseDeviceEXT(sub[0]));
        CL(clReleaseDeviceEXT(sub[0]));
        CL(clReleaseDeviceEXT(sub[1]));
    }
    cl_close(&cl);
}

/* Addresses in the helper are no business of a program's, but for those of buffers
 * that it has made to have one. */
static void no_query_answers_with_an_address(void)
{
    static const cl_uint names[] = {CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT, VOCL_MEM_DEVICE_PTR_POCL,
                                    VOCL_MEM_DEVICE_PTRS_POCL};
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 64);
    cl_kernel k = cl_kernel_of(&cl, "kernel void k(global int *p) { *p = 1; }", "k");
    size_t n = 0;
    CHECK(clGetMemObjectInfo(m, CL_MEM_DEVICE_ADDRESS_EXT, 0, NULL, &n) < 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CL_IS(clGetMemObjectInfo(m, names[i], 0, NULL, &n), CL_INVALID_VALUE);
    CL_IS(clGetKernelInfo(k, CL_KERNEL_ALLOCATIONS_INFO_INTEL, 0, NULL, &n), CL_INVALID_VALUE);
    CL(clReleaseKernel(k));
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

/* Whatever a program gives to a kernel as an address must be a buffer's. */
static void an_address_of_no_buffer_is_refused(void)
{
    const cl_mem_properties properties[] = {CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT, CL_TRUE, 0};
    cl_int(CL_API_CALL * set)(cl_kernel, cl_uint, cl_mem_device_address_ext);
    struct cl cl = cl_open(0);
    cl_int err = CL_SUCCESS;
    cl_mem m = clCreateBufferWithProperties(cl.context, properties, 0, 4096, NULL, &err);
    *(void **)&set =
        clGetExtensionFunctionAddressForPlatform(cl.platform, "clSetKernelArgDevicePointerEXT");
    if (m && set) {
        cl_kernel k = cl_kernel_of(&cl, "kernel void k(global int *p) { *p = 1; }", "k");
        cl_mem_device_address_ext at = 0, wrong;
        CL(clGetMemObjectInfo(m, CL_MEM_DEVICE_ADDRESS_EXT, sizeof(at), &at, NULL));
        CL(set(k, 0, at + 4092));
        CL_IS(set(k, 0, at - 1), CL_INVALID_ARG_VALUE);
        CL_IS(set(k, 0, at + 4097), CL_INVALID_ARG_VALUE);
        CL_IS(set(k, 0, 4096), CL_INVALID_ARG_VALUE);
        wrong = at - 4096;
        CL_IS(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT, sizeof(wrong), &wrong),
              CL_INVALID_VALUE);
        CL(clReleaseMemObject(m));
        CL_IS(set(k, 0, at), CL_INVALID_ARG_VALUE);
        CL(clReleaseKernel(k));
    } else if (m) {
        CL(clReleaseMemObject(m));
    }
    cl_close(&cl);
}

static bool has_device_queues(struct cl *cl)
{
    cl_command_queue_properties has = 0;
    return !clGetDeviceInfo(cl->device, CL_DEVICE_QUEUE_ON_DEVICE_PROPERTIES, sizeof(has), &has,
                            NULL) &&
           has;
}

/* So that the helper knows what the arguments are, where it is the runtime's to keep. */
static cl_kernel declared_kernel(struct cl *cl, const char *source, const char *options)
{
    cl_int err;
    cl_program p = clCreateProgramWithSource(cl->context, 1, &source, NULL, &err);
    CL(err);
    CL(clBuildProgram(p, 1, &cl->device, options, NULL, NULL));
    cl_kernel k = clCreateKernel(p, "k", &err);
    CL(err);
    CL(clReleaseProgram(p));
    return k;
}

/* A runtime might follow it as a pointer. */
static void what_is_no_handle_is_refused_by_its_kind(void)
{
    const char *source = "kernel void k(global int *p, constant int *c, sampler_t s, int2 v) { }";
    const void *wrong = source;
    struct cl cl = cl_open(0);
    cl_kernel k = declared_kernel(&cl, source, "-cl-kernel-arg-info");
    CL_IS(clSetKernelArg(k, 0, sizeof(wrong), &wrong), CL_INVALID_MEM_OBJECT);
    CL_IS(clSetKernelArg(k, 1, sizeof(wrong), &wrong), CL_INVALID_MEM_OBJECT);
    CL_IS(clSetKernelArg(k, 2, sizeof(wrong), &wrong), CL_INVALID_SAMPLER);
    CL(clSetKernelArg(k, 3, sizeof(wrong), &wrong));
    CL(clReleaseKernel(k));
    if (has_device_queues(&cl)) {
        source = "kernel void k(queue_t q) { }";
        k = declared_kernel(&cl, source, "-cl-std=CL2.0 -cl-kernel-arg-info");
        CL_IS(clSetKernelArg(k, 0, sizeof(wrong), &wrong), CL_INVALID_DEVICE_QUEUE);
        CL(clReleaseKernel(k));
    }
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(what_is_no_handle_is_refused_by_its_kind),
    CASE(an_address_of_no_buffer_is_refused),
    CASE(no_query_answers_with_an_address),
    CASE(sub_devices_have_their_earlier_functions),
    CASE(no_extension_is_shown_without_its_functions),
    CASE(queues_on_a_device_without_them_are_refused),
    CASE(images_of_several_levels_or_samples_are_refused),
    CASE(no_extension_function_is_promised),
};

CHECK_MAIN(cases)
