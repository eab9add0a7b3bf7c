// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "calls.h"
#include "extension.h"
#include "filter.h"
#include "handlers.h"
#include "platform.h"
#include "svm.h"

/* As the guest does: no machine has more. */
#define MAX_PLATFORMS 64

static bool platform_allowed(struct hcl_worker *w, cl_platform_id p)
{
    char name[256] = "";
    w->cl.clGetPlatformInfo(p, CL_PLATFORM_NAME, sizeof(name), name, NULL);
    return hcl_filter_match(w->opt->runtime, name);
}

static bool device_allowed(struct hcl_worker *w, cl_device_id d)
{
    char name[256] = "";
    w->cl.clGetDeviceInfo(d, CL_DEVICE_NAME, sizeof(name), name, NULL);
    return hcl_filter_match(w->opt->allow_device, name);
}

cl_int hcl_platform_devices(struct hcl_worker *w, cl_platform_id p, cl_device_type type,
                            cl_device_id *out, cl_uint *n)
{
    cl_device_id all[HCL_MAX_DEVICES];
    cl_uint found = 0;
    *n = 0;
    cl_int ret = w->cl.clGetDeviceIDs(p, type, HCL_MAX_DEVICES, all, &found);
    if (ret != CL_SUCCESS)
        return ret;
    for (cl_uint i = 0; i < found && i < HCL_MAX_DEVICES; i++)
        if (device_allowed(w, all[i]))
            out[(*n)++] = all[i];
    return *n ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

/* Which devices there are decides whether a platform is worth showing, unless
 * nothing was filtered: then an empty platform is what the host has. */
static bool platform_offered(struct hcl_worker *w, cl_platform_id p)
{
    cl_device_id devices[HCL_MAX_DEVICES];
    cl_uint n;
    if (!platform_allowed(w, p))
        return false;
    return !w->opt->allow_device || !hcl_platform_devices(w, p, CL_DEVICE_TYPE_ALL, devices, &n);
}

cl_platform_id hcl_platform_first(struct hcl_worker *w)
{
    cl_platform_id all[MAX_PLATFORMS];
    cl_uint found = 0;
    if (w->cl.clGetPlatformIDs(MAX_PLATFORMS, all, &found) != CL_SUCCESS)
        return NULL;
    for (cl_uint i = 0; i < found && i < MAX_PLATFORMS; i++)
        if (platform_offered(w, all[i]))
            return all[i];
    return NULL;
}

void hcl_clGetPlatformIDs(struct hcl_call *c)
{
    struct vocl_clGetPlatformIDs_req q;
    struct vocl_clGetPlatformIDs_rep p = {0};
    cl_platform_id all[MAX_PLATFORMS];
    uint64_t ids[MAX_PLATFORMS];
    cl_uint found = 0;
    vocl_get_clGetPlatformIDs_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    p.ret = c->w->cl.clGetPlatformIDs(MAX_PLATFORMS, all, &found);
    p.platforms.v = ids;
    for (cl_uint i = 0; p.ret == CL_SUCCESS && i < found && i < MAX_PLATFORMS; i++)
        if (platform_offered(c->w, all[i]))
            ids[p.platforms.count++] = hcl_objects_host_id(c->w->objects, HCL_PLATFORM, all[i]);
    vocl_put_clGetPlatformIDs_rep(&c->reply, &p);
    hcl_reply(c);
}

struct vocl_words hcl_device_ids(struct hcl_call *c, const cl_device_id *devices, cl_uint n)
{
    uint64_t *ids = hcl_alloc(c, (n + 1) * sizeof(*ids));
    if (!ids)
        return (struct vocl_words){0};
    for (cl_uint i = 0; i < n; i++)
        ids[i] = hcl_objects_host_id(c->w->objects, HCL_DEVICE, devices[i]);
    return (struct vocl_words){ids, n};
}

void hcl_clGetDeviceIDs(struct hcl_call *c)
{
    struct vocl_clGetDeviceIDs_req q;
    struct vocl_clGetDeviceIDs_rep p = {.ret = CL_INVALID_PLATFORM};
    cl_device_id devices[HCL_MAX_DEVICES];
    cl_uint n = 0;
    vocl_get_clGetDeviceIDs_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_platform_id platform = hcl_object(c->w, q.platform, HCL_PLATFORM);
    if (platform)
        p.ret = hcl_platform_devices(c->w, platform, q.device_type, devices, &n);
    p.devices = hcl_device_ids(c, devices, n);
    vocl_put_clGetDeviceIDs_rep(&c->reply, &p);
    hcl_reply(c);
}

/* An extension that does not cross here gets a name that the guest does not know, and
 * so does not show. */
static void hide(void *value, size_t size, const char *name)
{
    char *at = value, *end = at + size;
    while ((at = memmem(at, (size_t)(end - at), name, strlen(name))))
        *at++ = '-';
}

/* Crosses only where allocations are placed (svm.h). */
#define USM "cl_intel_unified_shared_memory"

/* Had other numbers, and flags in place of properties, before version 0.9.0. */
#define ADDRESS "cl_ext_buffer_device_address"

static bool has_older_address(struct hcl_worker *w, cl_device_id device)
{
    cl_version v = hcl_ext_version(w, device, ADDRESS);
    return v && v < CL_MAKE_VERSION(0, 9, 0);
}

void hcl_edit_platform_info(struct hcl_worker *w, cl_platform_id p, cl_uint name, void *value,
                            size_t size)
{
    cl_device_id devices[HCL_MAX_DEVICES];
    cl_uint n = 0;
    bool placed = true, older = false;
    if (name != CL_PLATFORM_EXTENSIONS && name != CL_PLATFORM_EXTENSIONS_WITH_VERSION)
        return;
    hcl_platform_devices(w, p, CL_DEVICE_TYPE_ALL, devices, &n);
    for (cl_uint i = 0; i < n; i++) {
        placed = placed && hcl_svm_device_places(w, devices[i]);
        older = older || has_older_address(w, devices[i]);
    }
    if (!placed)
        hide(value, size, USM);
    if (older)
        hide(value, size, ADDRESS);
}

void hcl_edit_device_info(struct hcl_worker *w, cl_device_id device, cl_uint name, void *value,
                          size_t size)
{
    cl_device_svm_capabilities *svm = value;
    if (name == CL_DEVICE_SVM_CAPABILITIES && size == sizeof(*svm))
        *svm = hcl_svm_capabilities(w, device, *svm);
    if (name != CL_DEVICE_EXTENSIONS && name != CL_DEVICE_EXTENSIONS_WITH_VERSION)
        return;
    if (!hcl_svm_device_places(w, device))
        hide(value, size, USM);
    if (has_older_address(w, device))
        hide(value, size, ADDRESS);
}

/*
 * The list must end where the runtime stops reading: a list of counts ends with
 * 0, one of names (cl_intel_device_partition_by_names) with -1, and each is
 * followed by the 0 that ends the whole. NULL: it does not.
 */
static const cl_device_partition_property *partition_of(struct hcl_call *c, struct vocl_words p)
{
    if (!p.count || p.v[p.count - 1])
        return NULL;
    cl_device_partition_property *list = hcl_alloc(c, (p.count + 1) * sizeof(*list));
    bool names = p.v[0] == CL_DEVICE_PARTITION_BY_NAMES_INTEL, ended = !names;
    for (uint64_t i = 0; list && i < p.count; i++) {
        list[i] = p.v[i];
        ended = ended || list[i] == CL_PARTITION_BY_NAMES_LIST_END_INTEL;
    }
    return ended ? list : NULL;
}

void hcl_clCreateSubDevices(struct hcl_call *c)
{
    struct vocl_clCreateSubDevices_req q;
    struct vocl_clCreateSubDevices_rep p = {.ret = CL_INVALID_DEVICE};
    cl_uint made = 0;
    vocl_get_clCreateSubDevices_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    const cl_device_partition_property *properties = partition_of(c, q.properties);
    if (!properties) {
        hcl_malformed(c);
        return;
    }
    cl_device_id device = hcl_object(c->w, q.in_device, HCL_DEVICE);
    cl_uint n = q.out_devices.count;
    cl_device_id *out = hcl_alloc(c, (n + 1) * sizeof(*out));
    if (device && out)
        p.ret = c->w->cl.clCreateSubDevices(device, properties, n, n ? out : NULL,
                                            n || q.want_num_devices ? &made : NULL);
    p.num_devices = made;
    if (p.ret == CL_SUCCESS && n)
        p.ret = hcl_made_all(c, HCL_DEVICE, q.out_devices.v, (void **)out, n < made ? n : made);
    vocl_put_clCreateSubDevices_rep(&c->reply, &p);
    hcl_reply(c);
}
