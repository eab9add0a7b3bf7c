// SPDX-License-Identifier: MIT
#include "platform.h"

#include <pthread.h>
#include <stdlib.h>

#include "frame.h"
#include "info.h"
#include "info_cache.h"
#include "stubs.h"

/* No machine has more; the helper cannot make us allocate without end. */
#define MAX_PLATFORMS 64
#define MAX_DEVICES 1024

static struct {
    pthread_mutex_t lock;
    cl_platform_id platform[MAX_PLATFORMS];
    unsigned num_platforms;
    cl_device_id device[MAX_DEVICES];
    unsigned num_devices;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void never_destroyed(struct gcl_object *o)
{
    free(o);
}

static bool host_id(uint64_t id)
{
    return id <= UINT32_MAX && (id & GCL_HOST_ID);
}

cl_platform_id gcl_platform_of(uint64_t id)
{
    cl_platform_id p = NULL;
    if (!host_id(id))
        return NULL;
    pthread_mutex_lock(&known.lock);
    for (unsigned i = 0; i < known.num_platforms && !p; i++)
        if (known.platform[i]->base.id == id)
            p = known.platform[i];
    if (!p && known.num_platforms < MAX_PLATFORMS &&
        (p = gcl_object_create(sizeof(*p), GCL_PLATFORM, id, never_destroyed)))
        known.platform[known.num_platforms++] = p;
    pthread_mutex_unlock(&known.lock);
    return p;
}

cl_device_id gcl_device_of(uint64_t id, cl_platform_id platform)
{
    cl_device_id d = NULL;
    if (!host_id(id))
        return NULL;
    pthread_mutex_lock(&known.lock);
    for (unsigned i = 0; i < known.num_devices && !d; i++)
        if (known.device[i]->base.id == id)
            d = known.device[i];
    if (!d && known.num_devices < MAX_DEVICES &&
        (d = gcl_object_create(sizeof(*d), GCL_DEVICE, id, never_destroyed))) {
        d->platform = platform;
        known.device[known.num_devices++] = d;
    }
    pthread_mutex_unlock(&known.lock);
    return d;
}

cl_platform_id gcl_platform_at(unsigned i)
{
    pthread_mutex_lock(&known.lock);
    cl_platform_id p = i < known.num_platforms ? known.platform[i] : NULL;
    pthread_mutex_unlock(&known.lock);
    return p;
}

cl_platform_id gcl_platform_default(void)
{
    return gcl_platform_at(0);
}

/* Store up to n of the shadows of ids; the API's count in *count. */
static cl_int store_platforms(struct vocl_words ids, cl_uint n, cl_platform_id *out, cl_uint *count)
{
    for (uint64_t i = 0; i < ids.count; i++) {
        cl_platform_id p = gcl_platform_of(ids.v[i]);
        if (!p)
            return CL_OUT_OF_HOST_MEMORY;
        if (out && i < n)
            out[i] = p;
    }
    if (count)
        *count = ids.count;
    return ids.count ? CL_SUCCESS : CL_PLATFORM_NOT_FOUND_KHR;
}

cl_int CL_API_CALL gcl_clGetPlatformIDs(cl_uint n, cl_platform_id *platforms, cl_uint *count)
{
    struct gcl_frame f;
    struct vocl_clGetPlatformIDs_rep rep;
    if ((!platforms && !count) || (platforms && !n))
        return CL_INVALID_VALUE;
    /* No helper is no error of the program's: it may run on another platform. */
    if (gcl_frame_begin(&f)) {
        if (count)
            *count = 0;
        return CL_PLATFORM_NOT_FOUND_KHR;
    }
    vocl_put_clGetPlatformIDs_req(f.w, &(struct vocl_clGetPlatformIDs_req){0});
    cl_int err = gcl_frame_call(&f, VOCL_OP_clGetPlatformIDs);
    if (!err) {
        vocl_get_clGetPlatformIDs_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err)
        err = store_platforms(rep.platforms, n, platforms, count);
    return gcl_frame_end(&f, err, NULL);
}

bool gcl_local_platform_info(cl_platform_id p, cl_platform_info name, size_t size, void *value,
                             size_t *ret, cl_int *err)
{
    struct gcl_frame f;
    switch (name) { /* of extensions that do not cross: proto/extensions.py */
    case CL_PLATFORM_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR:
    case CL_PLATFORM_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR:
    case CL_PLATFORM_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR:
        *err = CL_INVALID_VALUE;
        return true;
    }
    if (name != CL_PLATFORM_EXTENSIONS && name != CL_PLATFORM_EXTENSIONS_WITH_VERSION)
        return false;
    if (gcl_info_kept(&p->base, name, gcl_info_about(VOCL_OP_clGetPlatformInfo, 0), size, value,
                      ret, err) ||
        (*err = gcl_frame_begin(&f)))
        return true;
    vocl_put_clGetPlatformInfo_req(
        f.w, &(struct vocl_clGetPlatformInfo_req){gcl_id(p), name, GCL_INFO_ALL, 1});
    return gcl_info_extensions(&f, VOCL_OP_clGetPlatformInfo, &p->base, name,
                               name == CL_PLATFORM_EXTENSIONS_WITH_VERSION, size, value, ret, err);
}

cl_int CL_API_CALL gcl_clUnloadCompiler(void)
{
    return CL_SUCCESS;
}
