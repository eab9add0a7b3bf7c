// SPDX-License-Identifier: MIT
/*
 * Calls that docs/coverage.md says are not carried: each is there, and says
 * what the specification has for a device that cannot do it. Remote only.
 */
#include <CL/cl_ext.h>

#include "check.h"

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

static void pipes_are_refused(void)
{
    struct cl cl = cl_open(0);
    cl_mem m = cl_buffer(&cl, 4);
    cl_uint size;
    cl_int err;
    CHECK(!clCreatePipe(cl.context, 0, 4, 4, NULL, &err));
    CHECK(err == CL_INVALID_OPERATION);
    CL_IS(clGetPipeInfo(m, CL_PIPE_PACKET_SIZE, sizeof(size), &size, NULL), CL_INVALID_MEM_OBJECT);
    CL(clReleaseMemObject(m));
    cl_close(&cl);
}

static void device_queues_are_refused(void)
{
    struct cl cl = cl_open(0);
    CL_IS(clSetDefaultDeviceCommandQueue(cl.context, cl.device, cl.queue), CL_INVALID_OPERATION);
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
    CASE(svm_is_refused),
    CASE(svm_arguments_are_refused),
    CASE(pipes_are_refused),
    CASE(device_queues_are_refused),
    CASE(no_extension_function_is_promised),
};

CHECK_MAIN(cases)
