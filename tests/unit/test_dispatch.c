// SPDX-License-Identifier: MIT
/*
 * An entry of the dispatch table that is NULL is a crash in the application:
 * the loader calls through it without looking. Every entry of a core call is
 * filled, and those of extensions that we carry; those of others are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "stubs.h"

#define SLOT(name) [offsetof(cl_icd_dispatch, name) / sizeof(void *)] = #name

/* cl_khr_icd's table has room for these, of extensions that do not cross. */
static const char *const extensions[] = {
    SLOT(clCreateFromGLBuffer),
    SLOT(clCreateFromGLTexture2D),
    SLOT(clCreateFromGLTexture3D),
    SLOT(clCreateFromGLRenderbuffer),
    SLOT(clGetGLObjectInfo),
    SLOT(clGetGLTextureInfo),
    SLOT(clEnqueueAcquireGLObjects),
    SLOT(clEnqueueReleaseGLObjects),
    SLOT(clGetGLContextInfoKHR),
    SLOT(clGetDeviceIDsFromD3D10KHR),
    SLOT(clCreateFromD3D10BufferKHR),
    SLOT(clCreateFromD3D10Texture2DKHR),
    SLOT(clCreateFromD3D10Texture3DKHR),
    SLOT(clEnqueueAcquireD3D10ObjectsKHR),
    SLOT(clEnqueueReleaseD3D10ObjectsKHR),
    SLOT(clCreateEventFromGLsyncKHR),
    SLOT(clCreateFromGLTexture),
    SLOT(clGetDeviceIDsFromD3D11KHR),
    SLOT(clCreateFromD3D11BufferKHR),
    SLOT(clCreateFromD3D11Texture2DKHR),
    SLOT(clCreateFromD3D11Texture3DKHR),
    SLOT(clCreateFromDX9MediaSurfaceKHR),
    SLOT(clEnqueueAcquireD3D11ObjectsKHR),
    SLOT(clEnqueueReleaseD3D11ObjectsKHR),
    SLOT(clGetDeviceIDsFromDX9MediaAdapterKHR),
    SLOT(clEnqueueAcquireDX9MediaSurfacesKHR),
    SLOT(clEnqueueReleaseDX9MediaSurfacesKHR),
    SLOT(clCreateFromEGLImageKHR),
    SLOT(clEnqueueAcquireEGLObjectsKHR),
    SLOT(clEnqueueReleaseEGLObjectsKHR),
    SLOT(clCreateEventFromEGLSyncKHR),
};

#define NUM_SLOTS (sizeof(cl_icd_dispatch) / sizeof(void *))
#define NUM_NAMED (sizeof(extensions) / sizeof(extensions[0]))

static void every_entry_that_is_carried_is_filled(void **state)
{
    (void)state;
    void *entry[NUM_SLOTS];
    unsigned filled = 0;
    memcpy(entry, &gcl_dispatch, sizeof(entry));
    for (size_t i = 0; i < NUM_SLOTS; i++) {
        bool carried = i >= NUM_NAMED || !extensions[i];
        if (carried && !entry[i])
            fail_msg("entry %zu of the dispatch table is NULL", i);
        filled += carried;
    }
    assert_int_equal(filled,
                     114 + 4); /* OpenCL 1.0 to 3.0; cl_ext_device_fission, cl_khr_subgroups */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_entry_that_is_carried_is_filled)};
    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
