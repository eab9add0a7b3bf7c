// SPDX-License-Identifier: MIT
/*
 * A program that loads OpenCL, uses it, unloads it, and does so again; as
 * plug-ins do. Threads of ours may still run: nothing may crash or hang.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include <CL/cl.h>

typedef cl_int (*get_platforms_fn)(cl_uint, cl_platform_id *, cl_uint *);
typedef cl_int (*get_devices_fn)(cl_platform_id, cl_device_type, cl_uint, cl_device_id *,
                                 cl_uint *);
typedef cl_context (*create_context_fn)(
    const cl_context_properties *, cl_uint, const cl_device_id *,
    void(CL_CALLBACK *)(const char *, const void *, size_t, void *), void *, cl_int *);

/* Registers a callback, which starts our thread. */
static void CL_CALLBACK notify(const char *text, const void *info, size_t n, void *opaque)
{
    (void)text, (void)info, (void)n, (void)opaque;
}

static int use(void *lib)
{
    get_platforms_fn get_platforms = (get_platforms_fn)dlsym(lib, "clGetPlatformIDs");
    get_devices_fn get_devices = (get_devices_fn)dlsym(lib, "clGetDeviceIDs");
    create_context_fn create = (create_context_fn)dlsym(lib, "clCreateContext");
    cl_platform_id p;
    cl_device_id d;
    cl_int err;
    if (!get_platforms || !get_devices || !create || get_platforms(1, &p, NULL) ||
        get_devices(p, CL_DEVICE_TYPE_ALL, 1, &d, NULL))
        return 1;
    return create(NULL, 1, &d, notify, NULL, &err) ? 0 : 1;
}

int main(void)
{
    alarm(60);
    for (int i = 0; i < 3; i++) {
        void *lib = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
        if (!lib || use(lib)) {
            printf("not ok\n");
            return 1;
        }
        dlclose(lib);
        usleep(20000);
    }
    printf("ok\n");
    return 0;
}
