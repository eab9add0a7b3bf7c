// SPDX-License-Identifier: MIT
#include "native.h"

#include <dlfcn.h>
#include <errno.h>

#include "log.h"

int hcl_native_load(cl_icd_dispatch *cl)
{
    void *lib = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!lib) {
        hcl_log("no OpenCL loader: %s (install ocl-icd-libopencl1)", dlerror());
        return -ENOENT;
    }
    hcl_native_resolve(cl, lib);
    return 0;
}
