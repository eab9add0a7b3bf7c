// SPDX-License-Identifier: MIT
/*
 * icd.c - what the ICD loader looks up in the library (cl_khr_icd §2), and
 * nothing else: everything the application calls goes through the dispatch
 * table.
 */
#include <string.h>

#include "extension.h"
#include "platform.h"
#include "stubs.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint num_entries, cl_platform_id *platforms,
                                                 cl_uint *num_platforms);

EXPORT cl_int CL_API_CALL clIcdGetPlatformIDsKHR(cl_uint num_entries, cl_platform_id *platforms,
                                                 cl_uint *num_platforms)
{
    return gcl_clGetPlatformIDs(num_entries, platforms, num_platforms);
}

/* The loader asks for cl_khr_icd's function before anything else. */
static void *icd_function(const char *name)
{
    return !strcmp(name, "clIcdGetPlatformIDsKHR") ? (void *)clIcdGetPlatformIDsKHR : NULL;
}

/* Of no platform in particular (deprecated): the first that has it. */
void *CL_API_CALL gcl_clGetExtensionFunctionAddress(const char *name)
{
    void *fn = name ? icd_function(name) : NULL;
    cl_platform_id platform;
    for (unsigned i = 0; name && !fn && (platform = gcl_platform_at(i)); i++)
        fn = gcl_extension_function(platform, name);
    return fn;
}

void *CL_API_CALL gcl_clGetExtensionFunctionAddressForPlatform(cl_platform_id platform,
                                                               const char *name)
{
    if (!gcl_is_platform(platform) || !name)
        return NULL;
    void *fn = icd_function(name);
    return fn ? fn : gcl_extension_function(platform, name);
}

EXPORT void *CL_API_CALL clGetExtensionFunctionAddress(const char *name)
{
    return gcl_clGetExtensionFunctionAddress(name);
}

EXPORT cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id platform, cl_platform_info name,
                                            size_t size, void *value, size_t *ret)
{
    return gcl_dispatch.clGetPlatformInfo(platform, name, size, value, ret);
}
