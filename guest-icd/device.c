// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "frame.h"
#include "info.h"
#include "info_cache.h"
#include "platform.h"
#include "stubs.h"
#include "svm.h"

static cl_int store_devices(struct vocl_words ids, cl_platform_id platform, cl_uint n,
                            cl_device_id *out, cl_uint *count)
{
    for (uint64_t i = 0; i < ids.count; i++) {
        cl_device_id d = gcl_device_of(ids.v[i], platform);
        if (!d)
            return CL_OUT_OF_HOST_MEMORY;
        if (out && i < n)
            out[i] = d;
    }
    if (count)
        *count = ids.count;
    return CL_SUCCESS;
}

cl_int CL_API_CALL gcl_clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint n,
                                      cl_device_id *devices, cl_uint *count)
{
    struct gcl_frame f;
    struct vocl_clGetDeviceIDs_rep rep;
    if (!gcl_is_platform(platform))
        return CL_INVALID_PLATFORM;
    if ((!devices && !count) || (devices && !n))
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    vocl_put_clGetDeviceIDs_req(f.w, &(struct vocl_clGetDeviceIDs_req){gcl_id(platform), type});
    if (!(err = gcl_frame_call(&f, VOCL_OP_clGetDeviceIDs))) {
        vocl_get_clGetDeviceIDs_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err)
        err = store_devices(rep.devices, platform, n, devices, count);
    return gcl_frame_end(&f, err, NULL);
}

static void sub_device_destroy(struct gcl_object *o)
{
    cl_device_id d = (cl_device_id)o;
    gcl_put(&d->parent->base);
    free(d->strings[0]);
    free(d->strings[1]);
    free(d);
}

static cl_device_id sub_device_create(cl_device_id parent)
{
    cl_device_id d = gcl_object_create(sizeof(*d), GCL_DEVICE, 0, sub_device_destroy);
    if (!d)
        return NULL;
    d->platform = parent->platform;
    d->parent = parent;
    gcl_get(&parent->base);
    return d;
}

/* A partition makes at most one sub-device per compute unit; no device has more
 * of those. */
#define MAX_SUB_DEVICES 65536

/* Shadows for up to n sub-devices, before the helper is asked to make them. */
static cl_int make_shadows(struct gcl_frame *f, cl_device_id parent, cl_uint n, cl_device_id *out,
                           struct vocl_words *ids)
{
    uint64_t *v = gcl_frame_words(f, n);
    if (!v)
        return CL_OUT_OF_HOST_MEMORY;
    *ids = (struct vocl_words){v, 0};
    for (; ids->count < n; ids->count++) {
        cl_device_id d = sub_device_create(parent);
        if (!d)
            return CL_OUT_OF_HOST_MEMORY;
        out[ids->count] = d;
        v[ids->count] = d->base.id;
    }
    return CL_SUCCESS;
}

/* §4.3: a list that ends with 0; BY_COUNTS has one of its own inside, and so has
 * cl_intel_device_partition_by_names, whose names may be 0. */
static size_t partition_length(const cl_device_partition_property *p)
{
    size_t n = 0;
    if (p[0] == CL_DEVICE_PARTITION_BY_COUNTS)
        while (p[n] != CL_DEVICE_PARTITION_BY_COUNTS_LIST_END || !n)
            n++;
    else if (p[0] == CL_DEVICE_PARTITION_BY_NAMES_INTEL)
        while (p[n] != CL_PARTITION_BY_NAMES_LIST_END_INTEL)
            n++;
    while (p[n])
        n++;
    return n + 1;
}

