// SPDX-License-Identifier: MIT
/*
 * cl_ext_device_fission: what became clCreateSubDevices, with numbers of its own.
 */
#include <stdlib.h>

#include "object.h"
#include "stubs.h"

/* Entries of a list, the closing 0 included; 0: not a partition that we know. */
static size_t length(const cl_device_partition_property_ext *p)
{
    size_t n = 1;
    switch (p[0]) {
    case CL_DEVICE_PARTITION_EQUALLY_EXT:
    case CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN_EXT:
        return p[1] && !p[2] ? 3 : 0;
    case CL_DEVICE_PARTITION_BY_COUNTS_EXT:
        while (p[n] != CL_PARTITION_BY_COUNTS_LIST_END_EXT)
            n++;
        break;
    case CL_DEVICE_PARTITION_BY_NAMES_EXT:
        while (p[n] != CL_PARTITION_BY_NAMES_LIST_END_EXT)
            n++;
        break;
    default:
        return 0;
    }
    return p[n + 1] ? 0 : n + 2;
}

static intptr_t domain(cl_device_partition_property_ext ext)
{
    switch (ext) {
    case CL_AFFINITY_DOMAIN_L1_CACHE_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_L1_CACHE;
    case CL_AFFINITY_DOMAIN_L2_CACHE_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_L2_CACHE;
    case CL_AFFINITY_DOMAIN_L3_CACHE_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_L3_CACHE;
    case CL_AFFINITY_DOMAIN_L4_CACHE_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_L4_CACHE;
    case CL_AFFINITY_DOMAIN_NUMA_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_NUMA;
    case CL_AFFINITY_DOMAIN_NEXT_FISSIONABLE_EXT:
        return CL_DEVICE_AFFINITY_DOMAIN_NEXT_PARTITIONABLE;
    default:
        return 0;
    }
}

static intptr_t kind(cl_device_partition_property_ext ext)
{
    switch (ext) {
    case CL_DEVICE_PARTITION_EQUALLY_EXT:
        return CL_DEVICE_PARTITION_EQUALLY;
    case CL_DEVICE_PARTITION_BY_COUNTS_EXT:
        return CL_DEVICE_PARTITION_BY_COUNTS;
    case CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN_EXT:
        return CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN;
    default:
        return CL_DEVICE_PARTITION_BY_NAMES_INTEL;
    }
}

static cl_int error(cl_int core)
{
    switch (core) {
    case CL_DEVICE_PARTITION_FAILED:
        return CL_DEVICE_PARTITION_FAILED_EXT;
    case CL_INVALID_DEVICE_PARTITION_COUNT:
        return CL_INVALID_PARTITION_COUNT_EXT;
    default:
        return core;
    }
}

cl_int CL_API_CALL gcl_clCreateSubDevicesEXT(cl_device_id device,
                                             const cl_device_partition_property_ext *properties,
                                             cl_uint n, cl_device_id *out, cl_uint *count)
{
    size_t len = properties ? length(properties) : 0;
    if (!len)
        return gcl_is_device(device) ? CL_INVALID_VALUE : CL_INVALID_DEVICE;
    cl_device_partition_property *core = calloc(len, sizeof(*core));
    if (!core)
        return CL_OUT_OF_HOST_MEMORY;
    core[0] = kind(properties[0]);
    for (size_t i = 1; i < len; i++)
        core[i] = properties[i];
    if (core[0] == CL_DEVICE_PARTITION_BY_AFFINITY_DOMAIN)
        core[1] = domain(properties[1]);
    cl_int err = gcl_clCreateSubDevices(device, core, n, out, count);
    free(core);
    return error(err);
}
