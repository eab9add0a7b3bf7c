// SPDX-License-Identifier: MIT
/*
 * What a runtime says of sub-groups, where the device has them.
 */
#include <stdio.h>

#include "check.h"

static bool has_sub_groups(struct cl *cl)
{
    cl_uint n = 0;
    cl_int err = clGetDeviceInfo(cl->device, CL_DEVICE_MAX_NUM_SUB_GROUPS, sizeof(n), &n, NULL);
    return !err && n;
}

/* The length of the answer is for the program to choose: as many dimensions as it
 * has room for. */
static void local_sizes_fill_the_room_for_them(void)
{
    struct cl cl = cl_open(0);
    cl_kernel k = cl_kernel_of(&cl, "kernel void k(global int *p) { *p = 1; }", "k");
    size_t most = 0, count = 0, one = 1, n = 0;
    CL(clGetKernelWorkGroupInfo(k, cl.device, CL_KERNEL_WORK_GROUP_SIZE, sizeof(most), &most,
                                NULL));
    CL(clGetKernelSubGroupInfo(k, cl.device, CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE, sizeof(most),
                               &most, sizeof(count), &count, &n));
    CHECK(count && n == sizeof(count));
    for (size_t dim = 1; dim <= 3; dim++) {
        size_t sizes[4] = {0}, product = 1;
        sizes[dim] = 77;
        CL(clGetKernelSubGroupInfo(k, cl.device, CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
                                   sizeof(one), &one, dim * sizeof(*sizes), sizes, &n));
        for (size_t i = 0; i < dim; i++)
            product *= sizes[i];
        CHECK(n == dim * sizeof(*sizes));
        CHECK(product && product <= most);
        CHECK(sizes[dim] == 77);
    }
    CL(clReleaseKernel(k));
    cl_close(&cl);
}

static const struct check_case cases[] = {
    CASE(local_sizes_fill_the_room_for_them),
};

int main(int argc, char **argv)
{
    struct cl cl = cl_open(0);
    bool has = has_sub_groups(&cl);
    cl_close(&cl);
    if (has)
        return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
    puts("skipped: the runtime's first device has no sub-groups");
    return 77;
}