cl_int CL_API_CALL gcl_clCreateSubDevices(cl_device_id device,
                                          const cl_device_partition_property *properties, cl_uint n,
                                          cl_device_id *out, cl_uint *count)
{
    struct gcl_frame f;
    struct vocl_clCreateSubDevices_req req = {0};
    struct vocl_clCreateSubDevices_rep rep = {0};
    cl_device_id *made = NULL;
    if (!gcl_is_device(device))
        return CL_INVALID_DEVICE;
    if (!properties || (out && !n) || n > MAX_SUB_DEVICES)
        return CL_INVALID_VALUE;
    cl_int err = gcl_frame_begin(&f);
    if (err)
        return err;
    req.in_device = gcl_id(device);
    req.want_num_devices = count != NULL;
    if ((err = gcl_frame_property_words(&f, properties, partition_length(properties),
                                        &req.properties)))
        goto out;
    made = calloc(out ? n : 1, sizeof(*made));
    if (!made)
        err = CL_OUT_OF_HOST_MEMORY;
    else if (out)
        err = make_shadows(&f, device, n, made, &req.out_devices);
    if (err)
        goto out;
    vocl_put_clCreateSubDevices_req(f.w, &req);
    if (!(err = gcl_frame_call(&f, VOCL_OP_clCreateSubDevices))) {
        vocl_get_clCreateSubDevices_rep(&f.reply, &rep);
        err = gcl_frame_result(&f, rep.ret);
    }
    if (!err && count)
        *count = rep.num_devices;
out:;
    uint64_t live = err ? 0 : rep.num_devices;
    for (uint64_t i = 0; i < req.out_devices.count; i++) {
        if (i < live)
            out[i] = made[i];
        else
            gcl_object_abandon(&made[i]->base);
    }
    free(made);
    return gcl_frame_end(&f, err, NULL);
}

static bool device_extensions(cl_device_id d, cl_device_info name, size_t size, void *value,
                              size_t *ret, cl_int *err)
{
    struct gcl_frame f;
    if (gcl_info_kept(&d->base, name, gcl_info_about(VOCL_OP_clGetDeviceInfo, 0), size, value, ret,
                      err) ||
        (*err = gcl_frame_begin(&f)))
        return true;
    vocl_put_clGetDeviceInfo_req(
        f.w, &(struct vocl_clGetDeviceInfo_req){gcl_id(d), name, GCL_INFO_ALL, 1});
    return gcl_info_extensions(&f, VOCL_OP_clGetDeviceInfo, &d->base, name,
                               name == CL_DEVICE_EXTENSIONS_WITH_VERSION, size, value, ret, err);
}

/* The helper answers no query for a handle, so the other of the two queries of
 * cl_ext_device_fission that are ours says whether the runtime knows them. */
static bool knows_fission(cl_device_id d)
{
    struct gcl_frame f;
    if (gcl_frame_begin(&f))
        return false;
    vocl_put_clGetDeviceInfo_req(
        f.w, &(struct vocl_clGetDeviceInfo_req){gcl_id(d), CL_DEVICE_REFERENCE_COUNT_EXT, 0, 0});
    return !gcl_frame_end(&f, gcl_frame_status(&f, VOCL_OP_clGetDeviceInfo), NULL);
}

bool gcl_local_device_info(cl_device_id d, cl_device_info name, size_t size, void *value,
                           size_t *ret, cl_int *err)
{
    cl_device_svm_capabilities none = 0;
    if (name == CL_DEVICE_PARENT_DEVICE_EXT || name == CL_DEVICE_REFERENCE_COUNT_EXT) {
        if (!knows_fission(d))
            return false;
        name = name == CL_DEVICE_PARENT_DEVICE_EXT ? CL_DEVICE_PARENT_DEVICE
                                                   : CL_DEVICE_REFERENCE_COUNT;
    }
    switch (name) {
    case CL_DEVICE_SVM_CAPABILITIES:
        return !gcl_svm_possible() && gcl_info_value(none, size, value, ret, err);
    case CL_DEVICE_PLATFORM:
        return gcl_info_value(d->platform, size, value, ret, err);
    case CL_DEVICE_PARENT_DEVICE:
        return gcl_info_value(d->parent, size, value, ret, err);
    case CL_DEVICE_REFERENCE_COUNT:
        return gcl_info_value(d->base.refs, size, value, ret, err);
    case CL_DEVICE_SEMAPHORE_IMPORT_HANDLE_TYPES_KHR: /* of extensions that do not cross */
    case CL_DEVICE_SEMAPHORE_EXPORT_HANDLE_TYPES_KHR:
    case CL_DEVICE_EXTERNAL_MEMORY_IMPORT_HANDLE_TYPES_KHR:
    case CL_DEVICE_EXTERNAL_MEMORY_IMPORT_ASSUME_LINEAR_IMAGES_HANDLE_TYPES_KHR:
        *err = CL_INVALID_VALUE;
        return true;
    case CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR:
    case CL_DEVICE_SPIRV_EXTENSIONS_KHR:
        return gcl_device_strings(d, name, size, value, ret, err);
    case CL_DEVICE_EXTENSIONS:
    case CL_DEVICE_EXTENSIONS_WITH_VERSION:
        return device_extensions(d, name, size, value, ret, err);
    default:
        return false;
    }
}
