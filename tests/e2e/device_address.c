// SPDX-License-Identifier: MIT
/*
 * cl_ext_buffer_device_address: buffers whose address on the device the program
 * knows, and may put into memory or give to a kernel.
 */
#include <string.h>

#include "check.h"
#include "extension_types.h"

static const char source[] = "kernel void twice(global int *p) { p[get_global_id(0)] *= 2; }\n"
                             "struct node { global struct node *next; int value; };\n"
                             "kernel void sum(global struct node *n, global int *out)\n"
                             "{ int s = 0; for (; n; n = n->next) s += n->value; *out = s; }\n";

static cl_int(CL_API_CALL *set_pointer)(cl_kernel, cl_uint, cl_mem_device_address_ext);

static struct cl open_with_addresses(void)
{
    static char list[65536];
    struct cl cl = cl_open(0);
    CL(clGetDeviceInfo(cl.device, CL_DEVICE_EXTENSIONS, sizeof(list), list, NULL));
    if (!strstr(list, "cl_ext_buffer_device_address"))
        check_skip("this device tells no buffer's address");
    *(void **)&set_pointer =
        clGetExtensionFunctionAddressForPlatform(cl.platform, "clSetKernelArgDevicePointerEXT");
    CHECK(set_pointer);
    return cl;
}

static cl_mem addressed(struct cl *cl, size_t size)
{
    const cl_mem_properties properties[] = {CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT, CL_TRUE, 0};
    cl_int err;
    cl_mem m =
        clCreateBufferWithProperties(cl->context, properties, CL_MEM_READ_WRITE, size, NULL, &err);
    if (err == CL_INVALID_PROPERTY)
        check_skip("an earlier version, with other numbers");
    CL(err);
    return m;
}

static cl_mem_device_address_ext address_of(cl_mem m)
{
    cl_mem_device_address_ext address = 0;
    CL(clGetMemObjectInfo(m, CL_MEM_DEVICE_ADDRESS_EXT, sizeof(address), &address, NULL));
    CHECK(address);
    return address;
}

static void run(struct cl *cl, cl_kernel k, size_t n)
{
    CL(clEnqueueNDRangeKernel(cl->queue, k, 1, NULL, &n, NULL, 0, NULL, NULL));
    CL(clFinish(cl->queue));
}

static void a_kernel_gets_a_pointer_into_a_buffer(void)
{
    struct cl cl = open_with_addresses();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    cl_mem m = addressed(&cl, 400);
    cl_int one = 1, values[100];
    CL(clEnqueueFillBuffer(cl.queue, m, &one, sizeof(one), 0, 400, 0, NULL, NULL));
    CL(set_pointer(k, 0, address_of(m) + 10 * sizeof(cl_int)));
    run(&cl, k, 20);
    CL(clEnqueueReadBuffer(cl.queue, m, CL_TRUE, 0, 400, values, 0, NULL, NULL));
    for (int i = 0; i < 100; i++)
        CHECK(values[i] == (i >= 10 && i < 30 ? 2 : 1));
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

struct node {
    cl_ulong next;
    cl_int value;
};

static void a_kernel_follows_addresses_in_buffers(void)
{
    struct cl cl = open_with_addresses();
    cl_kernel k = cl_kernel_of(&cl, source, "sum");
    cl_mem node[3], out = cl_buffer(&cl, sizeof(cl_int));
    cl_mem_device_address_ext address[3];
    cl_int sum = 0;
    for (int i = 0; i < 3; i++) {
        node[i] = addressed(&cl, sizeof(struct node));
        address[i] = address_of(node[i]);
    }
    for (int i = 0; i < 3; i++) {
        struct node n = {i < 2 ? address[i + 1] : 0, 10 + i};
        CL(clEnqueueWriteBuffer(cl.queue, node[i], CL_TRUE, 0, sizeof(n), &n, 0, NULL, NULL));
    }
    CL(clSetKernelArg(k, 0, sizeof(node[0]), &node[0]));
    CL(clSetKernelArg(k, 1, sizeof(out), &out));
    CL(clSetKernelExecInfo(k, CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT, sizeof(address), address));
    run(&cl, k, 1);
    CL(clEnqueueReadBuffer(cl.queue, out, CL_TRUE, 0, sizeof(sum), &sum, 0, NULL, NULL));
    CHECK(sum == 33);
    for (int i = 0; i < 3; i++)
        CL(clReleaseMemObject(node[i]));
    CL(clReleaseMemObject(out));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static void a_buffer_knows_its_address(void)
{
    struct cl cl = open_with_addresses();
    cl_mem m = addressed(&cl, 4096), plain = cl_buffer(&cl, 64);
    cl_mem_device_address_ext address = 0;
    size_t n = 0;
    CL(clGetMemObjectInfo(m, CL_MEM_DEVICE_ADDRESS_EXT, 0, NULL, &n));
    CHECK(n == sizeof(address));
    CHECK(address_of(m) == address_of(m));
    CL_IS(clGetMemObjectInfo(plain, CL_MEM_DEVICE_ADDRESS_EXT, sizeof(address), &address, NULL),
          CL_INVALID_OPERATION);
    CL(clReleaseMemObject(m));
    CL(clReleaseMemObject(plain));
    cl_close(&cl);
}

static void nonsense_is_refused(void)
{
    struct cl cl = open_with_addresses();
    cl_kernel k = cl_kernel_of(&cl, source, "twice");
    cl_mem m = addressed(&cl, 64);
    const cl_mem_properties unknown[] = {0x7777, 1, 0};
    cl_int err = CL_SUCCESS;
    CL_IS(set_pointer(NULL, 0, address_of(m)), CL_INVALID_KERNEL);
    CL_IS(set_pointer(k, 99, address_of(m)), CL_INVALID_ARG_INDEX);
    CHECK(!clCreateBufferWithProperties(cl.context, unknown, 0, 64, NULL, &err));
    CHECK(err == CL_INVALID_PROPERTY);
    CL(clReleaseMemObject(m));
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(a_kernel_gets_a_pointer_into_a_buffer),
    CASE(a_kernel_follows_addresses_in_buffers),
    CASE(a_buffer_knows_its_address),
    CASE(nonsense_is_refused),
};

CHECK_MAIN(cases)
