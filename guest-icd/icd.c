// SPDX-License-Identifier: MIT
/*
 * icd.c - what the ICD loader looks up in the library (cl_khr_icd §2), and
 * nothing else: everything the application calls goes through the dispatch
 * table.
 */
#include <string.h>

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

/* The loader asks for cl_khr_icd's two functions; extensions' functions are not
 * carried yet, and saying NULL is how an application learns that. */
void *CL_API_CALL gcl_clGetExtensionFunctionAddress(const char *name)
{
    if (name && !strcmp(name, "clIcdGetPlatformIDsKHR"))
        return (void *)clIcdGetPlatformIDsKHR;
    return NULL;
}

void *CL_API_CALL gcl_clGetExtensionFunctionAddressForPlatform(cl_platform_id platform,
                                                               const char *name)
{
    return gcl_is_platform(platform) ? gcl_clGetExtensionFunctionAddress(name) : NULL;
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
