// SPDX-License-Identifier: MIT
#include <string.h>

#include "call.h"
#include "calls.h"
#include "extension_types.h"
#include "handlers.h"

/* No runtime has that many. */
#define MAX_STRINGS 1024

static cl_int get_strings(struct hcl_call *c, cl_device_id d, cl_device_info name,
                          struct vocl_blobs *out)
{
    size_t n = 0;
    if (name != CL_DEVICE_SPIRV_EXTENDED_INSTRUCTION_SETS_KHR &&
        name != CL_DEVICE_SPIRV_EXTENSIONS_KHR)
        return CL_INVALID_VALUE;
    cl_int ret = c->w->cl.clGetDeviceInfo(d, name, 0, NULL, &n);
    if (ret)
        return ret;
    if (n / sizeof(char *) > MAX_STRINGS)
        return CL_OUT_OF_RESOURCES;
    const char **at = hcl_alloc(c, n + 1);
    struct vocl_bytes *list = hcl_alloc(c, n / sizeof(*at) * sizeof(*list) + 1);
    if (!at || !list)
        return CL_OUT_OF_HOST_MEMORY;
    if ((ret = c->w->cl.clGetDeviceInfo(d, name, n, at, NULL)))
        return ret;
    for (size_t i = 0; i < n / sizeof(*at); i++)
        list[i] = (struct vocl_bytes){at[i], at[i] ? strlen(at[i]) : 0};
    *out = (struct vocl_blobs){.list = list, .count = n / sizeof(*at)};
    return CL_SUCCESS;
}

void hcl_VOCL_DEVICE_STRINGS(struct hcl_call *c)
{
    struct vocl_device_strings_req q;
    struct vocl_device_strings_rep p = {.ret = CL_INVALID_DEVICE};
    vocl_get_device_strings_req(&c->body, &q);
    if (!hcl_call_ok(c))
        return;
    cl_device_id d = hcl_object(c->w, q.device, HCL_DEVICE);
    if (d)
        p.ret = get_strings(c, d, (cl_device_info)q.param_name, &p.strings);
    vocl_put_device_strings_rep(&c->reply, &p);
    hcl_reply(c);
}
